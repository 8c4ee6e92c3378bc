/* event.h - run-queue events: what a crank is about.
 *
 * Events stand in the queues as JSON and keep their text while they move between queues; the kernel's own (GC
 * actions, reaping, clean-up) are made on the spot.
 * Answers to RunQueueEvent in SwingSet's types-internal.ts.
 */
#ifndef VK_CORE_EVENT_H
#define VK_CORE_EVENT_H

#include "../object/string_list.h"
#include "vk/kernel.h"

enum vk_event_type {
    VK_EVENT_SEND,
    VK_EVENT_NOTIFY,
    VK_EVENT_START_VAT,
    VK_EVENT_CREATE_VAT,
    VK_EVENT_UPGRADE_VAT,
    VK_EVENT_CHANGE_VAT_OPTIONS,
    VK_EVENT_SUSPEND_VAT,
    VK_EVENT_UNSUSPEND_VAT,
    VK_EVENT_DROP_EXPORTS,
    VK_EVENT_RETIRE_EXPORTS,
    VK_EVENT_RETIRE_IMPORTS,
    VK_EVENT_BRING_OUT_YOUR_DEAD,
    VK_EVENT_NEGATED_GC_ACTION,
    VK_EVENT_CLEANUP_TERMINATED_VAT,
};
enum { VK_EVENT_TYPES = VK_EVENT_CLEANUP_TERMINATED_VAT + 1 };

/* A message, in kernel space. */
struct vk_message {
    struct vk_str json;         /* {"methargs":...,"result":...} as it stands in the queue */
    struct vk_capdata methargs; /* slots are krefs */
    bool has_result;
    struct vk_kref result;
};

struct vk_event {
    enum vk_event_type type;
    struct vk_str json;
    struct vk_vat_id vat;          /* all but SEND and NEGATED_GC_ACTION */
    struct vk_kref target;         /* SEND */
    struct vk_message message;     /* SEND */
    struct vk_kref promise;        /* NOTIFY */
    struct vk_capdata parameters;  /* START_VAT, CREATE_VAT, UPGRADE_VAT */
    struct vk_str source;          /* CREATE_VAT: a JSON object */
    const struct vk_json *options; /* CREATE_VAT: dynamicOptions; CHANGE_VAT_OPTIONS: options */
    struct vk_str upgrade_id;      /* UPGRADE_VAT */
    struct vk_str bundle_id;       /* UPGRADE_VAT */
    struct vk_str upgrade_message; /* UPGRADE_VAT */
    const struct vk_kref *krefs;   /* DROP_EXPORTS, RETIRE_EXPORTS, RETIRE_IMPORTS */
    size_t kref_count;
    struct vk_cleanup_budget budget; /* CLEANUP_TERMINATED_VAT */
    bool was_set_aside;              /* comes from a side queue */
};

/* "create-vat" */
const char *vk_event_name(enum vk_event_type type);
/* Reads what a queue held; VK_ERR_CORRUPT if no kernel would have put it there. */
enum vk_err vk_event_parse(struct vk_arena *arena, struct vk_str text, struct vk_event *out)
    VK_MUST_CHECK;

/* The texts that go into queues. */
enum vk_err vk_send_json(struct vk_arena *arena, struct vk_kref target, struct vk_str message,
                         struct vk_str *out) VK_MUST_CHECK;
/* `result_json`: "null", a quoted kpid, or absent where even the field is to be absent. */
enum vk_err vk_message_json(struct vk_arena *arena, const struct vk_capdata *methargs,
                            struct vk_str result_json, struct vk_str *out) VK_MUST_CHECK;
enum vk_err vk_notify_json(struct vk_arena *arena, struct vk_vat_id vat, struct vk_kref kpid,
                           struct vk_str *out) VK_MUST_CHECK;

/* Gives the kernel's own events their text, for the slog. */
enum vk_err vk_event_describe(struct vk_arena *arena, struct vk_event *event) VK_MUST_CHECK;

#endif
