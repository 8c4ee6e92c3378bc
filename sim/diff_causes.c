/* diff_causes.c - see diff_causes.h. */
#include "diff_causes.h"

#include "log_line.h"
#include "log_words.h"

#include <inttypes.h>
#include <stdio.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { CAUSES = 512 * 1024, CRANKS = 64 * 1024, NEWEST_TOLD = 24, OLDEST_TOLD = 6, TEXT = 120 };

#define NO_CRANK UINT64_MAX
#define NO_NUMBER UINT32_MAX

/* What a crank did that another comes of: "syscall 3 (send) of v7", or a name alone. */
struct via {
    const char *name; /* a literal; NULL: nothing */
    uint32_t number;  /* of the syscall; NO_NUMBER: it is none */
    uint32_t vat;
};

/* Something that a later crank may come of. */
struct cause {
    uint64_t tag; /* 0: none */
    uint64_t crank;
    struct via via;
};

struct crank {
    bool is_there, has_block;
    uint64_t number;
    uint64_t parent; /* NO_CRANK: the host, or nobody that is known */
    uint64_t block;
    size_t line;
    struct via via; /* what of the parent led here */
    char text[TEXT];
};

struct causes {
    struct cause *table;  /* CAUSES */
    struct crank *cranks; /* a ring of CRANKS, by number */
    struct vk_arena scratch;
    uint64_t now; /* the crank being read */
    uint64_t block;
    bool has_block;
    size_t line;
    char
        result[24]; /* the promise that the message of the crank being read is answered by, or "" */
};

/* ---- the table */

static uint64_t tag_of(const char *what, struct vk_str name) {
    uint64_t tag =
        XXH3_64bits_withSeed(name.p ? name.p : "", name.n, XXH3_64bits(what, strlen(what)));
    return tag ? tag : 1;
}

static struct cause *find(struct causes *causes, const char *what, struct vk_str name) {
    uint64_t tag = tag_of(what, name);
    struct cause *cause = &causes->table[tag % CAUSES];
    return cause->tag == tag ? cause : NULL;
}

static void note(struct causes *causes, const char *what, struct vk_str name,
                 const struct via *via) {
    uint64_t tag = tag_of(what, name);
    causes->table[tag % CAUSES] = (struct cause){.tag = tag, .crank = causes->now, .via = *via};
}

/* What the kernel itself tells the vat that administrates vats, when one has come, changed or gone. */
static bool is_from_kernel(struct vk_str msg) {
    static const char *const methods[] = {"[\\\"newVatCallback\\\"", "[\\\"vatUpgradeCallback\\\"",
                                          "[\\\"vatTerminated\\\""};
    struct vk_str body = sim_log_text(sim_log_get(sim_log_get(msg, "methargs"), "body"));
    if (body.n && *body.p == '#') body = vk_str_from(body, 1);
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        if (vk_str_starts(body, vk_str(methods[i]))) return true;
    return false;
}

/* Messages have no name of their own: a result promise is one. */
static struct vk_str name_of_message(struct vk_str msg) {
    struct vk_str result = sim_log_text(sim_log_get(msg, "result"));
    return result.p ? result : sim_log_get(msg, "methargs");
}

/* ---- what vats do */

static void note_each(struct causes *causes, const char *what, struct vk_str krefs,
                      const struct via *via) {
    struct sim_log_walk walk;
    struct sim_log_member kref;
    sim_log_walk_begin(&walk, krefs);
    while (sim_log_walk_next(&walk, &kref))
        note(causes, what, sim_log_text(kref.raw), via);
}

static void note_resolutions(struct causes *causes, struct vk_str resolutions,
                             const struct via *via) {
    struct sim_log_walk walk;
    struct sim_log_member resolution;
    sim_log_walk_begin(&walk, resolutions);
    while (sim_log_walk_next(&walk, &resolution))
        note(causes, "settled", sim_log_text(sim_log_at(resolution.raw, 0)), via);
}

/* The syscalls that others come of, each with the place of its krefs in `ksc`. */
static const struct {
    const char *name;
    int krefs;
} calls[] = {
    {"send", 0},          {"resolve", 0},       {"subscribe", 0},
    {"callNow", 0},       {"exit", 0},          {"dropImports", 1},
    {"retireImports", 1}, {"retireExports", 1}, {"abandonExports", 2},
};

static struct via via_of(struct vk_str line, const char *name) {
    struct vk_str vat = sim_log_text(sim_log_get(line, "vatID"));
    uint64_t number = NO_NUMBER, vat_number = 0;
    if (!sim_log_count(sim_log_get(line, "syscallNum"), &number)) number = NO_NUMBER;
    if (vat.n > 1 && !vk_str_to_u64(vk_str_from(vat, 1), &vat_number)) vat_number = 0;
    return (struct via){name, (uint32_t)number, (uint32_t)vat_number};
}

static void take_call(struct causes *causes, const char *name, int krefs, struct vk_str line) {
    const struct via via = via_of(line, name);
    struct vk_str ksc = sim_log_get(line, "ksc"), promise = sim_log_text(sim_log_at(ksc, 2));
    if (strcmp(name, "send") == 0)
        note(causes, "message", name_of_message(sim_log_at(ksc, 2)), &via);
    else if (strcmp(name, "resolve") == 0)
        note_resolutions(causes, sim_log_at(ksc, 2), &via);
    else if (strcmp(name, "subscribe") == 0 && find(causes, "settled", promise))
        note(causes, "settled", promise, &via); /* it is told at once */
    else if (strcmp(name, "callNow") == 0)
        note(causes, "device", VK_STR(""), &via);
    else if (strcmp(name, "exit") == 0)
        note(causes, "end", sim_log_text(sim_log_get(line, "vatID")), &via);
    else if (krefs)
        note_each(causes, "object", sim_log_at(ksc, (size_t)krefs), &via);
}

static void take_syscall(struct causes *causes, struct vk_str line) {
    struct vk_str name = sim_log_text(sim_log_get(line, "syscall"));
    if (!name.p) name = sim_log_text(sim_log_at(sim_log_get(line, "ksc"), 0));
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (vk_str_eq(name, vk_str(calls[i].name)))
            take_call(causes, calls[i].name, calls[i].krefs, line);
}

/* ---- what cranks come of */

static struct cause *cause_of_gc(struct causes *causes, struct vk_str event) {
    struct sim_log_walk walk;
    struct sim_log_member kref;
    sim_log_walk_begin(&walk, sim_log_get(event, "krefs"));
    while (sim_log_walk_next(&walk, &kref)) {
        struct cause *cause = find(causes, "object", sim_log_text(kref.raw));
        if (cause) return cause;
    }
    return NULL;
}

/* A vat settles a promise, or ends and cannot settle it any more; or the message that it was to answer went nowhere. */
static struct cause *cause_of_notify(struct causes *causes, struct vk_str promise) {
    struct cause *cause = find(causes, "settled", promise);
    char vat[24];
    if (cause) return cause;
    struct cause *decided = find(causes, "decided", promise);
    if (decided) {
        snprintf(vat, sizeof vat, "v%" PRIu32, decided->via.vat);
        cause = find(causes, "end", vk_str(vat));
    }
    return cause ? cause : find(causes, "handled", promise);
}

static struct cause *cause_of(struct causes *causes, struct vk_str event) {
    struct vk_str type = sim_log_text(sim_log_get(event, "type"));
    struct vk_str vat = sim_log_text(sim_log_get(event, "vatID"));
    if (vk_str_eq(type, VK_STR("send"))) {
        struct vk_str msg = sim_log_get(event, "msg");
        struct cause *cause = find(causes, "message", name_of_message(msg));
        return cause || !is_from_kernel(msg) ? cause : find(causes, "vats", VK_STR(""));
    }
    if (vk_str_eq(type, VK_STR("notify"))) {
        return cause_of_notify(causes, sim_log_text(sim_log_get(event, "kpid")));
    }
    if (vk_str_eq(type, VK_STR("bringOutYourDead"))) return find(causes, "delivery", vat);
    if (vk_str_eq(type, VK_STR("cleanup-terminated-vat"))) return find(causes, "end", vat);
    if (sim_log_get(event, "krefs").p) return cause_of_gc(causes, event);
    return find(causes, "device", VK_STR(""));
}

static void describe(struct causes *causes, struct crank *crank, struct vk_str line) {
    struct vk_str type = sim_log_text(sim_log_get(line, "crankType")), words;
    struct vk_str message = sim_log_text(sim_log_get(line, "messageType"));
    vk_arena_clear(&causes->scratch);
    if (sim_log_event_words(&causes->scratch, sim_log_get(line, "message"), &words) != VK_OK)
        words = VK_STR("");
    snprintf(crank->text, sizeof crank->text, "%.*s of %.*s%s%.*s", VK_STR_ARG(type),
             VK_STR_ARG(message), words.n ? ": " : "", VK_STR_ARG(words));
}

/* The host's input is first seen where it is routed. */
static void came_from_host(struct causes *causes, struct crank *crank, struct vk_str event) {
    static const struct via routing = {"routing", NO_NUMBER, 0};
    crank->has_block = causes->has_block;
    crank->block = causes->block;
    if (vk_str_eq(sim_log_text(sim_log_get(event, "type")), VK_STR("send")))
        note(causes, "message", name_of_message(sim_log_get(event, "msg")), &routing);
}

static const struct via told_admin = {"message to the vat that administrates vats", NO_NUMBER, 0};
static const struct via rejected = {"rejection of its message", NO_NUMBER, 0};

static void take_start(struct causes *causes, struct vk_str line) {
    struct vk_str event = sim_log_get(line, "message");
    uint64_t number;
    if (!sim_log_count(sim_log_get(line, "crankNum"), &number)) return;
    causes->now = number;
    snprintf(causes->result, sizeof causes->result, "%.*s",
             VK_STR_ARG(sim_log_text(sim_log_get(sim_log_get(event, "msg"), "result"))));
    struct cause *cause = cause_of(causes, event);
    struct crank *crank = &causes->cranks[number % CRANKS];
    *crank = (struct crank){
        .is_there = true, .number = number, .parent = NO_CRANK, .line = causes->line};
    describe(causes, crank, line);
    struct vk_str type = sim_log_text(sim_log_get(event, "type"));
    if (vk_str_eq(type, VK_STR("create-vat")) || vk_str_eq(type, VK_STR("upgrade-vat")))
        note(causes, "vats", VK_STR(""), &told_admin);
    if (causes->result[0]) note(causes, "handled", vk_str(causes->result), &rejected);
    if (cause) {
        crank->parent = cause->crank;
        crank->via = cause->via;
    } else {
        came_from_host(causes, crank, event);
    }
}

static void take_line(struct causes *causes, struct vk_str line) {
    bool is_recording;
    enum sim_log_kind kind = sim_log_kind(line, &is_recording);
    struct vk_str vat;
    if (kind == SIM_LOG_BLOCK)
        causes->has_block = sim_log_count(sim_log_get(line, "blockHeight"), &causes->block);
    if (kind == SIM_LOG_CRANK_START) take_start(causes, line);
    if (kind == SIM_LOG_SYSCALL) take_syscall(causes, line);
    if (kind != SIM_LOG_DELIVER && kind != SIM_LOG_TERMINATE) return;
    vat = sim_log_text(sim_log_get(line, "vatID"));
    const struct via via =
        via_of(line, kind == SIM_LOG_DELIVER ? "delivery to the vat" : "end of the vat");
    note(causes, kind == SIM_LOG_DELIVER ? "delivery" : "end", vat, &via);
    if (kind == SIM_LOG_TERMINATE) note(causes, "vats", VK_STR(""), &told_admin);
    if (kind == SIM_LOG_DELIVER && causes->result[0])
        note(causes, "decided", vk_str(causes->result), &via);
}

/* ---- the chain */

static enum vk_err via_words(struct vk_arena *arena, const struct via *via, struct vk_str *out) {
    if (!via->name) return VK_OK;
    return via->number == NO_NUMBER
               ? vk_arena_format(arena, out, "%s", via->name)
               : vk_arena_format(arena, out, "syscall %" PRIu32 " (%s) of v%" PRIu32, via->number,
                                 via->name, via->vat);
}

static enum vk_err add(struct sim_divergence *out, const struct crank *crank,
                       const struct via *via) {
    struct sim_ancestor ancestor = {.has_crank = true, .crank = crank->number, .line = crank->line};
    VK_TRY(vk_arena_copy(&out->arena, vk_str(crank->text), &ancestor.text));
    VK_TRY(via_words(&out->arena, via, &ancestor.via));
    SIM_ARRAY_RESERVE(&out->ancestors);
    out->ancestors.at[out->ancestors.count++] = ancestor;
    return VK_OK;
}

static enum vk_err add_host(struct sim_divergence *out, const char *text) {
    struct sim_ancestor ancestor = {.is_host = true};
    VK_TRY(vk_arena_copy(&out->arena, vk_str(text), &ancestor.text));
    SIM_ARRAY_RESERVE(&out->ancestors);
    out->ancestors.at[out->ancestors.count++] = ancestor;
    return VK_OK;
}

/* A vat's start or a chore of the kernel's own is nobody's input. */
static bool is_input(const struct crank *crank) { return strstr(crank->text, "of send") != NULL; }

static enum vk_err add_gap(struct sim_divergence *out, uint64_t count) {
    char text[60];
    snprintf(text, sizeof text, "and %" PRIu64 " more between them", count);
    VK_TRY(add_host(out, text));
    out->ancestors.at[out->ancestors.count - 1].is_host = false;
    return VK_OK;
}

static enum vk_err add_root(struct sim_divergence *out, const struct crank *crank) {
    char text[120], block[40] = "";
    if (crank->has_block) snprintf(block, sizeof block, ", in block %" PRIu64, crank->block);
    snprintf(text, sizeof text, "%s%s",
             is_input(crank) ? "the host's input: no syscall sent it"
                             : "the kernel's or the host's doing: no syscall asked for it",
             block);
    return add_host(out, text);
}

static const struct crank *crank_at(const struct causes *causes, uint64_t number) {
    const struct crank *crank = &causes->cranks[number % CRANKS];
    return crank->is_there && crank->number == number ? crank : NULL;
}

static bool is_root(const struct crank *crank) { return crank->parent >= crank->number; }

/* How many cranks the chain has. */
static uint64_t length_of(const struct causes *causes, uint64_t number) {
    const struct crank *crank = crank_at(causes, number);
    uint64_t length = 0;
    for (; crank; crank = is_root(crank) ? NULL : crank_at(causes, crank->parent))
        length++;
    return length;
}

/* Of a long chain the newest and the oldest are told. */
static enum vk_err build_chain(struct sim_divergence *out, const struct causes *causes,
                               uint64_t number) {
    uint64_t length = length_of(causes, number);
    const struct crank *crank = crank_at(causes, number);
    struct via via = {0};
    for (uint64_t i = 0; crank; i++) {
        bool is_left_out = i >= NEWEST_TOLD && i + OLDEST_TOLD < length;
        if (!is_left_out) VK_TRY(add(out, crank, &via));
        if (is_left_out && i == NEWEST_TOLD)
            VK_TRY(add_gap(out, length - NEWEST_TOLD - OLDEST_TOLD));
        if (is_root(crank)) return add_root(out, crank); /* NO_CRANK among them */
        via = crank->via;
        crank = crank_at(causes, crank->parent);
    }
    return add_host(out, "before what the log, or this look back at it, holds");
}

static enum vk_err read_lines(struct causes *causes, struct sim_log_file *file, size_t end,
                              struct sim_input_error *error) {
    for (;;) {
        struct vk_str line;
        bool more;
        VK_TRY(sim_log_file_next(file, &line, &more, error));
        causes->line = sim_log_file_number(file);
        if (!more || causes->line > end) return VK_OK;
        take_line(causes, line);
    }
}

enum vk_err sim_diff_causes(struct sim_divergence *divergence, const char *path,
                            const struct sim_log_unit *unit, struct sim_input_error *error) {
    struct causes causes = {0};
    struct sim_log_file *file = NULL;
    if (!sim_log_unit_is_crank(unit)) return add_host(divergence, "the host's own call");
    causes.table = calloc(CAUSES, sizeof *causes.table);
    causes.cranks = calloc(CRANKS, sizeof *causes.cranks);
    if (!causes.table || !causes.cranks) {
        free(causes.table);
        free(causes.cranks);
        return sim_input_error_set(error, VK_ERR_NOMEM, 0, "out of memory");
    }
    vk_arena_init(&causes.scratch, vk_heap_system());
    enum vk_err err = sim_log_file_open(path, &file, error);
    if (err == VK_OK) err = read_lines(&causes, file, unit->end, error);
    sim_log_file_close(file);
    if (err == VK_OK && unit->has_entries) err = build_chain(divergence, &causes, unit->number);
    vk_arena_release(&causes.scratch);
    free(causes.table);
    free(causes.cranks);
    return err;
}
