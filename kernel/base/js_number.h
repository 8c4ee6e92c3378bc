/* js_number.h - numbers as JavaScript reads and writes them, whatever the process's locale is.
 */
#ifndef VK_BASE_JS_NUMBER_H
#define VK_BASE_JS_NUMBER_H

#include "vk/str.h"

enum { VK_JS_NUMBER_TEXT_MAX = 32 };

/* Number::toString of a finite value, not NUL-terminated; returns its length. -0 gives "0". */
size_t vk_js_number_format(double value, char text[VK_JS_NUMBER_TEXT_MAX]);

/* True if `text`, a JSON number, is already what Number::toString would give for it, and that is
 * plain from its looks: an integer of at most 15 digits. */
bool vk_js_number_is_plain(struct vk_str text);

/* The value of a JSON number, correctly rounded; too large gives an infinity. */
double vk_js_number_of_json(struct vk_str json_number);

/* Number(text): white space around it, "", "0x1f", "Infinity"; NaN if `text` is no number.
 * Hexadecimal, octal and binary values above 2**53 are only roughly right. */
double vk_js_number_of_string(struct vk_str text);

#endif
