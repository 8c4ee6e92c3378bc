/* mem_file.c - see mem_file.h. */
#include "mem_file.h"

#include "vk/err.h"
#include "vk/probe.h"

#include <stdlib.h>
#include <string.h>

/* One write or truncation: [offset, offset + length) was changed, and the log holds what it was. */
struct sim_file_change {
    uint64_t offset, length;
    uint64_t replaced_at;
    uint64_t size_before, size_after;
    bool is_truncation;
};

enum { CAPACITY_MIN = 1 << 14, LOG_CAPACITY_MIN = 64 };

static bool reserve(unsigned char **bytes, uint64_t *capacity, uint64_t wanted, bool zeroed) {
    if (wanted <= *capacity) return true;
    uint64_t more = *capacity ? *capacity : CAPACITY_MIN;
    while (more < wanted)
        more *= 2;
    unsigned char *moved = realloc(*bytes, more);
    if (!moved) return false;
    if (zeroed) memset(moved + *capacity, 0, more - *capacity); /* INV-FILE-2 */
    *bytes = moved;
    *capacity = more;
    return true;
}

static bool log_reserve(struct sim_file *file) {
    if (file->log_count < file->log_capacity) return true;
    size_t more = file->log_capacity ? file->log_capacity * 2 : LOG_CAPACITY_MIN;
    struct sim_file_change *moved = realloc(file->log, more * sizeof *moved);
    if (!moved) return false;
    file->log = moved;
    file->log_capacity = more;
    return true;
}

/* Notes a change that is about to be made. */
static bool log_add(struct sim_file *file, const struct sim_file_change *change) {
    uint64_t end = change->offset + change->length;
    if (!log_reserve(file) || !reserve(&file->bytes, &file->capacity, end, true) ||
        !reserve(&file->replaced, &file->replaced_capacity, file->replaced_size + change->length,
                 false))
        return false;
    struct sim_file_change *added = &file->log[file->log_count++];
    *added = *change;
    added->replaced_at = file->replaced_size;
    if (change->length)
        memcpy(file->replaced + file->replaced_size, file->bytes + change->offset, change->length);
    file->replaced_size += change->length;
    return true;
}

bool sim_file_write(struct sim_file *file, uint64_t offset, const void *bytes, uint64_t n) {
    uint64_t end = offset + n;
    const struct sim_file_change change = {
        .offset = offset,
        .length = n,
        .size_before = file->size,
        .size_after = end > file->size ? end : file->size,
    };
    if (n == 0) return true;
    if (!log_add(file, &change)) return false;
    memcpy(file->bytes + offset, bytes, n);
    file->size = change.size_after;
    return true;
}

bool sim_file_truncate(struct sim_file *file, uint64_t size) {
    const struct sim_file_change change = {
        .offset = size,
        .length = size < file->size ? file->size - size : 0,
        .size_before = file->size,
        .size_after = size,
        .is_truncation = true,
    };
    if (size == file->size) return true;
    if (!log_add(file, &change)) return false;
    if (change.length) memset(file->bytes + size, 0, change.length); /* INV-FILE-2 */
    file->size = size;
    return true;
}

uint64_t sim_file_read(const struct sim_file *file, uint64_t offset, void *bytes, uint64_t n) {
    uint64_t there = offset < file->size ? file->size - offset : 0;
    if (there > n) there = n;
    if (there) memcpy(bytes, file->bytes + offset, there);
    if (there < n) memset((unsigned char *)bytes + there, 0, n - there);
    return there;
}

void sim_file_sync(struct sim_file *file) {
    file->log_count = 0;
    file->replaced_size = 0;
}

/* Back to what was synced; the log then holds what each change had written. */
static void undo_all(struct sim_file *file) {
    for (size_t i = file->log_count; i-- > 0;) {
        const struct sim_file_change *change = &file->log[i];
        unsigned char *now = file->bytes + change->offset;
        unsigned char *replaced = file->replaced + change->replaced_at;
        VK_ASSERT(file->size == change->size_after); /* INV-FILE-1 */
        for (uint64_t k = 0; k < change->length; k++) {
            unsigned char byte = now[k];
            now[k] = replaced[k];
            replaced[k] = byte;
        }
        file->size = change->size_before;
    }
}

static void redo(struct sim_file *file, const struct sim_file_change *change, uint64_t from,
                 uint64_t to) {
    if (from < to)
        memcpy(file->bytes + change->offset + from, file->replaced + change->replaced_at + from,
               to - from);
}

/* The beginning or the end of a write reaches the disk. */
static void redo_torn(struct sim_file *file, const struct sim_file_change *change,
                      struct sim_random *stream) {
    if (change->is_truncation) return;
    uint64_t first = change->offset / SIM_SECTOR_SIZE;
    uint64_t last = (change->offset + change->length - 1) / SIM_SECTOR_SIZE;
    if (first == last) return; /* in one sector: whole or not at all */
    uint64_t cut = sim_random_between(stream, first + 1, last) * SIM_SECTOR_SIZE - change->offset;
    VK_ASSERT(cut > 0 && cut < change->length); /* INV-DISK-2 */
    bool beginning = sim_random_one_in(stream, 2);
    VK_SOMETIMES_IF(beginning, write_torn_at_its_end);
    VK_SOMETIMES_IF(!beginning, write_torn_at_its_beginning);
    redo(file, change, beginning ? 0 : cut, beginning ? cut : change->length);
}

/* How a power cut treats a file: what a disk in order does is likelier than chance would have it. */
enum manner { KEEPS_ALL, DROPS_ALL, IN_ORDER, ANY_SUBSET, MANNERS };

static void redo_any(struct sim_file *file, struct sim_random *stream) {
    for (size_t i = 0; i < file->log_count; i++) {
        const struct sim_file_change *change = &file->log[i];
        switch (sim_random_below(stream, 3)) {
        case 0: redo(file, change, 0, change->length); break;
        case 1: redo_torn(file, change, stream); break;
        default: break;
        }
    }
}

void sim_file_power_cut(struct sim_file *file, struct sim_random *stream) {
    uint64_t end = file->size;
    size_t kept = file->log_count; /* so many in order */
    if (file->log_count == 0) return;
    enum manner manner = (enum manner)sim_random_below(stream, MANNERS);
    if (manner == DROPS_ALL) kept = 0;
    if (manner == IN_ORDER || manner == ANY_SUBSET)
        kept = (size_t)sim_random_below(stream, file->log_count + 1);
    undo_all(file);
    uint64_t size = kept ? file->log[kept - 1].size_after : file->size; /* INV-DISK-2 */
    for (size_t i = 0; i < file->log_count; i++) {
        const struct sim_file_change *change = &file->log[i];
        if (change->size_before > end) end = change->size_before;
        if (change->size_after > end) end = change->size_after;
        if (manner != ANY_SUBSET && i < kept) redo(file, change, 0, change->length);
    }
    if (manner == ANY_SUBSET) redo_any(file, stream);
    if (manner == IN_ORDER && kept < file->log_count) redo_torn(file, &file->log[kept], stream);
    VK_ASSERT(end <= file->capacity);                          /* INV-FILE-2 */
    if (end > size) memset(file->bytes + size, 0, end - size); /* INV-FILE-2 */
    file->size = size;
    sim_file_sync(file);
}

bool sim_file_rot(struct sim_file *file, struct sim_random *stream) {
    uint64_t size = file->log_count ? file->log[0].size_before : file->size;
    if (size == 0) return false;
    uint64_t at = sim_random_below(stream, size);
    unsigned char bit = (unsigned char)(1u << sim_random_below(stream, 8));
    for (size_t i = 0; i < file->log_count; i++) {
        const struct sim_file_change *change = &file->log[i];
        if (at < change->offset || at - change->offset >= change->length) continue;
        file->replaced[change->replaced_at + (at - change->offset)] ^= bit;
        return true;
    }
    VK_ASSERT(at < file->size); /* INV-FILE-1: no truncation took it away */
    file->bytes[at] ^= bit;
    return true;
}

void sim_file_clear(struct sim_file *file) {
    VK_ASSERT(file->size <= file->capacity); /* INV-FILE-2 */
    if (file->size) memset(file->bytes, 0, file->size);
    file->size = 0;
    sim_file_sync(file);
}

void sim_file_release(struct sim_file *file) {
    free(file->bytes);
    free(file->log);
    free(file->replaced);
    *file = (struct sim_file){0};
}
