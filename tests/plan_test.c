/* plan_test.c - a plan's text, both ways: what is written reads as what it was, and what nobody names may
 * be taken out. What is wrong with a text is plan_error_test.c's.
 */
#include "sim/plan.h"
#include "sim/plan_shape.h"
#include "testing_store.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const examples[] = {"first-steps", "upgrade-and-terminate", "three-replicas"};
enum { EXAMPLES = sizeof examples / sizeof *examples, EVERYTHING_MAX = 64 * 1024 };

static struct vk_str example_text(size_t i) {
    char path[512];
    snprintf(path, sizeof path, TEST_SOURCE_DIR "/corpus/plans/%s.plan", examples[i]);
    return test_file_read(path); /* malloc'd */
}

static void text_free(struct vk_str text) { free((void *)(uintptr_t)text.p); }

static void read_plan(struct sim_plan *plan, struct vk_str text) {
    struct sim_plan_error error;
    cr_assert_eq(sim_plan_read(plan, vk_heap_system(), text, &error), VK_OK, "%zu:%zu: %s\n%.*s",
                 error.line, error.column, error.what, VK_STR_ARG(text));
}

/* What is written of what is read. */
static struct vk_str canonical(struct vk_str text, struct vk_arena *arena) {
    struct sim_plan plan;
    struct vk_str out;
    read_plan(&plan, text);
    cr_assert_eq(sim_plan_write(&plan, arena, &out), VK_OK);
    sim_plan_release(&plan);
    return out;
}

static void expect_canonical(const char *text, const char *wanted) {
    struct vk_arena arena;
    vk_arena_init(&arena, vk_heap_system());
    struct vk_str found = canonical(vk_str(text), &arena);
    cr_expect(vk_str_eq(found, vk_str(wanted)), "of\n%s\nwas written\n%.*s", text,
              VK_STR_ARG(found));
    found = canonical(found, &arena);
    cr_expect(vk_str_eq(found, vk_str(wanted)), "and then\n%.*s", VK_STR_ARG(found));
    vk_arena_release(&arena);
}

/* ---- every word there is, once with everything that it can take and once with as little as it can */

struct text {
    char at[EVERYTHING_MAX];
    size_t n;
};

static void add(struct text *text, const char *word) {
    cr_assert(text->n + strlen(word) + 1 < sizeof text->at);
    memcpy(text->at + text->n, word, strlen(word) + 1);
    text->n += strlen(word);
}

static void add_param(struct text *text, const struct sim_plan_param *param) {
    char word[64];
    if (param->is_flag)
        snprintf(word, sizeof word, " %s", param->word);
    else
        snprintf(word, sizeof word, " %s=%s%llu", param->word, param->prefix ? param->prefix : "",
                 (unsigned long long)(param->max < 1234 ? param->max : 1234));
    add(text, word);
}

/* All parameters, but of those that share a field the `which`-th only; or the required ones. */
static void add_params(struct text *text, const struct sim_plan_param *params, bool all,
                       size_t which) {
    for (size_t i = 0; params[i].word; i++) {
        size_t before = 0, after = 0;
        for (size_t k = 0; params[k].word; k++)
            if (params[k].offset == params[i].offset) *(k < i ? &before : &after) += 1;
        if (all ? before == which || (before + after == 1) : params[i].required)
            add_param(text, &params[i]);
    }
}

static void add_operands(struct text *text, uint32_t set, bool all) {
    for (enum sim_operand_type type = 0; type < SIM_OPERAND_TYPE_COUNT; type++) {
        if (!(set >> type & 1)) continue;
        add(text, " ");
        add(text, sim_operand_word(type));
        if (sim_operand_is_indexed(type)) add(text, "4294967295");
        if (!all) return;
    }
}

static void add_op(struct text *text, enum sim_op_type type, bool all, size_t which) {
    const struct sim_op_shape *shape = sim_op_shape(type);
    add(text, "    ");
    add(text, sim_op_word(type));
    if (shape->program && shape->target_optional) add(text, " other");
    if (!shape->target_optional || all) add_operands(text, shape->targets, false);
    if (shape->program && !shape->target_optional) add(text, " other");
    if (all) add_operands(text, shape->values, true);
    add_params(text, shape->params, all, which);
    add(text, "\n");
}

static void add_input(struct text *text, enum sim_input_type type, bool all, size_t which) {
    const struct sim_input_shape *shape = sim_input_shape(type);
    bool is_dynamic = shape->vat == SIM_INPUT_VAT_OR_DYNAMIC && all;
    add(text, "  ");
    add(text, sim_input_word(type));
    if (shape->vat != SIM_INPUT_NO_VAT && !is_dynamic) add(text, " some");
    add_params(text, is_dynamic ? sim_plan_dynamic_params : shape->params, all, which);
    add(text, "\n");
}

static void add_line(struct text *text, const char *words, const struct sim_plan_param *params,
                     size_t which) {
    add(text, words);
    add_params(text, params, true, which);
    add(text, "\n");
}

/* `which`: of flags that exclude each other. */
static void make_everything(struct text *text, size_t which) {
    text->n = 0;
    add(text, "crankcase-plan 1\nseed 18446744073709551615\n");
    add_line(text, "kernel", sim_plan_kernel_params, which);
    add_line(text, "policy", sim_plan_policy_params, which);
    add(text, "replica\n");
    add_line(text, "replica", sim_plan_replica_params, which);
    add(text, "\nprogram all\n  start\n");
    for (enum sim_op_type type = 0; type < SIM_OP_TYPE_COUNT; type++)
        add_op(text, type, true, which);
    add(text, "  boyd\n");
    for (enum sim_op_type type = 0; type < SIM_OP_TYPE_COUNT; type++)
        add_op(text, type, false, which);
    add(text, "  turn\n  turn\n    hold\n  turn\n\nprogram other\n\nvat vatAdmin all critical\n");
    add_line(text, "vat some other", sim_plan_vat_params, which);
    add(text, "bootstrap some\n\nblock\n");
    for (enum sim_input_type type = 0; type < SIM_INPUT_TYPE_COUNT; type++)
        add_input(text, type, true, which);
    add_line(text, "block", sim_plan_block_params, which);
    for (enum sim_input_type type = 0; type < SIM_INPUT_TYPE_COUNT; type++)
        add_input(text, type, false, which);
    add(text, "\n");
    for (enum fault_kind kind = 0; kind < FAULT_KIND_COUNT; kind++) {
        char words[64];
        snprintf(words, sizeof words, "fault 1 %s", fault_word(kind));
        add_line(text, words, sim_plan_fault_params, which);
        add(text, "fault 0 ");
        add(text, fault_word(kind));
        add(text, "\n");
    }
    add(text, "\nno-drain\n");
}

Test(plan, every_word_there_is_comes_back_as_it_was) {
    static struct text text;
    for (size_t which = 0; which < 2; which++) {
        make_everything(&text, which);
        expect_canonical(text.at, text.at);
    }
}

/* ---- what a plan comes to */

Test(plan, a_version_alone_is_the_empty_plan) {
    struct sim_plan plan, empty;
    read_plan(&plan, VK_STR("\n# nothing\n  crankcase-plan 1 # at all"));
    cr_assert_eq(sim_plan_init(&empty, vk_heap_system()), VK_OK);
    cr_expect(plan.program_count == 1 && plan.vat_count == 1 && plan.replica_count == 1);
    cr_expect(plan.block_count == 0 && plan.fault_count == 0 && plan.bootstrap == 0);
    cr_expect(vk_str_eq(plan.vats[0].name, VK_STR("vatAdmin")));
    cr_expect(vk_str_eq(plan.programs[0].name, VK_STR("vatAdmin")));
    cr_expect(plan.replicas[0].commit_every == 1 && plan.replicas[0].slowness == 1);
    cr_expect(plan.policy.computrons == VK_UNLIMITED && plan.policy.cranks == VK_UNLIMITED &&
              plan.policy.cleanup == VK_UNLIMITED);
    cr_expect_eq(memcmp(&plan.policy, &empty.policy, sizeof plan.policy), 0);
    cr_expect_eq(memcmp(&plan.replicas[0], &empty.replicas[0], sizeof *plan.replicas), 0);
    cr_expect(!plan.has_seed && !plan.no_drain);
    sim_plan_release(&plan);
    sim_plan_release(&empty);
    expect_canonical("crankcase-plan 1", "crankcase-plan 1\n");
}

Test(plan, says_what_is_expected_of_it) {
    struct sim_plan plan;
    read_plan(&plan, VK_STR("crankcase-plan 1\nexpect panic  after a/b\tc* # d\n"));
    cr_expect_eq(plan.expect.outcome, SIM_EXPECT_PANIC);
    cr_expect(vk_str_eq(plan.expect.signature, VK_STR("a/b c*")));
    sim_plan_release(&plan);
    expect_canonical("crankcase-plan 1\nblock\nexpect failure  a b",
                     "crankcase-plan 1\nexpect failure a b\n\nblock\n");
    expect_canonical("crankcase-plan 1\nexpect ok after a",
                     "crankcase-plan 1\nexpect ok after a\n");
    expect_canonical("crankcase-plan 1\nexpect divergence",
                     "crankcase-plan 1\nexpect divergence\n");
    expect_canonical("crankcase-plan 1\nexpect ok", "crankcase-plan 1\n");
}

Test(plan, values_land_where_they_belong) {
    struct sim_plan plan;
    read_plan(&plan, VK_STR("crankcase-plan 1\n"
                            "kernel reap-interval=never snapshot-initial=7\n"
                            "replica\nreplica frames slowness=3\n"
                            "policy cranks=9 no-cleanup\n"
                            "program p\n turn\n  overrun allocation\n  send a3 root bytes=5 r\n"
                            "   create-vat p m2 critical\n exit failure\n"
                            "vat x p reap-interval=never\n"
                            "block after=77\n terminate dynamic=4\n policy cleanup=2\n"
                            " change-options reap-gc-krefs=never\n terminate x\n"
                            "fault 1 heap-fails vat=v8 at=6 repeat=ever k=3\n"));
    const struct sim_op *ops = plan.programs[plan.vats[1].program].turns[0].ops;
    const struct sim_input *inputs = plan.blocks[0].inputs;
    const struct fault *fault = &plan.faults[0].fault;
    cr_expect(plan.kernel.reap_interval == VK_UNLIMITED && plan.kernel.snapshot_initial == 7 &&
              plan.kernel.snapshot_interval == 0 && plan.kernel.reap_gc_krefs == 0);
    cr_expect(plan.policy.cranks == 9 && plan.policy.cleanup == 0 &&
              plan.policy.computrons == VK_UNLIMITED);
    cr_expect(plan.replicas[1].frames && plan.replicas[1].slowness == 3 &&
              !plan.replicas[1].direct && plan.replicas[1].commit_every == 1);
    cr_expect(ops[0].overrun == SIM_OVERRUN_ALLOCATION && ops[0].operand_count == 0);
    cr_expect(ops[1].operand_count == 3 && ops[1].bytes == 5 && !ops[1].result);
    cr_expect(ops[1].operands[0].type == SIM_OPERAND_ARGUMENT && ops[1].operands[0].index == 3);
    cr_expect(ops[1].operands[1].type == SIM_OPERAND_ROOT);
    cr_expect(ops[1].operands[2].type == SIM_OPERAND_RESULT);
    cr_expect(ops[2].critical && !ops[2].pipelining && ops[2].program == plan.vats[1].program);
    cr_expect(ops[2].operands[0].type == SIM_OPERAND_METER && ops[2].operands[0].index == 2);
    cr_expect(ops[3].failure && plan.vats[1].reap_interval == VK_UNLIMITED);
    cr_expect(plan.blocks[0].after_ms == 77 && plan.blocks[0].input_count == 4);
    cr_expect(inputs[0].vat == SIM_NO_VAT && inputs[0].n == 4);
    cr_expect(inputs[1].policy.cleanup == 2 && inputs[1].policy.cranks == VK_UNLIMITED);
    cr_expect(inputs[2].set_reap_gc_krefs && inputs[2].reap_gc_krefs == VK_UNLIMITED &&
              !inputs[2].set_reap_interval && !inputs[2].set_snapshot_interval);
    cr_expect(inputs[3].vat == 1 && plan.faults[0].replica == 1);
    cr_expect(fault->kind == FAULT_HEAP && fault->vat == 8 && fault->at == 6 && fault->k == 3 &&
              fault->repeat == FAULT_FOR_GOOD && fault->asked == 0 && fault->hits == 0);
    sim_plan_release(&plan);
}

Test(plan, defaults_are_left_out) {
    expect_canonical("crankcase-plan 1\n"
                     "kernel\npolicy computrons=unlimited\nreplica slowness=1 commit-every=1\n"
                     "program p\n start\n boyd\n turn\n  send i0 bytes=0\n"
                     "vat vatAdmin p\nbootstrap vatAdmin\n"
                     "block after=0\n policy cleanup=unlimited\n"
                     "fault 0 disk-full at=1 repeat=1 k=0",
                     "crankcase-plan 1\n\nprogram p\n  turn\n    send i0\n\nvat vatAdmin p\n\n"
                     "block\n  policy\n\nfault 0 disk-full\n");
}

Test(plan, sections_come_in_any_order) {
    expect_canonical("crankcase-plan 1\r\n"
                     "no-drain\r\nfault 1 disk-full#here\nblock\n\tsend b\nbootstrap b\n"
                     "vat b q\nprogram p\nturn\nupgrade-vat v0 q\nhold\nprogram q\n"
                     "policy cranks=3\nvat vatAdmin p\nreplica direct\nreplica\nseed 0",
                     "crankcase-plan 1\nseed 0\npolicy cranks=3\nreplica direct\nreplica\n\n"
                     "program p\n  turn\n    upgrade-vat v0 q\n    hold\n\nprogram q\n\n"
                     "vat vatAdmin p\nvat b q\nbootstrap b\n\n"
                     "block\n  send b\n\nfault 1 disk-full\n\nno-drain\n");
}

/* ---- vatAdmin */

Test(plan, vat_admin_is_added_first_and_not_written) {
    struct sim_plan plan;
    read_plan(&plan, VK_STR("crankcase-plan 1\nprogram p\n start\n  create-vat q\n boyd\n"
                            "  create-vat q\n turn\n  create-vat q\nprogram q\n"
                            "vat a p\nvat b q\nbootstrap b\nblock\n pin a\n"));
    cr_expect(plan.program_count == 3 && plan.vat_count == 3 && plan.bootstrap == 2);
    cr_expect(vk_str_eq(plan.programs[0].name, VK_STR("vatAdmin")));
    cr_expect(plan.vats[0].program == 0 && plan.vats[1].program == 1 && plan.vats[2].program == 2);
    cr_expect_eq(plan.programs[1].start.ops[0].program, 2);
    cr_expect_eq(plan.programs[1].boyd.ops[0].program, 2);
    cr_expect_eq(plan.programs[1].turns[0].ops[0].program, 2);
    cr_expect_eq(plan.blocks[0].inputs[0].vat, 1);
    sim_plan_release(&plan);
    expect_canonical("crankcase-plan 1\nprogram p\nvat a p\n",
                     "crankcase-plan 1\n\nprogram p\n\nvat a p\n");
}

Test(plan, vat_admin_comes_first_wherever_it_stands) {
    expect_canonical("crankcase-plan 1\nprogram p\nprogram q\nvat a p\nvat b q\nvat vatAdmin q\n"
                     "vat c p\nbootstrap b\nblock\n send a\n send b\n send c\n send vatAdmin",
                     "crankcase-plan 1\n\nprogram p\n\nprogram q\n\nvat vatAdmin q\nvat a p\n"
                     "vat b q\nvat c p\nbootstrap b\n\n"
                     "block\n  send a\n  send b\n  send c\n  send vatAdmin\n");
}

Test(plan, a_program_called_vat_admin_is_what_vat_admin_runs) {
    static const char *const canon[] = {
        "crankcase-plan 1\n\nprogram p\n\nprogram vatAdmin\n  turn\n    hold\n\nvat a p\n",
        "crankcase-plan 1\n\nprogram p\n\nprogram vatAdmin\n\nvat a vatAdmin\n",
        "crankcase-plan 1\n\nprogram vatAdmin\n\nvat vatAdmin vatAdmin critical\n",
        "crankcase-plan 1\n\nprogram p\n\nprogram vatAdmin\n\nvat vatAdmin p\n",
        "crankcase-plan 1\n\nprogram p\n  turn\n    create-vat vatAdmin\n",
    };
    for (size_t i = 0; i < sizeof canon / sizeof *canon; i++)
        expect_canonical(canon[i], canon[i]);
    expect_canonical("crankcase-plan 1\nprogram vatAdmin\nvat vatAdmin vatAdmin",
                     "crankcase-plan 1\n");
}

/* ---- INV-PLAN-2 and INV-PLAN-3 on the examples */

Test(plan, examples_are_written_as_they_read) {
    struct vk_arena arena;
    vk_arena_init(&arena, vk_heap_system());
    for (size_t i = 0; i < EXAMPLES; i++) {
        struct vk_str text = example_text(i), once = canonical(text, &arena);
        cr_expect(vk_str_eq(canonical(once, &arena), once), "%s", examples[i]);
        cr_expect(once.n > 200 && once.n < text.n, "%s", examples[i]);
        text_free(text);
    }
    vk_arena_release(&arena);
}

static size_t indentation(const char *line) { return strspn(line, " "); }

static bool may_be_taken_out(const char *line) {
    static const char *const needed[] = {"crankcase-plan ", "replica", "program ", "vat "};
    line += indentation(line);
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (strncmp(line, needed[i], strlen(needed[i])) == 0) return false;
    return *line != '\n';
}

static const char *line_after(const char *line) { return strchr(line, '\n') + 1; }

/* Of the canonical text: a line and, if it is a turn or a block, what is in it. */
static size_t expect_all_dispensable(const char *name, const char *text) {
    size_t taken_out = 0;
    for (const char *line = text; *line; line = line_after(line)) {
        struct sim_plan plan;
        struct sim_plan_error error;
        if (!may_be_taken_out(line)) continue;
        const char *rest = line_after(line);
        while (*rest && indentation(rest) > indentation(line))
            rest = line_after(rest);
        char *without = calloc(1, strlen(text) + 1);
        memcpy(without, text, (size_t)(line - text));
        memcpy(without + (line - text), rest, strlen(rest));
        enum vk_err err = sim_plan_read(&plan, vk_heap_system(), vk_str(without), &error);
        cr_expect(err == VK_OK, "%s without '%.*s': %zu:%zu: %s", name,
                  (int)(line_after(line) - line - 1), line, error.line, error.column, error.what);
        if (err == VK_OK) sim_plan_release(&plan);
        free(without);
        taken_out++;
    }
    return taken_out;
}

Test(plan, a_line_that_nothing_names_may_be_taken_out) {
    struct vk_arena arena;
    size_t taken_out = 0;
    vk_arena_init(&arena, vk_heap_system());
    for (size_t i = 0; i < EXAMPLES; i++) {
        struct vk_str source = example_text(i), terminated;
        struct vk_str text = canonical(source, &arena);
        cr_assert_eq(vk_arena_format(&arena, &terminated, "%.*s", VK_STR_ARG(text)), VK_OK);
        taken_out += expect_all_dispensable(examples[i], terminated.p);
        text_free(source);
    }
    cr_expect(taken_out > 100, "%zu", taken_out);
    vk_arena_release(&arena);
}

/* ---- memory */

/* Programs, names, turns and blocks enough for many allocations; wrong at its end, or not. */
static void make_large(struct text *text, bool wrong) {
    char lines[160];
    text->n = 0;
    add(text, "crankcase-plan 1\n");
    for (int i = 0; i < 250; i++) {
        snprintf(lines, sizeof lines,
                 "program p%d\n turn\n  create-vat p%d\n  send i0 i1 r\n turn\n  hold\n", i,
                 249 - i);
        add(text, lines);
        snprintf(lines, sizeof lines, "vat v%d p%d\nblock\n send v%d\n pin v%d\n", i, i,
                 i % 7 ? 0 : i, i);
        add(text, lines);
        snprintf(lines, sizeof lines, "fault 0 heap-fails at=%d\n", i + 1);
        add(text, lines);
    }
    if (wrong) add(text, "bootstrap nobody\n");
}

static unsigned sweep_heap(const struct text *text, enum vk_err wanted, bool fail_once) {
    unsigned failures = 0;
    enum vk_err err = VK_ERR_NOMEM;
    for (uint64_t fail_at = 1; err == VK_ERR_NOMEM; fail_at++) {
        struct test_heap heap;
        struct sim_plan plan;
        struct sim_plan_error error;
        test_heap_init(&heap);
        heap.fail_at = fail_at;
        heap.fail_once = fail_once;
        err = sim_plan_read(&plan, &heap.port, (struct vk_str){text->at, text->n}, &error);
        cr_assert(err == wanted || err == VK_ERR_NOMEM, "%s", vk_err_name(err));
        cr_expect(err == VK_ERR_SYNTAX || error.what[0] == '\0');
        if (err != VK_OK) cr_expect(plan.program_count == 0 && heap.outstanding_blocks == 0);
        failures += err == VK_ERR_NOMEM;
        sim_plan_release(&plan);
        cr_assert_eq(heap.outstanding_blocks, 0, "%lu blocks",
                     (unsigned long)heap.outstanding_blocks);
    }
    return failures;
}

Test(plan, a_reader_without_memory_says_so_and_leaks_none) {
    static struct text text;
    for (int i = 0; i < 4; i++) {
        make_large(&text, i % 2);
        unsigned failures = sweep_heap(&text, i % 2 ? VK_ERR_SYNTAX : VK_OK, i / 2);
        cr_expect(failures >= 5, "only %u allocations", failures);
    }
}

Test(plan, a_writer_without_memory_says_so) {
    static struct text large;
    struct sim_plan plan;
    struct vk_str text;
    make_large(&large, false);
    read_plan(&plan, (struct vk_str){large.at, large.n});
    enum vk_err err = VK_ERR_NOMEM;
    uint64_t fail_at = 0;
    while (err == VK_ERR_NOMEM) {
        struct test_heap heap;
        struct vk_arena arena;
        test_heap_init(&heap);
        heap.fail_at = ++fail_at;
        vk_arena_init(&arena, &heap.port);
        err = sim_plan_write(&plan, &arena, &text);
        vk_arena_release(&arena);
        cr_assert_eq(heap.outstanding_blocks, 0);
    }
    cr_expect(err == VK_OK && fail_at > 1);
    sim_plan_release(&plan);
}
