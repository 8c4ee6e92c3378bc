/* store_kv.c - the key-value interface alone: order, bytes, key kinds, and the overlay under
 * stress. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "testing_store.h"

static const enum vk_store_mode modes[] = {VK_STORE_DIRECT, VK_STORE_WRITE_BACK};

static struct vk_str next(struct test_store *test, const char *prior) {
    struct vk_str key;
    test_ok(vk_store_next_key(test->store, &test->arena, vk_str(prior), &key));
    return key;
}

Test(store_kv, absent_is_not_empty) {
    for (int m = 0; m < 2; m++) {
        struct test_store test;
        bool has;
        test_store_open(&test, ":memory:", modes[m]);
        cr_assert(!vk_str_present(test_get(&test, "k")));
        test_set(&test, "k", "");
        struct vk_str value = test_get(&test, "k");
        cr_assert(vk_str_present(value) && value.n == 0);
        test_ok(vk_store_has(test.store, VK_STR("k"), &has));
        cr_assert(has);
        test_ok(vk_store_delete(test.store, VK_STR("k")));
        test_ok(vk_store_has(test.store, VK_STR("k"), &has));
        cr_assert(!has);
        test_ok(vk_store_delete(test.store, VK_STR("k")));
        test_store_close(&test);
    }
}

Test(store_kv, next_key_is_in_byte_order) {
    /* As the keys sort; U+FF5E is above U+1F600 in UTF-16 and below it in UTF-8. */
    static const char *const sorted[] = {"a",  "a.", "a.1", "a.10",         "a.2",
                                         "aa", "b",  "z",   "\xef\xbd\x9e", "\xf0\x9f\x98\x80"};
    enum { COUNT = sizeof sorted / sizeof sorted[0] };
    for (int m = 0; m < 2; m++) {
        struct test_store test;
        test_store_open(&test, ":memory:", modes[m]);
        for (int i = 0; i < COUNT; i++)
            test_set(&test, sorted[(i * 7) % COUNT], "x");
        const char *at = "";
        for (int i = 0; i < COUNT; i++) {
            cr_assert(vk_str_eq(next(&test, at), vk_str(sorted[i])), "after %s", at);
            at = sorted[i];
        }
        cr_assert(!vk_str_present(next(&test, at)));
        cr_assert(vk_str_eq(next(&test, "a.0"), VK_STR("a.1")), "from a key that is not there");
        test_store_close(&test);
    }
}

Test(store_kv, next_key_passes_over_what_was_deleted) {
    for (int m = 0; m < 2; m++) {
        for (int committed = 0; committed < 2; committed++) {
            struct test_store test;
            test_store_open(&test, ":memory:", modes[m]);
            test_set(&test, "a", "1");
            test_set(&test, "b", "2");
            test_set(&test, "c", "3");
            if (committed) test_ok(vk_store_commit(test.store));
            test_ok(vk_store_start_crank(test.store));
            test_ok(vk_store_savepoint(test.store, VK_SAVEPOINT_START));
            test_ok(vk_store_delete(test.store, VK_STR("b")));
            cr_assert(vk_str_eq(next(&test, "a"), VK_STR("c")));
            test_ok(vk_store_rollback(test.store, VK_SAVEPOINT_START));
            cr_assert(vk_str_eq(next(&test, "a"), VK_STR("b")));
            test_ok(vk_store_delete(test.store, VK_STR("b")));
            test_ok(vk_store_end_crank(test.store));
            cr_assert(vk_str_eq(next(&test, "a"), VK_STR("c")));
            cr_assert(vk_str_eq(next(&test, "b"), VK_STR("c")));
            test_set(&test, "b", "again");
            cr_assert(vk_str_eq(next(&test, "a"), VK_STR("b")));
            test_store_close(&test);
        }
    }
}

Test(store_kv, bytes_survive_as_they_are) {
    const struct vk_str key = VK_STR("nul\0key"), value = VK_STR("\0a\0\n\xc3\xa9");
    struct test_folder folder;
    test_folder_make(&folder);
    for (int m = 0; m < 2; m++) {
        const char *path = test_folder_file(&folder, m ? "write-back" : "direct");
        struct test_store test;
        struct vk_str got;
        test_store_open(&test, path, modes[m]);
        test_ok(vk_store_set(test.store, key, value));
        test_ok(vk_store_commit(test.store));
        test_store_close(&test);
        test_store_open(&test, path, modes[1 - m]);
        test_ok(vk_store_get(test.store, &test.arena, key, &got));
        cr_assert(vk_str_eq(got, value));
        cr_assert(!vk_str_present(test_get(&test, "nul")));
        cr_assert(vk_str_eq(next(&test, "nul"), key));
        test_store_close(&test);
    }
    test_folder_remove(&folder);
}

Test(store_kv, host_keys_are_the_hosts) {
    for (int m = 0; m < 2; m++) {
        struct test_store test;
        test_store_open(&test, ":memory:", modes[m]);
        test_ok(vk_store_host_set(test.store, VK_STR("host.height"), VK_STR("12")));
        cr_assert(vk_store_set(test.store, VK_STR("host.height"), VK_STR("13")) == VK_ERR_USAGE);
        cr_assert(vk_store_delete(test.store, VK_STR("host.height")) == VK_ERR_USAGE);
        cr_assert(vk_store_host_set(test.store, VK_STR("hos"), VK_STR("13")) == VK_ERR_USAGE);
        cr_assert(vk_str_eq(test_get(&test, "host.height"), VK_STR("12")));
        cr_assert_str_empty(test.trace.text);
        test_store_close(&test);
    }
}

/* Growing, overwriting and emptying again, with enough keys for every table size on the way. */
Test(store_kv, a_hundred_thousand_keys_come_and_go, .timeout = 120) {
    enum { COUNT = 100000 };
    struct test_store test;
    char key[24];
    test_store_open(&test, ":memory:", VK_STORE_WRITE_BACK);
    for (int pass = 0; pass < 3; pass++) {
        for (int i = 0; i < COUNT; i++) {
            snprintf(key, sizeof key, "key.%d", (int)((unsigned)i * 7919u % COUNT));
            if (pass < 2)
                test_set(&test, key, pass ? "a longer value than the first one was" : "short");
            else
                test_ok(vk_store_delete(test.store, vk_str(key)));
        }
        if (pass == 1) test_ok(vk_store_commit(test.store));
    }
    cr_assert(!vk_str_present(next(&test, "")));
    struct vk_state_hash hash = vk_store_state_hash(test.store);
    cr_assert(hash.low == 0 && hash.high == 0);
    test_ok(vk_store_commit(test.store));
    test_store_close(&test);
}

/* One crank with keys that come, keys that go, and keys that a rollback takes back. */
static void steady_crank(struct test_store *test, int crank) {
    char key[32], crankhash[VK_HASH_HEX], activityhash[VK_HASH_HEX];
    test_ok(vk_store_start_crank(test->store));
    test_ok(vk_store_savepoint(test->store, VK_SAVEPOINT_START));
    for (int i = 0; i < 10; i++) {
        snprintf(key, sizeof key, "undone.%d", 10 * crank + i);
        test_set(test, key, "x");
    }
    test_ok(vk_store_rollback(test->store, VK_SAVEPOINT_START));
    for (int i = 0; i < 10; i++) {
        snprintf(key, sizeof key, "v1.c.kp%d", 10 * crank + i);
        test_set(test, key, "R p+12");
        if (crank < 3) continue;
        snprintf(key, sizeof key, "v1.c.kp%d", 10 * (crank - 3) + i);
        test_ok(vk_store_delete(test->store, vk_str(key)));
    }
    snprintf(key, sizeof key, "%d", crank);
    test_set(test, "crankNumber", key);
    cr_assert(vk_str_eq(test_get(test, "crankNumber"), vk_str(key)));
    test_ok(vk_store_emit_hashes(test->store, crankhash, activityhash));
    test_ok(vk_store_end_crank(test->store));
    vk_arena_clear(&test->arena);
}

/* Cranks of one kind in a row: after the first few the heap is not called any more, and the
 * state does not grow, with commits and without. */
Test(store_kv, steady_cranks_do_not_allocate) {
    for (int commit_every = 50; commit_every < 10000; commit_every *= 100) {
        struct test_store test;
        uint64_t allocations = 0;
        test_store_open(&test, ":memory:", VK_STORE_WRITE_BACK);
        for (int crank = 0; crank < 3000; crank++) {
            steady_crank(&test, crank);
            if ((crank + 1) % commit_every == 0) test_ok(vk_store_commit(test.store));
            if (crank == 1000) allocations = test.heap.allocations;
        }
        cr_assert(test.heap.allocations == allocations, "%llu allocations in steady cranks",
                  (unsigned long long)(test.heap.allocations - allocations));
        test_store_close(&test);
    }
}
