/* kernel_module_test.c - kernels loaded from a file: which files are taken, that one is the kernel that is linked in when it
 * is the same build, and that one takes over from another at a block, once, on every replica, whatever strikes it.
 */
#include "sim/command.h"
#include "sim/directives.h"
#include "sim/fault_words.h"
#include "sim/kernel_module.h"
#include "sim/plan_generate.h"
#include "sim/run.h"
#include "testing_command.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define LIBVK TEST_BINARY_DIR "/libvk.so"

static const struct vk_module *loaded(void) {
    const struct vk_module *module;
    test_ok(sim_kernel_load(LIBVK, &module));
    return module;
}

/* ---- loading */

Test(kernel_module, libvk_is_a_kernel_of_its_own) {
    const struct vk_module *module = loaded(), *linked = sim_kernel_linked();
    cr_assert_neq(module, linked);
    cr_assert_neq((uintptr_t)module->kernel_open, (uintptr_t)linked->kernel_open);
    cr_assert_eq(module->abi_version, VK_ABI_VERSION);
    cr_assert_str_eq(module->build, linked->build);
    cr_assert_eq(loaded(), module, "loaded once more, it is the same");
}

Test(kernel_module, file_without_a_kernel_is_refused_with_its_reason) {
    static const struct {
        const char *path, *why;
    } cases[] = {
        {TEST_BINARY_DIR "/nowhere.so", "no kernel in " TEST_BINARY_DIR "/nowhere.so: "},
        {TEST_SOURCE_DIR "/README.md", "invalid ELF header"},
        {TEST_BINARY_DIR "/libno_kernel.so", "it has no vk_module"},
        {TEST_BINARY_DIR "/libother_abi.so", "has ABI version 3, wanted is 2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct vk_module *module;
        cr_assert_eq(sim_kernel_load(cases[i].path, &module), VK_ERR_SYNTAX, "%s", cases[i].path);
        cr_assert(strstr(vk_err_origin()->text, cases[i].why), "%s", vk_err_origin()->text);
    }
}

Test(kernel_module, errors_of_a_module_have_their_origin_where_the_host_looks) {
    const struct vk_ports ports = {.heap = vk_heap_system(), .disk = {NULL, "/no/such/file"}};
    const struct vk_store_options options = {.mode = VK_STORE_DIRECT};
    struct vk_store *store;
    enum vk_err raised = VK_RAISE(VK_ERR_ANACHROPHOBIA, "something older");
    (void)raised;
    enum vk_err err = loaded()->store_open(&ports, &options, &store);
    cr_assert(err != VK_OK && err != VK_ERR_ANACHROPHOBIA);
    cr_assert_eq(vk_err_origin()->err, err, "%s", vk_err_origin()->text);
}

/* ---- runs */

static void generate(struct sim_plan *plan, uint64_t seed, bool with_faults) {
    struct sim_generate_options options = {.replicas = 3};
    if (with_faults) sim_fault_words_default(options.faults);
    test_ok(sim_plan_generate(plan, vk_heap_system(), seed, &options));
}

Test(kernel_module, same_build_makes_the_same_runs) {
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct sim_plan plan;
        struct sim_run_result linked, module;
        generate(&plan, seed, true);
        test_ok(sim_run(&plan, &(struct sim_run_options){0}, &linked));
        test_ok(sim_run(&plan, &(struct sim_run_options){.module = loaded()}, &module));
        cr_assert(linked.hash.low == module.hash.low && linked.hash.high == module.hash.high);
        sim_plan_release(&plan);
    }
}

/* ---- replacement */

struct watched {
    uint64_t from; /* the block from which on the module is at work */
    uint64_t before, after, wrong;
    struct vk_state_hash state;
};

static void at_point(void *impl, struct sim_replica *replica) {
    struct watched *watched = impl;
    const struct sim_point *point = sim_replica_point(replica);
    bool is_linked = vk_module_of(sim_replica_kernel(replica)) == sim_kernel_linked();
    bool is_after = point->block >= watched->from;
    watched->wrong += is_linked == is_after;
    *(is_after ? &watched->after : &watched->before) += 1;
    watched->state = point->crank.state_hash;
}

static void read_directives(struct sim_directives *directives, const char *text) {
    struct sim_plan_error error;
    test_ok(sim_directives_read(directives, vk_str(text), &error));
    test_ok(sim_directives_load(directives, &error));
}

static struct watched run_replaced(uint64_t seed, uint64_t block, struct sim_run_result *result) {
    struct watched watched = {.from = block};
    struct sim_run_options options = {
        .directed_from_start = true, .at_point = at_point, .impl = &watched};
    struct sim_directives directives;
    struct sim_plan plan;
    char text[1000];
    snprintf(text, sizeof text, "block-%ju: replace-kernel " LIBVK "\n", (uintmax_t)block);
    read_directives(&directives, text);
    for (size_t i = 0; i < SIM_REPLICAS_MAX; i++)
        options.directives[i] = &directives;
    options.off[SIM_ORACLE_TWICE] = true;
    generate(&plan, seed, true);
    test_ok(sim_run(&plan, &options, result));
    cr_assert(!result->failed, "seed %ju: %s", (uintmax_t)seed, result->failure.what);
    cr_assert(!result->refused);
    sim_plan_release(&plan);
    sim_directives_release(&directives);
    return watched;
}

Test(kernel_module, takes_over_at_its_block_on_every_replica_whatever_faults_strike) {
    uint64_t before = 0, after = 0, crashes = 0;
    for (uint64_t seed = 1; seed <= 120; seed++) {
        struct sim_run_result result;
        struct watched watched = run_replaced(seed, seed % 5, &result);
        cr_assert_eq(watched.wrong, 0, "seed %ju", (uintmax_t)seed);
        before += watched.before;
        after += watched.after;
        crashes += result.crashes;
    }
    cr_assert(before > 1000 && after > 1000 && crashes > 100, "%ju %ju %ju", (uintmax_t)before,
              (uintmax_t)after, (uintmax_t)crashes);
}

/* Two replicas with a directive, one without: its state has no directives.done. */
Test(kernel_module, replica_that_is_not_told_differs_from_the_others_at_that_block) {
    struct sim_run_options options = {.directed_from_start = true};
    struct sim_directives directives;
    struct sim_run_result result;
    struct sim_plan plan;
    read_directives(&directives, "block-1: replace-kernel " LIBVK "\n");
    options.directives[0] = options.directives[1] = &directives;
    generate(&plan, 4, false);
    test_ok(sim_run(&plan, &options, &result));
    cr_assert(result.failed && result.failure.oracle == SIM_ORACLE_REPLICAS);
    cr_assert_eq(result.failure.block, 1);
    cr_assert_str_eq(result.failure.event, "inputs");
    cr_assert(strstr(result.failure.signature, "directives.done"), "%s", result.failure.signature);
    sim_plan_release(&plan);
    sim_directives_release(&directives);
}

/* ---- the command */

static struct test_folder folder;

static void set_up(void) {
    test_folder_make(&folder);
    test_file_write(test_folder_file(&folder, "bad"),
                    VK_STR("\nblock-1: replace-kernel nope.so\n"));
}

static void tear_down(void) { test_folder_remove(&folder); }

TestSuite(kernel_module_command, .init = set_up, .fini = tear_down);

Test(kernel_module_command, same_build_comes_to_the_same_hash) {
    const char *plain, *with;
    char hash[2][40] = {"", ""};
    const struct test_outcome *outcome = test_command_run(&folder, "run --seeds 3");
    plain = strstr(outcome->out, "hash of all runs: ");
    cr_assert(plain && sscanf(plain, "hash of all runs: %39s", hash[0]) == 1);
    outcome = test_command_run(&folder, "run --seeds 3 --kernel " LIBVK);
    with = strstr(outcome->out, "hash of all runs: ");
    cr_assert(with && sscanf(with, "hash of all runs: %39s", hash[1]) == 1);
    cr_assert_str_eq(hash[0], hash[1]);
}

/* A seed whose process the system ends fails with any kernel. */
Test(kernel_module_command, kernel_is_named_in_the_reproducer) {
    static const char words[] = "run --seed 5 --scale 1000 --faults none --kernel " LIBVK;
    const struct test_command command = {.words = words, .cpu_seconds_max = 1};
    const struct test_outcome *outcome =
        test_command_await(&folder, test_command_start(&folder, &command));
    cr_assert_eq(outcome->code, SIM_EXIT_DIFFERENCE, "%s", outcome->err);
    cr_assert(strstr(outcome->out, "\n  reproduce: crankcase run --kernel " LIBVK
                                   " --seed 5 --faults none --scale 1000\n"),
              "%s", outcome->out);
}

Test(kernel_module_command, what_is_no_kernel_is_bad_input) {
    static const struct {
        const char *words, *err;
    } cases[] = {
        {"run --seed 1 --kernel nope.so", "crankcase run: no kernel in nope.so: ./nope.so: cannot"},
        {"run --seed 1 --kernel", "a value is missing after --kernel"},
        {"sweep --kernel nope.so some.plan", "crankcase sweep: no kernel in nope.so: "},
        {"run --directives bad some.plan", "bad:2:25: no kernel in nope.so"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct test_outcome *outcome = test_command_run(&folder, cases[i].words);
        cr_assert_eq(outcome->code, SIM_EXIT_BAD_INPUT, "%s: %d", cases[i].words, outcome->code);
        cr_assert(strstr(outcome->err, cases[i].err), "%s", outcome->err);
    }
}
