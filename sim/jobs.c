/* jobs.c - see jobs.h. */
#include "jobs.h"

#include "array.h"
#include "last_words.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* How a job's process says that it could not write what it had to say. */
enum { EXIT_UNWRITTEN = 121 };

static const char unwritten[] = "its results could not be written";

struct job {
    FILE *file;
    FILE *said;    /* on standard error, by an isolated job; or NULL */
    pid_t process; /* 0: none */
    bool is_done;
    char died[64 + SIM_LAST_WORDS_SIZE];
};

struct job_table {
    const struct sim_jobs *jobs;
    struct job *at;
    size_t begun, done, told;
    size_t running;
    bool lost_results;
};

/* All at once, when it is the job's turn. */
static void pass_on(const struct sim_jobs *jobs, struct job *job) {
    char piece[4096];
    size_t n;
    if (!job->said) return;
    rewind(job->said);
    while (!jobs->silent && (n = fread(piece, 1, sizeof piece, job->said)) > 0)
        fwrite(piece, 1, n, stderr);
    fclose(job->said);
    job->said = NULL;
}

static void tell_finished(struct job_table *table) {
    while (table->told < table->begun && table->at[table->told].is_done) {
        struct job *job = &table->at[table->told];
        rewind(job->file);
        pass_on(table->jobs, job);
        table->jobs->finished(table->jobs->impl, table->told, job->file,
                              job->died[0] ? job->died : NULL);
        fclose(job->file);
        job->file = NULL;
        table->told++;
    }
}

static void job_is_done(struct job_table *table, struct job *job) {
    VK_ASSERT(!job->is_done); /* INV-JOBS-1 */
    job->is_done = true;
    table->done++;
    tell_finished(table);
}

static void results_are_lost(struct job_table *table, struct job *job) {
    snprintf(job->died, sizeof job->died, "%s", unwritten);
    table->lost_results = true;
}

static void limit_cpu(unsigned seconds) {
    struct rlimit limit;
    if (seconds == 0 || getrlimit(RLIMIT_CPU, &limit) != 0) return;
    if (limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < seconds) return;
    limit.rlim_cur = seconds;
    (void)setrlimit(RLIMIT_CPU, &limit); /* it is a favour, and no promise */
}

/* In a process of its own if it can be had. */
static void begin_job(struct job_table *table, struct job *job, size_t i) {
    const struct sim_jobs *jobs = table->jobs;
    fflush(NULL); /* or the child would print it again */
    job->process = jobs->at_once > 1 || jobs->isolated ? fork() : -1;
    if (job->process > 0) {
        table->running++;
        return;
    }
    if (job->process == 0) {
        limit_cpu(jobs->cpu_seconds_max);
        if (job->said) dup2(fileno(job->said), STDERR_FILENO);
    }
    jobs->run(jobs->impl, i, job->file);
    bool is_written = fflush(job->file) == 0 && !ferror(job->file);
    if (job->process == 0) exit(is_written ? EXIT_SUCCESS : EXIT_UNWRITTEN);
    if (!is_written) results_are_lost(table, job);
    job_is_done(table, job);
}

static void add_last_words(struct job *job) {
    char words[SIM_LAST_WORDS_SIZE];
    size_t n = strlen(job->died);
    if (!job->said) return;
    rewind(job->said);
    sim_last_words(job->said, words);
    if (words[0]) snprintf(job->died + n, sizeof job->died - n, ": %s", words);
}

static void await_one(struct job_table *table) {
    int status;
    pid_t process = waitpid(-1, &status, 0);
    if (process < 0) {
        VK_ASSERT(errno == EINTR);
        return;
    }
    for (size_t i = table->told; i < table->begun; i++) {
        struct job *job = &table->at[i];
        if (job->process != process || job->is_done) continue;
        if (WIFSIGNALED(status))
            snprintf(job->died, sizeof job->died, "its process was ended by signal %d",
                     WTERMSIG(status));
        else if (WEXITSTATUS(status) == EXIT_UNWRITTEN)
            results_are_lost(table, job);
        else if (WEXITSTATUS(status) != EXIT_SUCCESS)
            snprintf(job->died, sizeof job->died, "its process ended with code %d",
                     WEXITSTATUS(status));
        if (job->died[0] && !table->lost_results) add_last_words(job);
        table->running--;
        job_is_done(table, job);
        return;
    }
}

static enum vk_err run_all(struct job_table *table) {
    const struct sim_jobs *jobs = table->jobs;
    while (table->begun < jobs->count && !(jobs->is_enough && jobs->is_enough(jobs->impl))) {
        struct job *job = &table->at[table->begun];
        job->file = tmpfile();
        if (!job->file) return VK_RAISE(VK_ERR_DISK, "temporary file: %s", strerror(errno));
        if (jobs->isolated) job->said = tmpfile(); /* or it speaks for itself */
        size_t i = table->begun++;
        if (jobs->begins) jobs->begins(jobs->impl, table->done, i);
        begin_job(table, job, i);
        while (table->running == jobs->at_once)
            await_one(table);
    }
    return VK_OK;
}

enum vk_err sim_jobs_run(const struct sim_jobs *jobs) {
    struct job_table table = {.jobs = jobs};
    VK_ASSERT(jobs->at_once >= 1 && jobs->at_once <= SIM_JOBS_AT_ONCE_MAX);
    if (jobs->count == 0) return VK_OK;
    table.at = calloc(jobs->count, sizeof *table.at);
    if (!table.at) return VK_RAISE(VK_ERR_NOMEM, "%zu jobs", jobs->count);
    enum vk_err err = run_all(&table);
    while (table.running > 0)
        await_one(&table);
    for (size_t i = 0; i < table.begun; i++) {
        pass_on(jobs, &table.at[i]);
        if (table.at[i].file) fclose(table.at[i].file);
    }
    free(table.at);
    if (err == VK_OK && table.lost_results) return VK_RAISE(VK_ERR_DISK, "a job: %s", unwritten);
    return err;
}

char *sim_jobs_rest(FILE *in) {
    struct {
        SIM_ARRAY(char);
    } text = {0};
    for (;;) {
        if (text.count + 1 >= text.capacity) {
            void *more = sim_array_more(text.at, &text.capacity, 1);
            if (!more) break;
            text.at = more;
        }
        size_t n = fread(text.at + text.count, 1, text.capacity - text.count - 1, in);
        text.count += n;
        if (n == 0) break;
    }
    if (text.at) text.at[text.count] = '\0';
    return text.at;
}
