/* worker_frame.c - netstrings. See worker_protocol.h. */
#include "worker_protocol.h"

enum { LENGTH_DIGITS_MAX = 10, CAPACITY_MIN = 4096 };

void sim_frame_write(struct vk_buf *buf, enum sim_frame_type type, struct vk_str payload) {
    vk_buf_u64(buf, payload.n + 1);
    vk_buf_char(buf, ':');
    vk_buf_char(buf, (char)type);
    vk_buf_add(buf, payload);
    vk_buf_char(buf, ',');
}

void sim_frame_reader_init(struct sim_frame_reader *reader, const struct vk_heap *heap,
                           size_t bytes_max) {
    *reader = (struct sim_frame_reader){.heap = heap, .bytes_max = bytes_max};
}

void sim_frame_reader_release(struct sim_frame_reader *reader) {
    if (reader->bytes) reader->heap->free(reader->heap->impl, reader->bytes, reader->capacity);
    sim_frame_reader_init(reader, reader->heap, reader->bytes_max);
}

void sim_frame_reader_clear(struct sim_frame_reader *reader) { reader->count = reader->taken = 0; }

size_t sim_frame_reader_pending(const struct sim_frame_reader *reader) {
    VK_ASSERT(reader->taken <= reader->count); /* INV-PROTOCOL-2 */
    return reader->count - reader->taken;
}

static enum vk_err make_room(struct sim_frame_reader *reader, size_t wanted) {
    const struct vk_heap *heap = reader->heap;
    size_t capacity = reader->capacity ? reader->capacity : CAPACITY_MIN;
    while (capacity < wanted)
        capacity *= 2;
    if (capacity == reader->capacity) return VK_OK;
    char *bytes = reader->bytes
                      ? heap->resize(heap->impl, reader->bytes, reader->capacity, capacity)
                      : heap->alloc(heap->impl, capacity);
    if (!bytes) return VK_RAISE(VK_ERR_NOMEM, "%zu bytes of frames", capacity);
    reader->bytes = bytes;
    reader->capacity = capacity;
    return VK_OK;
}

enum vk_err sim_frame_reader_feed(struct sim_frame_reader *reader, struct vk_str bytes) {
    size_t pending = sim_frame_reader_pending(reader);
    if (bytes.n > reader->bytes_max - pending) /* INV-PROTOCOL-3 */
        return VK_RAISE(VK_ERR_SYNTAX, "more than %zu bytes and no frame", reader->bytes_max);
    if (pending && reader->taken) memmove(reader->bytes, reader->bytes + reader->taken, pending);
    reader->count = pending;
    reader->taken = 0;
    VK_TRY(make_room(reader, pending + bytes.n));
    if (bytes.n) memcpy(reader->bytes + pending, bytes.p, bytes.n);
    reader->count += bytes.n;
    return VK_OK;
}

static enum vk_err bad_frame(const char *what, size_t at) {
    return VK_RAISE(VK_ERR_SYNTAX, "no frame: %s at byte %zu", what, at);
}

/* "LENGTH:"; *head is how long that is, or 0 while it has not come whole. */
static enum vk_err read_length(const struct sim_frame_reader *reader, struct vk_str text,
                               size_t *head, size_t *length) {
    uint64_t n;
    size_t digits = 0;
    *head = *length = 0;
    while (digits < text.n && text.p[digits] >= '0' && text.p[digits] <= '9')
        digits++;
    if (digits > LENGTH_DIGITS_MAX) return bad_frame("endless length", digits);
    if (digits == text.n) return VK_OK;
    if (text.p[digits] != ':' || !vk_str_to_u64((struct vk_str){text.p, digits}, &n))
        return bad_frame("no length", digits);
    if (n == 0) return bad_frame("empty", digits);
    if (n > reader->bytes_max) return bad_frame("too long", digits);
    *head = digits + 1;
    *length = (size_t)n;
    return VK_OK;
}

static bool read_type(char c, enum sim_frame_type *type) {
    *type = (enum sim_frame_type)c;
    return c == SIM_FRAME_COMMAND || c == SIM_FRAME_ANSWER || c == SIM_FRAME_DONE;
}

enum vk_err sim_frame_reader_next(struct sim_frame_reader *reader, bool *complete,
                                  struct sim_frame *frame) {
    struct vk_str text = {reader->bytes + reader->taken, sim_frame_reader_pending(reader)};
    size_t head, length;
    *complete = false;
    if (!text.n) return VK_OK;
    VK_TRY(read_length(reader, text, &head, &length));
    if (head && text.n > head && !read_type(text.p[head], &frame->type))
        return bad_frame("no type", head);
    if (!head || text.n < head + length + 1) return VK_OK;
    if (text.p[head + length] != ',') return bad_frame("no end", head + length);
    frame->payload = (struct vk_str){text.p + head + 1, length - 1};
    reader->taken += head + length + 1;
    *complete = true;
    return VK_OK;
}
