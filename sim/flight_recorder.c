/* flight_recorder.c - see flight_recorder.h. */
#include "flight_recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { HALT_LINE_MAX = 2048 };

struct sim_flight {
    struct sim_flight_header *header; /* mapped */
    char *ring;
    size_t mapped;
};

/* The recorder of the kernel that this thread is in. */
static _Thread_local struct sim_flight *in_use;

/* ---- lines */

static void put(struct sim_flight *flight, uint64_t at, struct vk_str text) {
    size_t capacity = (size_t)flight->header->capacity, begin = (size_t)(at % capacity);
    size_t first = text.n < capacity - begin ? text.n : capacity - begin;
    if (!text.n) return;
    memcpy(flight->ring + begin, text.p, first);
    memcpy(flight->ring, text.p + first, text.n - first);
}

static void add_line(struct sim_flight *flight, struct vk_str line) {
    uint64_t written = atomic_load_explicit(&flight->header->written, memory_order_relaxed);
    if (line.n + 1 > flight->header->capacity) return; /* INV-FLIGHT-2 */
    put(flight, written, line);
    put(flight, written + line.n, VK_STR("\n"));
    /* INV-FLIGHT-1 */
    atomic_store_explicit(&flight->header->written, written + line.n + 1, memory_order_release);
}

void sim_flight_event(struct sim_flight *flight, const struct vk_trace_event *event) {
    if (event->type == VK_TRACE_SLOG) add_line(flight, event->value);
}

/* JSON of printable ASCII; what is anything else becomes a '?'. Needs no memory: it is also written when the process
 * is on its way down. Returns how long the text is now. */
static size_t quote(char *line, size_t n, const char *text) {
    line[n++] = '"';
    for (; *text && n < HALT_LINE_MAX - 8; text++) {
        if (*text == '"' || *text == '\\') line[n++] = '\\';
        line[n] = '?';
        if (*text >= ' ' && *text < 0x7f) line[n] = *text;
        n++;
    }
    line[n++] = '"';
    return n;
}

static size_t literal(char *line, size_t n, const char *text) {
    size_t length = strlen(text);
    VK_ASSERT(n + length < HALT_LINE_MAX); /* INV-FLIGHT-1 */
    memcpy(line + n, text, length);
    return n + length;
}

void sim_flight_start(struct sim_flight *flight) {
    add_line(flight, VK_STR("{\"type\":\"kernel-start\"}"));
}

void sim_flight_halt(struct sim_flight *flight, const struct vk_err_origin *origin) {
    char line[HALT_LINE_MAX], number[24];
    size_t n = literal(line, 0, "{\"type\":\"kernel-halt\",\"error\":");
    n = quote(line, n, vk_err_name(origin->err));
    n = literal(line, n, ",\"what\":");
    n = quote(line, n, origin->text);
    n = literal(line, n, ",\"file\":");
    n = quote(line, n, origin->file ? origin->file : "");
    snprintf(number, sizeof number, ",\"line\":%d}", origin->line);
    n = literal(line, n, number);
    add_line(flight, (struct vk_str){line, n});
}

/* ---- the end of the process */

static void on_abort(int signal_number) {
    struct sim_flight *flight = in_use;
    in_use = NULL;
    signal(signal_number, SIG_DFL); /* abort() ends the process when this returns */
    if (flight) sim_flight_halt(flight, vk_err_origin());
}

void sim_flight_use(struct sim_flight *flight) {
    struct sigaction on_signal = {.sa_handler = on_abort};
    if (flight && !in_use) sigaction(SIGABRT, &on_signal, NULL);
    in_use = flight;
}

/* ---- the file */

static enum vk_err failed(const char *path) {
    return VK_RAISE(VK_ERR_DISK, "%s: %s", path, strerror(errno));
}

/* Whether the file is a ring of that size, which a process before this one left behind. */
static bool is_mine(int file, size_t bytes) {
    struct sim_flight_header header;
    struct stat info;
    return fstat(file, &info) == 0 && (size_t)info.st_size == sizeof header + bytes &&
           read(file, &header, sizeof header) == (ssize_t)sizeof header &&
           memcmp(header.magic, SIM_FLIGHT_MAGIC, sizeof header.magic) == 0 &&
           header.capacity == bytes;
}

static enum vk_err map(struct sim_flight *flight, int file, size_t bytes, const char *path) {
    size_t size = sizeof *flight->header + bytes;
    bool goes_on = is_mine(file, bytes);
    if (!goes_on && (ftruncate(file, 0) != 0 || ftruncate(file, (off_t)size) != 0))
        return failed(path);
    void *mapped = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (mapped == MAP_FAILED) return failed(path);
    flight->header = mapped;
    flight->ring = (char *)mapped + sizeof *flight->header;
    flight->mapped = size;
    flight->header->capacity = bytes;
    memcpy(flight->header->magic, SIM_FLIGHT_MAGIC, sizeof flight->header->magic);
    return VK_OK;
}

enum vk_err sim_flight_open(const char *path, size_t bytes, struct sim_flight **out) {
    VK_ASSERT(bytes >= SIM_FLIGHT_BYTES_MIN); /* INV-FLIGHT-2: an entry fits */
    *out = NULL;
    struct sim_flight *flight = calloc(1, sizeof *flight);
    if (!flight) return VK_RAISE(VK_ERR_NOMEM, "flight recorder");
    int file = open(path, O_RDWR | O_CREAT, 0666);
    enum vk_err err = file < 0 ? failed(path) : map(flight, file, bytes, path);
    if (file >= 0) close(file);
    if (err == VK_OK)
        *out = flight;
    else
        free(flight);
    return err;
}

void sim_flight_close(struct sim_flight *flight) {
    if (!flight) return;
    if (in_use == flight) in_use = NULL;
    munmap(flight->header, flight->mapped);
    free(flight);
}

/* ---- reading */

bool sim_flight_is_ring(struct vk_str bytes) {
    return vk_str_starts(bytes, VK_STR(SIM_FLIGHT_MAGIC));
}

/* The oldest line was written over in part; and in front of what is left of it may stand the line that was being written
 * when the process ended. */
static void drop_oldest(struct vk_str *text) {
    for (int i = 0; i < 2; i++) {
        const char *newline = text->n ? memchr(text->p, '\n', text->n) : NULL;
        *text = vk_str_from(*text, newline ? (size_t)(newline - text->p) + 1 : text->n);
    }
}

enum vk_err sim_flight_unroll(struct vk_arena *arena, struct vk_str bytes, struct vk_str *text) {
    struct sim_flight_header header;
    char *all;
    if (bytes.n < sizeof header || !sim_flight_is_ring(bytes))
        return VK_RAISE(VK_ERR_SYNTAX, "no flight recorder's file");
    memcpy(&header, bytes.p, sizeof header);
    uint64_t capacity = header.capacity, written = header.written;
    if (capacity == 0 || capacity != bytes.n - sizeof header)
        return VK_RAISE(VK_ERR_SYNTAX, "the ring has %zu bytes, and should have %llu",
                        bytes.n - sizeof header, (unsigned long long)capacity);
    size_t n = (size_t)(written < capacity ? written : capacity);
    size_t begin = (size_t)((written - n) % capacity), first = capacity - begin;
    const char *ring = bytes.p + sizeof header;
    VK_TRY(VK_NEW_ARRAY(arena, &all, n));
    if (first > n) first = n;
    memcpy(all, ring + begin, first);
    memcpy(all + first, ring, n - first);
    *text = (struct vk_str){all, n};
    if (written > capacity) drop_oldest(text);
    return VK_OK;
}
