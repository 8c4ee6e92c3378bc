/* diff_before.c - see diff_before.h. The file is read once more up to the crank; of each key its value is followed
 * through roll-backs and lost blocks.
 */
#include "diff_before.h"

#include "key_decode.h"
#include "log_line.h"
#include "vk/json.h"

#include <inttypes.h>

enum { KEYS_MAX = 64 };

/* A value that changes often: its memory is used again. */
struct text {
    SIM_ARRAY(char);
    bool is_there;
    bool is_known; /* the log has written it */
    uint64_t crank;
};

enum moment { NOW, AT_START, AT_DELIVER, AT_COMMIT, MOMENTS };

struct follow {
    struct sim_divergence *out;
    struct vk_arena scratch;
    size_t count;
    struct text values[KEYS_MAX][MOMENTS];
    uint64_t crank;
};

static enum vk_err assign(struct text *text, struct vk_str value, uint64_t crank) {
    while (text->capacity < value.n) {
        void *more = sim_array_more(text->at, &text->capacity, 1);
        if (!more) return VK_RAISE(VK_ERR_NOMEM, "value of %zu bytes", value.n);
        text->at = more;
    }
    if (value.n) memcpy(text->at, value.p, value.n);
    text->count = value.n;
    text->is_there = value.p != NULL;
    text->is_known = true;
    text->crank = crank;
    return VK_OK;
}

static struct vk_str text_of(const struct text *text) {
    if (!text->is_there) return VK_STR_NONE;
    return (struct vk_str){text->at ? text->at : "", text->count};
}

static enum vk_err keep(struct follow *follow, enum moment to, enum moment from) {
    for (size_t i = 0; i < follow->count; i++) {
        bool was_known = follow->values[i][from].is_known;
        VK_TRY(assign(&follow->values[i][to], text_of(&follow->values[i][from]),
                      follow->values[i][from].crank));
        follow->values[i][to].is_known = was_known;
    }
    return VK_OK;
}

static enum vk_err take_write(struct follow *follow, enum sim_log_kind kind, struct vk_str line) {
    struct vk_str key = sim_log_text(sim_log_get(line, "k"));
    const struct vk_json *json;
    uint64_t next;
    if (vk_str_eq(key, VK_STR("crankNumber")) && sim_log_count(sim_log_get(line, "v"), &next))
        follow->crank = next;
    for (size_t i = 0; i < follow->count; i++) {
        struct vk_str value = VK_STR_NONE;
        if (!vk_str_eq(key, follow->out->keys.at[i].key)) continue;
        vk_arena_clear(&follow->scratch);
        if (kind == SIM_LOG_SET) {
            enum vk_err err = vk_json_parse(&follow->scratch, line, &json);
            if (err == VK_ERR_SYNTAX) return VK_OK;
            VK_TRY(err);
            value = vk_json_string(vk_json_get(json, "v"));
        }
        return assign(&follow->values[i][NOW], value, follow->crank);
    }
    return VK_OK;
}

static enum vk_err take_line(struct follow *follow, struct vk_str line) {
    bool is_recording;
    enum sim_log_kind kind = sim_log_kind(line, &is_recording);
    if (!is_recording) return VK_OK;
    bool to_deliver = vk_str_eq(sim_log_text(sim_log_get(line, "s")), VK_STR("deliver"));
    if (kind == SIM_LOG_SET || kind == SIM_LOG_DEL) return take_write(follow, kind, line);
    if (kind == SIM_LOG_SAVEPOINT) return keep(follow, to_deliver ? AT_DELIVER : AT_START, NOW);
    if (kind == SIM_LOG_ROLLBACK) return keep(follow, NOW, to_deliver ? AT_DELIVER : AT_START);
    if (kind == SIM_LOG_COMMIT) return keep(follow, AT_COMMIT, NOW);
    if (kind == SIM_LOG_KERNEL_START) return keep(follow, NOW, AT_COMMIT);
    return VK_OK;
}

static enum vk_err read_lines(struct follow *follow, struct sim_log_file *file, size_t end,
                              struct sim_input_error *error) {
    for (;;) {
        struct vk_str line;
        bool more;
        VK_TRY(sim_log_file_next(file, &line, &more, error));
        if (!more || sim_log_file_number(file) >= end) return VK_OK;
        VK_TRY(take_line(follow, line));
    }
}

static enum vk_err fill(struct sim_divergence *out, struct sim_divergent_key *key,
                        const struct text *before) {
    struct vk_buf buf;
    for (int i = 0; i < 2; i++) {
        if (key->by[i].p || !before->is_there) continue;
        VK_TRY(vk_arena_copy(&out->arena, text_of(before), &key->value[i]));
    }
    if (before->is_known)
        VK_TRY(vk_arena_format(&out->arena, &key->before, "crank %" PRIu64, before->crank));
    vk_buf_init(&buf, &out->arena);
    sim_key_decode(&buf, key->key, key->value[0], key->value[1]);
    return vk_buf_finish(&buf, &key->meaning);
}

/* Written to what it was already: no difference. */
static bool is_same(const struct sim_divergent_key *key) {
    if (!key->value[0].p || !key->value[1].p) return key->value[0].p == key->value[1].p;
    return vk_str_eq(key->value[0], key->value[1]);
}

static enum vk_err use(struct follow *follow) {
    struct sim_divergence *out = follow->out;
    size_t kept = 0;
    for (size_t i = 0; i < out->keys.count; i++) {
        if (i < follow->count) VK_TRY(fill(out, &out->keys.at[i], &follow->values[i][NOW]));
        if (!is_same(&out->keys.at[i])) out->keys.at[kept++] = out->keys.at[i];
    }
    bool had_some = out->keys.count > 0;
    out->keys.count = kept;
    if (had_some && !kept && out->kind == SIM_DIVERGENCE_STATE) out->kind = SIM_DIVERGENCE_UNDONE;
    return VK_OK;
}

enum vk_err sim_diff_before(struct sim_divergence *divergence, const char *path,
                            const struct sim_log_unit *unit, struct sim_input_error *error) {
    struct sim_log_file *file;
    struct follow *follow = calloc(1, sizeof *follow);
    if (!follow) return sim_input_error_set(error, VK_ERR_NOMEM, 0, "out of memory");
    follow->out = divergence;
    follow->count = divergence->keys.count < KEYS_MAX ? divergence->keys.count : KEYS_MAX;
    vk_arena_init(&follow->scratch, vk_heap_system());
    enum vk_err err = sim_log_file_open(path, &file, error);
    if (err == VK_OK) {
        err = read_lines(follow, file, unit->begin, error);
        sim_log_file_close(file);
    }
    if (err == VK_OK) err = use(follow);
    for (size_t i = 0; i < follow->count; i++)
        for (int m = 0; m < MOMENTS; m++)
            sim_array_free(follow->values[i][m].at);
    vk_arena_release(&follow->scratch);
    free(follow);
    return err;
}
