/* plan_write.c - a plan as its canonical text. See plan.h.
 *
 * Sections come in one order, parameters in the order of plan_shape.c, and what has its default is left out.
 *
 * INV-PLAN-WRITE-1  sim_plan_read takes what is written here, and gives the same plan (INV-PLAN-3).
 */
#include "plan_shape.h"

struct writer {
    const struct sim_plan *plan;
    struct vk_buf buf;
};

static void word(struct writer *writer, const char *text) {
    vk_buf_char(&writer->buf, ' ');
    vk_buf_add(&writer->buf, vk_str(text));
}

static void number_word(struct writer *writer, uint64_t number) {
    vk_buf_char(&writer->buf, ' ');
    vk_buf_u64(&writer->buf, number);
}

static void name_word(struct writer *writer, struct vk_str name) {
    vk_buf_char(&writer->buf, ' ');
    vk_buf_add(&writer->buf, name);
}

/* The beginning of a line; every line is ended by end_line. */
static void begin_line(struct writer *writer, const char *indentation, const char *text) {
    vk_buf_add(&writer->buf, vk_str(indentation));
    vk_buf_add(&writer->buf, vk_str(text));
}

static void end_line(struct writer *writer) { vk_buf_char(&writer->buf, '\n'); }

/* ---- parameters */

static bool is_said(const struct sim_plan_param *param, const void *from) {
    uint64_t value = sim_plan_param_get(param, from);
    bool given = false;
    if (param->is_flag) return value == param->value;
    if (param->required) return true;
    if (!param->has_given) return value != param->value && value >= param->min;
    memcpy(&given, (const char *)from + param->given, sizeof given);
    return given;
}

static void write_params(struct writer *writer, const struct sim_plan_param *params,
                         const void *from) {
    for (const struct sim_plan_param *param = params; param->word; param++) {
        uint64_t value = sim_plan_param_get(param, from);
        if (!is_said(param, from)) continue;
        word(writer, param->word);
        if (param->is_flag) continue;
        vk_buf_char(&writer->buf, '=');
        if (param->prefix) vk_buf_add(&writer->buf, vk_str(param->prefix));
        if (value == UINT64_MAX && param->most)
            vk_buf_add(&writer->buf, vk_str(param->most));
        else
            vk_buf_u64(&writer->buf, value);
    }
}

static bool has_params(const struct sim_plan_param *params, const void *from) {
    for (const struct sim_plan_param *param = params; param->word; param++)
        if (is_said(param, from)) return true;
    return false;
}

/* A line of nothing but parameters, unless all are as they are anyway. */
static void write_settings(struct writer *writer, const char *text,
                           const struct sim_plan_param *params, const void *from) {
    if (!has_params(params, from)) return;
    begin_line(writer, "", text);
    write_params(writer, params, from);
    end_line(writer);
}

/* ---- programs */

static void write_operand(struct writer *writer, const struct sim_operand *operand) {
    word(writer, sim_operand_word(operand->type));
    if (sim_operand_is_indexed(operand->type)) vk_buf_u64(&writer->buf, operand->index);
}

static void write_op(struct writer *writer, const struct sim_op *op) {
    const struct sim_op_shape *shape = sim_op_shape(op->type);
    size_t before = shape->target_optional ? 0 : op->operand_count; /* the program's name */
    VK_ASSERT(op->operand_count <= SIM_OP_OPERANDS_MAX);            /* INV-PLAN-WRITE-1 */
    begin_line(writer, "    ", sim_op_word(op->type));
    for (size_t i = 0; i < before; i++)
        write_operand(writer, &op->operands[i]);
    if (shape->program) {
        VK_ASSERT(op->program < writer->plan->program_count); /* INV-PLAN-WRITE-1 */
        name_word(writer, writer->plan->programs[op->program].name);
    }
    for (size_t i = before; i < op->operand_count; i++)
        write_operand(writer, &op->operands[i]);
    write_params(writer, shape->params, op);
    end_line(writer);
}

static void write_turn(struct writer *writer, const char *text, const struct sim_turn *turn) {
    begin_line(writer, "  ", text);
    end_line(writer);
    for (size_t i = 0; i < turn->op_count; i++)
        write_op(writer, &turn->ops[i]);
}

static void write_program(struct writer *writer, const struct sim_program *program) {
    begin_line(writer, "\n", "program");
    name_word(writer, program->name);
    end_line(writer);
    if (program->start.op_count > 0) write_turn(writer, "start", &program->start);
    if (program->boyd.op_count > 0) write_turn(writer, "boyd", &program->boyd);
    for (size_t i = 0; i < program->turn_count; i++)
        write_turn(writer, "turn", &program->turns[i]);
}

/* vatAdmin that runs the program of its name, as the reader adds it. */
static bool is_plain_admin(const struct sim_plan *plan) {
    const struct sim_static_vat *vat = &plan->vats[0];
    return vk_str_eq(plan->programs[vat->program].name, VK_STR(SIM_PLAN_ADMIN)) &&
           !has_params(sim_plan_vat_params, vat);
}

/* And its program, where there is nothing in it. */
static bool is_added_program(const struct sim_plan *plan, size_t index) {
    const struct sim_program *program = &plan->programs[index];
    return index == 0 && plan->vats[0].program == 0 && is_plain_admin(plan) &&
           program->start.op_count == 0 && program->boyd.op_count == 0 && program->turn_count == 0;
}

static void write_vats(struct writer *writer) {
    const struct sim_plan *plan = writer->plan;
    bool plain = is_plain_admin(plan);
    if (plan->vat_count > (plain ? 1 : 0) || plan->bootstrap != 0) end_line(writer);
    for (size_t i = plain ? 1 : 0; i < plan->vat_count; i++) {
        const struct sim_static_vat *vat = &plan->vats[i];
        VK_ASSERT(vat->program < plan->program_count); /* INV-PLAN-WRITE-1 */
        begin_line(writer, "", "vat");
        name_word(writer, vat->name);
        name_word(writer, plan->programs[vat->program].name);
        write_params(writer, sim_plan_vat_params, vat);
        end_line(writer);
    }
    if (plan->bootstrap == 0) return;
    begin_line(writer, "", "bootstrap");
    name_word(writer, plan->vats[plan->bootstrap].name);
    end_line(writer);
}

/* ---- blocks */

static void write_input(struct writer *writer, const struct sim_input *input) {
    const struct sim_input_shape *shape = sim_input_shape(input->type);
    bool is_dynamic = shape->vat == SIM_INPUT_VAT_OR_DYNAMIC && input->vat == SIM_NO_VAT;
    begin_line(writer, "  ", sim_input_word(input->type));
    if (shape->vat != SIM_INPUT_NO_VAT && !is_dynamic) {
        VK_ASSERT(input->vat < writer->plan->vat_count); /* INV-PLAN-WRITE-1 */
        name_word(writer, writer->plan->vats[input->vat].name);
    }
    write_params(writer, is_dynamic ? sim_plan_dynamic_params : shape->params, input);
    end_line(writer);
}

static void write_blocks(struct writer *writer) {
    const struct sim_plan *plan = writer->plan;
    if (plan->block_count > 0) end_line(writer);
    for (size_t i = 0; i < plan->block_count; i++) {
        begin_line(writer, "", "block");
        write_params(writer, sim_plan_block_params, &plan->blocks[i]);
        end_line(writer);
        for (size_t k = 0; k < plan->blocks[i].input_count; k++)
            write_input(writer, &plan->blocks[i].inputs[k]);
    }
}

/* ---- who runs it */

static void write_replicas(struct writer *writer) {
    const struct sim_plan *plan = writer->plan;
    if (plan->replica_count == 1 && !has_params(sim_plan_replica_params, &plan->replicas[0]))
        return;
    for (size_t i = 0; i < plan->replica_count; i++) {
        begin_line(writer, "", "replica");
        write_params(writer, sim_plan_replica_params, &plan->replicas[i]);
        end_line(writer);
    }
}

static void write_faults(struct writer *writer) {
    const struct sim_plan *plan = writer->plan;
    if (plan->fault_count > 0) end_line(writer);
    for (size_t i = 0; i < plan->fault_count; i++) {
        VK_ASSERT(plan->faults[i].replica < plan->replica_count); /* INV-PLAN-WRITE-1 */
        begin_line(writer, "", "fault");
        number_word(writer, plan->faults[i].replica);
        word(writer, fault_word(plan->faults[i].fault.kind));
        write_params(writer, sim_plan_fault_params, &plan->faults[i].fault);
        end_line(writer);
    }
}

static void write_expect(struct writer *writer) {
    const struct sim_plan_expect *expect = &writer->plan->expect;
    bool is_failure = expect->outcome == SIM_EXPECT_FAILURE, has = expect->signature.n > 0;
    VK_ASSERT(has || !is_failure); /* INV-PLAN-WRITE-1 */
    if (expect->outcome == SIM_EXPECT_OK && !has) return;
    begin_line(writer, "", "expect");
    word(writer, sim_expect_word(expect->outcome));
    if (has && !is_failure) word(writer, "after");
    if (has) name_word(writer, expect->signature);
    end_line(writer);
}

enum vk_err sim_plan_write(const struct sim_plan *plan, struct vk_arena *arena,
                           struct vk_str *text) {
    struct writer writer = {.plan = plan};
    VK_ASSERT(plan->vat_count > 0 && plan->program_count > 0); /* INV-PLAN-WRITE-1: vatAdmin */
    VK_ASSERT(plan->bootstrap < plan->vat_count);
    vk_buf_init(&writer.buf, arena);
    begin_line(&writer, "", "crankcase-plan");
    number_word(&writer, SIM_PLAN_VERSION);
    end_line(&writer);
    write_expect(&writer);
    if (plan->has_seed) {
        begin_line(&writer, "", "seed");
        number_word(&writer, plan->seed);
        end_line(&writer);
    }
    write_settings(&writer, "kernel", sim_plan_kernel_params, &plan->kernel);
    write_settings(&writer, "policy", sim_plan_policy_params, &plan->policy);
    write_replicas(&writer);
    for (size_t i = 0; i < plan->program_count; i++)
        if (!is_added_program(plan, i)) write_program(&writer, &plan->programs[i]);
    write_vats(&writer);
    write_blocks(&writer);
    write_faults(&writer);
    if (plan->no_drain) vk_buf_lit(&writer.buf, "\nno-drain\n");
    return vk_buf_finish(&writer.buf, text);
}
