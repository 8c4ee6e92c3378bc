/* kept_node.c - see kept_node.h. */
#include "kept_node.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>

enum { PATH_SIZE = 4096 };

static enum vk_err path_of(char path[PATH_SIZE], const char *folder, uint32_t replica,
                           const char *file) {
    int n = snprintf(path, PATH_SIZE, "%s/replica-%u/%s", folder, (unsigned)replica, file);
    return n > 0 && n < PATH_SIZE ? VK_OK : VK_RAISE(VK_ERR_DISK, "%s: too long a name", folder);
}

static enum vk_err make_folder(const char *path) {
    if (mkdir(path, 0777) == 0 || errno == EEXIST) return VK_OK;
    return VK_RAISE(VK_ERR_DISK, "%s: %s", path, strerror(errno));
}

enum vk_err sim_kept_flight(const char *folder, uint32_t replica, struct sim_flight **out) {
    char path[PATH_SIZE];
    VK_TRY(make_folder(folder));
    VK_TRY(path_of(path, folder, replica, ""));
    VK_TRY(make_folder(path));
    VK_TRY(path_of(path, folder, replica, SIM_KEPT_SLOG));
    remove(path); /* of another run */
    return sim_flight_open(path, SIM_FLIGHT_FILE_BYTES, out);
}

enum vk_err sim_kept_trace(const char *folder, uint32_t replica, const struct fault_set *faults,
                           struct sim_trace_log **out) {
    char path[PATH_SIZE];
    *out = NULL;
    VK_TRY(path_of(path, folder, replica, SIM_KEPT_TRACE));
    return sim_trace_log_open(path, faults, out);
}

static enum vk_err sql_failed(sqlite3 *db, const char *path) {
    return VK_RAISE(VK_ERR_DISK, "%s: %s", path, db ? sqlite3_errmsg(db) : "out of memory");
}

static enum vk_err copy(sqlite3 *from, sqlite3 *to, const char *path) {
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
    if (!backup) return sql_failed(to, path);
    sqlite3_backup_step(backup, -1);
    if (sqlite3_backup_finish(backup) != SQLITE_OK) return sql_failed(to, path);
    /* A copy is read where it lies, without a -wal beside it. */
    int rc = sqlite3_exec(to, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
    return rc == SQLITE_OK ? VK_OK : sql_failed(to, path);
}

enum vk_err sim_kept_database(const char *folder, uint32_t replica, const struct vk_disk *from) {
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    char path[PATH_SIZE];
    sqlite3 *source = NULL, *copied = NULL;
    VK_TRY(path_of(path, folder, replica, SIM_KEPT_DATABASE));
    remove(path); /* of another run */
    enum vk_err err = VK_OK;
    if (sqlite3_open_v2(from->path, &source, flags, from->vfs) != SQLITE_OK)
        err = sql_failed(source, from->path);
    else if (sqlite3_open_v2(path, &copied, flags | SQLITE_OPEN_CREATE, NULL) != SQLITE_OK)
        err = sql_failed(copied, path);
    else
        err = copy(source, copied, path);
    sqlite3_close(source);
    sqlite3_close(copied);
    return err;
}
