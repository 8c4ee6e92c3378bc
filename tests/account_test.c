/* account_test.c - what a crank owes for its deliveries. The host that writes them down is at work in every simulated run. */
#include <criterion/criterion.h>

#include "sim/account.h"
#include "testing_store.h"

enum { DELIVERIES_MAX = 3 };

/* A crank, and what it must be told to owe; NULL: nothing. */
struct deed {
    const char *owes;
    struct sim_account_delivery deliveries[DELIVERIES_MAX];
    struct vk_crank_result crank;
    uint64_t held;         /* by m1 before; 0: nobody pays */
    const char *remaining; /* of m1, after */
    const char *told;      /* the last entry of the acceptance queue */
};

#define MESSAGE(cost)                                                                              \
    { .vat = 7, .type = VK_DELIVERY_MESSAGE, .computrons = (cost) }
#define START(cost)                                                                                \
    { .vat = 7, .type = VK_DELIVERY_START_VAT, .computrons = (cost) }
#define BOYD(cost)                                                                                 \
    { .vat = 7, .type = VK_DELIVERY_BRING_OUT_YOUR_DEAD, .computrons = (cost) }
#define COSTS(n) .event = "send", .metered = true, .computrons = (n)

static void expect_owes(struct test_store *test, const struct deed *deed, size_t i) {
    struct sim_account account = {0};
    struct sim_account_delivery deliveries[DELIVERIES_MAX];
    struct sim_debt debt;
    vk_arena_init(&account.scratch, vk_heap_system());
    memcpy(deliveries, deed->deliveries, sizeof deliveries);
    account.deliveries.at = deliveries;
    while (account.deliveries.count < DELIVERIES_MAX && deliveries[account.deliveries.count].vat)
        account.deliveries.count++;
    for (size_t meter = 0; meter < SIM_METERS_MAX; meter++)
        account.meters[meter] = VK_UNLIMITED;
    if (deed->held) account.meters[1] = deed->held;
    test_set(test, "v7.options", deed->held ? "{\"meterID\":\"m1\"}" : "{}");
    test_set(test, "m1.remaining", deed->remaining ? deed->remaining : "0");
    test_set(test, "acceptanceQueue", "[4,5]");
    test_set(test, "acceptanceQueue.4", deed->told ? deed->told : "{}");
    test_ok(sim_account_check(&account, test->store, &deed->crank, &debt));
    if (!deed->owes)
        cr_expect_str_eq(debt.what, "", "%zu: %s", i, debt.what);
    else
        cr_expect(debt.what[0] && strcmp(debt.family, deed->owes) == 0, "%zu: %s, not %s", i,
                  debt.what[0] ? debt.family : "nothing", deed->owes);
    vk_arena_release(&account.scratch);
}

static const struct deed deeds[] = {
    /* exits */
    {NULL, {MESSAGE(5)}, {COSTS(5)}, 0, NULL, NULL},
    {NULL, {{.vat = 7, .exits = true}}, {.event = "send", .terminated = true}, 0, NULL, NULL},
    {"exit-with-failure",
     {{.vat = 7, .exits_with_failure = true}},
     {.event = "send", .terminated = true},
     0,
     NULL,
     NULL},
    {NULL, /* it changed its mind */
     {{.vat = 7, .exits = true, .exits_with_failure = true}},
     {.event = "send", .terminated = true},
     0,
     NULL,
     NULL},
    /* costs: all but those of what comes before a snapshot */
    {"computrons", {MESSAGE(5)}, {.event = "send"}, 0, NULL, NULL},
    {"computrons", {START(4), MESSAGE(5)}, {COSTS(5)}, 0, NULL, NULL},
    {NULL, {START(4), MESSAGE(5)}, {COSTS(9)}, 0, NULL, NULL},
    {NULL, {MESSAGE(5), BOYD(8)}, {COSTS(5)}, 0, NULL, NULL},
    {NULL, {BOYD(8)}, {COSTS(8)}, 0, NULL, NULL},
    /* meters */
    {NULL, {MESSAGE(5)}, {COSTS(5)}, 12, "7", NULL},
    {"meter", {MESSAGE(5)}, {COSTS(5)}, 12, "12", NULL},
    {"meter", {MESSAGE(5)}, {COSTS(5), .aborted = true}, 12, "12", NULL},
    {NULL, {MESSAGE(5)}, {COSTS(5), .aborted = true}, 3, "0", NULL},
    {"meter", {MESSAGE(5)}, {COSTS(5), .aborted = true}, 3, "3", NULL},
    {NULL, {BOYD(8)}, {COSTS(8)}, 12, "12", NULL}, /* the house pays */
    {NULL,
     {BOYD(2), START(3)},
     {.event = "upgrade-vat", .metered = true, .computrons = 5},
     12,
     "7",
     "vatUpgradeCallback"},
    {"meter",
     {BOYD(2), START(3)},
     {.event = "upgrade-vat", .metered = true, .computrons = 5},
     12,
     "9",
     "vatUpgradeCallback"},
    /* what vat-admin is told */
    {"told", {START(3)}, {COSTS(3), .kind = VK_CRANK_CREATE_VAT}, 0, NULL, "{}"},
    {NULL, {START(3)}, {COSTS(3), .kind = VK_CRANK_CREATE_VAT}, 0, NULL, "[\"newVatCallback\"]"},
    {NULL, {START(3)}, {COSTS(3), .kind = VK_CRANK_CREATE_VAT}, 0, NULL, "[\"vatTerminated\"]"},
    {"told",
     {START(3)},
     {.event = "upgrade-vat", .metered = true, .computrons = 3},
     0,
     NULL,
     "[\"newVatCallback\"]"},
    {NULL, {{0}}, {.event = "upgrade-vat"}, 0, NULL, "{}"}, /* of a vat that is dead */
    /* people have decided otherwise */
    {NULL, {MESSAGE(5)}, {.event = "send", .directed = true}, 0, NULL, NULL},
};

Test(account, crank_owes_for_its_deliveries) {
    struct test_store test;
    struct test_folder folder;
    test_folder_make(&folder);
    test_store_open(&test, test_folder_file(&folder, "account.sqlite"), VK_STORE_WRITE_BACK);
    for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++)
        expect_owes(&test, &deeds[i], i);
    test_store_close(&test);
    test_folder_remove(&folder);
}

Test(account, knows_a_bring_out_your_dead_that_failed) {
    struct sim_account_delivery deliveries[] = {
        MESSAGE(1), {.vat = 7, .type = VK_DELIVERY_BRING_OUT_YOUR_DEAD, .fails = true}};
    struct sim_account account = {.deliveries = {.at = deliveries, .count = 2}};
    cr_expect(sim_account_boyd_failed(&account));
    account.deliveries.count = 1;
    cr_expect(!sim_account_boyd_failed(&account));
    account.deliveries.count = 0;
    cr_expect(!sim_account_boyd_failed(&account));
}
