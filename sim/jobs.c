/* jobs.c - see jobs.h. */
#include "jobs.h"

#include "array.h"
#include "last_words.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* How a job's process says that it could not write what it had to say. */
enum { EXIT_UNWRITTEN = 121 };

enum { READ_MIN = 4096, STREAMS_MAX = 2 * SIM_JOBS_AT_ONCE_MAX };

/* What comes out of a job's process: the reading end of a pipe, and what was read. */
struct stream {
    int file; /* or -1 */
    struct {
        SIM_ARRAY(char);
    } bytes;
};

struct job {
    struct stream out;
    struct stream err; /* of an isolated job */
    size_t err_before; /* bytes of it that are of processes that died before this one */
    pid_t process;     /* 0: none */
    bool is_done;
    bool is_lost; /* something that it wrote */
    char died[64 + SIM_LAST_WORDS_SIZE];
};

struct job_table {
    const struct sim_jobs *jobs;
    struct job *at;
    size_t begun, done, told;
    size_t running;
    bool lost_results;
};

static void results_are_lost(struct job_table *table, struct job *job) {
    job->is_lost = true;
    table->lost_results = true;
}

/* ---- streams */

static void stream_release(struct stream *stream) {
    if (stream->file >= 0) close(stream->file);
    stream->file = -1;
    sim_array_free(stream->bytes.at);
    memset(&stream->bytes, 0, sizeof stream->bytes);
}

/* As a file, from there on; NULL: no memory. */
static FILE *stream_open(const struct stream *stream, size_t from) {
    static char none[1];
    VK_ASSERT(from <= stream->bytes.count);
    return fmemopen(stream->bytes.at ? stream->bytes.at + from : none, stream->bytes.count - from,
                    "r");
}

/* What is there to be read, or the end. False: no memory. */
static bool stream_read(struct stream *stream) {
    while (stream->bytes.capacity - stream->bytes.count < READ_MIN) {
        void *more = sim_array_more(stream->bytes.at, &stream->bytes.capacity, 1);
        if (!more) {
            close(stream->file);
            stream->file = -1;
            return false;
        }
        stream->bytes.at = more;
    }
    ssize_t n = read(stream->file, stream->bytes.at + stream->bytes.count,
                     stream->bytes.capacity - stream->bytes.count);
    if (n < 0 && errno == EINTR) return true;
    if (n <= 0) {
        close(stream->file);
        stream->file = -1;
        return true;
    }
    stream->bytes.count += (size_t)n;
    return true;
}

/* ---- what jobs wrote */

/* Records are told of at once, and are gone then. */
static void hear(struct job_table *table, size_t i) {
    const struct sim_jobs *jobs = table->jobs;
    struct job *job = &table->at[i];
    size_t heard = 0;
    if (jobs->record_size == 0) return;
    for (; job->out.bytes.count - heard >= jobs->record_size; heard += jobs->record_size)
        jobs->heard(jobs->impl, i, job->out.bytes.at + heard);
    if (heard == 0) return;
    job->out.bytes.count -= heard;
    memmove(job->out.bytes.at, job->out.bytes.at + heard, job->out.bytes.count);
}

/* All at once, when it is the job's turn. */
static void pass_on(const struct sim_jobs *jobs, struct job *job) {
    if (!jobs->silent && job->err.bytes.count > 0)
        fwrite(job->err.bytes.at, 1, job->err.bytes.count, stderr);
    stream_release(&job->err);
}

static void tell_finished(struct job_table *table) {
    const struct sim_jobs *jobs = table->jobs;
    while (table->told < table->begun && table->at[table->told].is_done) {
        size_t i = table->told++;
        struct job *job = &table->at[i];
        pass_on(jobs, job);
        if (jobs->record_size) job->out.bytes.count = 0; /* cut short */
        FILE *in = stream_open(&job->out, 0);
        if (in) jobs->finished(jobs->impl, i, in, job->died[0] ? job->died : NULL);
        if (!in) results_are_lost(table, job);
        if (in) fclose(in);
        stream_release(&job->out);
    }
}

static void job_is_done(struct job_table *table, struct job *job) {
    VK_ASSERT(!job->is_done); /* INV-JOBS-1 */
    job->is_done = true;
    table->done++;
    tell_finished(table);
}

/* ---- in a job's process */

static void limit_cpu(unsigned seconds) {
    struct rlimit limit;
    if (seconds == 0 || getrlimit(RLIMIT_CPU, &limit) != 0) return;
    if (limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < seconds) return;
    limit.rlim_cur = seconds;
    (void)setrlimit(RLIMIT_CPU, &limit); /* it is a favour, and no promise */
}

/* INV-JOBS-3. The parent may be gone before the system is told to watch it: nobody reads `out` then. */
static void end_with_parent(int out) {
#ifdef __linux__
    struct pollfd to_parent = {.fd = out, .events = POLLOUT};
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (poll(&to_parent, 1, 0) == 1 && to_parent.revents & POLLERR) _exit(EXIT_UNWRITTEN);
#else
    (void)out; /* whoever writes to nobody is ended by SIGPIPE, at least */
#endif
}

_Noreturn static void run_in_child(const struct job_table *table, size_t i, int out, int err) {
    const struct sim_jobs *jobs = table->jobs;
    for (size_t k = table->told; k < table->begun; k++) {
        if (table->at[k].out.file >= 0) close(table->at[k].out.file);
        if (table->at[k].err.file >= 0) close(table->at[k].err.file);
    }
    end_with_parent(out);
    limit_cpu(jobs->cpu_seconds_max);
    if (err >= 0) {
        dup2(err, STDERR_FILENO);
        close(err);
    }
    FILE *file = fdopen(out, "w");
    if (!file) _exit(EXIT_UNWRITTEN);
    jobs->run(jobs->impl, i, file);
    bool is_written = fflush(file) == 0 && !ferror(file);
    exit(is_written ? EXIT_SUCCESS : EXIT_UNWRITTEN);
}

/* ---- beginning */

/* False: none are to be had. */
static bool make_pipe(struct stream *stream, int *to) {
    int ends[2];
    if (pipe(ends) != 0) return false;
    stream->file = ends[0];
    *to = ends[1];
    return true;
}

/* False: no process is to be had. */
static bool begin_in_child(struct job_table *table, size_t i) {
    struct job *job = &table->at[i];
    int out = -1, err = -1;
    bool is_piped =
        make_pipe(&job->out, &out) && (!table->jobs->isolated || make_pipe(&job->err, &err));
    fflush(NULL); /* or the child would print it again */
    job->process = is_piped ? fork() : -1;
    if (job->process == 0) run_in_child(table, i, out, err);
    if (out >= 0) close(out);
    if (err >= 0) close(err);
    if (job->process > 0) {
        table->running++;
        return true;
    }
    if (job->out.file >= 0) close(job->out.file);
    if (job->err.file >= 0) close(job->err.file);
    job->out.file = job->err.file = -1;
    return false;
}

static void run_here(struct job_table *table, size_t i) {
    const struct sim_jobs *jobs = table->jobs;
    struct job *job = &table->at[i];
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    bool is_written = false;
    if (out) {
        jobs->run(jobs->impl, i, out);
        is_written = !ferror(out);
        is_written = fclose(out) == 0 && is_written;
    }
    sim_array_free(job->out.bytes.at);
    job->out.bytes.at = text;
    job->out.bytes.count = job->out.bytes.capacity = n;
    if (!is_written) results_are_lost(table, job);
    hear(table, i);
    job_is_done(table, job);
}

/* In a process of its own if it can be had. */
static void begin_job(struct job_table *table, size_t i) {
    const struct sim_jobs *jobs = table->jobs;
    bool is_for_child = jobs->at_once > 1 || jobs->isolated;
    if (!is_for_child || !begin_in_child(table, i)) run_here(table, i);
}

/* ---- ending */

static void add_last_words(struct job *job) {
    char words[SIM_LAST_WORDS_SIZE];
    size_t n = strlen(job->died);
    FILE *said = stream_open(&job->err, job->err_before);
    if (!said) return;
    sim_last_words(said, words);
    if (words[0]) snprintf(job->died + n, sizeof job->died - n, ": %s", words);
    fclose(said);
}

static void note_end(struct job_table *table, struct job *job, int status) {
    bool is_unwritten = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_UNWRITTEN;
    if (is_unwritten) results_are_lost(table, job);
    if (job->is_lost) return; /* it may have died of that */
    if (WIFSIGNALED(status))
        snprintf(job->died, sizeof job->died, "its process was ended by signal %d",
                 WTERMSIG(status));
    else if (WEXITSTATUS(status) != EXIT_SUCCESS)
        snprintf(job->died, sizeof job->died, "its process ended with code %d",
                 WEXITSTATUS(status));
    if (job->died[0]) add_last_words(job);
}

/* Its process has closed all that it wrote to, and so ends. */
static void reap(struct job_table *table, size_t i) {
    const struct sim_jobs *jobs = table->jobs;
    struct job *job = &table->at[i];
    int status;
    while (waitpid(job->process, &status, 0) < 0)
        VK_ASSERT(errno == EINTR);
    job->process = 0;
    table->running--;
    note_end(table, job, status);
    if (!job->died[0] || !jobs->goes_on || !jobs->goes_on(jobs->impl, i, job->died)) {
        job_is_done(table, job);
        return;
    }
    job->out.bytes.count = 0; /* cut short */
    job->err_before = job->err.bytes.count;
    job->died[0] = '\0';
    begin_job(table, i);
}

static void hear_one(struct job_table *table, size_t i) {
    struct job *job = &table->at[i];
    bool is_read = stream_read(&job->out);
    if (!is_read) results_are_lost(table, job);
    hear(table, i);
}

/* Waits until one of those that run says something, or ends. */
static void await_one(struct job_table *table) {
    struct pollfd files[STREAMS_MAX];
    size_t of[STREAMS_MAX];
    nfds_t count = 0;
    size_t begun = table->begun;
    for (size_t i = table->told; i < begun; i++) {
        const struct job *job = &table->at[i];
        const int ends[] = {job->out.file, job->err.file};
        for (size_t k = 0; k < 2; k++) {
            if (ends[k] < 0) continue;
            VK_ASSERT(count < STREAMS_MAX); /* no more run at once */
            of[count] = i;
            files[count++] = (struct pollfd){.fd = ends[k], .events = POLLIN};
        }
    }
    if (poll(files, count, -1) < 0) {
        VK_ASSERT(errno == EINTR);
        return;
    }
    for (nfds_t n = 0; n < count; n++) {
        struct job *job = &table->at[of[n]];
        if (!files[n].revents) continue;
        if (files[n].fd == job->out.file)
            hear_one(table, of[n]);
        else
            (void)stream_read(&job->err); /* last words that there is no memory for */
        if (job->out.file < 0 && job->err.file < 0) reap(table, of[n]);
    }
}

static enum vk_err run_all(struct job_table *table) {
    const struct sim_jobs *jobs = table->jobs;
    while (table->begun < jobs->count && !(jobs->is_enough && jobs->is_enough(jobs->impl))) {
        size_t i = table->begun++;
        if (jobs->begins) jobs->begins(jobs->impl, table->done, i);
        begin_job(table, i);
        while (table->running == jobs->at_once)
            await_one(table);
    }
    while (table->running > 0)
        await_one(table);
    if (!table->lost_results) return VK_OK;
    return VK_RAISE(VK_ERR_NOMEM, "what a job had to say is lost");
}

enum vk_err sim_jobs_run(const struct sim_jobs *jobs) {
    struct job_table table = {.jobs = jobs};
    VK_ASSERT(jobs->at_once >= 1 && jobs->at_once <= SIM_JOBS_AT_ONCE_MAX);
    VK_ASSERT((jobs->record_size > 0) == (jobs->heard != NULL));
    VK_ASSERT(!jobs->goes_on || jobs->heard);
    if (jobs->count == 0) return VK_OK;
    table.at = calloc(jobs->count, sizeof *table.at);
    if (!table.at) return VK_RAISE(VK_ERR_NOMEM, "%zu jobs", jobs->count);
    for (size_t i = 0; i < jobs->count; i++)
        table.at[i].out.file = table.at[i].err.file = -1;
    enum vk_err err = run_all(&table);
    VK_ASSERT(table.told == table.begun && table.running == 0); /* INV-JOBS-1 */
    free(table.at);
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
