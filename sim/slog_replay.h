/* slog_replay.h - a swing-store database and a standard slog that goes on from it: every crank of the slog run again on
 * this kernel, and held to its hashes.
 *
 * A slog shows what vats did, but no write, and nothing of what the host did. That is inferred from routing cranks:
 * see slog_host.h.
 *
 * INV-SLOG-REPLAY-1  The files are only read; the kernel works on a copy.
 * INV-SLOG-REPLAY-2  Whatever was inferred, no crank is met but by its activityhash.
 *
 * A slog does not tell, and no inference finds: what a device that is none of SwingSet's own wrote to its vatstore, or
 * to its state if that is not its argument (deviceManager.js logs no syscalls of devices); which bundles the first worker
 * of a kernel runs on (their ids are hashes of their contents); several changes of kernel options at once. All that the
 * host can tell: slog_told.h.
 */
#ifndef SIM_SLOG_REPLAY_H
#define SIM_SLOG_REPLAY_H

#include "line_reader.h"
#include "slog_told.h"

enum sim_slog_outcome { SIM_SLOG_MET, SIM_SLOG_DIFFERENT };

/* A doing of the host's or of a device that was inferred. */
struct sim_inferred {
    uint64_t crank; /* before which, or in which */
    bool is_in_crank;
    struct vk_str what; /* "message ko20.foo(...), result kp41" */
    struct vk_str by;   /* "result policy logFailure, by the hash of crank 12" */
};

struct sim_slog_result {
    struct vk_arena arena;
    enum sim_slog_outcome outcome;
    uint64_t first_crank, cranks, deliveries, syscalls; /* met */
    bool is_panic; /* the kernel panics in the slog's last crank, whose hash is then not compared */
    char activityhash[VK_HASH_HEX];
    struct {
        SIM_ARRAY(struct sim_inferred);
    } inferred;
    uint64_t different_crank; /* DIFFERENT */
    struct vk_str what, expected, got;
    struct vk_str why; /* it could not be inferred; absent: nothing is known to be lacking */
};

void sim_slog_result_init(struct sim_slog_result *result);
void sim_slog_result_release(struct sim_slog_result *result);
/* `told` is what the host knows beside. An error means that the inputs do not fit together or cannot be read; *is_database says which of them. */
enum vk_err sim_slog_replay(const char *database, const char *slog,
                            const struct sim_slog_told *told, struct sim_slog_result *result,
                            bool *is_database, struct sim_input_error *error) VK_MUST_CHECK;

#endif
