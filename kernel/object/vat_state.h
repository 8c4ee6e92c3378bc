/* vat_state.h - the two flags of a live vat, `suspended` and `paused`, and the one table of what happens to it in
 * each of their four states (agoric-sdk #8955).
 *
 *                      pause, underflow
 *              +-------------------------------> PAUSED <------------+
 *   create     |            resume               |    \ suspend,     |
 *   -------> RUNNING <---------------------------+     \ restart     | unsuspend
 *             ^  ^ \  \            fatal                v            |
 *   delivery, |  |  \  +------------------------------> STALLED -----+
 *   unsuspend,|  |   \ suspend, restart                 ^  |
 *   upgrade   |  |    v                                 |  | resume
 *             |  +-- (upgrade, from any state)          |  v
 *             +------------------------------------- SUSPENDED
 *                                    pause, start failed, underflow, fatal: to STALLED
 *
 *   state       suspended  paused   worker, transcript        a delivery
 *   RUNNING        no        no     of its incarnation        is made
 *   SUSPENDED      yes       no     none: between two         starts an incarnation, then is made
 *   STALLED        yes       yes    none: between two         waits in the side queue
 *   PAUSED         no        yes    of its incarnation        waits in the side queue
 *
 * The flags are the keys vN.suspended and vN.paused, "true" or absent, both consensus state. A suspended vat
 * keeps its vatstore, its c-list (less what cannot last, as after an upgrade) and its place in the lists of vats;
 * its current transcript span is the empty one that its next incarnation will write, and its snapshot is gone.
 *
 * Where the issue is silent:
 *  - suspend and unsuspend are events with a crank of their own, in the order in which they were asked for, as an
 *    upgrade is: both need a delivery. pause and resume hold at once, as termination does.
 *  - unsuspend starts an incarnation now. If that fails the vat is stalled, as after a delivery that it could
 *    not be started for. From STALLED it is how one finds out whether the vat would start, without resuming it.
 *  - A last BOYD that fails is rolled back, and the vat is suspended without it. A restart of all vats makes none:
 *    the old workers may be what the restart is to get rid of, and those online differ from node to node.
 *  - Promises that the vat decides are rejected with upgrade's own error object (name vatUpgraded), upgradeMessage
 *    "vat suspended": who can live with one can live with the other. As in an upgrade, a promise that the vat
 *    decides and watches itself keeps its entry for the notify; that notify is a delivery, and starts the vat.
 *  - BOYD finds nothing in a vat without a heap: it is dropped for a suspended vat. Of a paused one it waits.
 *  - GC deliveries, notifies and changes of options are deliveries: they start a suspended vat and wait for a
 *    paused one. A GC action that has waited is looked at again, and dropped where it makes no sense any more.
 *  - startVat (of a static vat that has not run yet) of a suspended vat is its start, and makes it a running one.
 *  - An incarnation that starts runs on its recorded source and vatParameters, with the worker bundles of the day.
 *    A worker that cannot be started (VK_ERR_WORKER_START), an illegal syscall, an error, an exit and a meter that
 *    does not suffice are failures of it; its computrons are paid for, failed or not.
 *  - A terminated vat has no flags. What waited for it leaves the side queue as if it stood in the run-queue: sends
 *    are rejected with "vat terminated", one a crank, whatever the host allows for clean-up.
 *  - Snapshots are not taken of paused or suspended vats, and reapAllVats passes over suspended ones.
 *
 * INV-VAT-STATE-1  The next state is what the table says: no other code writes the flags.
 * INV-VAT-STATE-2  A suspended vat has no worker, no snapshot in use, and an empty current transcript span.
 * INV-VAT-STATE-3  Only live vats have flags.
 */
#ifndef VK_OBJECT_VAT_STATE_H
#define VK_OBJECT_VAT_STATE_H

#include "state.h"

enum vk_vat_state { VK_VAT_RUNNING, VK_VAT_SUSPENDED, VK_VAT_STALLED, VK_VAT_PAUSED };
enum { VK_VAT_STATES = VK_VAT_PAUSED + 1 };

enum vk_vat_event {
    /* deliveries that come up for the vat */
    VK_VAT_EVENT_MESSAGE,
    VK_VAT_EVENT_NOTIFY,
    VK_VAT_EVENT_GC,
    VK_VAT_EVENT_OPTIONS,
    VK_VAT_EVENT_BOYD,
    VK_VAT_EVENT_START_VAT, /* a static vat's first */
    /* what is asked for */
    VK_VAT_EVENT_SUSPEND,
    VK_VAT_EVENT_UNSUSPEND,
    VK_VAT_EVENT_PAUSE,
    VK_VAT_EVENT_RESUME,
    VK_VAT_EVENT_UPGRADE, /* that succeeds; one that fails leaves all as it was */
    VK_VAT_EVENT_CUT,     /* suspension without a BOYD: a restart of all vats, or the BOYD failed */
    VK_VAT_EVENT_TERMINATE,
    /* what deliveries come to, after their roll-back */
    VK_VAT_EVENT_START_FAILED, /* an incarnation could not be started, on demand or by unsuspend */
    VK_VAT_EVENT_UNDERFLOW,    /* and the vat's policy is to pause */
    VK_VAT_EVENT_FATAL,        /* and the vat's policy is to suspend */
};
enum { VK_VAT_EVENTS = VK_VAT_EVENT_FATAL + 1 };

enum vk_vat_action {
    VK_VAT_NOTHING,           /* but for the change of state */
    VK_VAT_DELIVER,           /* makes the delivery */
    VK_VAT_BEGIN_AND_DELIVER, /* starts an incarnation, then makes the delivery */
    VK_VAT_SET_ASIDE,         /* the delivery in hand, if there is one, goes to the side queue */
    VK_VAT_DROP,              /* forgets the delivery */
    VK_VAT_BEGIN,             /* starts an incarnation */
    VK_VAT_END,               /* a last BOYD, and the incarnation ends */
    VK_VAT_CUT,               /* the incarnation ends without a BOYD */
    VK_VAT_CUT_AND_SET_ASIDE, /* both */
    VK_VAT_END_AND_BEGIN,     /* both, as an upgrade does */
    VK_VAT_BURY,              /* the vat is at its end */
    VK_VAT_IMPOSSIBLE,        /* cannot come up in that state: an assertion */
};

struct vk_vat_transition {
    enum vk_vat_action action;
    enum vk_vat_state next; /* once the action has succeeded */
};

struct vk_vat_transition vk_vat_transition(enum vk_vat_state state, enum vk_vat_event event);

/* "suspended", "start failed": for reports. */
const char *vk_vat_state_name(enum vk_vat_state state);
const char *vk_vat_event_name(enum vk_vat_event event);

bool vk_vat_state_is_suspended(enum vk_vat_state state);
bool vk_vat_state_is_paused(enum vk_vat_state state);

/* RUNNING, for a vat that has no flags or is none. */
enum vk_err vk_vat_state_get(struct vk_state *state, struct vk_vat_id vat, enum vk_vat_state *out)
    VK_MUST_CHECK;
/* Writes the flags that change, and moves the vat's side queue onto the list of those that are to be worked off, or
 * off it. */
enum vk_err vk_vat_state_set(struct vk_state *state, struct vk_vat_id vat, enum vk_vat_state from,
                             enum vk_vat_state to) VK_MUST_CHECK;

#endif
