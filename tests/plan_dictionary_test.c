/* plan_dictionary_test.c - the fuzzer's dictionary has every word of a plan's grammar: what it lacks, the fuzzer hardly finds.
 */
#include "sim/plan_shape.h"
#include "sim/text_file.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define DICTIONARY TEST_SOURCE_DIR "/tests/fuzz/plan_fuzz.dict"

static struct vk_arena arena;
static struct vk_str dictionary;

static void set_up(void) {
    vk_arena_init(&arena, vk_heap_system());
    enum vk_err err = sim_text_file_read(DICTIONARY, &arena, &dictionary);
    cr_assert_eq(err, VK_OK, "%s", vk_err_origin()->text);
}

static void tear_down(void) { vk_arena_release(&arena); }

TestSuite(plan_dictionary, .init = set_up, .fini = tear_down);

/* A line that is `begin`, the word, `end`. */
static bool has_line(const char *begin, const char *word, const char *end) {
    char line[100];
    int n = snprintf(line, sizeof line, "\n%s%s%s\n", begin, word, end);
    cr_assert(n > 0 && (size_t)n < sizeof line);
    const struct vk_str wanted = {line, (size_t)n};
    for (struct vk_str rest = dictionary; rest.n >= wanted.n; rest = vk_str_from(rest, 1))
        if (vk_str_starts(rest, wanted)) return true;
    return false;
}

static void expect_word(const char *word) {
    cr_expect(has_line("\"", word, "\"") || has_line("\"", word, " \""), "no \"%s\"", word);
}

static void expect_params(const struct sim_plan_param *params) {
    for (const struct sim_plan_param *param = params; param->word; param++) {
        if (param->is_flag)
            expect_word(param->word);
        else
            cr_expect(has_line("\"", param->word, "=\""), "no \"%s=\"", param->word);
        cr_expect(!param->most || has_line("\"=", param->most, "\""), "no \"=%s\"", param->most);
    }
}

Test(plan_dictionary, has_each_operation_and_what_its_line_may_hold) {
    for (enum sim_op_type type = 0; type < SIM_OP_TYPE_COUNT; type++) {
        expect_word(sim_op_word(type));
        expect_params(sim_op_shape(type)->params);
    }
    for (enum sim_operand_type type = 0; type < SIM_OPERAND_TYPE_COUNT; type++)
        expect_word(sim_operand_word(type));
}

Test(plan_dictionary, has_each_input_and_what_its_line_may_hold) {
    for (enum sim_input_type type = 0; type < SIM_INPUT_TYPE_COUNT; type++) {
        expect_word(sim_input_word(type));
        expect_params(sim_input_shape(type)->params);
    }
    expect_params(sim_plan_dynamic_params);
}

Test(plan_dictionary, has_each_kind_of_fault) {
    for (enum fault_kind kind = 0; kind < FAULT_KIND_COUNT; kind++)
        expect_word(fault_word(kind));
    expect_params(sim_plan_fault_params);
}

Test(plan_dictionary, has_what_other_lines_may_hold) {
    expect_params(sim_plan_kernel_params);
    expect_params(sim_plan_policy_params);
    expect_params(sim_plan_replica_params);
    expect_params(sim_plan_vat_params);
    expect_params(sim_plan_block_params);
}

Test(plan_dictionary, has_each_expectation) {
    static const char *const rest[SIM_EXPECT_COUNT] = {
        [SIM_EXPECT_OK] = "",
        [SIM_EXPECT_PANIC] = " after a",
        [SIM_EXPECT_DIVERGENCE] = "",
        [SIM_EXPECT_FAILURE] = " a b",
    };
    for (enum sim_expect outcome = 0; outcome < SIM_EXPECT_COUNT; outcome++) {
        char end[20];
        snprintf(end, sizeof end, "%s\"", rest[outcome]);
        cr_expect(has_line("\"expect ", sim_expect_word(outcome), end), "no \"expect %s",
                  sim_expect_word(outcome));
    }
}

/* The words of a plan that is run are those of one that is read. */
Test(plan_dictionary, is_the_one_of_both_targets) {
    struct vk_str other;
    enum vk_err err =
        sim_text_file_read(TEST_SOURCE_DIR "/tests/fuzz/run_fuzz.dict", &arena, &other);
    cr_assert_eq(err, VK_OK);
    cr_expect(vk_str_eq(dictionary, other));
}
