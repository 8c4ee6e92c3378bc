/* oracle.c - see oracle.h. */
#include "oracle.h"

#include "account.h"
#include "auditor.h"
#include "held_check.h"
#include "plan_host.h"
#include "vk/json.h"
#include "vk/module.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
    const char *word, *demand, *cost;
} oracles[] = {
#define ORACLE_ROW(name, word, demand, cost) {word, demand, cost},
    SIM_ORACLES(ORACLE_ROW)
#undef ORACLE_ROW
};

const char *sim_oracle_word(enum sim_oracle oracle) { return oracles[oracle].word; }
const char *sim_oracle_demand(enum sim_oracle oracle) { return oracles[oracle].demand; }
const char *sim_oracle_cost(enum sim_oracle oracle) { return oracles[oracle].cost; }

void sim_failure_set(struct sim_failure *failure, enum sim_oracle oracle,
                     const struct sim_replica *replica, const char *family, const char *format,
                     ...) {
    va_list args;
    failure->oracle = oracle;
    failure->replica = sim_replica_index(replica);
    const struct sim_point *point = sim_replica_point(replica);
    failure->point = point->number;
    failure->block = point->block;
    failure->vat = point->crank.vat;
    failure->at_ns = sim_replica_now_ns(replica);
    snprintf(failure->event, sizeof failure->event, "%s",
             point->crank.event && *point->crank.event ? point->crank.event : "none");
    va_start(args, format);
    vsnprintf(failure->what, sizeof failure->what, format, args);
    va_end(args);
    snprintf(failure->signature, sizeof failure->signature, "%s/%s/%s", sim_oracle_word(oracle),
             failure->event, family);
}

void sim_failure_set_crash(struct sim_failure *failure, const char *died) {
    *failure = (struct sim_failure){.oracle = SIM_ORACLE_CRASH, .event = "none", .vat = VK_NO_VAT};
    snprintf(failure->what, sizeof failure->what, "%s", died);
    const char *words = strstr(died, ": ");
    snprintf(failure->signature, sizeof failure->signature, "crash/none/%.128s",
             words ? words + 2 : died);
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Numbers become '*'; so do a vatstore's own keys. */
void sim_key_family(struct vk_str key, char family[64]) {
    size_t n = 0;
    for (size_t i = 0; i < key.n && n < 60;) {
        if (is_digit(key.p[i])) {
            while (i < key.n && is_digit(key.p[i]))
                i++;
            family[n++] = '*';
            continue;
        }
        if (key.n - i > 4 && memcmp(key.p + i, ".vs.", 4) == 0) {
            n += (size_t)snprintf(family + n, 64 - n, ".vs.*");
            break;
        }
        family[n++] = key.p[i++];
    }
    family[n] = '\0';
}

/* ---- memory */

/* Of those vats that keep their vatstore in their worker. */
static enum vk_err check_vatstores(struct sim_replica *replica, struct sim_failure *failure,
                                   bool *failed) {
    struct vk_arena arena;
    struct vk_str key;
    uint64_t vat;
    vk_arena_init(&arena, vk_heap_system());
    enum vk_err err = sim_workers_check_vatstores(sim_replica_workers(replica),
                                                  sim_replica_store(replica), &arena, &vat, &key);
    *failed = err == VK_OK && vat != UINT64_MAX;
    if (*failed)
        sim_failure_set(failure, SIM_ORACLE_MEMORY, replica, "vatstore",
                        "the worker of v%llu keeps another vatstore than the database has: %.*s",
                        (unsigned long long)vat, VK_STR_ARG(key));
    vk_arena_release(&arena);
    return err;
}

enum vk_err sim_oracle_memory(struct sim_replica *replica, struct sim_failure *failure,
                              bool *failed) {
    const struct vk_kernel_options options = {.no_preload = true};
    struct vk_kernel *fresh;
    char differs[VK_DIFFERS_MAX];
    *failed = false;
    struct vk_store *store = sim_replica_store(replica);
    const struct vk_module *module = vk_module_of(store);
    VK_TRY(module->kernel_open(store, sim_replica_ports(replica), &options, &fresh));
    enum vk_err err = module->kernel_compare_memory(sim_replica_kernel(replica), fresh, differs);
    module->kernel_close(fresh);
    if (err != VK_OK) return err;
    if (!*differs) return check_vatstores(replica, failure, failed);
    *failed = true;
    char family[64];
    sim_key_family(vk_str(differs), family);
    sim_failure_set(failure, SIM_ORACLE_MEMORY, replica, family,
                    "the kernel remembers something else than its own database says: %s", differs);
    return VK_OK;
}

/* ---- roll-back */

enum vk_err sim_oracle_rollback(struct sim_replica *replica, struct sim_failure *failure,
                                bool *failed) {
    const struct sim_shadow *shadow = sim_replica_shadow(replica);
    struct vk_store *store = sim_replica_store(replica);
    const struct sim_point *point = sim_replica_point(replica);
    *failed = false;
    if (!shadow) return VK_OK;
    struct vk_state_hash sum = sim_shadow_sum(shadow), is = point->crank.state_hash;
    struct sim_shadow_crank crank = sim_shadow_crank(shadow);
    /* The incremental hash goes back to the savepoint's by itself, whatever becomes of the rest of the store. */
    if (point->is_crank && crank.rolled_back)
        VK_TRY(vk_module_of(store)->store_recompute_state_hash(store, &is));
    if (sum.low != is.low || sum.high != is.high) {
        *failed = true;
        sim_failure_set(failure, SIM_ORACLE_ROLLBACK, replica, "state",
                        "the state is not what the trace of writes and roll-backs comes to%s",
                        crank.rolled_back ? "; this crank was rolled back" : "");
    } else if (point->is_crank && crank.stranger[0]) {
        char family[64];
        sim_key_family(vk_str(crank.stranger), family);
        *failed = true;
        sim_failure_set(failure, SIM_ORACLE_ROLLBACK, replica, family,
                        "%s was written after the roll-back, and is no declared survivor",
                        crank.stranger);
    } else if (crank.skipped[0]) {
        char family[64];
        sim_key_family(vk_str(crank.skipped), family);
        *failed = true;
        sim_failure_set(failure, SIM_ORACLE_ROLLBACK, replica, family,
                        "%s was not counted up by one", crank.skipped);
    } else if (point->is_crank && crank.miscounted) {
        *failed = true;
        sim_failure_set(failure, SIM_ORACLE_ROLLBACK, replica, crank.miscounted,
                        "the statistic %s did not move as what it counts did", crank.miscounted);
    } else if (point->is_crank && crank.numbered != 1) {
        *failed = true;
        sim_failure_set(failure, SIM_ORACLE_ROLLBACK, replica, "crankNumber",
                        "one crank was given %llu numbers", (unsigned long long)crank.numbered);
    } else if (point->is_crank && crank.rolled_back != point->crank.aborted) {
        *failed = true;
        sim_failure_set(failure, SIM_ORACLE_ROLLBACK, replica, "aborted", "the crank was %s",
                        crank.rolled_back ? "rolled back, but is said not to have been"
                                          : "aborted, but nothing was rolled back");
    }
    return VK_OK;
}

/* ---- account */

enum vk_err sim_oracle_account(struct sim_replica *replica, struct sim_failure *failure,
                               bool *failed) {
    const struct sim_point *point = sim_replica_point(replica);
    struct sim_debt debt;
    *failed = false;
    if (!point->is_crank) return VK_OK;
    VK_TRY(sim_account_check(sim_replica_account(replica), sim_replica_store(replica),
                             &point->crank, &debt));
    *failed = debt.what[0] != '\0';
    if (*failed)
        sim_failure_set(failure, SIM_ORACLE_ACCOUNT, replica, debt.family, "%s", debt.what);
    return VK_OK;
}

/* ---- panic */

/* Of a drawn plan all that a kernel may panic for is known: what sim_plan_may_panic says, that bootstrap was rejected, and a
 * bringOutYourDead before a snapshot that fails. */
bool sim_oracle_panic(struct sim_replica *replica, const struct sim_plan *plan,
                      struct sim_failure *failure) {
    const char *bootstrap = sim_replica_host(replica)->bootstrap_kpid;
    const char *text = sim_replica_error_text(replica);
    if (!plan->has_seed || sim_replica_is_directed(replica) || sim_plan_may_panic(plan) ||
        (*bootstrap && strstr(text, bootstrap)) ||
        sim_account_boyd_failed(sim_replica_account(replica)))
        return false;
    sim_failure_set(failure, SIM_ORACLE_CLASS, replica, "panic",
                    "panicked, and nothing in the plan is worth a panic: %s", text);
    return true;
}

/* ---- hash */

enum vk_err sim_oracle_hash(struct sim_replica *replica, struct sim_failure *failure,
                            bool *failed) {
    struct vk_store *store = sim_replica_store(replica);
    struct vk_state_hash kept = vk_module_of(store)->store_state_hash(store), whole;
    *failed = false;
    VK_TRY(vk_module_of(store)->store_recompute_state_hash(store, &whole));
    if (whole.low == kept.low && whole.high == kept.high) return VK_OK;
    *failed = true;
    sim_failure_set(failure, SIM_ORACLE_HASH, replica, "state",
                    "the incremental state hash is not that of the state as a whole");
    return VK_OK;
}

/* ---- audit */

struct auditing {
    struct sim_replica *replica;
    struct sim_failure *failure;
    bool failed;
};

static void violated(void *impl, const struct audit_violation *violation) {
    struct auditing *auditing = impl;
    char family[64];
    if (auditing->failed) return; /* the first says most */
    auditing->failed = true;
    sim_key_family(violation->key, family);
    sim_failure_set(auditing->failure, SIM_ORACLE_AUDIT, auditing->replica, family,
                    "%s: %.*s: expected %.*s, found %.*s", sim_audit_rule_name(violation->rule),
                    VK_STR_ARG(violation->key), VK_STR_ARG(violation->expected),
                    VK_STR_ARG(violation->found));
}

/* What SwingSet's kernel leaves lying. */
static bool is_left(void *impl, struct vk_str kref) {
    const struct auditing *auditing = impl;
    const struct sim_shadow *shadow = sim_replica_shadow(auditing->replica);
    return sim_shadow_was_released_twice(shadow, kref) || !sim_shadow_was_held(shadow, kref);
}

static enum vk_err audit(struct sim_replica *replica, bool with_items, struct sim_failure *failure,
                         bool *failed) {
    struct auditing auditing = {.replica = replica, .failure = failure};
    struct audit_reference *references;
    struct vk_arena arena;
    size_t count;
    vk_arena_init(&arena, vk_heap_system());
    enum vk_err err = sim_host_references(sim_replica_host(replica), &arena, &references, &count);
    const struct sim_audit_options options = {
        .references_known = true,
        .references = references,
        .reference_count = count,
        .heap = vk_heap_system(),
        .without_items = !with_items,
        .is_collected = sim_replica_shadow(replica) != NULL &&
                        sim_replica_point(replica)->is_crank &&
                        !sim_replica_is_directed(replica), /* a drop that is skipped never comes */
        .excused = is_left,
        .violation = violated,
        .impl = &auditing,
    };
    struct sim_audit_report report;
    if (err == VK_OK) err = sim_audit_store(sim_replica_store(replica), &options, &report);
    vk_arena_release(&arena);
    *failed = auditing.failed;
    return err;
}

enum vk_err sim_oracle_audit(struct sim_replica *replica, struct sim_failure *failure,
                             bool *failed) {
    return audit(replica, false, failure, failed);
}

enum vk_err sim_oracle_audit_whole(struct sim_replica *replica, struct sim_failure *failure,
                                   bool *failed) {
    return audit(replica, true, failure, failed);
}

/* ---- at rest */

enum vk_err sim_oracle_held(struct sim_replica *replica, struct sim_failure *failure,
                            bool *failed) {
    struct sim_held_difference difference;
    VK_TRY(sim_held_check(sim_replica_workers(replica), sim_replica_store(replica), &difference));
    *failed = difference.what[0] != '\0';
    if (*failed)
        sim_failure_set(failure, SIM_ORACLE_MEMORY, replica, difference.family,
                        "a vat holds something else than its c-list says: %s", difference.what);
    return VK_OK;
}

struct resting {
    struct sim_replica *replica;
    struct sim_failure *failure;
    bool failed;
};

/* Keys that say there is something to do, with what they are when there is not. */
static bool is_idle(struct vk_str key, struct vk_str value) {
    static const char *const empty[] = {"gcActions", "reapQueue", "vats.terminated"};
    if (vk_str_eq(key, VK_STR("sideQueues.ready"))) return false; /* absent when there is nothing */
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++)
        if (vk_str_eq(key, vk_str(empty[i]))) return vk_str_eq(value, VK_STR("[]"));
    if (!vk_str_eq(key, VK_STR("runQueue")) && !vk_str_eq(key, VK_STR("acceptanceQueue")))
        return true;
    size_t comma = 0;
    while (comma < value.n && value.p[comma] != ',')
        comma++;
    return value.n == 2 * comma + 1 && comma > 1 &&
           memcmp(value.p + 1, value.p + comma + 1, comma - 1) == 0; /* "[7,7]" */
}

static enum vk_err pair_rests(void *impl, struct vk_str key, struct vk_str value) {
    struct resting *resting = impl;
    if (resting->failed || is_idle(key, value)) return VK_OK;
    char family[64];
    sim_key_family(key, family);
    resting->failed = true;
    sim_failure_set(resting->failure, SIM_ORACLE_LIVENESS, resting->replica, family,
                    "there is something left to do: %.*s is %.*s", VK_STR_ARG(key),
                    (int)(value.n < 80 ? value.n : 80), value.p);
    return VK_OK;
}

enum vk_err sim_oracle_at_rest(struct sim_replica *replica, struct sim_failure *failure,
                               bool *failed) {
    struct resting resting = {.replica = replica, .failure = failure};
    const struct vk_store_scan scan = {.impl = &resting, .pair = pair_rests};
    struct vk_store *store = sim_replica_store(replica);
    VK_TRY(vk_module_of(store)->store_scan(store, &scan));
    *failed = resting.failed;
    return VK_OK;
}
