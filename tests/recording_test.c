/* recording_test.c - the reader of recordings: what it takes, what it refuses, and what it finds in
 * them. */
#include "testing_recording.h"

#include "sim/recorded_facts.h"
#include "sim/recording_index.h"

#include <archive.h>
#include <criterion/criterion.h>

/* ---- bad input */

static void expect_refusal(struct vk_str bytes, size_t line, const char *what) {
    struct sim_recording *recording;
    struct sim_input_error error;
    enum vk_err err = sim_recording_read_memory(bytes, &recording, &error);
    cr_expect_neq(err, VK_OK, "taken, but should not be: %s", what);
    cr_expect_null(recording);
    if (err == VK_OK) {
        sim_recording_free(recording);
        return;
    }
    cr_expect_eq(error.line, line, "%s: line %zu, not %zu", error.what, error.line, line);
    cr_expect(strstr(error.what, what) != NULL, "\"%s\" does not say \"%s\"", error.what, what);
    cr_expect(strchr(error.what, '\n') == NULL, "more than one line");
}

#define END "{\"t\":\"emit\",\"crankhash\":\"\",\"activityhash\":\"\"}\n{\"t\":\"endCrank\"}\n"
#define CRANK "{\"t\":\"startCrank\"}\n{\"t\":\"savepoint\",\"s\":\"start\"}\n"
/* An item's JSON within a line's JSON. */
#define Q "\\\""
#define ITEM_JSON(kind_and_more, calls, result)                                                    \
    "{" Q "d" Q ":[" kind_and_more "]," Q "sc" Q ":[" calls "]," Q "r" Q ":{" result "}}"
#define OK Q "status" Q ":" Q "ok" Q
#define TINIT "{\"t\":\"tinit\",\"v\":\"v1\"}\n"
#define TITEM(item) "{\"t\":\"titem\",\"v\":\"v1\",\"i\":\"" item "\"}\n"

Test(recording, names_line_and_cause_of_bad_input) {
    static const struct {
        const char *text;
        size_t line;
        const char *what;
    } cases[] = {
        {"", 0, "empty"},
        {"hello\n", 1, "JSON"},
        {"[1,2]\n", 1, "not a recording"},
        {"{\"a\":1}\n", 1, "not a recording"},
        {"{\"t\":1}\n", 1, "not a recording"},
        {"{\"t\":\"commit\"}\n{\"a\":1}\n", 2, "not a recording's line"},
        {"{\"t\":\"commit\"}\n\n{\"t\":\"commit\"}\n", 2, "JSON"},
        {"{\"t\":\"commit\"}\n{\"t\":\"com", 2, "JSON"},
        {"{\"t\":\"commit\"} x\n", 1, "JSON"},
        {"{\"t\":\"frobnicate\"}\n", 1, "unknown line type \"frobnicate\""},
        {"{\"t\":\"set\",\"k\":\"a\"}\n", 1, "`set` without a string \"v\""},
        {"{\"t\":\"set\",\"k\":\"a\",\"v\":3}\n", 1, "`set` without a string \"v\""},
        {"{\"t\":\"set\",\"k\":null,\"v\":\"\"}\n", 1, "`set` without a string \"k\""},
        {"{\"t\":\"del\"}\n", 1, "`del` without a string \"k\""},
        {"{\"t\":\"emit\",\"crankhash\":\"00\"}\n", 1, "`emit` without a string \"activityhash\""},
        {"{\"t\":\"bundle\",\"id\":[]}\n", 1, "`bundle` without a string \"id\""},
        {"{\"t\":\"slog\"}\n", 1, "`slog` without a string \"type\""},
        {"{\"t\":\"tdel\",\"v\":\"v1\",\"b\":null}\n", 1, "result \"r\""},
        {"{\"t\":\"tdel\",\"v\":\"v1\",\"b\":-1,\"r\":{\"done\":true,\"cleanups\":1}}\n", 1,
         "budget"},
        {"{\"t\":\"tdel\",\"v\":\"v1\",\"b\":1,\"r\":{\"done\":1,\"cleanups\":1}}\n", 1, "result"},
        {"{\"t\":\"tinit\",\"v\":\"d1\"}\n", 1, "\"d1\", which is no vat"},
        {"{\"t\":\"tinit\",\"v\":\"v99999999999999999999\"}\n", 1, "which is no vat"},
        {"{\"t\":\"tinit\",\"v\":\"v4000000000\"}\n", 1, "which is no vat"},
        {TINIT TITEM("{"), 2, "no JSON"},
        {TINIT TITEM("{}"), 2, "not {d:[...], sc:[...], r:{...}}"},
        {TINIT TITEM(ITEM_JSON(Q "notify" Q, "", "")), 2, "status"},
        {TINIT TITEM(ITEM_JSON(Q "notify" Q, "{}", OK)), 2, "lacks s or r"},
        {TINIT TITEM(ITEM_JSON(Q "save-snapshot" Q, "", OK)), 2, "snapshotID"},
        {"{\"t\":\"savepoint\",\"s\":\"start\"}\n", 1, "outside a crank"},
        {"{\"t\":\"startCrank\"}\n{\"t\":\"savepoint\",\"s\":\"middle\"}\n", 2, "neither"},
        {"{\"t\":\"endCrank\"}\n", 1, "without a crank"},
        {CRANK "{\"t\":\"startCrank\"}\n", 3, "inside a crank"},
        {CRANK "{\"t\":\"commit\"}\n", 3, "inside a crank"},
        {CRANK "{\"t\":\"rollback\",\"s\":\"deliver\"}\n", 3, "not established"},
        {CRANK, 2, "ends in the middle of a crank"},
        {CRANK "{\"t\":\"slog\",\"type\":\"crank-start\"}\n", 3, "crankNum"},
        {CRANK "{\"t\":\"slog\",\"type\":\"deliver\",\"replay\":false,\"vatID\":\"v1\"}\n", 3,
         "deliveryNum"},
        {CRANK "{\"t\":\"slog\",\"type\":\"deliver-result\",\"replay\":false}\n", 3,
         "without a delivery"},
        {CRANK "{\"t\":\"slog\",\"type\":\"syscall\",\"replay\":false}\n", 3, "without vsc"},
        {CRANK "{\"t\":\"slog\",\"type\":\"syscall-result\",\"replay\":false}\n", 3,
         "without a syscall"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_refusal(vk_str(cases[i].text), cases[i].line, cases[i].what);
}

Test(recording, refuses_what_is_no_text_at_all) {
    static const char garbage[] = "\x7f"
                                  "ELF\x02\x01\x01\0\0\0\n\xff\xfe\0\n";
    static const char gzip_head[] = "\x1f\x8b\x08\0\0\0\0\0\0\x03 not deflate";
    static const char xz_head[] = "\xfd"
                                  "7zXZ\0 and then nonsense";
    struct sim_recording *recording;
    struct sim_input_error error;
    expect_refusal((struct vk_str){garbage, sizeof garbage - 1}, 1, "JSON");
    expect_refusal((struct vk_str){gzip_head, sizeof gzip_head - 1}, 0, "damaged");
    expect_refusal((struct vk_str){xz_head, sizeof xz_head - 1}, 0, "damaged");
    cr_expect_eq(sim_recording_read("/nonexistent/x.jsonl", &recording, &error), VK_ERR_DISK);
    cr_expect_eq(error.line, 0);
    cr_expect(strstr(error.what, "No such file") != NULL, "%s", error.what);
    cr_expect_eq(sim_recording_read("/", &recording, &error), VK_ERR_DISK);
    cr_expect(strstr(error.what, "folder") != NULL, "%s", error.what);
}

Test(recording, refuses_every_truncation_of_a_compressed_file) {
    static const int filters[] = {ARCHIVE_FILTER_XZ, ARCHIVE_FILTER_GZIP};
    struct test_lines lines;
    test_lines_read(&lines, "suite/gc-kernel-13");
    struct vk_str text = test_lines_text(&lines);
    for (size_t f = 0; f < sizeof filters / sizeof *filters; f++) {
        struct vk_str whole = test_compress(&lines.arena, text, filters[f]);
        struct sim_recording *recording;
        struct sim_input_error error;
        cr_assert_eq(sim_recording_read_memory(whole, &recording, &error), VK_OK, "%s", error.what);
        sim_recording_free(recording);
        for (size_t n = 0; n < whole.n; n++)
            cr_assert_neq(sim_recording_read_memory((struct vk_str){whole.p, n}, &recording,
                                                    &error),
                          VK_OK, "taken with %zu of %zu bytes", n, whole.n);
    }
    test_lines_release(&lines);
}

Test(recording, refuses_or_survives_every_flipped_byte_of_a_compressed_file) {
    struct test_lines lines;
    test_lines_read(&lines, "suite/gc-kernel-13");
    struct vk_str whole = test_compress(&lines.arena, test_lines_text(&lines), ARCHIVE_FILTER_XZ);
    char *bytes = vk_arena_alloc(&lines.arena, whole.n);
    size_t refused = 0;
    for (size_t i = 0; i < whole.n; i++) {
        struct sim_recording *recording;
        struct sim_input_error error;
        memcpy(bytes, whole.p, whole.n);
        bytes[i] = (char)(bytes[i] ^ 0x20);
        if (sim_recording_read_memory((struct vk_str){bytes, whole.n}, &recording, &error) == VK_OK)
            sim_recording_free(recording);
        else
            refused++;
    }
    /* xz checks its contents, its index and its headers; nothing but padding may go unnoticed. */
    cr_expect_geq(refused, whole.n - 8, "only %zu of %zu", refused, whole.n);
    test_lines_release(&lines);
}

/* ---- what is in a recording */

Test(recording, takes_the_same_from_any_compression_and_from_none) {
    static const int filters[] = {ARCHIVE_FILTER_NONE, ARCHIVE_FILTER_XZ, ARCHIVE_FILTER_GZIP,
                                  ARCHIVE_FILTER_BZIP2};
    struct test_lines lines;
    test_lines_read(&lines, "suite/kernel-03");
    for (size_t f = 0; f < sizeof filters / sizeof *filters; f++) {
        struct vk_str text = test_lines_text(&lines);
        if (filters[f] != ARCHIVE_FILTER_NONE) text = test_compress(&lines.arena, text, filters[f]);
        struct sim_recording *recording;
        struct sim_input_error error;
        cr_assert_eq(sim_recording_read_memory(text, &recording, &error), VK_OK, "%s", error.what);
        cr_expect_eq(recording->events.count, lines.lines.count);
        cr_expect_eq(recording->events.at[lines.lines.count - 1].line, lines.lines.count);
        sim_recording_free(recording);
    }
    test_lines_release(&lines);
}

Test(recording, slog_entries_that_depend_on_the_host_are_passed_over) {
    static const struct {
        const char *type;
        const char *entry;
        bool is_passed_over;
    } cases[] = {
        {"console", "{}", true},
        {"heap-snapshot-save", "{}", true},
        {"start-replay", "{}", true},
        {"kernel-restart", "{}", true},
        {"crank-start", "{\"message\":{\"replay\":true}}", false},
        {"syscall", "{\"type\":\"syscall\",\"replay\":true,\"syscall\":\"send\"}", true},
        {"syscall", "{\"type\":\"syscall\",\"replay\":false,\"vsc\":{\"replay\":true}}", false},
        {"deliver", "{\"type\":\"deliver\",\"replay\":false,\"vd\":[\"\\\"replay\\\":true\"]}",
         false},
        {"deliver-result", "{\"replay\":", false},
        {"clist", "{\"mode\":\"import\"}", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect_eq(sim_slog_is_passed_over(vk_str(cases[i].type), vk_str(cases[i].entry)),
                     cases[i].is_passed_over, "%s %s", cases[i].type, cases[i].entry);
}

Test(recording, an_item_overwritten_after_a_rollback_is_found_by_time) {
    static const char text[] = TINIT TITEM(ITEM_JSON(Q "initialize-worker" Q, "", "")) /* 0, 1 */
        CRANK "{\"t\":\"savepoint\",\"s\":\"deliver\"}\n"                              /* 2 ... 4 */
        TITEM(ITEM_JSON(Q "message" Q ",1", "",
                        OK)) "{\"t\":\"rollback\",\"s\":\"deliver\"}\n" END CRANK
                             "{\"t\":\"savepoint\",\"s\":\"deliver\"}\n" TITEM(
                                 ITEM_JSON(Q "message" Q ",2", "", OK)) END;
    struct sim_recording *recording;
    struct sim_input_error error;
    cr_assert_eq(sim_recording_read_memory(vk_str(text), &recording, &error), VK_OK, "%zu: %s",
                 error.line, error.what);
    const struct sim_index *index = recording->index;
    const struct sim_item *before = sim_index_item(index, VK_STR("v1"), 1, 8);
    const struct sim_item *after = sim_index_item(index, VK_STR("v1"), 1, recording->events.count);
    cr_assert(before && after && before != after);
    cr_expect(vk_str_eq(index->deliveries.at[before->delivery].json, VK_STR("[\"message\",1]")));
    cr_expect(vk_str_eq(index->deliveries.at[after->delivery].json, VK_STR("[\"message\",2]")));
    cr_expect(recording->events.at[before->event].is_undone);
    cr_expect_not(recording->events.at[after->event].is_undone);
    cr_expect_null(sim_index_item(index, VK_STR("v1"), 2, recording->events.count));
    cr_expect_null(sim_index_item(index, VK_STR("v2"), 0, recording->events.count));
    cr_expect_null(sim_index_item(index, VK_STR("d1"), 0, recording->events.count));
    sim_recording_free(recording);
}

/* ---- without slog, the same is told by the writes and the transcript */

static struct sim_recording *without_slog(struct test_lines *lines) {
    size_t kept = 0;
    for (size_t i = 0; i < lines->lines.count; i++)
        if (!vk_str_starts(lines->lines.at[i], VK_STR("{\"t\":\"slog\"")))
            lines->lines.at[kept++] = lines->lines.at[i];
    lines->lines.count = kept;
    return test_lines_recording(lines);
}

static void expect_same_delivery(const struct sim_index *a, const struct sim_delivery *x,
                                 const struct sim_index *b, const struct sim_delivery *y,
                                 bool problems_are_told) {
    cr_expect(vk_str_eq(x->vat, y->vat));
    cr_expect(vk_str_eq(x->json, y->json), "%.*s, %.*s", VK_STR_ARG(x->json), VK_STR_ARG(y->json));
    cr_expect_eq(x->result.ok, y->result.ok);
    if (x->result.ok) cr_expect_eq(x->result.computrons, y->result.computrons);
    if (problems_are_told && y->result.problem.p)
        cr_expect(vk_str_eq(x->result.problem, y->result.problem), "%.*s, %.*s",
                  VK_STR_ARG(x->result.problem), VK_STR_ARG(y->result.problem));
    cr_assert_eq(x->call_count, y->call_count);
    for (size_t i = 0; i < x->call_count; i++) {
        const struct sim_call *p = &a->calls.at[x->first_call + i];
        const struct sim_call *q = &b->calls.at[y->first_call + i];
        cr_expect(vk_str_eq(p->syscall.json, q->syscall.json));
        cr_expect(vk_str_eq(p->result, q->result));
    }
}

static void expect_same_index(const struct sim_index *a, const struct sim_index *b,
                              const char *name) {
    cr_assert_eq(a->cranks.count, b->cranks.count, "%s", name);
    for (size_t i = 0; i < a->cranks.count; i++) {
        const struct sim_crank *x = &a->cranks.at[i], *y = &b->cranks.at[i];
        cr_expect_eq(x->is_host_call, y->is_host_call);
        cr_expect_eq(x->is_idle, y->is_idle);
        cr_expect_eq(x->is_emitted, y->is_emitted);
        if (x->is_host_call || x->is_idle) continue;
        cr_expect_eq(x->number, y->number, "%s: crank %zu", name, i);
        cr_expect_eq(x->is_routing, y->is_routing, "%s: crank %zu", name, i);
        cr_expect_eq(x->is_cleanup, y->is_cleanup, "%s: crank %zu", name, i);
        cr_expect_eq(x->writes, y->writes);
        cr_assert_eq(x->delivery_count, y->delivery_count, "%s: crank %zu", name, i);
        for (size_t d = 0; d < x->delivery_count; d++)
            expect_same_delivery(a, &a->deliveries.at[x->first_delivery + d], b,
                                 &b->deliveries.at[y->first_delivery + d], x->delivery_count == 1);
    }
}

Test(recording, cranks_and_deliveries_are_found_without_slog_too) {
    static const char *const names[] = {"fuzz/fuzz-0003", "fuzz/fuzz-0010", "fuzz/fuzz-0020"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct test_lines lines;
        test_lines_read(&lines, names[i]);
        struct sim_recording *with = test_lines_recording(&lines);
        struct sim_recording *without = without_slog(&lines);
        cr_expect(with->has_slog && !without->has_slog);
        expect_same_index(with->index, without->index, names[i]);
        sim_recording_free(with);
        sim_recording_free(without);
        test_lines_release(&lines);
    }
}

/* A clean-up crank that stopped for its budget did so in one phase; the budget of that phase is
 * known. */
Test(recording, budgets_are_told_by_what_was_cleaned_up) {
    static const struct {
        const char *deleted[4];
        struct vk_cleanup_budget budget; /* 0: unlimited */
    } cases[] = {
        {{"ko25.owner", "v7.c.ko25", "v7.c.o+0"}, {.exports = 1}},
        {{"v7.c.ko25", "v7.c.o-50"}, {.imports = 1}},
        {{"v7.c.o+0", "v7.c.kp46", "v7.c.p-60", "v7.c.p+5"}, {.promises = 2}},
        {{"v7.c.p-60", "v7.d.nextID", "v7.o.nextID", "v7.vs.c.ko1"}, {.kv = 3}},
        {{"v7.c.d-70", "v7.c.kd30"}, {.kv = 2}},
        {{NULL}, {.snapshots = 1}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sim_event events[4];
        struct vk_cleanup_budget budget;
        size_t count = 0;
        for (; count < 4 && cases[i].deleted[count]; count++)
            events[count] =
                (struct sim_event){.type = VK_TRACE_DEL, .key = vk_str(cases[i].deleted[count])};
        sim_fact_budget_from_writes(events, 0, count, &budget);
        const struct vk_cleanup_budget *expected = &cases[i].budget;
#define EXPECT_PHASE(phase)                                                                        \
    cr_expect_eq(budget.phase, expected->phase ? expected->phase : VK_UNLIMITED,                   \
                 "case %zu: " #phase " is %llu", i, (unsigned long long)budget.phase)
        EXPECT_PHASE(exports);
        EXPECT_PHASE(imports);
        EXPECT_PHASE(promises);
        EXPECT_PHASE(kv);
        EXPECT_PHASE(snapshots);
        EXPECT_PHASE(transcripts);
    }
}
