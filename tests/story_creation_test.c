/* story_creation_test.c - the claims of corpus/stories/vat-creation, one by one.
 *
 * The first half looks at a kernel with puppets (testing_kernel.h), the second at replicas whose workers take their time,
 * do not start, or die. Who notices a creation in the background is in oracle_test.c.
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "sim/random.h"
#include "sim/run.h"
#include "testing_kernel.h"

static const struct test_setup ordinary = {0};
static const struct test_setup plain = {.plain = true};

#define ANNOUNCED(vat) "#[\\\"newVatCallback\\\",[\\\"" vat "\\\""

static void ask(struct test_world *w, const char *options, const char *start) {
    world_tell(w, "vatAdmin",
               "{call d-71 createByBundleID @vat {\"vatParameters\":{\"run\":\"%s\"}%s}}", start,
               options);
}

static unsigned told(struct test_world *w, const char *part) {
    return world_traced(w, "titem v1 = {\"d\":[\"message\",\"o+0\"", part);
}

/* How many entries of the two queues have `part` in them. */
static unsigned queued(struct test_world *w, const char *part) {
    static const char *const queues[] = {"acceptanceQueue.", "runQueue."};
    unsigned count = 0;
    for (size_t i = 0; i < 2; i++) {
        struct vk_str key = vk_str(queues[i]);
        for (;;) {
            struct vk_str value;
            test_ok(vk_store_next_key(w->store, &w->arena, key, &key));
            if (!key.p || !vk_str_starts(key, vk_str(queues[i]))) break;
            test_ok(vk_store_get(w->store, &w->arena, key, &value));
            for (size_t at = 0; at + strlen(part) <= value.n; at++)
                if (memcmp(value.p + at, part, strlen(part)) == 0) {
                    count++;
                    break;
                }
        }
    }
    return count;
}

/* ---- queued with its options */

SCENARIO(story_creation, asking_does_nothing_but_queue_the_wish_with_its_options, ordinary) {
    ask(w, ",\"name\":\"dave\",\"enablePipelining\":true,\"reapInterval\":7", "set x y");
    world_crank(w);
    world_crank(w);
    cr_assert(queued(w, "{\"type\":\"create-vat\",\"vatID\":\"v5\"") == 1);
    cr_assert(queued(w, "\"name\":\"dave\"") == 1 && queued(w, "\"reapInterval\":7") == 1);
    cr_assert(queued(w, "\"enablePipelining\":true") == 1 && queued(w, "set x y") == 1);
    cr_assert(world_keys(w, "v5") == 0);
    world_is(w, "vat.dynamicIDs", "[]");
    cr_assert(world_lived(w, "start v5", NULL) == 0);
}

/* ---- nothing else runs, and nobody rests */

SCENARIO(story_creation, nothing_else_runs_until_the_announcement_is_queued, plain) {
    ask(w, "", "set x y");
    world_tell(w, "alice", "{set me too}");
    do {
        world_forget(w);
        world_crank(w);
    } while (w->crank.kind != VK_CRANK_CREATE_VAT);
    cr_assert(world_lived(w, "deliver", NULL) == 1);
    cr_assert(world_lived(w, "deliver v5 [\"startVat\"", NULL) == 1);
    cr_assert(queued(w, ANNOUNCED("v5")) == 1);
    world_run(w);
    cr_assert(told(w, ANNOUNCED("v5")) == 1);
}

/* A run policy is asked between cranks, and there is no moment between them in which a vat is there and its announcement
 * is not on its way. */
struct watched_run {
    struct test_world *world;
    unsigned asked, created;
    bool is_on_its_way;
};

static bool watch_crank(void *impl, const struct vk_crank_result *result) {
    struct watched_run *watched = impl;
    struct test_world *w = watched->world;
    bool exists = strcmp(world_key(w, "vat.dynamicIDs"), "[\"v5\"]") == 0;
    watched->asked++;
    watched->created += result->kind == VK_CRANK_CREATE_VAT;
    cr_assert(exists == (watched->created > 0));
    cr_assert(exists || queued(w, "createByBundleID") + queued(w, "create-vat") == 1);
    watched->is_on_its_way = queued(w, ANNOUNCED("v5")) == 1;
    cr_assert(!exists || watched->is_on_its_way || told(w, ANNOUNCED("v5")) == 1);
    return false;
}

SCENARIO(story_creation, no_block_ends_in_the_middle_and_the_kernel_is_never_idle, plain) {
    struct watched_run watched = {.world = w};
    const struct vk_run_policy policy = {.impl = &watched, .crank_complete = watch_crank};
    uint64_t cranks = 1;
    ask(w, "", "set x y; send o+0 hello; spend 5");
    while (told(w, ANNOUNCED("v5")) == 0) {
        test_ok(vk_kernel_run(w->kernel, &policy, &cranks));
        cr_assert(cranks == 1, "idle, and the vat is not announced");
    }
    cr_assert(watched.created == 1 && watched.asked > 3);
    world_run(w);
}

/* ---- the crank's transaction */

static const char *line_in(const struct test_world *w, const char *part) {
    return strstr(w->trace.text + w->trace_mark, part);
}

SCENARIO(story_creation, what_start_vat_does_is_the_creating_cranks, plain) {
    ask(w, "", "set x y; set z 1; delete z; send o+5 hello; spend 30");
    do {
        world_forget(w);
        world_crank(w);
    } while (w->crank.kind != VK_CRANK_CREATE_VAT);
    cr_assert(w->crank.metered && w->crank.computrons == 30);
    const char *savepoint = line_in(w, "savepoint deliver"), *set = line_in(w, "set v5.vs.x = y");
    const char *item = line_in(w, "titem v5 = {\"d\":[\"startVat\"");
    const char *announced = line_in(w, ANNOUNCED("v5")), *emitted = line_in(w, "emit");
    cr_assert(savepoint && set && item && announced && emitted);
    cr_assert(savepoint < set && set < item && item < announced && announced < emitted);
    cr_assert(strstr(emitted + 1, "\nemit") == NULL, "one crank, one hash");
    world_run(w);
}

/* However far startVat came, and however it failed. */
SCENARIO(story_creation, a_start_that_fails_is_rolled_back_as_one, plain) {
    static const char *const starts[] = {
        "fail oops",
        "set x y; fail oops",
        "set x y; send o+5 hello; send o+0 hello = p+5; fulfill p+6 5; subscribe p+5; fail oops",
        "set x y; drop o-99",
        "set x y; exitfail bye",
    };
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        char id[24];
        snprintf(id, sizeof id, "v%d", 5 + (int)i);
        ask(w, "", starts[i]);
        do {
            world_forget(w);
            world_crank(w);
        } while (w->crank.kind != VK_CRANK_CREATE_VAT);
        cr_assert(w->crank.aborted, "%s", starts[i]);
        cr_assert(world_traced(w, "rollback deliver", NULL) == 1, "%s", starts[i]);
        cr_assert(world_keys(w, id) == 0, "%s", starts[i]);
        world_is(w, "ko.nextID", "24");
        world_is(w, "vat.dynamicIDs", "[]");
        cr_assert(queued(w, "hello") == 0, "%s", starts[i]);
        cr_assert(queued(w, "vatTerminated") == 1 && queued(w, "") == 1, "%s", starts[i]);
        world_run(w);
    }
}

/* ---- order */

SCENARIO(story_creation, vats_are_made_and_announced_in_the_order_asked_for, plain) {
    unsigned created = 0;
    world_tell(w, "vatAdmin",
               "{call d-71 createByBundleID @vat {\"vatParameters\":{\"run\":\"spend 9\"}};"
               "call d-71 createByBundleID @vat {\"vatParameters\":{\"run\":\"fail oops\"}};"
               "call d-71 createByBundleID @vat {\"vatParameters\":{}};"
               "call d-71 createByBundleID @vat {\"vatParameters\":{\"run\":\"send o+0 hello\"}}}");
    while (world_crank(w) != VK_CRANK_IDLE) {
        if (w->crank.kind != VK_CRANK_CREATE_VAT) continue;
        cr_assert(w->crank.vat == 5 + created, "v%d came as the %d-th", (int)w->crank.vat,
                  (int)created);
        created++;
    }
    cr_assert(created == 4);
    const char *v5 = line_in(
        w, "titem v1 = {\"d\":[\"message\",\"o+0\",{\"methargs\":{\"body\":\"" ANNOUNCED("v5"));
    const char *v7 = line_in(
        w, "titem v1 = {\"d\":[\"message\",\"o+0\",{\"methargs\":{\"body\":\"" ANNOUNCED("v7"));
    const char *v8 = line_in(
        w, "titem v1 = {\"d\":[\"message\",\"o+0\",{\"methargs\":{\"body\":\"" ANNOUNCED("v8"));
    cr_assert(v5 && v7 && v8 && v5 < v7 && v7 < v8);
}

/* ---- replicas whose workers take their time */

enum { CREATED = 6, FIRST = 3 };

static const char many_plan[] = "crankcase-plan 1\n"
                                "replica\n"
                                "replica slowness=20\n"
                                "replica vats-online=1 frames\n"
                                "replica direct no-preload commit-every=2\n"
                                "program admin\n"
                                "  turn\n"
                                "  turn\n"
                                "    create-vat child\n"
                                "    create-vat child\n"
                                "    create-vat stillborn\n"
                                "    create-vat child\n"
                                "    create-vat child\n"
                                "    create-vat child\n"
                                "  turn\n"
                                "    send a0 new\n"
                                "  turn\n"
                                "    send a0 new\n"
                                "program child\n"
                                "  start\n"
                                "    store-set key=1 bytes=30\n"
                                "    store-set key=2\n"
                                "    store-delete key=1\n"
                                "  turn\n"
                                "    send a0\n"
                                "program stillborn\n"
                                "  start\n"
                                "    store-set key=1\n"
                                "    store-set key=2\n"
                                "    fail\n"
                                "program starter\n"
                                "  turn\n"
                                "    send i0 dev0\n"
                                "vat vatAdmin admin\n"
                                "vat starter starter\n"
                                "bootstrap starter\n"
                                "block after=1000\n"
                                "block after=1000\n"
                                "  send vatAdmin\n";

/* Which vats each replica has created, in which order; what it did again after a restart counts once. */
struct creations {
    uint64_t points[SIM_REPLICAS_MAX];
    uint64_t created[SIM_REPLICAS_MAX];
    uint64_t aborted;
    char activityhash[VK_HASH_HEX]; /* the newest of any crank of the first replica's */
};

static void note_creation(void *impl, struct sim_replica *replica) {
    struct creations *creations = impl;
    const struct sim_point *point = sim_replica_point(replica);
    uint32_t index = sim_replica_index(replica);
    if (point->number < creations->points[index]) return;
    creations->points[index] = point->number + 1;
    if (index == 0 && point->is_crank)
        memcpy(creations->activityhash, point->crank.activityhash, VK_HASH_HEX);
    if (point->crank.kind != VK_CRANK_CREATE_VAT) return;
    uint64_t vat = point->crank.vat;
    cr_assert(vat == FIRST + creations->created[index], "replica %u created v%d as its %d-th",
              index, (int)vat, (int)creations->created[index]);
    creations->created[index]++;
    creations->aborted += point->crank.aborted;
}

/* The plan with these further lines: everybody creates all vats in order, and no hash differs. */
static struct sim_run_result create_many(const char *faults, char activityhash[VK_HASH_HEX]) {
    struct sim_plan plan;
    struct sim_plan_error error;
    struct sim_run_result result;
    struct creations creations = {0};
    char text[8192];
    int n = snprintf(text, sizeof text, "%s%s", many_plan, faults);
    cr_assert(n > 0 && (size_t)n < sizeof text);
    const struct sim_run_options options = {
        .off = {[SIM_ORACLE_TWICE] = true}, .at_point = note_creation, .impl = &creations};
    cr_assert(sim_plan_read(&plan, vk_heap_system(), vk_str(text), &error) == VK_OK, "%s",
              error.what);
    test_ok(sim_run(&plan, &options, &result));
    cr_assert(!result.failed, "%s: %s\n%s", result.failure.signature, result.failure.what, faults);
    for (size_t i = 0; i < plan.replica_count; i++)
        cr_assert(creations.created[i] == CREATED, "replica %d: %d", (int)i,
                  (int)creations.created[i]);
    cr_assert(creations.aborted == plan.replica_count, "one vat of each fails");
    sim_plan_release(&plan);
    if (activityhash) memcpy(activityhash, creations.activityhash, VK_HASH_HEX);
    return result;
}

Test(story_creation, latencies_from_a_millisecond_to_a_minute_do_not_show) {
    enum { RUNS = 12 };
    char undisturbed[VK_HASH_HEX], activityhash[VK_HASH_HEX];
    struct sim_random stream;
    sim_random_init(&stream, 1, "latencies");
    create_many("", undisturbed);
    for (int run = 0; run < RUNS; run++) {
        char faults[4096];
        int n = 0;
        for (int replica = 0; replica < 4; replica++)
            for (int vat = FIRST; vat < FIRST + CREATED; vat++) {
                /* 1, 4, 16 ... ms, and so often a minute */
                uint64_t exponent = sim_random_below(&stream, 9);
                uint64_t ms = exponent == 8 ? 60000 : UINT64_C(1) << (2 * exponent);
                n +=
                    snprintf(faults + n, sizeof faults - (size_t)n,
                             "fault %d worker-starts-slowly vat=v%d k=%d\n", replica, vat, (int)ms);
                cr_assert((size_t)n < sizeof faults);
            }
        const struct sim_run_result result = create_many(faults, activityhash);
        cr_assert(result.hits[FAULT_WORKER_SLOW] == UINT64_C(4) * CREATED);
        cr_assert(result.crashes == 0);
        cr_assert_str_eq(activityhash, undisturbed);
    }
}

Test(story_creation, a_worker_that_does_not_start_is_its_hosts_trouble_alone) {
    for (int vat = FIRST; vat < FIRST + CREATED; vat++) {
        char faults[256];
        snprintf(faults, sizeof faults, "fault %d worker-start-fails vat=v%d repeat=3\n", vat % 4,
                 vat);
        const struct sim_run_result result = create_many(faults, NULL);
        cr_assert(result.hits[FAULT_WORKER_START] == 3 && result.crashes == 3, "v%d: %d, %d", vat,
                  (int)result.hits[FAULT_WORKER_START], (int)result.crashes);
    }
}

Test(story_creation, a_worker_that_dies_while_it_starts_is_so_too) {
    static const struct {
        const char *words;
        enum fault_kind kind;
    } deaths[] = {
        {"worker-dies-before-delivery", FAULT_WORKER_BEFORE},
        {"worker-dies-after-syscall k=1", FAULT_WORKER_SYSCALL},
        {"worker-dies-after-syscall k=2", FAULT_WORKER_SYSCALL},
        {"worker-dies-after-last-syscall", FAULT_WORKER_LAST},
        {"worker-hangs k=60000", FAULT_WORKER_HANGS},
    };
    for (size_t i = 0; i < sizeof deaths / sizeof *deaths; i++)
        for (int vat = FIRST; vat < FIRST + CREATED; vat++) {
            char faults[256];
            snprintf(faults, sizeof faults, "fault %d %s vat=v%d\n", vat % 4, deaths[i].words, vat);
            const struct sim_run_result result = create_many(faults, NULL);
            cr_assert(result.hits[deaths[i].kind] == 1 && result.crashes == 1, "%s: %d", faults,
                      (int)result.crashes);
        }
}

/* In one replica or in all, a vat that fails in its start is a failed creation: create_many() counts it. */
Test(story_creation, all_of_it_at_once_does_not_show_either) {
    const struct sim_run_result result =
        create_many("fault 1 worker-starts-slowly repeat=50 k=60000\n"
                    "fault 2 worker-start-fails vat=v4 repeat=2\n"
                    "fault 2 worker-dies-after-syscall vat=v5 k=2\n"
                    "fault 3 worker-dies-before-delivery vat=v3\n"
                    "fault 3 power-cut at=60\n"
                    "fault 0 host-killed at=200\n",
                    NULL);
    cr_assert(result.crashes == 6, "%d", (int)result.crashes);
}
