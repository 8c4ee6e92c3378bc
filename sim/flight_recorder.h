/* flight_recorder.h - the newest of what a kernel was in the midst of, in a ring that outlives its process.
 *
 * Takes the moments that a kernel tells its trace (vk/ports.h) and keeps them as they come: a moment costs a copy of its
 * texts, no system call and nothing of the kernel's memory, and so it is always on. The ring lies in a file that is
 * mapped, in memory that several processes share, or in the process's own; what was written is there after an assertion,
 * a signal or a kill (not, in a file, after a power cut: nothing is synced). It is read as the lines of a slog.
 *
 * Layout: sim_flight_header, then the ring's bytes: records, of which the oldest begins at `oldest` modulo `capacity`, and
 * the newest ends at `written`.
 *
 * INV-FLIGHT-1  `oldest` moves before a record is written over, `written` when all of one is in place: a process that dies
 *               leaves whole records, and the newest are what is left.
 * INV-FLIGHT-2  It changes nothing but its ring, and fails nothing: a text larger than an eighth of the ring is left out
 *               of its record.
 */
#ifndef SIM_FLIGHT_RECORDER_H
#define SIM_FLIGHT_RECORDER_H

#include "vk/ports.h"

#define SIM_FLIGHT_MAGIC "crankcase-slog2\n"

struct sim_flight_header {
    char magic[16];
    uint64_t capacity;
    _Atomic uint64_t oldest;
    _Atomic uint64_t written;
    char unused[24];
};

/* Of the ring; a multiple of 8. */
enum {
    SIM_FLIGHT_BYTES_MIN = 4096,
    SIM_FLIGHT_BYTES = 64 * 1024,
    SIM_FLIGHT_FILE_BYTES = 1024 * 1024
};

struct sim_flight;

/* Goes on with the ring that the file holds, if it is one of that size; else makes it anew. VK_ERR_DISK, saying which
 * file and why. */
enum vk_err sim_flight_open(const char *path, size_t bytes, struct sim_flight **out) VK_MUST_CHECK;
/* A new ring in `memory`, of sizeof(struct sim_flight_header) + `bytes` and aligned to 8, which stays its owner's; in
 * memory of its own if that is NULL. NULL: no memory. */
struct sim_flight *sim_flight_new(void *memory, size_t bytes);
/* NULL is allowed. A file or an owner's memory stays as it is. */
void sim_flight_close(struct sim_flight *flight);
/* Header and ring, as sim_flight_unroll takes them. */
struct vk_str sim_flight_bytes(const struct sim_flight *flight);

/* The trace's `moment`. */
void sim_flight_moment(struct sim_flight *flight, const struct vk_moment *moment);
/* Notes that a kernel is about to be opened: "kernel-start". */
void sim_flight_start(struct sim_flight *flight);
/* The number of the crank that a kernel goes on with, which no moment tells. Before its first. */
void sim_flight_goes_on(struct sim_flight *flight, uint64_t crank);
/* Notes that the kernel halted, and why: an entry of its own, "kernel-halt". */
void sim_flight_halt(struct sim_flight *flight, const struct vk_err_origin *origin);
/* The number of the crank that comes next, or is being run. */
uint64_t sim_flight_crank(const struct sim_flight *flight);
/* While this thread is in a kernel whose flight is recorded (NULL: no longer): a failed assertion is noted there before
 * the process ends, and told of on standard error in a line. */
void sim_flight_use(struct sim_flight *flight);

/* What a ring (a whole file, say) holds, as lines of a slog, in `arena`. VK_ERR_SYNTAX if it is no ring. */
enum vk_err sim_flight_unroll(struct vk_arena *arena, struct vk_str bytes, struct vk_str *text)
    VK_MUST_CHECK;
/* Whether a file that begins so is a ring at all. */
bool sim_flight_is_ring(struct vk_str bytes);

#endif
