/* testing_state.c - see testing_state.h. */
#include "testing_state.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "testing_heap.h"

/* clang-format off: a table of pairs */
static const char *const starting_keys[] = {
    "version",
    "3",
    "vat.names",
    "[]",
    "vat.dynamicIDs",
    "[]",
    "vat.nextID",
    "1",
    "vat.nextUpgradeID",
    "1",
    "vats.terminated",
    "[]",
    "device.names",
    "[]",
    "device.nextID",
    "7",
    "ko.nextID",
    "20",
    "kd.nextID",
    "30",
    "kp.nextID",
    "40",
    "meter.nextID",
    "1",
    "gcActions",
    "[]",
    "reapQueue",
    "[]",
    "runQueue",
    "[1,1]",
    "acceptanceQueue",
    "[1,1]",
    "crankNumber",
    "0",
    "kernel.defaultManagerType",
    "local",
    "kernel.defaultReapDirtThreshold",
    "{\"deliveries\":1,\"gcKrefs\":20,\"computrons\":\"never\"}",
    "kernel.snapshotInitial",
    "3",
    "kernel.snapshotInterval",
    "200",
    "kernelStats",
    "{}",
    NULL,
};
/* clang-format on */

void test_state_open(struct test_state *test) {
    const struct vk_store_options options = {.mode = VK_STORE_WRITE_BACK};
    test_ok(test_store_try_open(&test->store, ":memory:", &options));
    vk_arena_init(&test->arena, &test->store.heap.port);
    vk_state_init(&test->state, test->store.store, &test->store.ports, &test->arena);
    test_given_pairs(test, starting_keys);
    test_ok(vk_state_reload(&test->state));
}

void test_state_close(struct test_state *test) {
    vk_state_release(&test->state);
    vk_arena_release(&test->arena);
    test_store_close(&test->store);
}

void test_given_pairs(struct test_state *test, const char *const *pairs) {
    for (size_t i = 0; pairs[i]; i += 2) {
        cr_assert(pairs[i + 1], "key %s is given no value", pairs[i]);
        test_set(&test->store, pairs[i], pairs[i + 1]);
    }
    test_trace_clear(&test->store.trace);
}

void test_given_vat(struct test_state *test, uint64_t number) {
    static const char *const spaces[][2] = {
        {".o.nextID", "50"}, {".p.nextID", "60"}, {".d.nextID", "70"}};
    for (int i = 0; i < 3; i++) {
        char key[64], name[VK_SLOT_TEXT_MAX];
        struct vk_str id = vk_vat_id_str(v(number), name);
        snprintf(key, sizeof key, "%.*s%s", VK_STR_ARG(id), spaces[i][0]);
        test_given(test, key, spaces[i][1]);
    }
}

/* The lines, put together as a trace has them; malloc'd. */
static char *lines_join(const char *const *lines) {
    size_t n = 1;
    for (size_t i = 0; lines[i]; i++)
        n += strlen(lines[i]) + 1;
    char *text = malloc(n), *p = text;
    cr_assert(text);
    for (size_t i = 0; lines[i]; i++) {
        size_t length = strlen(lines[i]);
        memcpy(p, lines[i], length);
        p[length] = '\n';
        p += length + 1;
    }
    *p = '\0';
    return text;
}

void test_wrote_lines(struct test_state *test, const char *file, int line,
                      const char *const *expected) {
    char *text = lines_join(expected);
    cr_assert(strcmp(test->store.trace.text, text) == 0, "%s:%d: expected\n%sfound\n%s", file, line,
              text, test->store.trace.text);
    free(text);
    test_trace_clear(&test->store.trace);
}

void test_wrote_whatever(struct test_state *test) { test_trace_clear(&test->store.trace); }

void test_holds_at(struct test_state *test, const char *file, int line, const char *key,
                   const char *value) {
    struct vk_str found = test_get(&test->store, key);
    cr_assert(value ? found.p && vk_str_eq(found, vk_str(value)) : !found.p,
              "%s:%d: %s is '%.*s', not '%s'", file, line, key, found.p ? (int)found.n : 8,
              found.p ? found.p : "(absent)", value ? value : "(absent)");
}

void test_maybe_free_at(struct test_state *test, const char *file, int line, const char *krefs) {
    const struct vk_dead_list *list = &test->state.maybe_free;
    struct vk_buf buf;
    struct vk_str text;
    vk_buf_init(&buf, &test->store.arena);
    for (size_t i = 0; i < list->count; i++) {
        if (i) vk_buf_char(&buf, ' ');
        vk_buf_kref(&buf, list->items[i]);
    }
    test_ok(vk_buf_finish(&buf, &text));
    cr_assert(vk_str_eq(text, vk_str(krefs)), "%s:%d: the work list is '%.*s', not '%s'", file,
              line, VK_STR_ARG(text), krefs);
}

void test_refused_at(const char *file, int line, enum vk_err expected, enum vk_err err,
                     const char *part) {
    const char *text = vk_err_origin()->text;
    cr_assert(err == expected, "%s:%d: %s, not %s", file, line, vk_err_name(err),
              vk_err_name(expected));
    cr_assert(vk_err_origin()->err == expected && strstr(text, part),
              "%s:%d: the error says '%s', not '%s'", file, line, text, part);
}

void test_judged_at(const char *file, int line, enum vk_err err, struct vk_fault *fault,
                    const char *reason) {
    cr_assert(err == VK_OK, "%s:%d: %s: %s", file, line, vk_err_name(err), vk_err_origin()->text);
    cr_assert(fault->raised == (reason != NULL), "%s:%d: fault '%s', not '%s'", file, line,
              fault->raised ? fault->reason : "(none)", reason ? reason : "(none)");
    if (reason)
        cr_assert(strcmp(fault->reason, reason) == 0, "%s:%d: fault '%s', not '%s'", file, line,
                  fault->reason, reason);
    *fault = (struct vk_fault){0};
}

void test_is_at(const char *file, int line, struct vk_str slice, const char *text) {
    cr_assert(text ? slice.p && vk_str_eq(slice, vk_str(text)) : !slice.p,
              "%s:%d: '%.*s', not '%s'", file, line, (int)slice.n, slice.p ? slice.p : "",
              text ? text : "(absent)");
}

void test_is_kref_at(const char *file, int line, struct vk_kref kref, const char *text) {
    char name[VK_SLOT_TEXT_MAX];
    test_is_at(file, line, vk_kref_str(kref, name), text);
}

int64_t test_stat(const struct test_state *test, enum vk_stat stat) {
    return test->state.stats.values[stat].value;
}

/* ---- the sweep */

/* What is being swept: the sweep over arenas hands nothing on to its operation. */
static struct {
    struct test_state *test;
    enum vk_err (*operation)(struct vk_state *state);
} swept;

/* One run in a crank of its own, which leaves nothing behind. */
static enum vk_err run_rolled_back(struct vk_arena *arena, uint64_t refused_write) {
    struct test_state *test = swept.test;
    struct test_trace *trace = &test->store.trace;
    test_ok(vk_store_start_crank(test->store.store));
    test_ok(vk_store_savepoint(test->store.store, VK_SAVEPOINT_START));
    trace->events = 0;
    trace->fail_at = refused_write;
    test->state.arena = arena;
    enum vk_err err = swept.operation(&test->state);
    test->state.arena = &test->arena;
    trace->fail_at = 0;
    test_ok(vk_store_rollback(test->store.store, VK_SAVEPOINT_START));
    test_ok(vk_store_end_crank(test->store.store));
    test_ok(vk_state_reload(&test->state));
    vk_dead_list_clear(&test->state.maybe_free);
    vk_arena_clear(&test->arena);
    return err;
}

static void run_in_arena(struct vk_arena *arena, enum vk_err *err) {
    *err = run_rolled_back(arena, 0);
}

void test_sweep_state(struct test_state *test, enum vk_err (*operation)(struct vk_state *state),
                      unsigned writes) {
    enum vk_err err = VK_ERR_TRACE;
    unsigned refused = 0;
    swept.test = test;
    swept.operation = operation;
    test_sweep_arena(run_in_arena, 1);
    for (; err != VK_OK; refused++) {
        err = run_rolled_back(&test->arena, refused + 1);
        cr_assert(err == VK_OK || err == VK_ERR_TRACE, "write %u refused: %s", refused + 1,
                  vk_err_name(err));
    }
    cr_assert(refused - 1 == writes, "%u writes, not %u", refused - 1, writes);
    test_trace_clear(&test->store.trace);
}
