/* vat_fault.h - a vat's misbehaviour: a result, not an error.
 *
 * Functions that judge what a vat asks for take a `struct vk_fault *`. They return VK_OK with the fault
 * raised when the vat is to blame, and an error code only when the host has failed.
 */
#ifndef VK_OBJECT_VAT_FAULT_H
#define VK_OBJECT_VAT_FAULT_H

#include "vk/err.h"

#include <stdbool.h>

struct vk_fault {
    bool raised;
    const char *reason; /* static text */
};

/* return VK_FAULT(fault, "why"): ends the judging function. The first reason stays. */
#define VK_FAULT(fault, why) vk_fault_raise((fault), (why))

static inline enum vk_err vk_fault_raise(struct vk_fault *fault, const char *reason) {
    if (!fault->raised) *fault = (struct vk_fault){true, reason};
    return VK_OK;
}

/* Goes on only if the host is well and the vat within its rights. */
#define VK_TRY_LEGAL(fault, call)                                                                  \
    do {                                                                                           \
        VK_TRY(call);                                                                              \
        if ((fault)->raised) return VK_OK;                                                         \
    } while (0)

#endif
