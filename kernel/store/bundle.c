/* bundle.c - code bundles by id, over either mode.
 *
 * Answers to packages/swing-store/src/bundleStore.js, but for what is in them: a bundle's bytes are
 * the caller's (the JSON text of a b0- bundle, the zip of a b1- bundle), and whether its id is
 * theirs is not checked. An imported bundle whose bytes are not there yet is pruned: it exists, and
 * counts as not there.
 */
#include "rows.h"
#include "store_state.h"

enum vk_err vk_bundle_add(struct vk_store *store, struct vk_str id, struct vk_str bytes) {
    enum vk_bundle_state state;
    VK_TRY(vk_store_writable(store));
    VK_TRY(store->mode->bundles->get(store, NULL, id, &state, NULL));
    if (state != VK_BUNDLE_ABSENT)
        return VK_RAISE(VK_ERR_USAGE, "there is a bundle %.*s", VK_STR_ARG(id));
    VK_TRY(store->mode->bundles->add(store, id, bytes));
    return vk_store_emit(store, VK_TRACE_BUNDLE, id, VK_STR_NONE);
}

enum vk_err vk_bundle_has(struct vk_store *store, struct vk_str id, bool *has) {
    enum vk_bundle_state state;
    VK_TRY(store->mode->bundles->get(store, NULL, id, &state, NULL));
    *has = state == VK_BUNDLE_HERE;
    return VK_OK;
}

enum vk_err vk_bundle_get(struct vk_store *store, struct vk_arena *arena, struct vk_str id,
                          struct vk_str *bytes) {
    enum vk_bundle_state state;
    *bytes = VK_STR_NONE;
    return store->mode->bundles->get(store, arena, id, &state, bytes);
}

enum vk_err vk_bundle_delete(struct vk_store *store, struct vk_str id) {
    enum vk_bundle_state state;
    VK_TRY(vk_store_writable(store));
    VK_TRY(store->mode->bundles->get(store, NULL, id, &state, NULL));
    if (state == VK_BUNDLE_HERE) VK_TRY(store->mode->bundles->remove(store, id));
    return vk_store_emit(store, VK_TRACE_BUNDLE_DEL, id, VK_STR_NONE);
}

/* ---- direct */

static enum vk_err sql_get(struct vk_store *store, struct vk_arena *arena, struct vk_str id,
                           enum vk_bundle_state *state, struct vk_str *bytes) {
    sqlite3_stmt *statement;
    bool found;
    struct vk_str blob = VK_STR_NONE;
    *state = VK_BUNDLE_ABSENT;
    VK_TRY(vk_sql_bind(&store->sql, VK_SQL_BUNDLE_GET, &statement, "t", id));
    VK_TRY(vk_sql_step(&store->sql, statement, &found));
    if (!found) return VK_OK;
    enum vk_err err = vk_sql_blob(&store->sql, statement, 0, "a bundle", &blob);
    *state = vk_str_present(blob) ? VK_BUNDLE_HERE : VK_BUNDLE_PRUNED;
    if (err == VK_OK && bytes && vk_str_present(blob)) err = vk_arena_copy(arena, blob, bytes);
    vk_sql_done(statement);
    return err;
}

static enum vk_err sql_write(struct vk_store *store, struct vk_str id, struct vk_str bytes) {
    /* A b0- bundle is a string to the swing-store, others are bytes. */
    bool text = vk_str_starts(id, VK_STR("b0-"));
    return vk_sql_run(&store->sql, VK_SQL_BUNDLE_ADD, text ? "tt" : "tb", id, bytes);
}

static enum vk_err sql_add(struct vk_store *store, struct vk_str id, struct vk_str bytes) {
    VK_TRY(vk_sql_begin(&store->sql));
    return sql_write(store, id, bytes);
}

static enum vk_err sql_remove(struct vk_store *store, struct vk_str id) {
    VK_TRY(vk_sql_begin(&store->sql));
    return vk_sql_run(&store->sql, VK_SQL_BUNDLE_DELETE, "t", id);
}

const struct vk_bundle_ops vk_bundle_sql = {sql_get, sql_add, sql_remove};

/* ---- write-back: a row's value is one byte, whether it is deleted, and the bundle */

static struct vk_str deleted_flag(bool deleted) { return deleted ? VK_STR("\1") : VK_STR("\0"); }

static bool is_deleted(const struct vk_entry *entry) { return entry->value[0] != '\0'; }

static enum vk_err overlay_get(struct vk_store *store, struct vk_arena *arena, struct vk_str id,
                               enum vk_bundle_state *state, struct vk_str *bytes) {
    struct vk_row_key key;
    VK_TRY(vk_row_name_check(id)); /* INV-ROWS-4 */
    vk_row_key_vat(&key, VK_ROW_BUNDLE, id);
    struct vk_entry *entry = vk_row_get(store, &key);
    if (!entry) return sql_get(store, arena, id, state, bytes);
    *state = is_deleted(entry) ? VK_BUNDLE_ABSENT : VK_BUNDLE_HERE;
    if (*state == VK_BUNDLE_ABSENT || !bytes) return VK_OK;
    return vk_arena_copy(arena, vk_str_from(vk_entry_value(entry), 1), bytes);
}

static enum vk_err overlay_add(struct vk_store *store, struct vk_str id, struct vk_str bytes) {
    struct vk_row_key key;
    vk_row_key_vat(&key, VK_ROW_BUNDLE, id);
    return vk_row_put(store, &key, deleted_flag(false), bytes);
}

static enum vk_err overlay_remove(struct vk_store *store, struct vk_str id) {
    struct vk_row_key key;
    vk_row_key_vat(&key, VK_ROW_BUNDLE, id);
    return vk_row_put(store, &key, deleted_flag(true), VK_STR_NONE);
}

const struct vk_bundle_ops vk_bundle_overlay = {overlay_get, overlay_add, overlay_remove};

enum vk_err vk_bundle_row_write(struct vk_store *store, const struct vk_entry *entry,
                                enum vk_row_phase phase) {
    struct vk_str id = vk_row_name_of(vk_entry_key(entry));
    /* One that was deleted and added again in one block is in the database under its old bytes. */
    if (phase == VK_ROW_PHASE_CLEAR) return vk_sql_run(&store->sql, VK_SQL_BUNDLE_DELETE, "t", id);
    if (phase != VK_ROW_PHASE_WRITE || is_deleted(entry)) return VK_OK;
    return sql_write(store, id, vk_str_from(vk_entry_value(entry), 1));
}
