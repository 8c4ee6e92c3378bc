/* directive_damage_test.c - directives on a database that no kernel would have written: whether they can come to pass, and whether
 * they were carried out, is not said of it.
 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "testing_kernel.h"

static const struct test_setup ordinary = {.plain = true};

static const struct vk_directive at_crank = {
    .target = VK_AT_CRANK, .number = 1000, .action = VK_DIRECTIVE_TERMINATE, .victim = 2};
static const struct vk_directive at_delivery = {
    .target = VK_AT_DELIVERY, .number = 1000, .vat = 2, .action = VK_DIRECTIVE_SKIP};

static enum vk_err check(struct test_world *w, const struct vk_directive *directive) {
    const struct vk_directives directives = {.at = directive, .count = 1};
    struct vk_directive_refusal refusal;
    enum vk_err err = vk_directives_check(w->store, &w->ports, &directives, 0, &refusal);
    cr_assert(err != VK_OK || !refusal.why[0], "%s", refusal.why);
    return err;
}

static void set(struct test_world *w, const char *key, const char *value) {
    if (value)
        test_ok(vk_store_set(w->store, vk_str(key), vk_str(value)));
    else
        test_ok(vk_store_delete(w->store, vk_str(key)));
}

static const struct {
    const char *key, *damage;   /* NULL: it is gone */
    bool crank, delivery, done; /* who meets it */
} damages[] = {
    {"directives.done", "x", true, true, true},  {"directives.done", "{}", true, true, true},
    {"vats.terminated", "x", true, true, false}, {"vat.nextID", NULL, true, true, false},
    {"vat.nextID", "many", true, true, false},   {"crankNumber", "-1", true, false, false},
};

Test(directive_damage, is_told_by_every_check_that_meets_it) {
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        struct test_world w;
        bool done;
        world_open(&w, &ordinary, i % 2 ? VK_STORE_DIRECT : VK_STORE_WRITE_BACK, ":memory:");
        const char *was = world_key(&w, damages[i].key);
        set(&w, damages[i].key, damages[i].damage);
        cr_assert((check(&w, &at_crank) == VK_ERR_CORRUPT) == damages[i].crank, "%zu", i);
        cr_assert((check(&w, &at_delivery) == VK_ERR_CORRUPT) == damages[i].delivery, "%zu", i);
        enum vk_err err = vk_directive_is_done(w.store, &w.ports, &at_crank, &done);
        cr_assert((err == VK_ERR_CORRUPT) == damages[i].done, "%zu", i);
        set(&w, damages[i].key, was);
        test_ok(check(&w, &at_crank));
        test_ok(check(&w, &at_delivery));
        world_close(&w);
    }
}

Test(directive_damage, vat_without_a_transcript_is_corrupt) {
    struct test_world w;
    world_open(&w, &ordinary, VK_STORE_DIRECT, ":memory:");
    test_ok(vk_transcript_stop(w.store, VK_STR("v2")));
    cr_assert(check(&w, &at_delivery) == VK_ERR_CORRUPT);
    test_ok(check(&w, &at_crank));
    w.unaudited = true;
    world_close(&w);
}

/* The kernel meets it too, in the crank for which it was told to do something. */
Test(directive_damage, halts_a_crank_that_is_to_be_directed) {
    static const char *const lists[] = {"x", "{}"};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        struct vk_directive directive = {.target = VK_AT_CRANK, .action = VK_DIRECTIVE_SKIP};
        const struct vk_directives directives = {.at = &directive, .count = 1};
        struct test_world w;
        world_open(&w, &ordinary, VK_STORE_DIRECT, ":memory:");
        directive.number = strtoull(world_key(&w, "crankNumber"), NULL, 10);
        set(&w, "directives.done", lists[i]);
        w.options.directives = &directives;
        world_restart(&w);
        world_tell(&w, "alice", "nothing");
        world_run_halts(&w, VK_ERR_CORRUPT, "directives.done");
        w.unaudited = true;
        world_close(&w);
    }
}
