/* device.c - see device.h. */
#include "device.h"

#include "refcount.h"

enum vk_err vk_device_by_name(struct vk_state *state, struct vk_str name, bool *found,
                              struct vk_device_id *out) {
    struct vk_str id;
    VK_TRY(vk_state_get(state, &id, KEY(LIT("device.name."), TEXT(name))));
    *found = id.p != NULL;
    if (*found && !vk_device_id_parse(id, out))
        return VK_RAISE(VK_ERR_CORRUPT, "device.name.%.*s: '%.*s'", VK_STR_ARG(name),
                        VK_STR_ARG(id));
    return VK_OK;
}

enum vk_err vk_device_name(struct vk_state *state, struct vk_device_id device,
                           struct vk_str *name) {
    struct vk_key_walk walk;
    VK_TRY(vk_key_walk_begin(state, &walk, KEY(LIT("device.name."))));
    for (;;) {
        struct vk_str id;
        struct vk_device_id found;
        VK_TRY(vk_key_walk_next(state, &walk));
        if (!walk.key.p) break;
        VK_TRY(vk_state_require(state, &id, KEY(TEXT(walk.key))));
        if (!vk_device_id_parse(id, &found) || found.n != device.n) continue;
        *name = vk_str_from(walk.key, walk.prefix.n);
        return VK_OK;
    }
    *name = VK_STR("");
    return VK_OK;
}

enum vk_err vk_device_node_owner(struct vk_state *state, struct vk_kref kref,
                                 struct vk_device_id *out) {
    struct vk_str owner;
    VK_TRY(vk_state_require(state, &owner, KEY(KREF(kref), LIT(".owner"))));
    if (!vk_device_id_parse(owner, out))
        return VK_RAISE(VK_ERR_CORRUPT, "kd%llu.owner: '%.*s'", (unsigned long long)kref.id,
                        VK_STR_ARG(owner));
    return VK_OK;
}

static enum vk_err node_add(struct vk_state *state, struct vk_device_id device,
                            struct vk_kref *out) {
    struct vk_str owner;
    out->type = VK_SLOT_DEVICE;
    VK_TRY(vk_state_allocate_id(state, &out->id, KEY(LIT("kd.nextID"))));
    VK_TRY(vk_state_text(state, &owner, KEY(DEVICE(device))));
    VK_TRY(vk_state_set(state, owner, KEY(KREF(*out), LIT(".owner"))));
    vk_stats_inc(&state->stats, VK_STAT_KERNEL_DEVICES);
    return VK_OK;
}

enum vk_err vk_device_to_kernel(struct vk_state *state, struct vk_device_id device,
                                struct vk_str slot, struct vk_fault *fault, struct vk_kref *out) {
    struct vk_str found;
    VK_TRY(vk_state_get(state, &found, KEY(DEVICE(device), LIT(".c."), TEXT(slot))));
    if (found.p) return vk_kref_require(found, out);
    struct vk_vref vref;
    if (!vk_vref_parse(slot, &vref) || !vref.allocated_by_vat || vref.type != VK_SLOT_DEVICE)
        return VK_FAULT(fault, "unknown devSlot");
    char text[VK_SLOT_TEXT_MAX];
    VK_TRY(node_add(state, device, out));
    VK_TRY(vk_state_set(state, slot, KEY(DEVICE(device), LIT(".c."), KREF(*out))));
    return vk_state_set(state, vk_kref_str(*out, text),
                        KEY(DEVICE(device), LIT(".c."), TEXT(slot)));
}

enum vk_err vk_kernel_to_device(struct vk_state *state, struct vk_device_id device,
                                struct vk_kref kref, struct vk_str *slot) {
    uint64_t id;
    char text[VK_SLOT_TEXT_MAX];
    VK_TRY(vk_state_get(state, slot, KEY(DEVICE(device), LIT(".c."), KREF(kref))));
    if (slot->p) return VK_OK;
    struct vk_part letter = kref.type == VK_SLOT_OBJECT    ? LIT("o")
                            : kref.type == VK_SLOT_PROMISE ? LIT("p")
                                                           : LIT("d");
    VK_TRY(vk_state_allocate_id(state, &id, KEY(DEVICE(device), LIT("."), letter, LIT(".nextID"))));
    VK_TRY(vk_ref_add(state, kref, VK_REF_STRONG));
    VK_TRY(vk_state_text(state, slot, KEY(letter, LIT("-"), U64(id))));
    VK_TRY(
        vk_state_set(state, vk_kref_str(kref, text), KEY(DEVICE(device), LIT(".c."), TEXT(*slot))));
    return vk_state_set(state, *slot, KEY(DEVICE(device), LIT(".c."), KREF(kref)));
}
