/* js_text.h - texts as JavaScript sees them: well-formed UTF-8, UTF-16 order, white space.
 */
#ifndef VK_BASE_JS_TEXT_H
#define VK_BASE_JS_TEXT_H

#include "vk/str.h"

/* The length of the well-formed UTF-8 sequence at `p` (1 to 4; no surrogates, nothing overlong), or
 * 0. */
size_t vk_js_utf8_length(const char *p, const char *end);
bool vk_js_text_is_utf8(struct vk_str text);

/* Order by UTF-16 code units, as JavaScript's sort() has it; both are well-formed UTF-8. */
int vk_js_text_compare(struct vk_str a, struct vk_str b);

/* `text` without JavaScript's white space and line ends at both sides. */
struct vk_str vk_js_text_trim(struct vk_str text);

/* True if a regular expression's `.` would not match everything in `text`. */
bool vk_js_text_has_line_end(struct vk_str text);

#endif
