/* slog_index.h - the cranks of a slog: of each its hashes, where it stands, and the event that it took off a queue.
 *
 * INV-SLOG-INDEX-1  Cranks come in ascending order, each once (log_scan.h).
 */
#ifndef SIM_SLOG_INDEX_H
#define SIM_SLOG_INDEX_H

#include "array.h"
#include "log_scan.h"
#include "vk/arena.h"

struct sim_slog_crank {
    struct sim_log_unit unit;
    bool is_routing;
    bool to_root;                /* a vat's root object is delivered to */
    struct vk_str type, message; /* the event's type, and its JSON */
    struct vk_str vat;           /* that is delivered to first; absent: none */
};

struct sim_slog_index {
    struct vk_arena arena; /* holds all texts */
    struct {
        SIM_ARRAY(struct sim_slog_crank);
    } cranks;
};

void sim_slog_index_init(struct sim_slog_index *index);
void sim_slog_index_release(struct sim_slog_index *index);
enum vk_err sim_slog_index_read(struct sim_slog_index *index, const char *slog,
                                struct sim_input_error *error) VK_MUST_CHECK;
/* The crank, from `at` on, that routes what stands `behind` places behind the acceptance queue's head; NULL: the slog
 * ends before. */
const struct sim_slog_crank *sim_slog_index_routed(const struct sim_slog_index *index, size_t at,
                                                   uint64_t behind);
/* The vat whose root object `kref` is, if a delivery from `at` on says so. */
struct vk_str sim_slog_index_root_vat(const struct sim_slog_index *index, size_t at,
                                      struct vk_str kref);

#endif
