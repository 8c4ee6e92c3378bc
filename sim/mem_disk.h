/* mem_disk.h - a disk in memory: files, a page cache that loses power, and the VFS that SQLite sees.
 *
 * Each write goes into the cache and is remembered, in order, until its file is synced. A power cut keeps, drops or
 * tears each un-synced write, as its own stream of random numbers says; what was synced stays. Without a
 * power cut (a process that is killed) every write stays.
 *
 * INV-DISK-1  What a file reads as is what was written, in order, whatever is synced.
 * INV-DISK-2  After a power cut a file holds every synced write, and of the others any subset, each whole or torn at a
 *             sector; its size is that of some moment since the last sync.
 * INV-DISK-3  Nothing leaves the process: no file, no clock, no address.
 */
#ifndef SIM_MEM_DISK_H
#define SIM_MEM_DISK_H

#include "random.h"
#include "vk/err.h"

struct sim_disk;

struct sim_disk_counts {
    uint64_t reads, writes, syncs, truncates, bytes_written;
};

/* A new, empty disk and its VFS, registered under a name of its own. NULL: no memory. */
struct sim_disk *sim_disk_new(void);
/* Unregisters and frees it. No file may be open. NULL is allowed. */
void sim_disk_free(struct sim_disk *disk);
/* As vk_disk.vfs wants it; lives as long as the disk. */
const char *sim_disk_vfs(const struct sim_disk *disk);
/* All files gone, the counts 0. No file may be open. Cheaper than a new disk. */
void sim_disk_clear(struct sim_disk *disk);
/* Power fails. No file may be open (whoever had one open is dead: its handles were closed before). */
void sim_disk_power_cut(struct sim_disk *disk, struct sim_random *stream);
/* Flips one bit of a file's synced contents, drawn from `random`; false if the file is empty or missing. */
bool sim_disk_rot(struct sim_disk *disk, const char *path, struct sim_random *stream);
/* How many writes would be at stake in a power cut now. */
uint64_t sim_disk_unsynced(const struct sim_disk *disk);
/* SQLite draws the salts of its -wal and names from one generator a process: from here on it draws what `seed` says. At the
 * beginning of a run, when nothing is open. */
void sim_disk_seed_sqlite(uint64_t seed);
struct sim_disk_counts sim_disk_counts(const struct sim_disk *disk);

#endif
