/* vat.h - vats: their names and ids, their recorded source and options, their parameters and dirt, and the
 * list of those that are terminated but not yet cleaned up.
 *
 * INV-VAT-1  A vat is alive when it has an o.nextID and is not on the terminated list.
 * INV-VAT-2  state->terminated equals vats.terminated between store accesses.
 * Answers to vatKeeper.js and the vat functions of kernelKeeper.js.
 */
#ifndef VK_OBJECT_VAT_H
#define VK_OBJECT_VAT_H

#include "string_list.h"
#include "vk/capdata.h"

/* What the kernel wants to know of a vat's recorded options. Texts live in the crank's arena. */
struct vk_vat_options {
    struct vk_str json; /* all of it */
    struct vk_str name;
    struct vk_str meter_id; /* absent: unmetered */
    struct vk_str worker_options;
    bool enable_pipelining;
    bool use_transcript;
    bool critical;
    bool restart_critical;   /* a restart of all vats starts it at once, or panics */
    bool pause_on_underflow; /* instead of an end */
    bool suspend_on_fatal;   /* and pause, instead of an end */
    bool is_xsnap;
    bool vatstore_in_completion; /* core/completion.h */
    bool can_snapshot;           /* an xsnap worker, and not overridden by enableSetup */
};

/* The first numbers of a new vat's own id spaces. */
enum { VK_FIRST_VAT_OBJECT = 50, VK_FIRST_VAT_PROMISE = 60, VK_FIRST_VAT_DEVICE = 70 };

enum vk_err vk_vat_is_alive(struct vk_state *state, struct vk_vat_id vat, bool *alive)
    VK_MUST_CHECK;
enum vk_err vk_vat_allocate_id(struct vk_state *state, struct vk_vat_id *vat) VK_MUST_CHECK;
/* initializeVatState: keys and transcript of a new vat. */
enum vk_err vk_vat_create(struct vk_state *state, struct vk_vat_id vat, struct vk_str source,
                          struct vk_str options) VK_MUST_CHECK;
enum vk_err vk_vat_options_get(struct vk_state *state, struct vk_vat_id vat,
                               struct vk_vat_options *out) VK_MUST_CHECK;
enum vk_err vk_vat_source_get(struct vk_state *state, struct vk_vat_id vat,
                              const struct vk_json **out) VK_MUST_CHECK;
enum vk_err vk_vat_set_source_and_options(struct vk_state *state, struct vk_vat_id vat,
                                          struct vk_str source, struct vk_str options)
    VK_MUST_CHECK;
/* The options with one top-level member replaced (or appended, where there was none). */
enum vk_err vk_vat_options_replace(struct vk_state *state, struct vk_str options,
                                   const char *member, struct vk_str value, struct vk_str *out)
    VK_MUST_CHECK;
/* Keeps the krefs in the parameters alive until they are replaced. */
enum vk_err vk_vat_set_parameters(struct vk_state *state, struct vk_vat_id vat,
                                  const struct vk_capdata *parameters) VK_MUST_CHECK;

/* What one delivery adds to the dirt counters that decide when the next BOYD is due. */
struct vk_dirt {
    uint64_t deliveries;
    bool has_computrons;
    uint64_t computrons;
    uint64_t gc_krefs;
};
/* May put the vat on the reap queue. */
enum vk_err vk_vat_add_dirt(struct vk_state *state, struct vk_vat_id vat, struct vk_dirt dirt)
    VK_MUST_CHECK;
enum vk_err vk_vat_clear_dirt(struct vk_state *state, struct vk_vat_id vat) VK_MUST_CHECK;

/* ---- the lists of vats */
enum vk_err vk_static_vat_by_name(struct vk_state *state, struct vk_str name, bool *found,
                                  struct vk_vat_id *vat) VK_MUST_CHECK;
enum vk_err vk_dynamic_vats(struct vk_state *state, struct vk_string_list *ids) VK_MUST_CHECK;
/* The static vats' ids in the order of their names. */
enum vk_err vk_static_vats(struct vk_state *state, struct vk_string_list *ids) VK_MUST_CHECK;
enum vk_err vk_vat_is_dynamic(struct vk_state *state, struct vk_vat_id vat, bool *is_dynamic)
    VK_MUST_CHECK;
enum vk_err vk_dynamic_vat_add(struct vk_state *state, struct vk_vat_id vat) VK_MUST_CHECK;
/* Takes a vat off the list of dynamic or static vats. */
enum vk_err vk_vat_unlist(struct vk_state *state, struct vk_vat_id vat) VK_MUST_CHECK;

bool vk_vat_is_terminated(const struct vk_state *state, struct vk_vat_id vat);
enum vk_err vk_vat_mark_terminated(struct vk_state *state, struct vk_vat_id vat) VK_MUST_CHECK;
enum vk_err vk_vat_forget_terminated(struct vk_state *state, struct vk_vat_id vat) VK_MUST_CHECK;
enum vk_err vk_terminated_vats_load(struct vk_state *state) VK_MUST_CHECK;

#endif
