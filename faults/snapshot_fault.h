/* snapshot_fault.h - damages the snapshots that a database holds while nobody has it open.
 *
 *   SNAPSHOT_LOST     its contents are gone; if k is odd, the whole row
 *   SNAPSHOT_CUT      the second half of its contents is gone
 *   SNAPSHOT_CORRUPT  a byte in the middle of its contents is another one
 *   SNAPSHOT_OTHER    it is a sound image of the size that it should be, but another image
 *
 * INV-SNAPSHOT-FAULT-1  Nothing changes but the rows of snapshots in use that a fault strikes.
 */
#ifndef FAULTS_SNAPSHOT_FAULT_H
#define FAULTS_SNAPSHOT_FAULT_H

#include "fault.h"
#include "vk/ports.h"

/* Asks for all four kinds for each snapshot in use that is not empty, vat by vat, and does what they say; *damaged: how many it
 * struck. A point is thus a snapshot at a call: a host calls this when a node is about to start again. Does not open the database
 * (which must be there) when no such fault is pending. `disk` is the one below any fault_disk. VK_ERR_DISK or VK_ERR_NOMEM if SQLite cannot do it. */
enum vk_err fault_snapshots_damage(struct fault_set *set, const struct vk_disk *disk,
                                   uint64_t *damaged) VK_MUST_CHECK;

#endif
