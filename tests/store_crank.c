/* store_crank.c - cranks: their brackets, savepoints and hashes, the same in both modes. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "testing_store.h"

static const enum vk_store_mode modes[] = {VK_STORE_DIRECT, VK_STORE_WRITE_BACK};

static void emit(struct test_store *test, char crankhash[VK_HASH_HEX],
                 char activityhash[VK_HASH_HEX]) {
    test_ok(vk_store_emit_hashes(test->store, crankhash, activityhash));
}

static struct vk_state_hash state_hash(struct test_store *test) {
    struct vk_state_hash kept = vk_store_state_hash(test->store), recomputed;
    test_ok(vk_store_recompute_state_hash(test->store, &recomputed));
    cr_assert(kept.low == recomputed.low && kept.high == recomputed.high);
    return kept;
}

static bool same(struct vk_state_hash a, struct vk_state_hash b) {
    return a.low == b.low && a.high == b.high;
}

/* What the real kernel writes when it initialises itself, and the hashes that it emitted (recording
 * suite/gc-kernel-13). */
Test(store_crank, hashes_are_the_real_kernels) {
    static const char *const writes[][2] = {
        {"vat.names", "[]"},
        {"vat.dynamicIDs", "[]"},
        {"vat.nextID", "1"},
        {"vat.nextUpgradeID", "1"},
        {"vats.terminated", "[]"},
        {"device.names", "[]"},
        {"device.nextID", "7"},
        {"ko.nextID", "20"},
        {"kd.nextID", "30"},
        {"kp.nextID", "40"},
        {"meter.nextID", "1"},
        {"gcActions", "[]"},
        {"reapQueue", "[]"},
        {"runQueue", "[1,1]"},
        {"acceptanceQueue", "[1,1]"},
        {"crankNumber", "0"},
        {"kernel.defaultManagerType", "local"},
        {"kernel.defaultReapDirtThreshold",
         "{\"deliveries\":1,\"gcKrefs\":20,\"computrons\":\"never\"}"},
        {"kernel.snapshotInitial", "3"},
        {"kernel.snapshotInterval", "200"},
        {"version", "3"},
        {"kernelStats",
         "{\"runQueueLength\":0,\"runQueueLengthUp\":0,\"runQueueLengthDown\":0,\"runQue"
         "ueLengthMax\":0,\"acceptanceQueueLength\":0,\"acceptanceQueueLengthUp\":0,\"ac"
         "ceptanceQueueLengthDown\":0,\"acceptanceQueueLengthMax\":0,\"promiseQueuesLeng"
         "th\":0,\"promiseQueuesLengthUp\":0,\"promiseQueuesLengthDown\":0,\"promiseQueu"
         "esLengthMax\":0}"},
        {"local.kernelStats",
         "{\"syscalls\":0,\"syscallSend\":0,\"syscallCallNow\":0,\"syscallSubscribe\":0,"
         "\"syscallResolve\":0,\"syscallExit\":0,\"syscallVatstoreGet\":0,\"syscallVatst"
         "oreSet\":0,\"syscallVatstoreGetNextKey\":0,\"syscallVatstoreDelete\":0,\"sysca"
         "llDropImports\":0,\"dispatches\":0,\"dispatchDeliver\":0,\"dispatchNotify\":0,"
         "\"kernelObjects\":0,\"kernelObjectsUp\":0,\"kernelObjectsDown\":0,\"kernelObje"
         "ctsMax\":0,\"kernelDevices\":0,\"kernelDevicesUp\":0,\"kernelDevicesDown\":0,"
         "\"kernelDevicesMax\":0,\"kernelPromises\":0,\"kernelPromisesUp\":0,\"kernelPro"
         "misesDown\":0,\"kernelPromisesMax\":0,\"kpUnresolved\":0,\"kpUnresolvedUp\":0,"
         "\"kpUnresolvedDown\":0,\"kpUnresolvedMax\":0,\"kpFulfilled\":0,\"kpFulfilledUp"
         "\":0,\"kpFulfilledDown\":0,\"kpFulfilledMax\":0,\"kpRejected\":0,\"kpRejectedU"
         "p\":0,\"kpRejectedDown\":0,\"kpRejectedMax\":0,\"clistEntries\":0,\"clistEntri"
         "esUp\":0,\"clistEntriesDown\":0,\"clistEntriesMax\":0,\"vats\":0,\"vatsUp\":0,"
         "\"vatsDown\":0,\"vatsMax\":0}"},
    };
    for (int m = 0; m < 2; m++) {
        struct test_store test;
        char crankhash[VK_HASH_HEX], activityhash[VK_HASH_HEX];
        test_store_open(&test, ":memory:", modes[m]);
        for (size_t i = 0; i < sizeof writes / sizeof writes[0]; i++)
            test_set(&test, writes[i][0], writes[i][1]);
        emit(&test, crankhash, activityhash);
        cr_assert_str_eq(crankhash,
                         "12b70ff75a1745649be4a92d4a8fc1630069e36bb5a8b36bdaa5b07ae7a1aa2a");
        cr_assert_str_eq(activityhash,
                         "af35907384e9d63dd9fc4d4df0440005c0ee81ef88f86089a0e0a280fe3793af");
        cr_assert(vk_str_eq(test_get(&test, "activityhash"), vk_str(activityhash)));
        test_store_close(&test);
    }
}

/* By hand: sha256("add\na\n1\ndelete\nb\n") and what follows from it. */
Test(store_crank, crankhash_covers_adds_and_deletes_in_order) {
    char expected[65], activity[65];
    const struct vk_str text = VK_STR("add\na\n1\ndelete\nb\n");
    test_sha256(expected, 1, &text);
    const struct vk_str parts[] = {VK_STR("activityhash\n\n"), vk_str(expected), VK_STR("\n")};
    test_sha256(activity, 3, parts);
    for (int m = 0; m < 2; m++) {
        struct test_store test;
        char crankhash[VK_HASH_HEX], activityhash[VK_HASH_HEX];
        test_store_open(&test, ":memory:", modes[m]);
        test_set(&test, "before", "the crank");
        test_ok(vk_store_start_crank(test.store));
        test_set(&test, "a", "1");
        test_set(&test, "local.x", "not hashed");
        test_ok(vk_store_host_set(test.store, VK_STR("host.x"), VK_STR("not hashed")));
        test_ok(vk_store_delete(test.store, VK_STR("b")));
        test_ok(vk_store_delete(test.store, VK_STR("local.x")));
        emit(&test, crankhash, activityhash);
        cr_assert_str_eq(crankhash, expected);
        cr_assert_str_eq(activityhash, activity);
        test_ok(vk_store_end_crank(test.store));
        test_store_close(&test);
    }
}

Test(store_crank, crankhash_keeps_what_was_rolled_back) {
    char expected[65];
    const struct vk_str text = VK_STR("add\na\n1\nadd\nb\n2\n");
    test_sha256(expected, 1, &text);
    for (int m = 0; m < 2; m++) {
        struct test_store test;
        char crankhash[VK_HASH_HEX], activityhash[VK_HASH_HEX];
        test_store_open(&test, ":memory:", modes[m]);
        test_ok(vk_store_start_crank(test.store));
        test_ok(vk_store_savepoint(test.store, VK_SAVEPOINT_START));
        test_set(&test, "a", "1");
        test_ok(vk_store_rollback(test.store, VK_SAVEPOINT_START));
        test_set(&test, "b", "2");
        emit(&test, crankhash, activityhash);
        cr_assert_str_eq(crankhash, expected);
        cr_assert(!vk_str_present(test_get(&test, "a")));
        test_store_close(&test);
    }
}

Test(store_crank, brackets_must_match) {
    for (int m = 0; m < 2; m++) {
        struct test_store test;
        test_store_open(&test, ":memory:", modes[m]);
        struct vk_store *store = test.store;
        cr_assert(vk_store_end_crank(store) == VK_ERR_USAGE);
        cr_assert(vk_store_savepoint(store, VK_SAVEPOINT_START) == VK_ERR_USAGE);
        cr_assert(vk_store_rollback(store, VK_SAVEPOINT_START) == VK_ERR_USAGE);
        test_ok(vk_store_start_crank(store));
        cr_assert(vk_store_start_crank(store) == VK_ERR_USAGE);
        cr_assert(vk_store_commit(store) == VK_ERR_USAGE);
        cr_assert(vk_store_rollback(store, VK_SAVEPOINT_START) == VK_ERR_USAGE);
        test_ok(vk_store_savepoint(store, VK_SAVEPOINT_START));
        cr_assert(vk_store_rollback(store, VK_SAVEPOINT_DELIVER) == VK_ERR_USAGE);
        test_ok(vk_store_rollback(store, VK_SAVEPOINT_START));
        cr_assert(vk_store_rollback(store, VK_SAVEPOINT_START) == VK_ERR_USAGE);
        test_ok(vk_store_end_crank(store));
        test_ok(vk_store_start_crank(store));
        cr_assert(vk_store_rollback(store, VK_SAVEPOINT_START) == VK_ERR_USAGE,
                  "a savepoint outlived its crank");
        test_ok(vk_store_end_crank(store));
        test_ok(vk_store_commit(store));
        test_store_close(&test);
    }
}

Test(store_crank, rollback_to_start_takes_deliver_with_it) {
    for (int m = 0; m < 2; m++) {
        struct test_store test;
        test_store_open(&test, ":memory:", modes[m]);
        test_set(&test, "k", "0");
        struct vk_state_hash before = state_hash(&test);
        test_ok(vk_store_start_crank(test.store));
        test_ok(vk_store_savepoint(test.store, VK_SAVEPOINT_START));
        test_set(&test, "k", "1");
        struct vk_state_hash between = state_hash(&test);
        test_ok(vk_store_savepoint(test.store, VK_SAVEPOINT_DELIVER));
        test_set(&test, "k", "2");
        test_set(&test, "new", "2");
        test_ok(vk_store_rollback(test.store, VK_SAVEPOINT_DELIVER));
        cr_assert(vk_str_eq(test_get(&test, "k"), VK_STR("1")));
        cr_assert(same(state_hash(&test), between));
        test_ok(vk_store_savepoint(test.store, VK_SAVEPOINT_DELIVER));
        test_ok(vk_store_delete(test.store, VK_STR("k")));
        test_ok(vk_store_rollback(test.store, VK_SAVEPOINT_START));
        cr_assert(vk_str_eq(test_get(&test, "k"), VK_STR("0")));
        cr_assert(!vk_str_present(test_get(&test, "new")));
        cr_assert(same(state_hash(&test), before));
        cr_assert(vk_store_rollback(test.store, VK_SAVEPOINT_DELIVER) == VK_ERR_USAGE);
        test_ok(vk_store_end_crank(test.store));
        test_store_close(&test);
    }
}

/* Releasing the outermost savepoint of no transaction would commit (agoric-sdk #8423). */
Test(store_crank, a_crank_commits_nothing) {
    struct test_folder folder;
    test_folder_make(&folder);
    for (int m = 0; m < 2; m++) {
        const char *path = test_folder_file(&folder, m ? "write-back" : "direct");
        struct test_store test;
        test_store_open(&test, path, modes[m]);
        test_ok(vk_store_start_crank(test.store));
        test_ok(vk_store_savepoint(test.store, VK_SAVEPOINT_START));
        test_set(&test, "a", "1");
        test_ok(vk_store_end_crank(test.store));
        test_store_close(&test);
        test_store_open(&test, path, modes[m]);
        cr_assert(!vk_str_present(test_get(&test, "a")));
        test_store_close(&test);
    }
    test_folder_remove(&folder);
}

Test(store_crank, an_abandoned_crank_leaves_the_state_at_its_start) {
    for (int m = 0; m < 2; m++) {
        struct test_store test;
        test_store_open(&test, ":memory:", modes[m]);
        test_set(&test, "a", "1");
        test_ok(vk_transcript_init(test.store, VK_STR("v1")));
        struct vk_state_hash before = state_hash(&test);
        vk_store_abandon_crank(test.store); /* outside a crank: nothing */
        test_set(&test, "a", "1");
        test_ok(vk_store_start_crank(test.store));
        test_set(&test, "before any savepoint", "x");
        test_ok(vk_store_savepoint(test.store, VK_SAVEPOINT_START));
        test_set(&test, "a", "2");
        test_ok(vk_store_rollback(test.store, VK_SAVEPOINT_START));
        test_ok(vk_store_delete(test.store, VK_STR("a")));
        test_ok(vk_transcript_add(test.store, VK_STR("v1"), VK_STR("item")));
        vk_store_abandon_crank(test.store);
        struct vk_span span;
        cr_assert(vk_str_eq(test_get(&test, "a"), VK_STR("1")));
        cr_assert(!vk_str_present(test_get(&test, "before any savepoint")));
        cr_assert(same(state_hash(&test), before));
        test_ok(vk_transcript_current(test.store, VK_STR("v1"), &span));
        cr_assert(span.end == 0);
        cr_assert(vk_store_set(test.store, VK_STR("a"), VK_STR("3")) == VK_ERR_USAGE);
        cr_assert(vk_store_commit(test.store) == VK_ERR_USAGE);
        test_store_close(&test);
    }
}

/* Order counts for crankhash, not for the state; local, host and activityhash keys are not of
 * it. */
Test(store_crank, state_hash_is_of_the_consensus_state_alone) {
    struct test_store one, other;
    char crankhash[VK_HASH_HEX], activityhash[VK_HASH_HEX];
    test_store_open(&one, ":memory:", VK_STORE_DIRECT);
    test_store_open(&other, ":memory:", VK_STORE_WRITE_BACK);
    struct vk_state_hash empty = state_hash(&one);
    cr_assert(empty.low == 0 && empty.high == 0);
    test_set(&one, "a", "1");
    test_set(&one, "b", "2");
    test_set(&other, "b", "x");
    test_set(&other, "local.l", "not hashed");
    test_ok(vk_store_host_set(other.store, VK_STR("host.h"), VK_STR("not hashed")));
    emit(&other, crankhash, activityhash);
    test_set(&other, "a", "1");
    cr_assert(!same(state_hash(&one), state_hash(&other)));
    test_set(&other, "b", "2");
    cr_assert(same(state_hash(&one), state_hash(&other)));
    /* Where the key ends and the value begins matters. */
    test_set(&one, "xy", "z");
    test_set(&other, "x", "yz");
    cr_assert(!same(state_hash(&one), state_hash(&other)));
    test_store_close(&one);
    test_store_close(&other);
}

Test(store_crank, hashes_can_be_switched_off) {
    for (int m = 0; m < 2; m++) {
        struct test_store test;
        const struct vk_store_options options = {
            .mode = modes[m], .no_activity_hash = true, .no_state_hash = true};
        char crankhash[VK_HASH_HEX], activityhash[VK_HASH_HEX];
        test_ok(test_store_try_open(&test, ":memory:", &options));
        test_set(&test, "a", "1");
        emit(&test, crankhash, activityhash);
        cr_assert_str_empty(crankhash);
        cr_assert_str_empty(activityhash);
        cr_assert(!vk_str_present(test_get(&test, "activityhash")));
        struct vk_state_hash kept = vk_store_state_hash(test.store), recomputed;
        cr_assert(kept.low == 0 && kept.high == 0);
        test_ok(vk_store_recompute_state_hash(test.store, &recomputed));
        cr_assert(recomputed.low != 0 || recomputed.high != 0);
        test_store_close(&test);
    }
}

Test(store_crank, trace_is_in_the_order_of_the_calls) {
    for (int m = 0; m < 2; m++) {
        struct test_store test;
        uint64_t incarnation, cleanups;
        bool done;
        test_store_open(&test, ":memory:", modes[m]);
        struct vk_store *store = test.store;
        test_ok(vk_bundle_add(store, VK_STR("b1-x"), VK_STR("bytes")));
        test_ok(vk_transcript_init(store, VK_STR("v1")));
        test_ok(vk_store_start_crank(store));
        test_ok(vk_store_savepoint(store, VK_SAVEPOINT_START));
        test_set(&test, "a", "1");
        test_ok(vk_store_host_set(store, VK_STR("host.h"), VK_STR("not traced")));
        test_ok(vk_store_savepoint(store, VK_SAVEPOINT_DELIVER));
        test_ok(vk_store_delete(store, VK_STR("none")));
        test_ok(vk_transcript_add(store, VK_STR("v1"), VK_STR("item")));
        test_ok(vk_store_rollback(store, VK_SAVEPOINT_DELIVER));
        test_ok(vk_transcript_add(store, VK_STR("v1"), VK_STR("item 2")));
        test_ok(vk_transcript_rollover_span(store, VK_STR("v1")));
        test_ok(vk_transcript_add(store, VK_STR("v1"), VK_STR("item 3")));
        test_ok(vk_transcript_rollover_incarnation(store, VK_STR("v1"), &incarnation));
        test_ok(vk_transcript_stop(store, VK_STR("v1")));
        test_ok(vk_transcript_delete(store, VK_STR("v1"), 1, &cleanups, &done));
        test_ok(vk_store_end_crank(store));
        test_ok(vk_bundle_delete(store, VK_STR("b1-x")));
        test_ok(vk_store_commit(store));
        cr_assert_str_eq(test.trace.text,
                         "bundle b1-x\ntinit v1\nstartCrank\nsavepoint start\nset a = 1\n"
                         "savepoint deliver\ndel none\ntitem v1 = item\nrollback deliver\n"
                         "titem v1 = item 2\ntspan v1\ntitem v1 = item 3\ntinc v1\ntstop v1\n"
                         "tdel v1 budget 1 cleanups 1 done 0\nendCrank\nbundledel b1-x\ncommit\n");
        test_trace_clear(&test.trace);
        test.trace.fail_at = test.trace.events + 1;
        cr_assert(vk_store_set(store, VK_STR("a"), VK_STR("2")) == VK_ERR_TRACE);
        cr_assert(vk_store_commit(store) == VK_ERR_TRACE);
        test_store_close(&test);
    }
}

Test(store_crank, two_stores_in_one_process_do_not_meet) {
    struct test_store stores[4];
    for (int i = 0; i < 4; i++)
        test_store_open(&stores[i], ":memory:", modes[i % 2]);
    char crankhashes[4][VK_HASH_HEX], activityhashes[4][VK_HASH_HEX];
    for (int i = 0; i < 4; i++)
        test_ok(vk_store_start_crank(stores[i].store));
    for (int round = 0; round < 50; round++)
        for (int i = 0; i < 4; i++) {
            char key[16];
            snprintf(key, sizeof key, "k%d", round);
            test_set(&stores[i], key, i < 2 ? "left" : "right");
        }
    for (int i = 0; i < 4; i++)
        emit(&stores[i], crankhashes[i], activityhashes[i]);
    cr_assert_str_eq(crankhashes[0], crankhashes[1]);
    cr_assert_str_eq(crankhashes[2], crankhashes[3]);
    cr_assert_str_neq(crankhashes[1], crankhashes[2]);
    cr_assert(same(state_hash(&stores[0]), state_hash(&stores[1])));
    for (int i = 0; i < 4; i++) {
        test_ok(vk_store_end_crank(stores[i].store));
        test_store_close(&stores[i]);
    }
}
