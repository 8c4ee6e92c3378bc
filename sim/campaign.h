/* campaign.h - many seeds, one after the other and side by side, and what they came to together.
 *
 * Seeds are run in chunks, each in a process of its own, so that a crash of one is a result like any other: another process
 * does the rest of its chunk. What is told comes in the order of the seeds.
 *
 * INV-CAMPAIGN-1  What is told does not depend on how many processes there are, but where time decides how many seeds are
 *                 run.
 * INV-CAMPAIGN-2  `found` hears of a failure as soon as its seed is done, whatever is still to be done before it is told.
 * INV-CAMPAIGN-3  What was told to `found` is told to `failed`, unless the process ends first or the testbed fails.
 */
#ifndef SIM_CAMPAIGN_H
#define SIM_CAMPAIGN_H

#include "plan_generate.h"
#include "probes.h"
#include "run.h"

/* Features that a run can have shown; a campaign is stable when new seeds show no new ones. */
enum { SIM_COVERAGE_BITS = 4096, SIM_COVERAGE_WORDS = SIM_COVERAGE_BITS / 64 };

struct sim_campaign_totals {
    uint64_t seeds, failures, panicked, diverged, halted;
    uint64_t points, cranks, deliveries, syscalls, in_flight, aborted, terminated;
    uint64_t all_cranks, starts, crashes, commits;
    uint64_t simulated_ns;
    uint64_t hits[FAULT_KIND_COUNT];
    uint64_t ops[SIM_OP_TYPE_COUNT];
    uint64_t ends[SIM_VAT_END_COUNT];
    uint64_t coverage[SIM_COVERAGE_WORDS];
    uint64_t covered;                 /* features */
    uint64_t newest_feature_at;       /* the number of seeds after which the newest was seen */
    uint64_t probes[SIM_PROBES_MAX];  /* how often each was reached; never a feature */
    uint64_t asked[SIM_ORACLE_COUNT]; /* runs that each had something to look at in */
    struct vk_state_hash hash;        /* of all runs, in order */
};

struct sim_campaign {
    uint64_t first_seed;
    uint64_t seeds; /* UINT64_MAX: until `stops` says so */
    size_t at_once;
    uint64_t twice_every; /* one seed in so many is run twice; 0: none */
    struct sim_generate_options generate;
    struct sim_run_options run;
    void *impl;
    /* Asked between rounds of some hundred seeds; may be NULL. */
    bool (*stops)(void *impl, const struct sim_campaign_totals *totals);
    /* Asked before every seed, in a chunk's process, too: those not begun are left out, and told of by nobody; may be NULL. */
    bool (*is_interrupted)(void *impl);
    /* A seed has failed, perhaps before its turn. What it returns, `failed` gets as `note`. May be NULL: 0. */
    uint64_t (*found)(void *impl, uint64_t seed, const struct sim_failure *failure);
    /* The same, in the order of the seeds. One whose process ended before its time has failed with SIM_ORACLE_CRASH. */
    void (*failed)(void *impl, uint64_t seed, const struct sim_failure *failure, uint64_t note);
    /* So many seeds are done and told of. */
    void (*progress)(void *impl, const struct sim_campaign_totals *totals);
};

/* VK_OK unless the testbed itself fails. */
enum vk_err sim_campaign_run(const struct sim_campaign *campaign,
                             struct sim_campaign_totals *totals) VK_MUST_CHECK;
/* For a process that makes many runs: memory that one frees is kept for the next, since given back to the system in
 * between it would cost a page fault a page. sim_campaign_run says it itself. */
void sim_campaign_keep_memory(void);
/* Adds one run to the totals. */
void sim_campaign_add(struct sim_campaign_totals *totals, const struct sim_run_result *result);
/* A run's process ended before its time. `rings`: of the run, or NULL. */
void sim_campaign_crash(struct sim_failure *failure, const char *died,
                        const struct sim_flight_rings *rings);

#endif
