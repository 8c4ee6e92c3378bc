/* schema.h - opens the database file and sees to it that its tables are the swing-store's. */
#ifndef VK_STORE_SCHEMA_H
#define VK_STORE_SCHEMA_H

#include "sql.h"
#include "vk/ports.h"

/* Opens the connection. `heap` for a temporary name only. On an error nothing is left open.
 *   VK_ERR_USAGE    there is no such file (read_only), or it cannot be opened
 *   VK_ERR_CORRUPT  it is no database, is truncated, or its tables have another shape
 *   VK_ERR_BUSY     somebody else is writing
 * read_only never changes the file, nor a -wal beside it (which is read through, and not
 * checkpointed), and leaves no new file behind. */
enum vk_err vk_schema_open(struct vk_sql *sql, const struct vk_heap *heap,
                           const struct vk_disk *disk, bool read_only) VK_MUST_CHECK;

#endif
