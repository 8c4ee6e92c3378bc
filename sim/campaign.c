/* campaign.c - see campaign.h. */
#include "campaign.h"

#include "flight_rings.h"
#include "jobs.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { CHUNK = 20, CHUNKS_A_ROUND = 8 };

/* What a chunk's process tells of a seed. */
struct told {
    uint64_t seed;
    enum vk_err err; /* the testbed's */
    char error[256];
    struct sim_run_result result;
};

struct round {
    const struct sim_campaign *campaign;
    struct sim_campaign_totals *totals;
    uint64_t first;
    uint64_t count; /* less when a seed crashes: those after it are in the next round */
    /* A chunk's, shared with its process; NULL: no memory. */
    struct sim_flight_rings **rings;
    enum vk_err err;
};

/* ---- in the chunk's process */

/* INV-GENERATE-1 */
static enum vk_err draw_again(const struct sim_campaign *campaign, uint64_t seed,
                              struct sim_plan *plan, struct sim_run_result *result) {
    struct sim_plan again;
    struct vk_str text, text_again;
    VK_TRY(sim_plan_write(plan, &plan->arena, &text));
    VK_TRY(sim_plan_generate(&again, vk_heap_system(), seed, &campaign->generate));
    enum vk_err err = sim_plan_write(&again, &again.arena, &text_again);
    if (err == VK_OK && !vk_str_eq(text, text_again)) {
        struct sim_failure *failure = &result->failure;
        result->failed = true;
        *failure =
            (struct sim_failure){.oracle = SIM_ORACLE_TWICE, .event = "none", .vat = VK_NO_VAT};
        snprintf(failure->what, sizeof failure->what, "drawn once more, the seed is another plan");
        snprintf(failure->signature, sizeof failure->signature, "twice/none/plan");
    }
    sim_plan_release(&again);
    return err;
}

static enum vk_err run_seed(const struct sim_campaign *campaign, uint64_t seed,
                            struct sim_flight_rings *rings, struct sim_run_result *result) {
    struct sim_run_options options = campaign->run;
    struct sim_plan plan;
    options.rings = rings;
    if (rings) sim_flight_rings_clear(rings);
    if (!campaign->twice_every || seed % campaign->twice_every != 0)
        options.off[SIM_ORACLE_TWICE] = true;
    VK_TRY(sim_plan_generate(&plan, vk_heap_system(), seed, &campaign->generate));
    enum vk_err err = sim_run(&plan, &options, result);
    if (err == VK_OK && !options.off[SIM_ORACLE_TWICE] && !result->failed)
        err = draw_again(campaign, seed, &plan, result);
    sim_plan_release(&plan);
    return err;
}

static uint64_t chunk_size(const struct round *round, size_t i) {
    uint64_t before = (uint64_t)i * CHUNK;
    uint64_t left = round->count > before ? round->count - before : 0;
    return left < CHUNK ? left : CHUNK;
}

static void tell_probes(FILE *out) {
    uint64_t hits[SIM_PROBES_MAX] = {0};
    sim_probes_take(hits);
    fwrite(hits, sizeof *hits, sim_probe_count(), out);
}

static void run_chunk(void *impl, size_t i, FILE *out) {
    const struct round *round = impl;
    const struct sim_campaign *campaign = round->campaign;
    if (campaign->is_interrupted && campaign->is_interrupted(campaign->impl)) return;
    for (uint64_t k = 0; k < chunk_size(round, i); k++) {
        struct told told = {.seed = round->first + (uint64_t)i * CHUNK + k};
        told.err = run_seed(campaign, told.seed, round->rings[i], &told.result);
        if (told.err != VK_OK) snprintf(told.error, sizeof told.error, "%s", vk_err_origin()->text);
        fwrite(&told, sizeof told, 1, out);
        tell_probes(out);
        fflush(out); /* what is told survives what the next seed does */
    }
}

/* ---- in the parent */

static void cover(struct sim_campaign_totals *totals, uint64_t feature) {
    uint64_t bit = feature % SIM_COVERAGE_BITS;
    uint64_t *word = &totals->coverage[bit / 64];
    if (*word >> (bit % 64) & 1) return;
    *word |= (uint64_t)1 << (bit % 64);
    totals->covered++;
    totals->newest_feature_at = totals->seeds;
}

/* A feature is that something happened in a run, and how often, by powers of four. */
static void cover_count(struct sim_campaign_totals *totals, uint64_t what, uint64_t count) {
    uint64_t level = 0;
    for (; count; count /= 4)
        cover(totals, what * 16 + level++ % 16);
}

static void cover_run(struct sim_campaign_totals *totals, const struct sim_run_result *result) {
    const uint64_t counts[] = {result->points,   result->deliveries, result->aborted,
                               result->crashes,  result->terminated, result->halted,
                               result->panicked, result->diverged};
    uint64_t what = 0;
    for (size_t i = 0; i < FAULT_KIND_COUNT; i++)
        cover_count(totals, what++, result->hits[i]);
    for (size_t i = 0; i < SIM_OP_TYPE_COUNT; i++)
        cover_count(totals, what++, result->ops[i]);
    for (size_t i = 0; i < SIM_VAT_END_COUNT; i++)
        cover_count(totals, what++, result->ends[i]);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        cover_count(totals, what++, counts[i]);
}

void sim_campaign_add(struct sim_campaign_totals *totals, const struct sim_run_result *result) {
    totals->seeds++;
    totals->failures += result->failed;
    totals->panicked += result->panicked;
    totals->diverged += result->diverged;
    totals->halted += result->halted;
    totals->points += result->points;
    totals->cranks += result->cranks;
    totals->deliveries += result->deliveries;
    totals->syscalls += result->syscalls;
    totals->in_flight += result->in_flight;
    totals->aborted += result->aborted;
    totals->terminated += result->terminated;
    totals->all_cranks += result->all_cranks;
    totals->starts += result->starts;
    totals->crashes += result->crashes;
    totals->commits += result->commits;
    totals->simulated_ns += result->simulated_ns;
    for (size_t i = 0; i < FAULT_KIND_COUNT; i++)
        totals->hits[i] += result->hits[i];
    for (size_t i = 0; i < SIM_OP_TYPE_COUNT; i++)
        totals->ops[i] += result->ops[i];
    for (size_t i = 0; i < SIM_VAT_END_COUNT; i++)
        totals->ends[i] += result->ends[i];
    for (size_t i = 0; i < SIM_ORACLE_COUNT; i++)
        totals->asked[i] += result->asked[i];
    const uint64_t chain[] = {totals->hash.low, totals->hash.high, result->hash.low,
                              result->hash.high};
    XXH128_hash_t hash = XXH3_128bits(chain, sizeof chain);
    totals->hash = (struct vk_state_hash){hash.low64, hash.high64};
    cover_run(totals, result);
}

/* `is_late`: the process had told all of its seeds, of which this is the last (a leak, say, is found at the very end). */
static void tell_crash(struct round *round, size_t chunk, uint64_t seed, const char *died,
                       bool is_late) {
    struct sim_run_result result = {.failed = true, .asked = {[SIM_ORACLE_CRASH] = true}};
    struct sim_failure *failure = &result.failure;
    sim_failure_set_crash(failure, died);
    snprintf(failure->what, sizeof failure->what, "%s%s", died,
             is_late ? ", when all of its seeds up to this one were done" : "");
    const struct sim_flight_rings *rings = round->rings[chunk];
    struct vk_str ring =
        rings && !is_late ? sim_flight_rings_last(rings, &failure->replica) : VK_STR_NONE;
    if (vk_str_present(ring)) sim_flight_tail_read(ring, &failure->flight);
    if (is_late)
        round->totals->failures++;
    else
        sim_campaign_add(round->totals, &result);
    round->campaign->failed(round->campaign->impl, seed, failure, died);
}

static bool hear_probes(struct sim_campaign_totals *totals, FILE *in) {
    uint64_t hits[SIM_PROBES_MAX];
    size_t count = sim_probe_count();
    if (fread(hits, sizeof *hits, count, in) != count) return false;
    for (size_t i = 0; i < count; i++)
        totals->probes[i] += hits[i];
    return true;
}

static void chunk_finished(void *impl, size_t i, FILE *in, const char *died) {
    struct round *round = impl;
    const struct sim_campaign *campaign = round->campaign;
    struct told told;
    uint64_t k = 0, size = chunk_size(round, i);
    for (; k < size && fread(&told, sizeof told, 1, in) == 1 && hear_probes(round->totals, in);
         k++) {
        if (told.err != VK_OK) {
            if (round->err == VK_OK)
                round->err = VK_RAISE(told.err, "seed %llu: %.180s", (unsigned long long)told.seed,
                                      told.error);
            continue;
        }
        sim_campaign_add(round->totals, &told.result);
        if (told.result.failed)
            campaign->failed(campaign->impl, told.seed, &told.result.failure, NULL);
    }
    if (died && k < size) {
        tell_crash(round, i, round->first + (uint64_t)i * CHUNK + k, died, false);
        /* Those after it nobody has run, or they are run again: what is told stays in order. */
        round->count = (uint64_t)i * CHUNK + k + 1;
    } else if (died && size > 0) {
        tell_crash(round, i, round->first + (uint64_t)i * CHUNK + k - 1, died, true);
    }
    if (campaign->progress) campaign->progress(campaign->impl, round->totals);
}

void sim_campaign_keep_memory(void) {
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    mallopt(M_TOP_PAD, 1 << 24);
}

static enum vk_err run_round(struct round *round) {
    const struct sim_jobs jobs = {.count = (size_t)((round->count + CHUNK - 1) / CHUNK),
                                  .at_once = round->campaign->at_once,
                                  .isolated = true,
                                  .impl = round,
                                  .run = run_chunk,
                                  .finished = chunk_finished};
    round->rings = calloc(jobs.count, sizeof(struct sim_flight_rings *));
    if (!round->rings) return VK_RAISE(VK_ERR_NOMEM, "%zu jobs", jobs.count);
    for (size_t i = 0; i < jobs.count; i++)
        round->rings[i] = sim_flight_rings_new();
    enum vk_err err = sim_jobs_run(&jobs);
    for (size_t i = 0; i < jobs.count; i++)
        sim_flight_rings_free(round->rings[i]);
    free(round->rings);
    return err == VK_OK ? round->err : err;
}

enum vk_err sim_campaign_run(const struct sim_campaign *campaign,
                             struct sim_campaign_totals *totals) {
    sim_campaign_keep_memory();
    uint64_t done = 0;
    *totals = (struct sim_campaign_totals){0};
    while (done < campaign->seeds) {
        if (campaign->stops && campaign->stops(campaign->impl, totals)) break;
        uint64_t most = (uint64_t)CHUNK * CHUNKS_A_ROUND * campaign->at_once;
        uint64_t left = campaign->seeds - done;
        struct round round = {.campaign = campaign,
                              .totals = totals,
                              .first = campaign->first_seed + done,
                              .count = left < most ? left : most};
        VK_TRY(run_round(&round));
        done += round.count;
    }
    return VK_OK;
}
