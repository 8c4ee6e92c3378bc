/* in_flight.c - see in_flight.h. */
#include "in_flight.h"

struct vk_in_flight_syscall {
    struct vk_in_flight_syscall *next;
    struct vk_syscall syscall;
};

enum vk_err vk_in_flight_add(struct vk_in_flight *in_flight, struct vk_arena *arena,
                             const struct vk_syscall *syscall) {
    struct vk_in_flight_syscall *item;
    struct vk_str json;
    VK_ASSERT(!in_flight->first == !vk_in_flight_count(in_flight)); /* INV-IN-FLIGHT-2 */
    VK_TRY(VK_NEW(arena, &item));
    VK_TRY(vk_arena_copy(arena, syscall->json, &json));
    item->next = NULL;
    VK_TRY(vk_syscall_decode(arena, json, &item->syscall));
    if (in_flight->first)
        in_flight->last->next = item;
    else
        in_flight->first = item;
    in_flight->last = item;
    in_flight->sent++;
    return VK_OK;
}

bool vk_in_flight_take(struct vk_in_flight *in_flight, struct vk_syscall *out) {
    struct vk_in_flight_syscall *item = in_flight->first;
    VK_ASSERT(!item == !vk_in_flight_count(in_flight)); /* INV-IN-FLIGHT-2 */
    if (!item) return false;
    in_flight->first = item->next;
    in_flight->settled++;
    *out = item->syscall;
    return true;
}
