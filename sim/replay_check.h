/* replay_check.h - the trace sink that holds each event to the recording.
 *
 * INV-CHECK-1  The only event that may differ is `local.kernelStats`, which is in no hash, and only
 *              by calls that were made and that no recording shows: a recorded device's reads of
 *              its vatstore, and, where there is no slog, the host's calls since the last crank.
 */
#ifndef SIM_REPLAY_CHECK_H
#define SIM_REPLAY_CHECK_H

#include "vk/ports.h"

struct sim_replay;

void replay_check_init(struct vk_trace *trace, struct sim_replay *replay);

/* From now on the events [begin, end) of the recording are due, and no others. */
void replay_check_expect(struct sim_replay *replay, size_t begin, size_t end);
/* All of them must have come. */
enum vk_err replay_check_done(struct sim_replay *replay) VK_MUST_CHECK;
/* The same for a crank that the kernel abandoned: `endCrank` is then the recorder's alone. */
enum vk_err replay_check_abandoned(struct sim_replay *replay) VK_MUST_CHECK;

/* After a crank: counts in the kernel the calls that INV-CHECK-1 told of. */
enum vk_err replay_check_catch_up(struct sim_replay *replay) VK_MUST_CHECK;

/* Every transcript span of the store against the recording's items. */
enum vk_err replay_check_spans(struct sim_replay *replay) VK_MUST_CHECK;

#endif
