/* cleanup.c - the slow deletion of a terminated vat, phase by phase, each under its own budget. See terminate.h.
 *
 * Answers to cleanupAfterTerminatedVat in kernelKeeper.js. A phase that uses up its budget ends the step, even if
 * nothing is left to do: the next step finds that out.
 */
#include "terminate.h"

#include "../object/clist.h"
#include "../object/object.h"
#include "../object/refcount.h"
#include "../object/vat.h"

struct phase {
    struct vk_kernel *kernel;
    struct vk_vat_id vat;
    uint64_t *work;
    uint64_t budget;
};

/* Handles one key of the vat; `suffix` is what follows "vN.c.". */
typedef enum vk_err key_handler(struct phase *phase, struct vk_str key, struct vk_str suffix);

static enum vk_err kref_at(struct phase *phase, struct vk_str key, struct vk_kref *out) {
    struct vk_str text;
    VK_TRY(vk_state_require(&phase->kernel->state, &text, KEY(TEXT(key))));
    return vk_kref_require(text, out);
}

static enum vk_err orphan_export(struct phase *phase, struct vk_str key, struct vk_str suffix) {
    struct vk_kref kref;
    (void)suffix;
    VK_TRY(kref_at(phase, key, &kref));
    return vk_object_orphan(&phase->kernel->state, kref, phase->vat);
}

static enum vk_err drop_entry(struct phase *phase, struct vk_str key, struct vk_str suffix) {
    struct vk_kref kref;
    VK_TRY(kref_at(phase, key, &kref));
    return vk_clist_delete(&phase->kernel->state, phase->vat, kref, suffix);
}

static enum vk_err delete_key(struct phase *phase, struct vk_str key, struct vk_str suffix) {
    (void)suffix;
    return vk_state_delete(&phase->kernel->state, KEY(TEXT(key)));
}

/* *spent: the budget is used up, and so is the step. */
static enum vk_err run_phase(struct phase *phase, const char *range, key_handler *handler,
                             bool *spent) {
    struct vk_state *state = &phase->kernel->state;
    struct vk_key_walk walk;
    struct vk_str clist;
    *spent = false;
    VK_TRY(vk_state_text(state, &clist, KEY(VAT(phase->vat), LIT(".c."))));
    VK_TRY(vk_key_walk_begin(state, &walk, KEY(VAT(phase->vat), TEXT(vk_str(range)))));
    for (;;) {
        VK_TRY(vk_key_walk_next(state, &walk));
        if (!walk.key.p) return VK_OK;
        struct vk_str suffix =
            vk_str_starts(walk.key, clist) ? vk_str_from(walk.key, clist.n) : VK_STR_NONE;
        VK_TRY(handler(phase, walk.key, suffix));
        ++*phase->work;
        *spent = phase->budget != VK_UNLIMITED && *phase->work >= phase->budget;
        if (*spent) return VK_OK;
    }
}

static enum vk_err clean_keys(struct vk_kernel *kernel, const struct vk_event *event,
                              struct vk_cleanup_work *work, bool *spent) {
    const struct vk_cleanup_budget *budget = &event->budget;
    const struct {
        const char *range;
        key_handler *handler;
        uint64_t *work;
        uint64_t budget;
    } phases[] = {
        {".c.o+", orphan_export, &work->exports, budget->exports},
        {".c.o-", drop_entry, &work->imports, budget->imports},
        {".c.p", drop_entry, &work->promises, budget->promises},
        {".", delete_key, &work->kv, budget->kv},
    };
    *spent = false;
    for (size_t i = 0; !*spent && i < sizeof phases / sizeof phases[0]; i++) {
        struct phase phase = {kernel, event->vat, phases[i].work, phases[i].budget};
        VK_TRY(run_phase(&phase, phases[i].range, phases[i].handler, spent));
    }
    return VK_OK;
}

enum vk_err vk_cleanup_step(struct vk_kernel *kernel, const struct vk_event *event,
                            struct vk_cleanup_work *work, bool *done) {
    char text[VK_SLOT_TEXT_MAX];
    struct vk_str vat = vk_vat_id_str(event->vat, text);
    uint64_t budget = event->budget.snapshots;
    bool spent, snapshots_done;
    *work = (struct vk_cleanup_work){0};
    *done = false;
    VK_TRY(clean_keys(kernel, event, work, &spent));
    if (spent) return VK_OK;
    VK_TRY(vk_snapshot_delete(kernel->store, vat, budget, &work->snapshots, &snapshots_done));
    if (budget != VK_UNLIMITED && work->snapshots >= budget) return VK_OK;
    return vk_transcript_delete(kernel->store, vat, event->budget.transcripts, &work->transcripts,
                                done);
}
