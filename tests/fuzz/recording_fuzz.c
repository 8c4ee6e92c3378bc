/* recording_fuzz.c - any bytes at all, given to the reader of recordings: taken or refused in one
 * line, never a crash.
 *
 * What is taken is run, for a recording may be well-formed and still say of its host and its vats
 * what no kernel's recorder would have seen. It is run as `crankcase replay` does, and once more
 * without comparison, when nothing stops a run at the first difference; and it is audited.
 */
#include "sim/audit_recording.h"
#include "sim/replay_diff.h"
#include "sim/replay_run.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_SIZE_MAX = 128 * 1024 };

static void print_difference(const struct sim_recording *recording, const struct sim_diff *diff) {
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    if (!out) return;
    sim_diff_print(diff, recording, "fuzz", "fuzz.jsonl", out, true);
    fclose(out);
    free(text);
}

static void run(const struct sim_recording *recording, const struct sim_replay_options *options) {
    struct sim_replay_result result;
    struct sim_replay *replay = sim_replay_prepare(recording, options);
    if (!replay) return;
    sim_replay_run(replay, &result);
    VK_ASSERT((result.outcome == SIM_DIFFERENT) == (result.diff != NULL));
    VK_ASSERT((result.outcome == SIM_UNUSABLE || result.outcome == SIM_FAILED) ==
              (result.error[0] != '\0'));
    if (result.diff) print_difference(recording, result.diff);
    sim_replay_release(replay);
}

static void audit(const struct sim_recording *recording) {
    const struct sim_audit_options options = {.heap = vk_heap_system()};
    struct sim_audit_report report;
    struct sim_audit_place place;
    enum vk_err err = sim_audit_recording(recording, &options, false, &place, &report);
    VK_ASSERT(err != VK_ERR_DISK && err != VK_ERR_NOMEM); /* nothing that an input may cause */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct sim_recording *recording;
    struct sim_input_error error;
    const struct vk_str bytes = {(const char *)data, size};
    if (size > INPUT_SIZE_MAX) return 0;
    if (sim_recording_read_memory(bytes, &recording, &error) != VK_OK) {
        VK_ASSERT(error.what[0] && !strchr(error.what, '\n'));
        return 0;
    }
    enum vk_store_mode mode = size % 2 ? VK_STORE_DIRECT : VK_STORE_WRITE_BACK;
    run(recording, &(struct sim_replay_options){.mode = mode, .vats_online_max = 2});
    run(recording, &(struct sim_replay_options){.mode = mode, .without_comparison = true});
    audit(recording);
    sim_recording_free(recording);
    return 0;
}
