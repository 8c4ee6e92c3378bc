/* run_reports.h - what `crankcase run` leaves for later: a result database, and the reports made of it.
 *
 * The command tells it what happens, and it takes care that nothing of that is lost. Without --results there is a database
 * all the same while the campaign runs, beside the first report that is asked for; it goes when the reports are written.
 *
 * INV-RUN-REPORTS-1  What cannot be written is said once, on standard error, and never stops the runs; the command then
 *                    ends with SIM_EXIT_FAILED.
 * INV-RUN-REPORTS-2  Where no report is asked for, all of it does nothing.
 */
#ifndef SIM_RUN_REPORTS_H
#define SIM_RUN_REPORTS_H

#include "campaign.h"
#include "reports/report_files.h"
#include "timeline.h"

#include <getopt.h>

/* Rows for the table of options, and what their codes are. */
enum sim_run_reports_option {
    SIM_RUN_REPORTS_RESULTS = 1000,
    SIM_RUN_REPORTS_JUNIT,
    SIM_RUN_REPORTS_SUMMARY,
    SIM_RUN_REPORTS_HTML,
    SIM_RUN_REPORTS_TRACE,
    SIM_RUN_REPORTS_BUDGET,
};
#define SIM_RUN_REPORTS_OPTIONS                                                                    \
    {"results", required_argument, NULL, SIM_RUN_REPORTS_RESULTS},                                 \
        {"junit", required_argument, NULL, SIM_RUN_REPORTS_JUNIT},                                 \
        {"summary", required_argument, NULL, SIM_RUN_REPORTS_SUMMARY},                             \
        {"html", required_argument, NULL, SIM_RUN_REPORTS_HTML},                                   \
        {"trace", required_argument, NULL, SIM_RUN_REPORTS_TRACE}, {                               \
        "budget", required_argument, NULL, SIM_RUN_REPORTS_BUDGET                                  \
    }
#define SIM_RUN_REPORTS_USAGE                                                                      \
    "what to leave:\n"                                                                             \
    "  --results FILE     a result database, written while it runs; see crankcase report\n"        \
    "  --junit FILE       JUnit XML, for GitHub, GitLab and Jenkins\n"                             \
    "  --summary FILE     Markdown, added to the end of FILE: GitHub's $GITHUB_STEP_SUMMARY\n"     \
    "  --html FILE        one page with all of it, which needs no network\n"                       \
    "  --trace FILE       of one plan: its run, as Perfetto and chrome://tracing load it\n"

/* So many failures of a campaign, each of another signature, are run once more to be watched. */
enum { SIM_RUN_REPORTS_TIMELINES_MAX = 4 };

struct sim_run_reports_watched {
    uint64_t seed, failure, point;
    char signature[160];
};

struct sim_run_reports {
    const char *results;
    const char *trace;
    struct report_files files;
    char results_beside[1100]; /* where there is no --results */
    struct report_results database;
    bool is_open, has_failed;
    struct sim_run_reports_watched to_watch[SIM_RUN_REPORTS_TIMELINES_MAX];
    size_t to_watch_count;
    struct sim_timeline *timeline; /* of the plan that is being run */
    uint64_t failed_at;            /* the point of the newest failure */
};

/* Takes one of the options above but --budget; false if it is another. */
bool sim_run_reports_take(struct sim_run_reports *reports, int option, const char *value);
bool sim_run_reports_any(const struct sim_run_reports *reports);
/* "90s", "5m", "2h"; false if it is nothing of the kind. */
bool sim_run_reports_budget(const char *text, uint64_t *seconds);

/* To be told before anything is run. `argv` is the command's. SIM_EXIT_OK, or another after saying what is wrong. */
int sim_run_reports_begin(struct sim_run_reports *reports, int argc, char **argv,
                          const struct report_results_begin *begins);
void sim_run_reports_failure(struct sim_run_reports *reports, const struct report_failure *report);
/* The same, of a seed. */
void sim_run_reports_seed_failure(struct sim_run_reports *reports, uint64_t seed,
                                  const struct report_failure *report);
void sim_run_reports_progress(struct sim_run_reports *reports,
                              const struct sim_campaign_totals *totals);
/* Sets the run's observer. */
void sim_run_reports_plan_begins(struct sim_run_reports *reports, const char *name,
                                 struct sim_run_options *run);
/* `error`: of BAD and FAILED. */
void sim_run_reports_plan_ends(struct sim_run_reports *reports, const char *name,
                               enum report_plan_state state, double seconds, const char *error);
/* Of a campaign that is over: watches some of its failures. */
void sim_run_reports_watch(struct sim_run_reports *reports, const struct sim_campaign *campaign);
/* All is run. Returns what the command is to exit with: ends->code, or SIM_EXIT_FAILED. */
int sim_run_reports_end(struct sim_run_reports *reports, const struct report_results_end *ends);

#endif
