/* vat_syscalls.c - how a simulated vat makes its syscalls, and what it puts into them. See vat_run.h. */
#include "vat_run.h"

#include "worker_protocol.h"

enum { PADDING_BYTES_MAX = 1 << 20 };

/* ---- content */

enum vk_err sim_ref_copy(struct sim_run *run, struct sim_ref ref, struct vk_str *out) {
    char text[SIM_REF_TEXT_MAX];
    return vk_arena_copy(run->arena, sim_ref_text(ref, text), out);
}

/* A body under construction, and the slots that it names so far. */
struct marshal {
    struct sim_run *run;
    struct vk_buf body;
    struct vk_str *slots;
    size_t slot_count;
};

static enum vk_err marshal_begin(struct marshal *marshal, struct sim_run *run, size_t slots_max) {
    *marshal = (struct marshal){.run = run};
    vk_buf_init(&marshal->body, run->arena);
    vk_buf_char(&marshal->body, '#');
    return VK_NEW_ARRAY(run->arena, &marshal->slots, slots_max + 1);
}

static enum vk_err marshal_end(struct marshal *marshal, struct vk_capdata *out) {
    *out = (struct vk_capdata){.slots = marshal->slots, .slot_count = marshal->slot_count};
    return vk_buf_finish(&marshal->body, &out->body);
}

/* A slot that is named twice is one slot, as marshal has it. */
static enum vk_err marshal_slot(struct marshal *marshal, struct sim_ref ref) {
    struct vk_str vref;
    size_t index = 0;
    VK_TRY(sim_ref_copy(marshal->run, ref, &vref));
    while (index < marshal->slot_count && !vk_str_eq(marshal->slots[index], vref))
        index++;
    bool first = index == marshal->slot_count;
    if (first) marshal->slots[marshal->slot_count++] = vref;
    bool promise = sim_ref_is_promise(ref);
    vk_buf_add(&marshal->body, promise ? VK_STR("\"&") : VK_STR("\"$"));
    vk_buf_u64(&marshal->body, index);
    vk_buf_add(&marshal->body, first && !promise ? VK_STR(".Alleged: thing\"") : VK_STR("\""));
    return VK_OK;
}

static void write_padding(struct vk_buf *buf, uint64_t bytes) {
    size_t n = bytes < PADDING_BYTES_MAX ? bytes : PADDING_BYTES_MAX;
    char *p = vk_buf_reserve(buf, n);
    if (!p) return;
    memset(p, 'x', n);
    vk_buf_advance(buf, n);
}

static enum vk_err marshal_items(struct marshal *marshal, const struct sim_content *content) {
    vk_buf_char(&marshal->body, '[');
    for (size_t i = 0; i < content->slot_count; i++) {
        if (i) vk_buf_char(&marshal->body, ',');
        VK_TRY(marshal_slot(marshal, content->slots[i]));
    }
    if (content->padding_bytes) {
        vk_buf_add(&marshal->body, content->slot_count ? VK_STR(",\"") : VK_STR("\""));
        write_padding(&marshal->body, content->padding_bytes);
        vk_buf_char(&marshal->body, '"');
    }
    vk_buf_char(&marshal->body, ']');
    return VK_OK;
}

enum vk_err sim_content_methargs(struct sim_run *run, const struct sim_content *content,
                                 struct vk_capdata *out) {
    struct marshal marshal;
    VK_TRY(marshal_begin(&marshal, run, content->slot_count));
    if (content->method.p) {
        vk_buf_char(&marshal.body, '[');
        vk_json_quote(&marshal.body, content->method);
        vk_buf_char(&marshal.body, ',');
    }
    VK_TRY(marshal_items(&marshal, content));
    if (content->method.p) vk_buf_char(&marshal.body, ']');
    return marshal_end(&marshal, out);
}

enum vk_err sim_content_value(struct sim_run *run, const struct sim_content *content,
                              struct vk_capdata *out) {
    struct marshal marshal;
    VK_TRY(marshal_begin(&marshal, run, content->slot_count));
    bool padded = content->padding_bytes > 0;
    if (!content->slot_count && !padded)
        vk_buf_lit(&marshal.body, "\"#undefined\"");
    else if (content->slot_count == 1 && !padded && !sim_ref_is_promise(content->slots[0]))
        VK_TRY(marshal_slot(&marshal, content->slots[0]));
    else
        VK_TRY(marshal_items(&marshal, content));
    return marshal_end(&marshal, out);
}

struct vk_capdata sim_error_value(void) {
    return (struct vk_capdata){.body =
                                   VK_STR("#{\"#error\":\"the plan says so\",\"name\":\"Error\"}")};
}

/* ---- syscalls */

static void pay(struct sim_run *run, uint64_t computrons) {
    run->delivery->computrons += computrons;
}

bool sim_waits_for(const struct sim_run *run, enum vk_syscall_type type) {
    return !run->vat->has_store || type == VK_SYSCALL_CALL_NOW || type == VK_SYSCALL_VATSTORE_GET ||
           type == VK_SYSCALL_VATSTORE_GET_NEXT_KEY;
}

enum vk_err sim_make_syscall(struct sim_run *run, struct vk_syscall *syscall,
                             struct vk_syscall_result *result) {
    struct vk_syscall_result answer = {0};
    const struct vk_syscall_port *port = run->delivery->syscalls;
    VK_ASSERT(!run->ended); /* a condemned vat says nothing more */
    if (!syscall->json.p) {
        struct vk_buf buf;
        vk_buf_init(&buf, run->arena);
        sim_syscall_write(&buf, syscall);
        VK_TRY(vk_buf_finish(&buf, &syscall->json));
    }
    pay(run, SIM_COST_SYSCALL + syscall->json.n / SIM_BYTES_PER_COMPUTRON);
    if (!sim_waits_for(run, syscall->type)) {
        VK_ASSERT(!result); /* there is none */
        return port->submit(port->impl, syscall);
    }
    VK_TRY(port->make(port->impl, syscall, &answer));
    if (!answer.ok && syscall->type != VK_SYSCALL_CALL_NOW) run->ended = true;
    if (result) *result = answer;
    return VK_OK;
}

enum vk_err sim_make_send(struct sim_run *run, struct sim_ref target,
                          const struct sim_content *content, const struct sim_ref *result) {
    struct vk_syscall syscall = {.type = VK_SYSCALL_SEND};
    VK_TRY(sim_ref_copy(run, target, &syscall.target));
    VK_TRY(sim_content_methargs(run, content, &syscall.data));
    if (result) VK_TRY(sim_ref_copy(run, *result, &syscall.result));
    return sim_make_syscall(run, &syscall, NULL);
}

enum vk_err sim_make_call(struct sim_run *run, struct sim_ref device, const char *method,
                          const struct vk_capdata *args, struct vk_syscall_result *result) {
    struct vk_syscall syscall = {
        .type = VK_SYSCALL_CALL_NOW, .method = vk_str(method), .data = *args};
    VK_TRY(sim_ref_copy(run, device, &syscall.target));
    return sim_make_syscall(run, &syscall, result);
}

enum vk_err sim_make_vrefs(struct sim_run *run, enum vk_syscall_type type,
                           const struct sim_ref *refs, size_t count) {
    struct vk_str *vrefs;
    VK_TRY(VK_NEW_ARRAY(run->arena, &vrefs, count));
    for (size_t i = 0; i < count; i++)
        VK_TRY(sim_ref_copy(run, refs[i], &vrefs[i]));
    struct vk_syscall syscall = {.type = type, .vrefs = vrefs, .vref_count = count};
    return sim_make_syscall(run, &syscall, NULL);
}

static enum vk_err ask_vatstore(struct sim_run *run, enum vk_syscall_type type, struct vk_str key,
                                struct vk_str *text) {
    struct vk_syscall syscall = {.type = type, .key = key};
    struct vk_syscall_result result;
    VK_TRY(sim_make_syscall(run, &syscall, &result));
    *text = result.ok && result.payload == VK_PAYLOAD_STRING ? result.text : VK_STR_NONE;
    return VK_OK;
}

enum vk_err sim_fill_store(struct sim_run *run) {
    struct sim_vat_store *store = &run->vat->store;
    struct vk_str key, value;
    VK_TRY(ask_vatstore(run, VK_SYSCALL_VATSTORE_GET_NEXT_KEY, VK_STR(""), &key));
    while (key.p) {
        VK_TRY(ask_vatstore(run, VK_SYSCALL_VATSTORE_GET, key, &value));
        VK_TRY(sim_vat_store_change(store, key, value.p ? value : VK_STR("")));
        VK_TRY(ask_vatstore(run, VK_SYSCALL_VATSTORE_GET_NEXT_KEY, key, &key));
    }
    sim_vat_store_begin(store);
    return VK_OK;
}

/* As the kernel would answer: an empty text is none. */
static enum vk_err use_own_store(struct sim_run *run, const struct vk_syscall *syscall,
                                 struct vk_syscall_result *result) {
    struct sim_vat_store *store = &run->vat->store;
    struct vk_str text = VK_STR_NONE;
    pay(run, SIM_COST_SYSCALL + (syscall->key.n + syscall->value.n) / SIM_BYTES_PER_COMPUTRON);
    if (syscall->type == VK_SYSCALL_VATSTORE_GET)
        text = sim_vat_store_get(store, syscall->key);
    else if (syscall->type == VK_SYSCALL_VATSTORE_GET_NEXT_KEY)
        text = sim_vat_store_next(store, syscall->key);
    else
        VK_TRY(sim_vat_store_change(store, syscall->key, syscall->value));
    if (!result) return VK_OK;
    *result = (struct vk_syscall_result){.ok = true};
    if (text.n) result->payload = VK_PAYLOAD_STRING;
    /* What it says stays as it is, whatever becomes of the store. */
    return text.n ? vk_arena_copy(run->arena, text, &result->text) : VK_OK;
}

enum vk_err sim_make_vatstore(struct sim_run *run, enum vk_syscall_type type, struct vk_str key,
                              struct vk_str value, struct vk_syscall_result *result) {
    struct vk_syscall syscall = {.type = type, .key = key, .value = value};
    VK_ASSERT(vk_str_present(value) == (type == VK_SYSCALL_VATSTORE_SET)); /* INV-VAT-2 */
    if (run->vat->has_store) return use_own_store(run, &syscall, result);
    return sim_make_syscall(run, &syscall, result);
}

/* What is settled is retired at once, on both sides. */
static void retire(struct sim_run *run, struct sim_ref promise) {
    sim_holdings_retire_promise(&run->vat->held, promise);
    if (run->result_open && sim_ref_eq(promise, run->result)) run->result_open = false;
}

enum vk_err sim_make_resolve(struct sim_run *run, struct sim_ref promise, bool rejected,
                             const struct vk_capdata *data) {
    struct vk_resolution resolution = {.rejected = rejected, .data = *data};
    struct vk_syscall syscall = {
        .type = VK_SYSCALL_RESOLVE, .resolutions = &resolution, .resolution_count = 1};
    VK_TRY(sim_ref_copy(run, promise, &resolution.promise));
    VK_TRY(sim_make_syscall(run, &syscall, NULL));
    retire(run, promise);
    return VK_OK;
}

enum vk_err sim_make_resolve_all(struct sim_run *run, const struct sim_ref *promises, size_t count,
                                 bool with_next) {
    struct vk_resolution *resolutions;
    struct sim_ref *settled; /* the list of those decided shrinks while it is gone through */
    VK_TRY(VK_NEW_ARRAY(run->arena, &resolutions, count));
    VK_TRY(VK_NEW_ARRAY(run->arena, &settled, count));
    for (size_t i = 0; i < count; i++) {
        const struct sim_content next = {.slots = &promises[(i + 1) % count],
                                         .slot_count = with_next ? 1 : 0};
        settled[i] = promises[i];
        resolutions[i] = (struct vk_resolution){0};
        VK_TRY(sim_ref_copy(run, promises[i], &resolutions[i].promise));
        VK_TRY(sim_content_value(run, &next, &resolutions[i].data));
    }
    struct vk_syscall syscall = {
        .type = VK_SYSCALL_RESOLVE, .resolutions = resolutions, .resolution_count = count};
    VK_TRY(sim_make_syscall(run, &syscall, NULL));
    for (size_t i = 0; i < count; i++)
        retire(run, settled[i]);
    return VK_OK;
}
