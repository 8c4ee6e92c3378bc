/* plan_lex.h - a plan's text as lines of words, and what is said about a word that is wrong.
 *
 * Words are separated by spaces and tabs; `#` begins a comment, which ends with its line. Lines without a word
 * do not count.
 *
 * INV-PLAN-LEX-1  A word is not empty and lies within its line; its column is that of its first byte, from 1.
 * INV-PLAN-LEX-2  What an error says is printable ASCII on one line.
 */
#ifndef SIM_PLAN_LEX_H
#define SIM_PLAN_LEX_H

#include "plan.h"

struct sim_plan_place {
    size_t line, column; /* from 1; line 0: nowhere */
};

struct sim_plan_word {
    struct vk_str text; /* absent: the end of the line */
    struct sim_plan_place place;
};

struct sim_plan_lexer {
    struct vk_str rest; /* after the line in hand */
    size_t line;        /* its number */
    struct vk_str text; /* its text, without comment */
    size_t next;        /* where in it the next word is looked for */
};

/* Whether the text is UTF-8 without NUL, and not too long: VK_ERR_SYNTAX if not. */
enum vk_err sim_plan_check_text(struct vk_str text, struct sim_plan_error *error) VK_MUST_CHECK;

void sim_plan_lexer_init(struct sim_plan_lexer *lexer, struct vk_str text);
/* Goes to the next line that has a word, and takes it; false at the end of the text. */
bool sim_plan_lexer_next_line(struct sim_plan_lexer *lexer, struct sim_plan_word *first);
/* The next word of the line in hand. */
struct sim_plan_word sim_plan_lexer_next(struct sim_plan_lexer *lexer);
/* The same, without taking it. */
struct sim_plan_word sim_plan_lexer_peek(const struct sim_plan_lexer *lexer);

/* [a-zA-Z][a-zA-Z0-9-]{0,31} */
bool sim_plan_is_name(struct vk_str text);

/* ---- what is wrong */

/* Among the words that are offered, the one that somebody may have meant. */
struct sim_plan_closest {
    struct vk_str wanted;
    struct vk_str best; /* absent: none is near */
    size_t distance;
};

struct sim_plan_closest sim_plan_closest_to(struct vk_str wanted);
void sim_plan_closest_offer(struct sim_plan_closest *closest, struct vk_str word);

/* Fills *error and raises VK_ERR_SYNTAX: "expected EXPECTED, found 'x' (did you mean 'y'?)". `closest` may be
 * NULL. */
enum vk_err sim_plan_fail(struct sim_plan_error *error, const struct sim_plan_word *found,
                          const struct sim_plan_closest *closest, const char *expected, ...)
    __attribute__((format(printf, 4, 5))) VK_MUST_CHECK;

#endif
