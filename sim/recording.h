/* recording.h - one recorded run of a kernel: its events in order, as they were written down.
 *
 * A recording is one JSON object a line (corpus/recordings/FORMAT.md), compressed or not. It is
 * read whole, checked, decoded once, and never changed afterwards.
 *
 * INV-RECORDING-1  Events stand in the order of the file's lines; each knows its line.
 * INV-RECORDING-2  All texts live in the recording's arena, until sim_recording_free.
 * INV-RECORDING-3  A recording that was returned is well-formed: cranks are bracketed, every field
 *                  has its type.
 *
 * What belongs together (cranks, deliveries, syscalls, transcript items) is found in
 * recording_index.h. Whether any of it is what a kernel should have done is for replay_run.h to
 * say.
 */
#ifndef SIM_RECORDING_H
#define SIM_RECORDING_H

#include "array.h"
#include "line_reader.h"
#include "vk/store.h"

struct sim_event {
    enum vk_trace_type type;
    /* Not compared: an slog entry of a kind that is no consensus, or of a worker that is being
     * replayed. */
    bool is_passed_over;
    /* In a crank: undone by a later roll-back, or by the kernel's end. */
    bool is_undone;
    bool done; /* tdel */
    size_t line;
    struct vk_str key;      /* as struct vk_trace_event */
    struct vk_str value;    /* absent where the type has none */
    uint64_t budget, count; /* tdel */
};

struct sim_index;

struct sim_recording {
    struct vk_arena arena;
    struct {
        SIM_ARRAY(struct sim_event);
    } events;
    bool has_slog;
    struct sim_index *index;
};

/* Reads a file. Besides VK_ERR_NOMEM, every error means that the file is no whole recording, and
 * says why in *error. On failure *out is NULL and nothing is left behind. */
enum vk_err sim_recording_read(const char *path, struct sim_recording **out,
                               struct sim_input_error *error) VK_MUST_CHECK;
/* The same for a file's bytes in memory; they are not needed afterwards. */
enum vk_err sim_recording_read_memory(struct vk_str bytes, struct sim_recording **out,
                                      struct sim_input_error *error) VK_MUST_CHECK;
/* NULL is allowed. */
void sim_recording_free(struct sim_recording *recording);

/* Whether an slog entry is left out of the comparison: by its type, or because a worker made it
 * while it was brought online again. `entry` is its JSON text. */
bool sim_slog_is_passed_over(struct vk_str type, struct vk_str entry);

/* The word that the file has for an event type ("set", "titem"). */
const char *sim_event_word(enum vk_trace_type type);

#endif
