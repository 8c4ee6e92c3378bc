/* slog.h - SwingSet's slog: one JSON object an event, to the trace sink, in order with the writes.
 *
 * Same types, same fields, same order of fields as kernel/slogger.js gives them. Every entry ends with `time` and
 * `monotime`, an entry that finishes something also with the `seconds` it took, all from the clock port; without
 * a clock they are left out. Where nobody listens nothing is built: callers ask vk_slog_wanted first.
 */
#ifndef VK_OBJECT_SLOG_H
#define VK_OBJECT_SLOG_H

#include "state.h"

static inline bool vk_slog_wanted(const struct vk_state *state) {
    return vk_store_wants_slog(state->store);
}

struct vk_slog_entry {
    struct vk_buf buf;
    struct vk_str type;
};

void vk_slog_begin(struct vk_slog_entry *entry, struct vk_state *state, struct vk_str type);
void vk_slog_u64(struct vk_slog_entry *entry, const char *field, uint64_t value);
void vk_slog_bool(struct vk_slog_entry *entry, const char *field, bool value);
void vk_slog_text(struct vk_slog_entry *entry, const char *field, struct vk_str value);
/* `json` absent: the field is left out, as JavaScript leaves out undefined. */
void vk_slog_json(struct vk_slog_entry *entry, const char *field, struct vk_str json);
void vk_slog_vat(struct vk_slog_entry *entry, struct vk_vat_id vat);
/* The clock's time, to be handed to vk_slog_end_since; 0 without a clock. */
uint64_t vk_slog_now_ns(const struct vk_state *state);
enum vk_err vk_slog_end(struct vk_slog_entry *entry, struct vk_state *state) VK_MUST_CHECK;

/* The same, for an entry that finishes what began at `since_ns`. */
enum vk_err vk_slog_end_since(struct vk_slog_entry *entry, struct vk_state *state,
                              uint64_t since_ns) VK_MUST_CHECK;

/* A c-list entry came or went; mode is "import", "export" or "drop". */
enum vk_err vk_slog_clist(struct vk_state *state, const char *mode, struct vk_vat_id vat,
                          struct vk_kref kref, struct vk_str vref) VK_MUST_CHECK;

#endif
