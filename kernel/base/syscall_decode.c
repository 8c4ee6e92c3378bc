/* syscall_decode.c - a vat's syscall from JSON to typed fields; names of syscalls and deliveries.
 * See vk/ports.h.
 *
 * Answers to insistVatSyscallObject() of SwingSet's lib/message.js: more arguments than are asked
 * for, and more properties, are let through.
 *
 * INV-SYSCALL-1  A syscall that is not VK_SYSCALL_MALFORMED has every field of its type.
 */
#include "vk/ports.h"

#include "js_number.h"
#include "js_text.h"

static const char *const syscall_names[] = {
    [VK_SYSCALL_SEND] = "send",
    [VK_SYSCALL_CALL_NOW] = "callNow",
    [VK_SYSCALL_SUBSCRIBE] = "subscribe",
    [VK_SYSCALL_RESOLVE] = "resolve",
    [VK_SYSCALL_EXIT] = "exit",
    [VK_SYSCALL_VATSTORE_GET] = "vatstoreGet",
    [VK_SYSCALL_VATSTORE_SET] = "vatstoreSet",
    [VK_SYSCALL_VATSTORE_GET_NEXT_KEY] = "vatstoreGetNextKey",
    [VK_SYSCALL_VATSTORE_DELETE] = "vatstoreDelete",
    [VK_SYSCALL_DROP_IMPORTS] = "dropImports",
    [VK_SYSCALL_RETIRE_IMPORTS] = "retireImports",
    [VK_SYSCALL_RETIRE_EXPORTS] = "retireExports",
    [VK_SYSCALL_ABANDON_EXPORTS] = "abandonExports",
    [VK_SYSCALL_MALFORMED] = "malformed",
};

static const char *const delivery_names[] = {
    [VK_DELIVERY_MESSAGE] = "message",
    [VK_DELIVERY_NOTIFY] = "notify",
    [VK_DELIVERY_DROP_EXPORTS] = "dropExports",
    [VK_DELIVERY_RETIRE_EXPORTS] = "retireExports",
    [VK_DELIVERY_RETIRE_IMPORTS] = "retireImports",
    [VK_DELIVERY_CHANGE_VAT_OPTIONS] = "changeVatOptions",
    [VK_DELIVERY_START_VAT] = "startVat",
    [VK_DELIVERY_BRING_OUT_YOUR_DEAD] = "bringOutYourDead",
};

const char *vk_syscall_name(enum vk_syscall_type type) {
    VK_ASSERT((size_t)type < sizeof syscall_names / sizeof *syscall_names);
    return syscall_names[type];
}

const char *vk_delivery_name(enum vk_delivery_type type) {
    VK_ASSERT((size_t)type < sizeof delivery_names / sizeof *delivery_names);
    return delivery_names[type];
}

static enum vk_syscall_type type_of_name(struct vk_str name) {
    for (int i = 0; i < VK_SYSCALL_MALFORMED; i++)
        if (vk_str_eq(name, vk_str(syscall_names[i]))) return (enum vk_syscall_type)i;
    return VK_SYSCALL_MALFORMED;
}

static bool read_string(const struct vk_json *json, struct vk_str *out) {
    *out = vk_json_string(json);
    return vk_str_present(*out);
}

/* A message's result is looked at if it is true in JavaScript's sense, and must then be a
 * string. */
static bool read_result(const struct vk_json *json, struct vk_str *out) {
    *out = VK_STR_NONE;
    if (!json) return true;
    switch (json->type) {
    case VK_JSON_NULL: return true;
    case VK_JSON_BOOL: return !json->truth;
    case VK_JSON_NUMBER: return !(vk_js_number_of_json(json->text) != 0);
    case VK_JSON_STRING:
        if (json->text.n > 0) *out = json->text;
        return true;
    case VK_JSON_ARRAY:
    case VK_JSON_OBJECT: break;
    }
    return false;
}

static enum vk_err read_strings(struct vk_arena *arena, const struct vk_json *json, bool *legal,
                                struct vk_syscall *out) {
    *legal = vk_json_is(json, VK_JSON_ARRAY);
    if (!*legal || json->count == 0) return VK_OK;
    struct vk_str *list;
    size_t count = 0;
    VK_TRY(VK_NEW_ARRAY(arena, &list, json->count));
    for (const struct vk_json *item = json->first; item && *legal; item = item->next)
        *legal = read_string(item, &list[count++]);
    VK_ASSERT(!*legal || count == json->count); /* INV-SYSCALL-1 */
    out->vrefs = list;
    out->vref_count = count;
    return VK_OK;
}

/* [promise, rejected, capdata] */
static enum vk_err read_resolution(struct vk_arena *arena, const struct vk_json *json, bool *legal,
                                   struct vk_resolution *out) {
    const struct vk_json *rejected = vk_json_at(json, 1);
    *legal = read_string(vk_json_at(json, 0), &out->promise) && vk_json_is(rejected, VK_JSON_BOOL);
    if (!*legal) return VK_OK;
    out->rejected = rejected->truth;
    return vk_capdata_read(arena, vk_json_at(json, 2), legal, &out->data);
}

static enum vk_err read_resolutions(struct vk_arena *arena, const struct vk_json *json, bool *legal,
                                    struct vk_syscall *out) {
    *legal = vk_json_is(json, VK_JSON_ARRAY);
    if (!*legal || json->count == 0) return VK_OK;
    struct vk_resolution *list;
    size_t count = 0;
    VK_TRY(VK_NEW_ARRAY(arena, &list, json->count));
    for (const struct vk_json *item = json->first; item && *legal; item = item->next)
        VK_TRY(read_resolution(arena, item, legal, &list[count++]));
    VK_ASSERT(!*legal || count == json->count); /* INV-SYSCALL-1 */
    out->resolutions = list;
    out->resolution_count = count;
    return VK_OK;
}

static enum vk_err read_exit(struct vk_arena *arena, const struct vk_json *is_failure,
                             const struct vk_json *info, bool *legal, struct vk_syscall *out) {
    *legal = vk_json_is(is_failure, VK_JSON_BOOL);
    if (!*legal) return VK_OK;
    out->is_failure = is_failure->truth;
    return vk_capdata_read(arena, info, legal, &out->data);
}

static enum vk_err read_arguments(struct vk_arena *arena, const struct vk_json *first, bool *legal,
                                  struct vk_syscall *out) {
    const struct vk_json *second = first ? first->next : NULL;
    const struct vk_json *third = second ? second->next : NULL;
    *legal = false;
    switch (out->type) {
    case VK_SYSCALL_SEND:
        if (!read_string(first, &out->target)) return VK_OK;
        if (!read_result(vk_json_get(second, "result"), &out->result)) return VK_OK;
        return vk_capdata_read(arena, vk_json_get(second, "methargs"), legal, &out->data);
    case VK_SYSCALL_CALL_NOW:
        if (!read_string(first, &out->target) || !read_string(second, &out->method)) return VK_OK;
        return vk_capdata_read(arena, third, legal, &out->data);
    case VK_SYSCALL_SUBSCRIBE: *legal = read_string(first, &out->target); return VK_OK;
    case VK_SYSCALL_RESOLVE: return read_resolutions(arena, first, legal, out);
    case VK_SYSCALL_EXIT: return read_exit(arena, first, second, legal, out);
    case VK_SYSCALL_VATSTORE_SET:
        *legal = read_string(first, &out->key) && read_string(second, &out->value);
        return VK_OK;
    case VK_SYSCALL_VATSTORE_GET:
    case VK_SYSCALL_VATSTORE_GET_NEXT_KEY:
    case VK_SYSCALL_VATSTORE_DELETE: *legal = read_string(first, &out->key); return VK_OK;
    case VK_SYSCALL_DROP_IMPORTS:
    case VK_SYSCALL_RETIRE_IMPORTS:
    case VK_SYSCALL_RETIRE_EXPORTS:
    case VK_SYSCALL_ABANDON_EXPORTS: return read_strings(arena, first, legal, out);
    case VK_SYSCALL_MALFORMED: break;
    }
    return VK_OK;
}

/* `text` as JSON.stringify writes it. To see whether it is that already costs as much as to write
 * it. */
static enum vk_err canonical_text(struct vk_arena *arena, struct vk_str text,
                                  const struct vk_json *json, struct vk_str *out) {
    struct vk_buf buf;
    vk_buf_init(&buf, arena);
    vk_buf_reserve(&buf, text.n); /* most often just enough */
    vk_json_write(&buf, json);
    return vk_buf_finish(&buf, out);
}

/* What is no JSON goes into slogs, which are: as a string of it, or null where it is no text either. */
static enum vk_err quoted_text(struct vk_arena *arena, struct vk_str text, struct vk_str *out) {
    struct vk_buf buf;
    vk_buf_init(&buf, arena);
    if (vk_js_text_is_utf8(text))
        vk_json_quote(&buf, text);
    else
        vk_buf_lit(&buf, "null");
    return vk_buf_finish(&buf, out);
}

enum vk_err vk_syscall_decode(struct vk_arena *arena, struct vk_str json, struct vk_syscall *out) {
    *out = (struct vk_syscall){.type = VK_SYSCALL_MALFORMED};
    const struct vk_json *parsed;
    enum vk_err err = vk_json_parse(arena, json, &parsed);
    if (err == VK_ERR_SYNTAX) return quoted_text(arena, json, &out->json);
    if (err != VK_OK) return err;
    struct vk_syscall read = {.type = type_of_name(vk_json_string(vk_json_at(parsed, 0)))};
    VK_TRY(canonical_text(arena, json, parsed, &read.json));
    bool legal = false;
    if (read.type != VK_SYSCALL_MALFORMED)
        VK_TRY(read_arguments(arena, parsed->first->next, &legal, &read));
    out->json = read.json;
    if (legal) *out = read;
    VK_ASSERT(legal == (out->type != VK_SYSCALL_MALFORMED)); /* INV-SYSCALL-1 */
    return VK_OK;
}
