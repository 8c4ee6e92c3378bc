/* replay_resume.h - the life of a replay's host that may crash: commits, crashes, and going on from the last commit.
 *
 *                  commit                     commit
 *     start ---------*--------------------------*------------ crash
 *       ^            mark 1                     mark 2          |
 *       |                                       ^---------------'  the events since are run and compared
 *       '--- if nothing was committed               once more
 *
 * A mark says where in the recording a commit stands. It is in the database as well, in a key of the host's, for a
 * commit that fails may have become durable nevertheless: then the disk has the last word.
 *
 * INV-RESUME-1  What is counted and told of a run is the same with crashes and without.
 * INV-RESUME-2  A database holds the last commit that succeeded, or the one in doubt, and nothing else: its mark, and the
 *               hash of its state.
 * INV-RESUME-3  A commit is put off while the kernel remembers what no restart would tell it: statistics that the host
 *               moved since the last crank, vats attached without a transcript to bring them online with, a panic.
 * INV-RESUME-4  A failure is taken for a crash only if a fault has struck since the process started; never a difference
 *               from the recording.
 */
#ifndef SIM_REPLAY_RESUME_H
#define SIM_REPLAY_RESUME_H

#include "replay_run.h"

enum { DEVICES_NOTED_MAX = 64 };

/* Where in the recording a commit stands. */
struct sim_replay_mark {
    uint64_t number; /* of the commit; 0: the beginning */
    size_t at;       /* the next event */
    size_t next_crank, next_item, next_host_call;
    bool has_kernel;
    bool host_may_have_called;
    struct vk_state_hash state_hash;
    struct sim_replay_result result; /* as far as it had come */
    bool device_was_called[DEVICES_NOTED_MAX];
};

struct sim_replay_marks {
    struct sim_replay_mark committed;
    struct sim_replay_mark attempted; /* its number is 0 unless in doubt */
    uint64_t strikes;                 /* when the process started */
};

/* At the beginning of a run. */
void replay_resume_begin(struct sim_replay *replay);
/* The process has started and its store is open: `at` and the rest of the replay are set to the commit that it holds. */
enum vk_err replay_resume_recover(struct sim_replay *replay, size_t *at) VK_MUST_CHECK;

/* Whether a kernel that is opened here writes nothing as it brings vats online: the first to bring a vat online begins
 * its transcript, which in the recording a later crank did. */
bool replay_resume_may_preload(const struct sim_replay *replay);

/* Commits if that is possible here (INV-RESUME-3); `at` is the event that comes next. Without a host that may crash this is
 * vk_store_commit(). */
enum vk_err replay_resume_commit(struct sim_replay *replay, size_t at) VK_MUST_CHECK;
/* A commit of the host's own after a crank, if it wants one. No part of the recording. */
enum vk_err replay_resume_commit_own(struct sim_replay *replay, size_t at) VK_MUST_CHECK;

/* Whether the host has crashed with this error, which is then no finding about the kernel (INV-RESUME-4). */
bool replay_resume_is_crash(const struct sim_replay *replay, enum vk_err err);
/* The crashed process is gone: its host is told, and a new one may start. */
enum vk_err replay_resume_crashed(struct sim_replay *replay) VK_MUST_CHECK;

#endif
