/* workload_swarm.c - see workload_swarm.h. */
#include "workload_swarm.h"

#include "workload_draft.h"

enum { WEIGHT_BITS = 7 }; /* weights of 1, 2, 4 ... 64 */

static uint32_t weight(struct sim_random *stream) {
    return UINT32_C(1) << sim_random_below(stream, WEIGHT_BITS);
}

static bool family_is_on(enum sim_family family, struct sim_random *stream,
                         const struct sim_generate_options *options) {
    if (family == SIM_FAMILY_CLOCK && !options->clock) return false;
    if (family == SIM_FAMILY_ILLEGAL && options->no_illegal) return false;
    if (options->everything && family != SIM_FAMILY_CLOCK) return true;
    if (family == SIM_FAMILY_STATE && !options->states) return false;
    /* A run without messages between vats is a short one. */
    return family == SIM_FAMILY_SEND ? sim_random_below(stream, 5) < 3
                                     : sim_random_one_in(stream, 2);
}

/* The host always sends; of the rest about half is off. */
static uint32_t input_weight(enum sim_input_type type, struct sim_random *stream,
                             const struct sim_swarm *swarm) {
    bool on = sim_random_one_in(stream, 2);
    uint32_t drawn = weight(stream);
    if (type == SIM_INPUT_SEND) return 128;
    if (type >= SIM_INPUT_SUSPEND) return 0; /* workload_states.c's */
    if (type == SIM_INPUT_TERMINATE) return on && swarm->families[SIM_FAMILY_LIFE] ? 1 : 0;
    return on ? drawn : 0;
}

static const struct {
    uint32_t needs, one_in;
    const char *word;
} workloads[] = {
#define WORKLOAD(name, function, needs, one_in, meaning) {needs, one_in, #function},
    SIM_WORKLOADS(WORKLOAD)
#undef WORKLOAD
};

/* With `everything`: vats that come and go, meters at their edges, and what is fatal. */
static bool is_always_on(size_t workload, const struct sim_generate_options *options) {
    return options->everything &&
           (workload == SIM_WORKLOAD_POPULATION || workload == SIM_WORKLOAD_METERS ||
            (workload == SIM_WORKLOAD_OUTLAWS && !options->no_illegal));
}

static uint32_t families_on(const struct sim_swarm *swarm) {
    uint32_t on = 0;
    for (size_t i = 0; i < SIM_FAMILY_COUNT; i++)
        if (swarm->families[i]) on |= 1U << i;
    return on;
}

void sim_swarm_draw(struct sim_swarm *swarm, uint64_t seed,
                    const struct sim_generate_options *options) {
    struct sim_random stream;
    uint32_t family_weights[SIM_FAMILY_COUNT];
    *swarm = (struct sim_swarm){0};
    for (enum sim_family i = 0; i < SIM_FAMILY_COUNT; i++) {
        sim_draft_stream(&stream, seed, "swarm/family", sim_family_word(i));
        swarm->families[i] = family_is_on(i, &stream, options);
        family_weights[i] = weight(&stream);
    }
    for (enum sim_op_type i = 0; i < SIM_OP_TYPE_COUNT; i++) {
        sim_draft_stream(&stream, seed, "swarm/op", sim_op_word(i));
        enum sim_family family = sim_op_family(i);
        swarm->ops[i] = swarm->families[family] ? weight(&stream) * family_weights[family] : 0;
    }
    for (enum sim_input_type i = 0; i < SIM_INPUT_TYPE_COUNT; i++) {
        sim_draft_stream(&stream, seed, "swarm/input", sim_input_word(i));
        swarm->inputs[i] = input_weight(i, &stream, swarm);
    }
    for (enum fault_kind i = 0; i < FAULT_KIND_COUNT; i++) {
        sim_draft_stream(&stream, seed, "swarm/fault", fault_word(i));
        bool on = sim_random_one_in(&stream, 2);
        swarm->faults[i] = on && options->faults[i] ? weight(&stream) : 0;
    }
    uint32_t on = families_on(swarm);
    for (size_t i = 0; i < SIM_WORKLOAD_COUNT; i++) {
        sim_draft_stream(&stream, seed, "swarm/workload", workloads[i].word);
        bool is_drawn = (on & workloads[i].needs) == workloads[i].needs &&
                        sim_random_one_in(&stream, workloads[i].one_in);
        swarm->workloads[i] = is_drawn || is_always_on(i, options);
    }
}
