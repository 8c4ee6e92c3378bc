/* slots.h - the names of things: krefs (ko20, kp40, kd30), vrefs (o+0, p-60, d-70), vat and device ids.
 *
 * Each has a type of its own, so that one cannot be taken for another. What is read from a vat's hand is
 * judged here exactly as SwingSet judges it: its ids go through JavaScript's BigInt(), so "o+007" and "o+"
 * are legal vrefs, other than "o+7" and "o+0".
 *
 * Answers to packages/SwingSet/src/kernel/parseKernelSlots.js, lib/parseVatSlots.js, lib/id.js.
 */
#ifndef VK_BASE_SLOTS_H
#define VK_BASE_SLOTS_H

#include "vk/arena.h"

enum vk_slot_type { VK_SLOT_OBJECT, VK_SLOT_PROMISE, VK_SLOT_DEVICE };

struct vk_kref {
    enum vk_slot_type type;
    uint64_t id;
};

struct vk_vat_id {
    uint64_t n;
};

struct vk_device_id {
    uint64_t n;
};

/* A vref keeps its text, because the text, not the number, is the c-list's key. */
struct vk_vref {
    struct vk_str text;
    enum vk_slot_type type;
    bool allocated_by_vat;
};

enum { VK_SLOT_TEXT_MAX = 24 };

bool vk_kref_parse(struct vk_str text, struct vk_kref *out);
bool vk_vat_id_parse(struct vk_str text, struct vk_vat_id *out);
bool vk_device_id_parse(struct vk_str text, struct vk_device_id *out);
/* false: no legal vref. `text` must outlive *out. */
bool vk_vref_parse(struct vk_str text, struct vk_vref *out);

/* Writes the name to `text` and returns it as a slice of it. */
struct vk_str vk_kref_str(struct vk_kref kref, char text[VK_SLOT_TEXT_MAX]);
struct vk_str vk_vat_id_str(struct vk_vat_id vat, char text[VK_SLOT_TEXT_MAX]);
struct vk_str vk_u64_str(uint64_t value, char text[VK_SLOT_TEXT_MAX]);

/* The same in an arena. */
enum vk_err vk_kref_text(struct vk_arena *arena, struct vk_kref kref, struct vk_str *out)
    VK_MUST_CHECK;
enum vk_err vk_vat_id_text(struct vk_arena *arena, struct vk_vat_id vat, struct vk_str *out)
    VK_MUST_CHECK;

void vk_buf_kref(struct vk_buf *buf, struct vk_kref kref);
void vk_buf_vat_id(struct vk_buf *buf, struct vk_vat_id vat);

static inline bool vk_kref_eq(struct vk_kref a, struct vk_kref b) {
    return a.type == b.type && a.id == b.id;
}

static inline bool vk_vat_id_eq(struct vk_vat_id a, struct vk_vat_id b) { return a.n == b.n; }

/* Order of the texts ("ko10" before "ko9"), which is the order SwingSet sorts by. */
int vk_kref_cmp(struct vk_kref a, struct vk_kref b);
int vk_vat_id_cmp(struct vk_vat_id a, struct vk_vat_id b);

#endif
