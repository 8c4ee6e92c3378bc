/* trace_log.h - everything that a node does, in a file: the lines of a recording, and between them what befell it.
 *
 * Beside a recording's lines (corpus/recordings/FORMAT.md) there are slog entries of its own: "kernel-start" and
 * "kernel-halt" around a process, "fault" where one has struck, and the beginnings of blocks. It is no recording: what
 * the node's host did between processes is not in it, and a crank that a process died in was never closed.
 *
 * INV-TRACE-LOG-1  It changes nothing but its file, and fails nothing: if that cannot be written it ends.
 * INV-TRACE-LOG-2  Its first line says that it is one; no other file has that line.
 */
#ifndef SIM_TRACE_LOG_H
#define SIM_TRACE_LOG_H

#include "faults/fault.h"
#include "vk/ports.h"

struct sim_trace_log;

/* A new file. `faults`: of the node; must outlive the log. */
enum vk_err sim_trace_log_open(const char *path, const struct fault_set *faults,
                               struct sim_trace_log **out) VK_MUST_CHECK;
/* Whether a file with this first line is such a log. */
bool sim_trace_log_is_head(struct vk_str line);
/* NULL is allowed. */
void sim_trace_log_close(struct sim_trace_log *log);
/* To be given every event of the store's trace. */
void sim_trace_log_event(struct sim_trace_log *log, const struct vk_trace_event *event);
/* A process begins, on a disk that holds the last commit of the log; `committed`: that was in doubt, and is there. */
void sim_trace_log_start(struct sim_trace_log *log, bool committed);
void sim_trace_log_halt(struct sim_trace_log *log, const struct vk_err_origin *origin);
void sim_trace_log_block(struct sim_trace_log *log, uint64_t block);

#endif
