/* kernel_module.c - see kernel_module.h. */
#include "kernel_module.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

const struct vk_module *sim_kernel_linked(void) { return vk_module(); }

/* dlopen looks for a name without a slash in places of its own. */
static void *open_file(const char *path) {
    char here[4096];
    int n = snprintf(here, sizeof here, "%s%s", strchr(path, '/') ? "" : "./", path);
    return n > 0 && (size_t)n < sizeof here ? dlopen(here, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE)
                                            : NULL;
}

/* POSIX has dlsym give functions as objects; C has no conversion between them. */
static const struct vk_module *(*find_module(void *library))(void) {
    const struct vk_module *(*module)(void) = NULL;
    void *found = dlsym(library, "vk_module");
    memcpy(&module, &found, sizeof module);
    return module;
}

enum vk_err sim_kernel_load(const char *path, const struct vk_module **module) {
    void *library = open_file(path);
    if (!library) {
        const char *why = dlerror();
        return VK_RAISE(VK_ERR_SYNTAX, "no kernel in %s: %s", path, why ? why : "too long a path");
    }
    const struct vk_module *(*ask)(void) = find_module(library);
    if (!ask) return VK_RAISE(VK_ERR_SYNTAX, "no kernel in %s: it has no vk_module", path);
    *module = ask();
    if ((*module)->abi_version != VK_ABI_VERSION || (*module)->table_size != sizeof **module)
        return VK_RAISE(VK_ERR_SYNTAX, "the kernel in %s has ABI version %u, wanted is %u", path,
                        (*module)->abi_version, VK_ABI_VERSION);
    (*module)->share_err_origin(vk_err_own_origin);
    return VK_OK;
}
