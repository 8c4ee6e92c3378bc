/* kernel_module.h - which kernel is run: the one that is linked in, or another build of it, loaded from a libvk.so.
 *
 * A module stays loaded until the process ends. It is asked for its version before anything else of it is touched.
 */
#ifndef SIM_KERNEL_MODULE_H
#define SIM_KERNEL_MODULE_H

#include "vk/module.h"

/* The kernel in this very program. */
const struct vk_module *sim_kernel_linked(void);
/* VK_ERR_SYNTAX, whose origin says what is wrong with the file, if it is no kernel of this ABI. */
enum vk_err sim_kernel_load(const char *path, const struct vk_module **module) VK_MUST_CHECK;

#endif
