/* testing_slog.c - see testing_slog.h. */
#include "testing_slog.h"

#include "sim/replay_run.h"

#include <criterion/criterion.h>
#include <stdio.h>

bool test_slog_has(struct vk_str text, const char *word) {
    size_t n = strlen(word);
    for (size_t i = 0; text.p && i + n <= text.n; i++)
        if (memcmp(text.p + i, word, n) == 0) return true;
    return false;
}

size_t test_slog_line(const struct test_lines *lines, const char *text, size_t nth) {
    for (size_t i = 0; i < lines->lines.count; i++)
        if (vk_str_eq(lines->lines.at[i], vk_str(text)) && nth-- == 1) return i;
    return SIZE_MAX;
}

static bool is_finish(struct vk_str line) {
    return vk_str_starts(line, VK_STR("{\"t\":\"slog\",\"type\":\"crank-finish\"")) ||
           vk_str_starts(line, VK_STR("{\"type\":\"crank-finish\""));
}

size_t test_slog_cranks(const struct test_lines *lines) {
    size_t count = 0;
    for (size_t i = 0; i < lines->lines.count; i++)
        count += is_finish(lines->lines.at[i]);
    return count;
}

size_t test_slog_behind_crank(const struct test_lines *lines, size_t nth) {
    for (size_t i = 0; i < lines->lines.count; i++) {
        if (!is_finish(lines->lines.at[i]) || --nth > 0) continue;
        while (!vk_str_eq(lines->lines.at[i], VK_STR("{\"t\":\"endCrank\"}")))
            i++;
        return i + 1;
    }
    return SIZE_MAX;
}

/* The last activityhash that the slog has. */
static void find_hash(struct test_slog *cut, const struct test_lines *lines) {
    const struct vk_str name = VK_STR("\"activityhash\":\"");
    cut->activityhash[0] = '\0';
    for (size_t i = lines->lines.count; i-- > 0 && !cut->activityhash[0];) {
        struct vk_str line = lines->lines.at[i];
        for (size_t at = 0; is_finish(line) && at + name.n + VK_HASH_HEX <= line.n; at++)
            if (vk_str_starts(vk_str_from(line, at), name))
                snprintf(cut->activityhash, VK_HASH_HEX, "%s", line.p + at + name.n);
    }
}

static void make_database(const char *path, struct test_lines *lines, size_t end) {
    const struct sim_replay_options options = {.mode = VK_STORE_WRITE_BACK, .path = path};
    const size_t all = lines->lines.count;
    struct sim_replay_result ran;
    lines->lines.count = end;
    struct sim_recording *recording = test_lines_recording(lines);
    lines->lines.count = all;
    struct sim_replay *replay = sim_replay_prepare(recording, &options);
    cr_assert_not_null(replay);
    sim_replay_run(replay, &ran);
    cr_assert_eq(ran.outcome, SIM_MET, "%s", ran.error);
    sim_replay_release(replay);
    sim_recording_free(recording);
}

void test_slog_cut(struct test_slog *cut, const struct test_folder *folder,
                   struct test_lines *lines, size_t end) {
    cut->database = test_folder_file(folder, "swingstore.sqlite");
    remove(cut->database);
    make_database(cut->database, lines, end);
    test_log_to_slog(lines, 1);
    find_hash(cut, lines);
    cut->slog = test_log_write(folder, "slog", lines);
}

void test_slog_replay(const struct test_slog *cut, const char *told,
                      struct sim_slog_result *result) {
    struct sim_slog_told known;
    struct sim_input_error error;
    struct sim_plan_error wrong;
    bool of_database;
    sim_slog_told_init(&known);
    cr_assert_eq(sim_slog_told_read(&known, vk_str(told), &wrong), VK_OK, "%zu: %s", wrong.line,
                 wrong.what);
    cr_assert_eq(sim_slog_replay(cut->database, cut->slog, &known, result, &of_database, &error),
                 VK_OK, "%zu: %s", error.line, error.what);
    sim_slog_told_release(&known);
}
