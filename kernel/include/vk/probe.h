/* probe.h - marks where something rare happens, so that a campaign can say whether it ever did.
 *
 * VK_SOMETIMES(name) counts; the counts are for whoever tests, and nobody decides anything by them. A build has probes
 * only if it was asked to (VK_PROBES, the cmake option CRANKCASE_PROBES); in every other one a probe is no code, no
 * data and no symbol, so that a kernel as it is shipped knows nothing of them.
 *
 * INV-PROBE-1  A name stands in one place, and each probe of a program is in its list once.
 * INV-PROBE-2  Nothing that a run computes depends on a probe.
 *
 * Not a part of what a module exports: a host counts its own probes and those linked with it.
 */
#ifndef VK_PROBE_H
#define VK_PROBE_H

#include <stdbool.h>

#ifdef VK_PROBES

#include <stdint.h>

struct vk_probe {
    const char *name;
    const char *file;
    int line;
    bool is_rare; /* no campaign is expected to come here */
    uint64_t hits;
};

/* The list is a section of pointers, which the linker gathers: a section of the probes themselves might have gaps. */
#define VK_PROBE(probe_name, condition, rare)                                                      \
    do {                                                                                           \
        static struct vk_probe probe_ = {#probe_name, __FILE__, __LINE__, (rare), 0};              \
        static struct vk_probe *listed_ __attribute__((section("vk_probes"), used)) = &probe_;     \
        if (condition) probe_.hits++;                                                              \
    } while (0)

#else

/* Compiled, so that it cannot rot, and never evaluated. */
#define VK_PROBE(probe_name, condition, rare) ((void)(false && (condition)))

#endif

/* Here, sometimes: every long enough campaign comes by. */
#define VK_SOMETIMES(name) VK_PROBE(name, true, false)
#define VK_SOMETIMES_IF(condition, name) VK_PROBE(name, condition, false)

/* Here too, but so rarely that a campaign without it is no worse. */
#define VK_RARELY(name) VK_PROBE(name, true, true)
#define VK_RARELY_IF(condition, name) VK_PROBE(name, condition, true)

#endif
