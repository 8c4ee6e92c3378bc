/* shrink.h - a plan that fails made as small as it gets while it fails in the same way: with the same signature.
 *
 * Passes (shrink_pass.h) go over the plan, again and again, until a whole round of them finds nothing to take out. Whatever is
 * smaller and still fails is at once the plan that they go on with. No plan is run twice.
 *
 * INV-SHRINK-1  What it comes to depends on the plan, the run options and the kernel, and not on how many processes there are,
 *               unless it is stopped before its end.
 * INV-SHRINK-2  At each moment the best so far fails with the signature, and the caller was given it.
 * INV-SHRINK-3  is_minimal: no single line of the plan can go, nor can it go together with what would be without a sense without it.
 */
#ifndef SIM_SHRINK_H
#define SIM_SHRINK_H

#include "run.h"

struct sim_shrink_best {
    struct vk_str text;         /* canonical; expects nothing */
    struct sim_failure failure; /* that it fails with */
    size_t lines;               /* without the first, which says what it is */
    size_t lines_before;        /* of the plan as it came */
    uint64_t runs;              /* so far */
    uint64_t known, refused;    /* tries that were not run: known to be in vain, or no plans */
    uint64_t rounds;            /* begun */
    const char *pass;           /* that is at work, or where it was stopped */
    bool is_minimal;
};

struct sim_shrink {
    struct sim_run_options run; /* `twice` is on only while it is needed; halt_after is its own */
    size_t at_once;
    void *impl;
    /* Asked again and again: true, and it stops with what it has; may be NULL. */
    bool (*is_over)(void *impl);
    /* There is a better plan, the first time the one that it begins with. An error of its is that of the whole. */
    enum vk_err (*found)(void *impl, const struct sim_shrink_best *best) VK_MUST_CHECK;
    /* Something was tried; may be NULL. */
    void (*progress)(void *impl, const struct sim_shrink_best *best);
};

struct sim_shrink_result {
    bool fails; /* the plan as it came; else nothing is done */
    struct sim_shrink_best best;
};

/* Shrinks the plan; the result's text lives in `arena`. VK_OK unless the testbed itself fails, or `found` did. */
enum vk_err sim_shrink_plan(const struct sim_shrink *shrink, const struct sim_plan *plan,
                            struct vk_arena *arena, struct sim_shrink_result *result) VK_MUST_CHECK;

#endif
