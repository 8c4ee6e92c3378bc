/* completion.h - the record with which a worker completes a delivery: vatstore changes handed over as one unit.
 *
 * There are two ways for a vat's changes to its vatstore to reach the kernel, and the vat's option `vatstore` says which:
 *
 *   "syscall"     (and where nothing is said) vatstoreSet and vatstoreDelete, as SwingSet's vats make them;
 *   "completion"  as ocap-kernel's workers do: the worker keeps the vatstore in its own memory, changes it there, and hands
 *                 the sets and deletes over in the record of the delivery's end. A delivery that fails has no record.
 *
 * So two mechanisms abandon state: the roll-back of the crank, and a record that is never applied. They are kept from leaking past
 * each other by one place, the end of vk_crank_results_of(): every syscall is settled there and the verdict is known (illegal
 * syscall, failure, meter, exit), and the changes are written if it is neither to abort nor to terminate. That is still
 * before crank.c rolls anything back, so that what goes wrong later in the crank (the second delivery of an upgrade) takes these
 * writes with it, as it takes all others. After the roll-back nothing asks for the record any more.
 *
 * What the worker reads of its own vatstore is its own business: it fills its memory when an incarnation starts, by
 * vatstoreGetNextKey and vatstoreGet, which the transcript holds with their answers like any syscalls, and reads there from
 * then on, its own unfinished changes included. Its snapshot has the memory in it. The transcript item says what was handed
 * over, so that a replayed worker is held to that too.
 *
 * INV-COMPLETION-1  A record is applied as a whole or not at all, once, in the crank of its delivery and before any roll-back.
 * INV-COMPLETION-2  A vat has one way. A vatstoreSet or vatstoreDelete of a vat that has the other is an illegal syscall; a
 *                   record of changes from a worker that is to make syscalls is no word of the vat's, and loses the worker.
 * INV-COMPLETION-3  Such a vat is given no delivery whose verdict would count for nothing: no bringOutYourDead before a snapshot.
 *
 * With the option unused no write, no transcript item and no slog entry is another one than before.
 */
#ifndef VK_CORE_COMPLETION_H
#define VK_CORE_COMPLETION_H

#include "kernel_core.h"

/* Whether a vat that hands its changes over may not make this syscall; or, if it does not wait for its answer, not so. */
bool vk_completion_forbids(const struct vk_syscall *syscall, bool waits);
/* Writes the changes, in their order. Only for a delivery that neither aborts nor ends its vat. */
enum vk_err vk_completion_apply(struct vk_kernel *kernel, struct vk_vat_id vat,
                                const struct vk_delivery_result *result) VK_MUST_CHECK;
/* [["key","value"],["deleted key"]] */
void vk_completion_write(struct vk_buf *buf, const struct vk_delivery_result *result);
/* Whether the changes are those that a transcript item has (`json` NULL: none). */
bool vk_completion_same(const struct vk_json *json, const struct vk_delivery_result *result);

#endif
