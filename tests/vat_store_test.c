/* vat_store_test.c - a simulated vat's own vatstore: its order, its changes, its text. */
#include <sim/vat_store.h>

#include <criterion/criterion.h>
#include <stdio.h>

#include "testing_heap.h"
#include "testing_store.h"

enum { KEYS = 12 };

static struct vk_str key_of(uint64_t n, char text[8]) {
    int length = snprintf(text, 8, "k.%llu", (unsigned long long)n);
    return (struct vk_str){text, (size_t)length};
}

static uint64_t draw(uint64_t *state) {
    *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return *state >> 33;
}

static void change_at_random(struct sim_vat_store *store, uint64_t *state) {
    char key[8], value[8];
    struct vk_str text = key_of(draw(state) % 1000, value);
    bool deletes = draw(state) % 3 == 0;
    test_ok(
        sim_vat_store_change(store, key_of(draw(state) % KEYS, key), deletes ? VK_STR_NONE : text));
}

static void expect_same(const struct sim_vat_store *a, const struct sim_vat_store *b) {
    cr_assert_eq(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        cr_assert(vk_str_eq(a->at[i].key, b->at[i].key));
        cr_assert(vk_str_eq(a->at[i].value, b->at[i].value));
        cr_assert(i == 0 || vk_str_cmp(a->at[i - 1].key, a->at[i].key) < 0); /* INV-VAT-STORE-1 */
    }
}

/* INV-VAT-STORE-2 */
Test(vat_store, changes_made_on_what_it_was_give_what_it_is) {
    struct test_heap heap;
    struct sim_vat_store store, other;
    struct vk_arena arena;
    uint64_t state = 1;
    test_heap_init(&heap);
    sim_vat_store_init(&store, &heap.port);
    sim_vat_store_init(&other, &heap.port);
    vk_arena_init(&arena, &heap.port);
    for (int delivery = 0; delivery < 300; delivery++) {
        const struct vk_vatstore_change *changes;
        size_t count;
        sim_vat_store_begin(&store);
        for (uint64_t i = draw(&state) % 8; i > 0; i--)
            change_at_random(&store, &state);
        test_ok(sim_vat_store_changes(&store, &arena, &changes, &count));
        for (size_t i = 0; i < count; i++) {
            for (size_t k = 0; k < i; k++)
                cr_assert(!vk_str_eq(changes[i].key, changes[k].key));
            test_ok(sim_vat_store_change(&other, changes[i].key, changes[i].value));
        }
        expect_same(&store, &other);
        vk_arena_clear(&arena);
    }
    cr_assert_gt(store.count, 0);
    vk_arena_release(&arena);
    sim_vat_store_release(&store);
    sim_vat_store_release(&other);
    cr_assert_eq(heap.outstanding_blocks, 0);
}

Test(vat_store, keys_come_in_order) {
    struct sim_vat_store store;
    sim_vat_store_init(&store, vk_heap_system());
    test_ok(sim_vat_store_change(&store, VK_STR("b"), VK_STR("2")));
    test_ok(sim_vat_store_change(&store, VK_STR("a"), VK_STR("")));
    test_ok(sim_vat_store_change(&store, VK_STR("c"), VK_STR("3")));
    cr_assert(vk_str_eq(sim_vat_store_next(&store, VK_STR("")), VK_STR("a")));
    cr_assert(vk_str_eq(sim_vat_store_next(&store, VK_STR("a")), VK_STR("b")));
    cr_assert(vk_str_eq(sim_vat_store_next(&store, VK_STR("aa")), VK_STR("b")));
    cr_assert(!vk_str_present(sim_vat_store_next(&store, VK_STR("c"))));
    cr_assert(vk_str_present(sim_vat_store_get(&store, VK_STR("a"))));
    cr_assert(!vk_str_present(sim_vat_store_get(&store, VK_STR("aa"))));
    sim_vat_store_release(&store);
}

Test(vat_store, reads_what_it_wrote_and_nothing_else) {
    static const char *const bad[] = {"",          "{}",          "[1]",
                                      "[[\"k\"]]", "[[\"k\",1]]", "[[\"k\",\"v\"]"};
    struct sim_vat_store store, other;
    struct vk_arena arena;
    struct vk_buf buf;
    struct vk_str text;
    uint64_t state = 7;
    vk_arena_init(&arena, vk_heap_system());
    vk_buf_init(&buf, &arena);
    sim_vat_store_init(&store, vk_heap_system());
    sim_vat_store_init(&other, vk_heap_system());
    for (int i = 0; i < 40; i++)
        change_at_random(&store, &state);
    sim_vat_store_write(&store, &buf);
    test_ok(vk_buf_finish(&buf, &text));
    test_ok(sim_vat_store_read(&other, text));
    expect_same(&store, &other);
    cr_assert_eq(other.changed_count, 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_assert(sim_vat_store_read(&other, vk_str(bad[i])) == VK_ERR_SYNTAX, "%s", bad[i]);
    sim_vat_store_release(&store);
    sim_vat_store_release(&other);
    vk_arena_release(&arena);
}
