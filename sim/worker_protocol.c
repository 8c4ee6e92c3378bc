/* worker_protocol.c - messages, as they are written. See worker_protocol.h; frames are in worker_frame.c. */
#include "worker_protocol.h"

/* ---- writing syscalls */

static void write_text(struct vk_buf *buf, struct vk_str text) {
    if (text.p)
        vk_json_quote(buf, text);
    else
        vk_buf_lit(buf, "null");
}

static void write_text_member(struct vk_buf *buf, struct vk_str text) {
    vk_buf_char(buf, ',');
    write_text(buf, text);
}

static void write_capdata_member(struct vk_buf *buf, const struct vk_capdata *data) {
    vk_buf_char(buf, ',');
    vk_capdata_write(buf, data);
}

static void write_resolutions(struct vk_buf *buf, const struct vk_syscall *syscall) {
    vk_buf_lit(buf, ",[");
    for (size_t i = 0; i < syscall->resolution_count; i++) {
        const struct vk_resolution *resolution = &syscall->resolutions[i];
        vk_buf_add(buf, i ? VK_STR(",[") : VK_STR("["));
        vk_json_quote(buf, resolution->promise);
        vk_buf_add(buf, resolution->rejected ? VK_STR(",true") : VK_STR(",false"));
        write_capdata_member(buf, &resolution->data);
        vk_buf_char(buf, ']');
    }
    vk_buf_char(buf, ']');
}

static void write_vrefs(struct vk_buf *buf, const struct vk_syscall *syscall) {
    vk_buf_lit(buf, ",[");
    for (size_t i = 0; i < syscall->vref_count; i++) {
        if (i) vk_buf_char(buf, ',');
        vk_json_quote(buf, syscall->vrefs[i]);
    }
    vk_buf_char(buf, ']');
}

static void write_arguments(struct vk_buf *buf, const struct vk_syscall *syscall) {
    switch (syscall->type) {
    case VK_SYSCALL_SEND:
        write_text_member(buf, syscall->target);
        vk_buf_lit(buf, ",{\"methargs\":");
        vk_capdata_write(buf, &syscall->data);
        vk_buf_lit(buf, ",\"result\":");
        write_text(buf, syscall->result);
        vk_buf_char(buf, '}');
        return;
    case VK_SYSCALL_CALL_NOW:
        write_text_member(buf, syscall->target);
        write_text_member(buf, syscall->method);
        write_capdata_member(buf, &syscall->data);
        return;
    case VK_SYSCALL_SUBSCRIBE: write_text_member(buf, syscall->target); return;
    case VK_SYSCALL_RESOLVE: write_resolutions(buf, syscall); return;
    case VK_SYSCALL_EXIT:
        vk_buf_add(buf, syscall->is_failure ? VK_STR(",true") : VK_STR(",false"));
        write_capdata_member(buf, &syscall->data);
        return;
    case VK_SYSCALL_VATSTORE_SET:
        write_text_member(buf, syscall->key);
        write_text_member(buf, syscall->value);
        return;
    case VK_SYSCALL_VATSTORE_GET:
    case VK_SYSCALL_VATSTORE_GET_NEXT_KEY:
    case VK_SYSCALL_VATSTORE_DELETE: write_text_member(buf, syscall->key); return;
    case VK_SYSCALL_DROP_IMPORTS:
    case VK_SYSCALL_RETIRE_IMPORTS:
    case VK_SYSCALL_RETIRE_EXPORTS:
    case VK_SYSCALL_ABANDON_EXPORTS: write_vrefs(buf, syscall); return;
    case VK_SYSCALL_MALFORMED: break;
    }
    VK_ASSERT(false); /* INV-PROTOCOL-1: what is malformed stands as it is */
}

void sim_syscall_write(struct vk_buf *buf, const struct vk_syscall *syscall) {
    vk_buf_lit(buf, "[\"");
    vk_buf_add(buf, vk_str(vk_syscall_name(syscall->type)));
    vk_buf_char(buf, '"');
    write_arguments(buf, syscall);
    vk_buf_char(buf, ']');
}

/* ---- writing messages */

static enum vk_err write_frame(struct vk_buf *buf, enum sim_frame_type type,
                               const struct vk_buf *payload) {
    struct vk_str text;
    VK_TRY(vk_buf_finish(payload, &text));
    sim_frame_write(buf, type, text);
    return VK_OK;
}

enum vk_err sim_protocol_write_set_bundle(struct vk_buf *buf, struct vk_arena *arena,
                                          struct vk_str vat, struct vk_str bundle) {
    struct vk_buf payload;
    vk_buf_init(&payload, arena);
    vk_buf_lit(&payload, "[\"setBundle\"");
    write_text_member(&payload, vat);
    write_text_member(&payload, bundle);
    vk_buf_lit(&payload, ",{}]");
    return write_frame(buf, SIM_FRAME_COMMAND, &payload);
}

enum vk_err sim_protocol_write_ready(struct vk_buf *buf, struct vk_arena *arena) {
    struct vk_buf payload;
    vk_buf_init(&payload, arena);
    vk_buf_lit(&payload, "{\"compute\":0}\1[\"dispatchReady\"]");
    return write_frame(buf, SIM_FRAME_DONE, &payload);
}

/* [TAG,JSON] as a command. */
static enum vk_err write_tagged(struct vk_buf *buf, struct vk_arena *arena, struct vk_str head,
                                struct vk_str json) {
    struct vk_buf payload;
    vk_buf_init(&payload, arena);
    vk_buf_add(&payload, head);
    vk_buf_add(&payload, json);
    vk_buf_char(&payload, ']');
    return write_frame(buf, SIM_FRAME_COMMAND, &payload);
}

#define DELIVER_HEAD VK_STR("[\"deliver\",")
#define SYSCALL_HEAD VK_STR("[\"syscall\",")
#define SUBMIT_HEAD VK_STR("[\"submit\",")

enum vk_err sim_protocol_write_deliver(struct vk_buf *buf, struct vk_arena *arena,
                                       const struct vk_delivery *delivery) {
    return write_tagged(buf, arena, DELIVER_HEAD, delivery->json);
}

enum vk_err sim_protocol_write_syscall(struct vk_buf *buf, struct vk_arena *arena,
                                       const struct vk_syscall *syscall, bool waits) {
    return write_tagged(buf, arena, waits ? SYSCALL_HEAD : SUBMIT_HEAD, syscall->json);
}

void sim_protocol_write_syscall_result(struct vk_buf *buf, const struct vk_syscall_result *result) {
    sim_frame_write(buf, SIM_FRAME_ANSWER, result->json);
}

static void write_changes(struct vk_buf *buf, const struct vk_delivery_result *result) {
    vk_buf_lit(buf, ",[");
    for (size_t i = 0; i < result->change_count; i++) {
        const struct vk_vatstore_change *change = &result->changes[i];
        vk_buf_add(buf, i ? VK_STR(",[") : VK_STR("["));
        vk_json_quote(buf, change->key);
        if (change->value.p) write_text_member(buf, change->value);
        vk_buf_char(buf, ']');
    }
    vk_buf_lit(buf, "],");
    vk_buf_u64(buf, result->submitted);
}

enum vk_err sim_protocol_write_done(struct vk_buf *buf, struct vk_arena *arena,
                                    const struct vk_delivery_result *result) {
    struct vk_buf payload;
    vk_buf_init(&payload, arena);
    vk_buf_add(&payload, result->usage.p ? result->usage : VK_STR("null"));
    vk_buf_add(&payload, result->ok ? VK_STR("\1[\"ok\",") : VK_STR("\1[\"error\","));
    if (!result->ok)
        vk_json_quote(&payload, result->problem);
    else
        vk_buf_add(&payload, result->value.p ? result->value : VK_STR("null"));
    if (result->change_count || result->submitted) write_changes(&payload, result);
    vk_buf_char(&payload, ']');
    return write_frame(buf, SIM_FRAME_DONE, &payload);
}

/* ---- exit codes */

struct vk_str sim_worker_exit_problem(enum sim_worker_exit code) {
    switch (code) {
    case SIM_WORKER_EXIT_COMPUTE: return VK_STR("Compute meter exceeded");
    case SIM_WORKER_EXIT_STACK: return VK_STR("Stack meter exceeded");
    case SIM_WORKER_EXIT_NO_MEMORY: return VK_STR("Allocate meter exceeded");
    case SIM_WORKER_RUNNING: break;
    }
    VK_ASSERT(false); /* a running process has no exit code */
    return VK_STR_NONE;
}
