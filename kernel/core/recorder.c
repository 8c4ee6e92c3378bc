/* recorder.c - see recorder.h. */
#include "recorder.h"

#include "vk/probe.h"

#include "../base/js_text.h"
#include "../object/slog.h"
#include "completion.h"
#include "syscall.h"

#include <stdio.h>

enum vk_err vk_recorder_begin(struct vk_recorder *recorder, struct vk_kernel *kernel,
                              const struct vk_online_vat *online) {
    *recorder = (struct vk_recorder){.kernel = kernel,
                                     .vat = online->vat,
                                     .in_completion = online->vatstore_in_completion,
                                     .delivery_number = online->next_delivery};
    vk_buf_init(&recorder->syscalls, &kernel->arena);
    VK_ASSERT(!vk_in_flight_count(&kernel->in_flight)); /* INV-IN-FLIGHT-2 */
    kernel->in_flight = (struct vk_in_flight){0};
    kernel->verdict.first_exit_stays = recorder->in_completion;
    if (!vk_slog_wanted(&kernel->state)) return VK_OK;
    return vk_state_require_u64(&kernel->state, &recorder->crank_number, KEY(LIT("crankNumber")));
}

static void begin_entry(struct vk_recorder *recorder, struct vk_slog_entry *entry,
                        const char *type) {
    vk_slog_begin(entry, &recorder->kernel->state, vk_str(type));
    vk_slog_u64(entry, "crankNum", recorder->crank_number);
    vk_slog_vat(entry, recorder->vat);
    vk_slog_u64(entry, "deliveryNum", recorder->delivery_number);
}

static void tell(const struct vk_recorder *recorder, enum vk_moment_type type, const char *name,
                 uint64_t number, struct vk_str target, struct vk_str json) {
    const struct vk_moment moment = {.type = type,
                                     .name = name,
                                     .vat = recorder->vat.n,
                                     .number = number,
                                     .target = target,
                                     .json = json};
    vk_kernel_tell(recorder->kernel, &moment);
}

enum vk_err vk_recorder_tell_delivery(struct vk_recorder *recorder,
                                      const struct vk_parcel *parcel) {
    struct vk_slog_entry entry;
    const struct vk_delivery *delivery = &parcel->vat_delivery;
    char text[VK_SLOT_TEXT_MAX];
    bool is_message = delivery->type == VK_DELIVERY_MESSAGE;
    tell(recorder, VK_MOMENT_DELIVERY, vk_delivery_name(delivery->type), recorder->delivery_number,
         is_message ? vk_kref_str(parcel->target, text) : VK_STR_NONE, delivery->json);
    if (!vk_slog_wanted(&recorder->kernel->state)) return VK_OK;
    recorder->began_ns = vk_slog_now_ns(&recorder->kernel->state);
    begin_entry(recorder, &entry, "deliver");
    vk_slog_bool(&entry, "replay", false);
    vk_slog_text(&entry, "dispatch", vk_str(vk_delivery_name(delivery->type)));
    vk_slog_json(&entry, "kd", parcel->kernel_delivery);
    vk_slog_json(&entry, "vd", delivery->json);
    return vk_slog_end(&entry, &recorder->kernel->state);
}

enum vk_err vk_delivery_result_json(struct vk_arena *arena, const struct vk_delivery_result *result,
                                    struct vk_str *out) {
    struct vk_buf buf;
    vk_buf_init(&buf, arena);
    if (result->ok) {
        vk_buf_lit(&buf, "[\"ok\",");
        vk_buf_add(&buf, result->value.p ? result->value : VK_STR("null"));
        vk_buf_char(&buf, ',');
    } else {
        vk_buf_lit(&buf, "[\"error\",");
        vk_json_quote(&buf, result->problem);
        vk_buf_char(&buf, ',');
    }
    vk_buf_add(&buf, result->usage.p ? result->usage : VK_STR("null"));
    vk_buf_char(&buf, ']');
    return vk_buf_finish(&buf, out);
}

enum vk_err vk_recorder_tell_result(struct vk_recorder *recorder,
                                    const struct vk_delivery *delivery,
                                    const struct vk_delivery_result *result) {
    struct vk_slog_entry entry;
    struct vk_str json, changes;
    struct vk_buf buf;
    tell(recorder, VK_MOMENT_DELIVERY_DONE, vk_delivery_name(delivery->type),
         recorder->delivery_number, VK_STR_NONE, result->ok ? VK_STR_NONE : result->problem);
    if (!vk_slog_wanted(&recorder->kernel->state)) return VK_OK;
    VK_TRY(vk_delivery_result_json(&recorder->kernel->arena, result, &json));
    begin_entry(recorder, &entry, "deliver-result");
    vk_slog_bool(&entry, "replay", false);
    vk_slog_text(&entry, "dispatch", vk_str(vk_delivery_name(delivery->type)));
    vk_slog_json(&entry, "dr", json);
    if (result->change_count) {
        vk_buf_init(&buf, &recorder->kernel->arena);
        vk_completion_write(&buf, result);
        VK_TRY(vk_buf_finish(&buf, &changes));
        vk_slog_json(&entry, "vatstore", changes);
    }
    return vk_slog_end_since(&entry, &recorder->kernel->state, recorder->began_ns);
}

static void begin_syscall_entry(struct vk_recorder *recorder, struct vk_slog_entry *entry,
                                const char *type, const struct vk_syscall *syscall) {
    begin_entry(recorder, entry, type);
    vk_slog_u64(entry, "syscallNum", recorder->syscall_count);
    vk_slog_bool(entry, "replay", false);
    vk_slog_text(entry, "syscall", vk_str(vk_syscall_name(syscall->type)));
}

/* `kernel_syscall`: NULL where it could not be translated. */
static enum vk_err tell_syscall(struct vk_recorder *recorder, const struct vk_syscall *syscall,
                                const struct vk_kernel_syscall *kernel_syscall) {
    struct vk_slog_entry entry;
    char text[VK_SLOT_TEXT_MAX];
    bool has_target = kernel_syscall &&
                      (syscall->type == VK_SYSCALL_SEND || syscall->type == VK_SYSCALL_CALL_NOW ||
                       syscall->type == VK_SYSCALL_SUBSCRIBE);
    tell(recorder, VK_MOMENT_SYSCALL, vk_syscall_name(syscall->type), recorder->syscall_count,
         has_target ? vk_kref_str(kernel_syscall->target, text) : VK_STR_NONE, syscall->json);
    if (!vk_slog_wanted(&recorder->kernel->state)) return VK_OK;
    recorder->syscall_began_ns = vk_slog_now_ns(&recorder->kernel->state);
    begin_syscall_entry(recorder, &entry, "syscall", syscall);
    vk_slog_json(&entry, "ksc", kernel_syscall ? kernel_syscall->json : VK_STR_NONE);
    vk_slog_json(&entry, "vsc", syscall->json);
    return vk_slog_end(&entry, &recorder->kernel->state);
}

static enum vk_err tell_syscall_result(struct vk_recorder *recorder,
                                       const struct vk_syscall *syscall,
                                       struct vk_str kernel_result, struct vk_str vat_result) {
    struct vk_slog_entry entry;
    tell(recorder, VK_MOMENT_SYSCALL_DONE, vk_syscall_name(syscall->type), recorder->syscall_count,
         VK_STR_NONE, vat_result);
    if (!vk_slog_wanted(&recorder->kernel->state)) return VK_OK;
    begin_syscall_entry(recorder, &entry, "syscall-result", syscall);
    vk_slog_json(&entry, "ksr", kernel_result);
    vk_slog_json(&entry, "vsr", vat_result);
    return vk_slog_end_since(&entry, &recorder->kernel->state, recorder->syscall_began_ns);
}

static void record(struct vk_recorder *recorder, const struct vk_syscall *syscall,
                   const struct vk_syscall_result *result) {
    struct vk_buf *buf = &recorder->syscalls;
    vk_buf_add(buf, recorder->syscall_count ? VK_STR(",{\"s\":") : VK_STR("{\"s\":"));
    vk_buf_add(buf, syscall->json);
    vk_buf_lit(buf, ",\"r\":");
    vk_buf_add(buf, result->json);
    vk_buf_char(buf, '}');
}

/* A vat that asks for what it may not have is told to prepare to die; so is one whose syscall panics the kernel,
 * which then halts at the end of the crank. */
static void condemn(struct vk_kernel *kernel, struct vk_str problem, struct vk_str json,
                    struct vk_syscall_result *result) {
    if (!kernel->verdict.illegal_syscall) kernel->verdict.illegal_problem = problem;
    kernel->verdict.illegal_syscall = true;
    *result = (struct vk_syscall_result){.ok = false, .text = problem, .json = json};
}

static void condemn_for_fault(struct vk_kernel *kernel, struct vk_syscall_result *result) {
    condemn(kernel, VK_STR("syscall translation error: prepare to die"),
            VK_STR("[\"error\",\"syscall translation error: prepare to die\"]"), result);
}

static void condemn_for_panic(struct vk_kernel *kernel, struct vk_syscall_result *result) {
    vk_kernel_panic(kernel, "error during syscall/device.invoke: %s", vk_err_origin()->text);
    condemn(kernel, VK_STR("you killed my kernel. prepare to die"),
            VK_STR("[\"error\",\"you killed my kernel. prepare to die\"]"), result);
}

static enum vk_err carry_out(struct vk_recorder *recorder, const struct vk_syscall *syscall,
                             bool waits, struct vk_syscall_result *result) {
    struct vk_kernel *kernel = recorder->kernel;
    struct vk_fault fault = {0};
    struct vk_kernel_syscall kernel_syscall;
    struct vk_str kernel_result = VK_STR_NONE;
    if (recorder->in_completion && vk_completion_forbids(syscall, waits)) /* INV-COMPLETION-2 */
        fault = (struct vk_fault){true, "not for a vat that hands its changes over"};
    else
        VK_TRY(vk_translate_syscall(kernel, recorder->vat, syscall, &fault, &kernel_syscall));
    VK_TRY(tell_syscall(recorder, syscall, fault.raised ? NULL : &kernel_syscall));
    VK_SOMETIMES_IF(fault.raised, syscall_was_illegal);
    if (fault.raised) {
        condemn_for_fault(kernel, result);
        kernel_result = result->json;
    } else {
        enum vk_err err =
            vk_syscall_perform(kernel, recorder->vat, &kernel_syscall, result, &kernel_result);
        VK_RARELY_IF(err == VK_ERR_PANIC, syscall_panicked_the_kernel);
        if (err == VK_ERR_PANIC) {
            condemn_for_panic(kernel, result);
            kernel_result = VK_STR("[\"error\",\"incomplete\"]");
            err = VK_OK;
        }
        VK_TRY(err);
    }
    record(recorder, syscall, result);
    VK_TRY(tell_syscall_result(recorder, syscall, kernel_result, result->json));
    recorder->syscall_count++;
    return VK_OK;
}

/* INV-RECORDER-1 */
static enum vk_err keep(struct vk_recorder *recorder, enum vk_err err) {
    if (err == VK_OK || recorder->failed != VK_OK) return err;
    recorder->failed = err;
    snprintf(recorder->failed_text, sizeof recorder->failed_text, "%.180s", vk_err_origin()->text);
    return err;
}

static enum vk_err check_failed(const struct vk_recorder *recorder) {
    if (recorder->failed == VK_OK) return VK_OK;
    return VK_RAISE(recorder->failed, "%s; the worker of v%llu went on", recorder->failed_text,
                    (unsigned long long)recorder->vat.n);
}

static enum vk_err settle(struct vk_recorder *recorder, uint64_t count) {
    struct vk_syscall syscall;
    struct vk_syscall_result unheard;
    VK_TRY(check_failed(recorder));
    while (count-- && vk_in_flight_take(&recorder->kernel->in_flight, &syscall))
        VK_TRY(carry_out(recorder, &syscall, false, &unheard));
    return VK_OK;
}

static enum vk_err make(struct vk_recorder *recorder, const struct vk_syscall *syscall,
                        struct vk_syscall_result *result) {
    VK_TRY(settle(recorder, UINT64_MAX)); /* INV-IN-FLIGHT-1 */
    return carry_out(recorder, syscall, true, result);
}

enum vk_err vk_recorder_syscall(void *impl, const struct vk_syscall *syscall,
                                struct vk_syscall_result *result) {
    return keep(impl, make(impl, syscall, result));
}

static enum vk_err submit(struct vk_recorder *recorder, const struct vk_syscall *syscall) {
    struct vk_kernel *kernel = recorder->kernel;
    VK_TRY(check_failed(recorder));
    if (!recorder->in_completion)
        return VK_RAISE(VK_ERR_WORKER_LOST, "the worker of v%llu does not wait, which it is to do",
                        (unsigned long long)recorder->vat.n);
    return vk_in_flight_add(&kernel->in_flight, &kernel->arena, syscall);
}

enum vk_err vk_recorder_submit(void *impl, const struct vk_syscall *syscall) {
    return keep(impl, submit(impl, syscall));
}

enum vk_err vk_recorder_settle(void *impl, uint64_t count) {
    return keep(impl, settle(impl, count));
}

/* What a worker says goes into transcripts, promises and vatstores, where ill-formed text would lie until somebody reads it. */
static bool is_utf8(const struct vk_delivery_result *result) {
    bool is = vk_js_text_is_utf8(result->problem) && vk_js_text_is_utf8(result->value) &&
              vk_js_text_is_utf8(result->usage);
    for (size_t i = 0; i < result->change_count && is; i++)
        is = vk_js_text_is_utf8(result->changes[i].key) &&
             vk_js_text_is_utf8(result->changes[i].value);
    return is;
}

enum vk_err vk_recorder_complete(struct vk_recorder *recorder,
                                 const struct vk_delivery_result *result) {
    const struct vk_in_flight *in_flight = &recorder->kernel->in_flight;
    unsigned long long vat = recorder->vat.n;
    VK_SOMETIMES_IF(vk_in_flight_count(in_flight), syscalls_in_flight_at_completion);
    VK_SOMETIMES_IF(!result->ok && vk_in_flight_count(in_flight),
                    vat_failed_with_syscalls_in_flight);
    VK_TRY(settle(recorder, UINT64_MAX));                      /* INV-RECORDER-1 */
    VK_ASSERT(!vk_in_flight_count(in_flight));                 /* INV-IN-FLIGHT-2 */
    if (result->ok && in_flight->settled != result->submitted) /* INV-IN-FLIGHT-2 */
        return VK_RAISE(VK_ERR_WORKER_LOST, "the worker of v%llu sent %llu syscalls and says %llu",
                        vat, (unsigned long long)in_flight->settled,
                        (unsigned long long)result->submitted);
    if (result->change_count && !recorder->in_completion) /* INV-COMPLETION-2 */
        return VK_RAISE(VK_ERR_WORKER_LOST,
                        "the worker of v%llu hands over changes that it is to make by syscall",
                        vat);
    if (!is_utf8(result))
        return VK_RAISE(VK_ERR_WORKER_LOST, "what the worker of v%llu says is not UTF-8", vat);
    return VK_OK;
}

/* {"status":"ok","metering":{"computrons":N},"vatstore":[...]} */
static void write_outcome(struct vk_buf *buf, const struct vk_delivery_result *result) {
    if (!result->ok) {
        vk_buf_lit(buf, "],\"r\":{\"status\":\"error\"}");
        return;
    }
    vk_buf_lit(buf, "],\"r\":{\"status\":\"ok\"");
    if (result->metered) {
        vk_buf_lit(buf, ",\"metering\":{\"computrons\":");
        vk_buf_u64(buf, result->computrons);
        vk_buf_char(buf, '}');
    } else if (result->usage.p) {
        vk_buf_lit(buf, ",\"metering\":{}");
    }
    if (result->change_count) {
        vk_buf_lit(buf, ",\"vatstore\":");
        vk_completion_write(buf, result);
    }
    vk_buf_char(buf, '}');
}

enum vk_err vk_recorder_item(struct vk_recorder *recorder, const struct vk_delivery *delivery,
                             const struct vk_delivery_result *result, struct vk_str *out) {
    struct vk_str syscalls;
    struct vk_buf buf;
    VK_TRY(vk_buf_finish(&recorder->syscalls, &syscalls));
    vk_buf_init(&buf, &recorder->kernel->arena);
    (void)vk_buf_reserve(&buf, delivery->json.n + syscalls.n + 96);
    vk_buf_lit(&buf, "{\"d\":");
    vk_buf_add(&buf, delivery->json);
    vk_buf_lit(&buf, ",\"sc\":[");
    vk_buf_add(&buf, syscalls);
    write_outcome(&buf, result);
    vk_buf_char(&buf, '}');
    return vk_buf_finish(&buf, out);
}
