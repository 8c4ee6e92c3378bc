/* results_read.h - a result database, read whole: what every writer of a report gets to see.
 *
 * INV-RESULTS-READ-1  All text is valid UTF-8, and lives in the arena.
 * INV-RESULTS-READ-2  Failures are in the order in which they were found; each is of the group of its signature.
 */
#ifndef REPORTS_RESULTS_READ_H
#define REPORTS_RESULTS_READ_H

#include "results.h"

struct report_found {
    struct sim_failure failure;
    const char *name, *reproduce;
    const char *plan;   /* the file that was written, or NULL */
    const char *flight; /* of the kernel, or "" */
    double seconds;     /* into the campaign */
    size_t group;
    uint64_t id; /* in the file */
};

/* The failures of one signature. */
struct report_group {
    size_t first; /* failure */
    size_t count;
};

struct report_plan {
    const char *name;
    enum report_plan_state state;
    double seconds;
    const char *error;   /* "" if there is none */
    size_t failure;      /* the first; SIZE_MAX: none */
    size_t failures;     /* how many there are of it */
    bool is_in_progress; /* whoever ran it was ended in the midst of it */
    uint64_t id;
};

struct report_sample {
    double seconds;
    uint64_t seeds, failures, cranks, features;
};

struct report_model_timeline {
    const char *name;
    size_t failure;           /* that it is of; SIZE_MAX: none */
    struct vk_str json;       /* see report_timeline.h */
    struct vk_str difference; /* see report_diff.h; VK_STR_NONE: there is none */
};

struct report_model {
    const char *path;
    enum report_results_kind kind;
    const char *command, *started;
    const char *kernel; /* "" for the one that is linked in */
    enum report_results_state state;
    const char *error; /* "" if there is none */
    uint64_t code;     /* UINT64_MAX: none yet */
    uint64_t unwritten;
    double seconds;
    struct sim_campaign_totals totals;
    bool is_stable;
    bool wanted[FAULT_KIND_COUNT];
    bool off[SIM_ORACLE_COUNT]; /* nobody looked */
    struct report_found *failures;
    size_t failure_count;
    struct report_group *groups; /* in the order of their first failures */
    size_t group_count;
    struct report_plan *plans;
    size_t plan_count;
    struct report_sample *samples;
    size_t sample_count;
    struct report_model_timeline *timelines;
    size_t timeline_count;
    struct report_probe *probes;
    size_t probe_count;
};

/* VK_ERR_SYNTAX if the file is no result database of this version, VK_ERR_DISK if it cannot be read: the origin is one
 * line, with the file's name. */
enum vk_err report_model_load(struct report_model *model, const char *path, struct vk_arena *arena)
    VK_MUST_CHECK;

/* The same of the one that this process wrote, after report_results_end(): with what is not in the file. */
enum vk_err report_model_load_ended(struct report_model *model,
                                    const struct report_results *results,
                                    const struct report_results_end *ends, struct vk_arena *arena)
    VK_MUST_CHECK;

/* Why it is not all that there would have been, as a sentence; NULL: it is. */
const char *report_model_partial(const struct report_model *model);
/* How many of its seeds, or of the plans of its list, did not pass, and how many there were. */
uint64_t report_model_failed(const struct report_model *model);
uint64_t report_model_count(const struct report_model *model);
/* As the summary of a run has it. */
struct report_summary report_model_summary(const struct report_model *model);
/* Whether a fault that was wanted never struck, in so many seeds that it should have. */
bool report_model_never_struck(const struct report_model *model, enum fault_kind kind);
/* A failure as a run tells it. */
struct report_failure report_model_failure(const struct report_model *model, size_t i);

#endif
