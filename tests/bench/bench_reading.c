/* bench_reading.c - how fast recordings are read: decompressed, and decompressed, parsed and put
 * in order. See bench_replay.h.
 */
#include "bench_measure.h"
#include "bench_replay.h"

#include <stdio.h>

struct task {
    const struct bench_options *options;
    const struct bench_group *group;
};

struct reading {
    uint64_t bytes, lines; /* decompressed */
    struct bench_samples lines_s, all_s;
    double peak_mb;
};

/* Its lines alone. */
static enum vk_err read_lines(const char *path, struct reading *reading,
                              struct sim_input_error *error) {
    struct sim_lines *lines;
    struct vk_str line;
    bool more = false;
    VK_TRY(sim_lines_open(path, &lines, error));
    enum vk_err err;
    while ((err = sim_lines_next(lines, &line, &more, error)) == VK_OK && more) {
        reading->bytes += line.n + 1;
        reading->lines++;
    }
    sim_lines_close(lines);
    return err;
}

static bool read_all_lines(const struct task *task, struct reading *reading) {
    reading->bytes = reading->lines = 0;
    for (size_t i = 0; i < task->group->files.count; i++) {
        const char *path = task->group->files.at[i].path;
        struct sim_input_error error = {0};
        if (read_lines(path, reading, &error) == VK_OK) continue;
        fprintf(stderr, "bench: %s: %s\n", path, error.what);
        return false;
    }
    return true;
}

static bool read_pass(const struct task *task, struct reading *reading) {
    struct bench_timer timer;
    bench_timer_start(&timer);
    if (!read_all_lines(task, reading)) return false;
    bench_samples_add(&reading->lines_s, bench_timer_read(&timer).cpu_s);
    struct bench_recordings recordings;
    bench_timer_start(&timer);
    if (!bench_recordings_read(&recordings, task->group)) return false;
    bench_samples_add(&reading->all_s, bench_timer_read(&timer).cpu_s);
    bench_recordings_free(&recordings);
    return true;
}

static bool measure(void *impl, void *result) {
    const struct task *task = impl;
    struct reading *reading = result;
    for (unsigned i = 0; i < task->options->repeats; i++)
        if (!read_pass(task, reading)) return false;
    reading->peak_mb = bench_peak_mb();
    return true;
}

static void print_text(const struct task *task, const struct reading *reading) {
    double mb = (double)reading->bytes / 1e6, files = (double)task->group->files.count;
    double all_s = bench_samples_median(&reading->all_s);
    double lines_s = bench_samples_median(&reading->lines_s);
    printf("\nreading of %s/: %.0f recordings, %.1f MB of JSON in %.0f lines, by CPU time\n"
           "  read: %.0f MB/s (min %.0f, max %.0f), %.1f recordings/s; of that decompression alone "
           "%.0f MB/s;\n  parsing and index without it %.0f MB/s; all in memory at once %.0f MB\n",
           task->group->name, files, mb, (double)reading->lines, mb / all_s,
           mb / bench_samples_max(&reading->all_s), mb / bench_samples_min(&reading->all_s),
           files / all_s, mb / lines_s, mb / (all_s - lines_s), reading->peak_mb);
}

static void print_json(const struct task *task, const struct reading *reading) {
    double mb = (double)reading->bytes / 1e6;
    double all_s = bench_samples_median(&reading->all_s);
    printf("{\"bench\":\"reading\",\"group\":\"%s\",\"recordings\":%zu,\"MB\":%.3f,\"lines\":%.0f,"
           "\"MBPerSecond\":%.1f,\"MBPerSecondMin\":%.1f,\"MBPerSecondMax\":%.1f,"
           "\"decompressionMBPerSecond\":%.1f,\"recordingsPerSecond\":%.2f,\"peakMB\":%.1f}\n",
           task->group->name, task->group->files.count, mb, (double)reading->lines, mb / all_s,
           mb / bench_samples_max(&reading->all_s), mb / bench_samples_min(&reading->all_s),
           mb / bench_samples_median(&reading->lines_s), (double)task->group->files.count / all_s,
           reading->peak_mb);
}

bool bench_reading(const struct bench_options *options, const struct bench_group *group) {
    struct task task = {.options = options, .group = group};
    struct reading reading;
    if (!bench_apart(measure, &task, &reading, sizeof reading)) return false;
    (options->json ? print_json : print_text)(&task, &reading);
    return true;
}
