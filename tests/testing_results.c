/* testing_results.c - see testing_results.h. */
#include "testing_results.h"

#include <criterion/criterion.h>
#include <stdio.h>

void test_results_begin(struct report_results *results, const char *path,
                        enum report_results_kind kind) {
    static bool faults[FAULT_KIND_COUNT] = {[FAULT_DISK_FULL] = true, [FAULT_BIT_ROT] = true};
    static const bool off[SIM_ORACLE_COUNT] = {[SIM_ORACLE_ACCOUNT] = true};
    const struct report_results_begin begins = {
        .kind = kind, .command = "crankcase run --out '<a&b>'", .faults = faults, .off = off};
    test_ok(report_results_create(results, path, &begins));
}

void test_results_fail(struct report_results *results, unsigned i, const char *family) {
    struct sim_failure failure = {.oracle = SIM_ORACLE_REPLICAS,
                                  .replica = 1,
                                  .point = i,
                                  .block = 2,
                                  .event = "send",
                                  .vat = i % 2 ? i : VK_NO_VAT,
                                  .at_ns = 1500000};
    if (i == 1)
        failure.flight = (struct sim_flight_tail){.any = true,
                                                  .crank = 108,
                                                  .event = "send",
                                                  .has_delivery = true,
                                                  .vat = "v1",
                                                  .delivery = 26,
                                                  .dispatch = "message",
                                                  .message = "ko9.<pay>"};
    char name[40], reproduce[80];
    snprintf(failure.what, sizeof failure.what, "differs at %u: " TEST_NASTY, i);
    snprintf(failure.signature, sizeof failure.signature, "replicas/send/%s", family);
    snprintf(name, sizeof name, "seed %u", i);
    snprintf(reproduce, sizeof reproduce, "crankcase run --seed %u --faults '<&>'", i);
    const struct report_failure report = {&failure, name, reproduce, NULL, NULL};
    test_ok(report_results_failure(results, &report));
}

void test_results_end(struct report_results *results, enum report_results_state state,
                      uint64_t seeds, uint64_t failures) {
    struct sim_campaign_totals totals = {.seeds = seeds, .failures = failures, .covered = 7};
    totals.hits[FAULT_DISK_FULL] = 3;
    totals.asked[SIM_ORACLE_REPLICAS] = totals.asked[SIM_ORACLE_AUDIT] = seeds;
    totals.hash = (struct vk_state_hash){UINT64_MAX, 1};
    const struct report_results_end ends = {
        .totals = &totals, .state = state, .code = failures ? 1 : 0};
    test_ok(report_results_end(results, &ends));
}

void test_results_load(struct report_model *model, const char *path, struct vk_arena *arena) {
    vk_arena_init(arena, vk_heap_system());
    test_ok(report_model_load(model, path, arena));
}
