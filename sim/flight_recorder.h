/* flight_recorder.h - the newest slog entries, in a file that outlives the process however that ends.
 *
 * A trace sink over another: it keeps slog entries and hands every event on. The file is a ring that is mapped into
 * memory, so that an entry costs a copy and no system call, and what was written is there after an assertion, a
 * signal or a kill (not after a power cut: nothing is synced). Layout: sim_flight_header, then the ring's bytes,
 * the newest of which end at `written` modulo `capacity`; a line each, in JSON.
 *
 * INV-FLIGHT-1  `written` moves only when all of a line is in place: a process that dies leaves whole lines.
 * INV-FLIGHT-2  It changes nothing but its file, and fails nothing: a line larger than the ring is left out.
 */
#ifndef SIM_FLIGHT_RECORDER_H
#define SIM_FLIGHT_RECORDER_H

#include "vk/ports.h"

#define SIM_FLIGHT_MAGIC "crankcase-slog1\n"

struct sim_flight_header {
    char magic[16];
    uint64_t capacity;
    _Atomic uint64_t written;
    char unused[32];
};

enum { SIM_FLIGHT_BYTES_MIN = 4096, SIM_FLIGHT_BYTES = 1024 * 1024 };

struct sim_flight;

/* Goes on with the ring that the file holds, if it is one of that size; else makes it anew. VK_ERR_DISK, saying which
 * file and why. */
enum vk_err sim_flight_open(const char *path, size_t bytes, struct sim_flight **out) VK_MUST_CHECK;
/* NULL is allowed. The file stays. */
void sim_flight_close(struct sim_flight *flight);
/* To be given every event of a store's trace; keeps those of the slog. */
void sim_flight_event(struct sim_flight *flight, const struct vk_trace_event *event);
/* Notes that a kernel is about to be opened: "kernel-start". */
void sim_flight_start(struct sim_flight *flight);
/* Notes that the kernel halted, and why: an entry of its own, "kernel-halt". */
void sim_flight_halt(struct sim_flight *flight, const struct vk_err_origin *origin);
/* While this thread is in a kernel whose flight is recorded (NULL: no longer): a failed assertion is noted there before
 * the process ends. */
void sim_flight_use(struct sim_flight *flight);

/* What a ring of `bytes` (a whole file) holds, in order and from a line's beginning on, in `arena`. VK_ERR_SYNTAX if it
 * is no ring. */
enum vk_err sim_flight_unroll(struct vk_arena *arena, struct vk_str bytes, struct vk_str *text)
    VK_MUST_CHECK;
/* Whether a file that begins so is a ring at all. */
bool sim_flight_is_ring(struct vk_str bytes);

#endif
