/* run_directives.c - see run_directives.h. */
#include "run_directives.h"

#include "text_file.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

void sim_run_directives_release(struct sim_run_directives *given) {
    for (int i = 0; i < SIM_REPLICAS_MAX; i++)
        sim_directives_release(&given->files[i].directives);
    *given = (struct sim_run_directives){0};
}

/* ---- files */

static void tell(const char *path, const struct sim_plan_error *error) {
    fprintf(stderr, "crankcase run: %s:%zu:%zu: %s\n", path, error->line, error->column,
            error->what);
}

static bool read_for(struct sim_run_directives *given, int replica, const char *path,
                     struct vk_str text) {
    struct sim_plan_error error;
    sim_directives_release(&given->files[replica].directives);
    given->files[replica].path = path;
    given->any = true;
    enum vk_err err = sim_directives_read(&given->files[replica].directives, text, &error);
    if (err == VK_OK) err = sim_directives_load(&given->files[replica].directives, &error);
    if (err == VK_OK) return true;
    tell(path, &error);
    return false;
}

bool sim_run_directives_take(struct sim_run_directives *given, const char *argument) {
    bool names_replica = argument[0] >= '0' && argument[0] <= '9' && argument[1] == '=';
    int first = names_replica ? argument[0] - '0' : 0;
    int end = names_replica ? first + 1 : SIM_REPLICAS_MAX;
    const char *path = names_replica ? argument + 2 : argument;
    struct vk_arena arena;
    struct vk_str text;
    if (end > SIM_REPLICAS_MAX) {
        fprintf(stderr, "crankcase run: --directives: there is no replica %d\n", first);
        return false;
    }
    vk_arena_init(&arena, vk_heap_system());
    bool is_read = sim_text_file_read(path, &arena, &text) == VK_OK;
    if (!is_read) fprintf(stderr, "crankcase run: %s\n", vk_err_origin()->text);
    for (int i = first; i < end && is_read; i++)
        is_read = read_for(given, i, path, text);
    if (is_read && given->files[first].directives.all.count == 0)
        fprintf(stderr, "crankcase run: %s: there is no directive in this file\n", path);
    vk_arena_release(&arena);
    return is_read;
}

void sim_run_directives_refused(const struct sim_run_directives *given,
                                const struct sim_run_result *result) {
    tell(given->files[result->refused_by].path, &result->refusal);
}

/* ---- what came to nothing */

static const struct vk_directive *first_debug(const struct sim_directives *directives) {
    for (size_t i = 0; i < directives->all.count; i++)
        if (directives->all.at[i].action == VK_DIRECTIVE_DEBUG) return &directives->all.at[i];
    return NULL;
}

void sim_run_directives_look_back(const struct sim_run_directives *given,
                                  const struct sim_run_result *result) {
    const struct sim_idle_directives *idle = &result->idle;
    char text[VK_DIRECTIVE_TEXT_MAX];
    if (result->refused || result->stopped) return;
    if (idle->count > 0) {
        fprintf(stderr, "crankcase run: %s: never carried out: %s (replica %" PRIu32 ")",
                given->files[idle->replica].path, idle->first, idle->replica);
        if (idle->count > 1) fprintf(stderr, " and %" PRIu64 " more", idle->count - 1);
        fputc('\n', stderr);
        return;
    }
    for (uint32_t i = 0; i < result->replicas && !given->stopped; i++) {
        const struct vk_directive *directive = first_debug(&given->files[i].directives);
        if (!directive) continue;
        fprintf(stderr, "crankcase run: %s: the run never came to: %s\n", given->files[i].path,
                vk_directive_text(directive, text).p);
        return;
    }
}

/* ---- debug */

bool sim_run_is_traced(void) {
    char line[256];
    unsigned long tracer = 0;
    FILE *status = fopen("/proc/self/status", "r");
    if (!status) return false;
    while (fgets(line, sizeof line, status))
        if (strncmp(line, "TracerPid:", strlen("TracerPid:")) == 0)
            tracer = strtoul(line + strlen("TracerPid:"), NULL, 10);
    fclose(status);
    return tracer != 0;
}

static enum vk_err debug(void *impl, uint32_t replica, const struct vk_debug_stop *stop) {
    struct sim_run_directives *given = impl;
    const struct vk_debug_stop *volatile at =
        stop; /* for kernel/gdb/vk_printers.py, in any build */
    char text[VK_DIRECTIVE_TEXT_MAX];
    given->stopped = true;
    vk_directive_text(stop->directive, text);
    fprintf(stderr, "crankcase run: replica %" PRIu32 " is at crank %" PRIu64 " (%s): %s\n",
            replica, stop->crank, stop->event, text);
    if (sim_run_is_traced()) {
        raise(SIGTRAP);
        return at ? VK_OK : VK_RAISE(VK_ERR_TRACE, "a debugger took the kernel away");
    }
    fprintf(stderr,
            "  no debugger is there, so the run ends here; in one, it stops just before the "
            "delivery:\n"
            "    gdb -x kernel/gdb/vk_printers.py -ex run --args %s --off twice\n",
            given->reproduce);
    return VK_RAISE(VK_ERR_TRACE, "stopped for a debugger");
}

void sim_run_directives_give(struct sim_run_directives *given, const char *reproduce,
                             struct sim_run_options *options) {
    given->reproduce = reproduce;
    for (int i = 0; i < SIM_REPLICAS_MAX; i++)
        options->directives[i] = given->files[i].path ? &given->files[i].directives : NULL;
    options->debug = debug;
    options->impl = given;
}
