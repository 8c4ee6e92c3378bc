/* idle_directives.c - see idle_directives.h. */
#include "idle_directives.h"

#include "vk/module.h"

static enum vk_err is_idle(const struct vk_directive *directive, struct sim_replica *replica,
                           bool *idle) {
    struct vk_store *store = sim_replica_store(replica);
    bool done = false;
    *idle = false;
    if (directive->action == VK_DIRECTIVE_DEBUG) return VK_OK;
    if (!sim_replica_is_directed(replica)) {
        *idle = true;
    } else if (!store) {
        *idle = !sim_replica_gave_way(replica) && directive->action != VK_DIRECTIVE_REPLACE_KERNEL;
    } else {
        const struct vk_ports *ports = sim_replica_ports(replica);
        VK_TRY(vk_module_of(store)->directive_is_done(store, ports, directive, &done));
        *idle = !done;
    }
    return VK_OK;
}

enum vk_err sim_idle_directives_add(struct sim_idle_directives *idle,
                                    const struct sim_directives *given,
                                    struct sim_replica *replica) {
    for (size_t i = 0; given && i < given->all.count; i++) {
        const struct vk_directive *directive = &given->all.at[i];
        bool is;
        VK_TRY(is_idle(directive, replica, &is));
        if (!is || idle->count++) continue;
        idle->replica = sim_replica_index(replica);
        vk_directive_text(directive, idle->first);
    }
    return VK_OK;
}
