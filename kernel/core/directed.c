/* directed.c - see directed.h and vk/directive.h. */
#include "directed.h"

#include "../object/gc_actions.h"
#include "../object/promise.h"
#include "../object/refcount.h"
#include "../object/slog.h"
#include "../object/string_list.h"
#include "../object/vat.h"
#include "crank.h"
#include "route.h"
#include "send.h"
#include "translate.h"

#include <stdarg.h>
#include <stdio.h>

struct vk_str vk_directive_text(const struct vk_directive *directive,
                                char text[VK_DIRECTIVE_TEXT_MAX]) {
    static const char *const actions[] = {[VK_DIRECTIVE_SKIP] = "skip",
                                          [VK_DIRECTIVE_TERMINATE] = "terminate",
                                          [VK_DIRECTIVE_DEBUG] = "debug",
                                          [VK_DIRECTIVE_REPLACE_KERNEL] = "replace-kernel"};
    static const char *const targets[] = {
        [VK_AT_CRANK] = "crank", [VK_AT_DELIVERY] = "delivery", [VK_AT_BLOCK] = "block"};
    char vat[32] = "", victim[32] = "";
    if (directive->target == VK_AT_DELIVERY)
        snprintf(vat, sizeof vat, "v%llu ", (unsigned long long)directive->vat);
    else if (directive->action == VK_DIRECTIVE_TERMINATE)
        snprintf(victim, sizeof victim, " v%llu", (unsigned long long)directive->victim);
    int n =
        snprintf(text, VK_DIRECTIVE_TEXT_MAX, "%s%s-%llu: %s%s", vat, targets[directive->target],
                 (unsigned long long)directive->number, actions[directive->action], victim);
    VK_ASSERT(n > 0 && n < VK_DIRECTIVE_TEXT_MAX); /* INV-DIRECTIVE-3: room for three numbers */
    return (struct vk_str){text, (size_t)n};
}

/* ---- what was carried out */

#define DONE KEY(LIT("directives.done"))

/* NULL: none ever was. */
static enum vk_err done_list(struct vk_state *state, const struct vk_json **list) {
    struct vk_str text;
    *list = NULL;
    VK_TRY(vk_state_get(state, &text, DONE));
    if (text.p) VK_TRY(vk_state_json(state, list, DONE));
    if (*list && !vk_json_is(*list, VK_JSON_ARRAY))
        return VK_RAISE(VK_ERR_CORRUPT, "directives.done is no array");
    return VK_OK;
}

static enum vk_err is_done(struct vk_state *state, const struct vk_directive *directive,
                           bool *done) {
    char text[VK_DIRECTIVE_TEXT_MAX];
    struct vk_str wanted = vk_directive_text(directive, text);
    const struct vk_json *list;
    *done = false;
    VK_TRY(done_list(state, &list));
    for (const struct vk_json *item = list ? list->first : NULL; item; item = item->next)
        if (vk_str_eq(vk_json_string(item), wanted)) *done = true;
    return VK_OK;
}

static enum vk_err add_done(struct vk_state *state, struct vk_str directive) {
    const struct vk_json *list;
    struct vk_buf buf;
    struct vk_str text;
    VK_TRY(done_list(state, &list));
    vk_buf_init(&buf, state->arena);
    vk_buf_char(&buf, '[');
    for (const struct vk_json *item = list ? list->first : NULL; item; item = item->next) {
        vk_json_write(&buf, item);
        vk_buf_char(&buf, ',');
    }
    vk_json_quote(&buf, directive);
    vk_buf_char(&buf, ']');
    VK_TRY(vk_buf_finish(&buf, &text));
    return vk_state_set(state, text, DONE);
}

/* ---- before a kernel is opened */

static enum vk_err refuse(struct vk_directive_refusal *refusal, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static enum vk_err refuse(struct vk_directive_refusal *refusal, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(refusal->why, sizeof refusal->why, format, args);
    va_end(args);
    return VK_OK;
}

/* Whether the vat was made and has ended. */
static enum vk_err has_ended(struct vk_state *state, struct vk_vat_id vat, bool *exists,
                             bool *ended) {
    uint64_t next;
    VK_TRY(vk_state_require_u64(state, &next, KEY(LIT("vat.nextID"))));
    *exists = vat.n < next;
    *ended = false;
    if (!*exists) return VK_OK;
    VK_TRY(vk_vat_is_alive(state, vat, ended));
    *ended = !*ended;
    return VK_OK;
}

static enum vk_err check_vat(struct vk_state *state, uint64_t number, bool *exists,
                             struct vk_directive_refusal *refusal) {
    bool ended;
    VK_TRY(has_ended(state, (struct vk_vat_id){number}, exists, &ended));
    return ended ? refuse(refusal, "v%llu is terminated already", (unsigned long long)number)
                 : VK_OK;
}

static enum vk_err check_delivery(struct vk_state *state, const struct vk_directive *directive,
                                  struct vk_directive_refusal *refusal) {
    struct vk_span span;
    bool exists;
    char text[VK_SLOT_TEXT_MAX];
    VK_TRY(check_vat(state, directive->vat, &exists, refusal));
    if (refusal->why[0] || !exists) return VK_OK;
    struct vk_str id = vk_vat_id_str((struct vk_vat_id){directive->vat}, text);
    VK_TRY(vk_transcript_current(state->store, id, &span));
    if (directive->number >= span.end) return VK_OK;
    return refuse(refusal, "delivery %llu of v%llu lies in the past: its next one is %llu",
                  (unsigned long long)directive->number, (unsigned long long)directive->vat,
                  (unsigned long long)span.end);
}

static enum vk_err check_one(struct vk_state *state, const struct vk_directive *directive,
                             uint64_t block, struct vk_directive_refusal *refusal) {
    uint64_t next = block;
    bool done, exists;
    VK_TRY(is_done(state, directive, &done));
    if (done) return VK_OK;
    if (directive->target == VK_AT_DELIVERY) return check_delivery(state, directive, refusal);
    bool at_block = directive->target == VK_AT_BLOCK;
    if (!at_block) VK_TRY(vk_state_require_u64(state, &next, KEY(LIT("crankNumber"))));
    if (directive->number < next)
        return refuse(refusal, "%s %llu lies in the past: the next one is %llu",
                      at_block ? "block" : "crank", (unsigned long long)directive->number,
                      (unsigned long long)next);
    return directive->action == VK_DIRECTIVE_TERMINATE
               ? check_vat(state, directive->victim, &exists, refusal)
               : VK_OK;
}

static enum vk_err check_all(struct vk_state *state, const struct vk_directives *directives,
                             uint64_t block, struct vk_directive_refusal *refusal) {
    VK_TRY(vk_terminated_vats_load(state));
    for (size_t i = 0; i < directives->count && !refusal->why[0]; i++) {
        refusal->index = i;
        VK_TRY(check_one(state, &directives->at[i], block, refusal));
    }
    return VK_OK;
}

enum vk_err vk_directives_check(struct vk_store *store, const struct vk_ports *ports,
                                const struct vk_directives *directives, uint64_t block,
                                struct vk_directive_refusal *refusal) {
    struct vk_arena arena;
    struct vk_state state;
    *refusal = (struct vk_directive_refusal){0};
    vk_arena_init(&arena, ports->heap);
    vk_state_init(&state, store, ports, &arena);
    enum vk_err err = check_all(&state, directives, block, refusal);
    vk_state_release(&state);
    vk_arena_release(&arena);
    return err;
}

enum vk_err vk_directive_is_done(struct vk_store *store, const struct vk_ports *ports,
                                 const struct vk_directive *directive, bool *done) {
    struct vk_arena arena;
    struct vk_state state;
    vk_arena_init(&arena, ports->heap);
    vk_state_init(&state, store, ports, &arena);
    enum vk_err err = is_done(&state, directive, done);
    vk_state_release(&state);
    vk_arena_release(&arena);
    return err;
}

/* ---- what a crank meets */

static enum vk_err tell_host(struct vk_kernel *kernel, const struct vk_directive *directive,
                             uint64_t crank) {
    const struct vk_directives *directives = kernel->options.directives;
    const struct vk_event *event = kernel->event;
    VK_ASSERT(event != NULL); /* INV-DIRECTIVE-4: directives are met in cranks */
    const struct vk_debug_stop stop = {kernel, directive, crank, vk_event_name(event->type),
                                       event->json};
    return directives->stop ? directives->stop(directives->impl, &stop) : VK_OK;
}

/* A directive whose crank or delivery has come. */
static enum vk_err meet(struct vk_kernel *kernel, const struct vk_directive *directive,
                        uint64_t crank) {
    bool done;
    if (directive->action == VK_DIRECTIVE_DEBUG) return tell_host(kernel, directive, crank);
    VK_TRY(is_done(&kernel->state, directive, &done)); /* INV-DIRECTIVE-1 */
    if (!done) kernel->directed = directive;
    return VK_OK;
}

enum vk_err vk_directive_at_crank(struct vk_kernel *kernel, const struct vk_event *event) {
    const struct vk_directives *directives = kernel->options.directives;
    uint64_t crank;
    kernel->directed = NULL;
    kernel->event = event;
    if (!directives || !directives->count) return VK_OK;
    VK_TRY(vk_state_require_u64(&kernel->state, &crank, KEY(LIT("crankNumber"))));
    for (size_t i = 0; i < directives->count && !kernel->directed; i++)
        if (directives->at[i].target == VK_AT_CRANK && directives->at[i].number == crank)
            VK_TRY(meet(kernel, &directives->at[i], crank));
    return VK_OK;
}

enum vk_err vk_directive_at_delivery(struct vk_kernel *kernel, struct vk_vat_id vat) {
    const struct vk_directives *directives = kernel->options.directives;
    struct vk_span span;
    uint64_t crank;
    char text[VK_SLOT_TEXT_MAX];
    if (!directives || !directives->count || kernel->directed) return VK_OK;
    if (!kernel->event)
        return VK_OK; /* a host call's delivery is in no crank that could be given up */
    VK_TRY(vk_state_require_u64(&kernel->state, &crank, KEY(LIT("crankNumber"))));
    for (size_t i = 0; i < directives->count && !kernel->directed; i++) {
        const struct vk_directive *directive = &directives->at[i];
        if (directive->target != VK_AT_DELIVERY || directive->vat != vat.n) continue;
        VK_TRY(vk_transcript_current(kernel->store, vk_vat_id_str(vat, text), &span));
        if (directive->number == span.end) VK_TRY(meet(kernel, directive, crank));
    }
    return VK_OK;
}

/* ---- carrying out */

enum vk_err vk_directive_error(struct vk_kernel *kernel, struct vk_capdata *out) {
    char text[VK_DIRECTIVE_TEXT_MAX];
    struct vk_str message;
    struct vk_str directive = vk_directive_text(kernel->directed, text);
    bool skips = kernel->directed->action == VK_DIRECTIVE_SKIP;
    VK_TRY(vk_state_text(&kernel->state, &message,
                         KEY(TEXT(vk_str(skips ? "skipped" : "terminated")), LIT(" by directive "),
                             TEXT(directive))));
    return vk_capdata_error(&kernel->arena, message, out);
}

/* Whatever is wrong with the message's result may be the very thing that panics the kernel: only what is in order is
 * touched. */
static enum vk_err reject_result(struct vk_kernel *kernel, struct vk_kref kpid) {
    struct vk_promise promise;
    struct vk_capdata error;
    bool exists;
    VK_TRY(vk_promise_exists(&kernel->state, kpid, &exists));
    if (!exists) return VK_OK;
    VK_TRY(vk_promise_get(&kernel->state, kpid, &promise));
    if (promise.state != VK_PROMISE_UNRESOLVED || promise.has_decider) return VK_OK;
    VK_TRY(vk_directive_error(kernel, &error));
    return vk_reject(kernel, kpid, &error, NULL);
}

static enum vk_err skip_send(struct vk_kernel *kernel, const struct vk_event *event) {
    if (event->message.has_result) VK_TRY(reject_result(kernel, event->message.result));
    return vk_send_drop_refs(kernel, event);
}

static enum vk_err skip_upgrade(struct vk_kernel *kernel, const struct vk_event *event) {
    struct vk_arena *arena = &kernel->arena;
    struct vk_value *args, *id, *success, *error;
    if (!kernel->has_admin_root) return VK_OK;
    VK_TRY(vk_value_new(arena, VK_VALUE_ARRAY, &args));
    VK_TRY(vk_value_text(arena, VK_VALUE_STRING, event->upgrade_id, &id));
    VK_TRY(vk_value_new(arena, VK_VALUE_BOOL, &success));
    VK_TRY(vk_value_text(arena, VK_VALUE_ERROR, VK_STR("vat-upgrade failure"), &error));
    error->name = VK_STR("Error");
    vk_value_append(args, VK_STR_NONE, id);
    vk_value_append(args, VK_STR_NONE, success);
    vk_value_append(args, VK_STR_NONE, error);
    return vk_tell_vat_admin(kernel, "vatUpgradeCallback", args);
}

/* Who goes on holding an export must not be told to retire it. */
static enum vk_err skip_drop_exports(struct vk_kernel *kernel, const struct vk_event *event) {
    struct vk_string_list actions, retirements;
    VK_TRY(vk_gc_actions_load(&kernel->state, &actions));
    vk_string_list_init(&retirements, &kernel->arena);
    for (size_t i = 0; i < event->kref_count; i++)
        VK_TRY(vk_gc_action_note(&kernel->state, &retirements, event->vat, VK_GC_RETIRE_EXPORT,
                                 event->krefs[i]));
    bool any = false;
    for (size_t i = 0; i < retirements.count; i++)
        any = vk_string_list_remove(&actions, retirements.items[i]) || any;
    return any ? vk_gc_actions_save(&kernel->state, &actions) : VK_OK;
}

/* The object is gone already, so the entries go too: none may dangle. */
static enum vk_err skip_retire_imports(struct vk_kernel *kernel, const struct vk_event *event) {
    struct vk_parcel not_sent;
    bool alive;
    VK_TRY(vk_vat_is_alive(&kernel->state, event->vat, &alive));
    if (!alive) return VK_OK;
    return vk_translate_gc(kernel, event->vat, VK_DELIVERY_RETIRE_IMPORTS, event->krefs,
                           event->kref_count, &not_sent);
}

enum vk_err vk_directive_skip(struct vk_kernel *kernel, const struct vk_event *event) {
    const struct vk_capdata *parameters = &event->parameters;
    VK_ASSERT(kernel->directed && kernel->directed->action == VK_DIRECTIVE_SKIP);
    switch (event->type) {
    case VK_EVENT_SEND: return skip_send(kernel, event);
    case VK_EVENT_NOTIFY: return vk_ref_drop(&kernel->state, event->promise, VK_REF_STRONG);
    case VK_EVENT_UPGRADE_VAT:
        VK_TRY(skip_upgrade(kernel, event));
        return vk_refs_drop(&kernel->state, parameters->slots, parameters->slot_count);
    case VK_EVENT_START_VAT:
    case VK_EVENT_CREATE_VAT:
        return vk_refs_drop(&kernel->state, parameters->slots, parameters->slot_count);
    case VK_EVENT_DROP_EXPORTS: return skip_drop_exports(kernel, event);
    case VK_EVENT_RETIRE_IMPORTS: return skip_retire_imports(kernel, event);
    case VK_EVENT_CHANGE_VAT_OPTIONS:
    case VK_EVENT_SUSPEND_VAT:
    case VK_EVENT_UNSUSPEND_VAT:
    case VK_EVENT_RETIRE_EXPORTS:
    case VK_EVENT_BRING_OUT_YOUR_DEAD:
    case VK_EVENT_NEGATED_GC_ACTION:
    case VK_EVENT_CLEANUP_TERMINATED_VAT: return VK_OK; /* they refer to nothing */
    }
    VK_ASSERT(false); /* INV-EVENT-2: every event has a type */
    return VK_OK;
}

static enum vk_err record(struct vk_kernel *kernel, const struct vk_directive *done) {
    struct vk_slog_entry entry;
    char text[VK_DIRECTIVE_TEXT_MAX];
    struct vk_str directive = vk_directive_text(done, text);
    uint64_t crank;
    VK_TRY(add_done(&kernel->state, directive));
    if (!vk_slog_wanted(&kernel->state)) return VK_OK;
    VK_TRY(vk_state_require_u64(&kernel->state, &crank, KEY(LIT("crankNumber"))));
    vk_slog_begin(&entry, &kernel->state, VK_STR("directive"));
    vk_slog_u64(&entry, "crankNum", crank);
    vk_slog_text(&entry, "directive", directive);
    return vk_slog_end(&entry, &kernel->state);
}

enum vk_err vk_directive_record(struct vk_kernel *kernel) {
    return record(kernel, kernel->directed);
}

static enum vk_err note_replacement(struct vk_kernel *kernel,
                                    const struct vk_directive *directive) {
    char crankhash[VK_HASH_HEX], activityhash[VK_HASH_HEX];
    VK_TRY(record(kernel, directive));
    return vk_store_emit_hashes(kernel->store, crankhash, activityhash);
}

enum vk_err vk_host_note_replacement(struct vk_kernel *kernel,
                                     const struct vk_directive *directive) {
    VK_ASSERT(directive->action == VK_DIRECTIVE_REPLACE_KERNEL);
    VK_TRY(vk_kernel_enter(kernel));
    return vk_kernel_leave(kernel, note_replacement(kernel, directive));
}
