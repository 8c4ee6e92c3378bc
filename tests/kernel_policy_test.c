/* kernel_policy_test.c - the host's run policy: what it is told, and what it may decide. */
#include <criterion/criterion.h>

#include "testing_kernel.h"

static const struct test_setup plain = {.plain = true};

struct ledger {
    unsigned calls;
    unsigned stop_after;                   /* 0: never */
    uint64_t computrons, limit_computrons; /* 0: none */
    enum vk_crank_kind kinds[64];
    bool metered[64];
};

static bool note(void *impl, const struct vk_crank_result *result) {
    struct ledger *ledger = impl;
    cr_assert(ledger->calls < 64);
    ledger->kinds[ledger->calls] = result->kind;
    ledger->metered[ledger->calls++] = result->metered;
    ledger->computrons += result->computrons;
    cr_assert(strlen(result->crankhash) == 64 && strlen(result->activityhash) == 64);
    if (ledger->limit_computrons && ledger->computrons >= ledger->limit_computrons) return false;
    return !ledger->stop_after || ledger->calls < ledger->stop_after;
}

static uint64_t run(struct test_world *w, struct ledger *ledger) {
    const struct vk_run_policy policy = {ledger, NULL, note};
    uint64_t cranks;
    test_ok(vk_kernel_run(w->kernel, &policy, &cranks));
    return cranks;
}

SCENARIO(kernel_policy, without_one_the_kernel_runs_until_it_is_idle, plain) {
    uint64_t cranks;
    world_tell(w, "alice", "{send $0 {send $0 {set end reached}} $1} ko22 ko23");
    test_ok(vk_kernel_run(w->kernel, NULL, &cranks));
    cr_assert(cranks == 6);
    world_is(w, "v4.vs.end", "reached");
    test_ok(vk_kernel_run(w->kernel, NULL, &cranks));
    cr_assert(cranks == 0);
}

SCENARIO(kernel_policy, without_functions_it_allows_everything, plain) {
    const struct vk_run_policy policy = {0};
    uint64_t cranks;
    world_tell(w, "alice", "{exit bye}");
    test_ok(vk_kernel_run(w->kernel, &policy, &cranks));
    cr_assert(world_keys(w, "v2.") == 0);
    cr_assert(cranks == 5); /* route, deliver, route, clean up, deliver */
}

SCENARIO(kernel_policy, it_is_told_of_every_crank, plain) {
    struct ledger ledger = {0};
    world_tell(w, "alice", "{spend 10; send $0 hello} ko22");
    cr_assert(run(w, &ledger) == 4);
    cr_assert(ledger.calls == 4);
    cr_assert(ledger.kinds[0] == VK_CRANK_NONE && !ledger.metered[0]);
    cr_assert(ledger.kinds[1] == VK_CRANK_DELIVERY && ledger.metered[1]);
    cr_assert(ledger.kinds[2] == VK_CRANK_NONE);
    cr_assert(ledger.kinds[3] == VK_CRANK_DELIVERY && !ledger.metered[3]);
    cr_assert(ledger.computrons == 10);
}

SCENARIO(kernel_policy, it_may_stop_after_any_crank, plain) {
    struct ledger ledger = {.stop_after = 1};
    world_tell(w, "alice", "{set a 1; send $0 {set a 1}} ko22");
    cr_assert(run(w, &ledger) == 1);
    world_absent(w, "v2.vs.a");
    ledger = (struct ledger){.stop_after = 1};
    cr_assert(run(w, &ledger) == 1);
    world_is(w, "v2.vs.a", "1"); /* the crank that it stopped after counts */
    ledger = (struct ledger){.stop_after = 100};
    cr_assert(run(w, &ledger) == 2);
    world_is(w, "v3.vs.a", "1");
}

/* #7938: two vats may go on for ever, and the policy is what ends a block. */
SCENARIO(kernel_policy, ping_pong_ends_where_the_policy_says, plain) {
    struct ledger ledger = {.limit_computrons = 100};
    world_tell(
        w, "alice",
        "{on ping {spend 10; send $0 ping o+0}; send $0 {on ping {spend 10; send $0 ping o+0}};"
        "send o+0 ping $0} ko22");
    cr_assert(run(w, &ledger) > 10);
    cr_assert(ledger.computrons == 100);
    world_tell(w, "carol", "{set a 1}"); /* input is not starved: it stands in the same queue */
    ledger = (struct ledger){.limit_computrons = 50};
    (void)run(w, &ledger);
    world_is(w, "v4.vs.a", "1");
}

SCENARIO(kernel_policy, creation_and_clean_up_are_told_as_such, plain) {
    struct ledger ledger = {0};
    world_tell(w, "vatAdmin",
               "{call d-71 createByBundleID @vat {\"vatParameters\":{\"run\":\"spend 5\"}}}");
    cr_assert(run(w, &ledger) == 6);
    cr_assert(ledger.kinds[3] == VK_CRANK_CREATE_VAT && ledger.metered[3]);
    world_tell(w, "ko24", "{exit bye}");
    ledger = (struct ledger){0};
    cr_assert(run(w, &ledger) == 5);
    cr_assert(ledger.kinds[3] == VK_CRANK_CLEANUP);
}

static bool forbid(void *impl, struct vk_cleanup_budget *budget) {
    (void)impl;
    (void)budget;
    return false;
}

SCENARIO(kernel_policy, kernel_that_may_not_clean_up_is_idle, plain) {
    const struct vk_run_policy policy = {NULL, forbid, NULL};
    uint64_t cranks;
    world_tell(w, "alice", "{exit bye}");
    test_ok(vk_kernel_run(w->kernel, &policy, &cranks));
    cr_assert(cranks == 4);
    test_ok(vk_kernel_run(w->kernel, &policy, &cranks));
    cr_assert(cranks == 0);
    world_is(w, "vats.terminated", "[\"v2\"]");
    test_ok(vk_kernel_run(w->kernel, NULL, &cranks));
    cr_assert(cranks == 1);
}

static bool five_with_a_name(void *impl, struct vk_cleanup_budget *budget) {
    (void)impl;
    *budget = (struct vk_cleanup_budget){5, 5, 5, 5, 5, 5, VK_STR("{\"default\":5,\"kv\":5}"), 5};
    return true;
}

static const struct test_setup with_slog = {.plain = true, .slog = true};

SCENARIO(kernel_policy, budget_is_slogged_as_the_policy_gave_it, with_slog) {
    const struct vk_run_policy policy = {NULL, five_with_a_name, NULL};
    uint64_t cranks;
    world_tell(w, "alice", "{exit bye}");
    test_ok(vk_kernel_run(w->kernel, &policy, &cranks));
    cr_assert(world_traced(w, "slog crank-start = ", "\"budget\":{\"default\":5,\"kv\":5}}}") == 2);
    cr_assert(world_keys(w, "v2.") == 0);
}

SCENARIO(kernel_policy, error_ends_the_run_and_the_cranks_before_it_are_counted, plain) {
    uint64_t cranks;
    struct ledger ledger = {0};
    const struct vk_run_policy policy = {&ledger, NULL, note};
    world_tell(w, "alice", "{set a 1}");
    world_tell(w, "bob", "{die}");
    cr_assert(vk_kernel_run(w->kernel, &policy, &cranks) == VK_ERR_WORKER_LOST);
    cr_assert(cranks == 3);
    cr_assert(ledger.calls == 3);
    cr_assert(vk_kernel_run(w->kernel, &policy, &cranks) == VK_ERR_PANIC);
    cr_assert(cranks == 0 && ledger.calls == 3);
}
