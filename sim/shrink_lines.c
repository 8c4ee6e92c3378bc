/* shrink_lines.c - see shrink_lines.h. */
#include "shrink_lines.h"

#include "plan_shape.h"

enum { INDENT_SECTION = 0, INDENT_PART = 2 };

/* ---- words */

static size_t indent_of(struct vk_str text) {
    size_t n = 0;
    while (n < text.n && text.p[n] == ' ')
        n++;
    return n;
}

/* What the writer of plans puts between words is one space. */
struct vk_str sim_shrink_word(const struct sim_shrink_line *line, size_t n) {
    struct vk_str rest = vk_str_from(line->text, indent_of(line->text));
    for (;; n--) {
        const char *space = rest.n ? memchr(rest.p, ' ', rest.n) : NULL;
        size_t length = space ? (size_t)(space - rest.p) : rest.n;
        if (n == 0) return length ? (struct vk_str){rest.p, length} : VK_STR_NONE;
        if (!space) return VK_STR_NONE;
        rest = vk_str_from(rest, length + 1);
    }
}

struct vk_str sim_shrink_name(const struct sim_shrink_line *line) {
    VK_ASSERT(line->kind == SIM_SHRINK_VAT || line->kind == SIM_SHRINK_PROGRAM);
    return sim_shrink_word(line, 1);
}

static bool is_word(const struct sim_shrink_line *line, size_t n, const char *word) {
    return vk_str_eq(sim_shrink_word(line, n), vk_str(word));
}

/* ---- what a line is */

static enum sim_shrink_kind section_kind(const struct sim_shrink_line *line) {
    static const struct {
        const char *word;
        enum sim_shrink_kind kind;
    } sections[] = {
        {"replica", SIM_SHRINK_REPLICA}, {"vat", SIM_SHRINK_VAT},
        {"program", SIM_SHRINK_PROGRAM}, {"block", SIM_SHRINK_BLOCK},
        {"fault", SIM_SHRINK_FAULT},
    };
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        if (is_word(line, 0, sections[i].word)) return sections[i].kind;
    return SIM_SHRINK_SETTING;
}

static void find_kind(const struct sim_shrink_lines *lines, struct sim_shrink_line *line) {
    size_t indent = indent_of(line->text), above = lines->count;
    line->parent = SIM_SHRINK_NOWHERE;
    if (indent == INDENT_SECTION) {
        line->kind = section_kind(line);
        return;
    }
    while (above > 0 && indent_of(lines->at[above - 1].text) >= indent)
        above--;
    VK_ASSERT(above > 0); /* INV-PLAN-WRITE-1: beneath something */
    line->parent = above - 1;
    bool is_input = lines->at[above - 1].kind == SIM_SHRINK_BLOCK;
    line->kind = is_input                ? SIM_SHRINK_INPUT
                 : indent == INDENT_PART ? SIM_SHRINK_TURN
                                         : SIM_SHRINK_OP;
}

static enum vk_err add_line(struct sim_shrink_lines *lines, struct vk_str text) {
    struct sim_shrink_line line = {.text = text,
                                   .vat = SIM_SHRINK_NOWHERE,
                                   .program = SIM_SHRINK_NOWHERE,
                                   .replica = SIM_SHRINK_NOWHERE};
    find_kind(lines, &line);
    lines->replica_lines += line.kind == SIM_SHRINK_REPLICA;
    SIM_ARRAY_RESERVE(lines);
    lines->at[lines->count++] = line;
    return VK_OK;
}

/* ---- what a line names */

static size_t find_named(const struct sim_shrink_lines *lines, enum sim_shrink_kind kind,
                         struct vk_str name) {
    if (vk_str_eq(name, VK_STR(SIM_PLAN_ADMIN))) return SIM_SHRINK_NOWHERE; /* there in any case */
    for (size_t i = 0; i < lines->count; i++)
        if (lines->at[i].kind == kind && vk_str_eq(sim_shrink_name(&lines->at[i]), name)) return i;
    return SIM_SHRINK_NOWHERE;
}

static void names_program(const struct sim_shrink_lines *lines, struct sim_shrink_line *line,
                          size_t word) {
    line->name_at = word;
    line->program = find_named(lines, SIM_SHRINK_PROGRAM, sim_shrink_word(line, word));
}

static void names_vat(const struct sim_shrink_lines *lines, struct sim_shrink_line *line,
                      size_t word) {
    line->name_at = word;
    line->names_a_vat = true;
    line->vat = find_named(lines, SIM_SHRINK_VAT, sim_shrink_word(line, word));
}

static void find_names_of_op(const struct sim_shrink_lines *lines, struct sim_shrink_line *line) {
    for (enum sim_op_type type = 0; type < SIM_OP_TYPE_COUNT; type++) {
        const struct sim_op_shape *shape = sim_op_shape(type);
        bool has_target = shape->targets && !shape->target_optional;
        if (shape->program && is_word(line, 0, sim_op_word(type)))
            names_program(lines, line, has_target ? 2 : 1);
    }
}

static void find_names_of_input(const struct sim_shrink_lines *lines,
                                struct sim_shrink_line *line) {
    struct vk_str word = sim_shrink_word(line, 1);
    bool is_param = word.n && memchr(word.p, '=', word.n);
    for (enum sim_input_type type = 0; type < SIM_INPUT_TYPE_COUNT; type++)
        if (is_word(line, 0, sim_input_word(type)) && !is_param &&
            sim_input_shape(type)->vat != SIM_INPUT_NO_VAT)
            names_vat(lines, line, 1);
}

/* One replica is there in any case. */
static void find_replica(const struct sim_shrink_lines *lines, struct sim_shrink_line *line) {
    uint64_t index;
    bool is_number = vk_str_to_u64(sim_shrink_word(line, 1), &index);
    VK_ASSERT(is_number); /* INV-PLAN-WRITE-1 */
    for (size_t i = 0; i < lines->count && lines->replica_lines > 1; i++)
        if (lines->at[i].kind == SIM_SHRINK_REPLICA && index-- == 0) {
            line->replica = i;
            return;
        }
}

static void find_names(const struct sim_shrink_lines *lines, struct sim_shrink_line *line) {
    switch (line->kind) {
    case SIM_SHRINK_VAT: names_program(lines, line, 2); break;
    case SIM_SHRINK_OP: find_names_of_op(lines, line); break;
    case SIM_SHRINK_INPUT: find_names_of_input(lines, line); break;
    case SIM_SHRINK_FAULT: find_replica(lines, line); break;
    case SIM_SHRINK_SETTING:
        if (is_word(line, 0, "bootstrap")) names_vat(lines, line, 1);
        break;
    case SIM_SHRINK_REPLICA:
    case SIM_SHRINK_PROGRAM:
    case SIM_SHRINK_TURN:
    case SIM_SHRINK_BLOCK:
    case SIM_SHRINK_KIND_COUNT: break;
    }
}

enum vk_err sim_shrink_lines_take(struct sim_shrink_lines *lines, struct vk_str text) {
    struct vk_str rest = text;
    lines->count = lines->replica_lines = 0;
    while (rest.n > 0) {
        const char *newline = memchr(rest.p, '\n', rest.n);
        VK_ASSERT(newline); /* INV-PLAN-WRITE-1: every line is ended */
        size_t n = (size_t)(newline - rest.p);
        if (rest.p == text.p)
            lines->head = (struct vk_str){rest.p, n + 1};
        else if (n > 0)
            VK_TRY(add_line(lines, (struct vk_str){rest.p, n}));
        rest = vk_str_from(rest, n + 1);
    }
    for (size_t i = 0; i < lines->count; i++)
        find_names(lines, &lines->at[i]);
    return VK_OK;
}

void sim_shrink_lines_release(struct sim_shrink_lines *lines) {
    sim_array_free(lines->at);
    *lines = (struct sim_shrink_lines){0};
}

/* ---- lines left out */

static bool is_gone(const bool *gone, size_t line) {
    return line != SIM_SHRINK_NOWHERE && gone[line];
}

void sim_shrink_close(const struct sim_shrink_lines *lines, bool *gone, bool alone) {
    for (bool again = true; again;) {
        again = false;
        for (size_t i = 0; i < lines->count; i++) {
            const struct sim_shrink_line *line = &lines->at[i];
            bool goes = is_gone(gone, line->vat) || is_gone(gone, line->program) ||
                        is_gone(gone, line->replica) || (!alone && is_gone(gone, line->parent));
            if (!goes || gone[i]) continue;
            gone[i] = again = true;
        }
    }
}

/* Replicas are named by their number: those after one that is gone have another now. */
static void write_fault(const struct sim_shrink_lines *lines, const struct sim_shrink_line *line,
                        const bool *gone, struct vk_buf *buf) {
    struct vk_str number = sim_shrink_word(line, 1);
    uint64_t index = 0;
    for (size_t i = 0; i < line->replica; i++)
        index += lines->at[i].kind == SIM_SHRINK_REPLICA && !gone[i];
    vk_buf_lit(buf, "fault ");
    vk_buf_u64(buf, index);
    size_t end = (size_t)(number.p - line->text.p) + number.n;
    vk_buf_add(buf, vk_str_from(line->text, end));
}

void sim_shrink_text_without(const struct sim_shrink_lines *lines, const bool *gone,
                             struct vk_buf *buf) {
    vk_buf_add(buf, lines->head);
    for (size_t i = 0; i < lines->count; i++) {
        const struct sim_shrink_line *line = &lines->at[i];
        if (gone[i]) continue;
        if (line->kind == SIM_SHRINK_FAULT && line->replica != SIM_SHRINK_NOWHERE)
            write_fault(lines, line, gone, buf);
        else
            vk_buf_add(buf, line->text);
        vk_buf_char(buf, '\n');
    }
}

void sim_shrink_text_with(const struct sim_shrink_lines *lines, size_t line, struct vk_str text,
                          struct vk_buf *buf) {
    vk_buf_add(buf, lines->head);
    for (size_t i = 0; i < lines->count; i++) {
        vk_buf_add(buf, i == line ? text : lines->at[i].text);
        vk_buf_char(buf, '\n');
    }
}
