/* results.h - the result database: what a campaign found, in a file that is right at every moment.
 *
 * One SQLite file a campaign (or a list of plans, of recordings, of mutants), written while it runs and read by
 * `crankcase report` afterwards. Its schema is results.sql.
 * It is of SQLite's own system disk and heap; what a simulated kernel does to its database does not touch it.
 *
 * INV-RESULTS-1  A failure is committed before report_results_failure() says VK_OK: no interrupt, full disk or kill that
 *                comes later loses it.
 * INV-RESULTS-2  `state` says "running" until the end, and is written with the totals or not at all: of a file that was
 *                left behind, or has not all that there was, it is seen that it is partial.
 * INV-RESULTS-3  Between two calls no connection is open: processes may be forked. Only the one that began writes.
 * INV-RESULTS-4  What cannot be written, for want of room or because somebody reads the file, is kept, and written before
 *                anything else as soon as it can be, in its order; only a timeline, which may be large, lets others pass.
 *                What is left in the end is counted, and can still be reported (report_model_load_ended). Samples are not
 *                kept: the totals of the next one have them.
 * INV-RESULTS-5  Nobody who has the file locked holds up the runs for more than a tenth of a second in every one.
 *
 * The times in it are for people; nothing that a run comes to depends on them.
 */
#ifndef REPORTS_RESULTS_H
#define REPORTS_RESULTS_H

#include "report_run.h"
#include "stopwatch.h"

/* "crnk", and the number of the schema below. */
enum { REPORT_RESULTS_ID = 0x63726e6b, REPORT_RESULTS_VERSION = 3 };

/* NAME, word, what there are so many of, whether these are simulated runs that add up to totals. */
#define REPORT_RESULTS_KINDS(X)                                                                    \
    X(SEEDS, "seeds", "seeds", true)                                                               \
    X(PLANS, "plans", "plans", true)                                                               \
    X(CORPUS, "corpus", "files", false)                                                            \
    X(RECORDINGS, "recordings", "recordings", false)                                               \
    X(SWEEP, "sweep", "plans", false)                                                              \
    X(MUTANTS, "mutants", "mutants", false)

/* All but SEEDS are lists: of each of their plans, whatever that is, it is told what it came to. */
enum report_results_kind {
#define REPORT_RESULTS_KIND_ENUM(name, word, unit, has_totals) REPORT_RESULTS_##name,
    REPORT_RESULTS_KINDS(REPORT_RESULTS_KIND_ENUM)
#undef REPORT_RESULTS_KIND_ENUM
        REPORT_RESULTS_KIND_COUNT
};
const char *report_results_kind_word(enum report_results_kind kind);
const char *report_results_kind_unit(enum report_results_kind kind);
bool report_results_kind_has_totals(enum report_results_kind kind);

struct report_results_begin {
    enum report_results_kind kind;
    const char *command; /* the words that were typed */
    const char *kernel;  /* the path of a module, or NULL */
    const bool *faults;  /* those that may strike, by kind; NULL: none */
    const bool *off;     /* oracles that nobody asks, by enum sim_oracle; NULL: none */
    bool probes;         /* one that is not rare and is never reached is no success */
};

enum report_results_state {
    REPORT_RESULTS_RUNNING, /* or ended from outside */
    REPORT_RESULTS_FINISHED,
    REPORT_RESULTS_INTERRUPTED, /* and ended in peace */
    REPORT_RESULTS_FAILED,      /* the testbed did */
};
const char *report_results_state_word(enum report_results_state state);

enum report_plan_state {
    REPORT_PLAN_RUNNING,
    REPORT_PLAN_PASSED,
    REPORT_PLAN_DIFFERENT, /* a failure tells of it */
    REPORT_PLAN_BAD,       /* could not be read */
    REPORT_PLAN_FAILED,    /* the testbed did */
};
const char *report_plan_state_word(enum report_plan_state state);

/* See results_kept.h. */
struct report_results_kept_list {
    struct report_results_kept *first, *last;
    size_t count;
};

struct report_results {
    const char *path;
    struct report_stopwatch watch;
    double next_sample_seconds, sample_every_seconds;
    uint64_t samples;
    uint64_t plan;    /* the number of the one that is being run, or 0 */
    uint64_t failure; /* and of the newest failure; 0: there is none, or it is lost */
    uint64_t in_turn; /* failures that are in order */
    uint64_t plans, failures, timelines; /* so far; each has the next number */
    struct report_results_kept_list kept;
    uint64_t lost, failures_lost; /* those that could not even be kept */
    double retry_seconds;         /* nothing is tried before */
    char error[256];              /* why the newest try came to nothing */
    bool is_locked;               /* that was because of somebody else who has the file */
    double end_seconds;
    bool has_end; /* it is in the file */
};

/* Makes the file, which may not exist: of several that make one of one name at once, one does. `path` must outlive it.
 * VK_ERR_USAGE if it exists, VK_ERR_DISK. */
enum vk_err report_results_create(struct report_results *results, const char *path,
                                  const struct report_results_begin *begin) VK_MUST_CHECK;

/* Each of these commits, or changes nothing in the file, is kept, and says what is wrong: VK_ERR_DISK. One may go on. */
enum vk_err report_results_failure(struct report_results *results,
                                   const struct report_failure *report) VK_MUST_CHECK;
/* The turn of a failure that has been written has come, perhaps after that of others that were found later: in the file,
 * those of which this is said come first, in this order. `failure` is what its number was when it was written; what it is
 * now is in results->failure. */
enum vk_err report_results_in_turn(struct report_results *results,
                                   const struct report_failure *report, uint64_t failure)
    VK_MUST_CHECK;
/* Writes the totals and a sample when one is due, which is less often the longer it takes; and what is kept. */
enum vk_err report_results_progress(struct report_results *results,
                                    const struct sim_campaign_totals *totals) VK_MUST_CHECK;
enum vk_err report_results_plan_begins(struct report_results *results, const char *name)
    VK_MUST_CHECK;
/* `totals`: of all plans so far, where a list has any; or NULL. */
enum vk_err report_results_plan_ends(struct report_results *results, enum report_plan_state state,
                                     double seconds, const char *error,
                                     const struct sim_campaign_totals *totals) VK_MUST_CHECK;

/* One that begins and ends at once. */
enum vk_err report_results_plan(struct report_results *results, const char *name,
                                enum report_plan_state state, double seconds, const char *error)
    VK_MUST_CHECK;

struct report_results_end {
    const struct sim_campaign_totals *totals;
    enum report_results_state state;
    const char *error; /* or NULL */
    bool is_stable;
    int code; /* that the command exits with, were it not interrupted */
};
/* VK_OK if the file has all now. Else there may be its end in it, which then counts what is missing; it waits for whoever
 * has it locked. Nothing is told after this. */
enum vk_err report_results_end(struct report_results *results, const struct report_results_end *end)
    VK_MUST_CHECK;
/* What is not in the file: rows of any kind, and those of failures. */
uint64_t report_results_unwritten(const struct report_results *results);
uint64_t report_results_unwritten_failures(const struct report_results *results);

/* Frees what it has in memory, written or not; the file stays. */
void report_results_release(struct report_results *results);

/* The totals by name, as the file has them: calls `each` for every one. */
void report_results_totals(struct sim_campaign_totals *totals, void *impl,
                           void (*each)(void *impl, const char *name, uint64_t *value));

/* A run as report_timeline() has it. */
struct report_results_run {
    const char *name;
    uint64_t failure;   /* its number in the file, 0 for none */
    struct vk_str json; /* of report_timeline() */
    struct vk_str
        difference; /* where its replicas part, as report_diff_object() has it; or VK_STR_NONE */
};
enum vk_err report_results_timeline(struct report_results *results,
                                    const struct report_results_run *run) VK_MUST_CHECK;

#endif
