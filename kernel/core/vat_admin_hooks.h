/* vat_admin_hooks.h - what the vatAdmin device asks of the kernel proper. Answers to kernel/vat-admin-hooks.js. */
#ifndef VK_CORE_VAT_ADMIN_HOOKS_H
#define VK_CORE_VAT_ADMIN_HOOKS_H

#include "kernel_core.h"

struct vk_vat_admin_request {
    struct vk_kernel *kernel;
    struct vk_capdata data; /* the arguments, slots in krefs */
    struct vk_value *args;  /* decoded */
    bool granted;           /* out: false where JavaScript would have thrown */
    struct vk_str answer;   /* out: a string, or absent for undefined */
};

enum vk_err vk_hook_create_by_bundle(struct vk_vat_admin_request *request) VK_MUST_CHECK;
enum vk_err vk_hook_create_by_id(struct vk_vat_admin_request *request) VK_MUST_CHECK;
enum vk_err vk_hook_upgrade(struct vk_vat_admin_request *request) VK_MUST_CHECK;
enum vk_err vk_hook_terminate(struct vk_vat_admin_request *request) VK_MUST_CHECK;
enum vk_err vk_hook_change_options(struct vk_vat_admin_request *request) VK_MUST_CHECK;
/* The vat's id is all that these need. A vat that is not alive any more is left alone. */
enum vk_err vk_hook_suspend(struct vk_vat_admin_request *request) VK_MUST_CHECK;
enum vk_err vk_hook_unsuspend(struct vk_vat_admin_request *request) VK_MUST_CHECK;
enum vk_err vk_hook_pause(struct vk_vat_admin_request *request) VK_MUST_CHECK;
enum vk_err vk_hook_resume(struct vk_vat_admin_request *request) VK_MUST_CHECK;

#endif
