/* syscall_fields.h - a vat's syscall, against the JSON that it was read from or written as.
 *
 * Answers to insistVatSyscallObject() of SwingSet's lib/message.js, as kernel/base/syscall_decode.c does: more arguments than are
 * asked for, and more properties, are let through.
 */
#ifndef FUZZ_SYSCALL_FIELDS_H
#define FUZZ_SYSCALL_FIELDS_H

#include "json_fields.h"

/* Where the fields of a syscall stand in its JSON. */
struct fuzz_syscall_said {
    const struct vk_json *target, *method, *data, *result, *resolutions, *is_failure, *key, *value,
        *vrefs;
};

static inline enum vk_syscall_type fuzz_syscall_type(const struct vk_json *json) {
    struct vk_str name = vk_json_string(vk_json_at(json, 0));
    enum vk_syscall_type type = VK_SYSCALL_SEND;
    while (type != VK_SYSCALL_MALFORMED && !vk_str_eq(name, vk_str(vk_syscall_name(type))))
        type++;
    return type;
}

static inline struct fuzz_syscall_said fuzz_syscall_fields(enum vk_syscall_type type,
                                                           const struct vk_json *json) {
    const struct vk_json *first = vk_json_at(json, 1), *second = vk_json_at(json, 2);
    switch (type) {
    case VK_SYSCALL_SEND:
        return (struct fuzz_syscall_said){.target = first,
                                          .data = vk_json_get(second, "methargs"),
                                          .result = vk_json_get(second, "result")};
    case VK_SYSCALL_CALL_NOW:
        return (struct fuzz_syscall_said){
            .target = first, .method = second, .data = vk_json_at(json, 3)};
    case VK_SYSCALL_SUBSCRIBE: return (struct fuzz_syscall_said){.target = first};
    case VK_SYSCALL_RESOLVE: return (struct fuzz_syscall_said){.resolutions = first};
    case VK_SYSCALL_EXIT: return (struct fuzz_syscall_said){.is_failure = first, .data = second};
    case VK_SYSCALL_VATSTORE_SET: return (struct fuzz_syscall_said){.key = first, .value = second};
    case VK_SYSCALL_VATSTORE_GET:
    case VK_SYSCALL_VATSTORE_GET_NEXT_KEY:
    case VK_SYSCALL_VATSTORE_DELETE: return (struct fuzz_syscall_said){.key = first};
    case VK_SYSCALL_DROP_IMPORTS:
    case VK_SYSCALL_RETIRE_IMPORTS:
    case VK_SYSCALL_RETIRE_EXPORTS:
    case VK_SYSCALL_ABANDON_EXPORTS: return (struct fuzz_syscall_said){.vrefs = first};
    case VK_SYSCALL_MALFORMED: break;
    }
    return (struct fuzz_syscall_said){0};
}

/* What is false in JavaScript is no result. */
static inline bool fuzz_is_false(const struct vk_json *json) {
    if (!json || json->type == VK_JSON_NULL) return true;
    if (json->type == VK_JSON_BOOL) return !json->truth;
    if (json->type == VK_JSON_NUMBER) return fuzz_json_number(json->text) == 0;
    return json->type == VK_JSON_STRING && json->text.n == 0;
}

static inline bool fuzz_syscall_is_legal(enum vk_syscall_type type,
                                         const struct fuzz_syscall_said *said) {
    switch (type) {
    case VK_SYSCALL_SEND:
        return fuzz_is_text(said->target) && fuzz_is_capdata(said->data) &&
               (fuzz_is_false(said->result) || fuzz_is_text(said->result));
    case VK_SYSCALL_CALL_NOW:
        return fuzz_is_text(said->target) && fuzz_is_text(said->method) &&
               fuzz_is_capdata(said->data);
    case VK_SYSCALL_SUBSCRIBE: return fuzz_is_text(said->target);
    case VK_SYSCALL_RESOLVE: return fuzz_is_resolutions(said->resolutions);
    case VK_SYSCALL_EXIT:
        return vk_json_is(said->is_failure, VK_JSON_BOOL) && fuzz_is_capdata(said->data);
    case VK_SYSCALL_VATSTORE_SET: return fuzz_is_text(said->key) && fuzz_is_text(said->value);
    case VK_SYSCALL_VATSTORE_GET:
    case VK_SYSCALL_VATSTORE_GET_NEXT_KEY:
    case VK_SYSCALL_VATSTORE_DELETE: return fuzz_is_text(said->key);
    case VK_SYSCALL_DROP_IMPORTS:
    case VK_SYSCALL_RETIRE_IMPORTS:
    case VK_SYSCALL_RETIRE_EXPORTS:
    case VK_SYSCALL_ABANDON_EXPORTS: return fuzz_is_texts(said->vrefs);
    case VK_SYSCALL_MALFORMED: break;
    }
    return false;
}

static inline bool fuzz_syscall_is_said(const struct vk_syscall *syscall,
                                        const struct fuzz_syscall_said *said) {
    const struct vk_json *result = fuzz_is_false(said->result) ? NULL : said->result;
    return fuzz_says_text(said->target, syscall->target) &&
           fuzz_says_text(said->method, syscall->method) &&
           fuzz_says_capdata(said->data, &syscall->data) &&
           fuzz_says_text(result, syscall->result) &&
           fuzz_says_resolutions(said->resolutions, syscall->resolutions,
                                 syscall->resolution_count) &&
           fuzz_says_flag(said->is_failure, syscall->is_failure) &&
           fuzz_says_text(said->key, syscall->key) && fuzz_says_text(said->value, syscall->value) &&
           fuzz_says_texts(said->vrefs, syscall->vrefs, syscall->vref_count);
}

/* Malformed if that is what the JSON (NULL: what was none) is, and only then; else with every field that its type has, and no
 * other. */
static inline bool fuzz_says_syscall(const struct vk_json *json, const struct vk_syscall *syscall) {
    enum vk_syscall_type type = fuzz_syscall_type(json);
    struct fuzz_syscall_said said = fuzz_syscall_fields(type, json);
    if (!fuzz_syscall_is_legal(type, &said)) {
        type = VK_SYSCALL_MALFORMED;
        said = (struct fuzz_syscall_said){0};
    }
    return syscall->type == type && fuzz_syscall_is_said(syscall, &said);
}

#endif
