/* mem_file.h - the bytes of one file of a disk in memory, and what a power cut may take from them.
 *
 * `bytes` is what the file reads as. Each write since the last sync is in the log with the bytes that it
 * replaced: syncing forgets the log, and a power cut goes back through it to what was synced and does
 * anew what it likes.
 *
 * INV-FILE-1  Going back through the log gives the synced contents.
 * INV-FILE-2  All bytes from `size` on are 0.
 */
#ifndef SIM_MEM_FILE_H
#define SIM_MEM_FILE_H

#include "random.h"

enum { SIM_SECTOR_SIZE = 512 }; /* what is torn is torn between two of these */

struct sim_file_change;

struct sim_file {
    unsigned char *bytes;
    uint64_t size, capacity;
    struct sim_file_change *log;
    size_t log_count, log_capacity;
    unsigned char *replaced; /* the log's bytes */
    uint64_t replaced_size, replaced_capacity;
};

/* False: no memory, and nothing was done. */
bool sim_file_write(struct sim_file *file, uint64_t offset, const void *bytes, uint64_t n);
bool sim_file_truncate(struct sim_file *file, uint64_t size);
/* How many of `n` bytes there are; the others are 0. */
uint64_t sim_file_read(const struct sim_file *file, uint64_t offset, void *bytes, uint64_t n);
void sim_file_sync(struct sim_file *file);
void sim_file_power_cut(struct sim_file *file, struct sim_random *stream);
/* Flips a bit of what is synced; false if that is nothing. */
bool sim_file_rot(struct sim_file *file, struct sim_random *stream);
/* Empty, and nothing to sync; keeps its memory. */
void sim_file_clear(struct sim_file *file);
void sim_file_release(struct sim_file *file);

#endif
