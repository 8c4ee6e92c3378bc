/* replacement.c - see replacement.h. */
#include "replacement.h"

static enum vk_err is_done(const struct sim_replacements *replacements,
                           const struct vk_directive *directive, bool *done) {
    return replacements->module->directive_is_done(replacements->store, replacements->ports,
                                                   directive, done);
}

enum vk_err sim_replacement_due(const struct sim_replacements *replacements,
                                const struct vk_directive **found) {
    *found = NULL;
    for (size_t i = 0; i < replacements->orders->count; i++) {
        const struct vk_directive *directive = &replacements->orders->at[i];
        bool done = true;
        if (directive->target == VK_AT_BLOCK && directive->number == replacements->block)
            VK_TRY(is_done(replacements, directive, &done));
        if (!done) *found = directive;
    }
    return VK_OK;
}

enum vk_err sim_replacement_module(const struct sim_replacements *replacements,
                                   const struct vk_module *first, const struct vk_module **module) {
    uint64_t newest = 0;
    *module = first;
    for (size_t i = 0; i < replacements->orders->count; i++) {
        const struct vk_directive *directive = &replacements->orders->at[i];
        bool is_due = directive->number == replacements->block;
        if (directive->target != VK_AT_BLOCK || directive->number < newest) continue;
        if (!is_due) VK_TRY(is_done(replacements, directive, &is_due));
        if (!is_due) continue;
        newest = directive->number;
        *module = directive->module;
    }
    return VK_OK;
}
