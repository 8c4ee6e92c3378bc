/* run_words.h - the options of `crankcase run`, and which of them go with what it is to run.
 *
 * INV-RUN-WORDS-1  An option that would have no effect on what is run is refused: nobody is to believe that it had one.
 */
#ifndef SIM_RUN_WORDS_H
#define SIM_RUN_WORDS_H

#include "run_reports.h"

/* What is run. A set of them: one plan is one of plans, too. */
enum sim_run_work {
    SIM_RUN_SEEDS = 1,
    SIM_RUN_PLANS = 2,
    SIM_RUN_RECORDINGS = 4,
    SIM_RUN_ONE_PLAN = 8,
    SIM_RUN_SHRUNK_PLANS = 16, /* plans with --shrink */
    SIM_RUN_ANYTHING = 31,
};

/* CODE, name, whether a value follows, what it goes with. */
#define SIM_RUN_WORDS(X)                                                                           \
    X(SEED, "seed", required_argument, SIM_RUN_SEEDS | SIM_RUN_RECORDINGS)                         \
    X(SEEDS, "seeds", required_argument, SIM_RUN_SEEDS | SIM_RUN_RECORDINGS)                       \
    X(MINUTES, "minutes", required_argument, SIM_RUN_SEEDS)                                        \
    X(BUDGET, "budget", required_argument, SIM_RUN_SEEDS)                                          \
    X(UNTIL_STABLE, "until-stable", no_argument, SIM_RUN_SEEDS)                                    \
    X(FAULTS, "faults", required_argument, SIM_RUN_SEEDS | SIM_RUN_RECORDINGS)                     \
    X(REPLICAS, "replicas", required_argument, SIM_RUN_SEEDS)                                      \
    X(SCALE, "scale", required_argument, SIM_RUN_SEEDS)                                            \
    X(CLOCK, "clock", no_argument, SIM_RUN_SEEDS)                                                  \
    X(STATES, "states", no_argument, SIM_RUN_SEEDS)                                                \
    X(EVERYTHING, "everything", no_argument, SIM_RUN_SEEDS)                                        \
    X(KERNEL, "kernel", required_argument, SIM_RUN_SEEDS | SIM_RUN_PLANS)                          \
    X(OFF, "off", required_argument, SIM_RUN_SEEDS | SIM_RUN_PLANS)                                \
    X(ORACLES, "oracles", no_argument, SIM_RUN_ANYTHING)                                           \
    X(CHECK_EVERY, "check-every", required_argument, SIM_RUN_SEEDS | SIM_RUN_PLANS)                \
    X(TWICE, "twice", no_argument, SIM_RUN_SEEDS | SIM_RUN_PLANS)                                  \
    X(PROBES, "probes", no_argument, SIM_RUN_SEEDS | SIM_RUN_PLANS)                                \
    X(NO_ACTIVITYHASH, "no-activityhash", no_argument, SIM_RUN_SEEDS | SIM_RUN_PLANS)              \
    X(JOBS, "jobs", required_argument, SIM_RUN_SEEDS | SIM_RUN_RECORDINGS | SIM_RUN_SHRUNK_PLANS)  \
    X(OUT, "out", required_argument, SIM_RUN_SEEDS)                                                \
    X(SHRINK, "shrink", no_argument, SIM_RUN_SEEDS | SIM_RUN_PLANS)                                \
    X(KEEP, "keep", required_argument, SIM_RUN_ONE_PLAN)                                           \
    X(DIRECTIVES, "directives", required_argument, SIM_RUN_ONE_PLAN)                               \
    X(DIRECTIVES_AT_START, "directives-at-start", no_argument, SIM_RUN_ONE_PLAN)                   \
    X(HALT_AFTER, "halt-after", required_argument, SIM_RUN_ONE_PLAN)                               \
    X(TRACE, "trace", required_argument, SIM_RUN_ONE_PLAN)                                         \
    X(JSON, "json", no_argument, SIM_RUN_ANYTHING)                                                 \
    X(QUIET, "quiet", no_argument, SIM_RUN_ANYTHING)

enum sim_run_word {
#define SIM_RUN_WORD_ENUM(code, name, value, with) SIM_RUN_WORD_##code,
    SIM_RUN_WORDS(SIM_RUN_WORD_ENUM)
#undef SIM_RUN_WORD_ENUM
        SIM_RUN_WORD_COUNT
};

/* What getopt_long() gives for one: those of run_reports.h have their own. */
#define SIM_RUN_OPTION(word) (SIM_RUN_WORD_##word + 256)

/* For getopt_long(), with --help ('h') and those of run_reports.h. */
const struct option *sim_run_words_options(void);

struct sim_run_words_given {
    bool words[SIM_RUN_WORD_COUNT];
};
/* Notes what getopt_long() gave. */
void sim_run_words_note(struct sim_run_words_given *given, int option);

enum { SIM_RUN_WORDS_ERROR_SIZE = 200 };
/* `work`: a set. False, saying why: one of those given does not go with it, or with another of them. */
bool sim_run_words_fit(const struct sim_run_words_given *given, unsigned work,
                       char error[SIM_RUN_WORDS_ERROR_SIZE]);

#endif
