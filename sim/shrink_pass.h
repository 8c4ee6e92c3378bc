/* shrink_pass.h - the passes of a shrink: each goes through the ways in which it would make a plan smaller, one after the
 * other, from the coarse to the fine.
 *
 * A pass that takes lines out tries all lines of its kind, then each half, each quarter and so on down to single lines,
 * from the plan's end backwards, for what comes late hangs on what came before. A pass over words tries to leave each out,
 * to make its number smaller, and to put another name, defined earlier, in its place. When few lines are left, a pass takes
 * any two of them out at once: a turn, say, with the message that it would have answered.
 *
 * INV-SHRINK-PASS-1  What is tried is smaller: it has fewer lines, or as many and fewer words, or smaller numbers, or earlier
 *                    names. So every shrink comes to an end.
 * INV-SHRINK-PASS-2  When no pass finds anything more, every single line has been tried alone, and together with what would be
 *                    without a sense without it.
 */
#ifndef SIM_SHRINK_PASS_H
#define SIM_SHRINK_PASS_H

#include "shrink_lines.h"

struct sim_shrink_pass {
    const char *name;          /* "replicas" */
    enum sim_shrink_kind kind; /* whose lines it takes out; KIND_COUNT: any */
    bool alone;                /* what stands beneath them stays, and belongs to what was before */
    enum { SIM_SHRINK_TAKES_LINES, SIM_SHRINK_TAKES_WORDS, SIM_SHRINK_TAKES_PAIRS } takes;
};

enum { SIM_SHRINK_PASSES = 14 };

extern const struct sim_shrink_pass sim_shrink_passes[SIM_SHRINK_PASSES];

/* Where a pass is. */
struct sim_shrink_cursor {
    size_t size, end; /* lines: those of its kind from end - size to end, by their order */
    size_t line, word, variant; /* words */
    size_t first, second;       /* pairs: two lines, the second one later */
};

/* To a pass's first try; false: it has nothing to try. */
bool sim_shrink_begin(const struct sim_shrink_pass *pass, const struct sim_shrink_lines *lines,
                      struct sim_shrink_cursor *cursor);
/* To the next one; false: that was the last. */
bool sim_shrink_next(const struct sim_shrink_pass *pass, const struct sim_shrink_lines *lines,
                     struct sim_shrink_cursor *cursor);
/* What was tried has become the plan, whose lines are `lines` now: to the next try. */
bool sim_shrink_next_after(const struct sim_shrink_pass *pass, const struct sim_shrink_lines *lines,
                           struct sim_shrink_cursor *cursor);
/* Writes the plan that is to be tried; *made false: there is none at this place. `arena` is for the call. */
enum vk_err sim_shrink_make(const struct sim_shrink_pass *pass,
                            const struct sim_shrink_lines *lines,
                            const struct sim_shrink_cursor *cursor, struct vk_arena *arena,
                            struct vk_str *text, bool *made) VK_MUST_CHECK;

#endif
