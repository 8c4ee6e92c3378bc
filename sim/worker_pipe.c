/* worker_pipe.c - see worker_pipe.h. */
#include "worker_pipe.h"

enum { FRAME_BYTES_MAX = 1 << 26, LATE_MS = 100 };

void sim_pipe_init(struct sim_pipe *pipe, const struct vk_heap *heap, struct vk_arena *arena,
                   struct sim_clock *clock, struct fault_set *faults) {
    *pipe = (struct sim_pipe){.arena = arena, .clock = clock, .faults = faults};
    sim_frame_reader_init(&pipe->reader, heap, FRAME_BYTES_MAX);
}

void sim_pipe_release(struct sim_pipe *pipe) { sim_frame_reader_release(&pipe->reader); }

/* What the other side cannot read has come from a worker that is of no use any more. */
static enum vk_err lost(enum vk_err err) {
    char why[sizeof vk_err_origin()->text];
    if (err != VK_ERR_SYNTAX) return err;
    memcpy(why, vk_err_origin()->text, sizeof why);
    return VK_RAISE(VK_ERR_WORKER_LOST, "protocol violation: %s", why);
}

/* ---- faults on the way */

/* Each of them breaks what makes the bytes a frame with JSON in it. */
static enum vk_err garble(struct sim_pipe *pipe, uint64_t where, struct vk_str *bytes) {
    char *copy = vk_arena_alloc(pipe->arena, bytes->n);
    const char *colon = memchr(bytes->p, ':', bytes->n);
    VK_ASSERT(colon); /* INV-PROTOCOL-1: a frame has a length */
    if (!copy) return VK_RAISE(VK_ERR_NOMEM, "a garbled frame of %zu bytes", bytes->n);
    memcpy(copy, bytes->p, bytes->n);
    size_t head = (size_t)(colon - bytes->p);
    switch (where % 6) {
    case 0: copy[0] = 'x'; break;                                           /* no number */
    case 1: copy[0] = (char)(copy[0] == '9' ? '1' : copy[0] + 1); break;    /* another number */
    case 2: copy[head] = ';'; break;                                        /* no colon */
    case 3: copy[head + 1] = '!'; break;                                    /* no type */
    case 4: copy[head + 2 + (bytes->n - head - 3) / 2] = (char)0xFF; break; /* no UTF-8 */
    default: copy[bytes->n - 1] = '.'; break;                               /* no comma */
    }
    bytes->p = copy;
    return VK_OK;
}

static enum vk_err double_up(struct sim_pipe *pipe, struct vk_str *bytes) {
    struct vk_buf buf;
    vk_buf_init(&buf, pipe->arena);
    vk_buf_add(&buf, *bytes);
    vk_buf_add(&buf, *bytes);
    return vk_buf_finish(&buf, bytes);
}

static enum vk_err let_faults_strike(struct sim_pipe *pipe, struct vk_str *bytes) {
    const struct fault *fault;
    if (!pipe->faults) return VK_OK;
    if ((fault = fault_strikes(pipe->faults, FAULT_FRAME_LATE, pipe->vat)))
        sim_clock_wait(pipe->clock, SIM_MS(fault->k ? fault->k : LATE_MS));
    if (fault_strikes(pipe->faults, FAULT_FRAME_TRUNCATED, pipe->vat))
        bytes->n /= 2;
    else if ((fault = fault_strikes(pipe->faults, FAULT_FRAME_GARBLED, pipe->vat)))
        VK_TRY(garble(pipe, fault->k + fault->hits, bytes));
    else if (fault_strikes(pipe->faults, FAULT_FRAME_TWICE, pipe->vat))
        VK_TRY(double_up(pipe, bytes));
    return VK_OK;
}

/* ---- the way through */

/* Whoever reads knows that the other side waits: there is one frame, it is whole, and nothing follows. */
static enum vk_err carry(struct sim_pipe *pipe, const struct vk_buf *buf, bool from_worker,
                         struct sim_frame *frame) {
    struct vk_str bytes;
    bool complete;
    VK_TRY(vk_buf_finish(buf, &bytes));
    pipe->frames++;
    if (from_worker) VK_TRY(let_faults_strike(pipe, &bytes));
    sim_frame_reader_clear(&pipe->reader);
    VK_TRY(lost(sim_frame_reader_feed(&pipe->reader, bytes)));
    VK_TRY(lost(sim_frame_reader_next(&pipe->reader, &complete, frame)));
    if (!complete) return VK_RAISE(VK_ERR_WORKER_LOST, "protocol violation: half a frame");
    if (sim_frame_reader_pending(&pipe->reader))
        return VK_RAISE(VK_ERR_WORKER_LOST, "protocol violation: more than one frame at a time");
    return VK_OK;
}

enum vk_err sim_pipe_set_bundle(struct sim_pipe *pipe, struct vk_str vat, struct vk_str bundle) {
    struct vk_buf buf;
    struct sim_frame frame;
    struct vk_str vat_read, bundle_read;
    vk_buf_init(&buf, pipe->arena);
    VK_TRY(sim_protocol_write_set_bundle(&buf, pipe->arena, vat, bundle));
    VK_TRY(carry(pipe, &buf, false, &frame));
    VK_TRY(lost(sim_protocol_read_set_bundle(pipe->arena, &frame, &vat_read, &bundle_read)));
    VK_ASSERT(vk_str_eq(vat, vat_read) && vk_str_eq(bundle, bundle_read)); /* INV-PROTOCOL-1 */
    vk_buf_init(&buf, pipe->arena);
    VK_TRY(sim_protocol_write_ready(&buf, pipe->arena));
    VK_TRY(carry(pipe, &buf, false, &frame));
    return lost(sim_protocol_read_ready(pipe->arena, &frame));
}

enum vk_err sim_pipe_deliver(struct sim_pipe *pipe, uint64_t vat,
                             const struct vk_delivery *delivery, struct vk_delivery *received) {
    struct vk_buf buf;
    struct sim_frame frame;
    pipe->vat = vat;
    vk_buf_init(&buf, pipe->arena);
    VK_TRY(sim_protocol_write_deliver(&buf, pipe->arena, delivery));
    VK_TRY(carry(pipe, &buf, false, &frame));
    return lost(sim_protocol_read_deliver(pipe->arena, &frame, received));
}

enum vk_err sim_pipe_syscall(struct sim_pipe *pipe, const struct vk_syscall_port *kernel,
                             const struct vk_syscall *syscall, struct vk_syscall_result *result) {
    struct vk_buf buf;
    struct sim_frame frame;
    struct vk_syscall received;
    struct vk_syscall_result answer = {0};
    vk_buf_init(&buf, pipe->arena);
    VK_TRY(sim_protocol_write_syscall(&buf, pipe->arena, syscall, true));
    VK_TRY(carry(pipe, &buf, true, &frame));
    VK_TRY(lost(sim_protocol_read_syscall(pipe->arena, &frame, true, &received)));
    VK_TRY(kernel->make(kernel->impl, &received, &answer));
    vk_buf_init(&buf, pipe->arena);
    sim_protocol_write_syscall_result(&buf, &answer);
    VK_TRY(carry(pipe, &buf, false, &frame));
    return lost(sim_protocol_read_syscall_result(pipe->arena, &frame, result));
}

enum vk_err sim_pipe_submit(struct sim_pipe *pipe, const struct vk_syscall_port *kernel,
                            const struct vk_syscall *syscall) {
    struct vk_buf buf;
    struct sim_frame frame;
    struct vk_syscall received;
    vk_buf_init(&buf, pipe->arena);
    VK_TRY(sim_protocol_write_syscall(&buf, pipe->arena, syscall, false));
    VK_TRY(carry(pipe, &buf, true, &frame));
    VK_TRY(lost(sim_protocol_read_syscall(pipe->arena, &frame, false, &received)));
    return kernel->submit(kernel->impl, &received);
}

enum vk_err sim_pipe_done(struct sim_pipe *pipe, struct vk_arena *arena,
                          struct vk_delivery_result *result) {
    struct vk_buf buf;
    struct sim_frame frame;
    struct vk_delivery_result received;
    vk_buf_init(&buf, pipe->arena);
    VK_TRY(sim_protocol_write_done(&buf, pipe->arena, result));
    VK_TRY(carry(pipe, &buf, true, &frame));
    VK_TRY(lost(sim_protocol_read_done(pipe->arena, &frame, &received)));
    if (received.problem.p) VK_TRY(vk_arena_copy(arena, received.problem, &received.problem));
    if (received.value.p) VK_TRY(vk_arena_copy(arena, received.value, &received.value));
    if (received.usage.p) VK_TRY(vk_arena_copy(arena, received.usage, &received.usage));
    *result = received;
    return VK_OK;
}
