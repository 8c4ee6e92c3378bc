/* vat_admin_hooks.c - see vat_admin_hooks.h. */
#include "vat_admin_hooks.h"

#include "../object/queue.h"
#include "../object/refcount.h"
#include "../object/vat.h"
#include "suspend.h"
#include "terminate.h"
#include "value_json.h"

static struct vk_str string_arg(const struct vk_vat_admin_request *request, size_t index) {
    const struct vk_value *arg = vk_value_at(request->args, index);
    return arg && arg->type == VK_VALUE_STRING ? arg->text : VK_STR_NONE;
}

/* kser(value) of a part of the arguments, each slot with a reference for as long as the event is queued.
 * `value` NULL: undefined. */
static enum vk_err marshal_parameters(struct vk_vat_admin_request *request,
                                      const struct vk_value *value, struct vk_capdata *out) {
    struct vk_kernel *kernel = request->kernel;
    struct vk_value *undefined;
    if (!value) {
        VK_TRY(vk_value_new(&kernel->arena, VK_VALUE_UNDEFINED, &undefined));
        value = undefined;
    }
    VK_TRY(vk_capdata_encode(&kernel->arena, value, out));
    return vk_refs_add(&kernel->state, out->slots, out->slot_count);
}

/* The options without vatParameters; false where JSON.stringify would throw. */
static bool write_dynamic_options(struct vk_arena *arena, struct vk_buf *buf,
                                  const struct vk_value *options) {
    struct vk_value others = {.type = VK_VALUE_RECORD};
    for (const struct vk_value *member = options->first; member; member = member->next) {
        struct vk_value *copy;
        if (vk_str_eq(member->key, VK_STR("vatParameters"))) continue;
        copy = vk_arena_alloc(arena, sizeof *copy);
        if (!copy) {
            buf->failed = true;
            return true;
        }
        *copy = *member;
        copy->next = NULL;
        vk_value_append(&others, member->key, copy);
    }
    return vk_value_json(buf, &others);
}

/* `source`: a JSON object text. */
static enum vk_err queue_creation(struct vk_vat_admin_request *request, struct vk_str source) {
    struct vk_kernel *kernel = request->kernel;
    const struct vk_value *options = vk_value_at(request->args, 1);
    struct vk_capdata parameters;
    struct vk_vat_id vat;
    struct vk_buf buf;
    struct vk_str event;
    if (!options || options->type != VK_VALUE_RECORD) return VK_OK;
    VK_TRY(marshal_parameters(request, vk_value_get(options, "vatParameters"), &parameters));
    VK_TRY(vk_vat_allocate_id(&kernel->state, &vat));
    vk_buf_init(&buf, &kernel->arena);
    vk_buf_lit(&buf, "{\"type\":\"create-vat\",\"vatID\":\"");
    vk_buf_vat_id(&buf, vat);
    vk_buf_lit(&buf, "\",\"source\":");
    vk_buf_add(&buf, source);
    vk_buf_lit(&buf, ",\"vatParameters\":");
    vk_capdata_write(&buf, &parameters);
    vk_buf_lit(&buf, ",\"dynamicOptions\":");
    if (!write_dynamic_options(&kernel->arena, &buf, options)) return VK_OK;
    vk_buf_char(&buf, '}');
    VK_TRY(vk_buf_finish(&buf, &event));
    VK_TRY(vk_queue_add(&kernel->state, VK_QUEUE_ACCEPTANCE, event));
    request->granted = true;
    return vk_vat_id_text(&kernel->arena, vat, &request->answer);
}

enum vk_err vk_hook_create_by_bundle(struct vk_vat_admin_request *request) {
    const struct vk_value *bundle = vk_value_at(request->args, 0);
    struct vk_buf buf;
    struct vk_str source;
    if (!bundle) return VK_OK;
    vk_buf_init(&buf, &request->kernel->arena);
    vk_buf_lit(&buf, "{\"bundle\":");
    if (!vk_value_json(&buf, bundle)) return VK_OK;
    vk_buf_char(&buf, '}');
    VK_TRY(vk_buf_finish(&buf, &source));
    return queue_creation(request, source);
}

enum vk_err vk_hook_create_by_id(struct vk_vat_admin_request *request) {
    struct vk_str id = string_arg(request, 0);
    struct vk_buf buf;
    struct vk_str source;
    bool has = false;
    if (id.p) VK_TRY(vk_bundle_has(request->kernel->store, id, &has));
    if (!has) return VK_OK;
    vk_buf_init(&buf, &request->kernel->arena);
    vk_buf_lit(&buf, "{\"bundleID\":");
    vk_json_quote(&buf, id);
    vk_buf_char(&buf, '}');
    VK_TRY(vk_buf_finish(&buf, &source));
    return queue_creation(request, source);
}

enum vk_err vk_hook_upgrade(struct vk_vat_admin_request *request) {
    struct vk_kernel *kernel = request->kernel;
    struct vk_str bundle_id = string_arg(request, 1), message = string_arg(request, 3);
    struct vk_vat_id vat;
    struct vk_capdata parameters;
    struct vk_buf buf;
    struct vk_str event;
    uint64_t number;
    if (!vk_vat_id_parse(string_arg(request, 0), &vat) || !bundle_id.p || !message.p) return VK_OK;
    VK_TRY(marshal_parameters(request, vk_value_at(request->args, 2), &parameters));
    VK_TRY(vk_state_allocate_id(&kernel->state, &number, KEY(LIT("vat.nextUpgradeID"))));
    VK_TRY(vk_state_text(&kernel->state, &request->answer, KEY(LIT("up"), U64(number))));
    vk_buf_init(&buf, &kernel->arena);
    vk_buf_lit(&buf, "{\"type\":\"upgrade-vat\",\"vatID\":\"");
    vk_buf_vat_id(&buf, vat);
    vk_buf_lit(&buf, "\",\"upgradeID\":\"");
    vk_buf_add(&buf, request->answer);
    vk_buf_lit(&buf, "\",\"bundleID\":");
    vk_json_quote(&buf, bundle_id);
    vk_buf_lit(&buf, ",\"vatParameters\":");
    vk_capdata_write(&buf, &parameters);
    vk_buf_lit(&buf, ",\"upgradeMessage\":");
    vk_json_quote(&buf, message);
    vk_buf_char(&buf, '}');
    VK_TRY(vk_buf_finish(&buf, &event));
    request->granted = true;
    return vk_queue_add(&kernel->state, VK_QUEUE_ACCEPTANCE, event);
}

enum vk_err vk_hook_terminate(struct vk_vat_admin_request *request) {
    const struct vk_value *reason = vk_value_at(request->args, 1);
    struct vk_vat_id vat;
    struct vk_capdata info;
    if (!vk_vat_id_parse(string_arg(request, 0), &vat) || !reason) return VK_OK;
    VK_TRY(vk_capdata_encode(&request->kernel->arena, reason, &info));
    request->granted = true;
    return vk_terminate_vat(request->kernel, vat, true, &info);
}

enum vk_err vk_hook_change_options(struct vk_vat_admin_request *request) {
    struct vk_kernel *kernel = request->kernel;
    const struct vk_value *options = vk_value_at(request->args, 1);
    struct vk_vat_id vat;
    struct vk_buf buf;
    struct vk_str event;
    if (request->data.slot_count || !vk_vat_id_parse(string_arg(request, 0), &vat) || !options ||
        options->type != VK_VALUE_RECORD)
        return VK_OK;
    vk_buf_init(&buf, &kernel->arena);
    vk_buf_lit(&buf, "{\"type\":\"changeVatOptions\",\"vatID\":\"");
    vk_buf_vat_id(&buf, vat);
    vk_buf_lit(&buf, "\",\"options\":");
    if (!vk_value_json(&buf, options)) return VK_OK;
    vk_buf_char(&buf, '}');
    VK_TRY(vk_buf_finish(&buf, &event));
    request->granted = true;
    return vk_queue_add(&kernel->state, VK_QUEUE_ACCEPTANCE, event);
}

/* ---- suspended and paused vats */

static enum vk_err queue_state_event(struct vk_vat_admin_request *request,
                                     enum vk_event_type type) {
    struct vk_vat_id vat;
    if (!vk_vat_id_parse(string_arg(request, 0), &vat)) return VK_OK;
    request->granted = true;
    return vk_queue_state_event(request->kernel, type, vat);
}

enum vk_err vk_hook_suspend(struct vk_vat_admin_request *request) {
    return queue_state_event(request, VK_EVENT_SUSPEND_VAT);
}

enum vk_err vk_hook_unsuspend(struct vk_vat_admin_request *request) {
    return queue_state_event(request, VK_EVENT_UNSUSPEND_VAT);
}

static enum vk_err pause_or_resume(struct vk_vat_admin_request *request, enum vk_vat_event event) {
    struct vk_vat_id vat;
    if (!vk_vat_id_parse(string_arg(request, 0), &vat)) return VK_OK;
    request->granted = true;
    return vk_pause_or_resume(request->kernel, vat, event);
}

enum vk_err vk_hook_pause(struct vk_vat_admin_request *request) {
    return pause_or_resume(request, VK_VAT_EVENT_PAUSE);
}

enum vk_err vk_hook_resume(struct vk_vat_admin_request *request) {
    return pause_or_resume(request, VK_VAT_EVENT_RESUME);
}
