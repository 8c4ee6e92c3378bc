/* array.h - arrays that grow at their end.
 *
 *     struct { SIM_ARRAY(struct thing); } things = {0};
 *     SIM_ARRAY_RESERVE(&things);            // returns VK_ERR_NOMEM from the calling function
 *     things.at[things.count++] = thing;
 *     sim_array_free(things.at);
 *
 * Items move when the array grows: keep indices, not pointers.
 */
#ifndef SIM_ARRAY_H
#define SIM_ARRAY_H

#include "vk/err.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define SIM_ARRAY(type)                                                                            \
    type *at;                                                                                      \
    size_t count;                                                                                  \
    size_t capacity

enum { SIM_ARRAY_CAPACITY_MIN = 16 };

static inline void *sim_array_more(void *at, size_t *capacity, size_t item_size) {
    size_t wanted = *capacity ? *capacity * 2 : SIM_ARRAY_CAPACITY_MIN;
    if (wanted > SIZE_MAX / 2 / item_size) return NULL;
    void *more = realloc(at, wanted * item_size);
    if (more) *capacity = wanted;
    return more;
}

static inline void sim_array_free(void *at) { free(at); }

#define SIM_ARRAY_RESERVE(array)                                                                   \
    do {                                                                                           \
        if ((array)->count == (array)->capacity) {                                                 \
            void *more_ = sim_array_more((array)->at, &(array)->capacity, sizeof *(array)->at);    \
            if (!more_) return VK_RAISE(VK_ERR_NOMEM, "array of %zu", (array)->count);             \
            (array)->at = more_;                                                                   \
        }                                                                                          \
    } while (0)

#endif
