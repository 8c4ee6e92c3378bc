/* slog_index.c - see slog_index.h. */
#include "slog_index.h"

#include "diff_crank.h"

void sim_slog_index_init(struct sim_slog_index *index) {
    *index = (struct sim_slog_index){0};
    vk_arena_init(&index->arena, vk_heap_system());
}

void sim_slog_index_release(struct sim_slog_index *index) {
    sim_array_free(index->cranks.at);
    vk_arena_release(&index->arena);
}

static bool is_to_root(const struct sim_crank_log *crank) {
    for (size_t i = 0; i < crank->entries.count; i++)
        if (crank->entries.at[i].kind == SIM_LOG_DELIVER) {
            struct vk_str delivery = sim_log_get(crank->entries.at[i].text, "vd");
            return vk_str_eq(sim_log_text(sim_log_at(delivery, 0)), VK_STR("message")) &&
                   vk_str_eq(sim_log_text(sim_log_at(delivery, 1)), VK_STR("o+0"));
        }
    return false;
}

static enum vk_err add_crank(struct sim_slog_index *index, const struct sim_log_unit *unit,
                             const struct sim_crank_log *crank) {
    struct vk_arena *arena = &index->arena;
    SIM_ARRAY_RESERVE(&index->cranks);
    struct sim_slog_crank *added = &index->cranks.at[index->cranks.count];
    *added = (struct sim_slog_crank){.unit = *unit,
                                     .is_routing = vk_str_eq(crank->crank_type, VK_STR("routing")),
                                     .to_root = is_to_root(crank)};
    if (crank->message_type.p) VK_TRY(vk_arena_copy(arena, crank->message_type, &added->type));
    if (crank->message.p) VK_TRY(vk_arena_copy(arena, crank->message, &added->message));
    if (added->to_root) VK_TRY(vk_arena_copy(arena, crank->vat, &added->vat));
    index->cranks.count++;
    return VK_OK;
}

static enum vk_err read_units(struct sim_slog_index *index, struct sim_log_scan *scan,
                              struct sim_log_file *file, struct sim_input_error *error) {
    for (;;) {
        struct sim_log_unit unit;
        struct sim_crank_log crank;
        bool more;
        VK_TRY(sim_log_scan_next(scan, &unit, &more, error));
        if (!more) return VK_OK;
        if (!sim_log_unit_is_crank(&unit)) continue;
        sim_crank_log_init(&crank);
        enum vk_err err = sim_crank_log_read_on(&crank, file, &unit, error);
        if (err == VK_OK) err = add_crank(index, &unit, &crank);
        sim_crank_log_release(&crank);
        VK_TRY(err);
    }
}

enum vk_err sim_slog_index_read(struct sim_slog_index *index, const char *slog,
                                struct sim_input_error *error) {
    struct sim_log_scan *scan;
    struct sim_log_file *file;
    VK_TRY(sim_log_scan_open(slog, &scan, error));
    enum vk_err err = sim_log_file_open(slog, &file, error);
    if (err == VK_OK) {
        err = read_units(index, scan, file, error);
        sim_log_file_close(file);
    }
    sim_log_scan_close(scan);
    return err;
}

const struct sim_slog_crank *sim_slog_index_routed(const struct sim_slog_index *index, size_t at,
                                                   uint64_t behind) {
    for (size_t i = at; i < index->cranks.count; i++)
        if (index->cranks.at[i].is_routing && behind-- == 0) return &index->cranks.at[i];
    return NULL;
}

struct vk_str sim_slog_index_root_vat(const struct sim_slog_index *index, size_t at,
                                      struct vk_str kref) {
    for (size_t i = at; i < index->cranks.count; i++) {
        const struct sim_slog_crank *crank = &index->cranks.at[i];
        if (crank->to_root && vk_str_eq(sim_log_text(sim_log_get(crank->message, "target")), kref))
            return crank->vat;
    }
    return VK_STR_NONE;
}
