/* plan_reader.h - what the parts of a plan's reader share.
 *
 * plan_read.c reads sections and lines, plan_read_op.c what stands in a line. Private to them.
 *
 * INV-PLAN-READ-1  Between lines, what was begun (a turn, a program, a block) is in the lists; a section that begins ends
 *                  what was begun before.
 */
#ifndef SIM_PLAN_READER_H
#define SIM_PLAN_READER_H

#include "plan_lex.h"
#include "plan_names.h"
#include "plan_shape.h"

/* Grows at its end, in the scratch arena; used again once it was taken from. */
struct sim_plan_list {
    void *at;
    size_t count, capacity;
};

enum turn_kind { TURN_NONE, TURN_START, TURN_BOYD, TURN_MESSAGE, TURN_KIND_COUNT };

enum section_kind {
    SECTION_EXPECT,
    SECTION_SEED,
    SECTION_KERNEL,
    SECTION_POLICY,
    SECTION_REPLICA,
    SECTION_PROGRAM,
    SECTION_VAT,
    SECTION_BOOTSTRAP,
    SECTION_BLOCK,
    SECTION_FAULT,
    SECTION_NO_DRAIN,
    SECTION_COUNT
};

struct sim_plan_reader {
    struct sim_plan *plan;
    struct sim_plan_error *error;
    struct vk_arena scratch;
    struct sim_plan_lexer lexer;
    struct sim_plan_names names;
    struct sim_plan_list programs, vats, replicas, blocks, faults;
    struct sim_plan_list turns, ops, inputs; /* of the program, turn, block in hand */
    enum section_kind section;               /* that is in hand; SECTION_COUNT: none */
    enum turn_kind turn;
    size_t count[SECTION_COUNT];    /* of the lines */
    bool has_turn[TURN_KIND_COUNT]; /* in the program in hand */
    bool has_bootstrap;
    uint32_t bootstrap;
    uint64_t ms;                                          /* of all blocks */
    struct sim_plan_word replica_named[SIM_REPLICAS_MAX]; /* by which fault first */
};

/* A new item at the list's end, zeroed; NULL if there is no memory. */
void *sim_plan_list_add(struct sim_plan_reader *reader, struct sim_plan_list *list, size_t size);
#define SIM_PLAN_ADD(reader, list, item)                                                           \
    (*(item) = sim_plan_list_add((reader), (list), sizeof **(item)),                               \
     *(item) ? VK_OK : VK_RAISE(VK_ERR_NOMEM, "a plan's list of %zu", (list)->count))

/* A use of a name: *number stands for what it names until the end. */
enum vk_err sim_plan_use_name(struct sim_plan_reader *reader, enum sim_plan_role role,
                              const char *expected, uint32_t *number) VK_MUST_CHECK;

/* The rest of the line: parameters and flags of a struct, whose defaults are set first. */
enum vk_err sim_plan_read_params(struct sim_plan_reader *reader,
                                 const struct sim_plan_param *params, void *to) VK_MUST_CHECK;
/* The rest of the line: nothing. */
enum vk_err sim_plan_read_end(struct sim_plan_reader *reader) VK_MUST_CHECK;
/* An operation, after its word, into the turn in hand. */
enum vk_err sim_plan_read_op(struct sim_plan_reader *reader, enum sim_op_type type) VK_MUST_CHECK;

#endif
