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
    uint64_t probes[SIM_PROBES_MAX];
};

/* What is known of a seed: told by its chunk's process, or by how that ended. */
struct heard {
    struct told told;
    uint64_t note; /* of campaign->found */
    bool is_late;  /* another failure of the seed before */
};

struct chunk {
    uint64_t first, count;
    struct heard *heard; /* of its seeds, in order; NULL: not begun, over, or no memory */
    size_t heard_count, told_count;
    struct sim_flight_rings *rings; /* shared with its process; NULL: no memory */
};

struct round {
    const struct sim_campaign *campaign;
    struct sim_campaign_totals *totals;
    struct chunk *chunks;
    size_t chunk_count;
    size_t telling; /* the chunk whose turn it is */
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

static bool is_interrupted(const struct sim_campaign *campaign) {
    return campaign->is_interrupted && campaign->is_interrupted(campaign->impl);
}

/* Those of its seeds that nobody has heard of. */
static void run_chunk(void *impl, size_t i, FILE *out) {
    const struct round *round = impl;
    const struct chunk *chunk = &round->chunks[i];
    for (uint64_t k = chunk->heard_count; chunk->heard && k < chunk->count; k++) {
        struct told told = {.seed = chunk->first + k};
        if (is_interrupted(round->campaign)) return;
        told.err = run_seed(round->campaign, told.seed, chunk->rings, &told.result);
        if (told.err != VK_OK) snprintf(told.error, sizeof told.error, "%s", vk_err_origin()->text);
        sim_probes_take(told.probes);
        fwrite(&told, sizeof told, 1, out);
        fflush(out); /* what is told survives what the next seed does */
    }
}

/* ---- in the parent */

void sim_campaign_crash(struct sim_failure *failure, const char *died,
                        const struct sim_flight_rings *rings) {
    sim_failure_set_crash(failure, died);
    struct vk_str ring = rings ? sim_flight_rings_last(rings, &failure->replica) : VK_STR_NONE;
    if (vk_str_present(ring)) sim_flight_tail_read(ring, &failure->flight);
}

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

/* It is next in order. */
static void tell(struct round *round, const struct heard *heard) {
    const struct sim_campaign *campaign = round->campaign;
    struct sim_campaign_totals *totals = round->totals;
    const struct told *told = &heard->told;
    if (told->err != VK_OK) {
        if (round->err == VK_OK)
            round->err = VK_RAISE(told->err, "seed %llu: %.180s", (unsigned long long)told->seed,
                                  told->error);
        return;
    }
    if (heard->is_late)
        totals->failures++;
    else
        sim_campaign_add(totals, &told->result);
    for (size_t i = 0; i < sim_probe_count(); i++)
        totals->probes[i] += told->probes[i];
    if (told->result.failed)
        campaign->failed(campaign->impl, told->seed, &told->result.failure, heard->note);
    if (campaign->progress) campaign->progress(campaign->impl, totals);
}

/* INV-CAMPAIGN-1: a chunk's turn has come when all before it are over. */
static void tell_heard(struct round *round, struct chunk *chunk) {
    if (chunk != &round->chunks[round->telling]) return;
    while (chunk->told_count < chunk->heard_count)
        tell(round, &chunk->heard[chunk->told_count++]);
}

/* INV-CAMPAIGN-2 */
static void hear(struct round *round, struct chunk *chunk, const struct told *told, bool is_late) {
    const struct sim_campaign *campaign = round->campaign;
    VK_ASSERT(chunk->heard && chunk->heard_count < chunk->count + is_late);
    struct heard *heard = &chunk->heard[chunk->heard_count++];
    *heard = (struct heard){.told = *told, .is_late = is_late};
    if (told->result.failed && campaign->found)
        heard->note = campaign->found(campaign->impl, told->seed, &told->result.failure);
    tell_heard(round, chunk);
}

static void seed_heard(void *impl, size_t i, const void *record) {
    struct round *round = impl;
    struct chunk *chunk = &round->chunks[i];
    const struct told *told = record;
    VK_ASSERT(told->seed == chunk->first + chunk->heard_count); /* run_chunk runs them in order */
    hear(round, chunk, told, false);
}

/* Of the seed that was run, or, if the process had told of all, of the last one (a leak, say, is found at the very end). */
static bool chunk_goes_on(void *impl, size_t i, const char *died) {
    struct round *round = impl;
    struct chunk *chunk = &round->chunks[i];
    bool is_late = chunk->heard_count == chunk->count;
    struct told told = {.seed = chunk->first + chunk->heard_count - is_late,
                        .result = {.failed = true, .asked = {[SIM_ORACLE_CRASH] = true}}};
    struct sim_failure *failure = &told.result.failure;
    if (!chunk->heard) return false;
    sim_campaign_crash(failure, died, is_late ? NULL : chunk->rings);
    if (is_late)
        snprintf(failure->what, sizeof failure->what,
                 "%s, when all of its seeds up to this one were done", died);
    hear(round, chunk, &told, is_late);
    return chunk->heard_count < chunk->count && !is_interrupted(round->campaign);
}

static void chunk_begins(void *impl, size_t done, size_t i) {
    struct round *round = impl;
    struct chunk *chunk = &round->chunks[i];
    (void)done;
    chunk->rings = sim_flight_rings_new();
    chunk->heard = calloc(chunk->count + 1, sizeof *chunk->heard);
    if (!chunk->heard && round->err == VK_OK)
        round->err = VK_RAISE(VK_ERR_NOMEM, "%llu seeds", (unsigned long long)chunk->count);
}

static void chunk_finished(void *impl, size_t i, FILE *in, const char *died) {
    struct round *round = impl;
    struct chunk *chunk = &round->chunks[i];
    (void)in, (void)died; /* it was heard of when it died */
    VK_ASSERT(i == round->telling);
    tell_heard(round, chunk);
    sim_flight_rings_free(chunk->rings);
    free(chunk->heard);
    chunk->heard = NULL;
    round->telling++;
    if (round->telling < round->chunk_count) tell_heard(round, chunk + 1);
}

static bool is_enough(void *impl) {
    const struct round *round = impl;
    return round->err != VK_OK || is_interrupted(round->campaign);
}

void sim_campaign_keep_memory(void) {
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    mallopt(M_TOP_PAD, 1 << 24);
}

static enum vk_err run_chunks(struct round *round) {
    const struct sim_jobs jobs = {.count = round->chunk_count,
                                  .at_once = round->campaign->at_once,
                                  .isolated = true,
                                  .impl = round,
                                  .run = run_chunk,
                                  .begins = chunk_begins,
                                  .is_enough = is_enough,
                                  .record_size = sizeof(struct told),
                                  .heard = seed_heard,
                                  .goes_on = chunk_goes_on,
                                  .finished = chunk_finished};
    VK_TRY(sim_jobs_run(&jobs));
    return round->err;
}

static enum vk_err run_round(const struct sim_campaign *campaign,
                             struct sim_campaign_totals *totals, uint64_t first, uint64_t count) {
    struct round round = {.campaign = campaign,
                          .totals = totals,
                          .chunk_count = (size_t)((count + CHUNK - 1) / CHUNK)};
    round.chunks = calloc(round.chunk_count, sizeof *round.chunks);
    if (!round.chunks) return VK_RAISE(VK_ERR_NOMEM, "%zu chunks", round.chunk_count);
    for (size_t i = 0; i < round.chunk_count; i++) {
        uint64_t left = count - i * CHUNK;
        round.chunks[i] =
            (struct chunk){.first = first + i * CHUNK, .count = left < CHUNK ? left : CHUNK};
    }
    enum vk_err err = run_chunks(&round);
    free(round.chunks);
    return err;
}

enum vk_err sim_campaign_run(const struct sim_campaign *campaign,
                             struct sim_campaign_totals *totals) {
    sim_campaign_keep_memory();
    uint64_t done = 0;
    *totals = (struct sim_campaign_totals){0};
    while (done < campaign->seeds) {
        if (campaign->stops && campaign->stops(campaign->impl, totals)) break;
        if (is_interrupted(campaign)) break;
        uint64_t most = (uint64_t)CHUNK * CHUNKS_A_ROUND * campaign->at_once;
        uint64_t left = campaign->seeds - done;
        uint64_t count = left < most ? left : most;
        VK_TRY(run_round(campaign, totals, campaign->first_seed + done, count));
        done += count;
    }
    return VK_OK;
}
