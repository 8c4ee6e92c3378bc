/* flight_recorder.c - see flight_recorder.h. What a ring is read as, is in flight_unroll.c. */
#include "flight_recorder.h"

#include "flight_record.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HALT_TEXT_MAX = 2048, NAME_MAX = 64 };

struct sim_flight {
    struct sim_flight_header *header;
    char *ring;
    size_t mapped;   /* bytes of a file; 0: none */
    void *allocated; /* memory of its own */
    uint64_t crank;
    uint64_t delivery; /* the one in hand, or the last */
};

/* The recorder of the kernel that this thread is in. */
static _Thread_local struct sim_flight *in_use;

/* ---- records */

static void put(struct sim_flight *flight, uint64_t at, const void *bytes, size_t n) {
    size_t capacity = (size_t)flight->header->capacity, begin = (size_t)(at % capacity);
    size_t first = n < capacity - begin ? n : capacity - begin;
    if (!n) return;
    memcpy(flight->ring + begin, bytes, first);
    if (first < n) memcpy(flight->ring, (const char *)bytes + first, n - first);
}

/* INV-FLIGHT-1: the oldest go, so that there is room up to `end`. */
static void make_room(struct sim_flight *flight, uint64_t end) {
    struct sim_flight_header *header = flight->header;
    uint64_t oldest = atomic_load_explicit(&header->oldest, memory_order_relaxed);
    if (end - oldest <= header->capacity) return;
    while (end - oldest > header->capacity) {
        uint32_t size; /* INV-FLIGHT-RECORD-1 */
        memcpy(&size, flight->ring + oldest % header->capacity, sizeof size);
        VK_ASSERT(size >= sizeof(struct sim_flight_record) && size % 8 == 0);
        oldest += size;
    }
    atomic_store_explicit(&header->oldest, oldest, memory_order_release);
}

static void add(struct sim_flight *flight, struct sim_flight_record *record, struct vk_str name,
                struct vk_str target, struct vk_str json) {
    static const char zeros[8];
    struct sim_flight_header *header = flight->header;
    uint64_t at = atomic_load_explicit(&header->written, memory_order_relaxed);
    if (name.n > NAME_MAX) name.n = NAME_MAX;
    if (target.n > NAME_MAX) target.n = 0;
    bool is_halt = record->type == SIM_FLIGHT_KERNEL_HALT;     /* HALT_TEXT_MAX fits always */
    if (!is_halt && json.n > header->capacity / 8) json.n = 0; /* INV-FLIGHT-2 */
    size_t n = sizeof *record + name.n + target.n + json.n, rest = -n & 7;
    record->size = (uint32_t)(n + rest);
    record->name_n = (uint16_t)name.n;
    record->target_n = (uint32_t)target.n;
    record->json_n = (uint32_t)json.n;
    record->crank = flight->crank;
    record->delivery = flight->delivery;
    make_room(flight, at + record->size);
    put(flight, at, record, sizeof *record);
    at += sizeof *record;
    put(flight, at, name.p, name.n);
    put(flight, at + name.n, target.p, target.n);
    put(flight, at + name.n + target.n, json.p, json.n);
    at += name.n + target.n + json.n;
    put(flight, at, zeros, rest);
    atomic_store_explicit(&header->written, at + rest, memory_order_release); /* INV-FLIGHT-1 */
}

void sim_flight_moment(struct sim_flight *flight, const struct vk_moment *moment) {
    struct sim_flight_record record = {.type = (uint8_t)moment->type,
                                       .is_routing = moment->is_routing,
                                       .vat = moment->vat,
                                       .number = moment->number};
    if (moment->type == VK_MOMENT_DELIVERY) flight->delivery = moment->number;
    if (moment->type == VK_MOMENT_CRANK_DONE) flight->crank = moment->number;
    add(flight, &record, vk_str(moment->name), moment->target, moment->json);
    if (moment->type == VK_MOMENT_CRANK_DONE) flight->crank++;
}

void sim_flight_goes_on(struct sim_flight *flight, uint64_t crank) { flight->crank = crank; }

void sim_flight_start(struct sim_flight *flight) {
    struct sim_flight_record record = {.type = SIM_FLIGHT_KERNEL_START};
    add(flight, &record, VK_STR_NONE, VK_STR_NONE, VK_STR_NONE);
}

uint64_t sim_flight_crank(const struct sim_flight *flight) { return flight->crank; }

/* ---- the end */

/* JSON of printable ASCII; what is anything else becomes a '?'. Needs no memory: it is also written when the process
 * is on its way down. Returns how long the text is now. */
static size_t quote(char *text, size_t n, const char *from) {
    text[n++] = '"';
    for (; *from && n < HALT_TEXT_MAX - 8; from++) {
        if (*from == '"' || *from == '\\') text[n++] = '\\';
        text[n] = '?';
        if (*from >= ' ' && *from < 0x7f) text[n] = *from;
        n++;
    }
    text[n++] = '"';
    return n;
}

static size_t literal(char *text, size_t n, const char *from) {
    size_t length = strlen(from);
    VK_ASSERT(n + length < HALT_TEXT_MAX); /* INV-FLIGHT-1 */
    memcpy(text + n, from, length);
    return n + length;
}

void sim_flight_halt(struct sim_flight *flight, const struct vk_err_origin *origin) {
    struct sim_flight_record record = {.type = SIM_FLIGHT_KERNEL_HALT};
    char text[HALT_TEXT_MAX], number[24];
    size_t n = literal(text, 0, ",\"error\":");
    n = quote(text, n, vk_err_name(origin->err));
    n = literal(text, n, ",\"what\":");
    n = quote(text, n, origin->text);
    n = literal(text, n, ",\"file\":");
    n = quote(text, n, origin->file ? origin->file : "");
    snprintf(number, sizeof number, ",\"line\":%d", origin->line);
    n = literal(text, n, number);
    add(flight, &record, VK_STR_NONE, VK_STR_NONE, (struct vk_str){text, n});
}

static struct sigaction before; /* who listened for aborts first, such as a fuzzer */

static void pass_on(int signal_number, siginfo_t *info, void *context) {
    if (before.sa_flags & SA_SIGINFO)
        before.sa_sigaction(signal_number, info, context);
    else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN)
        before.sa_handler(signal_number);
}

/* abort() ends the process when this returns. */
static void on_abort(int signal_number, siginfo_t *info, void *context) {
    struct sim_flight *flight = in_use;
    char line[80];
    in_use = NULL;
    if (flight) {
        sim_flight_halt(flight, vk_err_origin());
        int n = snprintf(line, sizeof line, "crankcase: the kernel was in crank %llu\n",
                         (unsigned long long)flight->crank);
        ssize_t written = n > 0 ? write(STDERR_FILENO, line, (size_t)n) : 0;
        (void)written; /* or there is nobody to tell */
    }
    pass_on(signal_number, info, context);
}

static bool listen_for_abort(void) {
    struct sigaction is, on_signal = {.sa_sigaction = on_abort, .sa_flags = SA_SIGINFO};
    if (sigaction(SIGABRT, NULL, &is) != 0) return false;
    if ((is.sa_flags & SA_SIGINFO) && is.sa_sigaction == on_abort) return true;
    before = is;
    return sigaction(SIGABRT, &on_signal, NULL) == 0;
}

void sim_flight_use(struct sim_flight *flight) {
    static _Thread_local bool is_set;
    if (flight && !is_set) is_set = listen_for_abort();
    in_use = flight;
}

/* ---- where the ring is */

static void begin(struct sim_flight *flight, void *memory, size_t bytes) {
    flight->header = memory;
    flight->ring = (char *)memory + sizeof *flight->header;
    memcpy(flight->header->magic, SIM_FLIGHT_MAGIC, sizeof flight->header->magic);
    flight->header->capacity = bytes;
}

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
    begin(flight, mapped, bytes);
    flight->mapped = size;
    return VK_OK;
}

enum vk_err sim_flight_open(const char *path, size_t bytes, struct sim_flight **out) {
    VK_ASSERT(bytes >= SIM_FLIGHT_BYTES_MIN && bytes % 8 == 0); /* INV-FLIGHT-RECORD-1 */
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

struct sim_flight *sim_flight_new(void *memory, size_t bytes) {
    VK_ASSERT(bytes >= SIM_FLIGHT_BYTES_MIN && bytes % 8 == 0); /* INV-FLIGHT-RECORD-1 */
    struct sim_flight *flight = calloc(1, sizeof *flight);
    if (!flight) return NULL;
    if (!memory) memory = flight->allocated = malloc(sizeof *flight->header + bytes);
    if (!memory) {
        free(flight);
        return NULL;
    }
    begin(flight, memory, bytes);
    atomic_store_explicit(&flight->header->oldest, 0, memory_order_relaxed);
    atomic_store_explicit(&flight->header->written, 0, memory_order_release);
    return flight;
}

void sim_flight_close(struct sim_flight *flight) {
    if (!flight) return;
    if (in_use == flight) in_use = NULL;
    if (flight->mapped) munmap(flight->header, flight->mapped);
    free(flight->allocated);
    free(flight);
}

struct vk_str sim_flight_bytes(const struct sim_flight *flight) {
    return (struct vk_str){(const char *)flight->header,
                           sizeof *flight->header + (size_t)flight->header->capacity};
}
