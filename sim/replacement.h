/* replacement.h - which kernel a node runs its next block with, as directives to replace it and its own state say.
 */
#ifndef SIM_REPLACEMENT_H
#define SIM_REPLACEMENT_H

#include "vk/module.h"

/* What a node knows of it. `store` is open, by `module`. */
struct sim_replacements {
    const struct vk_module *module;
    struct vk_store *store;
    const struct vk_ports *ports;
    const struct vk_directives *orders;
    uint64_t block; /* the next one */
};

/* The directive that is to be carried out before the next block, or NULL. */
enum vk_err sim_replacement_due(const struct sim_replacements *replacements,
                                const struct vk_directive **found) VK_MUST_CHECK;
/* The kernel that the next block is for: `first`, if none was ever replaced. A node that starts knows it from its state and
 * its directives, as one that has never stopped does. */
enum vk_err sim_replacement_module(const struct sim_replacements *replacements,
                                   const struct vk_module *first, const struct vk_module **module)
    VK_MUST_CHECK;

#endif
