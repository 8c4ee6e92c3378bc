/* json_write.h - a string's inside, for those in kernel/base who put quoted texts together from
 * parts.
 */
#ifndef VK_BASE_JSON_WRITE_H
#define VK_BASE_JSON_WRITE_H

#include "vk/json.h"

/* Appends `text` escaped, without the quotes around it. */
void vk_json_escape(struct vk_buf *buf, struct vk_str text);

/* Appends a JSON number's canonical form; "null" for what is too large for a double. */
void vk_json_number(struct vk_buf *buf, struct vk_str json_number);

#endif
