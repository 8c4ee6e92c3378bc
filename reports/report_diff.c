/* report_diff.c - see report_diff.h. */
#include "report_diff.h"

#include "colour.h"
#include "json_line.h"

#include <inttypes.h>

enum {
    COLUMNS = 150, /* of a text that is cut to fit */
    BEFORE = 60,   /* bytes of it before the first difference */
    KEYS_SHOWN = 20,
    HASH_SHORT = 16,
};

static const char *const letters[2] = {"A", "B"};
static const enum report_colour side_colours[2] = {REPORT_GREEN, REPORT_RED};

/* ---- texts */

static bool is_continuation(char c) { return ((unsigned char)c & 0xc0) == 0x80; }

/* On one line, from byte `from` on, and nothing that a terminal obeys. */
static void print_text(FILE *out, struct vk_str text, size_t from) {
    size_t to = from + COLUMNS < text.n ? from + COLUMNS : text.n;
    while (from > 0 && is_continuation(text.p[from]))
        from--;
    while (to < text.n && is_continuation(text.p[to]))
        to++;
    if (from > 0) fputs("... ", out);
    for (size_t i = from; i < to; i++) {
        unsigned char c = (unsigned char)text.p[i];
        fputc(c < ' ' || c == 0x7f ? '.' : c, out);
    }
    if (to < text.n) fprintf(out, " ... (%zu bytes)", text.n);
}

/* Where both are to begin, so that what differs is seen. */
static size_t shown_from(const struct vk_str text[2]) {
    size_t same = 0;
    while (same < text[0].n && same < text[1].n && text[0].p[same] == text[1].p[same])
        same++;
    bool is_long = text[0].n > COLUMNS || text[1].n > COLUMNS;
    return is_long && same > (size_t)BEFORE + BEFORE ? same - BEFORE : 0;
}

static void label(FILE *out, const char *text) { fprintf(out, "  %-12s ", text); }

static void print_side(FILE *out, int side, struct vk_str text, size_t from, const char *absent,
                       bool colours) {
    label(out, letters[side]);
    fputs(report_colour(side_colours[side], colours), out);
    if (text.p)
        print_text(out, text, text.n > from ? from : 0);
    else
        fputs(absent, out);
    fputs(report_colour(REPORT_PLAIN, colours), out);
}

static void heading(FILE *out, const char *text, bool colours) {
    fprintf(out, "%s%s%s\n", report_colour(REPORT_BOLD, colours), text,
            report_colour(REPORT_PLAIN, colours));
}

/* ---- parts */

static void print_place(FILE *out, const struct sim_divergence *diff) {
    label(out, "crank");
    if (diff->is_host_call)
        fprintf(out, "what the host did before crank %" PRIu64, diff->crank);
    else
        fprintf(out, "%" PRIu64, diff->crank);
    if (diff->crank_type.p)
        fprintf(out, ", %.*s of %.*s", VK_STR_ARG(diff->crank_type),
                VK_STR_ARG(diff->message_type));
    if (diff->message.n) {
        fputs(": ", out);
        print_text(out, diff->message, 0);
    }
    fputc('\n', out);
    if (!diff->has_delivery) return;
    label(out, "delivery");
    fprintf(out, "%" PRIu64 " of %.*s\n", diff->delivery, VK_STR_ARG(diff->vat));
}

static void print_hash(FILE *out, const char *name, const char *a, const char *b) {
    if (!a[0] && !b[0]) return;
    label(out, name);
    if (strcmp(a, b) == 0)
        fprintf(out, "%.*s, the same\n", HASH_SHORT, a);
    else
        fprintf(out, "%.*s, %.*s\n", HASH_SHORT, a[0] ? a : "none", HASH_SHORT, b[0] ? b : "none");
}

static void print_head(FILE *out, const struct sim_divergence *diff, bool colours) {
    bool differs = sim_divergence_differs(diff->kind);
    fprintf(out, "%s%s%s\n", report_colour(differs ? REPORT_BOLD : REPORT_PLAIN, colours),
            sim_divergence_text(diff->kind), report_colour(REPORT_PLAIN, colours));
    for (int i = 0; i < 2; i++) {
        const struct sim_divergence_side *side = &diff->sides[i];
        label(out, letters[i]);
        fprintf(out, "%.*s", VK_STR_ARG(side->name));
        if (diff->has_crank && side->line) fprintf(out, ", from line %zu", side->line);
        if (side->restarts)
            fprintf(out, "; started %" PRIu64 " times more, %" PRIu64 " cranks were run again",
                    side->restarts, side->repeated);
        fputc('\n', out);
    }
    if (diff->has_crank) print_place(out, diff);
    if (diff->compared) {
        label(out, "the same");
        if (diff->has_same)
            fprintf(out, "up to crank %" PRIu64 "%s%.*s; ", diff->same_crank,
                    diff->same_activityhash[0] ? ", activityhash " : "", HASH_SHORT,
                    diff->same_activityhash);
        fprintf(out, "%" PRIu64 " cranks were compared\n", diff->compared);
    }
    if (!diff->has_crank) return;
    print_hash(out, "crankhash", diff->sides[0].crankhash, diff->sides[1].crankhash);
    print_hash(out, "activityhash", diff->sides[0].activityhash, diff->sides[1].activityhash);
}

static void print_pair(FILE *out, const struct sim_divergent_pair *pair, bool colours) {
    const size_t from = shown_from(pair->text);
    if (pair->key.p) {
        label(out, "key");
        fprintf(out, "%.*s: ", VK_STR_ARG(pair->key));
        print_text(out, pair->meaning, 0);
        fputc('\n', out);
    }
    for (int i = 0; i < 2; i++) {
        print_side(out, i, pair->text[i], from, "nothing", colours);
        fputc('\n', out);
        if (!pair->text[i].p) continue;
        label(out, "");
        if (pair->line[i]) fprintf(out, "line %zu, ", pair->line[i]);
        fprintf(out, "by %.*s\n", VK_STR_ARG(pair->by[i]));
    }
}

static void print_key(FILE *out, const struct sim_divergent_key *key, bool colours) {
    const size_t from = shown_from(key->value);
    fprintf(out, "  %.*s: ", VK_STR_ARG(key->key));
    print_text(out, key->meaning, 0);
    fputc('\n', out);
    for (int i = 0; i < 2; i++) {
        fputs("  ", out);
        print_side(out, i, key->value[i], from, "no such key", colours);
        if (key->by[i].p)
            fprintf(out, "\n                 by %.*s", VK_STR_ARG(key->by[i]));
        else if (key->before.p)
            fprintf(out, "\n                 not written here; %.*s had", VK_STR_ARG(key->before));
        fputc('\n', out);
    }
}

static void print_keys(FILE *out, const struct sim_divergence *diff, bool colours) {
    uint64_t count = diff->keys.count + diff->more_keys;
    if (!count) return;
    fprintf(out, "%skeys that differ%s: %" PRIu64 "%s\n", report_colour(REPORT_BOLD, colours),
            diff->has_crank ? " at its end" : "", count, report_colour(REPORT_PLAIN, colours));
    for (size_t i = 0; i < diff->keys.count && i < KEYS_SHOWN; i++)
        print_key(out, &diff->keys.at[i], colours);
    if (count > KEYS_SHOWN)
        fprintf(out, "  and %" PRIu64 " more (--json has up to %zu)\n", count - KEYS_SHOWN,
                diff->keys.count);
}

static void print_events(FILE *out, const struct sim_divergence *diff, bool colours) {
    if (!diff->events.count) return;
    heading(out, "what befell one of them and not the other, up to there", colours);
    for (size_t i = 0; i < diff->events.count; i++) {
        const struct sim_divergent_event *event = &diff->events.at[i];
        label(out, letters[event->side]);
        fprintf(out, "%s crank %" PRIu64 ", line %zu: ", event->in_crank ? "in" : "before",
                event->crank, event->line);
        print_text(out, event->text, 0);
        fputc('\n', out);
    }
}

static void print_ancestors(FILE *out, const struct sim_divergence *diff, bool colours) {
    if (!diff->ancestors.count) return;
    heading(out, "what it comes of, the newest first", colours);
    for (size_t i = 0; i < diff->ancestors.count; i++) {
        const struct sim_ancestor *ancestor = &diff->ancestors.at[i];
        char name[32] = "";
        if (ancestor->is_host) snprintf(name, sizeof name, "host");
        if (ancestor->has_crank) snprintf(name, sizeof name, "%" PRIu64, ancestor->crank);
        label(out, name);
        print_text(out, ancestor->text, 0);
        if (ancestor->via.p) fprintf(out, "; by its %.*s", VK_STR_ARG(ancestor->via));
        fputc('\n', out);
    }
}

void report_diff(FILE *out, const struct sim_divergence *diff, bool colours) {
    print_head(out, diff, colours);
    for (size_t i = 0; i < diff->notes.count; i++) {
        label(out, "note");
        fprintf(out, "%.*s\n", VK_STR_ARG(diff->notes.at[i]));
    }
    if (diff->entry.present) {
        heading(out, "the first entry that differs", colours);
        print_pair(out, &diff->entry, colours);
    }
    if (diff->write.present) {
        fprintf(out, "%sthe first write that differs: write %zu%s%s\n",
                report_colour(REPORT_BOLD, colours), diff->write.number,
                diff->writes_inferred ? " (of those that a slog makes plain)" : "",
                report_colour(REPORT_PLAIN, colours));
        print_pair(out, &diff->write, colours);
    }
    print_keys(out, diff, colours);
    print_events(out, diff, colours);
    print_ancestors(out, diff, colours);
}

/* ---- as JSON */

/* ,"NAME":[a,b], each a text or null. */
static void add_texts(struct vk_buf *buf, const char *name, const struct vk_str text[2]) {
    report_json_name(buf, name);
    for (int i = 0; i < 2; i++) {
        vk_buf_char(buf, i ? ',' : '[');
        if (text[i].p)
            report_json_quote(buf, text[i]);
        else
            vk_buf_lit(buf, "null");
    }
    vk_buf_char(buf, ']');
}

static void add_sides(struct vk_buf *buf, const struct sim_divergence *diff) {
    report_json_name(buf, "sides");
    for (int i = 0; i < 2; i++) {
        const struct sim_divergence_side *side = &diff->sides[i];
        vk_buf_add(buf, i ? VK_STR(",{") : VK_STR("[{"));
        report_json_str(buf, "name", side->name);
        if (side->line) report_json_count(buf, "line", side->line);
        if (side->crankhash[0]) report_json_text(buf, "crankhash", side->crankhash);
        if (side->activityhash[0]) report_json_text(buf, "activityhash", side->activityhash);
        report_json_count(buf, "restarts", side->restarts);
        report_json_count(buf, "repeated", side->repeated);
        vk_buf_char(buf, '}');
    }
    vk_buf_char(buf, ']');
}

static void add_pair(struct vk_buf *buf, const char *name, const struct sim_divergent_pair *pair) {
    if (!pair->present) return;
    report_json_name(buf, name);
    vk_buf_lit(buf, "{\"lines\":[");
    vk_buf_u64(buf, pair->line[0]);
    vk_buf_char(buf, ',');
    vk_buf_u64(buf, pair->line[1]);
    vk_buf_char(buf, ']');
    if (pair->number) report_json_count(buf, "number", pair->number);
    report_json_str(buf, "key", pair->key);
    report_json_str(buf, "meaning", pair->meaning);
    add_texts(buf, "text", pair->text);
    add_texts(buf, "by", pair->by);
    vk_buf_char(buf, '}');
}

static void add_keys(struct vk_buf *buf, const struct sim_divergence *diff) {
    report_json_count(buf, "keyCount", diff->keys.count + diff->more_keys);
    report_json_name(buf, "keys");
    vk_buf_char(buf, '[');
    for (size_t i = 0; i < diff->keys.count; i++) {
        const struct sim_divergent_key *key = &diff->keys.at[i];
        vk_buf_add(buf, i ? VK_STR(",{") : VK_STR("{"));
        report_json_str(buf, "key", key->key);
        report_json_str(buf, "meaning", key->meaning);
        add_texts(buf, "values", key->value);
        add_texts(buf, "by", key->by);
        report_json_str(buf, "before", key->before);
        vk_buf_char(buf, '}');
    }
    vk_buf_char(buf, ']');
}

static void add_events(struct vk_buf *buf, const struct sim_divergence *diff) {
    report_json_name(buf, "events");
    vk_buf_char(buf, '[');
    for (size_t i = 0; i < diff->events.count; i++) {
        const struct sim_divergent_event *event = &diff->events.at[i];
        vk_buf_add(buf, i ? VK_STR(",{") : VK_STR("{"));
        report_json_count(buf, "side", (uint64_t)event->side);
        report_json_count(buf, "crank", event->crank);
        report_json_count(buf, "line", event->line);
        report_json_bool(buf, "fault", event->is_fault);
        report_json_str(buf, "text", event->text);
        vk_buf_char(buf, '}');
    }
    vk_buf_char(buf, ']');
}

static void add_ancestors(struct vk_buf *buf, const struct sim_divergence *diff) {
    report_json_name(buf, "ancestors");
    vk_buf_char(buf, '[');
    for (size_t i = 0; i < diff->ancestors.count; i++) {
        const struct sim_ancestor *ancestor = &diff->ancestors.at[i];
        vk_buf_add(buf, i ? VK_STR(",{") : VK_STR("{"));
        report_json_str(buf, "text", ancestor->text);
        if (ancestor->has_crank) report_json_count(buf, "crank", ancestor->crank);
        if (ancestor->line) report_json_count(buf, "line", ancestor->line);
        report_json_str(buf, "via", ancestor->via);
        vk_buf_char(buf, '}');
    }
    vk_buf_char(buf, ']');
}

static void add_notes(struct vk_buf *buf, const struct sim_divergence *diff) {
    report_json_name(buf, "notes");
    vk_buf_char(buf, '[');
    for (size_t i = 0; i < diff->notes.count; i++) {
        if (i) vk_buf_char(buf, ',');
        report_json_quote(buf, diff->notes.at[i]);
    }
    vk_buf_char(buf, ']');
}

static void add_divergence(struct vk_buf *buf, const struct sim_divergence *diff) {
    report_json_text(buf, "kind", sim_divergence_word(diff->kind));
    report_json_text(buf, "text", sim_divergence_text(diff->kind));
    add_sides(buf, diff);
    report_json_count(buf, "compared", diff->compared);
    if (diff->has_same) report_json_count(buf, "lastSame", diff->same_crank);
    if (diff->has_crank) {
        report_json_count(buf, diff->is_host_call ? "hostBeforeCrank" : "crank", diff->crank);
        report_json_str(buf, "crankType", diff->crank_type);
        report_json_str(buf, "messageType", diff->message_type);
        report_json_str(buf, "message", diff->message);
    }
    if (diff->has_delivery) {
        report_json_str(buf, "vat", diff->vat);
        report_json_count(buf, "delivery", diff->delivery);
    }
    add_pair(buf, "entry", &diff->entry);
    add_pair(buf, "write", &diff->write);
    add_keys(buf, diff);
    add_events(buf, diff);
    add_ancestors(buf, diff);
    add_notes(buf, diff);
}

void report_diff_object(struct vk_buf *buf, const struct sim_divergence *diff) {
    vk_buf_char(buf, '{');
    add_divergence(buf, diff);
    vk_buf_char(buf, '}');
}

void report_diff_json(FILE *out, const struct sim_divergence *diff) {
    struct report_json_line line;
    struct vk_buf *buf = report_json_begin(&line);
    add_divergence(buf, diff);
    report_json_end(&line, out);
}
