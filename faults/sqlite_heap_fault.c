/* sqlite_heap_fault.c - see sqlite_heap_fault.h. */
#include "sqlite_heap_fault.h"

#include "vk/err.h"

#include <sqlite3.h>

/* SQLite's interface has no place for a pointer of ours: these two are the process's and the thread's. */
static sqlite3_mem_methods below;
static _Thread_local struct fault_set *current;

static bool is_out_of_memory(void) {
    return current && fault_strikes(current, FAULT_SQLITE_HEAP, FAULT_ANY_VAT);
}

static void *shim_malloc(int size) { return is_out_of_memory() ? NULL : below.xMalloc(size); }

static void *shim_realloc(void *ptr, int size) {
    if (current && size > below.xSize(ptr) && is_out_of_memory()) return NULL;
    return below.xRealloc(ptr, size);
}

bool fault_sqlite_heap_install(void) {
    sqlite3_mem_methods shim;
    if (below.xMalloc) return true;
    /* The system's allocator, which SQLite configures itself with when it is first asked for it. */
    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &below) != SQLITE_OK) return false;
    shim = below;
    shim.xMalloc = shim_malloc;
    shim.xRealloc = shim_realloc;
    /* Nobody asks what SQLite has allocated, and to count it is a lock an allocation. */
    if (sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) == SQLITE_OK &&
        sqlite3_config(SQLITE_CONFIG_MALLOC, &shim) == SQLITE_OK)
        return true;
    below = (sqlite3_mem_methods){0};
    return false;
}

void fault_sqlite_heap_use(struct fault_set *set) {
    VK_ASSERT(!set || below.xMalloc ||
              !fault_pending(set, FAULT_SQLITE_HEAP)); /* INV-SQLITE-HEAP-1 */
    current = set && fault_pending(set, FAULT_SQLITE_HEAP) ? set : NULL;
}
