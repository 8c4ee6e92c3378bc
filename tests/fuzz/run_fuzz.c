/* run_fuzz.c - plans, run: whatever the vats do and whatever strikes, no oracle finds anything.
 *
 * The input is a plan's text; one that is none, or that would take long, is left. A finding is a plan that
 * `crankcase run` shows, too. Liveness is left out: a plan may well ask for what never comes to rest. Whether a plan run twice
 * is the same run is looked at in one input of eight, by its size: it doubles what a run costs.
 */
#include "sim/run.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    INPUT_SIZE_MAX = 8 * 1024,
    REPLICAS_MAX = 3,
    BLOCKS_MAX = 24,
    OPS_MAX = 400,
    BYTES_MAX = 4096,
    VATS_MAX = 12,
    CRANKS_MAX = 500, /* of a replica that never comes to rest, with each costlier */
    TWICE_EVERY = 8,
};

static bool turn_is_small(const struct sim_turn *turn) {
    for (size_t i = 0; i < turn->op_count; i++)
        if (turn->ops[i].bytes > BYTES_MAX) return false;
    return true;
}

static bool programs_are_small(const struct sim_plan *plan) {
    for (size_t p = 0; p < plan->program_count; p++) {
        const struct sim_program *program = &plan->programs[p];
        if (!turn_is_small(&program->start) || !turn_is_small(&program->boyd)) return false;
        for (size_t t = 0; t < program->turn_count; t++)
            if (!turn_is_small(&program->turns[t])) return false;
    }
    return sim_plan_operation_count(plan) <= OPS_MAX;
}

static bool blocks_are_small(const struct sim_plan *plan) {
    for (size_t i = 0; i < plan->block_count; i++)
        for (size_t k = 0; k < plan->blocks[i].input_count; k++)
            if (plan->blocks[i].inputs[k].bytes > BYTES_MAX || k > BLOCKS_MAX) return false;
    return plan->block_count <= BLOCKS_MAX;
}

static bool is_small(const struct sim_plan *plan) {
    return plan->replica_count <= REPLICAS_MAX && plan->vat_count <= VATS_MAX &&
           programs_are_small(plan) && blocks_are_small(plan);
}

/* A fault that kills a vat on one replica of several makes it differ, which is nobody's mistake but the plan's. */
static bool kills_are_alike(const struct sim_plan *plan) {
    for (size_t i = 0; i < plan->fault_count && plan->replica_count > 1; i++)
        if (fault_class_of(plan->faults[i].fault.kind) == FAULT_VAT_KILL) return false;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct sim_run_options options = {
        .off = {[SIM_ORACLE_LIVENESS] = true, [SIM_ORACLE_TWICE] = size % TWICE_EVERY != 0},
        .halt_after = CRANKS_MAX};
    struct sim_plan plan;
    struct sim_plan_error error;
    struct sim_run_result result;
    if (size > INPUT_SIZE_MAX) return 0;
    enum vk_err err =
        sim_plan_read(&plan, vk_heap_system(), (struct vk_str){(const char *)data, size}, &error);
    if (err != VK_OK) return 0;
    if (is_small(&plan) && kills_are_alike(&plan)) {
        err = sim_run(&plan, &options, &result);
        if (err != VK_OK) fprintf(stderr, "%s: %s\n", vk_err_name(err), vk_err_origin()->text);
        VK_ASSERT(err == VK_OK);
        if (result.failed)
            fprintf(stderr, "%s: %s\n", result.failure.signature, result.failure.what);
        VK_ASSERT(!result.failed);
    }
    sim_plan_release(&plan);
    return 0;
}
