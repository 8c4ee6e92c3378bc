/* run_words.c - see run_words.h. */
#include "run_words.h"

#include <stdio.h>

static const struct {
    const char *name;
    unsigned goes_with;
} words[SIM_RUN_WORD_COUNT] = {
#define WORD(code, name, value, with) {name, (unsigned)(with)},
    SIM_RUN_WORDS(WORD)
#undef WORD
};

const struct option *sim_run_words_options(void) {
    static const struct option options[] = {
        {"help", no_argument, NULL, 'h'},
#define OPTION(code, name, value, with) {name, value, NULL, SIM_RUN_OPTION(code)},
        SIM_RUN_WORDS(OPTION)
#undef OPTION
            SIM_RUN_REPORTS_OPTIONS,
        {NULL, 0, NULL, 0},
    };
    return options;
}

void sim_run_words_note(struct sim_run_words_given *given, int option) {
    int word = option - 256;
    if (word >= 0 && word < SIM_RUN_WORD_COUNT) given->words[word] = true;
}

/* "seeds, plans and recordings" */
static void say_works(unsigned works, char text[120]) {
    static const struct {
        unsigned work;
        const char *name;
    } names[] = {
        {SIM_RUN_SEEDS, "seeds"},
        {SIM_RUN_PLANS, "plans"},
        {SIM_RUN_RECORDINGS, "recordings"},
        {SIM_RUN_ONE_PLAN, "one plan"},
        {SIM_RUN_SHRUNK_PLANS, "plans that are shrunk"},
    };
    unsigned left = works;
    size_t n = 0;
    text[0] = '\0';
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!(works & names[i].work)) continue;
        left &= ~names[i].work;
        int length = snprintf(text + n, 120 - n, "%s%s",
                              n == 0 ? ""
                              : left ? ", "
                                     : " and ",
                              names[i].name);
        n += (size_t)length;
        VK_ASSERT(length > 0 && n < 120); /* all of them have room */
    }
}

static bool goes_with(size_t word, unsigned work, char error[SIM_RUN_WORDS_ERROR_SIZE]) {
    char wanted[120];
    if (words[word].goes_with & work) return true;
    const char *is = work & SIM_RUN_SEEDS                       ? "seeds"
                     : work & SIM_RUN_RECORDINGS                ? "recordings"
                     : words[word].goes_with & SIM_RUN_ONE_PLAN ? "several"
                                                                : "plans";
    say_works(words[word].goes_with, wanted);
    snprintf(error, SIM_RUN_WORDS_ERROR_SIZE, "--%s is for %s, not for %s", words[word].name,
             wanted, is);
    return false;
}

/* Which say when a campaign ends, each without the other. */
static bool go_together(const struct sim_run_words_given *given,
                        char error[SIM_RUN_WORDS_ERROR_SIZE]) {
    static const enum sim_run_word ends[] = {SIM_RUN_WORD_SEEDS, SIM_RUN_WORD_MINUTES,
                                             SIM_RUN_WORD_BUDGET};
    const char *first = NULL;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        if (!given->words[ends[i]]) continue;
        if (first) {
            snprintf(error, SIM_RUN_WORDS_ERROR_SIZE, "either --%s or --%s", first,
                     words[ends[i]].name);
            return false;
        }
        first = words[ends[i]].name;
    }
    return true;
}

bool sim_run_words_fit(const struct sim_run_words_given *given, unsigned work,
                       char error[SIM_RUN_WORDS_ERROR_SIZE]) {
    VK_ASSERT(work); /* INV-RUN-WORDS-1: something is run */
    for (size_t i = 0; i < SIM_RUN_WORD_COUNT; i++)
        if (given->words[i] && !goes_with(i, work, error)) return false;
    return go_together(given, error);
}
