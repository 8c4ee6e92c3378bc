/* sqlite_heap_fault.h - SQLite's allocations fail when a fault says so.
 *
 * SQLite has one allocator a process, so the shim is installed once, before SQLite is first used, and each thread
 * names the node that it is working for. SQLITE_HEAP is asked for at each allocation and at each reallocation to
 * more than there was.
 *
 * INV-SQLITE-HEAP-1  A thread that named no faults, or faults of other kinds only, gets what it asks for.
 */
#ifndef FAULTS_SQLITE_HEAP_FAULT_H
#define FAULTS_SQLITE_HEAP_FAULT_H

#include "fault.h"

/* Once a process, by its only thread, before SQLite is first used (a VFS that is registered uses it); more calls do nothing.
 * False: SQLite is in use already, and its allocations cannot fail. */
bool fault_sqlite_heap_install(void);
/* From now on this thread's allocations in SQLite are `set`'s (NULL: nobody's). Say NULL before `set` goes, and call again
 * when faults have been added to it. */
void fault_sqlite_heap_use(struct fault_set *set);

#endif
