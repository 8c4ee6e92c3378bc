/* auditor.c - running an audit and reporting what it finds. See auditor.h and audit.h. */
#include "auditor.h"

#include <stdarg.h>
#include <stdio.h>

#include "audit.h"

enum { SCHEMA_VERSION = 3 };

const char *sim_audit_rule_name(enum audit_rule rule) {
    static const char *const names[] = {
#define AUDIT_RULE_NAME(name, text, meaning) text,
        AUDIT_RULES(AUDIT_RULE_NAME)
#undef AUDIT_RULE_NAME
    };
    VK_ASSERT((unsigned)rule < AUDIT_RULE_COUNT); /* INV-AUDIT-7: a rule of the list */
    return names[rule];
}

const char *sim_audit_rule_meaning(enum audit_rule rule) {
    static const char *const meanings[] = {
#define AUDIT_RULE_MEANING(name, text, meaning) meaning,
        AUDIT_RULES(AUDIT_RULE_MEANING)
#undef AUDIT_RULE_MEANING
    };
    VK_ASSERT((unsigned)rule < AUDIT_RULE_COUNT); /* INV-AUDIT-7 */
    return meanings[rule];
}

void audit_report(struct audit *audit, enum audit_rule rule, struct vk_str key,
                  struct vk_str expected, struct vk_str found) {
    if (audit->err) return; /* a text is missing, and the audit is over */
    audit->report->violations++;
    if (rule == AUDIT_MALFORMED) audit->report->malformed++;
    if (!audit->options->violation) return;
    struct audit_violation violation = {
        .rule = rule, .key = key, .expected = expected, .found = found};
    audit->options->violation(audit->options->impl, &violation);
}

struct vk_str audit_text(struct audit *audit, const char *format, ...) {
    char text[256];
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    VK_ASSERT(n >= 0); /* INV-AUDIT-8: the formats are the auditor's own */
    size_t size = (size_t)n + 1;
    char *copy = vk_arena_alloc(&audit->scratch, size);
    if (!copy)
        audit->err = VK_RAISE(VK_ERR_NOMEM, "audit: a text of %zu bytes", size);
    else if (size <= sizeof text)
        memcpy(copy, text, size);
    else
        vsnprintf(copy, size, format, again);
    va_end(again);
    return copy ? (struct vk_str){copy, (size_t)n} : VK_STR("");
}

struct vk_str audit_key(struct audit *audit, struct vk_str id, const char *rest) {
    return audit_text(audit, "%.*s.%s", VK_STR_ARG(id), rest);
}

struct vk_str audit_value(const struct audit_pair *pair) {
    return pair ? pair->value : VK_STR("(none)");
}

static const char *json_type_name(enum vk_json_type type) {
    switch (type) {
    case VK_JSON_NULL: return "null";
    case VK_JSON_BOOL: return "a boolean in JSON";
    case VK_JSON_NUMBER: return "a number in JSON";
    case VK_JSON_STRING: return "a string in JSON";
    case VK_JSON_ARRAY: return "a JSON array";
    case VK_JSON_OBJECT: return "a JSON object";
    }
    return "JSON";
}

const struct vk_json *audit_json(struct audit *audit, struct vk_arena *arena,
                                 const struct audit_pair *pair, enum vk_json_type type) {
    const struct vk_json *json = NULL;
    enum vk_err err = vk_json_parse(arena, pair->value, &json);
    if (err == VK_ERR_NOMEM) audit->err = err;
    if (err == VK_OK && vk_json_is(json, type)) return json;
    audit_report(audit, AUDIT_MALFORMED, pair->key, vk_str(json_type_name(type)), pair->value);
    return NULL;
}

/* A kernel database at all, and of this schema: only then do the rules mean anything. */
static enum vk_err state_check_version(const struct audit_state *state) {
    const struct audit_pair *version = audit_state_find(state, VK_STR("version"));
    if (!version) {
        bool is_v0 = audit_state_find(state, VK_STR("initialized")) != NULL;
        return VK_RAISE(VK_ERR_SCHEMA, "%s",
                        is_v0 ? "a kernel database of schema version 0, not 3"
                              : "no key \"version\": not an initialised kernel database");
    }
    uint64_t number;
    if (!vk_str_to_u64(version->value, &number) || number != SCHEMA_VERSION)
        return VK_RAISE(VK_ERR_SCHEMA, "version is \"%.*s\", not %d", VK_STR_ARG(version->value),
                        SCHEMA_VERSION);
    return VK_OK;
}

static enum vk_err audit_run(struct audit *audit) {
    static enum vk_err (*const steps[])(struct audit *) = {
        audit_schema,   audit_vats,      audit_queues, audit_side_queues, audit_clists,
        audit_promises, audit_refcounts, audit_stats,  audit_transcripts};
    VK_TRY(VK_NEW_ARRAY(&audit->arena, &audit->import_retired, audit->state->pair_count + 1));
    memset(audit->import_retired, 0, audit->state->pair_count + 1);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        VK_TRY(steps[i](audit));
        if (audit->err) return audit->err;
        vk_arena_clear(&audit->scratch);
    }
    return VK_OK;
}

enum vk_err sim_audit_state(struct audit_state *state, const struct sim_audit_options *options,
                            struct sim_audit_report *report) {
    *report = (struct sim_audit_report){.keys = state->pair_count};
    VK_TRY(state_check_version(state));
    struct audit audit = {.options = options, .report = report, .state = state};
    vk_arena_init(&audit.arena, options->heap);
    vk_arena_init(&audit.scratch, options->heap);
    enum vk_err err = audit_run(&audit);
    vk_arena_release(&audit.scratch);
    vk_arena_release(&audit.arena);
    return err;
}

enum vk_err sim_audit_store(struct vk_store *store, const struct sim_audit_options *options,
                            struct sim_audit_report *report) {
    struct audit_state state;
    audit_state_init(&state, options->heap);
    enum vk_err err = audit_state_load(&state, store, !options->without_items);
    if (err == VK_OK) err = sim_audit_state(&state, options, report);
    audit_state_release(&state);
    return err;
}
