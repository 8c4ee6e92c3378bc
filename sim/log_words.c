/* log_words.c - see log_words.h. */
#include "log_words.h"

#include "log_line.h"

enum { METHOD_MAX = 60, KREFS_SHOWN = 6 };

/* The method's name, out of #[\"name\",...] as it stands in the body's JSON. */
static struct vk_str method_of(struct vk_str methargs) {
    struct vk_str body = sim_log_text(sim_log_get(methargs, "body"));
    const struct vk_str open = VK_STR("[\\\"");
    if (body.n && *body.p == '#') body = vk_str_from(body, 1);
    if (!vk_str_starts(body, open)) return VK_STR_NONE;
    body = vk_str_from(body, open.n);
    const char *end = memchr(body.p, '\\', body.n);
    size_t n = end ? (size_t)(end - body.p) : body.n;
    return (struct vk_str){body.p, n < METHOD_MAX ? n : METHOD_MAX};
}

static void add_message(struct vk_buf *buf, struct vk_str event) {
    struct vk_str msg = sim_log_get(event, "msg");
    struct vk_str method = method_of(sim_log_get(msg, "methargs"));
    struct vk_str result = sim_log_text(sim_log_get(msg, "result"));
    vk_buf_add(buf, sim_log_text(sim_log_get(event, "target")));
    if (method.p) {
        vk_buf_char(buf, '.');
        vk_buf_add(buf, method);
    }
    vk_buf_lit(buf, "(...)");
    if (!result.p) return;
    vk_buf_lit(buf, ", result ");
    vk_buf_add(buf, result);
}

static void add_krefs(struct vk_buf *buf, struct vk_str krefs) {
    struct sim_log_walk walk;
    struct sim_log_member kref;
    size_t count = 0;
    sim_log_walk_begin(&walk, krefs);
    while (sim_log_walk_next(&walk, &kref)) {
        if (count++ >= KREFS_SHOWN) continue;
        if (count > 1) vk_buf_lit(buf, ", ");
        vk_buf_add(buf, sim_log_text(kref.raw));
    }
    if (count <= KREFS_SHOWN) return;
    vk_buf_lit(buf, " and ");
    vk_buf_u64(buf, count - KREFS_SHOWN);
    vk_buf_lit(buf, " more");
}

enum vk_err sim_log_event_words(struct vk_arena *arena, struct vk_str event, struct vk_str *out) {
    struct vk_str type = sim_log_text(sim_log_get(event, "type"));
    struct vk_str vat = sim_log_text(sim_log_get(event, "vatID"));
    struct vk_str krefs = sim_log_get(event, "krefs");
    struct vk_buf buf;
    vk_buf_init(&buf, arena);
    if (vk_str_eq(type, VK_STR("send"))) {
        add_message(&buf, event);
    } else if (vk_str_eq(type, VK_STR("notify"))) {
        vk_buf_add(&buf, sim_log_text(sim_log_get(event, "kpid")));
        vk_buf_lit(&buf, " to ");
        vk_buf_add(&buf, vat);
    } else if (krefs.p) {
        add_krefs(&buf, krefs);
        vk_buf_lit(&buf, " of ");
        vk_buf_add(&buf, vat);
    } else if (vat.p) {
        vk_buf_add(&buf, vat);
    }
    if (buf.n == 0) vk_buf_lit(&buf, "");
    VK_TRY(vk_buf_finish(&buf, out));
    if (!out->p) *out = VK_STR("");
    return VK_OK;
}
