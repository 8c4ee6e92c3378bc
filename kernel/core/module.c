/* module.c - see vk/module.h. */
#include "vk/module.h"

static const struct vk_module module = {.abi_version = VK_ABI_VERSION,
                                        .table_size = sizeof module,
                                        .build = VK_BUILD,
                                        .share_err_origin = vk_err_share_origin,
#define MODULE_MEMBER(function) .function = vk_##function,
                                        VK_MODULE_FUNCTIONS(MODULE_MEMBER)
#undef MODULE_MEMBER
};

const struct vk_module *vk_module(void) { return &module; }
