/* device_call.c - see device_call.h. */
#include "device_call.h"

#include "../base/js_text.h"
#include "../object/clist.h"
#include "../object/device.h"
#include "../object/refcount.h"
#include "send.h"
#include "syscall.h"
#include "vat_admin.h"

/* What a host's device may do while it is being called. */
struct call_context {
    struct vk_kernel *kernel;
    struct vk_device_id device;
    enum vk_err failed; /* the first error of the host's that it was told */
};

/* Of what it asked for wrongly a device may make what it likes; of an error of the host's nobody may. */
static enum vk_err keep(struct call_context *context, enum vk_err err) {
    if (context->failed == VK_OK && err != VK_ERR_USAGE) context->failed = err;
    return err;
}

static enum vk_err check_text(struct vk_device_id device, struct vk_str text) {
    if (vk_js_text_is_utf8(text)) return VK_OK;
    return VK_RAISE(VK_ERR_PANIC, "device d%llu: what it says is not UTF-8",
                    (unsigned long long)device.n);
}

static enum vk_err slots_to_kernel(struct vk_kernel *kernel, struct vk_device_id device,
                                   const struct vk_capdata *in, struct vk_capdata *out) {
    struct vk_str *slots;
    VK_TRY(check_text(device, in->body));
    VK_TRY(VK_NEW_ARRAY(&kernel->arena, &slots, in->slot_count));
    for (size_t i = 0; i < in->slot_count; i++) {
        struct vk_fault fault = {0};
        struct vk_kref kref;
        VK_TRY(vk_device_to_kernel(&kernel->state, device, in->slots[i], &fault, &kref));
        if (fault.raised)
            return VK_RAISE(VK_ERR_PANIC, "device d%llu: %s %.*s", (unsigned long long)device.n,
                            fault.reason, VK_STR_ARG(in->slots[i]));
        VK_TRY(vk_kref_text(&kernel->arena, kref, &slots[i]));
    }
    *out = (struct vk_capdata){in->body, slots, in->slot_count};
    return VK_OK;
}

static enum vk_err slots_to_device(struct vk_kernel *kernel, struct vk_device_id device,
                                   const struct vk_capdata *in, struct vk_capdata *out) {
    struct vk_str *slots;
    VK_TRY(VK_NEW_ARRAY(&kernel->arena, &slots, in->slot_count));
    for (size_t i = 0; i < in->slot_count; i++) {
        struct vk_kref kref;
        VK_TRY(vk_kref_require(in->slots[i], &kref));
        VK_TRY(vk_kernel_to_device(&kernel->state, device, kref, &slots[i]));
    }
    *out = (struct vk_capdata){in->body, slots, in->slot_count};
    return VK_OK;
}

static enum vk_err send_only(const struct call_context *context, struct vk_str target,
                             const struct vk_capdata *methargs) {
    struct vk_kernel *kernel = context->kernel;
    struct vk_fault fault = {0};
    struct vk_kref kref;
    struct vk_capdata data;
    VK_TRY(vk_device_to_kernel(&kernel->state, context->device, target, &fault, &kref));
    if (fault.raised)
        return VK_RAISE(VK_ERR_USAGE, "device sends to unknown %.*s", VK_STR_ARG(target));
    VK_TRY(slots_to_kernel(kernel, context->device, methargs, &data));
    vk_stats_inc(&kernel->state.stats, VK_STAT_SYSCALLS);
    vk_stats_inc(&kernel->state.stats, VK_STAT_SYSCALL_SEND);
    return vk_do_send(kernel, kref, &data, NULL, true);
}

static enum vk_err power_send_only(void *impl, struct vk_str target,
                                   const struct vk_capdata *methargs) {
    return keep(impl, send_only(impl, target, methargs));
}

static enum vk_err power_vatstore_get(void *impl, struct vk_str key, struct vk_str *value) {
    struct call_context *context = impl;
    return keep(context, vk_vatstore_get(context->kernel, DEVICE(context->device), key, value));
}

static enum vk_err power_vatstore_set(void *impl, struct vk_str key, struct vk_str value) {
    struct call_context *context = impl;
    VK_TRY(keep(context, check_text(context->device, key)));
    VK_TRY(keep(context, check_text(context->device, value)));
    return keep(context, vk_vatstore_set(context->kernel, DEVICE(context->device), key, value));
}

static enum vk_err power_vatstore_delete(void *impl, struct vk_str key) {
    struct call_context *context = impl;
    return keep(context, vk_vatstore_delete(context->kernel, DEVICE(context->device), key));
}

static enum vk_err power_state_set(void *impl, struct vk_str json) {
    struct call_context *context = impl;
    VK_TRY(keep(context, check_text(context->device, json)));
    return keep(context, vk_state_set(&context->kernel->state, json,
                                      KEY(DEVICE(context->device), LIT(".deviceState"))));
}

static enum vk_err invoke_host_device(struct vk_kernel *kernel, struct vk_device_id device,
                                      struct vk_device_call *call,
                                      struct vk_device_result *result) {
    const struct vk_device_host *host = kernel->ports->devices;
    struct call_context context = {.kernel = kernel, .device = device};
    struct vk_device_powers powers = {
        .impl = &context,
        .send_only = power_send_only,
        .vatstore_get = power_vatstore_get,
        .vatstore_set = power_vatstore_set,
        .vatstore_delete = power_vatstore_delete,
        .state_set = power_state_set,
    };
    if (!host) {
        *result = (struct vk_device_result){.problem = VK_STR("no such device on this host")};
        return VK_OK;
    }
    VK_TRY(vk_state_text(&kernel->state, &call->device, KEY(DEVICE(device))));
    VK_TRY(host->invoke(host->impl, &kernel->arena, call, &powers, result));
    if (context.failed == VK_OK) return VK_OK;
    return VK_RAISE(context.failed, "device d%llu went on after an error of its host's",
                    (unsigned long long)device.n);
}

static enum vk_err capdata_result(struct vk_kernel *kernel, const struct vk_capdata *data,
                                  struct vk_str *json) {
    struct vk_buf buf;
    vk_buf_init(&buf, &kernel->arena);
    vk_buf_lit(&buf, "[\"ok\",");
    vk_capdata_write(&buf, data);
    vk_buf_char(&buf, ']');
    return vk_buf_finish(&buf, json);
}

static enum vk_err error_result(struct vk_kernel *kernel, struct vk_str problem,
                                struct vk_syscall_result *result) {
    struct vk_buf buf;
    vk_buf_init(&buf, &kernel->arena);
    vk_buf_lit(&buf, "[\"error\",");
    vk_json_quote(&buf, problem);
    vk_buf_char(&buf, ']');
    *result = (struct vk_syscall_result){.ok = false, .text = problem};
    return vk_buf_finish(&buf, &result->json);
}

static enum vk_err result_to_vat(struct vk_kernel *kernel, struct vk_vat_id vat,
                                 const struct vk_capdata *data, struct vk_capdata *out) {
    struct vk_str *slots;
    VK_TRY(VK_NEW_ARRAY(&kernel->arena, &slots, data->slot_count));
    for (size_t i = 0; i < data->slot_count; i++) {
        struct vk_kref kref;
        VK_TRY(vk_kref_require(data->slots[i], &kref));
        VK_TRY(vk_clist_to_vat(&kernel->state, vat, kref, VK_TO_VAT_USE, &slots[i]));
    }
    *out = (struct vk_capdata){data->body, slots, data->slot_count};
    return VK_OK;
}

enum vk_err vk_device_invoke(struct vk_kernel *kernel, struct vk_vat_id vat,
                             const struct vk_kernel_syscall *syscall,
                             struct vk_syscall_result *result, struct vk_str *kernel_result) {
    struct vk_device_id device;
    struct vk_device_call call = {.method = syscall->method};
    struct vk_device_result device_result = {0};
    struct vk_capdata data;
    VK_TRY(vk_device_node_owner(&kernel->state, syscall->target, &device));
    VK_TRY(vk_kernel_to_device(&kernel->state, device, syscall->target, &call.target));
    if (call.target.n < 2 || call.target.p[1] != '+')
        return VK_RAISE(VK_ERR_PANIC, "invoke() to someone else's device");
    VK_TRY(slots_to_device(kernel, device, &syscall->data, &call.args));
    VK_TRY(vk_device_name(&kernel->state, device, &call.name));
    if (vk_str_eq(call.name, VK_STR("vatAdmin")))
        VK_TRY(vk_vat_admin_invoke(kernel, device, &call, &device_result));
    else
        VK_TRY(invoke_host_device(kernel, device, &call, &device_result));
    if (!device_result.ok) {
        VK_TRY(check_text(device, device_result.problem));
        VK_TRY(error_result(kernel, device_result.problem, result));
        *kernel_result = result->json;
        return VK_OK;
    }
    VK_TRY(slots_to_kernel(kernel, device, &device_result.data, &data));
    VK_TRY(capdata_result(kernel, &data, kernel_result));
    result->payload = VK_PAYLOAD_CAPDATA;
    VK_TRY(result_to_vat(kernel, vat, &data, &result->capdata));
    return capdata_result(kernel, &result->capdata, &result->json);
}
