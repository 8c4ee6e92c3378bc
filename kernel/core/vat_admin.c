/* vat_admin.c - the device's methods: meters and bundles; the hooks are in vat_admin_hooks.c. See vat_admin.h. */
#include "vat_admin.h"

#include "../object/meter.h"
#include "syscall.h"
#include "vat_admin_hooks.h"

#include <openssl/evp.h>

struct invocation {
    struct vk_kernel *kernel;
    struct vk_device_id device;
    const struct vk_device_call *call;
    const struct vk_value *args; /* decoded; an ARRAY */
    struct vk_device_result *result;
};

/* What a method does not say otherwise, it has refused: an error result. */
static enum vk_err return_value(struct invocation *invocation, const struct vk_value *value) {
    invocation->result->ok = true;
    return vk_capdata_encode(&invocation->kernel->arena, value, &invocation->result->data);
}

static enum vk_err return_undefined(struct invocation *invocation) {
    struct vk_value *value;
    VK_TRY(vk_value_new(&invocation->kernel->arena, VK_VALUE_UNDEFINED, &value));
    return return_value(invocation, value);
}

static enum vk_err return_string(struct invocation *invocation, struct vk_str text) {
    struct vk_value *value;
    VK_TRY(vk_value_text(&invocation->kernel->arena, VK_VALUE_STRING, text, &value));
    return return_value(invocation, value);
}

static struct vk_str string_arg(const struct invocation *invocation, size_t index) {
    const struct vk_value *arg = vk_value_at(invocation->args, index);
    return arg && arg->type == VK_VALUE_STRING ? arg->text : VK_STR_NONE;
}

/* A bigint that is a natural number of 64 bits. */
static bool nat_arg(const struct invocation *invocation, size_t index, uint64_t *out) {
    const struct vk_value *arg = vk_value_at(invocation->args, index);
    return arg && arg->type == VK_VALUE_BIGINT && vk_str_to_u64(arg->text, out);
}

/* ---- meters */

static enum vk_err create_meter(struct invocation *invocation) {
    struct vk_meter meter = {0};
    struct vk_str id;
    if (!nat_arg(invocation, 0, &meter.remaining_computrons) ||
        !nat_arg(invocation, 1, &meter.threshold_computrons))
        return VK_OK;
    VK_TRY(vk_meter_create(&invocation->kernel->state, meter, &id));
    return return_string(invocation, id);
}

static enum vk_err create_unlimited_meter(struct invocation *invocation) {
    struct vk_str id;
    struct vk_meter meter = {.unlimited = true};
    VK_TRY(vk_meter_create(&invocation->kernel->state, meter, &id));
    return return_string(invocation, id);
}

static enum vk_err meter_arg(const struct invocation *invocation, bool *exists, struct vk_str *id) {
    *id = string_arg(invocation, 0);
    *exists = false;
    return id->p ? vk_meter_exists(&invocation->kernel->state, *id, exists) : VK_OK;
}

static enum vk_err add_meter_remaining(struct invocation *invocation) {
    struct vk_str id;
    bool exists;
    uint64_t delta;
    VK_TRY(meter_arg(invocation, &exists, &id));
    if (!exists || !nat_arg(invocation, 1, &delta)) return VK_OK;
    VK_TRY(vk_meter_add(&invocation->kernel->state, id, delta));
    return return_undefined(invocation);
}

static enum vk_err set_meter_threshold(struct invocation *invocation) {
    struct vk_str id;
    bool exists;
    uint64_t threshold;
    VK_TRY(meter_arg(invocation, &exists, &id));
    if (!exists || !nat_arg(invocation, 1, &threshold)) return VK_OK;
    VK_TRY(vk_meter_set_threshold(&invocation->kernel->state, id, threshold));
    return return_undefined(invocation);
}

static enum vk_err bigint_value(struct vk_arena *arena, uint64_t n, struct vk_value **out) {
    char text[VK_SLOT_TEXT_MAX];
    struct vk_str copy;
    VK_TRY(vk_arena_copy(arena, vk_u64_str(n, text), &copy));
    return vk_value_text(arena, VK_VALUE_BIGINT, copy, out);
}

static enum vk_err get_meter(struct invocation *invocation) {
    struct vk_arena *arena = &invocation->kernel->arena;
    struct vk_str id;
    bool exists;
    struct vk_meter meter;
    struct vk_value *record, *remaining, *threshold;
    VK_TRY(meter_arg(invocation, &exists, &id));
    if (!exists) return VK_OK;
    VK_TRY(vk_meter_get(&invocation->kernel->state, id, &meter));
    VK_TRY(vk_value_new(arena, VK_VALUE_RECORD, &record));
    if (meter.unlimited)
        VK_TRY(vk_value_text(arena, VK_VALUE_STRING, VK_STR("unlimited"), &remaining));
    else
        VK_TRY(bigint_value(arena, meter.remaining_computrons, &remaining));
    VK_TRY(bigint_value(arena, meter.threshold_computrons, &threshold));
    vk_value_append(record, VK_STR("remaining"), remaining);
    vk_value_append(record, VK_STR("threshold"), threshold);
    return return_value(invocation, record);
}

/* ---- bundle capabilities: device nodes that stand for installed bundles */

static bool is_bundle_id(struct vk_str id) {
    if (id.n != 3 + 128 || !vk_str_starts(id, VK_STR("b1-"))) return false;
    for (size_t i = 3; i < id.n; i++) {
        char c = id.p[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
    }
    return true;
}

static enum vk_err return_node(struct invocation *invocation, struct vk_str slot) {
    struct vk_str *slots;
    VK_TRY(VK_NEW_ARRAY(&invocation->kernel->arena, &slots, 1));
    slots[0] = slot;
    invocation->result->ok = true;
    invocation->result->data =
        (struct vk_capdata){VK_STR("#\"$0.Alleged: device node\""), slots, 1};
    return VK_OK;
}

static enum vk_err allocate_node(struct invocation *invocation, struct vk_str *node) {
    struct vk_kernel *kernel = invocation->kernel;
    struct vk_part owner = DEVICE(invocation->device);
    struct vk_str next;
    uint64_t id = 1;
    VK_TRY(vk_vatstore_get(kernel, owner, VK_STR("nextDev"), &next));
    if (next.p && !vk_str_to_u64(next, &id))
        return VK_RAISE(VK_ERR_CORRUPT, "nextDev of the vatAdmin device: '%.*s'", VK_STR_ARG(next));
    VK_TRY(vk_state_text(&kernel->state, &next, KEY(U64(id + 1))));
    VK_TRY(vk_vatstore_set(kernel, owner, VK_STR("nextDev"), next));
    return vk_state_text(&kernel->state, node, KEY(LIT("d+"), U64(id)));
}

static enum vk_err return_bundle_cap(struct invocation *invocation, struct vk_str bundle_id) {
    struct vk_kernel *kernel = invocation->kernel;
    struct vk_part owner = DEVICE(invocation->device);
    struct vk_str by_id, by_node, node;
    bool has;
    VK_TRY(vk_state_text(&kernel->state, &by_id, KEY(LIT("id."), TEXT(bundle_id))));
    VK_TRY(vk_vatstore_get(kernel, owner, by_id, &node));
    if (node.p) return return_node(invocation, node);
    VK_TRY(vk_bundle_has(kernel->store, bundle_id, &has));
    if (!has) return return_undefined(invocation);
    VK_TRY(allocate_node(invocation, &node));
    VK_TRY(vk_vatstore_set(kernel, owner, by_id, node));
    VK_TRY(vk_state_text(&kernel->state, &by_node, KEY(LIT("slot."), TEXT(node))));
    VK_TRY(vk_vatstore_set(kernel, owner, by_node, bundle_id));
    return return_node(invocation, node);
}

static enum vk_err get_bundle_cap(struct invocation *invocation) {
    struct vk_str id = string_arg(invocation, 0);
    return is_bundle_id(id) ? return_bundle_cap(invocation, id) : VK_OK;
}

static enum vk_err named_bundle(const struct invocation *invocation, struct vk_str *id) {
    struct vk_str name = string_arg(invocation, 0);
    *id = VK_STR_NONE;
    if (!name.p) return VK_OK;
    return vk_state_get(&invocation->kernel->state, id, KEY(LIT("namedBundleID."), TEXT(name)));
}

static enum vk_err get_named_bundle_cap(struct invocation *invocation) {
    struct vk_str id;
    VK_TRY(named_bundle(invocation, &id));
    return id.p ? return_bundle_cap(invocation, id) : VK_OK;
}

static enum vk_err get_bundle_id_by_name(struct invocation *invocation) {
    struct vk_str id;
    VK_TRY(named_bundle(invocation, &id));
    return id.p ? return_string(invocation, id) : VK_OK;
}

static enum vk_err append_text(struct vk_arena *arena, struct vk_value *record, const char *key,
                               struct vk_str text) {
    struct vk_value *value;
    VK_TRY(vk_value_text(arena, VK_VALUE_STRING, text, &value));
    vk_value_append(record, vk_str(key), value);
    return VK_OK;
}

/* The bundle as validateAndInstallBundle was given it: the store keeps the zip file's bytes. */
static enum vk_err return_bundle(struct invocation *invocation, struct vk_str bundle_id) {
    struct vk_arena *arena = &invocation->kernel->arena;
    struct vk_str bytes;
    struct vk_value *record;
    VK_TRY(vk_bundle_get(invocation->kernel->store, arena, bundle_id, &bytes));
    if (!bytes.p || bytes.n > INT32_MAX / 2) return VK_OK;
    char *base64 = vk_arena_alloc(arena, (bytes.n + 2) / 3 * 4 + 1);
    if (!base64) return VK_RAISE(VK_ERR_NOMEM, "bundle of %zu bytes", bytes.n);
    int n = EVP_EncodeBlock((unsigned char *)base64, (const unsigned char *)bytes.p, (int)bytes.n);
    VK_TRY(vk_value_new(arena, VK_VALUE_RECORD, &record));
    VK_TRY(append_text(arena, record, "moduleFormat", VK_STR("endoZipBase64")));
    VK_TRY(append_text(arena, record, "endoZipBase64", (struct vk_str){base64, (size_t)n}));
    VK_TRY(append_text(arena, record, "endoZipBase64Sha512", vk_str_from(bundle_id, 3)));
    return return_value(invocation, record);
}

static enum vk_err invoke_bundle_cap(struct invocation *invocation) {
    struct vk_kernel *kernel = invocation->kernel;
    struct vk_str key, bundle_id;
    VK_TRY(vk_state_text(&kernel->state, &key, KEY(LIT("slot."), TEXT(invocation->call->target))));
    VK_TRY(vk_vatstore_get(kernel, DEVICE(invocation->device), key, &bundle_id));
    if (!bundle_id.p) return VK_OK;
    if (vk_str_eq(invocation->call->method, VK_STR("getBundleID")))
        return return_string(invocation, bundle_id);
    if (vk_str_eq(invocation->call->method, VK_STR("getBundle")))
        return return_bundle(invocation, bundle_id);
    return VK_OK;
}

/* ---- vats: the kernel's hooks do the work */

static enum vk_err call_hook(struct invocation *invocation,
                             enum vk_err (*hook)(struct vk_vat_admin_request *request)) {
    struct vk_kernel *kernel = invocation->kernel;
    struct vk_str *slots;
    struct vk_vat_admin_request request = {.kernel = kernel};
    const struct vk_capdata *args = &invocation->call->args;
    VK_TRY(VK_NEW_ARRAY(&kernel->arena, &slots, args->slot_count));
    for (size_t i = 0; i < args->slot_count; i++) {
        struct vk_fault fault = {0};
        struct vk_kref kref;
        VK_TRY(
            vk_device_to_kernel(&kernel->state, invocation->device, args->slots[i], &fault, &kref));
        if (fault.raised) return VK_OK;
        VK_TRY(vk_kref_text(&kernel->arena, kref, &slots[i]));
    }
    request.data = (struct vk_capdata){args->body, slots, args->slot_count};
    VK_TRY(vk_capdata_decode(&kernel->arena, &request.data, &request.granted, &request.args));
    if (!request.granted) return VK_OK;
    request.granted = false;
    VK_TRY(hook(&request));
    if (!request.granted) return VK_OK;
    return request.answer.p ? return_string(invocation, request.answer)
                            : return_undefined(invocation);
}

static enum vk_err create_by_bundle(struct invocation *invocation) {
    return call_hook(invocation, vk_hook_create_by_bundle);
}

static enum vk_err create_by_bundle_id(struct invocation *invocation) {
    return call_hook(invocation, vk_hook_create_by_id);
}

static enum vk_err upgrade_vat(struct invocation *invocation) {
    struct vk_vat_id vat;
    if (invocation->args->count != 4 || !vk_vat_id_parse(string_arg(invocation, 0), &vat) ||
        !string_arg(invocation, 1).p || !string_arg(invocation, 3).p)
        return VK_OK;
    return call_hook(invocation, vk_hook_upgrade);
}

static enum vk_err terminate_with_failure(struct invocation *invocation) {
    if (invocation->args->count != 2 || !string_arg(invocation, 0).p) return VK_OK;
    return call_hook(invocation, vk_hook_terminate);
}

static enum vk_err change_options(struct invocation *invocation) {
    if (invocation->args->count != 2 || !string_arg(invocation, 0).p) return VK_OK;
    return call_hook(invocation, vk_hook_change_options);
}

static enum vk_err suspend_vat(struct invocation *invocation) {
    return call_hook(invocation, vk_hook_suspend);
}

static enum vk_err unsuspend_vat(struct invocation *invocation) {
    return call_hook(invocation, vk_hook_unsuspend);
}

static enum vk_err pause_vat(struct invocation *invocation) {
    return call_hook(invocation, vk_hook_pause);
}

static enum vk_err resume_vat(struct invocation *invocation) {
    return call_hook(invocation, vk_hook_resume);
}

static const struct {
    const char *name;
    enum vk_err (*method)(struct invocation *invocation);
} root_methods[] = {
    {"createMeter", create_meter},
    {"createUnlimitedMeter", create_unlimited_meter},
    {"addMeterRemaining", add_meter_remaining},
    {"setMeterThreshold", set_meter_threshold},
    {"getMeter", get_meter},
    {"createByBundle", create_by_bundle},
    {"createByBundleID", create_by_bundle_id},
    {"upgradeVat", upgrade_vat},
    {"terminateWithFailure", terminate_with_failure},
    {"changeOptions", change_options},
    {"suspendVat", suspend_vat},
    {"unsuspendVat", unsuspend_vat},
    {"pauseVat", pause_vat},
    {"resumeVat", resume_vat},
    {"getBundleCap", get_bundle_cap},
    {"getNamedBundleCap", get_named_bundle_cap},
    {"getBundleIDByName", get_bundle_id_by_name},
};

enum vk_err vk_vat_admin_invoke(struct vk_kernel *kernel, struct vk_device_id device,
                                const struct vk_device_call *call,
                                struct vk_device_result *result) {
    struct invocation invocation = {
        .kernel = kernel, .device = device, .call = call, .result = result};
    struct vk_value *args;
    bool legal;
    *result =
        (struct vk_device_result){.problem = VK_STR("device.invoke failed, see logs for details")};
    if (!vk_str_eq(call->target, VK_STR("d+0"))) return invoke_bundle_cap(&invocation);
    VK_TRY(vk_capdata_decode(&kernel->arena, &call->args, &legal, &args));
    if (!legal || args->type != VK_VALUE_ARRAY) return VK_OK;
    invocation.args = args;
    for (size_t i = 0; i < sizeof root_methods / sizeof root_methods[0]; i++)
        if (vk_str_eq(call->method, vk_str(root_methods[i].name)))
            return root_methods[i].method(&invocation);
    return VK_OK;
}
