/* key_decode.h - what a key of the kernel's database means, in words.
 *
 * Answers to the schema comment of kernelKeeper.js, version 3. For people only: nothing is decided
 * by it.
 */
#ifndef SIM_KEY_DECODE_H
#define SIM_KEY_DECODE_H

#include "vk/json.h"

/* "v7's c-list entry for object ko31". Of the kernel's statistics, names what differs between two
 * values (either may be absent). A key that is none of the schema's is called so. Appends to
 * `buf`. */
void sim_key_decode(struct vk_buf *buf, struct vk_str key, struct vk_str expected,
                    struct vk_str got);

#endif
