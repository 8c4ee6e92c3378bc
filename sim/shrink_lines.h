/* shrink_lines.h - a plan's canonical text as lines that know what they belong to and what they name, so that some of them
 * can be left out together with all that would be without a sense then.
 *
 * INV-SHRINK-LINES-1  Nothing that is left refers to what is gone, but where a line was taken out from between its own
 *                     lines and what it belonged to. (The reader of plans has the last word: a candidate may be no plan.)
 */
#ifndef SIM_SHRINK_LINES_H
#define SIM_SHRINK_LINES_H

#include "array.h"
#include "plan.h"

#define SIM_SHRINK_NOWHERE SIZE_MAX

enum sim_shrink_kind {
    SIM_SHRINK_REPLICA,
    SIM_SHRINK_VAT,
    SIM_SHRINK_PROGRAM,
    SIM_SHRINK_TURN, /* start and boyd too */
    SIM_SHRINK_BLOCK,
    SIM_SHRINK_INPUT,
    SIM_SHRINK_FAULT,
    SIM_SHRINK_OP,
    SIM_SHRINK_SETTING, /* seed, kernel, policy, bootstrap, no-drain */
    SIM_SHRINK_KIND_COUNT
};

struct sim_shrink_line {
    struct vk_str text; /* with its indentation, without the newline */
    enum sim_shrink_kind kind;
    size_t parent;    /* the line that it stands beneath, or NOWHERE */
    size_t vat;       /* the line of the vat that it names, or NOWHERE */
    size_t program;   /* and of the program */
    size_t replica;   /* and of the replica */
    size_t name_at;   /* which of its words is a name that could be another one; 0: none */
    bool names_a_vat; /* else a program */
};

struct sim_shrink_lines {
    struct vk_str head; /* the first line, with its newline */
    SIM_ARRAY(struct sim_shrink_line);
    size_t replica_lines;
};

/* Takes sim_plan_write's text of a plan that expects nothing, which is to outlive them. */
enum vk_err sim_shrink_lines_take(struct sim_shrink_lines *lines, struct vk_str text) VK_MUST_CHECK;
void sim_shrink_lines_release(struct sim_shrink_lines *lines);

/* A line's n-th word, from 0; absent after the last. */
struct vk_str sim_shrink_word(const struct sim_shrink_line *line, size_t n);
/* The name that a line of a vat or a program gives it. */
struct vk_str sim_shrink_name(const struct sim_shrink_line *line);

/* Marks what goes with the lines that are marked: what names them, and, unless they go alone, what stands beneath them. */
void sim_shrink_close(const struct sim_shrink_lines *lines, bool *gone, bool alone);
/* The text of all lines that are not marked. */
void sim_shrink_text_without(const struct sim_shrink_lines *lines, const bool *gone,
                             struct vk_buf *buf);
/* The text with `text` in place of one line. */
void sim_shrink_text_with(const struct sim_shrink_lines *lines, size_t line, struct vk_str text,
                          struct vk_buf *buf);

#endif
