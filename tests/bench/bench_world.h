/* bench_world.h - a kernel with a number of vats that do what a script says, over a state of a
 * wanted size.
 *
 * Everything in the state was put there by cranks of the kernel, but for suspended vats, of which ten thousand would take
 * too long: vats fill their vatstores and
 * send each other objects and promises that are never dropped or settled. Afterwards two of the
 * vats play ping-pong: a message with an exported object and a result promise, which is
 * subscribed to and resolved; each delivery of one reads, sets and steps on from a vatstore key
 * drawn at random from all that the vat has.
 *
 * INV-WORLD-1  The auditor finds nothing in the state (asserted where it is small).
 * INV-WORLD-2  Of the keys, about 60% are in vatstores, 30% are objects', 10% promises', c-lists
 *              included; they are spread evenly over the vats.
 */
#ifndef BENCH_WORLD_H
#define BENCH_WORLD_H

#include "vk/kernel.h"

enum { BENCH_VATS = 16 }; /* besides vat-admin */

struct vk_worker {
    struct bench_world *world;
    struct vk_arena arena; /* names that it keeps */
    struct vk_str peers[BENCH_VATS];
    uint64_t index; /* 0: vat-admin */
    uint64_t exports, promises, values;
};

/* What one fill message makes a vat do. */
struct bench_portion {
    uint64_t values, objects, promises;
};

struct bench_world {
    struct vk_ports ports;
    struct vk_worker_host host;
    struct vk_store *store;
    struct vk_kernel *kernel;
    struct vk_worker workers[BENCH_VATS + 1];
    struct vk_arena arena; /* of a host call */
    struct bench_portion portion;
    uint64_t random;
};

/* A new kernel in memory with about `keys` keys (never fewer than its vats need), and as many vats more that are suspended,
 * committed. */
enum vk_err bench_world_make(struct bench_world *world, enum vk_store_mode mode, uint64_t keys,
                             uint64_t suspended) VK_MUST_CHECK;
/* Sets two vats to ping-pong: from now on there always is a next crank. */
enum vk_err bench_world_serve(struct bench_world *world) VK_MUST_CHECK;
enum vk_err bench_world_count_keys(struct bench_world *world, uint64_t *keys) VK_MUST_CHECK;
void bench_world_release(struct bench_world *world);

/* The worker host; see bench_vats.c. */
void bench_vats_init(struct bench_world *world);
void bench_vats_release(struct bench_world *world);

#endif
