/* slog_kernel.c - see slog_kernel.h. */
#include "slog_kernel.h"

#include "log_line.h"
#include "text_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the copy */

static enum vk_err copy_file(struct sim_slog_kernel *kernel, const char *from, const char *suffix,
                             bool may_lack) {
    char source[SIM_SCRATCH_PATH], target[SIM_SCRATCH_PATH + 64];
    struct vk_arena arena;
    struct vk_str bytes;
    struct stat info;
    int n = snprintf(source, sizeof source, "%s%s", from, suffix);
    if (n < 0 || (size_t)n >= sizeof source) return VK_RAISE(VK_ERR_DISK, "too long a name");
    if (may_lack && stat(source, &info) != 0) return VK_OK;
    snprintf(target, sizeof target, "%s%s", kernel->path, suffix);
    vk_arena_init(&arena, vk_heap_system());
    enum vk_err err = sim_text_file_read(source, &arena, &bytes);
    if (err == VK_OK) err = sim_text_file_write(target, bytes);
    vk_arena_release(&arena);
    return err;
}

static enum vk_err copy_database(struct sim_slog_kernel *kernel, const char *database) {
    VK_TRY(sim_scratch_folder_make(kernel->folder));
    snprintf(kernel->path, sizeof kernel->path, "%s/swingstore.sqlite", kernel->folder);
    VK_TRY(copy_file(kernel, database, "", false));
    return copy_file(kernel, database, "-wal", true);
}

static void remove_copy(const struct sim_slog_kernel *kernel) {
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    char path[SIM_SCRATCH_PATH + 64];
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes && kernel->folder[0]; i++) {
        snprintf(path, sizeof path, "%s%s", kernel->path, suffixes[i]);
        unlink(path);
    }
    if (kernel->folder[0]) rmdir(kernel->folder);
}

/* ---- vats that no transcript can bring back */

/* kernel.createTestVat makes a vat without a worker's start in its transcript; such a vat lives as long as its process. */
static enum vk_err attach_vat(struct sim_slog_kernel *kernel, struct vk_arena *arena,
                              struct vk_str vat) {
    struct vk_span span;
    struct vk_str item = VK_STR_NONE;
    if (vk_transcript_current(kernel->store, vat, &span) != VK_OK) return VK_OK; /* it has none */
    if (span.end > span.start)
        VK_TRY(vk_transcript_item(kernel->store, arena, vat, span.start, &item));
    struct vk_str type = sim_log_text(sim_log_at(sim_log_get(item, "d"), 0));
    bool starts =
        vk_str_eq(type, VK_STR("initialize-worker")) || vk_str_eq(type, VK_STR("load-snapshot"));
    return !item.p || starts ? VK_OK : vk_host_attach_vat(kernel->kernel, vat);
}

static enum vk_err attach_vats(struct sim_slog_kernel *kernel) {
    struct vk_arena arena;
    struct vk_str text, key, vat;
    uint64_t next = 1;
    enum vk_err err;
    vk_arena_init(&arena, vk_heap_system());
    err = vk_store_get(kernel->store, &arena, VK_STR("vat.nextID"), &text);
    if (err == VK_OK && (!text.p || !vk_str_to_u64(text, &next))) next = 1;
    for (uint64_t n = 1; n < next && err == VK_OK; n++) {
        err = vk_arena_format(&arena, &key, "v%" PRIu64 ".options", n);
        if (err == VK_OK) err = vk_store_get(kernel->store, &arena, key, &text);
        vat = vk_str_from(key, 0);
        vat.n -= sizeof ".options" - 1;
        if (err == VK_OK && text.p) err = attach_vat(kernel, &arena, vat);
    }
    vk_arena_release(&arena);
    return err;
}

/* ---- the kernel */

static void close_kernel(struct sim_slog_kernel *kernel) {
    if (kernel->kernel) vk_kernel_close(kernel->kernel);
    if (kernel->store) vk_store_close(kernel->store);
    kernel->kernel = NULL;
    kernel->store = NULL;
}

static enum vk_err open_kernel(struct sim_slog_kernel *kernel) {
    const struct vk_store_options store = {.mode = VK_STORE_WRITE_BACK, .no_state_hash = true};
    const struct vk_kernel_options options = {.no_preload = true};
    kernel->ports = (struct vk_ports){.heap = vk_heap_system(),
                                      .disk = {.path = kernel->path},
                                      .trace = &kernel->trace,
                                      .workers = &kernel->workers.port,
                                      .devices = &kernel->devices.port};
    VK_TRY(vk_store_open(&kernel->ports, &store, &kernel->store));
    kernel->workers.store = kernel->store;
    kernel->devices.store = kernel->store;
    VK_TRY(vk_kernel_open(kernel->store, &kernel->ports, &options, &kernel->kernel));
    kernel->workers.attaches = true;
    enum vk_err err = attach_vats(kernel);
    kernel->workers.attaches = false;
    return err;
}

enum vk_err sim_slog_kernel_reopen(struct sim_slog_kernel *kernel) {
    close_kernel(kernel);
    return open_kernel(kernel);
}

enum vk_err sim_slog_kernel_open(struct sim_slog_kernel *kernel, const char *database) {
    VK_TRY(copy_database(kernel, database));
    return open_kernel(kernel);
}

static enum vk_err trace_event(void *impl, const struct vk_trace_event *event) {
    struct sim_slog_kernel *kernel = impl;
    if (event->type == VK_TRACE_EMIT && event->key.n == VK_HASH_HEX - 1)
        memcpy(kernel->emitted, event->key.p, VK_HASH_HEX - 1);
    return VK_OK;
}

void sim_slog_kernel_init(struct sim_slog_kernel *kernel) {
    *kernel = (struct sim_slog_kernel){0};
    kernel->trace = (struct vk_trace){.impl = kernel, .event = trace_event};
    sim_slog_workers_init(&kernel->workers);
    sim_slog_devices_init(&kernel->devices, &kernel->workers);
}

void sim_slog_kernel_release(struct sim_slog_kernel *kernel) {
    close_kernel(kernel);
    sim_slog_workers_release(&kernel->workers);
    sim_slog_devices_release(&kernel->devices);
    remove_copy(kernel);
}
