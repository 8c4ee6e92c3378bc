/* slots_fuzz.c - any text, taken for each kind of name: what is taken as the kernel's own is
 * canonical, and the auditor, which has parsers of its own, agrees.
 */
#include "base/slots.h"
#include "sim/audit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_kref(struct vk_str text) {
    struct vk_kref kref;
    char name[VK_SLOT_TEXT_MAX];
    enum audit_slot slot;
    uint64_t id;
    bool is_kref = vk_kref_parse(text, &kref);
    VK_ASSERT(is_kref == audit_kref_parse(text, &slot, &id));
    if (!is_kref) return;
    VK_ASSERT(vk_str_eq(vk_kref_str(kref, name), text));
    VK_ASSERT(kref.id == id && (int)kref.type == (int)slot);
    VK_ASSERT(vk_kref_eq(kref, kref) && vk_kref_cmp(kref, kref) == 0);
}

static void check_vat_and_device(struct vk_str text) {
    struct vk_vat_id vat;
    struct vk_device_id device;
    char name[VK_SLOT_TEXT_MAX];
    uint64_t number;
    bool is_vat = vk_vat_id_parse(text, &vat);
    VK_ASSERT(is_vat == audit_id_parse(text, 'v', &number));
    if (is_vat) VK_ASSERT(vat.n == number && vk_str_eq(vk_vat_id_str(vat, name), text));
    if (vk_device_id_parse(text, &device)) VK_ASSERT(vk_u64_str(device.n, name).n + 1 == text.n);
}

/* A vat may use names that no kernel has made: the auditor looks closely at the kernel's own
 * only. */
static void check_vref(struct vk_str text) {
    struct vk_vref vref;
    enum audit_slot slot;
    bool by_vat;
    uint64_t id;
    bool is_vref = vk_vref_parse(text, &vref);
    if (is_vref) VK_ASSERT(vk_str_eq(vref.text, text) && text.n >= 2);
    if (!is_vref || !audit_vref_parse(text, &slot, &by_vat, &id)) return;
    VK_ASSERT((int)vref.type == (int)slot && vref.allocated_by_vat == by_vat);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct vk_str text = {(const char *)data, size};
    check_kref(text);
    check_vat_and_device(text);
    check_vref(text);
    return 0;
}
