/* run_reports.h - what a campaign or a regression run leaves for later: a result database, and the reports made of it.
 *
 * `crankcase run`, `corpus run`, `replay` and `sweep` take the same options for it. The command tells it what happens, and
 * it takes care that nothing of that is lost. Without --results there is a database all the same while the campaign runs,
 * FILE.results.sqlite beside the first report that is asked for; it goes when the reports are written.
 *
 * INV-RUN-REPORTS-1  What cannot be written never stops the runs. What is missing in the end is said on standard error, each
 *                    file once, and the command ends with SIM_EXIT_FAILED. The reports have what there was no room for in
 *                    the database.
 * INV-RUN-REPORTS-2  Where no report is asked for, all of it does nothing.
 * INV-RUN-REPORTS-3  No result database is removed or written to but the run's own. Where another run, that was killed or
 *                    goes on, has one of that name, this one's has a number, and the other is told of.
 */
#ifndef SIM_RUN_REPORTS_H
#define SIM_RUN_REPORTS_H

#include "campaign.h"
#include "outputs.h"
#include "reports/report_files.h"
#include "reports/report_replay.h"
#include "timeline.h"

#include <getopt.h>

/* Rows for the table of options, and what their codes are. */
enum sim_run_reports_option {
    SIM_RUN_REPORTS_RESULTS = 1000,
    SIM_RUN_REPORTS_JUNIT,
    SIM_RUN_REPORTS_SUMMARY,
    SIM_RUN_REPORTS_HTML,
};
#define SIM_RUN_REPORTS_OPTIONS                                                                    \
    {"results", required_argument, NULL, SIM_RUN_REPORTS_RESULTS},                                 \
        {"junit", required_argument, NULL, SIM_RUN_REPORTS_JUNIT},                                 \
        {"summary", required_argument, NULL, SIM_RUN_REPORTS_SUMMARY}, {                           \
        "html", required_argument, NULL, SIM_RUN_REPORTS_HTML                                      \
    }
#define SIM_RUN_REPORTS_USAGE                                                                      \
    "what to leave:\n"                                                                             \
    "  --results FILE     a result database, written while it runs; see crankcase report\n"        \
    "  --junit FILE       JUnit XML, for GitHub, GitLab and Jenkins\n"                             \
    "  --summary FILE     Markdown, added to the end of FILE: GitHub's $GITHUB_STEP_SUMMARY\n"     \
    "  --html FILE        one page with all of it, which needs no network\n"                       \
    "                     (without --results, what is found is in FILE.results.sqlite beside\n"    \
    "                     the first of these until they are written; a killed run leaves it)\n"    \
    "                     (at the first Ctrl-C what is in hand ends, and they say that they are\n" \
    "                     partial; at the second all ends at once)\n"

/* So many failures of a campaign, each of another signature, are run once more to be watched. */
enum { SIM_RUN_REPORTS_TIMELINES_MAX = 4 };

struct sim_run_reports_watched {
    uint64_t seed, failure, point;
    char signature[160];
};

struct sim_run_reports {
    const char *command; /* what to call itself in messages: "crankcase run" */
    const char **typed;  /* its words, in the order that they were typed in */
    int typed_count;
    const char *results;
    const char *trace; /* of one plan: where its run goes, for Perfetto; or NULL */
    struct report_files files;
    struct sim_outputs outputs; /* the command's own; the rest is added when it begins */
    char results_beside[1100];  /* where there is no --results */
    struct report_results database;
    bool is_open, has_failed;
    bool is_short; /* it has been said that the database cannot be written */
    struct sim_run_reports_watched to_watch[SIM_RUN_REPORTS_TIMELINES_MAX];
    size_t to_watch_count;
    struct sim_timeline *timeline;   /* of the plan that is being run */
    struct vk_arena arena;           /* of the difference, while is_open */
    uint64_t hits[FAULT_KIND_COUNT]; /* what struck in a list, for whoever runs it to say */
    struct vk_str difference;        /* of its replicas, as JSON; VK_STR_NONE: there is none */
};

/* `argv` is the command's, before getopt_long() puts it in another order. No memory is no error: what was typed is only told. */
void sim_run_reports_init(struct sim_run_reports *reports, const char *command, int argc,
                          char **argv);
void sim_run_reports_release(struct sim_run_reports *reports);

/* Takes one of the options above; false if it is another (as any is that is of no such number). */
bool sim_run_reports_take(struct sim_run_reports *reports, int option, const char *value);
bool sim_run_reports_any(const struct sim_run_reports *reports);

/* To be told before anything is run; from then on an interrupt is heeded (interrupt.h).
 * SIM_EXIT_OK, or another after saying what is wrong: with it, or with anything that is to be written. */
int sim_run_reports_begin(struct sim_run_reports *reports,
                          const struct report_results_begin *begins);
void sim_run_reports_failure(struct sim_run_reports *reports, const struct report_failure *report);
/* The same, of a seed whose turn may still be to come. What it returns is to be handed on when that has come: */
uint64_t sim_run_reports_seed_found(struct sim_run_reports *reports,
                                    const struct report_failure *report);
void sim_run_reports_seed_failure(struct sim_run_reports *reports, uint64_t seed,
                                  const struct report_failure *report, uint64_t found);
void sim_run_reports_progress(struct sim_run_reports *reports,
                              const struct sim_campaign_totals *totals);
void sim_run_reports_plan_begins(struct sim_run_reports *reports, const char *name);
/* Where the plan is run, which may be a process of its own: who is to observe the run, or NULL; */
const struct sim_observer *sim_run_reports_plan_observer(struct sim_run_reports *reports);
/* and, when it has been run and observed, its timeline and trace go to `out`, for sim_run_reports_plan_ends. If its
 * replicas differ, it is run once more, to tell in what. */
void sim_run_reports_plan_watched(struct sim_run_reports *reports, const char *name,
                                  const struct sim_plan *plan, const struct vk_module *module,
                                  const struct sim_run_result *result, FILE *out);
/* `error`: of BAD and FAILED; `totals`: of all plans so far, or NULL; `watched`: what was written there, or NULL. */
void sim_run_reports_plan_ends(struct sim_run_reports *reports, const char *name,
                               enum report_plan_state state, double seconds, const char *error,
                               const struct sim_campaign_totals *totals, FILE *watched);
/* Something of a list came to an end: a file of a corpus, a recording. */
struct sim_run_reports_entry {
    const char *name;
    enum report_plan_state state;
    double seconds;
    const char *error;                    /* what there is to say of it, or "" */
    const struct report_failure *failure; /* or NULL */
};
void sim_run_reports_entry(struct sim_run_reports *reports,
                           const struct sim_run_reports_entry *entry);
/* The same of a recording. `told`: what differs, or is wrong with it; `reproduce`: the command, or "". */
void sim_run_reports_recording(struct sim_run_reports *reports, const char *path,
                               enum report_verdict verdict, double seconds, const char *told,
                               const char *reproduce);
/* Of a campaign that is over: watches some of its failures. */
void sim_run_reports_watch(struct sim_run_reports *reports, const struct sim_campaign *campaign);
/* How whatever did not fail ended. */
enum report_results_state sim_run_reports_end_state(void);
/* Of a file that failed, the newest failure: watches it, unless there are enough of its kind. */
void sim_run_reports_watch_file(struct sim_run_reports *reports, const char *path,
                                const struct sim_run_options *run,
                                const struct sim_failure *failure);
/* All is run. Returns what the command is to exit with: ends->code, or SIM_EXIT_FAILED. */
int sim_run_reports_end(struct sim_run_reports *reports, const struct report_results_end *ends);
/* The same, of a list that is at its end and has no totals but its hits. */
int sim_run_reports_end_list(struct sim_run_reports *reports, int code);

#endif
