/* plan_host.h - what a plan's host does: a new kernel, blocks and their inputs, run policies, and at the end the blocks
 * that bring the run to rest.
 *
 * INV-HOST-1  What a host does in block N depends on the plan and on the kernel's state before that block, so that a node
 *             that has lost blocks does the same in them once more.
 */
#ifndef SIM_PLAN_HOST_H
#define SIM_PLAN_HOST_H

#include "array.h"
#include "auditor.h"
#include "plan.h"
#include "vk/kernel.h"

/* After the plan's blocks: messages `finish`, results taken, every vat reaped, and the same once more. */
enum { SIM_DRAIN_BLOCKS = 4 };

struct sim_host_result {
    char kpid[VK_KREF_TEXT];
    uint64_t queued_in, taken_in; /* blocks; UINT64_MAX: not taken */
};

/* What came with a result that was taken: kpResolution gives the host a reference to it, which it keeps. */
struct sim_host_held {
    char kref[VK_KREF_TEXT];
    uint64_t taken_in;
};

struct sim_host {
    const struct sim_plan *plan;
    struct vk_arena arena; /* for the call in hand */
    /* Result promises that the host waits for. What happened in a block that was lost has not happened. */
    struct {
        SIM_ARRAY(struct sim_host_result);
    } results;
    struct {
        SIM_ARRAY(struct sim_host_held);
    } held;
    char bootstrap_kpid[VK_KREF_TEXT];
    struct sim_policy policy;    /* of the block in hand */
    uint64_t computrons, cranks; /* spent in it */
};

void sim_host_init(struct sim_host *host, const struct sim_plan *plan);
void sim_host_release(struct sim_host *host);
/* Bundles and a new kernel in an empty store. */
enum vk_err sim_host_create(struct sim_host *host, struct vk_store *store,
                            const struct vk_ports *ports) VK_MUST_CHECK;
/* A kernel was opened, and block `next` is the one to run: forgets what had happened since. */
void sim_host_resume(struct sim_host *host, uint64_t next);
/* Blocks in all, those at the end included. */
uint64_t sim_host_blocks(const struct sim_plan *plan);
/* How long after the one before it a block comes. */
uint64_t sim_host_after_ns(const struct sim_plan *plan, uint64_t block);
/* Makes a block's inputs. */
enum vk_err sim_host_begin_block(struct sim_host *host, struct vk_store *store,
                                 struct vk_kernel *kernel, uint64_t block) VK_MUST_CHECK;
/* Every reference of the host's that is not in the store, in `arena`. */
enum vk_err sim_host_references(const struct sim_host *host, struct vk_arena *arena,
                                struct audit_reference **references, size_t *count) VK_MUST_CHECK;
/* Takes a crank into account; false: the block ends here. */
bool sim_host_goes_on(struct sim_host *host, const struct vk_crank_result *crank);
/* The run policy of the block in hand, for the kernel. */
struct vk_run_policy sim_host_run_policy(struct sim_host *host);

#endif
