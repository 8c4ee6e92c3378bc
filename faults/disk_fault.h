/* disk_fault.h - a VFS over another one, whose disk fails and loses power.
 *
 * Where each kind is asked for (none is for a vat):
 *   DISK_READ      a read; SQLITE_IOERR_READ
 *   DISK_WRITE     a write; nothing of it is written, SQLITE_IOERR_WRITE
 *   DISK_FULL      a write, or the wish for a larger file; nothing is written, SQLITE_FULL
 *   DISK_SHORT     a write; the first half is written, then there is no room: SQLITE_FULL
 *   DISK_TRUNCATE  a truncation; SQLITE_IOERR_TRUNCATE
 *   DISK_SYNC      a sync of a file, or of the folder after a deletion; SQLITE_IOERR_FSYNC
 *   DISK_BUSY      a lock on a file or on its shared memory; SQLITE_BUSY
 *   POWER_CUT      an operation: write, truncation, sync, deletion, opening a file that may have to be created.
 *
 * When power fails, the operation in hand gets as far as the cache of the disk below, if it is one that does,
 * and reports SQLITE_IOERR, as does all that comes after it, until fault_disk_power_back(). What was
 * not synced is then for the disk below to keep or drop (sim_disk_power_cut()). Without that
 * call this is a host that was killed in an operation: all writes stay.
 *
 * INV-DISK-FAULT-1  With no fault armed every call reaches the disk below as it came, and so does its result.
 * INV-DISK-FAULT-2  While power is off nothing reaches the disk below but closing and unlocking.
 */
#ifndef FAULTS_DISK_FAULT_H
#define FAULTS_DISK_FAULT_H

#include "fault.h"

struct fault_disk;

/* Registers a VFS over `base_vfs` (NULL: the default one), which must outlive it, as must `set`. NULL: no memory, or
 * no such VFS. */
struct fault_disk *fault_disk_new(struct fault_set *set, const char *base_vfs);
/* No file may be open through it. NULL is allowed. */
void fault_disk_free(struct fault_disk *disk);
/* As vk_disk.vfs wants it. */
const char *fault_disk_vfs(const struct fault_disk *disk);
/* Whether power has failed and is not back yet. */
bool fault_disk_power_is_off(const struct fault_disk *disk);
/* As a power cut would: how a process that is killed is kept from tidying up. */
void fault_disk_power_off(struct fault_disk *disk);
void fault_disk_power_back(struct fault_disk *disk);
/* How many operations there were, as POWER_CUT counts them. */
uint64_t fault_disk_operations(const struct fault_disk *disk);

#endif
