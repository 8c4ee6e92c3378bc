/* replay_diff.h - the first difference between a recording and its replay, kept and told.
 *
 * Told as plain text to be pasted in a bug report: where (crank, vat, delivery, syscall, write),
 * expected and got under each other with the first differing byte marked, what the key means, and
 * the writes before it. Or as one JSON object.
 *
 * INV-DIFF-1  Only the first difference of a run is kept; what follows from it is not told.
 */
#ifndef SIM_REPLAY_DIFF_H
#define SIM_REPLAY_DIFF_H

#include "recording_index.h"

#include <stdio.h>

struct sim_replay;

/* What differs, with the words for it. */
#define SIM_DIFF_KINDS(X)                                                                          \
    X(NONE, "none", "no difference")                                                               \
    X(EVENT, "event", "the kernel did something else")                                             \
    X(EXTRA, "extra", "the kernel did more than the recording shows")                              \
    X(MISSING, "missing", "the kernel did not do what the recording shows")                        \
    X(DELIVERY, "delivery", "the translated delivery differs")                                     \
    X(EXTRA_DELIVERY, "extra-delivery", "the kernel makes a delivery that was not recorded")       \
    X(SYSCALL_RESULT, "syscall-result", "the syscall's result differs")                            \
    X(REPLAYED_DELIVERY, "replayed-delivery",                                                      \
      "a worker that is brought online again is given something else")                             \
    X(REPLAYED_RESULT, "replayed-result",                                                          \
      "a syscall of a worker that is brought online again gets another result")                    \
    X(DEVICE, "device", "a device's effect cannot be taken from the recording")                    \
    X(STOPPED, "stopped", "the kernel stopped, and the recording goes on")                         \
    X(NO_PANIC, "no-panic", "the kernel went on, and the recording's kernel panicked here")        \
    X(HOST, "host", "what the host did could not be applied")                                      \
    X(WORKERS, "workers", "the kernel left workers running")                                       \
    X(ACTIVITYHASH, "activityhash", "the final activityhash differs")                              \
    X(SPAN, "span", "a transcript span differs")                                                   \
    X(LOST, "lost", "after a crash the database does not hold what was committed")

enum sim_diff_kind {
#define SIM_DIFF_ENUM(name, word, text) SIM_DIFF_##name,
    SIM_DIFF_KINDS(SIM_DIFF_ENUM)
#undef SIM_DIFF_ENUM
};

/* One side: a trace event, or a text alone (then type is absent). */
struct sim_diff_side {
    bool is_event;
    struct vk_trace_event event; /* value: the text, if it is no event */
};

struct sim_diff {
    enum sim_diff_kind kind;
    const struct sim_crank *crank;       /* NULL: between cranks */
    const struct sim_delivery *delivery; /* the last one of the crank, or NULL */
    bool delivery_is_over;
    const struct sim_call *call; /* in hand, or NULL */
    size_t call_number;
    size_t at;    /* the recorded event that was due; recording's event count: its end */
    size_t write; /* so many writes of the crank came before */
    struct sim_diff_side expected, got;
    struct vk_str detail; /* one more sentence, or absent */
};

/* Keeps a difference (copies `expected` and `got`) and raises VK_ERR_TRACE. Keeps the first
 * only. */
enum vk_err replay_diff_keep(struct sim_replay *replay, enum sim_diff_kind kind,
                             const struct sim_diff_side *expected, const struct sim_diff_side *got,
                             const char *detail, ...) __attribute__((format(printf, 5, 6)))
VK_MUST_CHECK;
/* For two texts. */
enum vk_err replay_diff_keep_texts(struct sim_replay *replay, enum sim_diff_kind kind,
                                   struct vk_str expected, struct vk_str got) VK_MUST_CHECK;

/* Prints it. `name` is what to call the recording, `file` where it is. */
void sim_diff_print(const struct sim_diff *diff, const struct sim_recording *recording,
                    const char *name, const char *file, FILE *out, bool colours);
/* The same, without colours, as much of it as fits: for reports. */
enum { SIM_DIFF_TOLD_MAX = 2500 };
void sim_diff_tell(const struct sim_diff *diff, const struct sim_recording *recording,
                   const char *name, const char *file, char text[SIM_DIFF_TOLD_MAX]);
/* Appends {"kind":...,"crank":...,...}. */
void sim_diff_write_json(const struct sim_diff *diff, const struct sim_recording *recording,
                         struct vk_buf *buf);
/* Prints the same, without a line's end; nothing if there is no memory. */
void sim_diff_print_json(const struct sim_diff *diff, const struct sim_recording *recording,
                         FILE *out);

#endif
