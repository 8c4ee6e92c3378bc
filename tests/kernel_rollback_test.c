/* kernel_rollback_test.c - cranks that abort: what survives them is declared, and the kernel that lived through one is
 * as good as one freshly opened on its store.
 *
 * v5 is a dynamic vat that has everything: it is metered (m1) and knows o-50 alice, o-51 carol, o-52 bob, d-70 dev,
 * d-71 vatAdmin, p-60 (its own to settle, kp42; alice waits for it), o+9 (carol has it). It does something of every kind, and then
 * comes to a bad end.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "testing_kernel.h"
#include "vk/scan.h"

static const struct test_setup plain = {
    .plain = true, .xsnap = true, .snapshot_initial = 6, .snapshot_interval = 6};

#define EVERYTHING                                                                                          \
    "set new 1; set old 2; delete gone; get old; send o-50 {set escaped yes} o+5 p+6 = p+5; subscribe p+5;" \
    "send o-52 {} o+9; drop o-51; retire o-51; fulfill p-60 o+7; abandon o+9; call d-70 set x y;"           \
    "call d-70 state; call d-70 node; call d-70 send o-50; call d-71 createMeter +1 +1;"                    \
    "call d-71 terminateWithFailure v3 why; call d-71 createByBundleID @vat {};"                            \
    "call d-71 upgradeVat v4 @vat 1 why; call d-71 changeOptions v4 {\\\"reapInterval\\\":3}; spend 30;"

static void v_five_has_everything(struct test_world *w) {
    world_tell(w, "vatAdmin", "{call d-71 createMeter +1000 +990}");
    world_create_vat(w, ",\"meterID\":\"m1\"", "set old 1; set gone 1");
    world_tell(w, "alice",
               "{send $0 {send $1 {} o+9; send o+0 {} } o+0 $1 $2 $3 $4 = p+5; subscribe p+5}"
               " ko24 ko23 ko22 kd30 kd31");
    world_run(w);
    world_is(w, "v5.c.ko21", "R o-50");
    world_is(w, "v5.c.ko23", "R o-51");
    world_is(w, "v5.c.ko22", "R o-52");
    world_is(w, "v5.c.kd30", "R d-70");
    world_is(w, "v5.c.kd31", "R d-71");
    world_is(w, "v5.c.kp42", "R p-60");
    world_is(w, "v5.c.ko25", "R o+9");
    world_is(w, "v4.c.ko25", "R o-50");
    test_ok(vk_store_commit(w->store));
}

/* ---- the state as text, and what changed in it */

static enum vk_err note_pair(void *impl, struct vk_str key, struct vk_str value) {
    test_journal_line(impl, "%.*s = %.*s", VK_STR_ARG(key), VK_STR_ARG(value));
    return VK_OK;
}

static enum vk_err note_span(void *impl, struct vk_str vat, const struct vk_span *span,
                             bool is_current) {
    test_journal_line(impl, "span %.*s %llu-%llu %s%s", VK_STR_ARG(vat),
                      (unsigned long long)span->start, (unsigned long long)span->end, span->hash,
                      is_current ? " current" : "");
    return VK_OK;
}

static enum vk_err note_snapshot(void *impl, struct vk_str vat, const struct vk_snapshot_info *info,
                                 bool in_use) {
    test_journal_line(impl, "snapshot %.*s %llu%s", VK_STR_ARG(vat),
                      (unsigned long long)info->position, in_use ? " in use" : "");
    return VK_OK;
}

static void scan(struct test_world *w, struct test_journal *out) {
    const struct vk_store_scan all = {
        .impl = out, .pair = note_pair, .span = note_span, .snapshot = note_snapshot};
    test_journal_init(out);
    test_ok(vk_store_scan(w->store, &all));
}

static bool has_line(const char *text, const char *line, size_t n) {
    while (*text) {
        size_t m = strcspn(text, "\n");
        if (m == n && memcmp(text, line, n) == 0) return true;
        text += m + 1;
    }
    return false;
}

/* Whether the line is about one of `allowed`, which is a list of keys with spaces around each; "kp43." stands for all
 * keys that begin with it. */
static bool may_change(const char *allowed, const char *line, size_t n) {
    char name[192];
    size_t key = 0;
    while (key < n && line[key] != ' ')
        key++;
    if (strncmp(line, "span ", 5) == 0) key = 7;
    snprintf(name, sizeof name, " %.*s ", (int)key, line);
    if (strstr(allowed, name)) return true;
    char *dot = strchr(name, '.');
    if (!dot) return false;
    snprintf(dot, 3, ". ");
    return strstr(allowed, name) != NULL;
}

static void only_changed(const char *before, const char *after, const char *allowed,
                         const char *how) {
    const char *texts[2] = {before, after};
    for (int i = 0; i < 2; i++)
        for (const char *line = texts[i]; *line; line += strcspn(line, "\n") + 1) {
            size_t n = strcspn(line, "\n");
            cr_assert(has_line(texts[1 - i], line, n) || may_change(allowed, line, n),
                      "%s: %s %.*s", how, i ? "now" : "was", (int)n, line);
        }
}

/* ---- the ways to abort */

/* Every crank changes these. */
#define ALWAYS " crankNumber kernelStats local.kernelStats activityhash gcActions "
/* A message to vatAdmin, which is kp43 and the queue's next. */
#define NEWS " kp.nextID kp43. acceptanceQueue acceptanceQueue. ko20.refCount "
#define METER " m1.remaining kp44. "
/* v5 ends: alice's promise is rejected, and she is told. */
#define END " vats.terminated vat.dynamicIDs kp42. span v5 snapshot "

struct abortion {
    const char *name;
    const char *program;
    const char *survivors;
    const char *savepoint;
    bool reap, upgrade; /* the program runs in a BOYD, or in that of an upgrade */
};

static const struct abortion abortions[] = {
    {.name = "illegal syscall",
     .program = EVERYTHING "drop o-99",
     .savepoint = "start",
     .survivors = ALWAYS NEWS METER END},
    {.name = "exit with failure",
     .program = EVERYTHING "exitfail bye",
     .savepoint = "start",
     .survivors = ALWAYS NEWS METER END},
    {.name = "failed delivery",
     .program = EVERYTHING "fail oops",
     .savepoint = "start",
     .survivors = ALWAYS NEWS METER END},
    {.name = "underflow",
     .program = EVERYTHING "spend 2000",
     .savepoint = "start",
     .survivors = ALWAYS NEWS METER END},
    {.name = "illegal syscall in a BOYD",
     .program = EVERYTHING "drop o-99",
     .savepoint = "start",
     .reap = true,
     .survivors = ALWAYS NEWS END},
    {.name = "failed BOYD",
     .program = EVERYTHING "fail oops",
     .savepoint = "start",
     .reap = true,
     .survivors = ALWAYS NEWS END},
    {.name = "upgrade with a bad BOYD",
     .program = EVERYTHING "drop o-99",
     .savepoint = "deliver",
     .upgrade = true,
     .survivors = ALWAYS NEWS " runQueue runQueue. "}, /* it is not tried again */
};

/* Lets v5 come to its bad end, in the world's next crank. */
static void ready(struct test_world *w, const struct abortion *abortion) {
    v_five_has_everything(w);
    if (abortion->reap || abortion->upgrade) {
        world_tell(w, "ko24", "{on bringOutYourDead {%s}}", abortion->program);
        world_run(w);
    }
    if (abortion->upgrade) {
        world_tell(w, "vatAdmin", "{call d-71 upgradeVat v5 @vat 1 why}");
        for (int i = 0; i < 3; i++)
            world_crank(w);
    } else if (abortion->reap) {
        test_ok(vk_host_apply_write(w->kernel, VK_STR("reapQueue"), VK_STR("[\"v5\"]")));
    } else {
        world_tell(w, "ko24", "{%s}", abortion->program);
        world_crank(w);
    }
    test_ok(vk_store_commit(w->store));
    world_forget(w);
}

static void survivors_only(const struct abortion *abortion, enum vk_store_mode mode) {
    struct test_world w;
    struct test_journal before, after;
    char line[32];
    world_open(&w, &plain, mode, ":memory:");
    ready(&w, abortion);
    long long dispatches = world_stat(&w, "dispatches"), syscalls = world_stat(&w, "syscalls");
    long long objects = world_stat(&w, "kernelObjects"), entries = world_stat(&w, "clistEntries");
    long long vats = world_stat(&w, "vats"), devices = world_stat(&w, "kernelDevices");
    scan(&w, &before);
    cr_assert(world_crank(&w) == VK_CRANK_DELIVERY, "%s", abortion->name);
    scan(&w, &after);
    snprintf(line, sizeof line, "rollback %s", abortion->savepoint);
    cr_assert(world_traced(&w, line, NULL) == 1, "%s", abortion->name);
    cr_assert(world_traced(&w, "set v5.vs.new", NULL) == 1, "%s did nothing", abortion->name);
    only_changed(before.text, after.text, abortion->survivors, abortion->name);
    /* #3720: the statistics are those of before, and of what was done since */
    cr_assert(world_stat(&w, "dispatches") == dispatches, "%s", abortion->name);
    long long news = world_stat(&w, "kernelPromises") - world_stat(&w, "kpRejected") -
                     (abortion->upgrade ? 1 : 0);
    cr_assert(world_stat(&w, "syscalls") == syscalls + news, "%s: %lld %lld", abortion->name,
              world_stat(&w, "syscalls") - syscalls, news);
    cr_assert(world_stat(&w, "kernelDevices") == devices);
    cr_assert(world_stat(&w, "vats") == vats);
    cr_assert(world_stat(&w, "clistEntries") == entries);
    cr_assert(world_stat(&w, "kernelObjects") <= objects);
    world_run(&w);
    world_absent(&w, "v2.vs.escaped"); /* ok#794 */
    world_is(&w, "vat.name.bob", "v3");
    test_journal_release(&before);
    test_journal_release(&after);
    world_close(&w);
}

Test(kernel_rollback, only_what_is_declared_survives) {
    for (size_t i = 0; i < sizeof abortions / sizeof *abortions; i++) {
        survivors_only(&abortions[i], VK_STORE_DIRECT);
        survivors_only(&abortions[i], VK_STORE_WRITE_BACK);
    }
}

/* ---- INV-KERNEL-1 */

static void go_on(struct test_world *w) {
    world_tell(w, "alice",
               "{send $0 {send $0 {set here 1} o+1} $1 = p+8; subscribe p+8; send $2 {set a 1}}"
               " ko22 ko23 ko24");
    world_tell(w, "bob", "{set alive 1; call $0 terminateWithFailure v4 why} kd31");
    world_create_vat(w, "", "set x y");
    test_ok(vk_host_reap_all_vats(w->kernel));
    world_run(w);
}

static void same_from_here(struct test_world *live, struct test_world *fresh, const char *how) {
    struct vk_state_hash a, b;
    world_forget(live);
    world_restart(fresh);
    world_forget(fresh);
    go_on(live);
    go_on(fresh);
    test_same_lines(fresh->trace.text + fresh->trace_mark, live->trace.text + live->trace_mark,
                    how);
    test_ok(vk_store_recompute_state_hash(live->store, &a));
    test_ok(vk_store_recompute_state_hash(fresh->store, &b));
    cr_assert(a.low == b.low && a.high == b.high, "%s", how);
}

Test(kernel_rollback, live_kernel_equals_one_freshly_opened) {
    static const enum vk_store_mode modes[] = {VK_STORE_DIRECT, VK_STORE_WRITE_BACK};
    for (size_t i = 0; i < 2 * sizeof abortions / sizeof *abortions; i++) {
        const struct abortion *abortion = &abortions[i / 2];
        struct test_world live, fresh;
        world_open(&live, &plain, modes[i % 2], ":memory:");
        world_open(&fresh, &plain, modes[i % 2], ":memory:");
        ready(&live, abortion);
        ready(&fresh, abortion);
        world_crank(&live);
        world_crank(&fresh);
        same_from_here(&live, &fresh, abortion->name);
        world_close(&live);
        world_close(&fresh);
    }
}

/* A vat that was condemned in a crank that aborted is alive, also in memory. */
Test(kernel_rollback, terminated_vats_are_remembered_as_the_store_has_them) {
    struct test_world live, fresh;
    struct test_world *worlds[] = {&live, &fresh};
    for (int i = 0; i < 2; i++) {
        world_open(worlds[i], &plain, VK_STORE_DIRECT, ":memory:");
        world_create_vat(worlds[i], "", "");
        world_tell(worlds[i], "carol", "{exit bye}");
        world_tell(worlds[i], "ko24", "{call $0 terminateWithFailure v3 why; drop o-99} kd31");
        for (int cranks = 0; cranks < 2; cranks++)
            world_crank(worlds[i]);
        world_crank(worlds[i]); /* carol has ended, and then v5 as well */
        world_crank(worlds[i]);
        while (strcmp(world_key(worlds[i], "vats.terminated"), "[]") != 0)
            world_crank(worlds[i]);
    }
    world_is(&live, "vat.name.bob", "v3");
    same_from_here(&live, &fresh, "terminated list");
    world_is(&live, "v3.vs.alive", "1");
    world_close(&live);
    world_close(&fresh);
}

/* ---- what the work list of possibly dead krefs remembers of an aborted crank */

static const struct test_setup ordinary = {0};

/* #12138: it names promises that the roll-back has erased. */
SCENARIO(kernel_rollback, erased_promise_on_the_work_list_is_no_matter, ordinary) {
    world_tell(w, "alice",
               "{send o+0 {} p+1; fulfill p+1 1; send o+0 {} p+2; reject p+2 o+3; drop o-99}");
    world_crank(w);
    world_crank(w);
    cr_assert(world_traced(w, "rollback start", NULL) == 1);
    cr_assert(world_traced(w, "set kp41.state = fulfilled", NULL) == 1);
    world_run(w);
    cr_assert(world_keys(w, "kp4") == 0);
    world_is(w, "vats.terminated", "[]");
}

/* 3320412be8: the pass over the work list is made after an abort too. */
SCENARIO(kernel_rollback, work_list_is_gone_over_after_an_abort, ordinary) {
    /* The end of alice leaves her promise with nobody, and the crank that ends her is one that aborts. */
    world_tell(w, "alice", "{send o+0 {} p+1}");
    world_run(w);
    world_is(w, "kp41.refCount", "1");
    world_tell(w, "alice", "{send $0 {drop $0; retire $0} o+4} ko22");
    world_run(w);
    world_forget(w);
    world_tell(w, "alice", "{drop o-99}");
    world_crank(w);
    world_crank(w);
    const char *rollback = strstr(w->trace.text + w->trace_mark, "rollback start");
    cr_assert(rollback && strstr(rollback, "set gcActions = "));
    world_run(w);
    world_absent(w, "kp41.state");
}

/* ok (seen at 0.7): what a roll-back puts back into a queue is there, and ids are handed out again. */
SCENARIO(kernel_rollback, queue_and_ids_are_as_before, ordinary) {
    world_tell(w, "bob", "{send $0 one o+1 p+1; send $0 two; drop o-99} ko23");
    world_tell(w, "carol", "{set in turn}");
    world_crank(w);
    world_crank(w);
    world_is(w, "runQueue", "[7,9]");
    world_crank(w);
    world_is(w, "runQueue", "[7,9]"); /* bob's message is first again */
    world_is(w, "ko.nextID", "24");
    world_is(w, "acceptanceQueue", "[9,10]");
    world_run(w);
    world_is(w, "v4.vs.in", "turn");
    world_tell(w, "alice", "{send $0 here o+1} ko23");
    world_run(w);
    world_is(w, "v2.c.o+1", "ko24");
}

/* ok#879: an abort takes back its own delivery and no earlier one. */
SCENARIO(kernel_rollback, earlier_cranks_stay, ordinary) {
    world_tell(w, "bob", "{set one 1; send $0 {set got 1}} ko23");
    world_tell(w, "bob", "{set two 1; drop o-99}");
    for (int i = 0; i < 3; i++)
        world_crank(w);
    world_is(w, "v3.vs.one", "1");
    world_crank(w); /* "set got" is routed */
    world_crank(w); /* abort */
    world_is(w, "v3.vs.one", "1");
    world_absent(w, "v3.vs.two");
    world_run(w);
    world_is(w, "v4.vs.got", "1");
}

/* The crankhash covers what was rolled back. */
SCENARIO(kernel_rollback, crankhash_covers_what_was_undone, ordinary) {
    char first[VK_HASH_HEX];
    world_tell(w, "bob", "{set x 1; drop o-99}");
    world_crank(w);
    world_crank(w);
    memcpy(first, w->crank.crankhash, sizeof first);
    struct test_world other;
    world_open(&other, &ordinary, VK_STORE_DIRECT, ":memory:");
    world_tell(&other, "bob", "{set x 2; drop o-99}");
    world_crank(&other);
    world_crank(&other);
    cr_assert(strcmp(first, other.crank.crankhash) != 0);
    world_close(&other);
}

/* What a vat exports in its very last words is rolled back, and the news of its end names a kref that is not:
 * SwingSet's own flaw, for the next export gets that kref, and vatAdmin can reach it. */
SCENARIO(kernel_rollback, last_words_may_name_what_was_undone, ordinary) {
    world_tell(w, "bob", "{exitfail o+5}");
    world_run(w);
    world_is(w, "ko.nextID", "24");
    world_is(w, "ko24.refCount", "1,1");
    world_absent(w, "ko24.owner");
    world_is(w, "v1.c.o-53", "ko24");
    world_tell(w, "alice", "{send $0 here o+1} ko23");
    world_run(w);
    world_is(w, "v2.c.o+1", "ko24");
    world_is(w, "v1.c.o-53", "ko24");
    world_is(w, "ko24.refCount", "1,1"); /* carol's alone */
    w->unaudited = true;
}

/* Snapshots and spans are undone: here of a crank in which another vat ends, in a crank that aborts. */
static const struct test_setup snapshotting = {
    .xsnap = true, .snapshot_initial = 4, .snapshot_interval = 5};

SCENARIO(kernel_rollback, end_of_a_transcript_is_undone, snapshotting) {
    struct vk_snapshot_info info;
    struct vk_span before, after;
    bool found;
    for (int i = 0; i < 4; i++)
        world_tell(w, "carol", "one");
    world_run(w);
    world_create_vat(w, "", "");
    test_ok(vk_transcript_current(w->store, VK_STR("v4"), &before));
    test_ok(vk_snapshot_current(w->store, VK_STR("v4"), &found, &info));
    cr_assert(found);
    world_tell(w, "ko24", "{call $0 terminateWithFailure v4 why; drop o-99} kd31");
    world_run(w);
    test_ok(vk_transcript_current(w->store, VK_STR("v4"), &after));
    cr_assert(after.start == before.start && after.end == before.end);
    cr_assert_str_eq(after.hash, before.hash);
    test_ok(vk_snapshot_current(w->store, VK_STR("v4"), &found, &info));
    cr_assert(found);
    world_tell(w, "carol", "{set goes on}");
    world_run(w);
    world_is(w, "v4.vs.goes", "on");
}
