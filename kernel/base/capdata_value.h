/* capdata_value.h - rules about values that both directions keep.
 */
#ifndef VK_BASE_CAPDATA_VALUE_H
#define VK_BASE_CAPDATA_VALUE_H

#include "vk/capdata.h"

#define VK_IFACE_PREFIX VK_STR("Alleged: ")
#define VK_IFACE_NONE VK_STR("Alleged: undefined")

/* True if kslot() makes a promise of this kref. */
bool vk_kref_is_promise(struct vk_str kref);

/* `name` if it is one of the error constructors that marshal knows, else "Error". */
struct vk_str vk_error_name(struct vk_str name);

#endif
