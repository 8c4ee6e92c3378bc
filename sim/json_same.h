/* json_same.h - whether two JSON texts say the same.
 *
 * Texts are compared byte by byte first, which settles nearly all; only then are they parsed. The
 * order of the members of the outermost object does not count, nor do members of slog entries that
 * differ by nature (the table in json_same.c); everything else does.
 */
#ifndef SIM_JSON_SAME_H
#define SIM_JSON_SAME_H

#include "vk/json.h"

/* Clears `scratch` if it needs it. *same false too when a text is no JSON and the other not equal
 * to it. */
enum vk_err sim_json_same(struct vk_arena *scratch, struct vk_str a, struct vk_str b, bool *same)
    VK_MUST_CHECK;

#endif
