/* frame_fuzz.c - any bytes, as what comes through the pipe of a worker that lies: frames are taken whole or not at all,
 * however the bytes are cut, and what a reader of messages takes says what its frame does, field by field, as does what is
 * written of it.
 *
 * The first byte says how the others are cut into pieces; the rest is the pipe's.
 */
#include "sim/worker_protocol.h"
#include "syscall_fields.h"

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

/* ---- messages: a reader takes what is one and nothing else; what it read says what its frame does, and so does what is written
 * of that */

static struct vk_str finished(const struct vk_buf *buf) {
    struct vk_str text;
    enum vk_err err = vk_buf_finish(buf, &text);
    VK_ASSERT(err == VK_OK);
    return text;
}

/* NULL: it is no JSON, or nothing. */
static const struct vk_json *parsed(struct vk_arena *arena, struct vk_str text) {
    const struct vk_json *json;
    if (!vk_str_present(text)) return NULL;
    enum vk_err err = vk_json_parse(arena, text, &json);
    VK_ASSERT(err == VK_OK || err == VK_ERR_SYNTAX);
    return err == VK_OK ? json : NULL;
}

static bool is_taken(enum vk_err err) {
    VK_ASSERT(err == VK_OK || err == VK_ERR_SYNTAX); /* INV-PROTOCOL-2 */
    return err == VK_OK;
}

static bool says_word(const struct vk_json *json, struct vk_str word) {
    return json && fuzz_says_text(json, word);
}

/* The one frame that was written; its payload is the arena's. */
static struct sim_frame read_back(struct vk_arena *arena, const struct vk_buf *buf) {
    struct sim_frame_reader reader;
    struct sim_frame frame;
    bool complete = false;
    const struct vk_str text = finished(buf);
    sim_frame_reader_init(&reader, vk_heap_system(), text.n + 1);
    enum vk_err err = sim_frame_reader_feed(&reader, text);
    if (err == VK_OK) err = sim_frame_reader_next(&reader, &complete, &frame);
    VK_ASSERT(err == VK_OK && complete && sim_frame_reader_pending(&reader) == 0);
    err = vk_arena_copy(arena, frame.payload, &frame.payload);
    VK_ASSERT(err == VK_OK);
    sim_frame_reader_release(&reader);
    return frame;
}

static const struct vk_json *parsed_payload(struct vk_arena *arena, const struct sim_frame *frame,
                                            enum sim_frame_type type) {
    return frame->type == type ? parsed(arena, frame->payload) : NULL;
}

/* What stands between the head and "]" of a command; absent if it is another one. */
static struct vk_str untagged(const struct sim_frame *frame, struct vk_str head) {
    struct vk_str text = frame->payload;
    if (frame->type != SIM_FRAME_COMMAND || !vk_str_starts(text, head) || text.p[text.n - 1] != ']')
        return VK_STR_NONE;
    text = vk_str_from(text, head.n);
    text.n--;
    return text;
}

/* ["setBundle",VAT,BUNDLE,OPTIONS] */
static bool takes_set_bundle(struct vk_arena *arena, const struct sim_frame *frame) {
    struct vk_str vat, bundle, vat_again, bundle_again;
    struct vk_buf buf;
    const struct vk_json *json = parsed_payload(arena, frame, SIM_FRAME_COMMAND);
    bool is_one = says_word(vk_json_at(json, 0), VK_STR("setBundle")) &&
                  fuzz_is_text(vk_json_at(json, 1)) && fuzz_is_text(vk_json_at(json, 2));
    VK_ASSERT(is_taken(sim_protocol_read_set_bundle(arena, frame, &vat, &bundle)) == is_one);
    if (!is_one) return false;
    VK_ASSERT(fuzz_says_text(vk_json_at(json, 1), vat));
    VK_ASSERT(fuzz_says_text(vk_json_at(json, 2), bundle));
    vk_buf_init(&buf, arena);
    enum vk_err err = sim_protocol_write_set_bundle(&buf, arena, vat, bundle);
    VK_ASSERT(err == VK_OK);
    const struct sim_frame again = read_back(arena, &buf);
    err = sim_protocol_read_set_bundle(arena, &again, &vat_again, &bundle_again);
    VK_ASSERT(err == VK_OK && vk_str_eq(vat, vat_again) && vk_str_eq(bundle, bundle_again));
    return true;
}

/* ---- deliveries */

/* Where the fields of a delivery stand in its JSON. */
struct delivery_said {
    bool is_one;
    const struct vk_json *target, *methargs, *result, *resolutions, *vrefs, *options;
};

static struct delivery_said message_said(const struct vk_json *json) {
    const struct vk_json *target = vk_json_at(json, 1), *message = vk_json_at(json, 2);
    const struct vk_json *result = vk_json_get(message, "result");
    const struct vk_json *methargs = vk_json_get(message, "methargs");
    if (vk_json_is(result, VK_JSON_NULL)) result = NULL;
    return (struct delivery_said){.is_one = fuzz_is_text(target) && fuzz_is_capdata(methargs) &&
                                            (!result || fuzz_is_text(result)),
                                  .target = target,
                                  .methargs = methargs,
                                  .result = result};
}

static struct delivery_said delivery_said(enum vk_delivery_type type, const struct vk_json *json) {
    const struct vk_json *first = vk_json_at(json, 1);
    switch (type) {
    case VK_DELIVERY_MESSAGE: return message_said(json);
    case VK_DELIVERY_NOTIFY:
        return (struct delivery_said){.is_one = fuzz_is_resolutions(first), .resolutions = first};
    case VK_DELIVERY_DROP_EXPORTS:
    case VK_DELIVERY_RETIRE_EXPORTS:
    case VK_DELIVERY_RETIRE_IMPORTS:
        return (struct delivery_said){.is_one = fuzz_is_texts(first), .vrefs = first};
    case VK_DELIVERY_CHANGE_VAT_OPTIONS:
        return (struct delivery_said){.is_one = vk_json_is(first, VK_JSON_OBJECT),
                                      .options = first};
    case VK_DELIVERY_START_VAT:
        return (struct delivery_said){.is_one = fuzz_is_capdata(first), .methargs = first};
    case VK_DELIVERY_BRING_OUT_YOUR_DEAD: break;
    }
    return (struct delivery_said){.is_one = true};
}

/* False: there is no delivery of such a name. */
static bool delivery_type(const struct vk_json *json, enum vk_delivery_type *type) {
    const struct vk_json *name = vk_json_at(json, 0);
    for (int i = VK_DELIVERY_MESSAGE; i <= VK_DELIVERY_BRING_OUT_YOUR_DEAD; i++) {
        *type = (enum vk_delivery_type)i;
        if (says_word(name, vk_str(vk_delivery_name(*type)))) return true;
    }
    return false;
}

static void check_delivery(struct vk_arena *arena, const struct delivery_said *said,
                           const struct vk_delivery *delivery) {
    VK_ASSERT(fuzz_says_text(said->target, delivery->target));
    VK_ASSERT(fuzz_says_text(said->result, delivery->result));
    VK_ASSERT(fuzz_says_capdata(said->methargs, &delivery->methargs));
    VK_ASSERT(fuzz_says_resolutions(said->resolutions, delivery->resolutions,
                                    delivery->resolution_count));
    VK_ASSERT(fuzz_says_texts(said->vrefs, delivery->vrefs, delivery->vref_count));
    VK_ASSERT(vk_str_present(delivery->options) == (said->options != NULL));
    if (!said->options) return;
    const struct vk_json *options = parsed(arena, delivery->options);
    VK_ASSERT(options && fuzz_json_same(said->options, options));
}

static bool takes_deliver(struct vk_arena *arena, const struct sim_frame *frame) {
    struct vk_delivery delivery, again;
    struct vk_buf buf;
    enum vk_delivery_type type;
    const struct vk_str text = untagged(frame, VK_STR("[\"deliver\","));
    const struct vk_json *json = parsed(arena, text);
    bool is_known = delivery_type(json, &type);
    const struct delivery_said said = delivery_said(type, json);
    bool is_one = is_known && said.is_one;
    VK_ASSERT(is_taken(sim_protocol_read_deliver(arena, frame, &delivery)) == is_one);
    if (!is_one) return false;
    VK_ASSERT(delivery.type == type && vk_str_eq(delivery.json, text)); /* INV-PROTOCOL-1 */
    check_delivery(arena, &said, &delivery);
    vk_buf_init(&buf, arena);
    enum vk_err err = sim_protocol_write_deliver(&buf, arena, &delivery);
    VK_ASSERT(err == VK_OK);
    const struct sim_frame copy = read_back(arena, &buf);
    VK_ASSERT(copy.type == frame->type && vk_str_eq(copy.payload, frame->payload));
    err = sim_protocol_read_deliver(arena, &copy, &again);
    VK_ASSERT(err == VK_OK && again.type == type);
    check_delivery(arena, &said, &again);
    return true;
}

/* ---- syscalls, and what answers them */

/* What was read, and what is written of its fields, say the same. */
static void check_syscall(struct vk_arena *arena, const struct vk_json *json,
                          const struct vk_syscall *syscall) {
    struct vk_buf buf;
    const struct vk_json *told = parsed(arena, syscall->json);
    VK_ASSERT(told && fuzz_json_same(json, told));
    VK_ASSERT(fuzz_says_syscall(json, syscall));
    if (syscall->type == VK_SYSCALL_MALFORMED) return;
    vk_buf_init(&buf, arena);
    sim_syscall_write(&buf, syscall);
    VK_ASSERT(fuzz_says_syscall(parsed(arena, finished(&buf)), syscall));
}

static bool takes_syscall(struct vk_arena *arena, const struct sim_frame *frame, bool waits) {
    const struct vk_str head = waits ? VK_STR("[\"syscall\",") : VK_STR("[\"submit\",");
    struct vk_syscall syscall, again;
    struct vk_buf buf;
    const struct vk_str text = untagged(frame, head);
    const struct vk_json *json = parsed(arena, text);
    VK_ASSERT(is_taken(sim_protocol_read_syscall(arena, frame, waits, &syscall)) == (json != NULL));
    if (!json) return false;
    check_syscall(arena, json, &syscall);
    vk_buf_init(&buf, arena);
    enum vk_err err = sim_protocol_write_syscall(&buf, arena, &syscall, waits);
    VK_ASSERT(err == VK_OK);
    const struct sim_frame copy = read_back(arena, &buf);
    VK_ASSERT(vk_str_eq(untagged(&copy, head), syscall.json));
    err = sim_protocol_read_syscall(arena, &copy, waits, &again);
    VK_ASSERT(err == VK_OK && vk_str_eq(syscall.json, again.json));
    const struct vk_json *told = parsed(arena, syscall.json);
    VK_ASSERT(told);
    check_syscall(arena, told, &again);
    return true;
}

/* ["ok", null | string | capdata], ["error", string] */
static bool is_answer(const struct vk_json *json) {
    const struct vk_json *said = vk_json_at(json, 1);
    if (says_word(vk_json_at(json, 0), VK_STR("error"))) return fuzz_is_text(said);
    return says_word(vk_json_at(json, 0), VK_STR("ok")) &&
           (vk_json_is(said, VK_JSON_NULL) || fuzz_is_text(said) || fuzz_is_capdata(said));
}

static void check_answer(const struct vk_json *json, const struct vk_syscall_result *answer) {
    const struct vk_json *said = vk_json_at(json, 1);
    const struct vk_json *text = fuzz_is_text(said) ? said : NULL;
    const struct vk_json *capdata = vk_json_is(said, VK_JSON_OBJECT) ? said : NULL;
    enum vk_payload_type payload = VK_PAYLOAD_NULL;
    if (text && answer->ok) payload = VK_PAYLOAD_STRING;
    if (capdata) payload = VK_PAYLOAD_CAPDATA;
    VK_ASSERT(says_word(vk_json_at(json, 0), answer->ok ? VK_STR("ok") : VK_STR("error")));
    VK_ASSERT(answer->payload == payload && fuzz_says_text(text, answer->text));
    VK_ASSERT(fuzz_says_capdata(capdata, &answer->capdata));
}

static bool takes_answer(struct vk_arena *arena, const struct sim_frame *frame) {
    struct vk_syscall_result answer, again;
    struct vk_buf buf;
    const struct vk_json *json = parsed_payload(arena, frame, SIM_FRAME_ANSWER);
    bool is_one = is_answer(json);
    VK_ASSERT(is_taken(sim_protocol_read_syscall_result(arena, frame, &answer)) == is_one);
    if (!is_one) return false;
    VK_ASSERT(vk_str_eq(answer.json, frame->payload)); /* INV-PROTOCOL-1 */
    check_answer(json, &answer);
    vk_buf_init(&buf, arena);
    sim_protocol_write_syscall_result(&buf, &answer);
    const struct sim_frame copy = read_back(arena, &buf);
    VK_ASSERT(copy.type == frame->type && vk_str_eq(copy.payload, frame->payload));
    enum vk_err err = sim_protocol_read_syscall_result(arena, &copy, &again);
    VK_ASSERT(err == VK_OK);
    check_answer(json, &again);
    return true;
}

/* ---- the end of a command: METER\1REPLY */

struct done_said {
    struct vk_str meter;
    const struct vk_json *usage, *reply; /* NULL: it is no such frame */
};

static struct done_said done_said(struct vk_arena *arena, const struct sim_frame *frame) {
    struct done_said said = {0};
    const struct vk_str payload = frame->payload;
    const char *separator = memchr(payload.p, 1, payload.n);
    if (frame->type != SIM_FRAME_DONE || !separator) return said;
    said.meter = (struct vk_str){payload.p, (size_t)(separator - payload.p)};
    said.usage = parsed(arena, said.meter);
    if (said.usage) said.reply = parsed(arena, vk_str_from(payload, said.meter.n + 1));
    return said;
}

static bool takes_ready(struct vk_arena *arena, const struct sim_frame *frame,
                        const struct done_said *said) {
    bool is_one = says_word(vk_json_at(said->reply, 0), VK_STR("dispatchReady"));
    VK_ASSERT(is_taken(sim_protocol_read_ready(arena, frame)) == is_one);
    return is_one;
}

/* [[KEY,VALUE] | [KEY] ...]; there may be none. */
static bool is_changes(const struct vk_json *json) {
    if (!json) return true;
    if (!vk_json_is(json, VK_JSON_ARRAY)) return false;
    for (const struct vk_json *item = json->first; item; item = item->next)
        if (!fuzz_is_text(vk_json_at(item, 0)) ||
            !(item->count == 1 || fuzz_is_text(vk_json_at(item, 1))))
            return false;
    return true;
}

/* No number, or none that counts, is 0. */
static bool is_count(const struct vk_json *json, uint64_t *count) {
    *count = 0;
    return vk_json_is(json, VK_JSON_NUMBER) && vk_str_to_u64(json->text, count);
}

/* ["ok",VALUE,CHANGES,COUNT], ["error",PROBLEM,CHANGES,COUNT] */
static bool is_done(const struct vk_json *reply) {
    const struct vk_json *status = vk_json_at(reply, 0), *count = vk_json_at(reply, 3);
    uint64_t ignored;
    bool is_error = says_word(status, VK_STR("error")) && fuzz_is_text(vk_json_at(reply, 1));
    return (is_error || says_word(status, VK_STR("ok"))) && is_changes(vk_json_at(reply, 2)) &&
           (!count || is_count(count, &ignored));
}

static void check_changes(const struct vk_json *json, const struct vk_delivery_result *result) {
    const struct vk_vatstore_change *change = result->changes;
    VK_ASSERT((json ? json->count : 0) == result->change_count);
    if (!json) return;
    for (const struct vk_json *item = json->first; item; item = item->next, change++) {
        VK_ASSERT(fuzz_says_text(vk_json_at(item, 0), change->key));
        VK_ASSERT(fuzz_says_text(vk_json_at(item, 1), change->value));
    }
}

static void check_done(struct vk_arena *arena, const struct done_said *said,
                       const struct vk_delivery_result *result) {
    const struct vk_json *value = vk_json_at(said->reply, 1);
    uint64_t computrons, submitted;
    VK_ASSERT(says_word(vk_json_at(said->reply, 0), result->ok ? VK_STR("ok") : VK_STR("error")));
    VK_ASSERT(fuzz_says_text(result->ok ? NULL : value, result->problem));
    if (vk_str_present(result->value)) {
        const struct vk_json *told = parsed(arena, result->value);
        VK_ASSERT(result->ok && value && told && fuzz_json_same(value, told));
    } else {
        VK_ASSERT(!result->ok || !value || value->type == VK_JSON_NULL);
    }
    check_changes(vk_json_at(said->reply, 2), result);
    is_count(vk_json_at(said->reply, 3), &submitted);
    VK_ASSERT(result->submitted == submitted);
    bool is_metered = is_count(vk_json_get(said->usage, "compute"), &computrons);
    VK_ASSERT(result->metered == is_metered && (!is_metered || result->computrons == computrons));
    VK_ASSERT(vk_str_present(result->usage) == vk_json_is(said->usage, VK_JSON_OBJECT));
    VK_ASSERT(!vk_str_present(result->usage) || vk_str_eq(result->usage, said->meter));
}

static bool takes_done(struct vk_arena *arena, const struct sim_frame *frame,
                       const struct done_said *said) {
    struct vk_delivery_result result, again;
    struct vk_buf buf;
    bool is_one = is_done(said->reply);
    VK_ASSERT(is_taken(sim_protocol_read_done(arena, frame, &result)) == is_one);
    if (!is_one) return false;
    check_done(arena, said, &result);
    vk_buf_init(&buf, arena);
    enum vk_err err = sim_protocol_write_done(&buf, arena, &result);
    VK_ASSERT(err == VK_OK);
    const struct sim_frame copy = read_back(arena, &buf);
    const struct done_said told = done_said(arena, &copy);
    VK_ASSERT(is_done(told.reply));
    check_done(arena, &told, &result);
    err = sim_protocol_read_done(arena, &copy, &again);
    VK_ASSERT(err == VK_OK);
    check_done(arena, &told, &again);
    return true;
}

/* A frame is one message at most. */
static void check_message(const struct sim_frame *frame) {
    struct vk_arena arena;
    vk_arena_init(&arena, vk_heap_system());
    const struct done_said said = done_said(&arena, frame);
    int taken = takes_set_bundle(&arena, frame) + takes_deliver(&arena, frame) +
                takes_syscall(&arena, frame, true) + takes_syscall(&arena, frame, false) +
                takes_answer(&arena, frame) + takes_ready(&arena, frame, &said) +
                takes_done(&arena, frame, &said);
    VK_ASSERT(taken <= 1);
    vk_arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct heard whole, cut;
    if (size < 2) return 0;
    size_t piece = (size_t)data[0] % 97 + 1;
    const struct vk_str bytes = {(const char *)data + 1, size - 1};
    hear(&cut, bytes, piece);
    hear(&whole, bytes, bytes.n <= FRAME_BYTES_MAX ? bytes.n : FRAME_BYTES_MAX / 2);
    if (bytes.n <= FRAME_BYTES_MAX) {
        VK_ASSERT(whole.refused == cut.refused && (cut.refused || whole.pending == cut.pending));
        if (cut.frames < FRAMES_MAX && whole.frames < FRAMES_MAX) check_same_frames(&whole, &cut);
    }
    check_written(&cut, bytes);
    for (size_t i = 0; i < cut.frames; i++)
        check_message(&cut.at[i]);
    vk_arena_release(&whole.arena);
    vk_arena_release(&cut.arena);
    return 0;
}
