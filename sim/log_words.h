/* log_words.h - what the JSON of a slog means, in a few words. For people; nothing is decided by it. */
#ifndef SIM_LOG_WORDS_H
#define SIM_LOG_WORDS_H

#include "vk/arena.h"

/* A queue's event: "ko31.foo(...), result kp45", "kp44 to v1", "ko21, ko22 of v1". VK_STR("") if there is nothing to
 * say. */
enum vk_err sim_log_event_words(struct vk_arena *arena, struct vk_str event, struct vk_str *out)
    VK_MUST_CHECK;

#endif
