/* account.h - what the deliveries of a crank came to, written down beside the kernel, and what the crank owes for it.
 *
 * It is a worker host around another. A replay is no delivery: the kernel says how many of a worker's first deliveries are
 * replays. What must show once the crank is over:
 *
 *  - An exit with failure aborts its crank, unless the vat changes its mind.
 *  - The crank reports the computrons of all of its deliveries, but those of the bringOutYourDead before a snapshot.
 *  - A vat's meter is lower by what its messages, notifies, startVat and upgrades cost, aborted or not, and never below 0.
 *  - vat-admin is told what came of a creation, and of an upgrade of a vat that could be upgraded.
 *
 * INV-ACCOUNT-1  What the host below is asked, and what it answers, passes unchanged.
 */
#ifndef SIM_ACCOUNT_H
#define SIM_ACCOUNT_H

#include "array.h"
#include "sim_worker.h"
#include "vk/kernel.h"

enum { SIM_METERS_MAX = 16 };

struct sim_account_delivery {
    uint64_t vat;
    enum vk_delivery_type type;
    bool fails, exits, exits_with_failure;
    uint64_t computrons;
};

struct sim_account {
    struct vk_worker_host port;
    const struct vk_worker_host *below;
    const struct sim_workers *workers; /* which know when a vat exits */
    struct {
        SIM_ARRAY(struct sim_account_delivery);
    } deliveries; /* since sim_account_begin */
    struct {
        SIM_ARRAY(struct sim_account_worker);
    } online;
    struct vk_arena scratch; /* of one call; kept, for a crank makes two */
    uint64_t meters
        [SIM_METERS_MAX]; /* what each held before the crank; VK_UNLIMITED: no limit, or no such meter */
};

struct sim_account_worker {
    const struct vk_worker *worker;
    uint64_t vat;
    uint64_t replays; /* still to come */
};

/* `below` NULL is allowed where nothing is ever delivered. */
void sim_account_init(struct sim_account *account, const struct vk_worker_host *below,
                      const struct sim_workers *workers);
void sim_account_release(struct sim_account *account);
/* A crank is about to run on `store`. */
enum vk_err sim_account_begin(struct sim_account *account, struct vk_store *store) VK_MUST_CHECK;
/* Whether the last delivery was a bringOutYourDead that failed: the one before a snapshot panics the kernel. */
bool sim_account_boyd_failed(const struct sim_account *account);

/* What the crank owes: `what` is empty if it has paid. `family` is the kind of debt. */
struct sim_debt {
    const char *family;
    char what[200];
};
enum vk_err sim_account_check(struct sim_account *account, struct vk_store *store,
                              const struct vk_crank_result *crank, struct sim_debt *debt)
    VK_MUST_CHECK;

#endif
