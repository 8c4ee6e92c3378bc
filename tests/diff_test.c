/* diff_test.c - what `crankcase diff` finds: for each kind of input a planted difference, and the right crank, write, key
 * and cause named.
 */
#include "sim/diff_databases.h"
#include "sim/diff_logs.h"
#include "sim/diff_plans.h"
#include "sim/log_scan.h"
#include "testing_log.h"

#include <archive.h>
#include <criterion/criterion.h>
#include <stdio.h>

static struct test_folder folder;
static struct test_lines lines[2];
static struct sim_divergence diff;
static const char *paths[2];

static void set_up(void) {
    test_folder_make(&folder);
    for (int i = 0; i < 2; i++)
        test_lines_read(&lines[i], "fuzz/fuzz-0003");
    sim_divergence_init(&diff);
}

static void tear_down(void) {
    sim_divergence_release(&diff);
    for (int i = 0; i < 2; i++)
        test_lines_release(&lines[i]);
    test_folder_remove(&folder);
}

TestSuite(diff, .init = set_up, .fini = tear_down);

static enum vk_err compare_paths(struct sim_input_error *error) {
    const struct sim_diff_logs logs = {.path = {paths[0], paths[1]}};
    int side;
    sim_divergence_release(&diff);
    sim_divergence_init(&diff);
    return sim_diff_logs(&logs, &diff, &side, error);
}

static void compare(void) {
    struct sim_input_error error;
    paths[0] = test_log_write(&folder, "a", &lines[0]);
    paths[1] = test_log_write(&folder, "b", &lines[1]);
    cr_assert_eq(compare_paths(&error), VK_OK, "%zu: %s", error.line, error.what);
}

static void to_slogs(void) {
    for (unsigned i = 0; i < 2; i++)
        test_log_to_slog(&lines[i], i);
}

#define expect_kind(wanted)                                                                        \
    cr_assert_eq(diff.kind, SIM_DIVERGENCE_##wanted, "%s: %s", sim_divergence_word(diff.kind),     \
                 diff.notes.count ? diff.notes.at[0].p : "")

static void expect_text(struct vk_str text, const char *wanted) {
    cr_expect(text.p && vk_str_eq(text, vk_str(wanted)), "\"%.*s\", not \"%s\"", VK_STR_ARG(text),
              wanted);
}

static bool has_word(struct vk_str text, const char *word) {
    size_t n = strlen(word);
    for (size_t i = 0; i + n <= text.n; i++)
        if (memcmp(text.p + i, word, n) == 0) return true;
    return false;
}

static bool is_noted(const char *word) {
    for (size_t i = 0; i < diff.notes.count; i++)
        if (has_word(diff.notes.at[i], word)) return true;
    return false;
}

/* In crank 34 v2 is sent a message and makes five syscalls. */
static size_t in_crank_34(const char *text) {
    return test_lines_find(&lines[1], test_log_crank(&lines[1], 34), text);
}

/* ---- state */

Test(diff, hashes_made_anew_are_the_real_kernels) {
    test_log_rehash(&lines[1]);
    compare();
    expect_kind(SAME);
    cr_expect_eq(diff.compared, 507);
    for (size_t i = 0; i < lines[0].lines.count; i++)
        cr_assert(vk_str_eq(lines[0].lines.at[i], lines[1].lines.at[i]), "line %zu", i + 1);
}

Test(diff, a_changed_write_is_named_with_its_syscall_and_its_key) {
    size_t line = in_crank_34("\"k\":\"kp46.subscribers\",\"v\":\"v2\"");
    test_lines_replace(&lines[1], line, "\"v\":\"v2\"", "\"v\":\"v3\"");
    line = test_lines_find(&lines[1], line + 1, "\"k\":\"kp46.subscribers\",\"v\":\"v2\"");
    test_lines_replace(&lines[1], line, "\"v\":\"v2\"", "\"v\":\"v3\"");
    test_log_rehash(&lines[1]);
    compare();
    expect_kind(STATE);
    cr_expect_eq(diff.crank, 34);
    cr_expect_eq(diff.same_crank, 33);
    expect_text(diff.message, "ko21.foo(...), result kp45");
    expect_text(diff.vat, "v2");
    cr_expect_eq(diff.delivery, 12);
    cr_assert(diff.write.present);
    expect_text(diff.write.key, "kp46.subscribers");
    expect_text(diff.write.text[0], "set kp46.subscribers v2");
    expect_text(diff.write.text[1], "set kp46.subscribers v3");
    expect_text(diff.write.by[1], "syscall 2 (subscribe) of v2's delivery 12");
    cr_assert_eq(diff.keys.count, 1);
    expect_text(diff.keys.at[0].meaning, "the vats that are told when promise kp46 settles");
    expect_text(diff.keys.at[0].by[1], "syscall 3 (subscribe) of v2's delivery 12");
    cr_expect(!diff.entry.present, "the slog is the same");
}

Test(diff, a_write_that_one_side_lacks_shows_what_was_there_before) {
    size_t line = in_crank_34("\"k\":\"v2.reapDirt\"");
    test_lines_delete(&lines[1], line);
    test_log_rehash(&lines[1]);
    compare();
    expect_kind(STATE);
    cr_expect_eq(diff.crank, 34);
    cr_assert_eq(diff.keys.count, 1);
    expect_text(diff.keys.at[0].key, "v2.reapDirt");
    expect_text(diff.keys.at[0].value[0], "{\"deliveries\":1}");
    expect_text(diff.keys.at[0].value[1], "{}");
    expect_text(diff.keys.at[0].by[0], "the end of the crank");
    cr_expect(!diff.keys.at[0].by[1].p);
    cr_expect(diff.keys.at[0].before.p, "which crank had written it");
}

Test(diff, ancestors_go_back_to_the_host) {
    size_t line =
        test_lines_find(&lines[1], test_log_crank(&lines[1], 299), "\"k\":\"v1.vs.k.z17\"");
    test_lines_replace(&lines[1], line, "\"v\":\"", "\"v\":\"X");
    test_log_rehash(&lines[1]);
    compare();
    expect_kind(STATE);
    cr_assert_eq(diff.ancestors.count, 9);
    static const uint64_t cranks[] = {299, 269, 206, 201, 193, 187, 185, 102};
    for (size_t i = 0; i < 8; i++)
        cr_expect_eq(diff.ancestors.at[i].crank, cranks[i], "%zu: %llu", i,
                     (unsigned long long)diff.ancestors.at[i].crank);
    expect_text(diff.ancestors.at[0].text, "delivery of notify: kp96 to v1");
    expect_text(diff.ancestors.at[2].via, "syscall 3 (send) of v1");
    cr_expect(diff.ancestors.at[8].is_host);
}

/* ---- hashes that differ though no state does */

Test(diff, the_same_writes_in_another_order_are_told_apart) {
    size_t line = in_crank_34("\"k\":\"v2.c.kp46\",\"v\":\"_ p+103\"");
    struct vk_str other = lines[1].lines.at[line];
    lines[1].lines.at[line] = lines[1].lines.at[line + 1];
    lines[1].lines.at[line + 1] = other;
    test_log_rehash(&lines[1]);
    compare();
    expect_kind(ORDER);
    cr_expect_eq(diff.crank, 34);
    cr_expect_eq(diff.keys.count, 0);
    expect_text(diff.write.text[0], "set v2.c.kp46 _ p+103");
    expect_text(diff.write.text[1], "set v2.c.p+103 kp46");
}

Test(diff, a_write_that_is_written_over_is_no_state) {
    test_lines_replace(&lines[1], in_crank_34("\"k\":\"ko21.refCount\",\"v\":\"3,3\""), "3,3",
                       "8,8");
    test_log_rehash(&lines[1]);
    compare();
    expect_kind(UNDONE);
    expect_text(diff.write.text[1], "set ko21.refCount 8,8");
    cr_expect_eq(diff.keys.count, 0);
}

Test(diff, a_write_that_a_roll_back_undid_is_no_state) {
    size_t back = test_lines_find(&lines[1], 0, "{\"t\":\"rollback\",\"s\":\"deliver\"}");
    size_t line = back - 1;
    while (!vk_str_starts(lines[1].lines.at[line], VK_STR("{\"t\":\"set\"")))
        line--;
    test_lines_replace(&lines[1], line, "\"v\":\"", "\"v\":\"X");
    test_log_rehash(&lines[1]);
    compare();
    expect_kind(UNDONE);
    cr_expect_eq(diff.write.line[1], line + 1);
}

Test(diff, a_meter_is_told_apart) {
    size_t line = test_lines_find(&lines[1], 0, "\"k\":\"m1.remaining\",\"v\":\"2226\"");
    test_lines_replace(&lines[1], line, "2226", "2225");
    test_log_rehash(&lines[1]);
    compare();
    expect_kind(METER);
    expect_text(diff.write.key, "m1.remaining");
}

Test(diff, a_cost_that_no_hash_covers_is_a_meter_too) {
    to_slogs();
    size_t line = test_lines_find(&lines[1], 0, "\"compute\":147");
    test_lines_replace(&lines[1], line, "\"compute\":147", "\"compute\":148");
    compare();
    expect_kind(METER);
    cr_expect_eq(diff.crank, 34);
    cr_expect(has_word(diff.entry.text[1], "\"compute\":148"));
}

Test(diff, a_hash_that_is_not_that_of_its_writes_is_told_apart) {
    size_t line = in_crank_34("{\"t\":\"emit\"");
    for (int i = 0; i < 2; i++)
        test_lines_replace(&lines[1], line + (size_t)i, "\"activityhash\":\"4e26",
                           "\"activityhash\":\"5e26");
    compare();
    expect_kind(HASH);
    cr_expect_eq(diff.crank, 34);
    cr_expect(is_noted("the activityhash does not follow"), "%s", diff.notes.at[0].p);
}

Test(diff, local_keys_are_no_difference) {
    size_t line = in_crank_34("\"k\":\"local.kernelStats\"");
    test_lines_replace(&lines[1], line, "\\\"syscalls\\\":33", "\\\"syscalls\\\":34");
    compare();
    expect_kind(LOCAL);
    cr_expect(!sim_divergence_differs(diff.kind));
    cr_expect(is_noted("first in crank 34"));
}

Test(diff, a_lost_line_is_no_difference_of_state) {
    to_slogs();
    size_t line =
        test_lines_find(&lines[1], 0,
                        "\"crankNum\":34,\"vatID\":\"v2\",\"deliveryNum\":12,\"syscallNum\":1");
    test_lines_delete(&lines[1], line);
    compare();
    expect_kind(RECORD);
    cr_expect_eq(diff.crank, 34);
    cr_expect(has_word(diff.entry.text[0], "\"syscallNum\":1"));
    line = test_lines_find(&lines[1], 0,
                           "\"type\":\"crank-finish\",\"crankType\":\"delivery\",\"crankNum\":33");
    test_lines_delete(&lines[1], line);
    compare();
    cr_expect(is_noted("crank 33 is not in"), "%s", diff.notes.count ? diff.notes.at[0].p : "");
}

/* ---- slogs */

Test(diff, slogs_of_two_nodes_are_the_same_whatever_their_times) {
    to_slogs();
    test_lines_insert(&lines[1], 40, "{\"type\":\"something-new\",\"who\":[\"knows\"]}");
    test_lines_insert(&lines[1], 300,
                      "{\"type\":\"deliver\",\"crankNum\":1,\"vatID\":\"v1\",\"replay\":true}");
    size_t line = test_lines_find(&lines[1], 0, "\"timestamps\":[]");
    test_lines_replace(&lines[1], line, "\"timestamps\":[]", "\"timestamps\":[1.5]");
    line = test_lines_find(&lines[1], 0, "\"allocate\":1000");
    test_lines_replace(&lines[1], line, "\"allocate\":1000", "\"allocate\":1008");
    compare();
    expect_kind(SAME);
    cr_expect_eq(diff.compared, 507);
}

Test(diff, a_slog_names_the_syscall_and_the_key_that_it_writes) {
    test_lines_replace(&lines[1],
                       test_lines_find(&lines[1], test_log_crank(&lines[1], 299),
                                       "\"ksc\":[\"vatstoreSet\",\"v1\",\"k.z17\",\"v"),
                       "\"k.z17\",\"v", "\"k.z17\",\"X");
    test_lines_replace(&lines[1],
                       test_lines_find(&lines[1], test_log_crank(&lines[1], 299),
                                       "\"k\":\"v1.vs.k.z17\""),
                       "\"v\":\"v", "\"v\":\"X");
    test_log_rehash(&lines[1]);
    to_slogs();
    compare();
    expect_kind(STATE);
    cr_expect_eq(diff.crank, 299);
    cr_expect(diff.writes_inferred);
    expect_text(diff.entry.by[1], "syscall 2 (vatstoreSet) of v1's delivery 77");
    expect_text(diff.write.key, "v1.vs.k.z17");
    cr_assert_eq(diff.keys.count, 1);
    expect_text(diff.keys.at[0].value[1], "X322659");
}

Test(diff, writes_that_a_slog_does_not_show_are_said_to_be_unseen) {
    test_lines_replace(&lines[1], in_crank_34("\"k\":\"v2.reapDirt\""), "\\\"deliveries\\\":1",
                       "\\\"deliveries\\\":2");
    test_log_rehash(&lines[1]);
    to_slogs();
    compare();
    expect_kind(UNSEEN);
    cr_expect_eq(diff.crank, 34);
    cr_expect_eq(diff.ancestors.count, 3);
}

Test(diff, a_slog_and_a_recording_are_compared_by_their_hashes) {
    test_lines_replace(&lines[1], in_crank_34("\"k\":\"v2.reapDirt\""), "\\\"deliveries\\\":1",
                       "\\\"deliveries\\\":2");
    test_log_rehash(&lines[1]);
    test_log_to_slog(&lines[1], 1);
    compare();
    expect_kind(UNSEEN);
    cr_expect_eq(diff.crank, 34);
    cr_expect_eq(diff.same_crank, 33);
}

Test(diff, a_log_that_is_cut_short_is_the_same_as_far_as_it_goes) {
    struct sim_input_error error;
    to_slogs();
    struct vk_str text = test_lines_text(&lines[1]);
    paths[0] = test_log_write(&folder, "a", &lines[0]);
    paths[1] = test_folder_file(&folder, "b");
    test_file_write(paths[1], (struct vk_str){text.p, text.n / 2});
    cr_assert_eq(compare_paths(&error), VK_OK);
    expect_kind(SAME);
    cr_expect(is_noted("is cut off after line"));
    cr_expect(is_noted("ends with crank"));
    cr_expect_gt(diff.compared, 200);
    cr_expect_lt(diff.compared, 300);
}

Test(diff, a_compressed_log_that_is_cut_short_is_read_as_far_as_it_goes) {
    struct sim_input_error error;
    struct vk_str text = test_lines_text(&lines[1]);
    paths[0] = test_log_write(&folder, "a", &lines[0]);
    paths[1] = test_folder_file(&folder, "b.gz");
    struct vk_str packed = test_compress(&lines[1].arena, text, ARCHIVE_FILTER_GZIP);
    test_file_write(paths[1], packed);
    cr_assert_eq(compare_paths(&error), VK_OK);
    expect_kind(SAME);
    cr_expect_eq(diff.compared, 507);
    test_file_write(paths[1], (struct vk_str){packed.p, packed.n * 3 / 4});
    cr_assert_eq(compare_paths(&error), VK_OK, "%s", error.what);
    expect_kind(SAME);
    cr_expect(is_noted("is cut off"));
}

/* ---- nodes that restarted */

/* Cranks `from` to `to` of side 1 once more, behind themselves. */
static void run_again(uint64_t from, uint64_t to) {
    char text[80];
    snprintf(text, sizeof text,
             "\"type\":\"crank-start\",\"crankType\":\"delivery\",\"crankNum\":%llu,",
             (unsigned long long)from);
    size_t begin = test_lines_find(&lines[1], 0, text);
    snprintf(text, sizeof text, "\"crankNum\":%llu,\"messageType\":\"", (unsigned long long)to);
    size_t end = test_lines_find(&lines[1], begin, text);
    end = test_lines_find(&lines[1], end + 1, "\"type\":\"crank-finish\"");
    for (size_t i = end; i >= begin; i--) {
        char *line = strndup(lines[1].lines.at[i].p, lines[1].lines.at[i].n);
        test_lines_insert(&lines[1], end + 1, line);
        free(line);
    }
}

static void forget_commits(void) {
    for (size_t i = lines[1].lines.count; i-- > 0;)
        if (has_word(lines[1].lines.at[i], "commit-block-finish")) test_lines_delete(&lines[1], i);
}

Test(diff, a_node_that_goes_back_behind_a_commit_is_said_to) {
    to_slogs();
    run_again(34, 40);
    compare();
    expect_kind(SAME);
    cr_expect(is_noted("goes back behind a commit"));
}

Test(diff, what_a_node_runs_again_replaces_what_it_had_not_committed) {
    to_slogs();
    forget_commits();
    run_again(34, 40);
    size_t line = test_lines_find(&lines[1], 0, "\"compute\":147");
    test_lines_replace(&lines[1], line, "\"compute\":147", "\"compute\":148"); /* the first time */
    compare();
    expect_kind(SAME);
    cr_expect_eq(diff.sides[1].restarts, 1);
    cr_expect_eq(diff.sides[1].repeated, 7, "%llu", (unsigned long long)diff.sides[1].repeated);
    line = test_lines_find(&lines[1], line + 1, "\"compute\":147");
    test_lines_replace(&lines[1], line, "\"compute\":147", "\"compute\":149"); /* the second time */
    compare();
    expect_kind(METER);
    cr_expect_eq(diff.crank, 34);
    cr_expect(has_word(diff.entry.text[1], "\"compute\":149"));
}

Test(diff, a_crank_that_was_begun_anew_is_told_of_once) {
    to_slogs();
    size_t begin =
        test_lines_find(&lines[1], 0,
                        "\"type\":\"crank-start\",\"crankType\":\"delivery\",\"crankNum\":34,");
    for (size_t i = 0; i < 6; i++) {
        char *line = strndup(lines[1].lines.at[begin + 5].p, lines[1].lines.at[begin + 5].n);
        test_lines_insert(&lines[1], begin, line);
        free(line);
    }
    compare();
    expect_kind(SAME);
}

Test(diff, logs_that_share_no_beginning_are_compared_from_the_first_crank_that_both_have) {
    to_slogs();
    lines[1].lines.count -= 500;
    memmove(lines[1].lines.at, lines[1].lines.at + 500,
            lines[1].lines.count * sizeof *lines[1].lines.at);
    compare();
    expect_kind(SAME);
    cr_expect(is_noted("cranks before the other"));
}

Test(diff, states_that_differ_before_the_logs_begin_are_said_to) {
    test_lines_replace(&lines[1], in_crank_34("\"k\":\"v2.reapDirt\""), "\\\"deliveries\\\":1",
                       "\\\"deliveries\\\":2");
    test_log_rehash(&lines[1]);
    to_slogs();
    lines[1].lines.count -= 500;
    memmove(lines[1].lines.at, lines[1].lines.at + 500,
            lines[1].lines.count * sizeof *lines[1].lines.at);
    compare();
    expect_kind(EARLIER);
}

/* ---- sizes */

static void write_chain(const char *path, uint64_t cranks, uint64_t other) {
    FILE *out = fopen(path, "w");
    cr_assert_not_null(out);
    for (uint64_t i = 0; i < cranks; i++)
        fprintf(
            out,
            "{\"type\":\"crank-finish\",\"crankNum\":%llu,\"crankhash\":\"%064llx\",\"activityhash\":\"%064llx\"}\n",
            (unsigned long long)i, (unsigned long long)i + (i == other),
            (unsigned long long)i * 3 + (i >= other));
    fclose(out);
}

Test(diff, finds_a_late_crank_beyond_the_window_in_a_log_without_commits) {
    struct sim_input_error error;
    const uint64_t cranks = LOG_SCAN_WINDOW * 2 + 100;
    paths[0] = test_folder_file(&folder, "a");
    paths[1] = test_folder_file(&folder, "b");
    write_chain(paths[0], cranks, UINT64_MAX);
    write_chain(paths[1], cranks, cranks - 20);
    cr_assert_eq(compare_paths(&error), VK_OK);
    cr_expect_eq(diff.crank, cranks - 20);
    cr_expect_eq(diff.same_crank, cranks - 21);
    cr_expect(sim_divergence_differs(diff.kind));
}

/* ---- bad input */

Test(diff, what_is_no_log_is_refused_with_its_line) {
    struct sim_input_error error;
    paths[0] = test_log_write(&folder, "a", &lines[0]);
    paths[1] = test_folder_file(&folder, "b");
    test_file_write(paths[1], VK_STR("hello\nworld\n"));
    cr_expect_eq(compare_paths(&error), VK_ERR_SYNTAX);
    cr_expect_eq(error.line, 1);
    test_file_write(paths[1], VK_STR(""));
    cr_expect_eq(compare_paths(&error), VK_ERR_SYNTAX);
    paths[1] = test_folder_file(&folder, "nobody");
    cr_expect_eq(compare_paths(&error), VK_ERR_DISK);
}

/* ---- plans */

/* alice's third message makes her read the clock, which is another one on each replica. */
static const char plan_text[] = "crankcase-plan 1\n"
                                "replica\n"
                                "replica slowness=3\n"
                                "program talks\n"
                                "  turn\n"
                                "    store-set key=1\n"
                                "  turn\n"
                                "    send root new result\n"
                                "  turn\n"
                                "    store-set key=2\n"
                                "    read-clock\n"
                                "vat boot talks\n"
                                "vat alice talks\n"
                                "bootstrap boot\n"
                                "block after=5000\n"
                                "  send alice\n"
                                "block after=5000\n"
                                "  send alice\n"
                                "fault 1 host-restart at=1\n";

static void run_plan(struct sim_traced_run *run, const char *text) {
    struct sim_plan plan;
    struct sim_plan_error error;
    cr_assert_eq(sim_plan_read(&plan, vk_heap_system(), vk_str(text), &error), VK_OK, "%zu: %s",
                 error.line, error.what);
    cr_assert_eq(sim_traced_run(run, &plan, NULL), VK_OK, "%s", vk_err_origin()->text);
    sim_plan_release(&plan);
}

Test(diff, replicas_of_a_plan_are_explained_down_to_the_syscall_and_the_fault) {
    struct sim_traced_run run;
    const struct sim_diff_logs logs = {0};
    struct sim_input_error error;
    int side;
    run_plan(&run, plan_text);
    cr_assert_eq(sim_diff_replicas(&run, "my.plan", &logs, &diff, &side, &error), VK_OK, "%s",
                 error.what);
    sim_traced_run_release(&run);
    expect_kind(STATE);
    expect_text(diff.sides[1].name, "replica 1 of my.plan");
    expect_text(diff.write.key, "v3.vs.clock");
    cr_expect(has_word(diff.write.by[0], "(vatstoreSet) of v3's delivery"));
    cr_assert_eq(diff.keys.count, 1);
    cr_assert_gt(diff.ancestors.count, 2);
    const struct sim_ancestor *root = &diff.ancestors.at[diff.ancestors.count - 1];
    cr_expect(root->is_host && has_word(root->text, "the host's input"));
    bool is_told = false;
    for (size_t i = 0; i < diff.events.count; i++)
        is_told = is_told || (diff.events.at[i].side == 1 && diff.events.at[i].is_fault &&
                              has_word(diff.events.at[i].text, "host-restart struck"));
    cr_expect(is_told, "of %zu events", diff.events.count);
}

Test(diff, replicas_that_agree_under_faults_are_the_same) {
    struct sim_traced_run run;
    const struct sim_diff_logs logs = {0};
    struct sim_input_error error;
    int side;
    char path[1024];
    snprintf(path, sizeof path, "%s/corpus/plans/three-replicas.plan", TEST_SOURCE_DIR);
    struct vk_str text = test_file_read(path);
    char *copy = strndup(text.p, text.n);
    run_plan(&run, copy);
    cr_assert_eq(sim_diff_replicas(&run, "p", &logs, &diff, &side, &error), VK_OK);
    sim_traced_run_release(&run);
    expect_kind(SAME);
    cr_expect_gt(diff.compared, 100);
    cr_expect_gt(diff.sides[0].restarts + diff.sides[1].restarts, 0);
    free(copy);
    free((void *)(uintptr_t)text.p);
}

/* ---- databases */

/* The databases of a run's replicas, which the folder then has as a and b. */
static void take_databases(void) {
    struct sim_traced_run run;
    char path[SIM_TRACED_PATH], file[SIM_TRACED_PATH + 32];
    static const char *const names[] = {"a", "b"};
    const char *clock = strstr(plan_text, "    read-clock\n");
    char text[sizeof plan_text];
    snprintf(text, sizeof text, "%.*s%s", (int)(clock - plan_text), plan_text,
             clock + strlen("    read-clock\n"));
    run_plan(&run, text);
    for (uint32_t i = 0; i < 2; i++) {
        sim_traced_path(&run, i, path);
        snprintf(file, sizeof file, "%s/swingstore.sqlite", path);
        paths[i] = test_folder_file(&folder, names[i]);
        struct vk_str bytes = test_file_read(file);
        cr_assert(bytes.p, "%s", file);
        test_file_write(paths[i], bytes);
        free((void *)(uintptr_t)bytes.p);
    }
    sim_traced_run_release(&run);
}

static void compare_databases(void) {
    struct sim_input_error error;
    int side;
    sim_divergence_release(&diff);
    sim_divergence_init(&diff);
    cr_assert_eq(sim_diff_databases(paths, &diff, &side, &error), VK_OK, "%s", error.what);
}

Test(diff, databases_of_one_run_are_the_same) {
    take_databases();
    compare_databases();
    expect_kind(SAME);
}

Test(diff, a_key_of_a_database_is_decoded) {
    struct test_store store;
    take_databases();
    test_store_open(&store, paths[1], VK_STORE_DIRECT);
    test_set(&store, "ko21.refCount", "9,9");
    test_ok(vk_store_commit(store.store));
    test_store_close(&store);
    compare_databases();
    expect_kind(STATE);
    cr_assert_eq(diff.keys.count, 1);
    expect_text(diff.keys.at[0].meaning, "the reachable,recognizable refcount of ko21");
    expect_text(diff.keys.at[0].value[1], "9,9");
    cr_expect(is_noted("the activityhash is the same"));
}

Test(diff, a_transcript_of_a_database_differs_in_a_delivery) {
    struct test_store store;
    take_databases();
    for (int i = 0; i < 2; i++) {
        test_store_open(&store, paths[i], VK_STORE_DIRECT);
        test_ok(vk_transcript_add(store.store, VK_STR("v2"),
                                  VK_STR("{\"d\":[\"notify\",[]],\"sc\":[],\"r\":{}}")));
        test_ok(vk_transcript_add(
            store.store, VK_STR("v2"),
            i ? VK_STR("{\"d\":[\"message\"],\"sc\":[{\"s\":[\"exit\"],\"r\":1}],\"r\":{}}")
              : VK_STR("{\"d\":[\"message\"],\"sc\":[{\"s\":[\"send\"],\"r\":1}],\"r\":{}}")));
        test_ok(vk_store_commit(store.store));
        test_store_close(&store);
    }
    compare_databases();
    expect_kind(STATE);
    cr_assert(diff.entry.present);
    expect_text(diff.vat, "v2");
    cr_expect(has_word(diff.entry.by[0], "syscall 0 (send) of its message"), "%s",
              diff.entry.by[0].p);
}

Test(diff, what_is_no_database_is_refused) {
    struct sim_input_error error;
    int side;
    take_databases();
    test_file_write(paths[1], VK_STR("SQLite format 3\0and then nothing that makes sense"));
    cr_expect_neq(sim_diff_databases(paths, &diff, &side, &error), VK_OK);
    cr_expect_eq(side, 1);
}
