/* probes_test.c - probes count in a build that has them, sum up over processes, and are nothing at all in others.
 */
#include "sim/campaign.h"
#include "sim/command.h"
#include "sim/fault_words.h"
#include "sim/probes.h"
#include "testing_command.h"

#include "vk/probe.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static struct test_folder folder;

static void folder_make(void) { test_folder_make(&folder); }
static void folder_remove(void) { test_folder_remove(&folder); }

TestSuite(probes, .init = folder_make, .fini = folder_remove);

#ifdef VK_PROBES

enum { SEEDS = 60 };

static size_t index_of(const char *name) {
    size_t i = 0;
    while (i < sim_probe_count() && strcmp(sim_probe_name(i), name) != 0)
        i++;
    cr_assert_lt(i, sim_probe_count(), "no probe %s", name);
    return i;
}

Test(probes, are_listed_once_in_the_order_of_their_names) {
    cr_assert_gt(sim_probe_count(), 40);
    for (size_t i = 1; i < sim_probe_count(); i++)
        cr_expect_lt(strcmp(sim_probe_name(i - 1), sim_probe_name(i)), 0, "%s", sim_probe_name(i));
    cr_expect_str_eq(sim_probe_file(index_of("vat_paged_out")), "warehouse.c");
}

static void come_by(bool condition) { VK_RARELY_IF(condition, test_came_by); }

Test(probes, count_from_one_take_to_the_next) {
    uint64_t hits[SIM_PROBES_MAX] = {0};
    size_t mine = index_of("test_came_by");
    cr_expect(sim_probe_is_rare(mine));
    sim_probes_take(hits);
    cr_expect_eq(hits[mine], 0);
    come_by(true);
    come_by(false);
    come_by(true);
    sim_probes_take(hits);
    cr_expect_eq(hits[mine], 2);
    sim_probes_take(hits);
    cr_expect_eq(hits[mine], 2, "what was taken counts no more");
}

Test(probes, that_are_rare_are_not_missed) {
    uint64_t hits[SIM_PROBES_MAX] = {0};
    size_t common = 0;
    for (size_t i = 0; i < sim_probe_count(); i++)
        common += !sim_probe_is_rare(i);
    cr_expect_eq(sim_probes_missed(hits), common);
    hits[index_of("test_came_by")] = 1;
    cr_expect_eq(sim_probes_missed(hits), common);
    hits[index_of("vat_paged_out")] = 1;
    cr_expect_eq(sim_probes_missed(hits), common - 1);
}

static void fail(void *impl, uint64_t seed, const struct sim_failure *failure, uint64_t note) {
    (void)impl, (void)note;
    cr_expect_fail("seed %llu: %s", (unsigned long long)seed, failure->what);
}

static void run_campaign(size_t at_once, struct sim_campaign_totals *totals) {
    struct sim_campaign campaign = {
        .first_seed = 1, .seeds = SEEDS, .at_once = at_once, .failed = fail};
    sim_fault_words_default(campaign.generate.faults);
    cr_assert_eq(sim_campaign_run(&campaign, totals), VK_OK);
}

Test(probes, of_a_campaign_are_the_same_however_many_processes_ran) {
    static struct sim_campaign_totals alone, shared;
    run_campaign(1, &alone);
    run_campaign(3, &shared);
    cr_expect_gt(alone.probes[index_of("vat_paged_out")], 0);
    cr_expect_gt(alone.probes[index_of("crank_rolled_back_to_delivery")], 0);
    for (size_t i = 0; i < sim_probe_count(); i++)
        cr_expect_eq(alone.probes[i], shared.probes[i], "%s", sim_probe_name(i));
}

Test(probes, never_reached_fail_a_campaign_that_asks_for_them) {
    cr_expect_eq(test_command_run(&folder, "run --seeds 2 --quiet")->code, SIM_EXIT_OK);
    const struct test_outcome *outcome =
        test_command_run(&folder, "run --seeds 2 --quiet --probes");
    cr_expect_eq(outcome->code, SIM_EXIT_LIVENESS);
    cr_expect(strstr(outcome->err, "probes never reached") != NULL, "%s", outcome->err);
}

static void expect_in(const char *name, const char *wanted) {
    struct vk_str bytes = test_file_read(test_folder_file(&folder, name));
    char *text = strndup(bytes.p, bytes.n);
    cr_expect(strstr(text, wanted), "%s: no \"%s\" in\n%.3000s", name, wanted, text);
    free(text);
    free((void *)(uintptr_t)bytes.p);
}

Test(probes, are_in_every_report_of_a_campaign_that_asks_for_them) {
    test_command_run(&folder, "run --seeds 2 --quiet --probes --results r.sqlite --junit j.xml "
                              "--summary s.md --html p.html");
    expect_in("j.xml", "classname=\"crankcase.campaign.probes\"");
    expect_in("j.xml", ": it was never reached, and is not marked rare\nreproduce: crankcase run ");
    expect_in("s.md", "| **no success** |");
    expect_in("p.html", "\"wanted\":true,\"hits\":0}");
    const struct test_outcome *outcome = test_command_run(&folder, "report r.sqlite");
    cr_expect(strstr(outcome->out, "    never "), "%s", outcome->out);
}

#else

static int evaluations;

static bool is_evaluated(void) { return ++evaluations > 0; }

Test(probes, are_nothing_in_a_build_without_them) {
    VK_SOMETIMES(test_came_by);
    VK_SOMETIMES_IF(is_evaluated(), test_was_asked);
    cr_expect_eq(evaluations, 0);
    cr_expect_eq(sim_probe_count(), 0);
}

Test(probes, cannot_be_asked_for_in_a_build_without_them) {
    const struct test_outcome *outcome = test_command_run(&folder, "run --seeds 2 --probes");
    cr_expect_eq(outcome->code, SIM_EXIT_BAD_INPUT);
    cr_expect(strstr(outcome->err, "--probes: this build has none") != NULL, "%s", outcome->err);
}

#endif
