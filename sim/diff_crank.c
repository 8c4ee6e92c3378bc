/* diff_crank.c - see diff_crank.h. */
#include "diff_crank.h"

#include <inttypes.h>

/* Whom the writes since are put down to, once it shows what they were for. */
struct pending {
    size_t first; /* write */
    struct vk_str by;
};

struct reading {
    struct sim_crank_log *crank;
    struct vk_arena scratch;
    size_t line;
    bool in_brackets, in_crank, in_syscall;
    struct vk_str step;      /* that writes are put down to now */
    struct pending pending;  /* writes whose step shows only later */
    struct vk_str last_call; /* the newest syscall entry's JSON, copied */
    size_t at_savepoint[2];  /* writes when the savepoints `start` and `deliver` were set */
    size_t writes_at_start, entries_at_start;
};

bool sim_key_is_local(struct vk_str key) { return vk_str_starts(key, VK_STR("local.")); }

void sim_crank_log_init(struct sim_crank_log *crank) {
    *crank = (struct sim_crank_log){0};
    vk_arena_init(&crank->arena, vk_heap_system());
}

void sim_crank_log_release(struct sim_crank_log *crank) {
    sim_array_free(crank->entries.at);
    sim_array_free(crank->writes.at);
    vk_arena_release(&crank->arena);
}

const struct sim_crank_write *sim_crank_log_last(const struct sim_crank_log *crank,
                                                 struct vk_str key) {
    for (size_t i = crank->writes.count; i-- > 0;)
        if (!crank->writes.at[i].is_undone && vk_str_eq(crank->writes.at[i].key, key))
            return &crank->writes.at[i];
    return NULL;
}

static enum vk_err add_write(struct reading *reading, struct vk_str key, struct vk_str value) {
    struct sim_crank_log *crank = reading->crank;
    struct sim_crank_write write = {.line = reading->line, .by = reading->step};
    VK_TRY(vk_arena_copy(&crank->arena, key, &write.key));
    if (value.p) VK_TRY(vk_arena_copy(&crank->arena, value, &write.value));
    SIM_ARRAY_RESERVE(&crank->writes);
    crank->writes.at[crank->writes.count++] = write;
    return VK_OK;
}

/* ---- steps */

static void step(struct reading *reading, const char *text) {
    reading->step = vk_str(text);
    reading->pending.first = reading->crank->writes.count;
}

/* What was written since the last step was done for this. */
static void was_for(struct reading *reading, struct vk_str by) {
    struct sim_crank_log *crank = reading->crank;
    for (size_t i = reading->pending.first; i < crank->writes.count; i++)
        crank->writes.at[i].by = by;
    reading->pending.first = crank->writes.count;
}

static struct vk_str member_text(struct vk_str line, const char *name) {
    struct vk_str text = sim_log_text(sim_log_get(line, name));
    return text.p ? text : VK_STR("?");
}

static enum vk_err call_step(struct reading *reading, struct vk_str line) {
    struct vk_arena *arena = &reading->crank->arena;
    struct vk_str name = sim_log_text(sim_log_get(line, "syscall")), by;
    struct vk_str number = sim_log_get(line, "syscallNum");
    if (!name.p) name = sim_log_text(sim_log_at(sim_log_get(line, "ksc"), 0));
    VK_TRY(vk_arena_format(arena, &reading->step, "syscall %.*s (%.*s) of %.*s's delivery %.*s",
                           VK_STR_ARG(number), VK_STR_ARG(name),
                           VK_STR_ARG(member_text(line, "vatID")),
                           VK_STR_ARG(sim_log_get(line, "deliveryNum"))));
    VK_TRY(vk_arena_format(arena, &by, "translating %.*s", VK_STR_ARG(reading->step)));
    was_for(reading, by);
    return VK_OK;
}

static enum vk_err delivery_step(struct reading *reading, struct vk_str line) {
    struct sim_crank_log *crank = reading->crank;
    struct vk_str by;
    crank->has_delivery = true;
    VK_TRY(vk_arena_copy(&crank->arena, member_text(line, "vatID"), &crank->vat));
    if (!sim_log_count(sim_log_get(line, "deliveryNum"), &crank->delivery)) crank->delivery = 0;
    VK_TRY(vk_arena_copy(&crank->arena, sim_log_get(line, "kd"), &crank->kernel_delivery));
    VK_TRY(vk_arena_format(&crank->arena, &by, "translating %.*s's delivery %" PRIu64,
                           VK_STR_ARG(crank->vat), crank->delivery));
    was_for(reading, by);
    return vk_arena_format(&crank->arena, &reading->step, "%.*s's delivery %" PRIu64,
                           VK_STR_ARG(crank->vat), crank->delivery);
}

static enum vk_err crank_step(struct reading *reading, struct vk_str line) {
    struct sim_crank_log *crank = reading->crank;
    struct vk_str type = sim_log_text(sim_log_get(line, "crankType"));
    struct vk_str message = sim_log_get(line, "message");
    if (type.p) VK_TRY(vk_arena_copy(&crank->arena, type, &crank->crank_type));
    if (message.p) VK_TRY(vk_arena_copy(&crank->arena, message, &crank->message));
    VK_TRY(vk_arena_copy(&crank->arena, member_text(line, "messageType"), &crank->message_type));
    step(reading,
         type.p && vk_str_eq(type, VK_STR("routing")) ? "routing the event" : "the crank's event");
    return VK_OK;
}

/* ---- what a slog's entries write, as far as that is plain */

static enum vk_err infer_resolution(struct reading *reading, struct vk_str resolution) {
    struct vk_str kpid = sim_log_text(sim_log_at(resolution, 0)), key;
    bool rejected = vk_str_eq(sim_log_at(resolution, 1), VK_STR("true"));
    VK_TRY(vk_arena_format(&reading->scratch, &key, "%.*s.state", VK_STR_ARG(kpid)));
    VK_TRY(add_write(reading, key, rejected ? VK_STR("rejected") : VK_STR("fulfilled")));
    VK_TRY(vk_arena_format(&reading->scratch, &key, "%.*s.data", VK_STR_ARG(kpid)));
    return add_write(reading, key, sim_log_at(resolution, 2));
}

static enum vk_err infer_send(struct reading *reading, struct vk_str ksc) {
    struct vk_str event;
    VK_TRY(vk_arena_format(&reading->scratch, &event,
                           "{\"type\":\"send\",\"target\":%.*s,\"msg\":%.*s}",
                           VK_STR_ARG(sim_log_at(ksc, 1)), VK_STR_ARG(sim_log_at(ksc, 2))));
    return add_write(reading, VK_STR("acceptanceQueue.*"), event);
}

static enum vk_err infer_call(struct reading *reading, struct vk_str line) {
    struct vk_str ksc = sim_log_get(line, "ksc"), name = sim_log_text(sim_log_at(ksc, 0)), key;
    const struct vk_json *json;
    struct sim_log_walk walk;
    struct sim_log_member resolution;
    if (vk_str_eq(name, VK_STR("send"))) return infer_send(reading, ksc);
    if (vk_str_eq(name, VK_STR("resolve"))) {
        sim_log_walk_begin(&walk, sim_log_at(ksc, 2));
        while (sim_log_walk_next(&walk, &resolution))
            VK_TRY(infer_resolution(reading, resolution.raw));
        return VK_OK;
    }
    bool sets = vk_str_eq(name, VK_STR("vatstoreSet"));
    if (!sets && !vk_str_eq(name, VK_STR("vatstoreDelete"))) return VK_OK;
    enum vk_err err = vk_json_parse(&reading->scratch, ksc, &json);
    if (err == VK_ERR_SYNTAX) return VK_OK; /* its line is compared as it stands */
    VK_TRY(err);
    VK_TRY(vk_arena_format(&reading->scratch, &key, "%.*s.vs.%.*s",
                           VK_STR_ARG(vk_json_string(vk_json_at(json, 1))),
                           VK_STR_ARG(vk_json_string(vk_json_at(json, 2)))));
    return add_write(reading, key, sets ? vk_json_string(vk_json_at(json, 3)) : VK_STR_NONE);
}

static enum vk_err infer_clist(struct reading *reading, struct vk_str line) {
    struct vk_str kobj = member_text(line, "kobj"), vobj = member_text(line, "vobj"), key;
    struct vk_str vat = member_text(line, "vatID");
    bool drops = vk_str_eq(member_text(line, "mode"), VK_STR("drop"));
    VK_TRY(
        vk_arena_format(&reading->scratch, &key, "%.*s.c.%.*s", VK_STR_ARG(vat), VK_STR_ARG(kobj)));
    VK_TRY(add_write(reading, key, drops ? VK_STR_NONE : vobj));
    VK_TRY(
        vk_arena_format(&reading->scratch, &key, "%.*s.c.%.*s", VK_STR_ARG(vat), VK_STR_ARG(vobj)));
    return add_write(reading, key, drops ? VK_STR_NONE : kobj);
}

/* ---- lines */

static enum vk_err take_entry(struct reading *reading, enum sim_log_kind kind, struct vk_str line) {
    struct sim_crank_log *crank = reading->crank;
    bool infers = !reading->in_brackets;
    if (kind == SIM_LOG_CRANK_START) VK_TRY(crank_step(reading, line));
    if (kind == SIM_LOG_DELIVER) VK_TRY(delivery_step(reading, line));
    if (kind == SIM_LOG_SYSCALL) VK_TRY(call_step(reading, line));
    struct sim_crank_entry entry = {.kind = kind, .line = reading->line, .by = reading->step};
    VK_TRY(vk_arena_copy(&crank->arena, line, &entry.text));
    SIM_ARRAY_RESERVE(&crank->entries);
    crank->entries.at[crank->entries.count++] = entry;
    vk_arena_clear(&reading->scratch);
    if (infers) crank->is_inferred = true;
    if (infers && kind == SIM_LOG_SYSCALL) VK_TRY(infer_call(reading, line));
    if (infers && kind == SIM_LOG_CLIST) VK_TRY(infer_clist(reading, line));
    reading->pending.first = crank->writes.count;
    if (kind == SIM_LOG_SYSCALL_RESULT) step(reading, "the delivery, after its last syscall");
    if (kind == SIM_LOG_DELIVER_RESULT) step(reading, "the end of the crank");
    if (kind == SIM_LOG_TERMINATE) step(reading, "the termination of the vat");
    return VK_OK;
}

/* A c-list entry belongs to what is being translated. */
static bool is_within_step(enum sim_log_kind kind) { return kind == SIM_LOG_CLIST; }

static size_t savepoint_of(struct vk_str line) {
    return vk_str_eq(sim_log_text(sim_log_get(line, "s")), VK_STR("deliver"));
}

static void roll_back(struct reading *reading, struct vk_str line) {
    struct sim_crank_log *crank = reading->crank;
    for (size_t i = reading->at_savepoint[savepoint_of(line)]; i < crank->writes.count; i++)
        crank->writes.at[i].is_undone = true;
    step(reading, "the end of the crank, after the roll-back");
}

static enum vk_err take_store_line(struct reading *reading, enum sim_log_kind kind,
                                   struct vk_str line) {
    const struct vk_json *json;
    reading->crank->is_inferred = false;
    if (kind == SIM_LOG_SAVEPOINT)
        reading->at_savepoint[savepoint_of(line)] = reading->crank->writes.count;
    if (kind == SIM_LOG_ROLLBACK) roll_back(reading, line);
    if (kind != SIM_LOG_SET && kind != SIM_LOG_DEL) return VK_OK;
    vk_arena_clear(&reading->scratch);
    enum vk_err err = vk_json_parse(&reading->scratch, line, &json);
    if (err == VK_ERR_SYNTAX) return VK_OK; /* cut off */
    VK_TRY(err);
    return add_write(reading, vk_json_string(vk_json_get(json, "k")),
                     kind == SIM_LOG_SET ? vk_json_string(vk_json_get(json, "v")) : VK_STR_NONE);
}

/* INV-DIFF-CRANK-1 */
static void begin_crank(struct reading *reading) {
    struct sim_crank_log *crank = reading->crank;
    if (reading->in_crank) {
        crank->writes.count = reading->writes_at_start;
        crank->entries.count = reading->entries_at_start;
    }
    reading->in_crank = true;
    crank->first_hashed = crank->writes.count;
    reading->writes_at_start = crank->writes.count;
    reading->entries_at_start = crank->entries.count;
    step(reading, "taking the event off its queue");
}

static enum vk_err take_line(struct reading *reading, struct vk_str line) {
    bool is_recording;
    enum sim_log_kind kind = sim_log_kind(line, &is_recording);
    if (!sim_log_is_alike(kind)) return VK_OK;
    if (kind == SIM_LOG_START_CRANK) reading->in_brackets = reading->crank->has_brackets = true;
    if (kind == SIM_LOG_START_CRANK || (kind == SIM_LOG_CRANK_START && !reading->in_brackets))
        begin_crank(reading);
    if (sim_log_is_of_store(kind)) return take_store_line(reading, kind, line);
    size_t pending = reading->pending.first;
    VK_TRY(take_entry(reading, kind, line));
    if (is_within_step(kind) && reading->in_brackets) reading->pending.first = pending;
    return VK_OK;
}

/* A recording without slog does not say who wrote what. */
static void name_no_steps(struct sim_crank_log *crank) {
    for (size_t i = 0; i < crank->writes.count && !crank->entries.count; i++)
        crank->writes.at[i].by = VK_STR("the crank (no slog says which step)");
}

static enum vk_err read_lines(struct reading *reading, struct sim_log_file *file,
                              const struct sim_log_unit *unit, struct sim_input_error *error) {
    for (;;) {
        struct vk_str line;
        bool more;
        VK_TRY(sim_log_file_next(file, &line, &more, error));
        reading->line = sim_log_file_number(file);
        if (!more || reading->line > unit->end) return VK_OK;
        if (reading->line < unit->begin) continue;
        VK_TRY(take_line(reading, line));
        if (reading->line == unit->end) return VK_OK;
    }
}

enum vk_err sim_crank_log_read_on(struct sim_crank_log *crank, struct sim_log_file *file,
                                  const struct sim_log_unit *unit, struct sim_input_error *error) {
    struct reading reading = {.crank = crank, .step = VK_STR("the host")};
    vk_arena_init(&reading.scratch, vk_heap_system());
    enum vk_err err = read_lines(&reading, file, unit, error);
    name_no_steps(crank);
    vk_arena_release(&reading.scratch);
    if (err != VK_OK && !error->what[0])
        return sim_input_error_set(error, err, 0, "%s", vk_err_origin()->text);
    return err;
}

enum vk_err sim_crank_log_read(struct sim_crank_log *crank, const char *path,
                               const struct sim_log_unit *unit, struct sim_input_error *error) {
    struct sim_log_file *file;
    VK_TRY(sim_log_file_open(path, &file, error));
    enum vk_err err = sim_crank_log_read_on(crank, file, unit, error);
    sim_log_file_close(file);
    return err;
}
