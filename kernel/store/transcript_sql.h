/* transcript_sql.h - writes of transcript rows that both modes make, the one at once, the other
 * at commit. */
#ifndef VK_STORE_TRANSCRIPT_SQL_H
#define VK_STORE_TRANSCRIPT_SQL_H

#include "vk/store.h"

/* A span's row, new or not. */
enum vk_err vk_transcript_span_write(struct vk_store *store, struct vk_str vat,
                                     const struct vk_span *span, bool current) VK_MUST_CHECK;
/* A span's row and its items. */
enum vk_err vk_transcript_span_delete(struct vk_store *store, struct vk_str vat,
                                      const struct vk_span *span) VK_MUST_CHECK;
/* All rows of a vat. */
enum vk_err vk_transcript_vat_wipe(struct vk_store *store, struct vk_str vat) VK_MUST_CHECK;

#endif
