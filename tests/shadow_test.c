/* shadow_test.c - the independent account of the state, against a model that writes everything down and hashes it from scratch. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "sim/shadow.h"
#include "store/state_hash.h"
#include "testing_store.h"

enum { KEYS = 1500, TEXT_MAX = 24 };

/* What is in the store: the value of key `i`, or "" where there is none. */
struct model {
    char values[KEYS][TEXT_MAX];
};

static struct vk_str key_of(size_t i, char text[TEXT_MAX]) {
    static const char *const before[] = {"v", "ko", "v1.vs.", "kp", "local."};
    static const char *const after[] = {".c.o+1", ".refCount", "", ".data.body", ""};
    enum { FORMS = sizeof before / sizeof *before };
    snprintf(text, TEXT_MAX, "%s%zu%s", before[i % FORMS], i, after[i % FORMS]);
    return vk_str(text);
}

static struct vk_state_hash hash_of(const struct model *model) {
    struct vk_state_hash sum = {0, 0};
    for (size_t i = 0; i < KEYS; i++) {
        char text[TEXT_MAX];
        struct vk_str key = key_of(i, text);
        if (model->values[i][0] && !vk_str_starts(key, VK_STR("local.")))
            vk_state_hash_add(&sum, vk_state_hash_term(key, vk_str(model->values[i])));
    }
    return sum;
}

static void happen(struct sim_shadow *shadow, enum vk_trace_type type, const char *key,
                   const char *value) {
    const struct vk_trace_event event = {.type = type, .key = vk_str(key), .value = vk_str(value)};
    test_ok(sim_shadow_event(shadow, &event));
}

static void write_some(struct sim_shadow *shadow, struct model *model, uint64_t *state, int count) {
    while (count-- > 0) {
        char key[TEXT_MAX];
        size_t i = (size_t)test_random_below(state, KEYS);
        bool is_set = test_random_below(state, 3) > 0;
        key_of(i, key);
        model->values[i][0] = '\0';
        if (is_set) snprintf(model->values[i], TEXT_MAX, "%d", (int)test_random_below(state, 1000));
        happen(shadow, is_set ? VK_TRACE_SET : VK_TRACE_DEL, key, model->values[i]);
    }
}

static void expect_state(const struct sim_shadow *shadow, const struct model *model,
                         const char *when) {
    struct vk_state_hash is = sim_shadow_sum(shadow), wanted = hash_of(model);
    cr_assert(is.low == wanted.low && is.high == wanted.high, "%s", when);
}

static struct sim_shadow *new_shadow(void) {
    struct sim_shadow *shadow = sim_shadow_new();
    cr_assert(shadow);
    return shadow;
}

/* ---- sums */

Test(shadow, sum_is_the_hash_of_the_whole_state) {
    struct sim_shadow *shadow = new_shadow();
    static struct model model;
    uint64_t state = 1;
    expect_state(shadow, &model, "empty");
    for (int i = 0; i < 100; i++) {
        write_some(shadow, &model, &state, 60); /* so many keys that the table grows */
        expect_state(shadow, &model, "after writes");
    }
    sim_shadow_clear(shadow);
    static const struct model nothing;
    expect_state(shadow, &nothing, "cleared");
    sim_shadow_free(shadow);
}

Test(shadow, sum_leaves_out_what_is_no_consensus_state) {
    struct sim_shadow *shadow = new_shadow();
    happen(shadow, VK_TRACE_SET, "local.kernelStats", "{}");
    happen(shadow, VK_TRACE_SET, "activityhash", "0");
    happen(shadow, VK_TRACE_TRANSCRIPT_ITEM, "v1", "{}");
    struct vk_state_hash sum = sim_shadow_sum(shadow);
    cr_assert(sum.low == 0 && sum.high == 0);
    happen(shadow, VK_TRACE_SET, "localkey", "1");
    sum = sim_shadow_sum(shadow);
    cr_assert(sum.low != 0);
    sim_shadow_free(shadow);
}

/* ---- roll-back */

/* The same keys are written before and after each savepoint, so that most are undone more than once. */
Test(shadow, roll_back_undoes_what_was_written_since_the_savepoint) {
    struct sim_shadow *shadow = new_shadow();
    static struct model model, at_start, at_deliver;
    uint64_t state = 2;
    for (int crank = 0; crank < 200; crank++) {
        happen(shadow, VK_TRACE_START_CRANK, "", "");
        happen(shadow, VK_TRACE_SAVEPOINT, "start", "");
        at_start = model;
        write_some(shadow, &model, &state, 40);
        happen(shadow, VK_TRACE_SAVEPOINT, "deliver", "");
        at_deliver = model;
        write_some(shadow, &model, &state, 40);
        if (crank % 3 == 0) {
            happen(shadow, VK_TRACE_ROLLBACK, "deliver", "");
            model = at_deliver;
            expect_state(shadow, &model, "back at the delivery");
            write_some(shadow, &model, &state, 5);
        }
        if (crank % 4 == 0) {
            happen(shadow, VK_TRACE_ROLLBACK, "start", "");
            model = at_start;
            expect_state(shadow, &model, "back at the start");
            write_some(shadow, &model, &state, 5);
        }
        happen(shadow, VK_TRACE_END_CRANK, "", "");
        expect_state(shadow, &model, "after the crank");
        cr_assert(sim_shadow_crank(shadow).rolled_back == (crank % 3 == 0 || crank % 4 == 0));
    }
    sim_shadow_free(shadow);
}

Test(shadow, roll_back_to_where_no_savepoint_is_is_refused) {
    struct sim_shadow *shadow = new_shadow();
    const struct vk_trace_event event = {.type = VK_TRACE_ROLLBACK, .key = VK_STR("deliver")};
    happen(shadow, VK_TRACE_START_CRANK, "", "");
    happen(shadow, VK_TRACE_SAVEPOINT, "start", "");
    cr_assert(sim_shadow_event(shadow, &event) == VK_ERR_TRACE);
    happen(shadow, VK_TRACE_SAVEPOINT, "deliver", "");
    test_ok(sim_shadow_event(shadow, &event));
    cr_assert(sim_shadow_event(shadow, &event) == VK_ERR_TRACE, "it is gone");
    sim_shadow_free(shadow);
}

/* ---- survivors */

static void crank_until_roll_back(struct sim_shadow *shadow) {
    happen(shadow, VK_TRACE_START_CRANK, "", "");
    happen(shadow, VK_TRACE_SAVEPOINT, "start", "");
    happen(shadow, VK_TRACE_SET, "v1.vs.before", "1");
    happen(shadow, VK_TRACE_ROLLBACK, "start", "");
}

Test(shadow, survivors_are_the_writes_after_the_roll_back) {
    struct sim_shadow *shadow = new_shadow();
    crank_until_roll_back(shadow);
    cr_assert(sim_shadow_crank(shadow).survivors == 0);
    happen(shadow, VK_TRACE_SET, "crankNumber", "7");
    happen(shadow, VK_TRACE_DEL, "ko20.owner", "");
    happen(shadow, VK_TRACE_SET, "local.kernelStats", "{}");
    const struct sim_shadow_crank crank = sim_shadow_crank(shadow);
    cr_assert(crank.rolled_back && crank.survivors == 2 && !crank.stranger[0]);
    happen(shadow, VK_TRACE_START_CRANK, "", "");
    happen(shadow, VK_TRACE_SET, "v1.vs.key", "1");
    cr_assert(!sim_shadow_crank(shadow).rolled_back && !sim_shadow_crank(shadow).stranger[0]);
    sim_shadow_free(shadow);
}

Test(shadow, survivors_of_a_second_roll_back_are_counted_anew) {
    struct sim_shadow *shadow = new_shadow();
    happen(shadow, VK_TRACE_START_CRANK, "", "");
    happen(shadow, VK_TRACE_SAVEPOINT, "start", "");
    happen(shadow, VK_TRACE_SAVEPOINT, "deliver", "");
    happen(shadow, VK_TRACE_ROLLBACK, "deliver", "");
    happen(shadow, VK_TRACE_SET, "ko20.owner", "v1");
    happen(shadow, VK_TRACE_ROLLBACK, "start", "");
    cr_assert(sim_shadow_crank(shadow).survivors == 0);
    happen(shadow, VK_TRACE_SET, "crankNumber", "7");
    cr_assert(sim_shadow_crank(shadow).survivors == 1);
    sim_shadow_free(shadow);
}

Test(shadow, declared_survivors_are_the_kernels_own_accounts_and_the_end_of_a_vat) {
    static const char *const declared[] = {
        "crankNumber",       "kernelStats",      "gcActions",    "reapQueue",    "acceptanceQueue",
        "kp.nextID",         "kp40.refCount",    "kp7.queue.0",  "ko20.owner",   "m1.remaining",
        "acceptanceQueue.3", "v1.c.o+0",         "v12.c.ko30",   "vat.name.bob", "vat.names",
        "vats.terminated",   "vat.dynamicIDs",   "v5.suspended", "v5.paused",    "sideQueue.v5",
        "sideQueue.v5.3",    "sideQueues.ready",
    };
    static const char *const strangers[] = {
        "v1.vs.key",     "v12.vs.v1.c.o+1", "v1.o.nextID",
        "v7.source",     "v12.options",     "v3.reapDirt",
        "ko.nextID",     "vat.nextID",      "m.nextID",
        "m1.threshold",  "runQueue",        "runQueue.12",
        "initialized",   "d7.deviceState",  "kernel.snapshotInterval",
        "pinnedObjects", "vc.c.o+1",
    };
    struct sim_shadow *shadow = new_shadow();
    for (size_t i = 0; i < sizeof declared / sizeof *declared; i++) {
        crank_until_roll_back(shadow);
        happen(shadow, VK_TRACE_SET, declared[i], "1");
        cr_assert(!sim_shadow_crank(shadow).stranger[0], "%s", declared[i]);
    }
    for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++) {
        crank_until_roll_back(shadow);
        happen(shadow, VK_TRACE_SET, strangers[i], "1");
        happen(shadow, VK_TRACE_SET, "v1.vs.second", "1");
        cr_assert_str_eq(sim_shadow_crank(shadow).stranger, strangers[i], "the first is named");
    }
    sim_shadow_free(shadow);
}

Test(shadow, a_long_stranger_is_cut) {
    char key[200];
    struct sim_shadow *shadow = new_shadow();
    memset(key, 'x', sizeof key - 1);
    key[sizeof key - 1] = '\0';
    crank_until_roll_back(shadow);
    happen(shadow, VK_TRACE_SET, key, "1");
    cr_assert(strncmp(sim_shadow_crank(shadow).stranger, key, 60) == 0);
    cr_assert(strlen(sim_shadow_crank(shadow).stranger) == 60);
    sim_shadow_free(shadow);
}

/* ---- commits */

Test(shadow, what_was_lost_is_undone_back_to_the_last_commit) {
    struct sim_shadow *shadow = new_shadow();
    static struct model model, committed;
    uint64_t state = 3;
    for (int round = 0; round < 60; round++) {
        for (int crank = 0; crank < 3; crank++) {
            happen(shadow, VK_TRACE_START_CRANK, "", "");
            happen(shadow, VK_TRACE_SAVEPOINT, "start", "");
            write_some(shadow, &model, &state, 30); /* the last one of three is cut off here */
        }
        if (round % 3 == 0) {
            sim_shadow_committed(shadow);
            committed = model;
        } else {
            sim_shadow_lost(shadow);
            model = committed;
        }
        expect_state(shadow, &model, round % 3 == 0 ? "committed" : "lost");
    }
    sim_shadow_free(shadow);
}

Test(shadow, lost_before_any_commit_is_empty) {
    struct sim_shadow *shadow = new_shadow();
    static struct model model, nothing;
    uint64_t state = 4;
    write_some(shadow, &model, &state, 100);
    sim_shadow_lost(shadow);
    expect_state(shadow, &nothing, "lost");
    sim_shadow_free(shadow);
}

/* ---- counters, statistics, what is released */

/* Of a crank that makes these writes; NULL ends them. */
static struct sim_shadow_crank crank_of(struct sim_shadow *shadow, const char *const writes[][2]) {
    happen(shadow, VK_TRACE_START_CRANK, "", "");
    for (size_t i = 0; writes[i][0]; i++)
        happen(shadow, writes[i][1] ? VK_TRACE_SET : VK_TRACE_DEL, writes[i][0],
               writes[i][1] ? writes[i][1] : "");
    happen(shadow, VK_TRACE_END_CRANK, "", "");
    return sim_shadow_crank(shadow);
}

Test(shadow, sees_a_counter_that_is_not_counted_up_by_one) {
    static const struct {
        const char *from, *to;
        const char *key;
        bool is_skipped;
    } cases[] = {
        {"7", "8", "kp.nextID", false},         {"7", "9", "kp.nextID", true},
        {"7", "7", "kp.nextID", true},          {"7", "0", "v1.o.nextID", true},
        {"7", "0", "kp40.queue.nextID", false}, {"7", "x", "v1.vs.my.nextID", false},
        {"99", "100", "crankNumber", false},    {"99", "101", "crankNumber", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sim_shadow *shadow = new_shadow();
        const char *const writes[][2] = {
            {cases[i].key, cases[i].from}, {cases[i].key, cases[i].to}, {NULL, NULL}};
        struct sim_shadow_crank crank = crank_of(shadow, writes);
        cr_expect_str_eq(crank.skipped, cases[i].is_skipped ? cases[i].key : "", "%s: %s -> %s",
                         cases[i].key, cases[i].from, cases[i].to);
        sim_shadow_free(shadow);
    }
}

Test(shadow, counts_how_often_a_crank_is_numbered) {
    static const char *const twice[][2] = {
        {"crankNumber", "5"}, {"crankNumber", "6"}, {NULL, NULL}};
    struct sim_shadow *shadow = new_shadow();
    cr_expect_eq(crank_of(shadow, twice).numbered, 2);
    happen(shadow, VK_TRACE_START_CRANK, "", "");
    happen(shadow, VK_TRACE_SAVEPOINT, "start", "");
    happen(shadow, VK_TRACE_SET, "crankNumber", "7");
    happen(shadow, VK_TRACE_ROLLBACK, "start", "");
    happen(shadow, VK_TRACE_SET, "crankNumber", "7");
    cr_expect_eq(sim_shadow_crank(shadow).numbered, 1); /* the other one was taken back */
    cr_expect_str_eq(sim_shadow_crank(shadow).skipped, "");
    sim_shadow_free(shadow);
}

Test(shadow, sees_a_statistic_that_moves_otherwise_than_what_it_counts) {
    static const char *const first[][2] = {
        {"ko20.refCount", "0,0"}, {"local.kernelStats", "{\"kernelObjects\":4}"}, {NULL, NULL}};
    static const char *const right[][2] = {
        {"ko21.refCount", "0,0"}, {"local.kernelStats", "{\"kernelObjects\":5}"}, {NULL, NULL}};
    static const char *const wrong[][2] = {
        {"ko21.refCount", NULL}, {"local.kernelStats", "{\"kernelObjects\":3}"}, {NULL, NULL}};
    struct sim_shadow *shadow = new_shadow();
    cr_expect_null(crank_of(shadow, first).miscounted); /* who knows what came before */
    cr_expect_null(crank_of(shadow, right).miscounted);
    cr_expect_str_eq(crank_of(shadow, wrong).miscounted, "kernelObjects");
    sim_shadow_free(shadow);
}

Test(shadow, knows_what_nobody_ever_held) {
    static const char *const exported[][2] = {
        {"ko20.refCount", "0,0"}, {"ko21.refCount", "0,0"}, {"ko21.refCount", "1,1"}, {NULL, NULL}};
    static const char *const dropped[][2] = {{"ko21.refCount", "0,0"}, {NULL, NULL}};
    static const char *const anew[][2] = {
        {"ko21.refCount", NULL}, {"ko21.refCount", "0,0"}, {NULL, NULL}};
    static const char *const taken_back[][2] = {
        {"ko20.refCount", "10,10"}, {"ko20.refCount", "0,0"}, {NULL, NULL}};
    struct sim_shadow *shadow = new_shadow();
    crank_of(shadow, exported);
    crank_of(shadow, dropped);
    cr_expect(!sim_shadow_was_held(shadow, VK_STR("ko20")));
    cr_expect(sim_shadow_was_held(shadow, VK_STR("ko21")));
    cr_expect(sim_shadow_was_held(shadow, VK_STR("ko22")), "it knows nothing of that one");
    crank_of(shadow, anew);
    cr_expect(!sim_shadow_was_held(shadow, VK_STR("ko21")));
    sim_shadow_committed(shadow);
    crank_of(shadow, taken_back);
    cr_expect(sim_shadow_was_held(shadow, VK_STR("ko20")));
    sim_shadow_lost(shadow);
    cr_expect(!sim_shadow_was_held(shadow, VK_STR("ko20")));
    sim_shadow_free(shadow);
}

Test(shadow, takes_what_is_exported_again_for_held_by_nobody) {
    static const char *const held[][2] = {
        {"v2.c.ko20", "R o+0"}, {"ko20.refCount", "0,0"}, {"ko20.refCount", "1,1"}, {NULL, NULL}};
    static const char *const told_of_again[][2] = {
        {"ko20.refCount", "0,0"}, {"v2.c.ko20", "R o+0"}, {"v3.c.ko20", "R o-5"}, {NULL, NULL}};
    static const char *const again[][2] = {
        {"v2.c.ko20", "_ o+0"}, {"v2.c.ko20", "R o+0"}, {NULL, NULL}};
    static const char *const sent[][2] = {{"ko20.refCount", "1,1"}, {NULL, NULL}};
    struct sim_shadow *shadow = new_shadow();
    crank_of(shadow, held);
    crank_of(shadow, told_of_again);
    cr_expect(sim_shadow_was_held(shadow, VK_STR("ko20")));
    sim_shadow_committed(shadow);
    crank_of(shadow, again);
    cr_expect(!sim_shadow_was_held(shadow, VK_STR("ko20")));
    sim_shadow_lost(shadow);
    cr_expect(sim_shadow_was_held(shadow, VK_STR("ko20")));
    crank_of(shadow, again);
    crank_of(shadow, sent);
    cr_expect(sim_shadow_was_held(shadow, VK_STR("ko20")));
    sim_shadow_free(shadow);
}

Test(shadow, knows_what_was_released_twice_in_a_crank) {
    static const char *const once[][2] = {{"ko20.refCount", "1,1"},
                                          {"ko20.refCount", "0,1"},
                                          {"ko21.owner", "v1"},
                                          {"ko21.refCount", "1,1"},
                                          {"ko21.owner", NULL},
                                          {"ko21.refCount", "0,1"},
                                          {NULL, NULL}};
    static const char *const again[][2] = {{"ko20.refCount", "0,0"}, {NULL, NULL}};
    struct sim_shadow *shadow = new_shadow();
    crank_of(shadow, once);
    crank_of(shadow, again);
    cr_expect(!sim_shadow_was_released_twice(shadow, VK_STR("ko20")));
    cr_expect(sim_shadow_was_released_twice(shadow, VK_STR("ko21")));
    sim_shadow_free(shadow);
}
