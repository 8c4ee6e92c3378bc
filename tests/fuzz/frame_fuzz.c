/* frame_fuzz.c - any bytes, as what comes through the pipe of a worker that lies: frames are taken whole or not at all,
 * however the bytes are cut, and what a reader of messages takes reads the same when it is written again.
 *
 * The first byte says how the others are cut into pieces; the rest is the pipe's.
 */
#include "sim/worker_protocol.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FRAME_BYTES_MAX = 4096, FRAMES_MAX = 64 };

struct heard {
    size_t frames;
    bool refused; /* what came after them can become no frame */
    size_t pending;
    struct vk_arena arena;
    struct sim_frame at[FRAMES_MAX];
};

/* ---- frames */

static void hear(struct heard *heard, struct vk_str bytes, size_t piece) {
    struct sim_frame_reader reader;
    struct sim_frame frame;
    bool complete = true;
    *heard = (struct heard){0};
    vk_arena_init(&heard->arena, vk_heap_system());
    sim_frame_reader_init(&reader, vk_heap_system(), FRAME_BYTES_MAX);
    while (bytes.n && !heard->refused) {
        size_t n = piece < bytes.n ? piece : bytes.n;
        enum vk_err err = sim_frame_reader_feed(&reader, (struct vk_str){bytes.p, n});
        for (complete = true; err == VK_OK && complete;) {
            err = sim_frame_reader_next(&reader, &complete, &frame);
            if (err != VK_OK || !complete || heard->frames == FRAMES_MAX) continue;
            VK_ASSERT(frame.payload.n < FRAME_BYTES_MAX); /* INV-PROTOCOL-3 */
            enum vk_err copied = vk_arena_copy(&heard->arena, frame.payload, &frame.payload);
            VK_ASSERT(copied == VK_OK);
            heard->at[heard->frames++] = frame;
        }
        VK_ASSERT(err == VK_OK || err == VK_ERR_SYNTAX); /* INV-PROTOCOL-2 */
        heard->refused = err != VK_OK;
        bytes = vk_str_from(bytes, n);
    }
    heard->pending = sim_frame_reader_pending(&reader);
    VK_ASSERT(heard->pending <= FRAME_BYTES_MAX); /* INV-PROTOCOL-3 */
    sim_frame_reader_release(&reader);
}

static void check_same_frames(const struct heard *a, const struct heard *b) {
    VK_ASSERT(a->frames == b->frames);
    for (size_t i = 0; i < a->frames; i++)
        VK_ASSERT(a->at[i].type == b->at[i].type && vk_str_eq(a->at[i].payload, b->at[i].payload));
}

/* INV-PROTOCOL-1: frame by frame, what was heard is what would be said. */
static void check_written(const struct heard *heard, struct vk_str bytes) {
    struct vk_buf buf;
    struct vk_str text;
    struct vk_arena arena;
    struct heard again;
    vk_arena_init(&arena, vk_heap_system());
    vk_buf_init(&buf, &arena);
    for (size_t i = 0; i < heard->frames; i++)
        sim_frame_write(&buf, heard->at[i].type, heard->at[i].payload);
    enum vk_err err = vk_buf_finish(&buf, &text);
    VK_ASSERT(err == VK_OK && text.n <= bytes.n + heard->frames);
    hear(&again, text, text.n + 1);
    if (!again.refused) check_same_frames(heard, &again);
    VK_ASSERT(!again.refused || text.n > FRAME_BYTES_MAX);
    vk_arena_release(&again.arena);
    vk_arena_release(&arena);
}

/* ---- messages */

static struct vk_str written(struct vk_arena *arena, const struct vk_delivery_result *result) {
    struct vk_buf buf;
    struct vk_str text;
    vk_buf_init(&buf, arena);
    enum vk_err err = sim_protocol_write_done(&buf, arena, result);
    if (err == VK_OK) err = vk_buf_finish(&buf, &text);
    VK_ASSERT(err == VK_OK);
    return text;
}

static void read_one(struct vk_str text, struct sim_frame *frame, struct sim_frame_reader *reader) {
    bool complete;
    sim_frame_reader_init(reader, vk_heap_system(), text.n + 1);
    enum vk_err err = sim_frame_reader_feed(reader, text);
    if (err == VK_OK) err = sim_frame_reader_next(reader, &complete, frame);
    VK_ASSERT(err == VK_OK && complete);
}

/* Of what can be taken for a delivery's end, a second writing is the first one. */
static void check_done(const struct sim_frame *frame) {
    struct vk_arena arena;
    struct vk_delivery_result result = {0}, again = {0};
    struct sim_frame_reader reader;
    struct sim_frame copy;
    vk_arena_init(&arena, vk_heap_system());
    enum vk_err err = sim_protocol_read_done(&arena, frame, &result);
    VK_ASSERT(err == VK_OK || err == VK_ERR_SYNTAX);
    if (err == VK_OK) {
        for (size_t i = 0; i < result.change_count; i++)
            VK_ASSERT(vk_str_present(result.changes[i].key));
        struct vk_str first = written(&arena, &result);
        read_one(first, &copy, &reader);
        err = sim_protocol_read_done(&arena, &copy, &again);
        VK_ASSERT(err == VK_OK && again.ok == result.ok && again.metered == result.metered &&
                  again.submitted == result.submitted && again.change_count == result.change_count);
        VK_ASSERT(vk_str_eq(first, written(&arena, &again)));
        sim_frame_reader_release(&reader);
    }
    vk_arena_release(&arena);
}

/* Whatever it is, each reader takes it or says that it is not what it was asked for. */
static void check_messages(const struct sim_frame *frame) {
    struct vk_arena arena;
    struct vk_str vat, bundle;
    struct vk_delivery delivery;
    struct vk_syscall syscall;
    struct vk_syscall_result answer;
    vk_arena_init(&arena, vk_heap_system());
    const enum vk_err errs[] = {
        sim_protocol_read_set_bundle(&arena, frame, &vat, &bundle),
        sim_protocol_read_deliver(&arena, frame, &delivery),
        sim_protocol_read_syscall(&arena, frame, true, &syscall),
        sim_protocol_read_syscall(&arena, frame, false, &syscall),
        sim_protocol_read_syscall_result(&arena, frame, &answer),
        sim_protocol_read_ready(&arena, frame),
    };
    size_t taken = 0;
    for (size_t i = 0; i < sizeof errs / sizeof *errs; i++) {
        VK_ASSERT(errs[i] == VK_OK || errs[i] == VK_ERR_SYNTAX);
        taken += errs[i] == VK_OK;
    }
    VK_ASSERT(taken <= 1); /* a frame is one message */
    vk_arena_release(&arena);
    check_done(frame);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct heard whole, cut;
    if (size < 2) return 0;
    size_t piece = (size_t)data[0] % 97 + 1;
    const struct vk_str bytes = {(const char *)data + 1, size - 1};
    hear(&cut, bytes, piece);
    hear(&whole, bytes, bytes.n <= FRAME_BYTES_MAX ? bytes.n : FRAME_BYTES_MAX / 2);
    if (cut.frames < FRAMES_MAX && whole.frames < FRAMES_MAX && bytes.n <= FRAME_BYTES_MAX)
        check_same_frames(&whole, &cut);
    check_written(&cut, bytes);
    for (size_t i = 0; i < cut.frames; i++)
        check_messages(&cut.at[i]);
    vk_arena_release(&whole.arena);
    vk_arena_release(&cut.arena);
    return 0;
}
