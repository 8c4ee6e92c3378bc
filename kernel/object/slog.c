/* slog.c - see slog.h. */
#include "slog.h"

static void field_name(struct vk_slog_entry *entry, const char *field) {
    vk_buf_lit(&entry->buf, ",\"");
    vk_buf_add(&entry->buf, vk_str(field));
    vk_buf_lit(&entry->buf, "\":");
}

void vk_slog_begin(struct vk_slog_entry *entry, struct vk_state *state, struct vk_str type) {
    vk_buf_init(&entry->buf, state->arena);
    entry->type = type;
    vk_buf_lit(&entry->buf, "{\"type\":");
    vk_json_quote(&entry->buf, type);
}

void vk_slog_u64(struct vk_slog_entry *entry, const char *field, uint64_t value) {
    field_name(entry, field);
    vk_buf_u64(&entry->buf, value);
}

void vk_slog_bool(struct vk_slog_entry *entry, const char *field, bool value) {
    field_name(entry, field);
    vk_buf_add(&entry->buf, value ? VK_STR("true") : VK_STR("false"));
}

void vk_slog_text(struct vk_slog_entry *entry, const char *field, struct vk_str value) {
    field_name(entry, field);
    vk_json_quote(&entry->buf, value);
}

void vk_slog_json(struct vk_slog_entry *entry, const char *field, struct vk_str json) {
    if (!json.p) return;
    field_name(entry, field);
    vk_buf_add(&entry->buf, json);
}

void vk_slog_vat(struct vk_slog_entry *entry, struct vk_vat_id vat) {
    char text[VK_SLOT_TEXT_MAX];
    vk_slog_text(entry, "vatID", vk_vat_id_str(vat, text));
}

uint64_t vk_slog_now_ns(const struct vk_state *state) {
    return state->clock ? state->clock->now_ns(state->clock->impl) : 0;
}

/* Seconds with a fraction, without the zeros that JSON.stringify would not write. */
static void write_seconds(struct vk_slog_entry *entry, const char *field, uint64_t ns) {
    char fraction[9];
    size_t n = sizeof fraction;
    uint64_t rest = ns % 1000000000;
    field_name(entry, field);
    vk_buf_u64(&entry->buf, ns / 1000000000);
    if (!rest) return;
    for (size_t i = sizeof fraction; i > 0; i--, rest /= 10)
        fraction[i - 1] = (char)('0' + rest % 10);
    while (fraction[n - 1] == '0')
        n--;
    vk_buf_char(&entry->buf, '.');
    vk_buf_add(&entry->buf, (struct vk_str){fraction, n});
}

static enum vk_err end(struct vk_slog_entry *entry, struct vk_state *state,
                       const uint64_t *since_ns) {
    struct vk_trace_event event = {.type = VK_TRACE_SLOG, .key = entry->type};
    if (state->clock) {
        uint64_t now_ns = vk_slog_now_ns(state);
        write_seconds(entry, "time", now_ns);
        write_seconds(entry, "monotime", now_ns);
        if (since_ns) write_seconds(entry, "seconds", now_ns - *since_ns);
    }
    vk_buf_char(&entry->buf, '}');
    VK_TRY(vk_buf_finish(&entry->buf, &event.value));
    return vk_store_trace(state->store, &event);
}

enum vk_err vk_slog_end(struct vk_slog_entry *entry, struct vk_state *state) {
    return end(entry, state, NULL);
}

enum vk_err vk_slog_end_since(struct vk_slog_entry *entry, struct vk_state *state,
                              uint64_t since_ns) {
    return end(entry, state, &since_ns);
}

enum vk_err vk_slog_clist(struct vk_state *state, const char *mode, struct vk_vat_id vat,
                          struct vk_kref kref, struct vk_str vref) {
    if (!vk_slog_wanted(state)) return VK_OK;
    struct vk_slog_entry entry;
    uint64_t crank_number;
    char text[VK_SLOT_TEXT_MAX];
    VK_TRY(vk_state_require_u64(state, &crank_number, KEY(LIT("crankNumber"))));
    vk_slog_begin(&entry, state, VK_STR("clist"));
    vk_slog_u64(&entry, "crankNum", crank_number);
    vk_slog_text(&entry, "mode", vk_str(mode));
    vk_slog_vat(&entry, vat);
    vk_slog_text(&entry, "kobj", vk_kref_str(kref, text));
    vk_slog_text(&entry, "vobj", vref);
    return vk_slog_end(&entry, state);
}
