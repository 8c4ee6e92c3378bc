/* vat_program_test.c - simulated vats: that they never break the kernel's rules but when they are told to. */
#include <criterion/criterion.h>
#include <stdio.h>

#include <sim/vat_program.h>

#include "testing_plan.h"
#include "testing_sim.h"

/* Everything that neither ends a vat nor differs by host. */
static bool is_harmless(enum sim_op_type type) {
    switch ((int)type) {
    case SIM_OP_EXIT:
    case SIM_OP_OVERRUN:
    case SIM_OP_FAIL:
    case SIM_OP_ILLEGAL:
    case SIM_OP_TERMINATE_VAT:
    case SIM_OP_READ_CLOCK: return false;
    default: return sim_op_family(type) != SIM_FAMILY_STATE; /* test_plan_random has none */
    }
}

Test(vat_program, whatever_a_plan_says_no_syscall_is_refused) {
    uint64_t ops = 0, cranks = 0, twins = 0, counts[SIM_OP_TYPE_COUNT] = {0};
    for (uint64_t seed = 1; seed <= 60; seed++) {
        const struct sim_world_options options = {0};
        struct sim_plan plan;
        struct sim_world w;
        test_plan_random(&plan, seed, is_harmless, 10, 4);
        sim_world_open(&w, &plan, &options);
        bool ran = sim_world_run(&w);
        cr_assert(ran, "seed %llu: %s", (unsigned long long)seed, vk_err_origin()->text);
        cr_assert(w.terminated == 0, "seed %llu: a vat was terminated", (unsigned long long)seed);
        struct sim_workers_counts did = sim_workers_counts(w.workers);
        for (size_t i = 0; i < SIM_OP_TYPE_COUNT; i++) {
            counts[i] += did.ops[i];
            ops += did.ops[i];
        }
        cranks += w.cranks;
        twins += w.twins;
        sim_world_close(&w);
        vk_arena_release(&plan.arena);
    }
    printf("%llu operations in %llu cranks, %llu deliveries repeated by a twin\n",
           (unsigned long long)ops, (unsigned long long)cranks, (unsigned long long)twins);
    cr_assert(ops > 5000);
    for (int i = 0; i < SIM_OP_TYPE_COUNT; i++)
        cr_assert(counts[i] > 0 || !is_harmless((enum sim_op_type)i), "%s was never carried out",
                  sim_op_word((enum sim_op_type)i));
}

/* ---- what is told to be illegal */

#define OPERANDS(...)                                                                              \
    .operands = (struct sim_operand[]){__VA_ARGS__},                                               \
    .operand_count = sizeof((struct sim_operand[]){__VA_ARGS__}) / sizeof(struct sim_operand)
#define I(n)                                                                                       \
    { SIM_OPERAND_IMPORT, n }
#define NEW                                                                                        \
    { SIM_OPERAND_NEW, 0 }
#define V(n)                                                                                       \
    { SIM_OPERAND_VAT, n }

static bool lived_to_see(const struct sim_world *w, const char *part) {
    return test_count_lines(w->journal.text, "", part) > 0;
}

/* Plays alice, who is to be the only one that is ended, and no less; *w stays open. */
static void play_alice(struct sim_world *w, struct sim_plan *plan, const struct sim_turn *start,
                       const struct sim_turn *turns, size_t turn_count, uint64_t terminated) {
    const struct sim_world_options options = {.illegal = true};
    test_plan_alice(plan, start, turns, turn_count, turn_count + 2);
    sim_world_open(w, plan, &options);
    bool ran = sim_world_run(w);
    cr_assert(ran, "%s: %s", vk_err_name(w->error), vk_err_origin()->text);
    cr_assert(w->terminated == terminated, "%llu terminated", (unsigned long long)w->terminated);
    cr_assert((sim_world_key(w, "v2.options") == NULL) == (terminated > 0));
}

static void end_play(struct sim_world *w, struct sim_plan *plan) {
    sim_world_close(w);
    vk_arena_release(&plan->arena);
}

static const char *illegal_words(size_t kind) {
    return sim_vat_end_words((enum sim_vat_end)(SIM_VAT_END_ILLEGAL + kind));
}

/* Alice holds something of every kind, or next to nothing. */
static void do_illegal(size_t kind, bool holds_much) {
    struct sim_op illegal = {.type = SIM_OP_ILLEGAL, .n = kind + (size_t)3 * SIM_ILLEGAL_KINDS};
    struct sim_turn turns[] = {
        TEST_TURN({.type = SIM_OP_SEND, .result = true, OPERANDS(I(2), NEW, NEW)},
                  {.type = SIM_OP_DROP, OPERANDS(I(0))}),
        {&illegal, 1},
    };
    struct sim_plan plan;
    struct sim_world w;
    play_alice(&w, &plan, NULL, turns + !holds_much, 1 + holds_much, 1);
    cr_assert(w.refused == 1, "%s: %llu refused", illegal_words(kind),
              (unsigned long long)w.refused);
    cr_assert(lived_to_see(&w, "prepare to die"), "%s", illegal_words(kind));
    end_play(&w, &plan);
}

Test(vat_program, each_illegal_syscall_ends_the_vat_and_nobody_else) {
    for (size_t kind = 0; kind < SIM_ILLEGAL_KINDS; kind++) {
        do_illegal(kind, true);
        do_illegal(kind, false);
    }
}

Test(vat_program, nothing_is_done_after_what_is_illegal) {
    struct sim_turn turns[] = {TEST_TURN({.type = SIM_OP_ILLEGAL}, {.type = SIM_OP_STORE_SET})};
    struct sim_plan plan;
    struct sim_world w;
    play_alice(&w, &plan, NULL, turns, 1, 1);
    cr_assert(sim_workers_counts(w.workers).ops[SIM_OP_STORE_SET] == 0);
    end_play(&w, &plan);
}

/* ---- operations that cannot be carried out */

Test(vat_program, what_is_skipped_leaves_no_trace) {
    struct sim_turn turns[] = {
        TEST_TURN({.type = SIM_OP_SEND, OPERANDS(NEW, {SIM_OPERAND_NEW_PROMISE, 0}, V(0))},
                  {.type = SIM_OP_SEND, OPERANDS({SIM_OPERAND_DEVICE, 0}, NEW)},
                  {.type = SIM_OP_CALL, OPERANDS(I(0))},
                  {.type = SIM_OP_CALL, OPERANDS({SIM_OPERAND_DEVICE, 0}, {SIM_OPERAND_RESULT, 0})},
                  {.type = SIM_OP_RESOLVE, OPERANDS(I(0))}, {.type = SIM_OP_DROP, OPERANDS(NEW)},
                  {.type = SIM_OP_RETIRE, OPERANDS({SIM_OPERAND_ROOT, 0})},
                  {.type = SIM_OP_ABANDON, OPERANDS({SIM_OPERAND_ROOT, 0})},
                  {.type = SIM_OP_RETIRE_EXPORT, OPERANDS({SIM_OPERAND_EXPORT, 0})},
                  {.type = SIM_OP_UPGRADE_VAT, .program = 5, OPERANDS(V(0))}, {.type = SIM_OP_SEND},
                  {.type = SIM_OP_STORE_SET, .n = 7})};
    struct sim_plan plan;
    struct sim_world w;
    struct vk_str image;
    play_alice(&w, &plan, NULL, turns, 1, 0);
    struct sim_workers_counts counts = sim_workers_counts(w.workers);
    for (int i = 0; i < SIM_OP_TYPE_COUNT; i++)
        cr_assert(counts.ops[i] == (i == SIM_OP_SEND ? TEST_PLAN_VATS : i == SIM_OP_STORE_SET),
                  "%s: %llu", sim_op_word((enum sim_op_type)i), (unsigned long long)counts.ops[i]);
    test_ok(sim_workers_image(w.workers, VK_STR("v2"), &w.arena, &image));
    cr_assert(vk_str_starts(image, VK_STR("simulated vat 1\nalice 1 1 1 ")), "%.*s",
              VK_STR_ARG(image));
    end_play(&w, &plan);
}

Test(vat_program, a_slot_that_is_named_twice_is_one_slot) {
    struct sim_turn turns[] = {
        TEST_TURN({.type = SIM_OP_SEND, OPERANDS(I(0), I(1), {SIM_OPERAND_ROOT, 0}, I(1))})};
    struct sim_plan plan;
    struct sim_world w;
    play_alice(&w, &plan, NULL, turns, 1, 0);
    cr_assert(lived_to_see(&w, "\"#[\\\"say\\\",[\\\"$0.Alleged: thing\\\",\\\"$1.Alleged: "
                               "thing\\\",\\\"$0\\\"]]\",\"slots\":[\"o-51\",\"o+0\"]"));
    end_play(&w, &plan);
}

/* ---- endings */

Test(vat_program, an_overrun_ends_the_vat_as_swingset_says_it) {
    static const struct {
        enum sim_overrun overrun;
        const char *problem;
    } cases[] = {
        {SIM_OVERRUN_COMPUTE, "error Compute meter exceeded 0"},
        {SIM_OVERRUN_STACK, "error Stack meter exceeded 0"},
        {SIM_OVERRUN_ALLOCATION, "error Allocate meter exceeded 0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sim_turn turns[] = {TEST_TURN({.type = SIM_OP_STORE_SET, .n = 1},
                                             {.type = SIM_OP_OVERRUN, .overrun = cases[i].overrun},
                                             {.type = SIM_OP_STORE_SET, .n = 2})};
        struct sim_plan plan;
        struct sim_world w;
        play_alice(&w, &plan, NULL, turns, 1, 1);
        cr_assert(lived_to_see(&w, cases[i].problem), "%s", cases[i].problem);
        cr_assert(sim_workers_counts(w.workers).ops[SIM_OP_STORE_SET] == 1);
        end_play(&w, &plan);
    }
}

Test(vat_program, a_message_that_fails_is_answered_with_an_error_and_the_vat_lives) {
    struct sim_turn turns[] = {TEST_TURN({.type = SIM_OP_COMPUTE}),
                               TEST_TURN({.type = SIM_OP_FAIL}, {.type = SIM_OP_STORE_SET})};
    struct sim_plan plan;
    struct sim_world w;
    play_alice(&w, &plan, NULL, turns, 2, 0);
    cr_assert(test_count_lines(w.journal.text, "syscall v2 [\"resolve\",[[\"p-60\",true", NULL) ==
              1);
    cr_assert(sim_workers_counts(w.workers).ops[SIM_OP_STORE_SET] == 0);
    end_play(&w, &plan);
}

Test(vat_program, an_exit_ends_the_vat) {
    for (int failure = 0; failure < 2; failure++) {
        struct sim_turn turns[] = {TEST_TURN({.type = SIM_OP_EXIT, .failure = failure})};
        struct sim_plan plan;
        struct sim_world w;
        play_alice(&w, &plan, NULL, turns, 1, 1);
        cr_assert(w.refused == 0);
        end_play(&w, &plan);
    }
}

/* ---- promises */

Test(vat_program, finish_settles_what_was_held_and_uses_no_turn) {
    struct sim_turn turns[] = {TEST_TURN({.type = SIM_OP_COMPUTE}),
                               TEST_TURN({.type = SIM_OP_HOLD}), TEST_TURN({.type = SIM_OP_HOLD})};
    struct sim_plan plan;
    struct sim_world w;
    const struct sim_world_options options = {0};
    test_plan_alice(&plan, NULL, turns, 3, 2);
    plan.no_drain = true;
    plan.blocks[1].inputs[0].type = SIM_INPUT_SEND;
    sim_world_open(&w, &plan, &options);
    cr_assert(sim_world_run(&w));
    cr_assert(!lived_to_see(&w, "syscall v2 [\"resolve\""));
    plan.no_drain = false;
    cr_assert(sim_world_run(&w));
    cr_assert(test_count_lines(w.journal.text, "syscall v2 [\"resolve\",[[\"p-60\",false",
                               "],[\"p-61\",false") == 1);
    cr_assert(
        lived_to_see(&w, "deliver v2 [\"message\",\"o+0\",{\"methargs\":{\"body\":\"#[\\\"finish"));
    end_play(&w, &plan);
}

Test(vat_program, resolve_all_makes_a_cycle) {
    struct sim_turn turns[] = {
        TEST_TURN({.type = SIM_OP_SEND,
                   OPERANDS(I(2), {SIM_OPERAND_NEW_PROMISE, 0}, {SIM_OPERAND_NEW_PROMISE, 0})},
                  {.type = SIM_OP_RESOLVE_ALL})};
    struct sim_plan plan;
    struct sim_world w;
    play_alice(&w, &plan, NULL, turns, 1, 0);
    cr_assert(w.refused == 0);
    cr_assert(lived_to_see(&w, "[\"resolve\",[[\"p+1\",false,{\"body\":\"#[\\\"&0\\\"]\",\"slots\":"
                               "[\"p+2\"]}],[\"p+2\",false,{\"body\":\"#[\\\"&0\\\"]\",\"slots\":"
                               "[\"p+1\"]}]]]"));
    end_play(&w, &plan);
}

/* ---- introductions */

Test(vat_program, bootstrap_gets_roots_in_the_order_of_the_plan_and_vatadmins_device_first) {
    const struct sim_world_options options = {0};
    struct sim_plan plan;
    struct sim_world w;
    struct vk_str image;
    test_plan_alice(&plan, NULL, NULL, 0, 0);
    sim_world_open(&w, &plan, &options);
    cr_assert(sim_world_run(&w));
    test_ok(sim_workers_image(w.workers, VK_STR("v5"), &w.arena, &image));
    /* to the kernel they are alice, bob, carol, vatAdmin, and echo, vatAdmin */
    cr_assert(vk_str_eq(image, VK_STR("simulated vat 1\nbootstrap 1 5 1 i53,50,51,52 e1,2,3,4 "
                                      "d71,70\nend\n")),
              "%.*s", VK_STR_ARG(image));
    sim_world_close(&w);
    vk_arena_release(&plan.arena);
}

/* ---- incarnations */

static void plan_upgrade(struct sim_plan *plan, struct sim_turn *admin, struct sim_turn *vat) {
    test_plan_alice(plan, NULL, NULL, 0, 1);
    plan->programs[TEST_PLAN_ADMIN].turns = admin;
    plan->programs[TEST_PLAN_ADMIN].turn_count = 4;
    plan->programs[5].turns = vat;
    plan->programs[5].turn_count = 1;
    plan->blocks[0].inputs = plan->blocks[1].inputs;
    plan->blocks[0].input_count = plan->blocks[1].input_count;
    for (size_t i = 0; i < 2; i++)
        plan->blocks[i].inputs[0].vat = TEST_PLAN_ADMIN;
}

Test(vat_program, an_incarnation_knows_what_the_one_before_it_left) {
    /* the introduction, prod, newVatCallback, prod */
    struct sim_turn admin[] = {
        TEST_TURN({.type = SIM_OP_COMPUTE}),
        TEST_TURN({.type = SIM_OP_CREATE_VAT, .program = 5}),
        TEST_TURN({.type = SIM_OP_SEND,
                   .result = true,
                   OPERANDS({SIM_OPERAND_ARGUMENT, 0}, I(1), {SIM_OPERAND_NEW_PROMISE, 0})}),
        TEST_TURN({.type = SIM_OP_UPGRADE_VAT, .program = 6, OPERANDS(V(0))}),
    };
    struct sim_turn vat[] = {
        TEST_TURN({.type = SIM_OP_SEND, OPERANDS(I(0), NEW, NEW, NEW, NEW, NEW, NEW)},
                  {.type = SIM_OP_HOLD})};
    const struct sim_world_options options = {0};
    struct sim_plan plan;
    struct sim_world w;
    struct vk_str image;
    plan_upgrade(&plan, admin, vat);
    sim_world_open(&w, &plan, &options);
    cr_assert(sim_world_run(&w));
    cr_assert(lived_to_see(&w, "syscall v6 [\"vatstoreGet\",\"held\"] -> [\"ok\",null]"));
    cr_assert(lived_to_see(&w, "syscall v6 [\"vatstoreGet\",\"held\"] -> [\"ok\",\"7 1 i50 e"));
    cr_assert(lived_to_see(&w, "syscall v6 [\"abandonExports\",[\"o+d10/3\"]] -> [\"ok\",null]"));
    test_ok(sim_workers_image(w.workers, VK_STR("v6"), &w.arena, &image));
    cr_assert(vk_str_eq(image, VK_STR("simulated vat 1\ndynamic2 0 7 1 i50 e6 p60\nend\n")), "%.*s",
              VK_STR_ARG(image));
    sim_world_close(&w);
    vk_arena_release(&plan.arena);
}

/* ---- images */

Test(vat_program, a_damaged_image_is_refused) {
    const struct sim_program program = {.name = VK_STR("alice")};
    const struct sim_plan plan = {0};
    struct sim_vat vat;
    static const char good[] = "simulated vat 1\nalice 3 7 5 i50,51 e6 p60,+2 q61\nend\n";
    static const char *const bad[] = {
        "",
        "simulated vat 1\nalice 3 7 5 i50,51 e6 p60,+2 q61\nend",
        "simulated vat 1\nalicia 3 7 5 i50,51\nend\n",
        "simulated vat 1\nalice x 7 5 i50,51\nend\n",
        "simulated vat 1\nalice 3 7\nend\n",
        "simulated vat 1\nalice 3 7 5 z50\nend\n",
        "simulated vat 1\nalice 3 7 5 i\nend\n",
        "simulated vat 1\nalice 3 7 5 i50,,51\nend\n",
        "simulated vat 1\nalice 3 7 5 i050\nend\n",
        "simulated vat 2\nalice 3 7 5\nend\n",
    };
    struct vk_arena arena;
    struct vk_str image;
    vk_arena_init(&arena, vk_heap_system());
    sim_vat_init(&vat, vk_heap_system(), &plan, &program);
    test_ok(sim_vat_restore(&vat, vk_str(good)));
    test_ok(sim_vat_image(&vat, &arena, &image));
    cr_assert(vk_str_eq(image, vk_str(good)), "%.*s", VK_STR_ARG(image));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_assert(sim_vat_restore(&vat, vk_str(bad[i])) == VK_ERR_SNAPSHOT, "%s", bad[i]);
    sim_vat_release(&vat);
    vk_arena_release(&arena);
}
