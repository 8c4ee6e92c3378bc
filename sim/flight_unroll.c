/* flight_unroll.c - a flight recorder's ring, read as the lines of a slog. See flight_recorder.h.
 *
 * The entries are SwingSet's, with the fields that a recorder has, and `target`, a kref. In place of `kd`
 * and `ksc` there are only `vd` and `vsc`: the krefs of a delivery stand in its crank's message.
 */
#include "flight_record.h"
#include "flight_recorder.h"

#include "vk/json.h"

struct unrolled {
    struct sim_flight_record head;
    struct vk_str name, target, json;
};

static void text_member(struct vk_buf *buf, const char *name, struct vk_str text) {
    vk_buf_lit(buf, ",\"");
    vk_buf_add(buf, vk_str(name));
    vk_buf_lit(buf, "\":");
    vk_json_quote(buf, text);
}

static void count_member(struct vk_buf *buf, const char *name, uint64_t count) {
    vk_buf_lit(buf, ",\"");
    vk_buf_add(buf, vk_str(name));
    vk_buf_lit(buf, "\":");
    vk_buf_u64(buf, count);
}

static void json_member(struct vk_buf *buf, const char *name, struct vk_str json) {
    if (!json.n) return;
    vk_buf_lit(buf, ",\"");
    vk_buf_add(buf, vk_str(name));
    vk_buf_lit(buf, "\":");
    vk_buf_add(buf, json);
}

static void vat_member(struct vk_buf *buf, uint64_t vat) {
    vk_buf_lit(buf, ",\"vatID\":\"v");
    vk_buf_u64(buf, vat);
    vk_buf_char(buf, '"');
}

static void write_crank(struct vk_buf *buf, const struct unrolled *record) {
    bool ends = record->head.type == VK_MOMENT_CRANK_DONE;
    text_member(buf, "crankType", record->head.is_routing ? VK_STR("routing") : VK_STR("delivery"));
    count_member(buf, "crankNum", record->head.crank);
    text_member(buf, "messageType", record->name);
    if (ends) return;
    json_member(buf, "message", record->json);
    if (record->json.n) return;
    vk_buf_lit(buf, ",\"message\":{\"type\":"); /* the kernel's own, which were in no queue */
    vk_json_quote(buf, record->name);
    if (record->head.vat != UINT64_MAX) vat_member(buf, record->head.vat);
    vk_buf_char(buf, '}');
}

static void write_delivery(struct vk_buf *buf, const struct unrolled *record) {
    bool ends = record->head.type == VK_MOMENT_DELIVERY_DONE;
    text_member(buf, "dispatch", record->name);
    if (record->target.n) text_member(buf, "target", record->target);
    if (!ends) {
        json_member(buf, "vd", record->json);
        return;
    }
    vk_buf_add(buf, record->json.n ? VK_STR(",\"dr\":[\"error\",") : VK_STR(",\"dr\":[\"ok\","));
    if (record->json.n)
        vk_json_quote(buf, record->json);
    else
        vk_buf_lit(buf, "null");
    vk_buf_lit(buf, ",null]");
}

static void write_syscall(struct vk_buf *buf, const struct unrolled *record) {
    bool ends = record->head.type == VK_MOMENT_SYSCALL_DONE;
    count_member(buf, "syscallNum", record->head.number);
    text_member(buf, "syscall", record->name);
    if (record->target.n) text_member(buf, "target", record->target);
    json_member(buf, ends ? "vsr" : "vsc", record->json);
}

/* What stands in every entry of a delivery. */
static void write_place(struct vk_buf *buf, const struct unrolled *record) {
    count_member(buf, "crankNum", record->head.crank);
    vat_member(buf, record->head.vat);
    count_member(buf, "deliveryNum", record->head.delivery);
    vk_buf_lit(buf, ",\"replay\":false");
}

static void write_line(struct vk_buf *buf, const struct unrolled *record) {
    static const char *const types[] = {
        [VK_MOMENT_CRANK] = "crank-start",
        [VK_MOMENT_DELIVERY] = "deliver",
        [VK_MOMENT_SYSCALL] = "syscall",
        [VK_MOMENT_SYSCALL_DONE] = "syscall-result",
        [VK_MOMENT_DELIVERY_DONE] = "deliver-result",
        [VK_MOMENT_CRANK_DONE] = "crank-finish",
        [SIM_FLIGHT_KERNEL_START] = "kernel-start",
        [SIM_FLIGHT_KERNEL_HALT] = "kernel-halt",
    };
    int type = record->head.type;
    bool is_known = type <= SIM_FLIGHT_KERNEL_HALT && types[type];
    if (!is_known) return; /* of a later version */
    vk_buf_lit(buf, "{\"type\":");
    vk_json_quote(buf, vk_str(types[type]));
    if (type == VK_MOMENT_CRANK || type == VK_MOMENT_CRANK_DONE) {
        write_crank(buf, record);
    } else if (type == SIM_FLIGHT_KERNEL_HALT) {
        vk_buf_add(buf, record->json);
    } else if (type != SIM_FLIGHT_KERNEL_START) {
        write_place(buf, record);
        if (type == VK_MOMENT_DELIVERY || type == VK_MOMENT_DELIVERY_DONE)
            write_delivery(buf, record);
        else
            write_syscall(buf, record);
    }
    vk_buf_lit(buf, "}\n");
}

/* ---- the ring */

static enum vk_err bad_ring(const char *what) {
    return VK_RAISE(VK_ERR_SYNTAX, "the flight recorder's ring is damaged: %s", what);
}

static enum vk_err unroll_record(struct vk_str *rest, struct unrolled *record) {
    struct sim_flight_record *head = &record->head;
    if (rest->n < sizeof *head) return bad_ring("a record is cut off");
    memcpy(head, rest->p, sizeof *head);
    size_t texts = (size_t)head->name_n + head->target_n + head->json_n;
    if (head->size > rest->n || head->size < sizeof *head || head->size - sizeof *head < texts)
        return bad_ring("a record's size");
    struct vk_str text = vk_str_from(*rest, sizeof *head);
    record->name = (struct vk_str){text.p, head->name_n};
    text = vk_str_from(text, head->name_n);
    record->target = (struct vk_str){text.p, head->target_n};
    record->json = (struct vk_str){text.p + head->target_n, head->json_n};
    *rest = vk_str_from(*rest, head->size);
    return VK_OK;
}

bool sim_flight_is_ring(struct vk_str bytes) {
    return vk_str_starts(bytes, VK_STR(SIM_FLIGHT_MAGIC));
}

/* From the oldest record to the newest's end, in one piece. */
static enum vk_err straighten(struct vk_arena *arena, struct vk_str bytes, struct vk_str *out) {
    struct sim_flight_header header;
    char *all;
    if (bytes.n < sizeof header || !sim_flight_is_ring(bytes))
        return VK_RAISE(VK_ERR_SYNTAX, "no flight recorder's file");
    memcpy(&header, bytes.p, sizeof header);
    uint64_t capacity = header.capacity, oldest = header.oldest, written = header.written;
    if (capacity == 0 || capacity != bytes.n - sizeof header)
        return VK_RAISE(VK_ERR_SYNTAX, "the ring has %zu bytes, and should have %llu",
                        bytes.n - sizeof header, (unsigned long long)capacity);
    if (oldest > written || written - oldest > capacity) return bad_ring("where it begins");
    size_t n = (size_t)(written - oldest), begin = (size_t)(oldest % capacity);
    size_t first = (size_t)capacity - begin < n ? (size_t)capacity - begin : n;
    const char *ring = bytes.p + sizeof header;
    VK_TRY(VK_NEW_ARRAY(arena, &all, n));
    memcpy(all, ring + begin, first);
    memcpy(all + first, ring, n - first);
    *out = (struct vk_str){all, n};
    return VK_OK;
}

enum vk_err sim_flight_unroll(struct vk_arena *arena, struct vk_str bytes, struct vk_str *text) {
    struct vk_str rest = VK_STR_NONE;
    struct vk_buf buf;
    VK_TRY(straighten(arena, bytes, &rest));
    vk_buf_init(&buf, arena);
    while (rest.n) {
        struct unrolled record;
        VK_TRY(unroll_record(&rest, &record));
        write_line(&buf, &record);
    }
    return vk_buf_finish(&buf, text);
}
