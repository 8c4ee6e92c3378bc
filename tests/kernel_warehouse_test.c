/* kernel_warehouse_test.c - workers: brought online, paged out, replayed, snapshotted, lost. */
#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdlib.h>

#include "testing_kernel.h"

static const struct test_setup plain = {.plain = true};
static const struct test_setup two_online = {.plain = true, .vats_online_max = 2};
static const struct test_setup with_slog = {.plain = true, .slog = true};
static const struct test_setup without_transcript = {
    .options = {[TEST_BOB] = "{\"useTranscript\":false}"}};
static const struct test_setup snapshots = {
    .xsnap = true, .snapshot_initial = 4, .snapshot_interval = 6};
static const struct test_setup snapshots_plain = {
    .xsnap = true, .snapshot_initial = 4, .snapshot_interval = 6, .plain = true};
static const struct test_setup snapshots_slogged = {
    .xsnap = true, .snapshot_initial = 4, .snapshot_interval = 6, .plain = true, .slog = true};
static const struct test_setup snapshots_in_place = {.xsnap = true,
                                                     .snapshot_initial = 4,
                                                     .snapshot_interval = 6,
                                                     .plain = true,
                                                     .keep_worker = true};
static const struct test_setup local_with_settings = {.snapshot_initial = 4,
                                                      .snapshot_interval = 6};

/* ---- who is online */

SCENARIO(kernel_warehouse, kernel_brings_half_of_the_limit_online_when_it_opens, plain) {
    w->options.vats_online_max = 4;
    world_restart(w);
    /* by name: alice, bob */
    cr_assert(world_lived(w, "start ", NULL) == 2);
    cr_assert(world_lived(w, "start v2 at 1", NULL) == 1);
    cr_assert(world_lived(w, "start v3 at 1", NULL) == 1);
    w->options.vats_online_max = 1; /* half of one is one */
    world_forget(w);
    world_restart(w);
    cr_assert(world_lived(w, "start ", NULL) == 1);
    w->options.vats_online_max = 0; /* fifty */
    world_create_vat(w, "", "");
    world_forget(w);
    world_restart(w);
    cr_assert(world_lived(w, "start ", NULL) == 5); /* the dynamic one last */
    const char *journal = w->vats.journal.text + w->vats.journal.mark;
    cr_assert(strstr(journal, "start v1") < strstr(journal, "start v5"));
    w->options.no_preload = true;
    world_forget(w);
    world_restart(w);
    cr_assert(world_lived(w, "start ", NULL) == 0);
}

SCENARIO(kernel_warehouse, least_recently_used_vat_goes, two_online) {
    world_tell(w, "alice", "one");
    world_run(w);
    world_tell(w, "bob", "one");
    world_run(w);
    world_forget(w);
    world_tell(w, "alice", "two"); /* now bob is the older */
    world_run(w);
    world_tell(w, "carol", "one");
    world_run(w);
    cr_assert(world_lived(w, "stop v3", NULL) == 1);
    cr_assert(world_lived(w, "stop v2", NULL) == 0);
    cr_assert(w->vats.live == 2);
    world_forget(w);
    world_tell(w, "bob", "two");
    world_run(w);
    cr_assert(world_lived(w, "stop v2", NULL) == 1);
    cr_assert(world_lived(w, "start v3 at 1", NULL) == 1);
}

SCENARIO(kernel_warehouse, page_in_is_a_replay_and_writes_nothing, two_online) {
    world_tell(w, "alice", "{set a 1; on again {get a; set a 2}}");
    world_tell(w, "alice", "{send $0 {set b 1} o+5} ko22");
    world_run(w);
    world_tell(w, "bob", "one");
    world_tell(w, "carol", "one");
    world_run(w);
    world_forget(w);
    world_tell(w, "alice", "again");
    world_crank(w);
    world_crank(w);
    cr_assert(world_lived(w, "start v2 at 1", NULL) == 1);
    cr_assert(world_lived(w, "deliver v2 ", NULL) == 4); /* startVat, two, and the new one */
    cr_assert(world_lived(w, "syscall v2 [\"vatstoreSet\",\"a\",\"1\"]", NULL) == 1);
    cr_assert(world_lived(w, "syscall v2 [\"vatstoreGet\",\"a\"] -> [\"ok\",\"1\"]", NULL) == 1);
    cr_assert(world_traced(w, "titem", NULL) == 1);
    cr_assert(world_traced(w, "set v2.vs.a = 1", NULL) == 0);
    world_is(w, "v2.vs.a", "2");
    cr_assert(world_stat(w, "syscallVatstoreSet") == 3);
    cr_assert(world_traced(w, "set ko", NULL) == 2); /* the message's own target */
}

SCENARIO(kernel_warehouse, replayed_vat_is_given_the_results_of_then, two_online) {
    world_tell(w, "alice", "{get a; set a 1; get a; delete a; call $0 fail; call $0 echo $0} kd30");
    world_run(w);
    world_tell(w, "alice", "{set a 9}");
    world_tell(w, "bob", "one");
    world_tell(w, "carol", "one");
    world_run(w);
    world_forget(w);
    world_tell(w, "alice", "two");
    world_run(w);
    cr_assert(world_lived(w, "syscall v2 [\"vatstoreGet\",\"a\"] -> [\"ok\",null]", NULL) == 1);
    cr_assert(world_lived(w, "syscall v2 [\"vatstoreGet\",\"a\"] -> [\"ok\",\"1\"]", NULL) == 1);
    /* #5511 */
    cr_assert(world_lived(w, "syscall v2 [\"callNow\",\"d-70\",\"fail\"",
                          "-> [\"error\",\"dev will not\"]") == 1);
    cr_assert(world_lived(
                  w, "syscall v2 [\"callNow\",\"d-70\",\"echo\"",
                  "-> [\"ok\",{\"body\":\"#[\\\"$0.Alleged: x\\\"]\",\"slots\":[\"d-70\"]}]") == 1);
    world_is(w, "v2.vs.a", "9");
}

SCENARIO(kernel_warehouse, vat_that_is_delivered_to_is_never_paged_out, plain) {
    w->options.vats_online_max = 1;
    world_restart(w);
    world_tell(w, "alice", "{send $0 {send $0 hello} $1; send $1 {send $0 hello} $0} ko22 ko23");
    world_run(w);
    cr_assert(w->vats.live == 1);
    world_tell(w, "vatAdmin",
               "{call d-71 createByBundleID @vat {\"vatParameters\":{\"run\":\"set x y\"}}}");
    world_run(w);
    world_is(w, "v5.vs.x", "y");
    cr_assert(w->vats.live == 1);
}

SCENARIO(kernel_warehouse, first_start_of_an_incarnation_begins_its_transcript, plain) {
    struct test_world fresh;
    (void)w;
    world_open_store(&fresh, &plain, VK_STORE_WRITE_BACK, ":memory:");
    test_ok(world_try_initialize(&fresh));
    fresh.options.no_preload = true;
    test_ok(world_try_open_kernel(&fresh));
    cr_assert(world_traced(&fresh, "titem", NULL) == 0);
    for (int i = 0; i < 5; i++)
        world_crank(&fresh);
    world_forget(&fresh);
    world_crank(&fresh); /* vatAdmin's startVat */
    cr_assert(world_traced(&fresh, "titem v1 = {\"d\":[\"initialize-worker\"", NULL) == 1);
    cr_assert(world_traced(&fresh, "titem v1 = {\"d\":[\"startVat\"", NULL) == 1);
    world_run(&fresh);
    world_refer(&fresh, "kp40", 1);
    world_close(&fresh);
}

SCENARIO(kernel_warehouse, vat_without_a_transcript_has_none_and_is_not_replayed,
         without_transcript) {
    world_tell(w, "bob", "{set a 1}");
    world_run(w);
    world_is(w, "v3.vs.a", "1");
    cr_assert(world_traced(w, "titem v3", NULL) == 0);
    test_ok(vk_host_reap_all_vats(w->kernel));
    world_is(w, "reapQueue", "[\"v2\",\"v4\",\"v1\"]"); /* who has no transcript knows no BOYD */
    world_run(w);
}

/* ---- anachrophobia */

static void anachronism(struct test_world *w, enum test_sabotage sabotage, const char *problem) {
    world_tell(w, "alice", "{set a 1; set b 2}");
    world_run(w);
    world_tell(w, "bob", "one");
    world_tell(w, "carol", "one");
    world_run(w);
    w->vats.sabotage = sabotage;
    world_tell(w, "alice", "{set c 3}");
    world_crank(w);
    world_forget(w);
    world_run_halts(w, VK_ERR_ANACHROPHOBIA, problem);
    cr_assert(world_traced(w, "titem", NULL) == 0);
    cr_assert(world_traced(w, "emit", NULL) == 0);
    world_absent(w, "v2.vs.c");
    world_is(w, "runQueue", "[10,11]"); /* as before the crank */
}

SCENARIO(kernel_warehouse, wrong_syscall_in_a_replay_halts, two_online) {
    anachronism(w, TEST_WRONG_SYSCALL,
                "anachrophobia in v2 delivery d2: wrong syscall at index sc0");
}

SCENARIO(kernel_warehouse, missing_syscall_in_a_replay_halts, two_online) {
    anachronism(w, TEST_MISSING_SYSCALL, "anachrophobia in v2 delivery d2");
}

SCENARIO(kernel_warehouse, extra_syscall_in_a_replay_halts, two_online) {
    anachronism(w, TEST_EXTRA_SYSCALL,
                "anachrophobia in v2 delivery d1: extra syscall at index sc0");
}

SCENARIO(kernel_warehouse, worker_cannot_hide_a_wrong_syscall, two_online) {
    w->vats.swallow = true;
    anachronism(w, TEST_WRONG_SYSCALL, "wrong syscall at index sc0");
}

SCENARIO(kernel_warehouse, worker_cannot_hide_an_extra_syscall, two_online) {
    w->vats.swallow = true;
    anachronism(w, TEST_EXTRA_SYSCALL, "extra syscall at index");
}

/* The last syscall left out: nothing is made in its place. */
SCENARIO(kernel_warehouse, syscall_that_is_just_missing_halts, two_online) {
    world_tell(w, "alice", "{set a 1}");
    world_run(w);
    world_tell(w, "bob", "one");
    world_tell(w, "carol", "one");
    world_run(w);
    w->vats.sabotage = TEST_MISSING_SYSCALL;
    world_tell(w, "alice", "two");
    world_run_halts(w, VK_ERR_ANACHROPHOBIA, "missing syscall at index sc0");
}

SCENARIO(kernel_warehouse, anachronism_on_opening_refuses_to_open, plain) {
    world_tell(w, "alice", "{set a 1}");
    world_run(w);
    vk_kernel_close(w->kernel);
    w->vats.sabotage = TEST_WRONG_SYSCALL;
    cr_assert(world_try_open_kernel(w) == VK_ERR_ANACHROPHOBIA);
    cr_assert(w->kernel == NULL && w->vats.live == 0);
    w->vats.sabotage = TEST_FAITHFUL;
    test_ok(world_try_open_kernel(w));
}

/* Its first delivery ever cannot be told from what it should have been. */
SCENARIO(kernel_warehouse, worker_that_changed_before_it_did_anything_is_not_found_out,
         two_online) {
    w->vats.sabotage = TEST_WRONG_SYSCALL;
    world_tell(w, "alice", "{set a 1; set b 2}");
    world_run(w);
    world_absent(w, "v2.vs.a");
    world_is(w, "v2.vs.b", "2");
}

/* ---- snapshots */

static void tell_times(struct test_world *w, const char *vat, int times) {
    for (int i = 0; i < times; i++)
        world_tell(w, vat, "one");
    world_run(w);
}

static bool has_snapshot(struct test_world *w, const char *vat, struct vk_snapshot_info *info) {
    bool found;
    test_ok(vk_snapshot_current(w->store, vk_str(vat), &found, info));
    return found;
}

SCENARIO(kernel_warehouse, first_snapshot_is_taken_early_after_a_boyd, snapshots) {
    struct vk_snapshot_info info;
    world_tell(w, "alice", "{on bringOutYourDead {set brought out}}");
    world_run(w);
    cr_assert(!has_snapshot(w, "v2", &info));
    world_tell(w, "alice", "{set a 1}");
    world_crank(w);
    world_forget(w);
    world_crank(w); /* initialize-worker, startVat, two messages: four */
    cr_assert(has_snapshot(w, "v2", &info));
    cr_assert(info.position == 5); /* the BOYD is in it */
    world_is(w, "v2.vs.brought", "out");
    const char *trace = w->trace.text + w->trace_mark;
    const char *message = strstr(trace, "titem v2 = {\"d\":[\"message\"");
    const char *boyd = strstr(trace, "titem v2 = {\"d\":[\"bringOutYourDead\"],\"sc\":[{");
    const char *save =
        strstr(trace, "titem v2 = {\"d\":[\"save-snapshot\"],\"sc\":[],\"r\":{\"status\":"
                      "\"ok\",\"snapshotID\":\"");
    const char *span = strstr(trace, "tspan v2\n");
    const char *load = strstr(trace, "titem v2 = {\"d\":[\"load-snapshot\",{\"snapshotID\":\"");
    cr_assert(message && boyd && save && span && load);
    cr_assert(message < boyd && boyd < save && save < span && span < load);
    cr_assert(strncmp(strstr(load, "ID\":\"") + 5, info.hash, 64) == 0);
    struct vk_span now;
    test_ok(vk_transcript_current(w->store, VK_STR("v2"), &now));
    cr_assert(now.start == 6 && now.end == 7 && now.incarnation == 0);
}

SCENARIO(kernel_warehouse, later_snapshots_come_at_their_interval, snapshots) {
    struct vk_snapshot_info info;
    tell_times(w, "alice", 2);
    cr_assert(has_snapshot(w, "v2", &info) && info.position == 5);
    tell_times(w, "alice", 4); /* five with load-snapshot */
    cr_assert(has_snapshot(w, "v2", &info) && info.position == 5);
    tell_times(w, "alice", 1);
    cr_assert(has_snapshot(w, "v2", &info) && info.position == 13);
    cr_assert(world_traced(w, "tspan v2", NULL) == 2);
}

SCENARIO(kernel_warehouse, boyd_before_a_snapshot_counts_for_nothing, snapshots) {
    world_tell(w, "vatAdmin", "{call d-71 createMeter +1000 +10}");
    world_create_vat(w, ",\"meterID\":\"m1\",\"reapInterval\":100",
                     "on bringOutYourDead {spend 50; drop o-99; exit bye}");
    world_is(w, "v5.reapDirt", "{\"deliveries\":1}");
    world_tell(w, "ko24", "{spend 7}");
    world_run(w);
    world_is(w, "v5.reapDirt", "{\"deliveries\":2}");
    world_tell(w, "ko24", "{spend 8}");
    world_crank(w);
    world_crank(w);
    cr_assert(world_traced(w, "tspan v5", NULL) == 1);
    cr_assert(w->crank.computrons == 8);
    world_is(w, "m1.remaining", "985");
    world_is(w, "vat.dynamicIDs", "[\"v5\"]");        /* its verdict is not heard */
    world_is(w, "v5.reapDirt", "{\"deliveries\":1}"); /* cleared by the BOYD, then counted */
}

SCENARIO(kernel_warehouse, crank_that_aborts_takes_no_snapshot, snapshots) {
    struct vk_snapshot_info info;
    tell_times(w, "alice", 1);
    world_tell(w, "alice", "{exitfail bye}");
    world_run(w);
    cr_assert(!has_snapshot(w, "v2", &info));
    cr_assert(world_traced(w, "tspan v2", NULL) == 0);
}

SCENARIO(kernel_warehouse, vat_on_its_way_out_may_still_make_a_snapshot, snapshots) {
    tell_times(w, "alice", 1);
    world_tell(w, "alice", "{exit bye}");
    world_run(w);
    cr_assert(world_traced(w, "tspan v2", NULL) == 1); /* and it is deleted with the vat */
    struct vk_snapshot_info info;
    cr_assert(!has_snapshot(w, "v2", &info));
}

SCENARIO(kernel_warehouse, local_vats_make_no_snapshots, local_with_settings) {
    struct vk_snapshot_info info;
    tell_times(w, "alice", 10);
    cr_assert(!has_snapshot(w, "v2", &info));
    cr_assert(world_traced(w, "titem v2 ", "bringOutYourDead") == 0);
}

SCENARIO(kernel_warehouse, host_without_snapshots_gets_none, snapshots) {
    struct vk_snapshot_info info;
    w->vats.port.snapshot = NULL;
    tell_times(w, "alice", 10);
    cr_assert(!has_snapshot(w, "v2", &info));
    cr_assert(world_traced(w, "titem v2 ", "bringOutYourDead") == 0);
}

SCENARIO(kernel_warehouse, worker_goes_on_from_its_snapshot_or_in_place, snapshots_plain) {
    world_tell(w, "alice", "{on hello {set memory kept}}");
    world_run(w);
    tell_times(w, "alice", 1);
    cr_assert(world_lived(w, "snapshot v2 and restart", NULL) == 1);
    world_forget(w);
    world_restart(w);
    cr_assert(world_lived(w, "start v2 at 7 from 23 bytes", NULL) == 1);
    cr_assert(world_lived(w, "deliver v2 ", NULL) == 0);
    world_tell(w, "alice", "hello");
    world_run(w);
    world_is(w, "v2.vs.memory", "kept");
}

SCENARIO(kernel_warehouse, worker_may_be_kept_over_its_snapshot, snapshots_in_place) {
    tell_times(w, "alice", 2);
    cr_assert(world_lived(w, "snapshot v2", "and restart") == 0);
    cr_assert(world_lived(w, "snapshot v2", NULL) == 1);
}

SCENARIO(kernel_warehouse, page_in_replays_from_the_snapshot_on, snapshots_plain) {
    w->options.vats_online_max = 1;
    world_restart(w);
    world_tell(w, "alice", "{on hello {set memory kept}}");
    tell_times(w, "alice", 2);
    world_tell(w, "alice", "{set late 1; on bye {set memory late}}");
    world_run(w);
    world_tell(w, "bob", "one");
    world_run(w);
    world_forget(w);
    world_tell(w, "alice", "hello");
    world_run(w);
    cr_assert(world_lived(w, "start v2 at 7 from ", NULL) == 1);
    cr_assert(world_lived(w, "deliver v2 ", NULL) == 3);
    world_is(w, "v2.vs.memory", "kept");
}

SCENARIO(kernel_warehouse, snapshot_that_fails_halts, snapshots_plain) {
    w->vats.snapshot_error = VK_ERR_WORKER_LOST;
    world_tell(w, "alice", "one");
    world_tell(w, "alice", "{set a 1}");
    world_run_halts(w, VK_ERR_WORKER_LOST, "no snapshot");
    world_absent(w, "v2.vs.a");
    world_is(w, "runQueue", "[8,9]");
}

SCENARIO(kernel_warehouse, damaged_snapshot_halts, snapshots_plain) {
    struct vk_snapshot_info info, other;
    tell_times(w, "alice", 2);
    cr_assert(has_snapshot(w, "v2", &info));
    test_ok(vk_snapshot_save(w->store, VK_STR("v2"), info.position, info.hash, VK_STR("another"),
                             &other));
    vk_kernel_close(w->kernel);
    cr_assert(world_try_open_kernel(w) == VK_ERR_SNAPSHOT);
    cr_assert(strstr(vk_err_origin()->text, "snapshot of v2: actual hash"));
    cr_assert(w->vats.live == 0);
    w->options.no_preload = true;
    test_ok(world_try_open_kernel(w));
    world_tell(w, "bob", "{set fine yes}"); /* others are not harmed */
    world_run(w);
    world_is(w, "v3.vs.fine", "yes");
    world_tell(w, "alice", "{set a 1}");
    world_run_halts(w, VK_ERR_SNAPSHOT, "snapshot of v2");
    world_absent(w, "v2.vs.a");
}

/* In a file, so that somebody else can get at it. */
static void edit_snapshots(const char *sql, enum vk_err expected, const char *text) {
    struct test_world w;
    struct test_folder folder;
    sqlite3 *db;
    test_folder_make(&folder);
    const char *path = test_folder_file(&folder, "swingstore.sqlite");
    world_open(&w, &snapshots_plain, VK_STORE_WRITE_BACK, path);
    tell_times(&w, "alice", 2);
    test_ok(vk_store_commit(w.store));
    world_close(&w);
    cr_assert(sqlite3_open(path, &db) == SQLITE_OK);
    cr_assert(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(db));
    sqlite3_close(db);
    world_open_store(&w, &snapshots_plain, VK_STORE_WRITE_BACK, path);
    cr_assert(world_try_open_kernel(&w) == expected);
    cr_assert(strstr(vk_err_origin()->text, text), "%s", vk_err_origin()->text);
    w.unaudited = true;
    world_close(&w);
    test_folder_remove(&folder);
}

Test(kernel_warehouse, snapshot_without_its_contents_halts) {
    edit_snapshots("UPDATE snapshots SET compressedSnapshot = NULL WHERE vatID = 'v2'",
                   VK_ERR_SNAPSHOT, "v2");
}

Test(kernel_warehouse, snapshot_that_was_cut_short_halts) { /* #5419 */
    edit_snapshots("UPDATE snapshots SET compressedSnapshot = substr(compressedSnapshot, 1, "
                   "length(compressedSnapshot) - 9) WHERE vatID = 'v2'",
                   VK_ERR_SNAPSHOT, "does not unpack");
}

SCENARIO(kernel_warehouse, host_may_have_all_vats_make_snapshots, snapshots) {
    struct vk_snapshot_info info;
    test_ok(vk_host_snapshot_all_vats(w->kernel));
    for (int i = 1; i <= 4; i++) {
        char vat[] = {'v', (char)('0' + i), 0};
        cr_assert(has_snapshot(w, vat, &info)); /* they have two entries or more */
    }
    world_forget(w);
    test_ok(vk_host_snapshot_all_vats(w->kernel)); /* and now but one */
    cr_assert(world_traced(w, "", NULL) == 0);
}

SCENARIO(kernel_warehouse, snapshot_interval_may_be_changed, snapshots) {
    const struct vk_kernel_settings settings = {.set_snapshot_interval = true,
                                                .snapshot_interval = 3};
    struct vk_snapshot_info info;
    tell_times(w, "alice", 2);
    cr_assert(has_snapshot(w, "v2", &info) && info.position == 5);
    test_ok(vk_host_change_options(w->kernel, &settings));
    world_is(w, "kernel.snapshotInterval", "3");
    tell_times(w, "alice", 2);
    cr_assert(has_snapshot(w, "v2", &info) && info.position == 10);
}

SCENARIO(kernel_warehouse, snapshots_are_slogged, snapshots_slogged) {
    tell_times(w, "alice", 2);
    cr_assert(
        world_traced(w,
                     "slog heap-snapshot-save = {\"type\":\"heap-snapshot-save\",\"vatID\":\"v2\","
                     "\"snapshotID\":\"",
                     "\"endPosition\":5,\"uncompressedSize\":0,") == 1);
    cr_assert(world_traced(w, "slog heap-snapshot-save = ", "\"restartWorker\":true}") == 1);
    world_restart(w);
    cr_assert(
        world_traced(w,
                     "slog heap-snapshot-load = {\"type\":\"heap-snapshot-load\",\"vatID\":\"v2\","
                     "\"snapPos\":5,\"hash\":\"",
                     NULL) == 1);
}

SCENARIO(kernel_warehouse, replay_is_slogged_as_such, with_slog) {
    world_tell(w, "alice", "{set a 1}");
    world_run(w);
    world_forget(w);
    world_restart(w);
    cr_assert(
        world_traced(
            w, "slog start-replay = {\"type\":\"start-replay\",\"vatID\":\"v2\",\"deliveries\":3}",
            NULL) == 1);
    cr_assert(
        world_traced(
            w,
            "slog deliver = {\"type\":\"deliver\",\"vatID\":\"v2\",\"deliveryNum\":2,\"replay\":"
            "true,\"dispatch\":\"message\",\"vd\":[\"message\",",
            NULL) == 1);
    cr_assert(
        world_traced(w,
                     "slog syscall = {\"type\":\"syscall\",\"vatID\":\"v2\",\"deliveryNum\":2,"
                     "\"syscallNum\":0,\"replay\":true,\"syscall\":\"vatstoreSet\",\"vsc\":["
                     "\"vatstoreSet\",\"a\",\"1\"]}",
                     NULL) == 1);
    cr_assert(world_traced(
                  w,
                  "slog syscall-result = {\"type\":\"syscall-result\",\"vatID\":\"v2\","
                  "\"deliveryNum\":2,\"syscallNum\":0,\"replay\":true,\"syscall\":\"vatstoreSet\","
                  "\"vsr\":[\"ok\",null]}",
                  NULL) == 1);
    cr_assert(
        world_traced(
            w,
            "slog deliver-result = {\"type\":\"deliver-result\",\"vatID\":\"v2\","
            "\"deliveryNum\":2,\"replay\":true,\"dispatch\":\"message\",\"dr\":[\"ok\",null,null]}",
            NULL) == 1);
    cr_assert(world_traced(w, "slog finish-replay = {\"type\":\"finish-replay\",\"vatID\":\"v2\"}",
                           NULL) == 1);
}

/* ---- workers lost */

static void nothing_committed(void (*scenario)(struct test_world *w, const char *path)) {
    static const enum vk_store_mode modes[] = {VK_STORE_DIRECT, VK_STORE_WRITE_BACK};
    for (size_t i = 0; i < 2; i++) {
        struct test_world w;
        struct test_folder folder;
        test_folder_make(&folder);
        const char *path = test_folder_file(&folder, "swingstore.sqlite");
        world_open(&w, &snapshots_plain, modes[i], path);
        test_ok(vk_store_commit(w.store));
        char *before = test_database_dump(path);
        scenario(&w, path);
        w.unaudited = true;
        world_close(&w);
        char *after = test_database_dump(path);
        cr_assert_str_eq(before, after);
        free(before);
        free(after);
        test_folder_remove(&folder);
    }
}

/* #3394: a lost worker is no metering fault. */
static void lose_a_worker(struct test_world *w, const char *path) {
    (void)path;
    world_tell(w, "alice", "{set x y; send $0 {set got it}} ko22");
    world_run(w);
    world_tell(w, "bob", "{set a 1; send $0 foo; die} ko21");
    world_crank(w);
    world_forget(w);
    world_run_halts(w, VK_ERR_WORKER_LOST, "v3 died");
    world_is(w, "vat.name.bob", "v3"); /* it is not to blame */
    world_is(w, "vats.terminated", "[]");
    world_absent(w, "v3.vs.a");
    world_is(w, "runQueue", "[9,10]");
    cr_assert(world_traced(w, "emit", NULL) == 0);
    cr_assert(world_traced(w, "titem", NULL) == 0);
}

Test(kernel_warehouse, lost_worker_halts_with_nothing_committed) {
    nothing_committed(lose_a_worker);
}

static void lose_an_old_vat(struct test_world *w, const char *path) {
    (void)path;
    w->options.vats_online_max = 1;
    world_restart(w);
    world_tell(w, "bob", "{set a 1}");
    world_run(w);
    w->vats.start_fails_for = "v4";
    w->vats.start_error = VK_ERR_WORKER_START;
    world_tell(w, "carol", "{set a 1}");
    world_run_halts(w, VK_ERR_WORKER_START, "v4 cannot be started");
    world_is(w, "vat.name.carol", "v4");
}

Test(kernel_warehouse, old_vat_that_does_not_come_back_halts_with_nothing_committed) {
    nothing_committed(lose_an_old_vat);
}

SCENARIO(kernel_warehouse, kernel_does_not_open_without_its_vats, plain) {
    vk_kernel_close(w->kernel);
    w->vats.start_fails_for = "v3";
    w->vats.start_error = VK_ERR_WORKER_START;
    cr_assert(world_try_open_kernel(w) == VK_ERR_WORKER_START);
    cr_assert(w->kernel == NULL && w->vats.live == 0);
    w->vats.start_fails_for = NULL;
    test_ok(world_try_open_kernel(w));
    world_tell(w, "bob", "{set a 1}");
    world_run(w);
    world_is(w, "v3.vs.a", "1");
}

/* ---- who calls whom */

static enum vk_err call_back(void *impl, struct vk_str vat, const struct vk_delivery *delivery) {
    struct test_world *w = impl;
    struct vk_crank_result result;
    char kref[VK_KREF_TEXT];
    (void)vat;
    (void)delivery;
    cr_assert(vk_kernel_run_crank(w->kernel, NULL, &result) == VK_ERR_USAGE);
    cr_assert(vk_host_vat_root(w->kernel, VK_STR("alice"), kref) == VK_ERR_USAGE);
    cr_assert(strstr(vk_err_origin()->text, "reentrancy"));
    return VK_OK;
}

SCENARIO(kernel_warehouse, kernel_is_not_entered_twice, plain) {
    w->vats.watch = call_back;
    w->vats.watch_impl = w;
    world_tell(w, "bob", "{set a 1}");
    world_run(w);
    world_is(w, "v3.vs.a", "1");
    cr_assert(vk_kernel_panic_reason(w->kernel) == NULL);
}

/* ---- vats that the host attached (kernel.createTestVat) */

SCENARIO(kernel_warehouse, attached_vat_is_not_replayed_and_never_paged_out, plain) {
    static const char *const writes[][2] = {
        {"vat.nextID", "6"},
        {"vat.name.test", "v5"},
        {"vat.names", "[\"vatAdmin\",\"alice\",\"bob\",\"carol\",\"test\"]"},
        {"v5.o.nextID", "50"},
        {"v5.p.nextID", "60"},
        {"v5.d.nextID", "70"},
        {"v5.reapDirt", "{}"},
        {"v5.source", "{\"bundleID\":\"b1-0\"}"},
        {"v5.options",
         "{\"workerOptions\":{\"type\":\"local\"},\"name\":\"test\",\"enableSetup\":false,"
         "\"enablePipelining\":false,\"enableDisavow\":false,\"useTranscript\":true,"
         "\"reapDirtThreshold\":{},\"critical\":false}"},
        {"v5.vatParameters", "{\"body\":\"#{}\",\"slots\":[]}"},
    };
    w->options.vats_online_max = 1;
    world_restart(w);
    for (size_t i = 0; i < sizeof writes / sizeof *writes; i++)
        test_ok(vk_host_apply_write(w->kernel, vk_str(writes[i][0]), vk_str(writes[i][1])));
    test_ok(vk_transcript_init(w->store, VK_STR("v5")));
    world_forget(w);
    test_ok(vk_host_attach_vat(w->kernel, VK_STR("v5")));
    cr_assert(vk_host_attach_vat(w->kernel, VK_STR("five")) == VK_ERR_USAGE);
    cr_assert(world_lived(w, "start v5", NULL) == 1);
    cr_assert(world_traced(w, "titem", NULL) == 0);
    world_tell(w, "test", "{set a 1}");
    world_tell(w, "alice", "{set a 1}");
    world_tell(w, "bob", "{set a 1}");
    world_run(w);
    world_is(w, "v5.vs.a", "1");
    cr_assert(world_lived(w, "stop v5", NULL) == 0);
    cr_assert(world_stat(w, "vats") == 5);
    w->unaudited = true; /* its transcript has no beginning */
}
