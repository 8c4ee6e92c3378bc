/* mem_disk.c - see mem_disk.h. The bytes of a file are in mem_file.c; here are its folder, the locks and the VFS.
 *
 * INV-DISK-4  A name refers to one file now and to one (or none) in the folder as it was last synced; after a
 *             power cut, to either. As on a Unix disk, syncing a -journal or -wal that was created through
 *             its handle syncs the folder, and so does deleting with the wish for it.
 * INV-DISK-5  A file lives as long as a name refers to it or it is open.
 */
#include "mem_disk.h"

#include "array.h"
#include "mem_file.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum {
    NAME_SIZE = 128,
    SHM_REGIONS_MAX = 64,
    TOLD_SECTOR_SIZE = 4096, /* what SQLite is told a sector is, as on a Unix disk */
};

struct handle;

/* One file, whatever its name. */
struct node {
    struct sim_file file;
    struct handle *handles; /* who has it open */
    unsigned char *shm[SHM_REGIONS_MAX];
    int shm_size; /* of a region; 0: nobody has mapped one */
    bool used;
};

struct entry {
    char name[NAME_SIZE];
    struct node *now;    /* NULL: no such file */
    struct node *synced; /* what a power cut may go back to */
};

struct sim_disk {
    sqlite3_vfs vfs;
    char name[32];
    struct {
        SIM_ARRAY(struct node *);
    } nodes;
    struct {
        SIM_ARRAY(struct entry);
    } entries;
    struct sim_random entropy;
    struct sim_disk_counts counts;
    size_t open_count;
};

/* What SQLite holds of an open file. */
struct handle {
    sqlite3_file base;
    struct sim_disk *disk;
    struct node *node;
    struct handle *next; /* of the same node */
    int lock;            /* SQLITE_LOCK_* */
    unsigned shm_shared, shm_exclusive;
    bool syncs_folder; /* at its next sync */
    bool is_mapped;
};

/* ---- the folder */

static struct entry *entry_find(struct sim_disk *disk, const char *name) {
    for (size_t i = 0; i < disk->entries.count; i++)
        if (strcmp(disk->entries.at[i].name, name) == 0) return &disk->entries.at[i];
    return NULL;
}

static enum vk_err entry_new(struct sim_disk *disk, const char *name, struct entry **out) {
    SIM_ARRAY_RESERVE(&disk->entries);
    struct entry *entry = &disk->entries.at[disk->entries.count++];
    VK_ASSERT(strlen(name) < NAME_SIZE); /* INV-DISK-4: xFullPathname gives no longer one */
    *entry = (struct entry){0};
    memcpy(entry->name, name, strlen(name) + 1);
    *out = entry;
    return VK_OK;
}

static enum vk_err node_new(struct sim_disk *disk, struct node **out) {
    for (size_t i = 0; i < disk->nodes.count; i++) {
        *out = disk->nodes.at[i];
        if ((*out)->used) continue;
        VK_ASSERT((*out)->file.size == 0 && !(*out)->handles); /* INV-DISK-5 */
        (*out)->used = true;
        return VK_OK;
    }
    SIM_ARRAY_RESERVE(&disk->nodes);
    *out = calloc(1, sizeof **out);
    if (!*out) return VK_RAISE(VK_ERR_NOMEM, "a file");
    (*out)->used = true;
    disk->nodes.at[disk->nodes.count++] = *out;
    return VK_OK;
}

/* INV-DISK-5 */
static void node_forget(struct sim_disk *disk, struct node *node) {
    if (node->handles) return;
    for (size_t i = 0; i < disk->entries.count; i++)
        if (disk->entries.at[i].now == node || disk->entries.at[i].synced == node) return;
    sim_file_clear(&node->file);
    node->used = false;
}

static void entry_settle(struct sim_disk *disk, struct entry *entry, struct node *node) {
    struct node *now = entry->now, *synced = entry->synced;
    entry->now = entry->synced = node;
    if (now && now != node) node_forget(disk, now);
    if (synced && synced != node && synced != now) node_forget(disk, synced);
}

static void folder_sync(struct sim_disk *disk) {
    for (size_t i = 0; i < disk->entries.count; i++) {
        struct entry *entry = &disk->entries.at[i];
        if (entry->now != entry->synced) entry_settle(disk, entry, entry->now);
    }
}

/* ---- a file's methods */

static struct handle *handle_of(sqlite3_file *file) {
    struct handle *handle = (struct handle *)file;
    VK_ASSERT(handle->disk && handle->node->used); /* INV-DISK-5 */
    return handle;
}

static int file_shm_unmap(sqlite3_file *file, int delete_too);

static int file_close(sqlite3_file *file) {
    struct handle *handle = handle_of(file);
    struct node *node = handle->node;
    (void)file_shm_unmap(file, 0);
    struct handle **link = &node->handles;
    while (*link && *link != handle)
        link = &(*link)->next;
    VK_ASSERT(*link == handle); /* INV-DISK-5 */
    *link = handle->next;
    handle->disk->open_count--;
    node_forget(handle->disk, node);
    return SQLITE_OK;
}

static int file_read(sqlite3_file *file, void *out, int n, sqlite3_int64 offset) {
    const struct handle *handle = handle_of(file);
    handle->disk->counts.reads++;
    uint64_t there = sim_file_read(&handle->node->file, (uint64_t)offset, out, (uint64_t)n);
    return there == (uint64_t)n ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int file_write(sqlite3_file *file, const void *bytes, int n, sqlite3_int64 offset) {
    const struct handle *handle = handle_of(file);
    handle->disk->counts.writes++;
    handle->disk->counts.bytes_written += (uint64_t)n;
    return sim_file_write(&handle->node->file, (uint64_t)offset, bytes, (uint64_t)n)
               ? SQLITE_OK
               : SQLITE_IOERR_NOMEM;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size) {
    const struct handle *handle = handle_of(file);
    handle->disk->counts.truncates++;
    return sim_file_truncate(&handle->node->file, (uint64_t)size) ? SQLITE_OK : SQLITE_IOERR_NOMEM;
}

static int file_sync(sqlite3_file *file, int flags) {
    struct handle *handle = handle_of(file);
    (void)flags;
    handle->disk->counts.syncs++;
    sim_file_sync(&handle->node->file);
    if (handle->syncs_folder) folder_sync(handle->disk); /* INV-DISK-4 */
    handle->syncs_folder = false;
    return SQLITE_OK;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size) {
    *size = (sqlite3_int64)handle_of(file)->node->file.size;
    return SQLITE_OK;
}

/* The strongest lock that anybody else holds. */
static int lock_of_others(const struct handle *handle) {
    int strongest = SQLITE_LOCK_NONE;
    for (const struct handle *other = handle->node->handles; other; other = other->next)
        if (other != handle && other->lock > strongest) strongest = other->lock;
    return strongest;
}

static int file_lock(sqlite3_file *file, int lock) {
    struct handle *handle = handle_of(file);
    int others = lock_of_others(handle);
    if (handle->lock >= lock) return SQLITE_OK;
    if (lock == SQLITE_LOCK_SHARED) {
        if (others >= SQLITE_LOCK_PENDING) return SQLITE_BUSY;
    } else if (others >= SQLITE_LOCK_RESERVED) {
        return SQLITE_BUSY;
    } else if (lock == SQLITE_LOCK_EXCLUSIVE && others == SQLITE_LOCK_SHARED) {
        handle->lock = SQLITE_LOCK_PENDING; /* no new readers */
        return SQLITE_BUSY;
    }
    handle->lock = lock;
    return SQLITE_OK;
}

static int file_unlock(sqlite3_file *file, int lock) {
    struct handle *handle = handle_of(file);
    if (handle->lock > lock) handle->lock = lock;
    return SQLITE_OK;
}

static int file_check_reserved(sqlite3_file *file, int *reserved) {
    const struct handle *handle = handle_of(file);
    *reserved =
        handle->lock >= SQLITE_LOCK_RESERVED || lock_of_others(handle) >= SQLITE_LOCK_RESERVED;
    return SQLITE_OK;
}

static int file_control(sqlite3_file *file, int op, void *arg) {
    (void)file, (void)op, (void)arg;
    return SQLITE_NOTFOUND;
}

static int file_sector_size(sqlite3_file *file) {
    (void)file;
    return TOLD_SECTOR_SIZE;
}

/* INV-DISK-2: a torn write hurts no byte beside it. */
static int file_characteristics(sqlite3_file *file) {
    (void)file;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

/* ---- shared memory: a node's, for as long as somebody has it mapped */

static int file_shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **out) {
    struct handle *handle = handle_of(file);
    struct node *node = handle->node;
    *out = NULL;
    if (region >= SHM_REGIONS_MAX) return SQLITE_FULL;
    VK_ASSERT(node->shm_size == 0 || node->shm_size == size); /* INV-DISK-3: SQLite has one size */
    handle->is_mapped = true;
    if (!node->shm[region]) {
        if (!extend) return SQLITE_OK;
        node->shm[region] = calloc(1, (size_t)size);
        if (!node->shm[region]) return SQLITE_IOERR_NOMEM;
    }
    node->shm_size = size;
    *out = node->shm[region];
    return SQLITE_OK;
}

static int file_shm_lock(sqlite3_file *file, int first, int n, int flags) {
    struct handle *handle = handle_of(file);
    unsigned mask = ((1u << n) - 1) << first;
    if (flags & SQLITE_SHM_UNLOCK) {
        handle->shm_shared &= ~mask;
        handle->shm_exclusive &= ~mask;
        return SQLITE_OK;
    }
    unsigned shared = 0, exclusive = 0;
    for (const struct handle *other = handle->node->handles; other; other = other->next) {
        if (other == handle) continue;
        shared |= other->shm_shared;
        exclusive |= other->shm_exclusive;
    }
    if (exclusive & mask) return SQLITE_BUSY;
    if (flags & SQLITE_SHM_SHARED) {
        handle->shm_shared |= mask;
        return SQLITE_OK;
    }
    if (shared & mask) return SQLITE_BUSY;
    handle->shm_exclusive |= mask;
    return SQLITE_OK;
}

static void file_shm_barrier(sqlite3_file *file) {
    (void)file;
    atomic_thread_fence(memory_order_seq_cst);
}

static void shm_free(struct node *node) {
    for (size_t i = 0; i < SHM_REGIONS_MAX && node->shm[i]; i++) {
        free(node->shm[i]);
        node->shm[i] = NULL;
    }
    node->shm_size = 0;
}

static int file_shm_unmap(sqlite3_file *file, int delete_too) {
    struct handle *handle = handle_of(file);
    (void)delete_too;
    handle->is_mapped = false;
    handle->shm_shared = handle->shm_exclusive = 0;
    for (const struct handle *other = handle->node->handles; other; other = other->next)
        if (other->is_mapped) return SQLITE_OK;
    shm_free(handle->node);
    return SQLITE_OK;
}

static const sqlite3_io_methods file_methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

/* ---- the disk's methods */

static struct sim_disk *disk_of(sqlite3_vfs *vfs) { return vfs->pAppData; }

/* No name: a temporary file, gone when it is closed. */
static int node_open(struct sim_disk *disk, const char *name, int flags, struct node **out) {
    struct entry *entry = name ? entry_find(disk, name) : NULL;
    *out = entry ? entry->now : NULL;
    if (*out) return SQLITE_OK;
    if (name && !(flags & SQLITE_OPEN_CREATE)) return SQLITE_CANTOPEN;
    if (name && !entry && entry_new(disk, name, &entry) != VK_OK) return SQLITE_IOERR_NOMEM;
    if (node_new(disk, out) != VK_OK) return SQLITE_IOERR_NOMEM;
    if (entry) entry->now = *out;
    return SQLITE_OK;
}

static int disk_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                     int *flags_out) {
    enum {
        SYNCED_WITH_FOLDER = SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL
    };
    struct sim_disk *disk = disk_of(vfs);
    struct handle *handle = (struct handle *)file;
    struct node *node;
    file->pMethods = NULL;
    int rc = node_open(disk, name, flags, &node);
    if (rc != SQLITE_OK) return rc;
    *handle = (struct handle){
        .base.pMethods = &file_methods,
        .disk = disk,
        .node = node,
        .next = node->handles,
        .syncs_folder = (flags & SQLITE_OPEN_CREATE) && (flags & SYNCED_WITH_FOLDER),
    };
    node->handles = handle;
    disk->open_count++;
    if (flags_out) *flags_out = flags;
    return SQLITE_OK;
}

static int disk_delete(sqlite3_vfs *vfs, const char *name, int sync_folder) {
    struct sim_disk *disk = disk_of(vfs);
    struct entry *entry = entry_find(disk, name);
    if (!entry || !entry->now) return SQLITE_IOERR_DELETE_NOENT;
    struct node *node = entry->now;
    entry->now = NULL;
    node_forget(disk, node);
    if (sync_folder) folder_sync(disk);
    return SQLITE_OK;
}

/* An empty file does not exist, as in SQLite's VFS for Unix. */
static int disk_access(sqlite3_vfs *vfs, const char *name, int flags, int *out) {
    const struct entry *entry = entry_find(disk_of(vfs), name);
    *out = entry && entry->now && (flags != SQLITE_ACCESS_EXISTS || entry->now->file.size > 0);
    return SQLITE_OK;
}

static int disk_full_pathname(sqlite3_vfs *vfs, const char *name, int size, char *out) {
    (void)vfs;
    size_t n = strlen(name);
    if (n >= (size_t)size || n >= NAME_SIZE) return SQLITE_CANTOPEN;
    memcpy(out, name, n + 1);
    return SQLITE_OK;
}

static int disk_randomness(sqlite3_vfs *vfs, int n, char *out) {
    for (int i = 0; i < n; i++)
        out[i] = (char)sim_random_below(&disk_of(vfs)->entropy, 256);
    return n;
}

/* INV-DISK-3: no time passes here. */
static int disk_sleep(sqlite3_vfs *vfs, int microseconds) {
    (void)vfs;
    return microseconds;
}

static const sqlite3_int64 julian_epoch_ms = INT64_C(210866760000000); /* 1970-01-01 */

static int disk_current_time_ms(sqlite3_vfs *vfs, sqlite3_int64 *out) {
    (void)vfs;
    *out = julian_epoch_ms;
    return SQLITE_OK;
}

static int disk_current_time(sqlite3_vfs *vfs, double *out) {
    (void)vfs;
    *out = (double)julian_epoch_ms / 86400000.0;
    return SQLITE_OK;
}

static int disk_last_error(sqlite3_vfs *vfs, int n, char *out) {
    (void)vfs;
    if (n > 0) *out = '\0';
    return SQLITE_OK;
}

/* ---- the whole disk */

static void counters_reset(struct sim_disk *disk) {
    disk->counts = (struct sim_disk_counts){0};
    sim_random_init(&disk->entropy, 0, "mem_disk");
}

struct sim_disk *sim_disk_new(void) {
    static _Atomic uint64_t disks_made; /* for names only, which nothing depends on */
    struct sim_disk *disk = calloc(1, sizeof *disk);
    if (!disk) return NULL;
    counters_reset(disk);
    snprintf(disk->name, sizeof disk->name, "sim-disk-%llu",
             (unsigned long long)atomic_fetch_add(&disks_made, 1));
    disk->vfs = (sqlite3_vfs){
        .iVersion = 2,
        .szOsFile = sizeof(struct handle),
        .mxPathname = NAME_SIZE - 1,
        .zName = disk->name,
        .pAppData = disk,
        .xOpen = disk_open,
        .xDelete = disk_delete,
        .xAccess = disk_access,
        .xFullPathname = disk_full_pathname,
        .xRandomness = disk_randomness,
        .xSleep = disk_sleep,
        .xCurrentTime = disk_current_time,
        .xGetLastError = disk_last_error,
        .xCurrentTimeInt64 = disk_current_time_ms,
    };
    if (sqlite3_vfs_register(&disk->vfs, 0) == SQLITE_OK) return disk;
    free(disk);
    return NULL;
}

void sim_disk_free(struct sim_disk *disk) {
    if (!disk) return;
    VK_ASSERT(disk->open_count == 0); /* INV-DISK-5 */
    sqlite3_vfs_unregister(&disk->vfs);
    for (size_t i = 0; i < disk->nodes.count; i++) {
        sim_file_release(&disk->nodes.at[i]->file);
        free(disk->nodes.at[i]);
    }
    sim_array_free(disk->nodes.at);
    sim_array_free(disk->entries.at);
    free(disk);
}

const char *sim_disk_vfs(const struct sim_disk *disk) { return disk->name; }

void sim_disk_clear(struct sim_disk *disk) {
    VK_ASSERT(disk->open_count == 0); /* INV-DISK-5 */
    for (size_t i = 0; i < disk->nodes.count; i++) {
        sim_file_clear(&disk->nodes.at[i]->file);
        disk->nodes.at[i]->used = false;
    }
    disk->entries.count = 0;
    counters_reset(disk);
}

void sim_disk_power_cut(struct sim_disk *disk, struct sim_random *stream) {
    VK_ASSERT(disk->open_count == 0); /* INV-DISK-5 */
    for (size_t i = 0; i < disk->nodes.count; i++)
        if (disk->nodes.at[i]->used) sim_file_power_cut(&disk->nodes.at[i]->file, stream);
    for (size_t i = 0; i < disk->entries.count; i++) {
        struct entry *entry = &disk->entries.at[i];
        if (entry->now == entry->synced) continue;
        entry_settle(disk, entry, sim_random_one_in(stream, 2) ? entry->now : entry->synced);
    }
}

bool sim_disk_rot(struct sim_disk *disk, const char *path, struct sim_random *stream) {
    struct entry *entry = entry_find(disk, path);
    return entry && entry->now && sim_file_rot(&entry->now->file, stream);
}

uint64_t sim_disk_unsynced(const struct sim_disk *disk) {
    uint64_t unsynced = 0;
    for (size_t i = 0; i < disk->nodes.count; i++)
        unsynced += disk->nodes.at[i]->file.log_count;
    for (size_t i = 0; i < disk->entries.count; i++)
        unsynced += disk->entries.at[i].now != disk->entries.at[i].synced;
    return unsynced;
}

struct sim_disk_counts sim_disk_counts(const struct sim_disk *disk) {
    return disk->counts;
}

void sim_disk_seed_sqlite(uint64_t seed) {
    int folded = (int)((seed ^ seed >> 32) & 0x7fffffff);
    int rc = sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, folded ? folded : 1, NULL);
    VK_ASSERT(rc == SQLITE_OK);  /* INV-DISK-3 */
    sqlite3_randomness(0, NULL); /* forgets what it had drawn before */
}
