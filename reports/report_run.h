/* report_run.h - what `crankcase run` prints: failures as they are found, and a summary, for people or as JSON lines.
 *
 * It gets plain values and prints them; what they mean was decided elsewhere.
 */
#ifndef REPORTS_REPORT_RUN_H
#define REPORTS_REPORT_RUN_H

#include "sim/campaign.h"

#include <stdio.h>

/* Of fewer seeds nobody expects that every fault strikes. */
enum { REPORT_SEEDS_TO_JUDGE_FAULTS = 1000 };

struct report_failure {
    const struct sim_failure *failure;
    const char *name;      /* "seed 42" or the plan's file */
    const char *reproduce; /* the one-line command */
    const char *plan;      /* the path of the plan that was written, or NULL */
    const char
        *flight; /* what the kernel was in the midst of, or ""; NULL: as the failure has it */
};

/* What the kernel was in the midst of, in a line, or "". */
const char *report_failure_flight(const struct report_failure *report,
                                  char text[SIM_FLIGHT_TAIL_TEXT]);
void report_run_failure(FILE *out, const struct report_failure *report, bool colours);
void report_run_failure_json(FILE *out, const struct report_failure *report);

/* A plan in which the kernel panicked. */
struct report_panic {
    const struct sim_run_result *result;
    const char *name;      /* the plan's file */
    const char *reproduce; /* the command for it */
    const char *keep;      /* the folder where the nodes were left, or NULL */
};
void report_run_panic(FILE *out, const struct report_panic *panic, bool json);

/* See vk/probe.h; there are none unless the build had them. */
struct report_probe {
    const char *name, *file;
    int line;
    bool is_rare;
    bool is_wanted; /* never reached, it is no success */
    uint64_t hits;
};
/* Those of this build, in the order of their names, with what was counted; returns how many. */
size_t report_probes(const struct sim_campaign_totals *totals,
                     struct report_probe probes[SIM_PROBES_MAX]);

/* Before a summary in text of what did not come to its end. */
#define REPORT_INTERRUPTED "interrupted; so far:\n"

struct report_summary {
    const char *unit;       /* what there are so many of: "seeds" */
    uint64_t count, failed; /* of them; a plan that could not be read has failed, and no totals */
    const struct sim_campaign_totals *totals;
    const struct report_probe *probes;
    size_t probe_count;
    const bool *faults; /* those that could strike, by kind; NULL: none are listed */
    double seconds;     /* real ones */
    bool was_interrupted, is_stable;
};

/* Both tell of the probes, too; the text lists those never reached. */
void report_run_summary(FILE *out, const struct report_summary *summary, bool colours);
void report_run_summary_json(FILE *out, const struct report_summary *summary);
/* Adds the member "faults" to the object that is open: the kinds that struck, with how often, and
 * those that are wanted (NULL: none). */
void report_faults_json(struct vk_buf *buf, const uint64_t hits[FAULT_KIND_COUNT],
                        const bool *wanted);

#endif
