/* js_bigint.h - BigInt(text), to canonical decimal digits.
 */
#ifndef VK_BASE_JS_BIGINT_H
#define VK_BASE_JS_BIGINT_H

#include "vk/arena.h"

/* What String(BigInt(text)) gives: decimal digits without leading zeros, with a '-' if negative.
 * White space around it is passed over, nothing at all is 0, "0x", "0o" and "0b" are known (without
 * a sign). *legal is false where BigInt() throws. The result may be a part of `text`. Time is
 * linear for decimal texts, quadratic for the others. */
enum vk_err vk_js_bigint_read(struct vk_arena *arena, struct vk_str text, bool *legal,
                              struct vk_str *out) VK_MUST_CHECK;

#endif
