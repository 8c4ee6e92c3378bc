/* retirement.c - see retirement.h. */
#include "retirement.h"

#include "vk/probe.h"

#include "../object/refcount.h"

/* A promise whose slots are being looked at. */
struct frame {
    const struct vk_str *slots;
    size_t slot_count;
    size_t next;
};

struct scan {
    struct vk_kernel *kernel;
    struct vk_dead_list seen; /* an ordered set of krefs is what it is */
    struct frame *frames;     /* a stack of our own: chains of promises may be long */
    size_t depth;
    size_t capacity;
};

static enum vk_err visit(struct scan *scan, struct vk_kref kpid, const struct vk_promise *promise) {
    VK_TRY(vk_dead_list_add(&scan->seen, kpid));
    if (scan->depth == scan->capacity) {
        size_t capacity = scan->capacity ? scan->capacity * 2 : 16;
        struct frame *frames;
        VK_TRY(VK_NEW_ARRAY(&scan->kernel->arena, &frames, capacity));
        VK_RARELY_IF(scan->depth, promises_deeply_nested);
        if (scan->depth) memcpy(frames, scan->frames, scan->depth * sizeof *frames);
        scan->frames = frames;
        scan->capacity = capacity;
    }
    scan->frames[scan->depth++] = (struct frame){promise->data.slots, promise->data.slot_count, 0};
    return VK_OK;
}

static enum vk_err follow(struct scan *scan, struct vk_str slot) {
    struct vk_kref kref;
    struct vk_promise promise;
    VK_TRY(vk_kref_require(slot, &kref));
    if (kref.type != VK_SLOT_PROMISE || vk_dead_list_has(&scan->seen, kref)) return VK_OK;
    VK_TRY(vk_promise_get(&scan->kernel->state, kref, &promise));
    if (promise.state == VK_PROMISE_UNRESOLVED) return VK_OK;
    return visit(scan, kref, &promise);
}

static enum vk_err run(struct scan *scan, struct vk_kref root,
                       const struct vk_promise *root_promise) {
    VK_TRY(visit(scan, root, root_promise));
    while (scan->depth) {
        struct frame *frame = &scan->frames[scan->depth - 1];
        if (frame->next == frame->slot_count) {
            scan->depth--;
            continue;
        }
        VK_TRY(follow(scan, frame->slots[frame->next++]));
    }
    return VK_OK;
}

enum vk_err vk_promises_to_retire(struct vk_kernel *kernel, struct vk_kref root,
                                  const struct vk_promise *root_promise, struct vk_kref **out,
                                  size_t *count) {
    if (!root_promise->data.slot_count) { /* by far the commonest */
        *count = 1;
        VK_TRY(VK_NEW_ARRAY(&kernel->arena, out, 1));
        (*out)[0] = root;
        return VK_OK;
    }
    struct scan scan = {.kernel = kernel};
    vk_dead_list_init(&scan.seen, kernel->ports->heap);
    enum vk_err err = run(&scan, root, root_promise);
    if (err == VK_OK) err = VK_NEW_ARRAY(&kernel->arena, out, scan.seen.count);
    if (err == VK_OK) {
        *count = scan.seen.count;
        VK_SOMETIMES_IF(scan.seen.count > 1, promises_retired_together);
        memcpy(*out, scan.seen.items, scan.seen.count * sizeof **out);
    }
    vk_dead_list_release(&scan.seen);
    return err;
}
