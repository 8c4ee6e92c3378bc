/* account.c - see account.h. */
#include "account.h"

#include "vk/json.h"
#include "vk/module.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- the host */

static enum vk_err worker_bundle_ids(void *impl, struct vk_store *store, struct vk_arena *arena,
                                     struct vk_str *json) {
    const struct sim_account *account = impl;
    return account->below->worker_bundle_ids(account->below->impl, store, arena, json);
}

static enum vk_err start(void *impl, const struct vk_worker_spec *spec, struct vk_worker **out) {
    struct sim_account *account = impl;
    uint64_t vat = UINT64_MAX;
    SIM_ARRAY_RESERVE(&account->online);
    VK_TRY(account->below->start(account->below->impl, spec, out));
    if (spec->vat.n) vk_str_to_u64(vk_str_from(spec->vat, 1), &vat);
    account->online.at[account->online.count++] =
        (struct sim_account_worker){*out, vat, spec->replays};
    return VK_OK;
}

static void stop(void *impl, struct vk_worker *worker) {
    struct sim_account *account = impl;
    size_t kept = 0;
    for (size_t i = 0; i < account->online.count; i++)
        if (account->online.at[i].worker != worker)
            account->online.at[kept++] = account->online.at[i];
    account->online.count = kept;
    account->below->stop(account->below->impl, worker);
}

static struct sim_account_worker *find(struct sim_account *account,
                                       const struct vk_worker *worker) {
    for (size_t i = 0; i < account->online.count; i++)
        if (account->online.at[i].worker == worker) return &account->online.at[i];
    VK_ASSERT(false); /* INV-ACCOUNT-1: only who was started is delivered to */
    return NULL;
}

static enum vk_err deliver(void *impl, struct vk_worker *worker, struct vk_arena *arena,
                           const struct vk_delivery *delivery,
                           const struct vk_syscall_port *syscalls,
                           struct vk_delivery_result *result) {
    struct sim_account *account = impl;
    struct sim_account_worker *entry = find(account, worker);
    struct sim_workers_counts before = sim_workers_counts(account->workers);
    bool is_replay = entry->replays > 0;
    uint64_t vat = entry->vat;
    if (is_replay) entry->replays--;
    SIM_ARRAY_RESERVE(&account->deliveries);
    VK_TRY(
        account->below->deliver(account->below->impl, worker, arena, delivery, syscalls, result));
    if (is_replay) return VK_OK;
    struct sim_workers_counts after = sim_workers_counts(account->workers);
    const enum sim_vat_end exit = SIM_VAT_END_EXIT, failure = SIM_VAT_END_EXIT_WITH_FAILURE;
    account->deliveries.at[account->deliveries.count++] = (struct sim_account_delivery){
        .vat = vat,
        .type = delivery->type,
        .fails = !result->ok,
        .exits = after.ends[exit] > before.ends[exit],
        .exits_with_failure = after.ends[failure] > before.ends[failure],
        .computrons = result->metered ? result->computrons : 0,
    };
    return VK_OK;
}

static enum vk_err snapshot(void *impl, struct vk_worker *worker, struct vk_arena *arena,
                            bool restart, struct vk_snapshot_image *image) {
    const struct sim_account *account = impl;
    return account->below->snapshot(account->below->impl, worker, arena, restart, image);
}

void sim_account_init(struct sim_account *account, const struct vk_worker_host *below,
                      const struct sim_workers *workers) {
    VK_ASSERT(!below->snapshot_hash); /* simulated images are hashed by the kernel */
    *account = (struct sim_account){.below = below, .workers = workers};
    vk_arena_init(&account->scratch, vk_heap_system());
    account->port = (struct vk_worker_host){
        .impl = account,
        .worker_bundle_ids = worker_bundle_ids,
        .start = start,
        .deliver = deliver,
        .snapshot = snapshot,
        .stop = stop,
    };
}

void sim_account_release(struct sim_account *account) {
    sim_array_free(account->deliveries.at);
    sim_array_free(account->online.at);
    vk_arena_release(&account->scratch);
}

bool sim_account_boyd_failed(const struct sim_account *account) {
    size_t count = account->deliveries.count;
    if (!count) return false;
    const struct sim_account_delivery *last = &account->deliveries.at[count - 1];
    return last->type == VK_DELIVERY_BRING_OUT_YOUR_DEAD && last->fails;
}

/* ---- meters */

static enum vk_err meter_read(struct vk_store *store, struct vk_arena *arena, size_t number,
                              uint64_t *remaining) {
    struct vk_str key, text;
    VK_TRY(vk_arena_format(arena, &key, "m%zu.remaining", number));
    VK_TRY(vk_module_of(store)->store_get(store, arena, key, &text));
    if (!text.p || !vk_str_to_u64(text, remaining)) *remaining = VK_UNLIMITED;
    return VK_OK;
}

static enum vk_err meters_read(struct vk_store *store, struct vk_arena *arena,
                               uint64_t meters[SIM_METERS_MAX]) {
    struct vk_str text;
    uint64_t next = 0;
    VK_TRY(vk_module_of(store)->store_get(store, arena, VK_STR("meter.nextID"), &text));
    if (text.p && !vk_str_to_u64(text, &next)) next = 0;
    for (size_t i = 0; i < SIM_METERS_MAX; i++)
        meters[i] = VK_UNLIMITED;
    for (size_t i = 1; i < SIM_METERS_MAX && i < next; i++)
        VK_TRY(meter_read(store, arena, i, &meters[i]));
    return VK_OK;
}

enum vk_err sim_account_begin(struct sim_account *account, struct vk_store *store) {
    account->deliveries.count = 0;
    vk_arena_clear(&account->scratch);
    return meters_read(store, &account->scratch, account->meters);
}

/* ---- what is owed */

/* Not counted: a bringOutYourDead after another delivery is the one before a snapshot. */
static bool counts(const struct sim_account *account, size_t i) {
    return i == 0 || account->deliveries.at[i].type != VK_DELIVERY_BRING_OUT_YOUR_DEAD;
}

static void owe(struct sim_debt *debt, const char *family, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void owe(struct sim_debt *debt, const char *family, const char *format, ...) {
    va_list args;
    if (debt->what[0]) return; /* the first says most */
    debt->family = family;
    va_start(args, format);
    vsnprintf(debt->what, sizeof debt->what, format, args);
    va_end(args);
}

/* That whoever did what ends a vat has ended, oracle_verdict.c sees to. */
static void check_exits(const struct sim_account *account, const struct vk_crank_result *crank,
                        struct sim_debt *debt) {
    for (size_t i = 0; i < account->deliveries.count; i++) {
        const struct sim_account_delivery *delivery = &account->deliveries.at[i];
        if (counts(account, i) && delivery->exits_with_failure && !delivery->exits &&
            !crank->aborted)
            owe(debt, "exit-with-failure", "v%llu exited with failure, and what it did stays",
                (unsigned long long)delivery->vat);
    }
}

static void check_computrons(const struct sim_account *account, const struct vk_crank_result *crank,
                             struct sim_debt *debt) {
    uint64_t spent = 0, reported = crank->metered ? crank->computrons : 0;
    for (size_t i = 0; i < account->deliveries.count; i++)
        if (counts(account, i)) spent += account->deliveries.at[i].computrons;
    if (spent != reported)
        owe(debt, "computrons", "its deliveries cost %llu computrons, and it reports %llu",
            (unsigned long long)spent, (unsigned long long)reported);
}

/* The number of the vat's meter, or 0: it has none, or is gone. */
static enum vk_err meter_of(struct vk_store *store, struct vk_arena *arena, uint64_t vat,
                            size_t *meter) {
    struct vk_str key, text;
    const struct vk_json *options;
    uint64_t number = 0;
    *meter = 0;
    VK_TRY(vk_arena_format(arena, &key, "v%llu.options", (unsigned long long)vat));
    VK_TRY(vk_module_of(store)->store_get(store, arena, key, &text));
    if (!text.p) return VK_OK;
    VK_TRY(vk_json_parse(arena, text, &options));
    struct vk_str id = vk_json_string(vk_json_get(options, "meterID"));
    if (id.n > 1 && vk_str_to_u64(vk_str_from(id, 1), &number) && number < SIM_METERS_MAX)
        *meter = (size_t)number;
    return VK_OK;
}

static bool is_charged(const struct sim_account *account, size_t i, bool upgrades) {
    switch (account->deliveries.at[i].type) {
    case VK_DELIVERY_MESSAGE:
    case VK_DELIVERY_NOTIFY:
    case VK_DELIVERY_START_VAT: return true;
    case VK_DELIVERY_BRING_OUT_YOUR_DEAD: /* an upgrade is paid for as a whole if startVat is at all */
        return upgrades && i == 0 && account->deliveries.count > 1 &&
               account->deliveries.at[1].computrons > 0;
    case VK_DELIVERY_DROP_EXPORTS:
    case VK_DELIVERY_RETIRE_EXPORTS:
    case VK_DELIVERY_RETIRE_IMPORTS:
    case VK_DELIVERY_CHANGE_VAT_OPTIONS: return false;
    }
    VK_ASSERT(false); /* INV-DELIVERY-1: every delivery has a type */
    return false;
}

/* The deliveries of one crank are all of one vat. */
static enum vk_err check_meter(const struct sim_account *account, struct vk_store *store,
                               struct vk_arena *arena, const struct vk_crank_result *crank,
                               struct sim_debt *debt) {
    bool upgrades = strcmp(crank->event, "upgrade-vat") == 0;
    uint64_t cost = 0, after;
    size_t meter;
    for (size_t i = 0; i < account->deliveries.count; i++)
        if (is_charged(account, i, upgrades)) cost += account->deliveries.at[i].computrons;
    if (!cost) return VK_OK;
    VK_TRY(meter_of(store, arena, account->deliveries.at[0].vat, &meter));
    uint64_t before = account->meters[meter];
    if (!meter || before == VK_UNLIMITED) return VK_OK;
    VK_TRY(meter_read(store, arena, meter, &after));
    if (after != (before > cost ? before - cost : 0))
        owe(debt, "meter", "m%zu held %llu computrons and holds %llu, and %llu were spent", meter,
            (unsigned long long)before, (unsigned long long)after, (unsigned long long)cost);
    return VK_OK;
}

static bool contains(struct vk_str text, const char *word) {
    size_t n = strlen(word);
    for (size_t i = 0; i + n <= text.n; i++)
        if (memcmp(text.p + i, word, n) == 0) return true;
    return false;
}

/* What a crank tells vat-admin of its event is the last that it queues. */
static enum vk_err check_told(const struct sim_account *account, struct vk_store *store,
                              struct vk_arena *arena, const struct vk_crank_result *crank,
                              struct sim_debt *debt) {
    bool creates = crank->kind == VK_CRANK_CREATE_VAT; /* not the crank that routes it */
    bool upgrades = strcmp(crank->event, "upgrade-vat") == 0 && account->deliveries.count > 0;
    struct vk_str bounds, key, event = VK_STR_NONE;
    const struct vk_json *json;
    uint64_t tail = 0;
    if (!creates && !upgrades) return VK_OK;
    VK_TRY(vk_module_of(store)->store_get(store, arena, VK_STR("acceptanceQueue"), &bounds));
    VK_TRY(vk_json_parse(arena, bounds.p ? bounds : VK_STR("[]"), &json));
    const struct vk_json *end = vk_json_at(json, 1);
    if (end && vk_str_to_u64(end->text, &tail) && tail) {
        VK_TRY(vk_arena_format(arena, &key, "acceptanceQueue.%llu", (unsigned long long)tail - 1));
        VK_TRY(vk_module_of(store)->store_get(store, arena, key, &event));
    }
    bool is_told = creates ? contains(event, "newVatCallback") || contains(event, "vatTerminated")
                           : contains(event, "vatUpgradeCallback");
    if (!is_told) owe(debt, "told", "vat-admin is not told what came of it");
    return VK_OK;
}

enum vk_err sim_account_check(struct sim_account *account, struct vk_store *store,
                              const struct vk_crank_result *crank, struct sim_debt *debt) {
    *debt = (struct sim_debt){0};
    if (crank->directed) return VK_OK; /* people decided what becomes of it */
    check_exits(account, crank, debt);
    check_computrons(account, crank, debt);
    vk_arena_clear(&account->scratch);
    VK_TRY(check_meter(account, store, &account->scratch, crank, debt));
    return check_told(account, store, &account->scratch, crank, debt);
}
