/* recorded_runs.h - recordings of the real kernel under faults, as `crankcase run FILE...` asks for them.
 *
 * Each recording is a job: read, run with seed after seed, told in one line, with the first difference after it.
 * A summary with the strikes of each kind comes last.
 *
 * INV-RECORDED-RUNS-1  What is told does not depend on how many jobs ran at once, but for the times.
 */
#ifndef SIM_RECORDED_RUNS_H
#define SIM_RECORDED_RUNS_H

#include "command.h"
#include "faults/fault.h"
#include "run_reports.h"

struct sim_recorded_runs {
    const char *command;      /* what to call itself in messages: "crankcase run" */
    const char *const *paths; /* recordings and folders of them */
    size_t path_count;
    uint64_t first_seed, seeds;    /* each recording is run with all of them; at least one */
    bool faults[FAULT_KIND_COUNT]; /* those that recordings do not suffer are left out */
    const char
        *faults_text; /* how they were asked for, to be told in a reproducer; NULL: not at all */
    size_t at_once;
    bool json, quiet;
    struct sim_run_reports *reports; /* each recording is an entry; NULL: none are wanted */
};

/* Whether `path` is for this: a file named *.jsonl, plain or compressed, or a folder. */
bool sim_recorded_runs_takes(const char *path);
/* Runs and prints all. DIFFERENCE if one was not met; LIVENESS if all were, but a fault never struck in many runs
 * although it could have. */
enum sim_exit sim_recorded_runs(const struct sim_recorded_runs *asked);

#endif
