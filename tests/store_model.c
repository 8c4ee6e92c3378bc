/* store_model.c - the store against a model that cannot be wrong (testing_contents.h).
 *
 * One random run drives a direct store, a write-back store and the model in step. After every
 * operation what was asked must be answered alike, the two traces must be the same text, and the
 * two state hashes the same and equal to the recomputed ones; after every commit the two files must
 * hold the same rows; and now and then all that is in both is compared with the model.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "testing_contents.h"
#include "testing_store.h"

enum { KEY_COUNT = CONTENTS_KEYS_MAX, VALUES = 100000 };

struct run {
    uint64_t random;
    struct vk_store_options options;
    struct test_store stores[2]; /* direct, write-back */
    struct test_folder folder;
    struct contents_model model;
};

static uint64_t pick(struct run *run, uint64_t bound) {
    return test_random_below(&run->random, bound);
}

/* Both stores give this code; the model says which. */
#define BOTH(run, expected, call)                                                                  \
    do {                                                                                           \
        for (int s_ = 0; s_ < 2; s_++) {                                                           \
            struct test_store *test = &(run)->stores[s_];                                          \
            enum vk_err err_ = (call);                                                             \
            cr_assert(err_ == (expected), "%s gave %s: %s", #call, vk_err_name(err_),              \
                      vk_err_origin()->text);                                                      \
        }                                                                                          \
    } while (0)

static struct vk_str key_of(const struct run *run, size_t k) { return vk_str(run->model.keys[k]); }

static void do_set(struct run *run) {
    size_t k = pick(run, KEY_COUNT);
    /* Few numbers: the same value is often set again. */
    int number = (int)pick(run, 400);
    contents_set(&run->model, k, number);
    BOTH(run, VK_OK, vk_store_set(test->store, key_of(run, k), test_value(number)));
}

static void do_delete(struct run *run) {
    size_t k = pick(run, KEY_COUNT);
    contents_delete(&run->model, k);
    BOTH(run, VK_OK, vk_store_delete(test->store, key_of(run, k)));
}

static void check_get(struct run *run, size_t k) {
    struct vk_str expected = contents_get(&run->model, k);
    for (int s = 0; s < 2; s++) {
        struct test_store *test = &run->stores[s];
        struct vk_str value;
        bool has;
        test_ok(vk_store_get(test->store, &test->arena, key_of(run, k), &value));
        test_ok(vk_store_has(test->store, key_of(run, k), &has));
        cr_assert(has == vk_str_present(expected));
        cr_assert(vk_str_present(value) == has && vk_str_eq(value, expected),
                  "store %d: key %s reads otherwise", s, run->model.keys[k]);
        vk_arena_clear(&test->arena);
    }
}

static void check_next(struct run *run) {
    /* From a key of the universe, or from one between two. */
    char prior[32];
    size_t k = pick(run, KEY_COUNT);
    snprintf(prior, sizeof prior, "%s%s", run->model.keys[k], pick(run, 4) == 0 ? "!" : "");
    struct vk_str expected = contents_next(&run->model, vk_str(prior));
    for (int s = 0; s < 2; s++) {
        struct test_store *test = &run->stores[s];
        struct vk_str next;
        test_ok(vk_store_next_key(test->store, &test->arena, vk_str(prior), &next));
        cr_assert(vk_str_present(next) == vk_str_present(expected));
        cr_assert(vk_str_eq(next, expected), "store %d: after %s comes %.*s, not %.*s", s, prior,
                  VK_STR_ARG(next), VK_STR_ARG(expected));
        vk_arena_clear(&test->arena);
    }
}

/* Every table as the model has it: after any rollback, any commit. */
static void check_all(struct run *run) {
    const struct contents *now = &run->model.now;
    char differs[CONTENTS_DIFFERS_MAX];
    for (int s = 0; s < 2; s++) {
        test_ok(contents_compare_reads(&run->model, now, run->stores[s].store, differs));
        cr_assert_str_empty(differs, "store %d: %s", s, differs);
        if (run->model.in_crank) continue;
        test_ok(contents_compare_rows(&run->model, now, run->stores[s].store, differs));
        cr_assert_str_empty(differs, "store %d: %s", s, differs);
    }
}

static void do_emit(struct run *run) {
    char crankhash[VK_HASH_HEX], activityhash[VK_HASH_HEX];
    char got_crank[VK_HASH_HEX], got_activity[VK_HASH_HEX];
    contents_emit(&run->model, crankhash, activityhash);
    for (int s = 0; s < 2; s++) {
        test_ok(vk_store_emit_hashes(run->stores[s].store, got_crank, got_activity));
        cr_assert_str_eq(got_crank, crankhash);
        cr_assert_str_eq(got_activity, activityhash);
    }
}

static void do_crank(struct run *run) {
    if (!run->model.in_crank) {
        BOTH(run, VK_OK, vk_store_start_crank(test->store));
        test_ok(contents_start_crank(&run->model));
        return;
    }
    if (pick(run, 3) != 0) do_emit(run);
    BOTH(run, VK_OK, vk_store_end_crank(test->store));
    test_ok(contents_end_crank(&run->model));
}

static enum vk_savepoint pick_savepoint(struct run *run) {
    return pick(run, 2) ? VK_SAVEPOINT_START : VK_SAVEPOINT_DELIVER;
}

static void do_savepoint(struct run *run) {
    enum vk_savepoint name = pick_savepoint(run);
    enum vk_err expected = contents_savepoint(&run->model, name);
    BOTH(run, expected, vk_store_savepoint(test->store, name));
}

static void do_rollback(struct run *run) {
    enum vk_savepoint name = pick_savepoint(run);
    enum vk_err expected = contents_rollback(&run->model, name);
    BOTH(run, expected, vk_store_rollback(test->store, name));
    if (expected == VK_OK && pick(run, 8) == 0) check_all(run);
}

static void check_files(struct run *run) {
    char *dumps[2];
    for (int s = 0; s < 2; s++)
        dumps[s] = test_database_dump(run->stores[s].ports.disk.path);
    cr_assert_str_eq(dumps[0], dumps[1]);
    free(dumps[0]);
    free(dumps[1]);
}

static void do_commit(struct run *run) {
    enum vk_err expected = contents_commit(&run->model);
    BOTH(run, expected, vk_store_commit(test->store));
    if (expected != VK_OK || pick(run, 4) != 0) return;
    check_files(run);
    check_all(run);
}

static void stores_open(struct run *run) {
    static const char *const names[] = {"direct", "writeback"};
    for (int s = 0; s < 2; s++) {
        run->options.mode = s == 0 ? VK_STORE_DIRECT : VK_STORE_WRITE_BACK;
        /* The path must outlive the store. */
        static char paths[2][256];
        snprintf(paths[s], sizeof paths[s], "%s/%s", run->folder.path, names[s]);
        test_ok(test_store_try_open(&run->stores[s], paths[s], &run->options));
    }
}

/* Back to the last commit, whatever was going on. */
static void do_reopen(struct run *run) {
    for (int s = 0; s < 2; s++)
        test_store_close(&run->stores[s]);
    stores_open(run);
    contents_reopen(&run->model);
    check_all(run);
}

static void do_transcript_init(struct run *run, size_t v) {
    enum vk_err expected = contents_transcript_init(&run->model, v);
    BOTH(run, expected, vk_transcript_init(test->store, contents_vat_id(v)));
}

static void do_transcript_add(struct run *run, size_t v) {
    int number = (int)pick(run, VALUES);
    enum vk_err expected = contents_transcript_add(&run->model, v, number);
    BOTH(run, expected, vk_transcript_add(test->store, contents_vat_id(v), test_value(number)));
}

static void do_rollover(struct run *run, size_t v) {
    bool upgrade = pick(run, 3) == 0;
    struct vk_str vat = contents_vat_id(v);
    uint64_t expected_incarnation = 0, incarnation = 0;
    enum vk_err expected = contents_rollover(&run->model, v, upgrade, &expected_incarnation);
    if (!upgrade) {
        BOTH(run, expected, vk_transcript_rollover_span(test->store, vat));
        return;
    }
    BOTH(run, expected, vk_transcript_rollover_incarnation(test->store, vat, &incarnation));
    if (expected == VK_OK) cr_assert(incarnation == expected_incarnation);
}

static void do_transcript_stop(struct run *run, size_t v) {
    contents_transcript_stop(&run->model, v);
    BOTH(run, VK_OK, vk_transcript_stop(test->store, contents_vat_id(v)));
}

/* A clean-up of either kind: the same is done with the same budget. */
static void do_cleanup(struct run *run, size_t v,
                       void (*in_model)(struct contents_model *model, size_t v, uint64_t budget,
                                        uint64_t *cleanups, bool *done),
                       enum vk_err (*in_store)(struct vk_store *store, struct vk_str vat,
                                               uint64_t budget, uint64_t *cleanups, bool *done)) {
    uint64_t budget = pick(run, 3) == 0 ? VK_UNLIMITED : 1 + pick(run, 4), expected, cleanups;
    bool expected_done, done;
    in_model(&run->model, v, budget, &expected, &expected_done);
    for (int s = 0; s < 2; s++) {
        test_ok(in_store(run->stores[s].store, contents_vat_id(v), budget, &cleanups, &done));
        cr_assert(cleanups == expected && done == expected_done,
                  "store %d: %llu cleanups, not %llu", s, (unsigned long long)cleanups,
                  (unsigned long long)expected);
    }
}

static void do_snapshot_save(struct run *run, size_t v) {
    /* At the newest one's own position it is replaced. */
    uint64_t after = pick(run, 4) == 0 ? 0 : 1 + pick(run, 5);
    uint64_t position = contents_snapshot_position(&run->model, v, after);
    int number = (int)pick(run, VALUES);
    struct vk_str image = test_value(number);
    char hash[VK_HASH_HEX];
    test_sha256(hash, 1, &image);
    struct vk_snapshot_info info[2];
    BOTH(run, VK_OK,
         vk_snapshot_save(test->store, contents_vat_id(v), position, hash, image, &info[s_]));
    for (int s = 0; s < 2; s++)
        cr_assert(info[s].position == position && info[s].uncompressed_size == image.n);
    cr_assert(info[0].compressed_size == info[1].compressed_size);
    contents_snapshot_save(&run->model, v, position, number);
}

static void do_snapshot_stop(struct run *run, size_t v) {
    contents_snapshot_stop(&run->model, v);
    BOTH(run, VK_OK, vk_snapshot_stop(test->store, contents_vat_id(v)));
}

static void do_bundle(struct run *run) {
    size_t b = pick(run, CONTENTS_BUNDLES);
    if (pick(run, 3) == 0) {
        contents_bundle_delete(&run->model, b);
        BOTH(run, VK_OK, vk_bundle_delete(test->store, contents_bundle(b)));
    } else if (pick(run, 2) == 0) {
        int number = (int)pick(run, 1000);
        enum vk_err expected = contents_bundle_add(&run->model, b, number);
        BOTH(run, expected, vk_bundle_add(test->store, contents_bundle(b), test_value(number)));
    }
}

static void do_vat(struct run *run) {
    size_t v = pick(run, CONTENTS_VATS);
    bool has_room = contents_has_room(&run->model, v);
    switch (pick(run, 24)) {
    case 0: do_transcript_init(run, v); break;
    case 1: do_transcript_stop(run, v); break;
    case 2: do_cleanup(run, v, contents_transcript_delete, vk_transcript_delete); break;
    case 3: do_snapshot_stop(run, v); break;
    case 4: do_cleanup(run, v, contents_snapshot_delete, vk_snapshot_delete); break;
    case 5:
    case 6:
    case 7:
        if (has_room) do_rollover(run, v);
        break;
    case 8:
    case 9:
        if (has_room) do_snapshot_save(run, v);
        break;
    default:
        if (has_room) do_transcript_add(run, v);
        break;
    }
}

/* Each kind of key is written by its own call. */
static void do_host_set(struct run *run) {
    size_t k = pick(run, CONTENTS_HOST_KEYS);
    struct vk_str key = contents_host_key(k);
    int number = (int)pick(run, 400);
    BOTH(run, VK_ERR_USAGE, vk_store_set(test->store, key, VK_STR("x")));
    BOTH(run, VK_ERR_USAGE, vk_store_delete(test->store, key));
    BOTH(run, VK_ERR_USAGE, vk_store_host_set(test->store, VK_STR("kernel"), VK_STR("x")));
    BOTH(run, VK_OK, vk_store_host_set(test->store, key, test_value(number)));
    contents_host_set(&run->model, k, number);
}

static void do_one(struct run *run) {
    switch (pick(run, 40)) {
    case 0:
    case 1:
    case 2: do_crank(run); break;
    case 3:
    case 4:
    case 5: do_savepoint(run); break;
    case 6:
    case 7: do_rollback(run); break;
    case 8: do_commit(run); break;
    case 9: do_bundle(run); break;
    case 10: do_host_set(run); break;
    case 11:
        if (pick(run, 8) == 0) do_reopen(run);
        break;
    case 12:
    case 13:
    case 14:
    case 15:
    case 16:
    case 17:
    case 18:
    case 19: do_vat(run); break;
    case 20:
    case 21:
    case 22:
    case 23: check_get(run, pick(run, KEY_COUNT)); break;
    case 24:
    case 25: check_next(run); break;
    case 26:
    case 27:
    case 28:
    case 29:
    case 30: do_delete(run); break;
    default: do_set(run); break;
    }
}

static void check_same(struct run *run) {
    struct test_store *direct = &run->stores[0], *write_back = &run->stores[1];
    cr_assert(direct->trace.length == write_back->trace.length &&
                  memcmp(direct->trace.text, write_back->trace.text, direct->trace.length) == 0,
              "the traces differ:\n%.200s\n%.200s", direct->trace.text, write_back->trace.text);
    test_trace_clear(&direct->trace);
    test_trace_clear(&write_back->trace);
    struct vk_state_hash hashes[4];
    for (int s = 0; s < 2; s++) {
        hashes[s] = vk_store_state_hash(run->stores[s].store);
        test_ok(vk_store_recompute_state_hash(run->stores[s].store, &hashes[2 + s]));
    }
    for (int i = 1; i < 4; i++)
        cr_assert(hashes[i].low == hashes[0].low && hashes[i].high == hashes[0].high,
                  "state hash %d differs", i);
}

static void run_seed(uint64_t seed, size_t operations) {
    struct run *run = calloc(1, sizeof *run);
    cr_assert(run);
    run->random = seed;
    run->options = (struct vk_store_options){.keep_snapshots = seed % 2 == 0,
                                             .drop_transcripts = seed % 3 == 0};
    contents_begin(&run->model, KEY_COUNT, &run->options);
    test_folder_make(&run->folder);
    stores_open(run);
    for (size_t i = 0; i < operations; i++) {
        do_one(run);
        check_same(run);
    }
    check_all(run);
    if (run->model.in_crank) do_crank(run);
    BOTH(run, VK_OK, vk_store_commit(test->store));
    check_files(run);
    for (int s = 0; s < 2; s++)
        test_store_close(&run->stores[s]);
    test_folder_remove(&run->folder);
    contents_release(&run->model);
    free(run);
}

Test(store_model, both_modes_do_what_plain_arrays_do, .timeout = 240) {
    static const uint64_t seeds[] = {1, 2, 3, 4, 5, 6, 40, 41, 42, 43, 20240, 20241};
    for (size_t i = 0; i < sizeof seeds / sizeof seeds[0]; i++)
        run_seed(seeds[i], 4000);
}
