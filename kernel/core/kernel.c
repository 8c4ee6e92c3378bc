/* kernel.c - opening, closing, halting. See vk/kernel.h. */
#include "crank.h"

#include "vk/module.h"

#include <stdarg.h>
#include <stdio.h>

void vk_kernel_panic(struct vk_kernel *kernel, const char *format, ...) {
    if (kernel->panic_reason[0]) return;
    va_list args;
    va_start(args, format);
    vsnprintf(kernel->panic_reason, sizeof kernel->panic_reason, format, args);
    va_end(args);
}

enum vk_err vk_kernel_enter(struct vk_kernel *kernel) {
    if (kernel->halted)
        return VK_RAISE(VK_ERR_PANIC, "the kernel has halted: %s", kernel->panic_reason);
    if (kernel->in_crank) return VK_RAISE(VK_ERR_USAGE, "Kernel reentrancy is forbidden");
    kernel->in_crank = true;
    return VK_OK;
}

enum vk_err vk_kernel_leave(struct vk_kernel *kernel, enum vk_err err) {
    kernel->in_crank = false;
    kernel->event = NULL;
    kernel->directed = NULL;
    vk_arena_clear(&kernel->arena);
    if (err != VK_OK && (err != VK_ERR_USAGE || kernel->panic_reason[0])) {
        vk_kernel_panic(kernel, "%s: %s", vk_err_text(err), vk_err_origin()->text);
        kernel->halted = true;
        return err;
    }
    if (kernel->panic_reason[0]) {
        kernel->halted = true;
        return VK_RAISE(VK_ERR_PANIC, "%s", kernel->panic_reason);
    }
    return err;
}

const char *vk_kernel_panic_reason(const struct vk_kernel *kernel) {
    return kernel->halted ? kernel->panic_reason : NULL;
}

static enum vk_err check_schema(struct vk_kernel *kernel) {
    struct vk_str version;
    VK_TRY(vk_state_get(&kernel->state, &version, KEY(LIT("version"))));
    if (!version.p) return VK_RAISE(VK_ERR_SCHEMA, "the store holds no kernel (no key version)");
    if (!vk_str_eq(version, VK_STR("3")))
        return VK_RAISE(VK_ERR_SCHEMA, "the kernel's schema is version %.*s, not 3",
                        VK_STR_ARG(version));
    return VK_OK;
}

static enum vk_err find_admin_root(struct vk_kernel *kernel) {
    struct vk_str text;
    VK_TRY(vk_state_get(&kernel->state, &text, KEY(LIT("vatAdminRootKref"))));
    kernel->has_admin_root = text.p != NULL;
    if (kernel->has_admin_root && !vk_kref_parse(text, &kernel->admin_root))
        return VK_RAISE(VK_ERR_CORRUPT, "vatAdminRootKref: '%.*s'", VK_STR_ARG(text));
    return VK_OK;
}

static enum vk_err open_on(struct vk_kernel *kernel) {
    VK_TRY(check_schema(kernel));
    VK_TRY(vk_state_reload(&kernel->state));
    VK_TRY(find_admin_root(kernel));
    return vk_warehouse_open(kernel);
}

enum vk_err vk_kernel_open(struct vk_store *store, const struct vk_ports *ports,
                           const struct vk_kernel_options *options, struct vk_kernel **out) {
    const struct vk_heap *heap = ports->heap;
    VK_ASSERT(vk_module_of(store) == vk_module()); /* INV-MODULE-1 */
    struct vk_kernel *kernel = heap->alloc(heap->impl, sizeof *kernel);
    *out = NULL;
    if (!kernel) return VK_RAISE(VK_ERR_NOMEM, "kernel of %zu bytes", sizeof *kernel);
    *kernel = (struct vk_kernel){
        .module = vk_module(), .store = store, .ports = ports, .options = *options};
    vk_arena_init(&kernel->arena, heap);
    vk_state_init(&kernel->state, store, ports, &kernel->arena);
    enum vk_err err = open_on(kernel);
    vk_arena_clear(&kernel->arena);
    if (err != VK_OK) {
        vk_kernel_close(kernel);
        return err;
    }
    *out = kernel;
    return VK_OK;
}

void vk_kernel_close(struct vk_kernel *kernel) {
    const struct vk_heap *heap = kernel->ports->heap;
    vk_warehouse_close(kernel);
    vk_state_release(&kernel->state);
    vk_arena_release(&kernel->arena);
    heap->free(heap->impl, kernel, sizeof *kernel);
}
