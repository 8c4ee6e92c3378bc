/* plan_names.h - the names of programs and vats in a plan's text, which may be used before they are defined.
 *
 * INV-PLAN-NAMES-1  Every name has one number, from 0 in the order of first appearance.
 */
#ifndef SIM_PLAN_NAMES_H
#define SIM_PLAN_NAMES_H

#include "plan_lex.h"

/* A program and a vat may have the same name. */
enum sim_plan_role { SIM_PLAN_PROGRAM, SIM_PLAN_VAT, SIM_PLAN_ROLE_COUNT };

struct sim_plan_name {
    struct vk_str text;
    struct {
        struct sim_plan_place used;    /* first, other than by its definition */
        struct sim_plan_place defined; /* line 0: nowhere */
        bool is_defined;
        uint32_t index; /* of the program or vat */
    } as[SIM_PLAN_ROLE_COUNT];
};

struct sim_plan_names {
    struct vk_arena *arena;
    struct sim_plan_name *at;
    uint32_t count, capacity;
    uint32_t *slots; /* a hash table of numbers plus one, twice the capacity large */
};

/* Empty; what it holds lives in `arena`, as must the texts. */
void sim_plan_names_init(struct sim_plan_names *names, struct vk_arena *arena);
/* The number of a name, which is added if it is new. */
enum vk_err sim_plan_name_number(struct sim_plan_names *names, struct vk_str text, uint32_t *out)
    VK_MUST_CHECK;
/* VK_ERR_SYNTAX if a name is used for what is not defined: the first such use in the text. */
enum vk_err sim_plan_names_check(const struct sim_plan_names *names, struct sim_plan_error *error)
    VK_MUST_CHECK;

#endif
