/* split_functions.h - where a family of the kernel's functions begins: what the rest of the
 * kernel calls of it.
 *
 * The linker puts split_wrappers.c's __wrap_NAME for each NAME here (the build reads this list
 * for its --wrap options, one function a line). Calls within a family's own file are not seen,
 * and need not be.
 *
 *   VALUE(family, type, name, (parameters), (arguments))   gives something back
 *   NOTHING(family, name, (parameters), (arguments))       does not
 */
/* clang-format off */

/* The kernel, entered from the driver. */
VALUE(KERNEL, enum vk_err, vk_kernel_open, (struct vk_store *a, const struct vk_ports *b, const struct vk_kernel_options *c, struct vk_kernel **d), (a, b, c, d))
NOTHING(KERNEL, vk_kernel_close, (struct vk_kernel *a), (a))
VALUE(KERNEL, enum vk_err, vk_kernel_run_crank, (struct vk_kernel *a, const struct vk_run_policy *b, struct vk_crank_result *c), (a, b, c))
VALUE(KERNEL, enum vk_err, vk_host_apply_write, (struct vk_kernel *a, struct vk_str b, struct vk_str c), (a, b, c))
VALUE(KERNEL, enum vk_err, vk_host_attach_vat, (struct vk_kernel *a, struct vk_str b), (a, b))

/* The store; and its database, which the write-back mode only sees when it is opened, committed
 * to and closed. */
VALUE(DATABASE, enum vk_err, vk_store_open, (const struct vk_ports *a, const struct vk_store_options *b, struct vk_store **c), (a, b, c))
VALUE(DATABASE, enum vk_err, vk_store_commit, (struct vk_store *a), (a))
NOTHING(DATABASE, vk_store_close, (struct vk_store *a), (a))
VALUE(STORE, enum vk_err, vk_store_get, (struct vk_store *a, struct vk_arena *b, struct vk_str c, struct vk_str *d), (a, b, c, d))
VALUE(STORE, enum vk_err, vk_store_has, (struct vk_store *a, struct vk_str b, bool *c), (a, b, c))
VALUE(STORE, enum vk_err, vk_store_next_key, (struct vk_store *a, struct vk_arena *b, struct vk_str c, struct vk_str *d), (a, b, c, d))
VALUE(STORE, enum vk_err, vk_store_set, (struct vk_store *a, struct vk_str b, struct vk_str c), (a, b, c))
VALUE(STORE, enum vk_err, vk_store_delete, (struct vk_store *a, struct vk_str b), (a, b))
VALUE(STORE, enum vk_err, vk_store_start_crank, (struct vk_store *a), (a))
VALUE(STORE, enum vk_err, vk_store_savepoint, (struct vk_store *a, enum vk_savepoint b), (a, b))
VALUE(STORE, enum vk_err, vk_store_rollback, (struct vk_store *a, enum vk_savepoint b), (a, b))
VALUE(STORE, enum vk_err, vk_store_emit_hashes, (struct vk_store *a, char b[VK_HASH_HEX], char c[VK_HASH_HEX]), (a, b, c))
VALUE(STORE, enum vk_err, vk_store_end_crank, (struct vk_store *a), (a))
NOTHING(STORE, vk_store_abandon_crank, (struct vk_store *a), (a))
VALUE(STORE, enum vk_err, vk_transcript_init, (struct vk_store *a, struct vk_str b), (a, b))
VALUE(STORE, enum vk_err, vk_transcript_add, (struct vk_store *a, struct vk_str b, struct vk_str c), (a, b, c))
VALUE(STORE, enum vk_err, vk_transcript_current, (struct vk_store *a, struct vk_str b, struct vk_span *c), (a, b, c))
VALUE(STORE, enum vk_err, vk_transcript_item, (struct vk_store *a, struct vk_arena *b, struct vk_str c, uint64_t d, struct vk_str *e), (a, b, c, d, e))
VALUE(STORE, enum vk_err, vk_transcript_rollover_span, (struct vk_store *a, struct vk_str b), (a, b))
VALUE(STORE, enum vk_err, vk_transcript_rollover_incarnation, (struct vk_store *a, struct vk_str b, uint64_t *c), (a, b, c))
VALUE(STORE, enum vk_err, vk_transcript_stop, (struct vk_store *a, struct vk_str b), (a, b))
VALUE(STORE, enum vk_err, vk_transcript_delete, (struct vk_store *a, struct vk_str b, uint64_t c, uint64_t *d, bool *e), (a, b, c, d, e))
VALUE(STORE, enum vk_err, vk_snapshot_save, (struct vk_store *a, struct vk_str b, uint64_t c, const char *d, struct vk_str e, struct vk_snapshot_info *f), (a, b, c, d, e, f))
VALUE(STORE, enum vk_err, vk_snapshot_current, (struct vk_store *a, struct vk_str b, bool *c, struct vk_snapshot_info *d), (a, b, c, d))
VALUE(STORE, enum vk_err, vk_snapshot_load, (struct vk_store *a, struct vk_arena *b, struct vk_str c, struct vk_str *d), (a, b, c, d))
VALUE(STORE, enum vk_err, vk_snapshot_stop, (struct vk_store *a, struct vk_str b), (a, b))
VALUE(STORE, enum vk_err, vk_snapshot_delete, (struct vk_store *a, struct vk_str b, uint64_t c, uint64_t *d, bool *e), (a, b, c, d, e))
VALUE(STORE, enum vk_err, vk_bundle_has, (struct vk_store *a, struct vk_str b, bool *c), (a, b, c))
VALUE(STORE, enum vk_err, vk_bundle_add, (struct vk_store *a, struct vk_str b, struct vk_str c), (a, b, c))

/* SHA-256: crankhash, activityhash, spans. Copying to the hasher's buffer is the store's. */
VALUE(SHA256, int, EVP_DigestUpdate, (EVP_MD_CTX *a, const void *b, size_t c), (a, b, c))
VALUE(SHA256, int, EVP_DigestFinal_ex, (EVP_MD_CTX *a, unsigned char *b, unsigned int *c), (a, b, c))
VALUE(SHA256, int, EVP_DigestInit_ex2, (EVP_MD_CTX *a, const EVP_MD *b, const OSSL_PARAM *c), (a, b, c))
VALUE(SHA256, int, EVP_DigestInit_ex, (EVP_MD_CTX *a, const EVP_MD *b, ENGINE *c), (a, b, c))

/* XXH3: the state hash. */
VALUE(STATE_HASH, struct vk_state_hash, vk_state_hash_term, (struct vk_str a, struct vk_str b), (a, b))

/* Translation between krefs and vrefs. */
VALUE(TRANSLATION, enum vk_err, vk_translate_message, (struct vk_kernel *a, struct vk_vat_id b, struct vk_kref c, const struct vk_message *d, struct vk_parcel *e), (a, b, c, d, e))
VALUE(TRANSLATION, enum vk_err, vk_translate_notify, (struct vk_kernel *a, struct vk_vat_id b, const struct vk_kref *c, size_t d, struct vk_parcel *e), (a, b, c, d, e))
VALUE(TRANSLATION, enum vk_err, vk_translate_gc, (struct vk_kernel *a, struct vk_vat_id b, enum vk_delivery_type c, const struct vk_kref *d, size_t e, struct vk_parcel *f), (a, b, c, d, e, f))
VALUE(TRANSLATION, enum vk_err, vk_translate_start_vat, (struct vk_kernel *a, struct vk_vat_id b, const struct vk_capdata *c, struct vk_parcel *d), (a, b, c, d))
VALUE(TRANSLATION, enum vk_err, vk_translate_change_options, (struct vk_kernel *a, struct vk_str b, struct vk_parcel *c), (a, b, c))
VALUE(TRANSLATION, enum vk_err, vk_translate_bring_out_your_dead, (struct vk_kernel *a, struct vk_parcel *b), (a, b))
VALUE(TRANSLATION, enum vk_err, vk_translate_syscall, (struct vk_kernel *a, struct vk_vat_id b, const struct vk_syscall *c, struct vk_fault *d, struct vk_kernel_syscall *e), (a, b, c, d, e))
VALUE(TRANSLATION, enum vk_err, vk_clist_find, (struct vk_state *a, struct vk_vat_id b, struct vk_kref c, struct vk_clist_entry *d), (a, b, c, d))
VALUE(TRANSLATION, enum vk_err, vk_clist_require, (struct vk_state *a, struct vk_vat_id b, struct vk_kref c, struct vk_clist_entry *d), (a, b, c, d))
VALUE(TRANSLATION, enum vk_err, vk_clist_to_kernel, (struct vk_state *a, struct vk_vat_id b, struct vk_str c, enum vk_to_kernel d, struct vk_fault *e, struct vk_kref *f), (a, b, c, d, e, f))
VALUE(TRANSLATION, enum vk_err, vk_clist_to_vat, (struct vk_state *a, struct vk_vat_id b, struct vk_kref c, enum vk_to_vat d, struct vk_str *e), (a, b, c, d, e))
VALUE(TRANSLATION, enum vk_err, vk_clist_clear_reachable, (struct vk_state *a, struct vk_vat_id b, struct vk_kref c), (a, b, c))
VALUE(TRANSLATION, enum vk_err, vk_clist_delete, (struct vk_state *a, struct vk_vat_id b, struct vk_kref c, struct vk_str d), (a, b, c, d))
VALUE(TRANSLATION, enum vk_err, vk_clist_delete_all, (struct vk_state *a, struct vk_vat_id b, const struct vk_kref *c, size_t d), (a, b, c, d))

/* JSON and capdata. Looking up members of a parsed tree is left to whoever does it. */
VALUE(JSON, enum vk_err, vk_json_parse, (struct vk_arena *a, struct vk_str b, const struct vk_json **c), (a, b, c))
NOTHING(JSON, vk_json_write, (struct vk_buf *a, const struct vk_json *b), (a, b))
NOTHING(JSON, vk_json_quote, (struct vk_buf *a, struct vk_str b), (a, b))
VALUE(JSON, enum vk_err, vk_capdata_decode, (struct vk_arena *a, const struct vk_capdata *b, bool *c, struct vk_value **d), (a, b, c, d))
VALUE(JSON, enum vk_err, vk_capdata_encode, (struct vk_arena *a, const struct vk_value *b, struct vk_capdata *c), (a, b, c))
VALUE(JSON, enum vk_err, vk_capdata_single_slot, (struct vk_arena *a, const struct vk_capdata *b, bool *c, struct vk_str *d), (a, b, c, d))
VALUE(JSON, enum vk_err, vk_capdata_method, (struct vk_arena *a, const struct vk_capdata *b, struct vk_str *c), (a, b, c))
VALUE(JSON, enum vk_err, vk_capdata_error, (struct vk_arena *a, struct vk_str b, struct vk_capdata *c), (a, b, c))
NOTHING(JSON, vk_capdata_write, (struct vk_buf *a, const struct vk_capdata *b), (a, b))
VALUE(JSON, enum vk_err, vk_capdata_read, (struct vk_arena *a, const struct vk_json *b, bool *c, struct vk_capdata *d), (a, b, c, d))
/* clang-format on */
