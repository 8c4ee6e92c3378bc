/* suspend_cost_test.c - what suspended vats cost the others: nothing. Counted in operations of the store and bytes that it
 * gave, both of which are the same for ten suspended vats and for ten thousand.
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "store/store_state.h"
#include "testing_suspend.h"

static const struct test_setup ordinary = {0};

/* ---- what it costs */

/* The store's key-value operations, counted on their way. */
static uint64_t operations, bytes_read;
static const struct vk_kv_ops *counted;

static enum vk_err counted_get(struct vk_store *store, struct vk_arena *arena, struct vk_str key,
                               struct vk_str *value) {
    operations++;
    enum vk_err err = counted->get(store, arena, key, value);
    bytes_read += value->n;
    return err;
}

static enum vk_err counted_has(struct vk_store *store, struct vk_str key, bool *has) {
    operations++;
    return counted->has(store, key, has);
}

static enum vk_err counted_next(struct vk_store *store, struct vk_arena *arena, struct vk_str prior,
                                struct vk_str *next) {
    operations++;
    return counted->next(store, arena, prior, next);
}

static enum vk_err counted_set(struct vk_store *store, struct vk_str key, struct vk_str value) {
    operations++;
    return counted->set(store, key, value);
}

static enum vk_err counted_remove(struct vk_store *store, struct vk_str key) {
    operations++;
    return counted->remove(store, key);
}

/* Suspended vats, made as they would be in the database, but for what is the same for all of them. */
static void add_suspended_vats(struct test_world *w, unsigned count) {
    struct vk_buf ids;
    struct vk_str list;
    const char *options = world_key(w, "v5.options"), *source = world_key(w, "v5.source");
    vk_buf_init(&ids, &w->arena);
    vk_buf_lit(&ids, "[\"v5\"");
    for (unsigned vat = 6; vat < 6 + count; vat++) {
        const char *const pairs[][2] = {{"o.nextID", "50"},   {"p.nextID", "60"},
                                        {"d.nextID", "70"},   {"reapDirt", "{}"},
                                        {"options", options}, {"source", source},
                                        {"suspended", "true"}};
        struct vk_str key;
        for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
            test_ok(vk_arena_format(&w->arena, &key, "v%u.%s", vat, pairs[i][0]));
            test_ok(vk_store_set(w->store, key, vk_str(pairs[i][1])));
        }
        test_ok(vk_arena_format(&w->arena, &key, "v%u", vat));
        test_ok(vk_transcript_init(w->store, key));
        vk_buf_add(&ids, VK_STR(",\""));
        vk_buf_add(&ids, key);
        vk_buf_char(&ids, '"');
    }
    vk_buf_char(&ids, ']');
    test_ok(vk_buf_finish(&ids, &list));
    test_ok(vk_store_set(w->store, VK_STR("vat.dynamicIDs"), list));
    test_ok(vk_store_set(w->store, VK_STR("vat.nextID"), VK_STR("20000")));
}

struct cost {
    uint64_t operations, bytes_read;
};

/* One of each: a message, a notify, a GC delivery, a BOYD, a suspension, a start on demand, a pause and what waits. */
static void busy_block(struct test_world *w) {
    world_tell(
        w, "alice",
        "{send $0 {send $0 {drop $0} o+5} o+0 = p+5; subscribe p+5; on notify {set a b}} ko24");
    world_run(w);
    test_ok(vk_store_set(w->store, VK_STR("reapQueue"), VK_STR("[\"v5\",\"v3\"]")));
    v5_suspend(w);
    world_tell(w, "ko24", "one");
    world_run(w);
    v5_pause(w);
    world_tell(w, "ko24", "two");
    world_run(w);
    v5_resume(w);
    world_run(w);
}

static struct cost cost_among(unsigned suspended, enum vk_store_mode mode) {
    struct test_world w;
    world_open(&w, &ordinary, mode, ":memory:");
    world_create_vat(&w, "", "");
    add_suspended_vats(&w, suspended);
    test_ok(vk_store_commit(w.store));
    struct vk_kv_ops counting;
    struct vk_store_mode_ops ops = *w.store->mode;
    counted = ops.kv;
    counting = *counted;
    counting.get = counted_get;
    counting.has = counted_has;
    counting.next = counted_next;
    counting.set = counted_set;
    counting.remove = counted_remove;
    ops.kv = &counting;
    const struct vk_store_mode_ops *ordinarily = w.store->mode;
    w.store->mode = &ops;
    operations = bytes_read = 0;
    busy_block(&w);
    w.store->mode = ordinarily;
    struct cost cost = {operations, bytes_read};
    world_close(&w);
    return cost;
}

Test(suspend_cost, crank_costs_the_same_among_ten_and_ten_thousand_suspended_vats) {
    static const unsigned suspended[] = {10, 1000, 10000};
    const enum vk_store_mode modes[] = {VK_STORE_DIRECT, VK_STORE_WRITE_BACK};
    for (size_t mode = 0; mode < sizeof modes / sizeof *modes; mode++) {
        struct cost ten = {0, 0};
        for (size_t i = 0; i < sizeof suspended / sizeof *suspended; i++) {
            struct cost cost = cost_among(suspended[i], modes[mode]);
            printf("%u suspended vats: %llu operations, %llu bytes read\n", suspended[i],
                   (unsigned long long)cost.operations, (unsigned long long)cost.bytes_read);
            if (i == 0) ten = cost;
            cr_assert(cost.operations > 100);
            cr_assert(cost.operations == ten.operations && cost.bytes_read == ten.bytes_read,
                      "%u suspended vats are noticed", suspended[i]);
        }
    }
}
