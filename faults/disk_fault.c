/* disk_fault.c - see disk_fault.h. */
#include "disk_fault.h"

#include "vk/err.h"
#include "vk/probe.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

struct fault_disk {
    sqlite3_vfs vfs;
    char name[32];
    sqlite3_vfs *below;
    struct fault_set *set;
    uint64_t operations;
    bool power_is_off;
};

/* An open file; the one of the disk below comes right behind it. */
struct shim_file {
    sqlite3_file base;
    struct fault_disk *disk;
    sqlite3_file *below;
};

static struct shim_file *shim_of(sqlite3_file *file) { return (struct shim_file *)file; }

static bool strikes(struct fault_disk *disk, enum fault_kind kind) {
    return fault_strikes(disk->set, kind, FAULT_ANY_VAT) != NULL;
}

/* At each operation. True: power fails in this very one. */
static bool power_fails(struct fault_disk *disk) {
    VK_ASSERT(!disk->power_is_off); /* INV-DISK-FAULT-2 */
    disk->operations++;
    disk->power_is_off = strikes(disk, FAULT_POWER_CUT);
    return disk->power_is_off;
}

/* ---- a file's methods */

static int shim_close(sqlite3_file *file) {
    struct shim_file *shim = shim_of(file);
    return shim->below->pMethods ? shim->below->pMethods->xClose(shim->below) : SQLITE_OK;
}

static int shim_read(sqlite3_file *file, void *out, int n, sqlite3_int64 offset) {
    struct shim_file *shim = shim_of(file);
    if (shim->disk->power_is_off || strikes(shim->disk, FAULT_DISK_READ)) return SQLITE_IOERR_READ;
    return shim->below->pMethods->xRead(shim->below, out, n, offset);
}

static int write_below(struct shim_file *shim, const void *bytes, int n, sqlite3_int64 offset) {
    return n > 0 ? shim->below->pMethods->xWrite(shim->below, bytes, n, offset) : SQLITE_OK;
}

static int shim_write(sqlite3_file *file, const void *bytes, int n, sqlite3_int64 offset) {
    struct shim_file *shim = shim_of(file);
    struct fault_disk *disk = shim->disk;
    if (disk->power_is_off) return SQLITE_IOERR_WRITE;
    if (power_fails(disk)) {
        (void)write_below(shim, bytes, n, offset);
        return SQLITE_IOERR_WRITE;
    }
    if (strikes(disk, FAULT_DISK_WRITE)) return SQLITE_IOERR_WRITE;
    if (strikes(disk, FAULT_DISK_FULL)) return SQLITE_FULL;
    if (strikes(disk, FAULT_DISK_SHORT)) {
        int rc = write_below(shim, bytes, n / 2, offset);
        return rc == SQLITE_OK ? SQLITE_FULL : rc;
    }
    return write_below(shim, bytes, n, offset);
}

static int shim_truncate(sqlite3_file *file, sqlite3_int64 size) {
    struct shim_file *shim = shim_of(file);
    if (shim->disk->power_is_off) return SQLITE_IOERR_TRUNCATE;
    bool cut = power_fails(shim->disk);
    if (!cut && strikes(shim->disk, FAULT_DISK_TRUNCATE)) return SQLITE_IOERR_TRUNCATE;
    int rc = shim->below->pMethods->xTruncate(shim->below, size);
    return cut ? SQLITE_IOERR_TRUNCATE : rc;
}

static int shim_sync(sqlite3_file *file, int flags) {
    struct shim_file *shim = shim_of(file);
    if (shim->disk->power_is_off || power_fails(shim->disk) || strikes(shim->disk, FAULT_DISK_SYNC))
        return SQLITE_IOERR_FSYNC;
    return shim->below->pMethods->xSync(shim->below, flags);
}

static int shim_file_size(sqlite3_file *file, sqlite3_int64 *size) {
    struct shim_file *shim = shim_of(file);
    if (shim->disk->power_is_off) return SQLITE_IOERR_FSTAT;
    return shim->below->pMethods->xFileSize(shim->below, size);
}

static int shim_lock(sqlite3_file *file, int lock) {
    struct shim_file *shim = shim_of(file);
    if (shim->disk->power_is_off) return SQLITE_IOERR_LOCK;
    if (strikes(shim->disk, FAULT_DISK_BUSY)) return SQLITE_BUSY;
    return shim->below->pMethods->xLock(shim->below, lock);
}

static int shim_unlock(sqlite3_file *file, int lock) {
    struct shim_file *shim = shim_of(file);
    return shim->below->pMethods->xUnlock(shim->below, lock);
}

static int shim_check_reserved(sqlite3_file *file, int *reserved) {
    struct shim_file *shim = shim_of(file);
    *reserved = 0;
    if (shim->disk->power_is_off) return SQLITE_IOERR_CHECKRESERVEDLOCK;
    return shim->below->pMethods->xCheckReservedLock(shim->below, reserved);
}

static int shim_control(sqlite3_file *file, int op, void *arg) {
    struct shim_file *shim = shim_of(file);
    if (shim->disk->power_is_off) return SQLITE_NOTFOUND;
    if (op == SQLITE_FCNTL_SIZE_HINT && strikes(shim->disk, FAULT_DISK_FULL)) {
        VK_RARELY(disk_full_at_size_hint);
        return SQLITE_FULL;
    }
    return shim->below->pMethods->xFileControl(shim->below, op, arg);
}

static int shim_sector_size(sqlite3_file *file) {
    struct shim_file *shim = shim_of(file);
    return shim->below->pMethods->xSectorSize(shim->below);
}

static int shim_characteristics(sqlite3_file *file) {
    struct shim_file *shim = shim_of(file);
    return shim->below->pMethods->xDeviceCharacteristics(shim->below);
}

static int shim_shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **out) {
    struct shim_file *shim = shim_of(file);
    *out = NULL;
    if (shim->disk->power_is_off) return SQLITE_IOERR_SHMMAP;
    return shim->below->pMethods->xShmMap(shim->below, region, size, extend, out);
}

static int shim_shm_lock(sqlite3_file *file, int first, int n, int flags) {
    struct shim_file *shim = shim_of(file);
    if (flags & SQLITE_SHM_LOCK) {
        if (shim->disk->power_is_off) return SQLITE_IOERR_SHMLOCK;
        if (strikes(shim->disk, FAULT_DISK_BUSY)) return SQLITE_BUSY;
    }
    return shim->below->pMethods->xShmLock(shim->below, first, n, flags);
}

static void shim_shm_barrier(sqlite3_file *file) {
    struct shim_file *shim = shim_of(file);
    shim->below->pMethods->xShmBarrier(shim->below);
}

static int shim_shm_unmap(sqlite3_file *file, int delete_too) {
    struct shim_file *shim = shim_of(file);
    return shim->below->pMethods->xShmUnmap(shim->below, delete_too);
}

/* Version 2: no memory-mapped reads, which would pass the shim by. */
static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = shim_close,
    .xRead = shim_read,
    .xWrite = shim_write,
    .xTruncate = shim_truncate,
    .xSync = shim_sync,
    .xFileSize = shim_file_size,
    .xLock = shim_lock,
    .xUnlock = shim_unlock,
    .xCheckReservedLock = shim_check_reserved,
    .xFileControl = shim_control,
    .xSectorSize = shim_sector_size,
    .xDeviceCharacteristics = shim_characteristics,
    .xShmMap = shim_shm_map,
    .xShmLock = shim_shm_lock,
    .xShmBarrier = shim_shm_barrier,
    .xShmUnmap = shim_shm_unmap,
};

/* ---- the VFS's methods */

static struct fault_disk *disk_of(sqlite3_vfs *vfs) { return vfs->pAppData; }

static int shim_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                     int *flags_out) {
    struct fault_disk *disk = disk_of(vfs);
    struct shim_file *shim = shim_of(file);
    file->pMethods = NULL;
    if (disk->power_is_off) return SQLITE_IOERR;
    if ((flags & SQLITE_OPEN_CREATE) && power_fails(disk)) return SQLITE_IOERR;
    shim->disk = disk;
    shim->below = (sqlite3_file *)(shim + 1);
    int rc = disk->below->xOpen(disk->below, name, shim->below, flags, flags_out);
    const sqlite3_io_methods *below = shim->below->pMethods;
    if (below) file->pMethods = &methods; /* then it wants to be closed, too */
    VK_ASSERT(rc != SQLITE_OK || (below && below->iVersion >= 2)); /* INV-DISK-FAULT-1 */
    return rc;
}

static int shim_delete(sqlite3_vfs *vfs, const char *name, int sync_folder) {
    struct fault_disk *disk = disk_of(vfs);
    if (disk->power_is_off) return SQLITE_IOERR_DELETE;
    bool cut = power_fails(disk);
    VK_RARELY_IF(cut, power_failed_at_a_delete);
    bool unsynced = !cut && sync_folder && strikes(disk, FAULT_DISK_SYNC);
    int rc = disk->below->xDelete(disk->below, name, cut || unsynced ? 0 : sync_folder);
    if (cut) return SQLITE_IOERR_DELETE;
    return rc == SQLITE_OK && unsynced ? SQLITE_IOERR_DIR_FSYNC : rc;
}

static int shim_access(sqlite3_vfs *vfs, const char *name, int flags, int *out) {
    struct fault_disk *disk = disk_of(vfs);
    *out = 0;
    if (disk->power_is_off) return SQLITE_IOERR_ACCESS;
    return disk->below->xAccess(disk->below, name, flags, out);
}

static int shim_full_pathname(sqlite3_vfs *vfs, const char *name, int size, char *out) {
    return disk_of(vfs)->below->xFullPathname(disk_of(vfs)->below, name, size, out);
}

static int shim_randomness(sqlite3_vfs *vfs, int n, char *out) {
    return disk_of(vfs)->below->xRandomness(disk_of(vfs)->below, n, out);
}

static int shim_sleep(sqlite3_vfs *vfs, int microseconds) {
    return disk_of(vfs)->below->xSleep(disk_of(vfs)->below, microseconds);
}

static int shim_current_time(sqlite3_vfs *vfs, double *out) {
    return disk_of(vfs)->below->xCurrentTime(disk_of(vfs)->below, out);
}

static int shim_last_error(sqlite3_vfs *vfs, int n, char *out) {
    return disk_of(vfs)->below->xGetLastError(disk_of(vfs)->below, n, out);
}

static int shim_current_time_ms(sqlite3_vfs *vfs, sqlite3_int64 *out) {
    return disk_of(vfs)->below->xCurrentTimeInt64(disk_of(vfs)->below, out);
}

/* ---- the shim itself */

struct fault_disk *fault_disk_new(struct fault_set *set, const char *base_vfs) {
    static _Atomic uint64_t disks_made; /* for names only, which nothing depends on */
    sqlite3_vfs *below = sqlite3_vfs_find(base_vfs);
    if (!below || below->iVersion < 2) return NULL;
    struct fault_disk *disk = calloc(1, sizeof *disk);
    if (!disk) return NULL;
    disk->set = set;
    disk->below = below;
    snprintf(disk->name, sizeof disk->name, "fault-disk-%llu",
             (unsigned long long)atomic_fetch_add(&disks_made, 1));
    disk->vfs = (sqlite3_vfs){
        .iVersion = 2,
        .szOsFile = (int)sizeof(struct shim_file) + below->szOsFile,
        .mxPathname = below->mxPathname,
        .zName = disk->name,
        .pAppData = disk,
        .xOpen = shim_open,
        .xDelete = shim_delete,
        .xAccess = shim_access,
        .xFullPathname = shim_full_pathname,
        .xRandomness = shim_randomness,
        .xSleep = shim_sleep,
        .xCurrentTime = shim_current_time,
        .xGetLastError = shim_last_error,
        .xCurrentTimeInt64 = shim_current_time_ms,
    };
    if (sqlite3_vfs_register(&disk->vfs, 0) == SQLITE_OK) return disk;
    free(disk);
    return NULL;
}

void fault_disk_free(struct fault_disk *disk) {
    if (!disk) return;
    sqlite3_vfs_unregister(&disk->vfs);
    free(disk);
}

const char *fault_disk_vfs(const struct fault_disk *disk) { return disk->name; }

bool fault_disk_power_is_off(const struct fault_disk *disk) { return disk->power_is_off; }

void fault_disk_power_off(struct fault_disk *disk) { disk->power_is_off = true; }

void fault_disk_power_back(struct fault_disk *disk) { disk->power_is_off = false; }

uint64_t fault_disk_operations(const struct fault_disk *disk) { return disk->operations; }
