/* slog_told.c - see slog_told.h. */
#include "slog_told.h"

#include "recorded_facts.h"

struct reader {
    struct sim_slog_told *told;
    struct sim_plan_lexer lexer;
    struct sim_plan_error *error;
};

void sim_slog_told_init(struct sim_slog_told *told) {
    *told = (struct sim_slog_told){0};
    vk_arena_init(&told->arena, vk_heap_system());
}

void sim_slog_told_release(struct sim_slog_told *told) {
    sim_array_free(told->steps.at);
    sim_array_free(told->devices.at);
    vk_arena_release(&told->arena);
}

/* "crank-31:" with prefix "crank-" and end ":" gives 31. */
static bool read_number(struct vk_str word, const char *prefix, const char *end, uint64_t *out) {
    size_t before = strlen(prefix), after = strlen(end);
    if (word.n < before + after || !vk_str_starts(word, vk_str(prefix))) return false;
    if (!vk_str_eq(vk_str_from(word, word.n - after), vk_str(end))) return false;
    return vk_str_to_u64((struct vk_str){word.p + before, word.n - before - after}, out);
}

static enum vk_err read_workers(struct reader *reader) {
    struct sim_slog_told *told = reader->told;
    struct vk_buf buf;
    vk_buf_init(&buf, &told->arena);
    for (size_t i = 0;; i++) {
        struct sim_plan_word word = sim_plan_lexer_next(&reader->lexer);
        if (!word.text.p && i > 0) break;
        if (!word.text.p || !vk_str_starts(word.text, VK_STR("b")))
            return sim_plan_fail(reader->error, &word, NULL, "a bundle (b0-...)");
        vk_buf_char(&buf, i ? ',' : '[');
        vk_json_quote(&buf, word.text);
    }
    vk_buf_char(&buf, ']');
    return vk_buf_finish(&buf, &told->workers);
}

/* ---- what the host did */

static enum vk_err read_setting(struct reader *reader, const struct sim_plan_word *word,
                                struct sim_host_step *step) {
    static const char *const names[SIM_SETTINGS] = {
        [SIM_SNAPSHOT_INTERVAL] = "snapshot-interval=",
        [SIM_REAP_INTERVAL] = "reap-interval=",
        [SIM_REAP_GC_KREFS] = "reap-gc-krefs=",
    };
    for (size_t i = 0; i < SIM_SETTINGS; i++) {
        struct sim_setting setting = {.what = (enum sim_setting_type)i};
        struct vk_str value;
        if (!vk_str_starts(word->text, vk_str(names[i])) || step->setting_count == SIM_SETTINGS)
            continue;
        value = vk_str_from(word->text, strlen(names[i]));
        bool never = i != SIM_SNAPSHOT_INTERVAL && vk_str_eq(value, VK_STR("never"));
        if (!never && (!vk_str_to_u64(value, &setting.value) || setting.value == 0)) continue;
        step->settings[step->setting_count++] = setting;
        return VK_OK;
    }
    return sim_plan_fail(reader->error, word, NULL,
                         "snapshot-interval=, reap-interval= or reap-gc-krefs=, and a number");
}

static enum vk_err read_options(struct reader *reader, struct sim_host_step *step) {
    for (;;) {
        struct sim_plan_word word = sim_plan_lexer_peek(&reader->lexer);
        if (!word.text.p) return VK_OK;
        word = sim_plan_lexer_next(&reader->lexer);
        VK_TRY(read_setting(reader, &word, step));
    }
}

static enum vk_err read_kref(struct reader *reader, struct sim_host_step *step) {
    struct sim_plan_word word = sim_plan_lexer_next(&reader->lexer);
    bool is_pin = step->type == SIM_STEP_PIN;
    uint64_t number;
    if (!read_number(word.text, is_pin ? "ko" : "kp", "", &number))
        return sim_plan_fail(reader->error, &word, NULL, "%s",
                             is_pin ? "an object (ko21)" : "a promise (kp40)");
    return vk_arena_copy(&reader->told->arena, word.text, &step->kref);
}

static enum vk_err read_step(struct reader *reader, uint64_t crank) {
    static const struct {
        const char *word;
        enum sim_step_type type;
    } steps[] = {
        {"options", SIM_STEP_SETTINGS},    {"pin", SIM_STEP_PIN},           {"take", SIM_STEP_TAKE},
        {"take-only", SIM_STEP_TAKE_ONLY}, {"wait-for", SIM_STEP_INTEREST},
    };
    struct sim_plan_word word = sim_plan_lexer_next(&reader->lexer);
    struct sim_plan_closest closest = sim_plan_closest_to(word.text);
    struct sim_told_step added = {.crank = crank, .step = {.is_told = true}};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        sim_plan_closest_offer(&closest, vk_str(steps[i].word));
        if (!vk_str_eq(word.text, vk_str(steps[i].word))) continue;
        added.step.type = steps[i].type;
        VK_TRY(added.step.type == SIM_STEP_SETTINGS ? read_options(reader, &added.step)
                                                    : read_kref(reader, &added.step));
        SIM_ARRAY_RESERVE(&reader->told->steps);
        reader->told->steps.at[reader->told->steps.count++] = added;
        return VK_OK;
    }
    return sim_plan_fail(reader->error, &word, &closest,
                         "options, pin, take, take-only or wait-for");
}

/* ---- what a device did */

static enum vk_err read_value(struct reader *reader, enum vk_json_type type, struct vk_str *value) {
    struct sim_plan_word word = sim_plan_lexer_next(&reader->lexer);
    const struct vk_json *json;
    bool is_string = type == VK_JSON_STRING;
    if (!word.text.p || vk_json_parse(&reader->told->arena, word.text, &json) != VK_OK ||
        json->type != type)
        return sim_plan_fail(reader->error, &word, NULL, "%s, as JSON without blanks",
                             is_string ? "a text" : "{\"body\":...,\"slots\":[...]}");
    *value = json->text;
    return is_string ? VK_OK : sim_fact_text(&reader->told->arena, json, value);
}

static enum vk_err read_device(struct reader *reader, uint64_t crank, uint64_t call) {
    static const char *const words[] = {
        [SIM_TOLD_SET] = "set", [SIM_TOLD_DELETE] = "delete", [SIM_TOLD_STATE] = "state"};
    struct sim_plan_word word = sim_plan_lexer_next(&reader->lexer), key;
    struct sim_plan_closest closest = sim_plan_closest_to(word.text);
    struct sim_told_device added = {.crank = crank, .call = call};
    size_t i = 0;
    for (; i < sizeof words / sizeof *words; i++) {
        sim_plan_closest_offer(&closest, vk_str(words[i]));
        if (vk_str_eq(word.text, vk_str(words[i]))) break;
    }
    if (i == sizeof words / sizeof *words)
        return sim_plan_fail(reader->error, &word, &closest, "set, delete or state");
    added.type = (enum sim_told_write)i;
    if (added.type != SIM_TOLD_STATE) {
        key = sim_plan_lexer_next(&reader->lexer);
        if (!key.text.p) return sim_plan_fail(reader->error, &key, NULL, "a key");
        VK_TRY(vk_arena_copy(&reader->told->arena, key.text, &added.key));
    }
    if (added.type == SIM_TOLD_SET) VK_TRY(read_value(reader, VK_JSON_STRING, &added.value));
    if (added.type == SIM_TOLD_STATE) VK_TRY(read_value(reader, VK_JSON_OBJECT, &added.value));
    SIM_ARRAY_RESERVE(&reader->told->devices);
    reader->told->devices.at[reader->told->devices.count++] = added;
    return VK_OK;
}

/* ---- the whole */

static enum vk_err read_line(struct reader *reader, const struct sim_plan_word *first) {
    uint64_t crank, call;
    if (vk_str_eq(first->text, VK_STR("workers:"))) return read_workers(reader);
    if (read_number(first->text, "crank-", ":", &crank)) {
        VK_TRY(read_step(reader, crank));
    } else if (read_number(first->text, "crank-", "", &crank)) {
        struct sim_plan_word word = sim_plan_lexer_next(&reader->lexer);
        if (!read_number(word.text, "call-", ":", &call) || call == 0)
            return sim_plan_fail(reader->error, &word, NULL, "call-N:");
        VK_TRY(read_device(reader, crank, call));
    } else {
        return sim_plan_fail(reader->error, first, NULL, "workers:, crank-N: or crank-N call-N:");
    }
    struct sim_plan_word rest = sim_plan_lexer_next(&reader->lexer);
    return rest.text.p ? sim_plan_fail(reader->error, &rest, NULL, "the end of the line") : VK_OK;
}

enum vk_err sim_slog_told_read(struct sim_slog_told *told, struct vk_str text,
                               struct sim_plan_error *error) {
    struct reader reader = {.told = told, .error = error};
    struct sim_plan_word first;
    *error = (struct sim_plan_error){0};
    VK_TRY(sim_plan_check_text(text, error));
    sim_plan_lexer_init(&reader.lexer, text);
    while (sim_plan_lexer_next_line(&reader.lexer, &first))
        VK_TRY(read_line(&reader, &first));
    return VK_OK;
}
