/* replay_diff.c - see replay_diff.h. */
#include "key_decode.h"
#include "replay_state.h"
#include "reports/colour.h"

#include <inttypes.h>
#include <stdarg.h>

enum {
    WRITES_SHOWN = 10,
    SIDE_COLUMNS = 150,  /* of a value that is cut to fit */
    SIDE_HEAD = 30,      /* its beginning, which says what it is */
    SIDE_BEFORE = 60,    /* bytes before the first difference */
    WRITE_COLUMNS = 110, /* of a write in the list */
};

static const struct {
    const char *word;
    const char *text;
} kind_words[] = {
#define DIFF_WORDS(name, word, text) {word, text},
    SIM_DIFF_KINDS(DIFF_WORDS)
#undef DIFF_WORDS
};

/* ---- keeping it */

static enum vk_err copy_side(struct vk_arena *arena, const struct sim_diff_side *from,
                             struct sim_diff_side *to) {
    if (!from) return VK_OK;
    *to = *from;
    if (from->event.key.p) VK_TRY(vk_arena_copy(arena, from->event.key, &to->event.key));
    if (from->event.value.p) VK_TRY(vk_arena_copy(arena, from->event.value, &to->event.value));
    return VK_OK;
}

static size_t writes_before(const struct sim_replay *replay) {
    size_t count = 0;
    if (!replay->crank) return 0;
    for (size_t i = replay->crank->begin; i < replay->cursor; i++) {
        enum vk_trace_type type = replay_event(replay, i)->type;
        count += type == VK_TRACE_SET || type == VK_TRACE_DEL;
    }
    return count;
}

enum vk_err replay_diff_keep(struct sim_replay *replay, enum sim_diff_kind kind,
                             const struct sim_diff_side *expected, const struct sim_diff_side *got,
                             const char *detail, ...) {
    VK_ASSERT(kind != SIM_DIFF_NONE);
    if (replay->diff.kind == SIM_DIFF_NONE) { /* INV-DIFF-1 */
        struct sim_diff *diff = &replay->diff;
        *diff = (struct sim_diff){.crank = replay->crank,
                                  .delivery = replay->crank ? replay->delivery : NULL,
                                  .delivery_is_over = replay->delivery_is_over,
                                  .call = replay->call,
                                  .at = replay->cursor,
                                  .write = writes_before(replay)};
        if (replay->call && replay->delivery)
            diff->call_number =
                (size_t)(replay->call - replay->index->calls.at) - replay->delivery->first_call;
        VK_TRY(copy_side(&replay->keep, expected, &diff->expected));
        VK_TRY(copy_side(&replay->keep, got, &diff->got));
        if (detail) {
            char text[512];
            va_list args;
            va_start(args, detail);
            vsnprintf(text, sizeof text, detail, args);
            va_end(args);
            VK_TRY(vk_arena_copy(&replay->keep, vk_str(text), &diff->detail));
        }
        diff->kind = kind;
    }
    return VK_RAISE(VK_ERR_TRACE, "%s", kind_words[kind].text);
}

enum vk_err replay_diff_keep_texts(struct sim_replay *replay, enum sim_diff_kind kind,
                                   struct vk_str expected, struct vk_str got) {
    return replay_diff_keep(replay, kind, &(struct sim_diff_side){.event = {.value = expected}},
                            &(struct sim_diff_side){.event = {.value = got}}, NULL);
}

/* ---- telling it */

static void add_event(struct vk_buf *buf, const struct vk_trace_event *event) {
    vk_buf_add(buf, vk_str(sim_event_word(event->type)));
    if (event->type == VK_TRACE_SLOG) {
        vk_buf_char(buf, ' ');
        vk_buf_add(buf, event->value); /* its type is in it */
        return;
    }
    if (event->key.p) {
        vk_buf_char(buf, ' ');
        vk_buf_add(buf, event->key);
    }
    if (event->value.p) {
        vk_buf_char(buf, ' ');
        vk_buf_add(buf, event->value);
    }
    if (event->type == VK_TRACE_TRANSCRIPT_DELETE) {
        vk_buf_lit(buf, " budget ");
        if (event->budget == VK_UNLIMITED)
            vk_buf_lit(buf, "unlimited");
        else
            vk_buf_u64(buf, event->budget);
        vk_buf_lit(buf, ", cleanups ");
        vk_buf_u64(buf, event->count);
        vk_buf_add(buf, event->done ? VK_STR(", done") : VK_STR(", not done"));
    }
}

static struct vk_str side_text(struct vk_arena *arena, const struct sim_diff_side *side) {
    struct vk_buf buf;
    struct vk_str text;
    vk_buf_init(&buf, arena);
    if (side->is_event)
        add_event(&buf, &side->event);
    else if (side->event.value.p)
        vk_buf_add(&buf, side->event.value);
    else
        vk_buf_lit(&buf, "(nothing)");
    return vk_buf_finish(&buf, &text) == VK_OK ? text : VK_STR("(out of memory)");
}

static bool is_continuation(char c) { return ((unsigned char)c & 0xc0) == 0x80; }

/* Prints text[from, to) with control characters made visible; returns its columns. */
static size_t print_slice(FILE *out, struct vk_str text, size_t from, size_t to) {
    size_t columns = 0;
    while (from > 0 && from < text.n && is_continuation(text.p[from]))
        from--;
    for (size_t i = from; i < to && i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        fputc(c < ' ' || c == 0x7f ? '.' : c, out);
        columns += !is_continuation(text.p[i]);
    }
    return columns;
}

struct printer {
    const struct sim_diff *diff;
    const struct sim_recording *recording;
    struct vk_arena arena;
    FILE *out;
    bool colours;
};

static void print_label(const struct printer *printer, const char *label) {
    fprintf(printer->out, "  %-10s ", label);
}

static void print_side(const struct printer *printer, const char *label, struct vk_str text,
                       size_t from, enum report_colour colour) {
    size_t to = from + SIDE_COLUMNS;
    print_label(printer, label);
    fputs(report_colour(colour, printer->colours), printer->out);
    if (from > 0) {
        print_slice(printer->out, text, 0, SIDE_HEAD);
        fputs(" ... ", printer->out);
    }
    print_slice(printer->out, text, from, to);
    if (to < text.n) fputs("...", printer->out);
    fputs(report_colour(REPORT_PLAIN, printer->colours), printer->out);
    fputc('\n', printer->out);
}

/* Expected and got under each other, and a mark under the first byte that differs. */
static void print_sides(struct printer *printer) {
    struct vk_str expected = side_text(&printer->arena, &printer->diff->expected);
    struct vk_str got = side_text(&printer->arena, &printer->diff->got);
    size_t same = 0, from = 0;
    while (same < expected.n && same < got.n && expected.p[same] == got.p[same])
        same++;
    while (same > 0 && same < expected.n && is_continuation(expected.p[same]))
        same--;
    bool is_cut = expected.n > SIDE_COLUMNS || got.n > SIDE_COLUMNS;
    if (is_cut && same > SIDE_HEAD + SIDE_BEFORE) from = same - SIDE_BEFORE;
    while (from > 0 && from < expected.n && is_continuation(expected.p[from]))
        from--;
    print_side(printer, "expected", expected, from, REPORT_GREEN);
    print_side(printer, "got", got, from, REPORT_RED);
    size_t columns = from > 0 ? sizeof " ... " - 1 : 0;
    for (size_t i = 0; i < same; i++)
        if (i >= from || (from > 0 && i < SIDE_HEAD)) columns += !is_continuation(expected.p[i]);
    print_label(printer, "");
    fprintf(printer->out, "%*s^ byte %zu", (int)columns, "", same);
    if (is_cut)
        fprintf(printer->out, " (cut to fit, of %zu and %zu bytes; --json has them whole)",
                expected.n, got.n);
    fputc('\n', printer->out);
}

/* "crank 416 (send)" */
static struct vk_str crank_text(struct vk_arena *arena, const struct sim_crank *crank) {
    struct vk_str text = VK_STR("(out of memory)");
    const char *kind = crank->is_host_call ? "a host call"
                       : crank->is_idle    ? "nothing to do"
                       : crank->is_routing ? "routing"
                       : crank->is_cleanup ? "clean-up"
                                           : "delivery";
    enum vk_err err =
        crank->is_host_call || crank->is_idle
            ? vk_arena_format(arena, &text, "a crank without number (%s)", kind)
            : vk_arena_format(arena, &text, "crank %" PRIu64 " (%s%s%.*s)", crank->number, kind,
                              crank->message_type.p ? ": " : "", VK_STR_ARG(crank->message_type));
    return err == VK_OK ? text : VK_STR("(out of memory)");
}

static size_t line_at(const struct printer *printer) {
    const struct sim_recording *recording = printer->recording;
    size_t at = printer->diff->at < recording->events.count ? printer->diff->at
                                                            : recording->events.count - 1;
    return recording->events.at[at].line;
}

static void print_place(struct printer *printer, const char *file) {
    const struct sim_diff *diff = printer->diff;
    print_label(printer, "where");
    if (diff->crank)
        fprintf(printer->out, "%.*s", VK_STR_ARG(crank_text(&printer->arena, diff->crank)));
    else
        fputs("what the host did", printer->out);
    fprintf(printer->out, ", line %zu of %s\n", line_at(printer), file);
    if (diff->delivery) {
        struct vk_str json = diff->delivery->json;
        const char *quote = json.n > 2 ? memchr(json.p + 2, '"', json.n - 2) : NULL;
        print_label(printer, "vat");
        fprintf(printer->out, "%.*s, %s delivery %" PRIu64, VK_STR_ARG(diff->delivery->vat),
                diff->delivery_is_over ? "after" : "in", diff->delivery->number);
        if (quote) fprintf(printer->out, " (%.*s)", (int)(quote - json.p - 2), json.p + 2);
        if (diff->call)
            fprintf(printer->out, ", syscall %zu of %zu (%s)", diff->call_number,
                    diff->delivery->call_count, vk_syscall_name(diff->call->syscall.type));
        fputc('\n', printer->out);
    }
    if (diff->crank) {
        print_label(printer, "write");
        fprintf(printer->out, "after %zu of the crank's %zu\n", diff->write, diff->crank->writes);
    }
}

static bool has_key(const struct sim_diff_side *side) {
    return side->is_event && (side->event.type == VK_TRACE_SET || side->event.type == VK_TRACE_DEL);
}

static struct vk_str key_meaning(struct vk_arena *arena, const struct sim_diff *diff,
                                 const struct sim_diff_side *side) {
    struct vk_buf buf;
    struct vk_str text;
    bool both = has_key(&diff->expected) && has_key(&diff->got) &&
                vk_str_eq(diff->expected.event.key, diff->got.event.key);
    vk_buf_init(&buf, arena);
    sim_key_decode(&buf, side->event.key, both ? diff->expected.event.value : VK_STR_NONE,
                   both ? diff->got.event.value : VK_STR_NONE);
    return vk_buf_finish(&buf, &text) == VK_OK ? text : VK_STR("(out of memory)");
}

static void print_key(struct printer *printer, const char *label,
                      const struct sim_diff_side *side) {
    struct vk_str meaning = key_meaning(&printer->arena, printer->diff, side);
    print_label(printer, label);
    print_slice(printer->out, side->event.key, 0, WRITE_COLUMNS);
    fputs(": ", printer->out);
    print_slice(printer->out, meaning, 0, meaning.n);
    fputc('\n', printer->out);
}

static void print_keys(struct printer *printer) {
    const struct sim_diff *diff = printer->diff;
    bool one = has_key(&diff->expected), two = has_key(&diff->got);
    if (one && two && !vk_str_eq(diff->expected.event.key, diff->got.event.key)) {
        print_key(printer, "exp. key", &diff->expected);
        print_key(printer, "got key", &diff->got);
    } else if (one || two) {
        print_key(printer, "key", one ? &diff->expected : &diff->got);
    }
}

static void print_writes(struct printer *printer) {
    size_t shown[WRITES_SHOWN], count = 0;
    for (size_t i = printer->diff->at; i-- > 0 && count < WRITES_SHOWN;) {
        const struct sim_event *event = &printer->recording->events.at[i];
        if (event->type == VK_TRACE_SET || event->type == VK_TRACE_DEL) shown[count++] = i;
    }
    if (count == 0) return;
    fprintf(printer->out, "  the last %zu writes before it, by line\n", count);
    while (count-- > 0) {
        const struct sim_event *event = &printer->recording->events.at[shown[count]];
        const struct sim_diff_side side = {
            .is_event = true,
            .event = {.type = event->type, .key = event->key, .value = event->value}};
        struct vk_str text = side_text(&printer->arena, &side);
        fprintf(printer->out, "  %10zu ", event->line);
        print_slice(printer->out, text, 0, WRITE_COLUMNS);
        fputs(text.n > WRITE_COLUMNS ? "...\n" : "\n", printer->out);
    }
}

void sim_diff_print(const struct sim_diff *diff, const struct sim_recording *recording,
                    const char *name, const char *file, FILE *out, bool colours) {
    struct printer printer = {.diff = diff, .recording = recording, .out = out, .colours = colours};
    VK_ASSERT(diff->kind != SIM_DIFF_NONE);
    vk_arena_init(&printer.arena, vk_heap_system());
    fprintf(out, "%s%s: %s%s%.*s%s\n", report_colour(REPORT_BOLD, colours), name,
            kind_words[diff->kind].text, diff->detail.p ? ": " : "", VK_STR_ARG(diff->detail),
            report_colour(REPORT_PLAIN, colours));
    print_place(&printer, file);
    print_keys(&printer);
    if (diff->expected.is_event || diff->got.is_event || diff->expected.event.value.p ||
        diff->got.event.value.p)
        print_sides(&printer);
    print_writes(&printer);
    vk_arena_release(&printer.arena);
}

void sim_diff_tell(const struct sim_diff *diff, const struct sim_recording *recording,
                   const char *name, const char *file, char text[SIM_DIFF_TOLD_MAX]) {
    FILE *out = fmemopen(text, SIM_DIFF_TOLD_MAX, "w");
    text[0] = '\0';
    if (!out) return;
    sim_diff_print(diff, recording, name, file, out, false);
    fclose(out); /* what it ends with, a NUL, takes the last byte's place if there is no room */
    text[SIM_DIFF_TOLD_MAX - 1] = '\0';
}

/* ---- as JSON */

static void field(struct vk_buf *buf, const char *name) {
    vk_buf_lit(buf, ",\"");
    vk_buf_add(buf, vk_str(name));
    vk_buf_lit(buf, "\":");
}

static void field_text(struct vk_buf *buf, const char *name, struct vk_str text) {
    if (!text.p) return;
    field(buf, name);
    vk_json_quote(buf, text);
}

static void field_number(struct vk_buf *buf, const char *name, uint64_t value) {
    field(buf, name);
    vk_buf_u64(buf, value);
}

void sim_diff_write_json(const struct sim_diff *diff, const struct sim_recording *recording,
                         struct vk_buf *buf) {
    const struct printer printer = {.diff = diff, .recording = recording};
    const struct sim_diff_side *keyed = has_key(&diff->expected) ? &diff->expected : &diff->got;
    vk_buf_lit(buf, "{\"kind\":");
    vk_json_quote(buf, vk_str(kind_words[diff->kind].word));
    field_text(buf, "text", vk_str(kind_words[diff->kind].text));
    field_text(buf, "detail", diff->detail);
    field_number(buf, "line", line_at(&printer));
    if (diff->crank) {
        if (!diff->crank->is_host_call && !diff->crank->is_idle)
            field_number(buf, "crank", diff->crank->number);
        field_text(buf, "crankKind", crank_text(buf->arena, diff->crank));
        field_number(buf, "write", diff->write);
    }
    if (diff->delivery) {
        field_text(buf, "vat", diff->delivery->vat);
        field_number(buf, "delivery", diff->delivery->number);
        if (diff->call) field_number(buf, "syscall", diff->call_number);
    }
    if (has_key(keyed)) {
        field_text(buf, "key", keyed->event.key);
        field_text(buf, "meaning", key_meaning(buf->arena, diff, keyed));
    }
    field_text(buf, "expected", side_text(buf->arena, &diff->expected));
    field_text(buf, "got", side_text(buf->arena, &diff->got));
    vk_buf_char(buf, '}');
}

void sim_diff_print_json(const struct sim_diff *diff, const struct sim_recording *recording,
                         FILE *out) {
    struct vk_arena arena;
    struct vk_buf buf;
    struct vk_str text;
    vk_arena_init(&arena, vk_heap_system());
    vk_buf_init(&buf, &arena);
    sim_diff_write_json(diff, recording, &buf);
    if (vk_buf_finish(&buf, &text) == VK_OK) fwrite(text.p, 1, text.n, out);
    vk_arena_release(&arena);
}
