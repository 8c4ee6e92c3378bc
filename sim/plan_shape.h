/* plan_shape.h - which words each line of a plan may hold, for its reader and its writer.
 *
 * A line is a word, then what it needs in order (names, operands), then parameters (KEY=NUMBER) and flags in any
 * order. Each of those is a row here that says where in a struct its value lives.
 *
 * INV-PLAN-SHAPE-1  What the writer leaves out is what the reader puts there.
 */
#ifndef SIM_PLAN_SHAPE_H
#define SIM_PLAN_SHAPE_H

#include "plan.h"

enum sim_plan_field { SIM_PLAN_U64, SIM_PLAN_U32, SIM_PLAN_BOOL };

enum { SIM_PLAN_PARAMS_MAX = 8 }; /* of a line */

/* A parameter, or a flag. Lists of them end with one without a word. */
struct sim_plan_param {
    const char *word;
    bool is_flag;
    bool required;
    enum sim_plan_field field;
    size_t offset;      /* of the field in its struct */
    uint64_t value;     /* flag: what the field is set to; parameter: what it is if not given */
    uint64_t min, max;  /* parameter */
    const char *most;   /* the word for UINT64_MAX, or NULL */
    const char *prefix; /* of the number: "v", or NULL */
    bool has_given;     /* there is a bool that says whether it was given, */
    size_t given;       /* at this offset */
};

uint64_t sim_plan_param_get(const struct sim_plan_param *param, const void *from);
void sim_plan_param_set(const struct sim_plan_param *param, void *to, uint64_t value);

extern const struct sim_plan_param sim_plan_kernel_params[];
extern const struct sim_plan_param sim_plan_policy_params[];
extern const struct sim_plan_param sim_plan_replica_params[];
extern const struct sim_plan_param sim_plan_vat_params[];
extern const struct sim_plan_param sim_plan_block_params[];
extern const struct sim_plan_param sim_plan_fault_params[];
/* What `terminate` takes when it names no vat. */
extern const struct sim_plan_param sim_plan_dynamic_params[];

/* Operand types as a set. */
#define SIM_OPERAND_BIT(type) (1U << SIM_OPERAND_##type)

struct sim_op_shape {
    uint32_t targets; /* what the first operand may be; 0: there is none */
    bool target_optional;
    bool program;    /* names one: before an optional target, after another */
    uint32_t values; /* what further operands may be */
    const struct sim_plan_param *params;
};

const struct sim_op_shape *sim_op_shape(enum sim_op_type type);

enum sim_input_vat { SIM_INPUT_NO_VAT, SIM_INPUT_ONE_VAT, SIM_INPUT_VAT_OR_DYNAMIC };

struct sim_input_shape {
    enum sim_input_vat vat;
    const struct sim_plan_param *params;
};

const struct sim_input_shape *sim_input_shape(enum sim_input_type type);

/* "i", "new"; and whether a number follows. */
const char *sim_operand_word(enum sim_operand_type type);
bool sim_operand_is_indexed(enum sim_operand_type type);

#endif
