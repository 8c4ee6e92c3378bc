/* slog_fuzz.c - any bytes, taken for a slog (a flight recorder's ring, or lines in whatever compression): refused with a
 * place and one line, or a story with nothing in it that was not said, and the same one when it is read again.
 */
#include "sim/flight_recorder.h"
#include "sim/postmortem.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_SIZE_MAX = 64 * 1024, PATH_SIZE = 64, LINE_PER_RECORD_MAX = 8 /* bytes a byte */ };

static char path[PATH_SIZE];

static void path_remove(void) { unlink(path); }

static void file_write(const uint8_t *data, size_t size) {
    const char *folder = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    if (!path[0]) {
        snprintf(path, sizeof path, "%s/crankcase-slog-XXXXXX", folder);
        int made = mkstemp(path);
        VK_ASSERT(made >= 0);
        close(made);
        atexit(path_remove);
    }
    int file = open(path, O_TRUNC | O_WRONLY);
    VK_ASSERT(file >= 0 && write(file, data, size) == (ssize_t)size);
    close(file);
}

static void check_error(const struct sim_postmortem_error *error) {
    size_t n = strnlen(error->what, sizeof error->what);
    VK_ASSERT(n > 0 && n < sizeof error->what && !memchr(error->what, '\n', n));
}

/* A ring may have lost the beginning of what it tells of: a delivery without its crank, a result without its syscall. */
static void check_story(const struct sim_postmortem *postmortem) {
    bool halted = postmortem->end >= SIM_POSTMORTEM_PANIC;
    VK_ASSERT(halted == vk_str_present(postmortem->error));
    VK_ASSERT(halted || postmortem->log.names_crank);
    VK_ASSERT(halted || postmortem->end == SIM_POSTMORTEM_UNKNOWN ||
              (postmortem->end == SIM_POSTMORTEM_NOTHING) == !postmortem->has_crank);
    VK_ASSERT(postmortem->end > SIM_POSTMORTEM_AT_REST || !postmortem->log.is_cut);
    VK_ASSERT(postmortem->end != SIM_POSTMORTEM_AT_REST || postmortem->crank_finished);
    VK_ASSERT(!vk_str_present(postmortem->source) || postmortem->line > 0);
}

static bool is_same(const struct sim_postmortem *a, const struct sim_postmortem *b) {
    return a->end == b->end && a->log.entries == b->log.entries && a->has_crank == b->has_crank &&
           a->crank == b->crank && a->delivery == b->delivery && vk_str_eq(a->vat, b->vat) &&
           vk_str_eq(a->message, b->message) && vk_str_eq(a->what, b->what) &&
           a->syscalls.count == b->syscalls.count;
}

static void unroll(struct vk_str bytes) {
    struct vk_arena arena;
    struct vk_str text;
    if (!sim_flight_is_ring(bytes)) return;
    vk_arena_init(&arena, vk_heap_system());
    enum vk_err err = sim_flight_unroll(&arena, bytes, &text);
    VK_ASSERT(err == VK_OK || err == VK_ERR_SYNTAX);
    /* A line says in words what a record has as numbers. */
    if (err == VK_OK) VK_ASSERT(text.n <= LINE_PER_RECORD_MAX * bytes.n);
    if (err == VK_OK) VK_ASSERT(!text.n || text.p[text.n - 1] == '\n');
    vk_arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct sim_postmortem first, second;
    struct sim_postmortem_error error = {0};
    if (size > INPUT_SIZE_MAX) return 0;
    unroll((struct vk_str){(const char *)data, size});
    file_write(data, size);
    sim_postmortem_init(&first);
    sim_postmortem_init(&second);
    enum vk_err err = sim_postmortem_read_slog(&first, path, &error);
    if (err != VK_OK) {
        VK_ASSERT(err == VK_ERR_SYNTAX || err == VK_ERR_DISK);
        check_error(&error);
    } else {
        check_story(&first);
        err = sim_postmortem_read_slog(&second, path, &error);
        VK_ASSERT(err == VK_OK && is_same(&first, &second));
    }
    sim_postmortem_release(&first);
    sim_postmortem_release(&second);
    return 0;
}
