/* vat_program.h - a simulated vat: what one incarnation of a program remembers, and how it answers deliveries.
 *
 * INV-VAT-1  What a vat does depends on its program, on what it holds and on what is delivered; only the operation
 *            read-clock looks at its host.
 * INV-VAT-2  But for the operation `illegal`, no syscall of a vat's is one that the kernel kills it for, whatever the plan says: an
 *            operation that could not be carried out legally is skipped, and leaves no trace.
 * INV-VAT-3  The image is all of it: a vat made from one goes on as the one that it was made of.
 *
 * A delivery costs SIM_COST_DELIVERY computrons, and each syscall SIM_COST_SYSCALL and one for every
 * SIM_BYTES_PER_COMPUTRON of its JSON.
 *
 * A vat that keeps its vatstore itself (vat_store.h) asks the kernel for all of it in startVat, and then no more: what it
 * reads and writes there costs as much as the syscalls would, and the changes are handed over as the delivery is done.
 *
 * Not here: processes, pipes and time (sim_worker.c).
 */
#ifndef SIM_VAT_PROGRAM_H
#define SIM_VAT_PROGRAM_H

#include "plan.h"
#include "sim_clock.h"
#include "vat_holdings.h"
#include "vat_store.h"
#include "vk/ports.h"

enum { SIM_COST_DELIVERY = 1000, SIM_COST_SYSCALL = 100, SIM_BYTES_PER_COMPUTRON = 8 };

/* One incarnation of a vat. */
struct sim_vat {
    const struct sim_plan *plan;
    const struct sim_program *program; /* one of the plan's */
    uint64_t next_turn;
    struct sim_holdings held;
    bool has_store; /* keeps its vatstore itself, and hands the changes over */
    struct sim_vat_store store;
    bool saves_always; /* what it holds: it may be cut off without a bringOutYourDead */
};

/* How a delivery ended, as its worker sees it. */
enum sim_vat_ending {
    SIM_VAT_DONE,
    SIM_VAT_FAILED,            /* the delivery failed; the worker would go on */
    SIM_VAT_COMPUTE_EXCEEDED,  /* the worker's process ended */
    SIM_VAT_STACK_EXCEEDED,    /* the same */
    SIM_VAT_ALLOCATE_EXCEEDED, /* the same */
};

/* What vats do that is, or may be, their end: NAME, words. Then the kinds of illegal syscalls: illegal n=N is the one at N
 * modulo SIM_ILLEGAL_KINDS. */
#define SIM_VAT_ENDS(X)                                                                            \
    X(COMPUTE, "overrun of compute")                                                               \
    X(STACK, "overrun of the stack")                                                               \
    X(ALLOCATION, "overrun of allocation")                                                         \
    X(START_FAILS, "error in startVat")                                                            \
    X(BOYD_FAILS, "error in bringOutYourDead")                                                     \
    X(EXIT, "exit")                                                                                \
    X(EXIT_WITH_FAILURE, "exit with failure")

enum { SIM_ILLEGAL_KINDS = 26 };

enum sim_vat_end {
#define SIM_VAT_END_ENUM(name, words) SIM_VAT_END_##name,
    SIM_VAT_ENDS(SIM_VAT_END_ENUM)
#undef SIM_VAT_END_ENUM
        SIM_VAT_END_ILLEGAL,
    SIM_VAT_END_COUNT = SIM_VAT_END_ILLEGAL + SIM_ILLEGAL_KINDS
};

/* "overrun of compute", "send to an unknown import" */
const char *sim_vat_end_words(enum sim_vat_end end);

struct sim_vat_delivery {
    const struct vk_delivery *delivery;
    const struct vk_syscall_port *syscalls;
    const struct sim_clock *clock; /* for read-clock */
    uint64_t *op_counts;           /* SIM_OP_TYPE_COUNT of them, or NULL */
    uint64_t *end_counts;          /* SIM_VAT_END_COUNT of them, or NULL */
    /* set by sim_vat_deliver */
    enum sim_vat_ending ending;
    enum sim_vat_end
        end; /* the first thing it did that may be its end; SIM_VAT_END_COUNT: nothing */
    uint64_t computrons;
    const struct vk_vatstore_change *changes; /* DONE, and has_store: in the arena */
    size_t change_count;
};

/* A vat that remembers nothing yet. */
void sim_vat_init(struct sim_vat *vat, const struct vk_heap *heap, const struct sim_plan *plan,
                  const struct sim_program *program);
/* It remembers nothing any more, and runs `program`; its memory is kept. */
void sim_vat_reset(struct sim_vat *vat, const struct sim_program *program, bool has_store);
void sim_vat_release(struct sim_vat *vat);

/* Answers one delivery. Everything needed for it is cut from `arena`, which must last until the delivery is over. An error is the
 * host's, or a syscall's that the kernel did not answer: the vat is then of no use any more. */
enum vk_err sim_vat_deliver(struct sim_vat *vat, struct vk_arena *arena,
                            struct sim_vat_delivery *delivery) VK_MUST_CHECK;

/* All that it remembers, as text. */
enum vk_err sim_vat_image(const struct sim_vat *vat, struct vk_arena *arena, struct vk_str *image)
    VK_MUST_CHECK;
/* Makes `vat` what the image says. VK_ERR_SNAPSHOT if it is damaged or another program's. */
enum vk_err sim_vat_restore(struct sim_vat *vat, struct vk_str image) VK_MUST_CHECK;

#endif
