/* directive.h - what people have decided about a crank or a delivery that panics the kernel.
 *
 * A host reads directives at every start (agoric-sdk #1677), has them checked against its store, and gives them to the
 * kernel that it opens. Each takes the place of what it names:
 *
 *   at a crank       the event that was taken from a queue (or a GC action, a reaping, a clean-up) is not run
 *   at a delivery    all that the crank did up to that delivery is rolled back (deliveries that a host call makes outside
 *                    of cranks are not met)
 *
 *   skip        The event is gone. A message's result promise is rejected with Error("skipped by directive TARGET: skip"),
 *               unless somebody has settled it or decides it already. A notify is not made, and the vat goes on waiting. A
 *               dropExports or retireExports is not made, and the vat goes on exporting; a retireImports is not made, but
 *               the object is gone all the same, and a vat that names it later pays as for any unknown import. A vat's
 *               creation or upgrade has failed, as vat-admin is told; a vat whose startVat is skipped never starts, and
 *               had better be terminated. A suspension does not take
 *               place, nor does its end. A clean-up comes again with the next crank.
 *   terminate   The event is back at the head of its queue, and the vat is terminated as one that failed: what it decides
 *               is rejected, and its senders see "vat terminated" from here on. A critical vat's end is a panic.
 *   debug       The host is told, just before; nothing else happens. Outside of consensus.
 *
 * And one is for the host, since kernels know of no blocks:
 *
 *   at a block       before its inputs are taken
 *
 *   replace-kernel  The host commits, closes this kernel and its store, and opens both with another module. The new kernel's
 *               first act is vk_host_note_replacement, a step of its own with hashes. From then on the node starts with that
 *               module, for as long as no later directive names another.
 *
 * The crank that carries out a skip or terminate is one like any other: it has a number, hashes, and a slog entry
 * "directive". The text of the directive is added to the consensus key `directives.done`, a JSON array, which does not
 * exist until then. Which file a module was loaded from is every node's own affair, and not in it.
 *
 * INV-DIRECTIVE-1  What is in directives.done is not carried out again.
 * INV-DIRECTIVE-2  Two kernels with the same directives on the same state do the same; a kernel without them does what
 *                  it did before.
 */
#ifndef VK_DIRECTIVE_H
#define VK_DIRECTIVE_H

#include "vk/store.h"

enum vk_directive_target { VK_AT_CRANK, VK_AT_DELIVERY, VK_AT_BLOCK };

enum vk_directive_action {
    VK_DIRECTIVE_SKIP,
    VK_DIRECTIVE_TERMINATE,
    VK_DIRECTIVE_DEBUG,
    VK_DIRECTIVE_REPLACE_KERNEL, /* at a block; at a block nothing else */
};

struct vk_module;

struct vk_directive {
    enum vk_directive_target target;
    uint64_t number; /* of the crank, delivery or block */
    uint64_t vat;    /* VK_AT_DELIVERY: 56 of "v56 delivery-1234" */
    enum vk_directive_action action;
    uint64_t victim;                /* TERMINATE: the vat; at a delivery: the same one */
    const struct vk_module *module; /* REPLACE_KERNEL: loaded by the host */
};

enum { VK_DIRECTIVE_TEXT_MAX = 96 };

/* "crank-12345: terminate v12" or "v56 delivery-1234: skip", NUL-terminated. */
struct vk_str vk_directive_text(const struct vk_directive *directive,
                                char text[VK_DIRECTIVE_TEXT_MAX]);

/* Where a kernel has come to when it tells its host, for `debug`. */
struct vk_kernel;

struct vk_debug_stop {
    const struct vk_kernel *kernel; /* to be looked at; it is in the middle of a crank */
    const struct vk_directive *directive;
    uint64_t crank;
    const char *event; /* "send" */
    struct vk_str
        event_json; /* absent where the kernel made the event itself, and nobody wants a slog */
};

struct vk_directives {
    const struct vk_directive *at;
    size_t count;
    /* Told of each `debug`; an error ends the crank as any host failure does. NULL: they are passed over. */
    enum vk_err (*stop)(void *impl, const struct vk_debug_stop *stop);
    void *impl;
};

enum { VK_DIRECTIVE_REFUSAL_MAX = 160 };

/* The first of `directives` that makes no sense on what `store` holds, and why. */
struct vk_directive_refusal {
    size_t index;
    char why[VK_DIRECTIVE_REFUSAL_MAX]; /* "" : none */
};

/* Whether each of them can still come to pass: its crank, delivery or block lies ahead, and the vats that it names are
 * alive or still to be made; or it is done already. `block` is the host's next one. Before a kernel is opened on the
 * store; changes nothing. */
enum vk_err vk_directives_check(struct vk_store *store, const struct vk_ports *ports,
                                const struct vk_directives *directives, uint64_t block,
                                struct vk_directive_refusal *refusal) VK_MUST_CHECK;

/* Whether it is among those that were carried out. Changes nothing. */
enum vk_err vk_directive_is_done(struct vk_store *store, const struct vk_ports *ports,
                                 const struct vk_directive *directive, bool *done) VK_MUST_CHECK;
/* A kernel that has taken over says so, between cranks: in the state, the slog, and with emitted hashes. `directive` says
 * replace-kernel, and is not done yet. */
enum vk_err vk_host_note_replacement(struct vk_kernel *kernel, const struct vk_directive *directive)
    VK_MUST_CHECK;

#endif
