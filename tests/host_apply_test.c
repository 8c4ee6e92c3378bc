/* host_apply_test.c - the writes of another kernel's host, one by one: what each moves in the kernel's memory beside the store, and
 * what it does not (the table in kernel/core/host_apply.c).
 */
#include <core/kernel_core.h>
#include <criterion/criterion.h>
#include <stdio.h>

#include "testing_kernel.h"

static const struct test_setup ordinary = {.xsnap = true};

enum { NOTHING = VK_STAT_COUNT };

/* A write, and the one statistic that it moves. */
struct moving_write {
    const char *key, *value; /* NULL: a delete */
    int stat, delta;
};

static int64_t value_of(const struct test_world *w, int stat) {
    return w->kernel->state.stats.values[stat].value;
}

static void apply(struct test_world *w, const char *key, const char *value) {
    test_ok(vk_host_apply_write(w->kernel, vk_str(key), value ? vk_str(value) : VK_STR_NONE));
}

static void moves(struct test_world *w, const struct moving_write *writes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        int64_t before[VK_STAT_COUNT];
        for (int stat = 0; stat < VK_STAT_COUNT; stat++)
            before[stat] = value_of(w, stat);
        apply(w, writes[i].key, writes[i].value);
        for (int stat = 0; stat < VK_STAT_COUNT; stat++) {
            int64_t expected = before[stat] + (stat == writes[i].stat ? writes[i].delta : 0);
            cr_assert(value_of(w, stat) == expected, "%s = %s: statistic %d is %lld, not %lld",
                      writes[i].key, writes[i].value ? writes[i].value : "(deleted)", stat,
                      (long long)value_of(w, stat), (long long)expected);
        }
    }
    w->unaudited = true; /* no host does just this */
}
#define MOVES(w, ...)                                                                              \
    moves((w), (const struct moving_write[]){__VA_ARGS__},                                         \
          sizeof((const struct moving_write[]){__VA_ARGS__}) / sizeof(struct moving_write))

/* How many krefs the next crank is to look at. */
static size_t suspects(const struct test_world *w) { return w->kernel->state.maybe_free.count; }

SCENARIO(host_apply, of_objects_counts_them, ordinary) {
    MOVES(w, {"ko50.owner", "v2", VK_STAT_KERNEL_OBJECTS, 1}, {"ko50.refCount", "1,1", NOTHING, 0},
          {"ko50.owner", "v3", NOTHING, 0}, {"ko50.owner", NULL, NOTHING, 0},
          {"ko50.other", "x", NOTHING, 0}, {"ko50.refCount", NULL, VK_STAT_KERNEL_OBJECTS, -1},
          {"ko51.owner", NULL, NOTHING, 0}, {"kd50.owner", "d8", VK_STAT_KERNEL_DEVICES, 1},
          {"kd50.owner", NULL, NOTHING, 0}, {"kd50.refCount", "1,1", NOTHING, 0},
          {"ko.owner", "v2", NOTHING, 0});
}

SCENARIO(host_apply, of_a_reference_that_falls_to_zero_makes_it_a_suspect, ordinary) {
    static const struct {
        const char *key, *before, *after;
        bool suspect;
    } falls[] = {
        {"ko60.refCount", "2,2", "1,1", false},     {"ko61.refCount", "1,1", "0,1", true},
        {"ko62.refCount", "0,1", "0,0", true},      {"ko63.refCount", "0,0", "0,1", false},
        {"ko64.refCount", "1,2", "1,1", false},     {"ko65.refCount", "1,x", "0,0", false},
        {"ko66.refCount", "x,1", "0,0", false},     {"kp67.refCount", "1", "0", true},
        {"ko73.refCount", "", "0,0", false},        {"kp74.refCount", "1", "", false},
        {"kp68.refCount", "2", "1", false},         {"kp69.refCount", "0", "1", false},
        {"ko70.refCount", "12,12", "10,10", false}, {"ko71.refCount", "1,1", "1,0", true},
        {"kp72.refCount", "12", "10", false},
    };
    for (size_t i = 0; i < sizeof falls / sizeof *falls; i++) {
        size_t before = suspects(w);
        apply(w, falls[i].key, falls[i].before);
        cr_assert(suspects(w) == before, "%s: there was none", falls[i].key);
        apply(w, falls[i].key, falls[i].after);
        cr_assert(suspects(w) == before + falls[i].suspect, "%s", falls[i].key);
    }
    vk_dead_list_clear(&w->kernel->state.maybe_free);
    w->unaudited = true;
}

SCENARIO(host_apply, of_promises_counts_them_by_state, ordinary) {
    apply(w, "kp50.state", "unresolved");
    cr_assert(value_of(w, VK_STAT_KERNEL_PROMISES) == 1 && value_of(w, VK_STAT_KP_UNRESOLVED) == 1);
    apply(w, "kp50.state", "fulfilled");
    cr_assert(value_of(w, VK_STAT_KP_UNRESOLVED) == 0 && value_of(w, VK_STAT_KP_FULFILLED) == 1);
    apply(w, "kp51.state", "unresolved");
    apply(w, "kp51.state", "rejected");
    cr_assert(value_of(w, VK_STAT_KP_UNRESOLVED) == 0 && value_of(w, VK_STAT_KP_REJECTED) == 1);
    MOVES(w, {"kp50.state", NULL, NOTHING, 0}, {"kp50.refCount", "1", NOTHING, 0},
          {"kp50.refCount", NULL, VK_STAT_KERNEL_PROMISES, -1},
          {"kp51.queue.0", "{}", VK_STAT_PROMISE_QUEUES_LENGTH, 1},
          {"kp51.queue.nextID", "1", NOTHING, 0}, {"kp51.subscribers", "v2", NOTHING, 0},
          {"kp51.queue.0", NULL, VK_STAT_PROMISE_QUEUES_LENGTH, -1});
}

SCENARIO(host_apply, of_c_lists_counts_entries_once, ordinary) {
    MOVES(w, {"v2.c.ko50", "R o-90", VK_STAT_CLIST_ENTRIES, 1}, {"v2.c.o-90", "ko50", NOTHING, 0},
          {"v2.c.ko50", "_ o-90", NOTHING, 0}, {"v2.c.ko50", NULL, VK_STAT_CLIST_ENTRIES, -1},
          {"v2.c.o-90", NULL, NOTHING, 0}, {"v2.c.kp50", "R p+5", VK_STAT_CLIST_ENTRIES, 1},
          {"v2.c.kp50", NULL, VK_STAT_CLIST_ENTRIES, -1}, {"v2.reapDirt", "{}", NOTHING, 0},
          {"vat.names", "[]", NOTHING, 0}, {"version", "3", NOTHING, 0},
          {"vx.c.ko50", "R o+9", NOTHING, 0}, {"vat.nextID", "9", VK_STAT_VATS, 1},
          {"vat", "9", NOTHING, 0}, {"v2", "x", NOTHING, 0});
}

/* SwingSet does not count that as an entry gone, but looks at the object when the crank ends. */
SCENARIO(host_apply, of_an_export_that_lost_its_owner_leaves_an_orphan, ordinary) {
    static const struct {
        const char *owner, *count, *entry;
        bool orphan;
    } exports[] = {
        {NULL, "1,1", "R o+9", true},  {"v2", "1,1", "R o+9", false}, {NULL, NULL, "R o+9", false},
        {NULL, "1,1", "R o-9", false}, {NULL, "1,1", "R o", false},
    };
    for (size_t i = 0; i < sizeof exports / sizeof *exports; i++) {
        apply(w, "ko50.owner", exports[i].owner);
        apply(w, "ko50.refCount", exports[i].count);
        apply(w, "v2.c.ko50", exports[i].entry);
        int64_t entries = value_of(w, VK_STAT_CLIST_ENTRIES);
        apply(w, "v2.c.ko50", NULL);
        cr_assert(suspects(w) == exports[i].orphan, "case %zu", i);
        cr_assert(value_of(w, VK_STAT_CLIST_ENTRIES) == entries - !exports[i].orphan, "case %zu",
                  i);
        vk_dead_list_clear(&w->kernel->state.maybe_free);
    }
    w->unaudited = true;
}

static const char send[] = "{\"type\":\"send\",\"target\":\"%s\",\"msg\":%s}";
static const char message[] = "{\"methargs\":{\"body\":\"#[]\",\"slots\":[]},\"result\":null}";

SCENARIO(host_apply, of_a_queued_send_is_a_syscall_unless_a_promise_had_it_queued, ordinary) {
    static const struct {
        const char *target;
        unsigned queued; /* messages in the promise's queue; the last is this one */
        bool is_new;
    } sends[] = {{"ko21", 0, true}, {"kp50", 0, true}, {"kp50", 1, false}, {"kp50", 2, false}};
    for (size_t i = 0; i < sizeof sends / sizeof *sends; i++) {
        char event[256], key[32];
        for (unsigned n = 0; n < sends[i].queued; n++) {
            snprintf(key, sizeof key, "kp50.queue.%u", n);
            apply(w, key, n + 1 == sends[i].queued ? message : "{\"methargs\":1}");
        }
        int64_t length = value_of(w, VK_STAT_ACCEPTANCE_QUEUE_LENGTH);
        int64_t syscalls = value_of(w, VK_STAT_SYSCALL_SEND);
        snprintf(event, sizeof event, send, sends[i].target, message);
        apply(w, "acceptanceQueue.90", event);
        cr_assert(value_of(w, VK_STAT_ACCEPTANCE_QUEUE_LENGTH) == length + 1);
        cr_assert(value_of(w, VK_STAT_SYSCALL_SEND) == syscalls + sends[i].is_new, "case %zu", i);
    }
    MOVES(w, {"acceptanceQueue.90", NULL, VK_STAT_ACCEPTANCE_QUEUE_LENGTH, -1},
          {"acceptanceQueue.91", "{\"type\":\"notify\"}", VK_STAT_ACCEPTANCE_QUEUE_LENGTH, 1},
          {"acceptanceQueue.91", NULL, VK_STAT_ACCEPTANCE_QUEUE_LENGTH, -1},
          {"acceptanceQueue", "[90,90]", NOTHING, 0});
}

SCENARIO(host_apply, of_a_queued_send_without_a_message_is_as_it_is, ordinary) {
    int64_t sends = value_of(w, VK_STAT_SYSCALL_SEND);
    apply(w, "acceptanceQueue.90", "{\"type\":\"send\",\"target\":\"kp50\"}");
    cr_assert(value_of(w, VK_STAT_SYSCALL_SEND) == sends + 1);
    apply(w, "acceptanceQueue.91", "{\"type\":\"send\"}");
    cr_assert(value_of(w, VK_STAT_SYSCALL_SEND) == sends + 2);
    w->unaudited = true;
}

SCENARIO(host_apply, of_what_the_kernel_remembers_is_remembered, ordinary) {
    apply(w, "kernel.snapshotInterval", "77");
    cr_assert(w->kernel->warehouse.snapshot_interval == 77);
    apply(w, "vats.terminated", "[\"v4\"]");
    cr_assert(w->kernel->state.terminated_count == 1);
    apply(w, "vats.terminated", "[]");
    cr_assert(w->kernel->state.terminated_count == 0);
}

SCENARIO(host_apply, of_a_syscall_counts_it, ordinary) {
    int64_t syscalls = value_of(w, VK_STAT_SYSCALLS);
    test_ok(vk_host_apply_syscall(w->kernel, VK_SYSCALL_VATSTORE_DELETE));
    cr_assert(value_of(w, VK_STAT_SYSCALLS) == syscalls + 1);
    cr_assert(value_of(w, VK_STAT_SYSCALL_VATSTORE_DELETE) == 1);
    /* SwingSet does not count these */
    test_ok(vk_host_apply_syscall(w->kernel, VK_SYSCALL_DROP_IMPORTS));
    cr_assert(value_of(w, VK_STAT_SYSCALLS) == syscalls + 1);
}

SCENARIO(host_apply, refuses_to_attach_what_is_no_vat_id, ordinary) {
    cr_assert(vk_host_attach_vat(w->kernel, VK_STR("w2")) == VK_ERR_USAGE);
    cr_assert(vk_host_attach_vat(w->kernel, VK_STR("")) == VK_ERR_USAGE);
}
