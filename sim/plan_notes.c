/* plan_notes.c - see plan_notes.h. */
#include "plan_notes.h"

#include <stdio.h>

static const char *const labels[] = {
#define LABEL_ROW(name, label) label,
    SIM_NOTES(LABEL_ROW)
#undef LABEL_ROW
};

/* The first line, newline included, taken off `rest`. */
static struct vk_str take_line(struct vk_str *rest) {
    const char *newline = rest->n ? memchr(rest->p, '\n', rest->n) : NULL;
    struct vk_str line = {rest->p, newline ? (size_t)(newline - rest->p) + 1 : rest->n};
    *rest = vk_str_from(*rest, line.n);
    return line;
}

struct vk_str sim_notes_of(struct vk_str text) {
    struct vk_str rest = text;
    while (rest.n > 0 && (rest.p[0] == '#' || rest.p[0] == '\n'))
        (void)take_line(&rest);
    return (struct vk_str){text.p, text.n - rest.n};
}

/* "# LABEL: " of one of them, or not. */
static bool is_note(struct vk_str line, enum sim_note note, struct vk_str *says) {
    char begin[40];
    int n = snprintf(begin, sizeof begin, "# %s: ", labels[note]);
    VK_ASSERT(n > 0 && (size_t)n < sizeof begin);
    if (!vk_str_starts(line, vk_str(begin))) return false;
    *says = vk_str_from(line, (size_t)n);
    if (says->n && says->p[says->n - 1] == '\n') says->n--;
    return true;
}

struct vk_str sim_note_find(struct vk_str notes, enum sim_note note) {
    struct vk_str says;
    while (notes.n > 0)
        if (is_note(take_line(&notes), note, &says)) return says;
    return VK_STR_NONE;
}

static bool is_any_note(struct vk_str line) {
    struct vk_str says;
    for (int i = 0; i < SIM_NOTE_COUNT; i++)
        if (is_note(line, (enum sim_note)i, &says)) return true;
    return false;
}

static void add_note(struct vk_buf *buf, enum sim_note note, struct vk_str says) {
    const char *newline = says.n ? memchr(says.p, '\n', says.n) : NULL;
    vk_buf_lit(buf, "# ");
    vk_buf_add(buf, vk_str(labels[note]));
    vk_buf_lit(buf, ": ");
    vk_buf_add(buf, (struct vk_str){says.p, newline ? (size_t)(newline - says.p) : says.n});
    vk_buf_char(buf, '\n');
}

void sim_notes_add(struct vk_buf *buf, struct vk_str notes,
                   const struct vk_str says[SIM_NOTE_COUNT]) {
    struct vk_str rest = notes;
    while (rest.n > 0) {
        struct vk_str line = take_line(&rest);
        if (!is_any_note(line)) vk_buf_add(buf, line);
    }
    for (int i = 0; i < SIM_NOTE_COUNT; i++) {
        struct vk_str old = sim_note_find(notes, (enum sim_note)i);
        if (says[i].p || old.p) add_note(buf, (enum sim_note)i, says[i].p ? says[i] : old);
    }
}

enum vk_err sim_notes_end(struct vk_buf *buf, const struct sim_plan *plan, enum sim_expect outcome,
                          const char *signature, struct vk_str *text) {
    struct sim_plan with = *plan;
    struct vk_str plan_text;
    with.expect = (struct sim_plan_expect){outcome, vk_str(signature)};
    VK_ASSERT(!strpbrk(signature, "#\n\t\r") && !strstr(signature, "  ")); /* INV-PLAN-3 */
    VK_TRY(sim_plan_write(&with, buf->arena, &plan_text));
    vk_buf_add(buf, plan_text);
    return vk_buf_finish(buf, text);
}
