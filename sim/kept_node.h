/* kept_node.h - what a simulated node leaves behind for its post-mortem: FOLDER/replica-N/slog, its flight recorder,
 * FOLDER/replica-N/trace.jsonl, everything that it did, and FOLDER/replica-N/swingstore.sqlite, its database.
 */
#ifndef SIM_KEPT_NODE_H
#define SIM_KEPT_NODE_H

#include "flight_recorder.h"
#include "trace_log.h"

#define SIM_KEPT_SLOG "slog"
#define SIM_KEPT_TRACE "trace.jsonl"
#define SIM_KEPT_DATABASE "swingstore.sqlite"

/* A new flight recorder; makes the folders. VK_ERR_DISK says what could not be made. */
enum vk_err sim_kept_flight(const char *folder, uint32_t replica, struct sim_flight **out)
    VK_MUST_CHECK;
/* A new trace, after the flight recorder. */
enum vk_err sim_kept_trace(const char *folder, uint32_t replica, const struct fault_set *faults,
                           struct sim_trace_log **out) VK_MUST_CHECK;
/* Copies a database that nobody has open out of the simulation. */
enum vk_err sim_kept_database(const char *folder, uint32_t replica, const struct vk_disk *from)
    VK_MUST_CHECK;

#endif
