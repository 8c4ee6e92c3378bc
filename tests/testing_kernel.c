/* testing_kernel.c - see testing_kernel.h. */
#include "testing_kernel.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/auditor.h"

static const char *const names[TEST_VATS] = {"vatAdmin", "alice", "bob", "carol"};

/* vatAdmin answers whatever it is told, so that nothing is left waiting. */
#define ANSWER(method) "on " method " {fulfill $r undefined};"
static const char admin_program[] = ANSWER("bootstrap") ANSWER("newVatCallback")
    ANSWER("vatTerminated") ANSWER("vatUpgradeCallback") ANSWER("meterCrossedThreshold")
        ANSWER("bundleInstalled") ANSWER("vatPaused");

/* ---- the device dev
 *
 * echo VALUE...: its arguments. fail: an error result. node: a node of its own. stranger: a slot that it
 * does not have. send SLOT: sends it ["hello",[]]. strange_send: the same to what it does not have,
 * and it passes on what it is told. set KEY VALUE, get KEY, delete KEY: its vatstore. state:
 * sets its state. garbled: answers with no UTF-8, or writes or sends it, as its argument says. crash: the host is in trouble. */

struct dev_call {
    struct vk_arena *arena;
    const struct vk_device_call *call;
    const struct vk_device_powers *powers;
    struct vk_device_result *result;
    const struct vk_value *args;
};

static struct vk_str dev_arg(const struct dev_call *dev, size_t index) {
    const struct vk_value *value = vk_value_at(dev->args, index);
    return value ? value->text : VK_STR("");
}

static enum vk_err dev_say(struct dev_call *dev, const char *body, struct vk_str slot) {
    struct vk_str *slots;
    VK_TRY(VK_NEW_ARRAY(dev->arena, &slots, 1));
    slots[0] = slot;
    dev->result->ok = true;
    dev->result->data = (struct vk_capdata){vk_str(body), slots, slot.p ? 1 : 0};
    return VK_OK;
}

static enum vk_err dev_say_text(struct dev_call *dev, struct vk_str text) {
    struct vk_value *value;
    if (!text.p) return dev_say(dev, "#\"#undefined\"", VK_STR_NONE);
    VK_TRY(vk_value_text(dev->arena, VK_VALUE_STRING, text, &value));
    dev->result->ok = true;
    return vk_capdata_encode(dev->arena, value, &dev->result->data);
}

static enum vk_err dev_send(struct dev_call *dev, struct vk_str target) {
    const struct vk_capdata hello = {.body = VK_STR("#[\"hello\",[]]")};
    VK_TRY(dev->powers->send_only(dev->powers->impl, target, &hello));
    return dev_say_text(dev, VK_STR_NONE);
}

static enum vk_err dev_garbled(struct dev_call *dev, struct vk_str what) {
    const struct vk_device_powers *powers = dev->powers;
    const struct vk_str garbled = VK_STR("\"no \x81 UTF-8\"");
    const struct vk_capdata message = {.body = garbled};
    if (vk_str_eq(what, VK_STR("data"))) return dev_say(dev, garbled.p, VK_STR_NONE);
    if (vk_str_eq(what, VK_STR("key")))
        return powers->vatstore_set(powers->impl, garbled, VK_STR("value"));
    if (vk_str_eq(what, VK_STR("value")))
        return powers->vatstore_set(powers->impl, VK_STR("key"), garbled);
    if (vk_str_eq(what, VK_STR("state"))) return powers->state_set(powers->impl, garbled);
    if (vk_str_eq(what, VK_STR("message")))
        return powers->send_only(powers->impl, dev->call->args.slots[0], &message);
    dev->result->problem = garbled;
    return VK_OK;
}

static enum vk_err dev_vatstore(struct dev_call *dev) {
    const struct vk_device_powers *powers = dev->powers;
    struct vk_str method = dev->call->method, value = VK_STR_NONE;
    if (vk_str_eq(method, VK_STR("set")))
        VK_TRY(powers->vatstore_set(powers->impl, dev_arg(dev, 0), dev_arg(dev, 1)));
    else if (vk_str_eq(method, VK_STR("get")))
        VK_TRY(powers->vatstore_get(powers->impl, dev_arg(dev, 0), &value));
    else if (vk_str_eq(method, VK_STR("delete")))
        VK_TRY(powers->vatstore_delete(powers->impl, dev_arg(dev, 0)));
    else
        VK_TRY(powers->state_set(powers->impl, VK_STR("{\"set\":true}")));
    return dev_say_text(dev, value);
}

static enum vk_err dev_invoke(void *impl, struct vk_arena *arena, const struct vk_device_call *call,
                              const struct vk_device_powers *powers,
                              struct vk_device_result *result) {
    struct dev_call dev = {arena, call, powers, result, NULL};
    struct vk_value *args;
    struct vk_str method = call->method;
    bool legal;
    (void)impl;
    *result = (struct vk_device_result){.problem = VK_STR("dev will not")};
    VK_TRY(vk_capdata_decode(arena, &call->args, &legal, &args));
    if (!legal) return VK_OK;
    dev.args = args;
    if (vk_str_eq(method, VK_STR("fail"))) return VK_OK;
    if (vk_str_eq(method, VK_STR("crash"))) return VK_RAISE(VK_ERR_DISK, "dev crashed");
    if (vk_str_eq(method, VK_STR("node")))
        return dev_say(&dev, "#\"$0.Alleged: device node\"", VK_STR("d+1"));
    if (vk_str_eq(method, VK_STR("garbled"))) return dev_garbled(&dev, dev_arg(&dev, 0));
    if (vk_str_eq(method, VK_STR("stranger")))
        return dev_say(&dev, "#\"$0.Alleged: x\"", VK_STR("o-99"));
    if (vk_str_eq(method, VK_STR("send"))) return dev_send(&dev, call->args.slots[0]);
    if (vk_str_eq(method, VK_STR("hush"))) { /* whatever it comes to, nothing is wrong */
        enum vk_err err = powers->vatstore_set(powers->impl, VK_STR("hushed"), VK_STR("value"));
        return err == VK_OK ? dev_say_text(&dev, VK_STR_NONE)
                            : dev_say(&dev, "#\"all is well\"", VK_STR_NONE);
    }
    if (vk_str_eq(method, VK_STR("strange_send"))) return dev_send(&dev, VK_STR("o-99"));
    if (!vk_str_eq(method, VK_STR("echo"))) return dev_vatstore(&dev);
    result->ok = true;
    result->data = call->args;
    return VK_OK;
}

/* ---- opening */

static uint64_t or_never(uint64_t setting) { return setting ? setting : VK_UNLIMITED; }
static uint64_t or_late(uint64_t setting) { return setting ? setting : 1000000; }

static const char *text_of(struct test_world *w, struct vk_str s) {
    struct vk_str text;
    test_ok(vk_arena_format(&w->arena, &text, "%.*s%c", VK_STR_ARG(s), '\0'));
    return text.p;
}

static struct vk_str bundle_of(struct test_world *w, const char *name) {
    return vk_str(text_of(w, vk_str(test_bundle_id(name))));
}

enum vk_err world_try_initialize(struct test_world *w) {
    const struct test_setup *setup = w->setup;
    struct vk_vat_config vats[TEST_VATS] = {0};
    const struct vk_device_config devices[] = {
        {.name = VK_STR("vatAdmin"), .bundle_id = bundle_of(w, "device")},
        {.name = VK_STR("dev"), .bundle_id = bundle_of(w, "device")},
    };
    const struct vk_named_bundle named = {VK_STR("thing"), bundle_of(w, "vat")};
    char kpid[24];
    for (int i = 0; i < TEST_VATS; i++) {
        vats[i].name = vk_str(names[i]);
        vats[i].bundle_id = bundle_of(w, names[i]);
        vats[i].options = vk_str(setup->options[i]);
        test_parameters(&w->arena, i == TEST_ADMIN ? admin_program : setup->start[i],
                        &vats[i].parameters);
    }
    const struct vk_config config = {
        .default_manager_type = setup->xsnap ? VK_STR("xs-worker") : VK_STR_NONE,
        .default_reap_interval = or_never(setup->reap_interval),
        .default_reap_gc_krefs = or_never(setup->reap_gc_krefs),
        .snapshot_initial = or_late(setup->snapshot_initial),
        .snapshot_interval = or_late(setup->snapshot_interval),
        .bundles = &named,
        .bundle_count = 1,
        .vats = vats,
        .vat_count = TEST_VATS,
        .devices = devices,
        .device_count = sizeof devices / sizeof *devices,
        .bootstrap = VK_STR("vatAdmin"),
    };
    return vk_kernel_initialize(w->store, &w->ports, &config, kpid);
}

static void add_bundles(struct test_world *w) {
    static const char *const bundles[] = {"vatAdmin", "alice", "bob", "carol", "vat", "device"};
    for (size_t i = 0; i < sizeof bundles / sizeof *bundles; i++)
        test_ok(vk_bundle_add(w->store, vk_str(test_bundle_id(bundles[i])), VK_STR("zip")));
}

void world_open_store(struct test_world *w, const struct test_setup *setup, enum vk_store_mode mode,
                      const char *path) {
    const struct vk_store_options options = {.mode = mode};
    *w = (struct test_world){
        .setup = setup,
        .options = {.vats_online_max = setup->vats_online_max,
                    .no_restart_after_snapshot = setup->keep_worker},
        .devices = {.invoke = dev_invoke},
    };
    test_heap_init(&w->heap);
    test_trace_init(&w->trace);
    w->trace.port.wants_slog = setup->slog;
    test_vats_init(&w->vats);
    vk_arena_init(&w->arena, vk_heap_system());
    w->ports = (struct vk_ports){.heap = &w->heap.port,
                                 .trace = &w->trace.port,
                                 .disk = {NULL, path},
                                 .workers = &w->vats.port,
                                 .devices = &w->devices};
    test_ok(vk_store_open(&w->ports, &options, &w->store));
}

enum vk_err world_try_open_kernel(struct test_world *w) {
    return vk_kernel_open(w->store, &w->ports, &w->options, &w->kernel);
}

static void open_world(struct test_world *w) {
    add_bundles(w);
    test_ok(world_try_initialize(w));
    test_ok(world_try_open_kernel(w));
    world_run(w);
    cr_assert_str_eq(world_take(w, "kp40"), "fulfilled #\"#undefined\"");
    w->reference_count = 0;
    world_tell(w, "vatAdmin", "ready"); /* the crank that lets go of kp40 */
    world_run(w);
    test_ok(vk_store_commit(w->store));
    world_forget(w);
}

void world_open(struct test_world *w, const struct test_setup *setup, enum vk_store_mode mode,
                const char *path) {
    world_open_store(w, setup, mode, path);
    open_world(w);
}

void world_restart(struct test_world *w) {
    vk_kernel_close(w->kernel);
    w->kernel = NULL;
    cr_assert(w->vats.live == 0, "a closed kernel has stopped its workers");
    test_ok(world_try_open_kernel(w));
}

/* ---- closing */

static void print_violation(void *impl, const struct audit_violation *violation) {
    unsigned *count = impl;
    ++*count;
    fprintf(stderr, "%s: %.*s: expected %.*s, found %.*s\n", sim_audit_rule_name(violation->rule),
            VK_STR_ARG(violation->key), VK_STR_ARG(violation->expected),
            VK_STR_ARG(violation->found));
}

static void audit(struct test_world *w) {
    struct audit_reference references[16];
    unsigned violations = 0;
    struct sim_audit_report report;
    for (size_t i = 0; i < w->reference_count; i++)
        references[i] =
            (struct audit_reference){vk_str(w->references[i].kref), w->references[i].count};
    const struct sim_audit_options options = {
        .heap = vk_heap_system(),
        .references_known = true,
        .references = references,
        .reference_count = w->reference_count,
        .violation = print_violation,
        .impl = &violations,
    };
    test_ok(sim_audit_store(w->store, &options, &report));
    cr_assert(violations == 0, "the auditor found %u violations", violations);
}

void world_close(struct test_world *w) {
    if (w->kernel) vk_kernel_close(w->kernel);
    if (!w->unaudited) audit(w);
    vk_store_close(w->store);
    test_vats_release(&w->vats);
    test_trace_release(&w->trace);
    vk_arena_release(&w->arena);
    cr_assert(w->heap.outstanding_blocks == 0, "%llu blocks leaked",
              (unsigned long long)w->heap.outstanding_blocks);
}

/* ---- scenarios */

/* The trace without what may differ where only workers come and go. */
static char *consensus_trace(const struct test_world *w) {
    char *text = malloc(w->trace.length - w->trace_mark + 1), *end = text;
    const char *line = w->trace.text + w->trace_mark;
    cr_assert(text);
    while (*line) {
        size_t n = strcspn(line, "\n") + 1;
        if (strncmp(line, "commit", 6) != 0 && strncmp(line, "slog", 4) != 0) {
            memcpy(end, line, n);
            end += n;
        }
        line += n;
    }
    *end = '\0';
    return text;
}

void test_same_lines(const char *expected, const char *found, const char *how) {
    const char *line = expected, *other = found;
    while (*line && *other) {
        size_t n = strcspn(line, "\n"), m = strcspn(other, "\n");
        cr_assert(n == m && memcmp(line, other, n) == 0, "%s:\n%.*s\ninstead of\n%.*s", how, (int)m,
                  other, (int)n, line);
        line += n + 1;
        other += m + 1;
    }
    cr_assert(!*line && !*other, "%s: there is more of one trace: %s", how, *line ? line : other);
}

static const struct {
    const char *name;
    enum vk_store_mode mode;
    bool restarts;
    bool pages;
} variants[] = {
    {"write-back", VK_STORE_WRITE_BACK, false, false},
    {"direct", VK_STORE_DIRECT, false, false},
    {"restarts", VK_STORE_DIRECT, true, false},
    {"one vat online", VK_STORE_WRITE_BACK, false, true},
};
enum { VARIANTS = sizeof variants / sizeof *variants, PLAIN_VARIANTS = 2 };

static char *play(const struct test_setup *setup, int variant,
                  void (*scenario)(struct test_world *w)) {
    struct test_world w;
    world_open_store(&w, setup, variants[variant].mode, ":memory:");
    if (variants[variant].pages) w.options.vats_online_max = 1;
    open_world(&w);
    w.restarts = variants[variant].restarts;
    size_t from = w.trace_mark;
    scenario(&w);
    w.trace_mark = from;
    char *trace = consensus_trace(&w);
    world_close(&w);
    return trace;
}

void test_scenario(const struct test_setup *setup, void (*scenario)(struct test_world *w)) {
    char *first = play(setup, 0, scenario);
    for (int i = 1; i < (setup->plain ? PLAIN_VARIANTS : VARIANTS); i++) {
        char *trace = play(setup, i, scenario);
        test_same_lines(first, trace, variants[i].name);
        free(trace);
    }
    free(first);
}

/* ---- the host */

static const char *root_of(struct test_world *w, const char *target) {
    char kref[VK_KREF_TEXT];
    if (target[0] == 'k') return target;
    test_ok(vk_host_vat_root(w->kernel, vk_str(target), kref));
    return text_of(w, vk_str(kref));
}

static const char *queue(struct test_world *w, const char *target, const char *words,
                         enum vk_result_policy policy) {
    struct vk_capdata methargs;
    char kpid[VK_KREF_TEXT];
    test_methargs(&w->arena, words, &methargs);
    test_ok(vk_host_queue_message(w->kernel, vk_str(root_of(w, target)), &methargs, policy, kpid));
    return text_of(w, vk_str(kpid));
}

void world_tell(struct test_world *w, const char *target, const char *words, ...) {
    char text[4096];
    va_list args;
    va_start(args, words);
    int n = vsnprintf(text, sizeof text, words, args);
    va_end(args);
    cr_assert(n >= 0 && (size_t)n < sizeof text);
    cr_assert_str_eq(queue(w, target, text, VK_RESULT_NONE), "");
}

const char *world_ask(struct test_world *w, const char *target, const char *words,
                      enum vk_result_policy policy) {
    const char *kpid = queue(w, target, words, policy);
    world_refer(w, kpid, 1);
    return kpid;
}

static struct world_reference *reference(struct test_world *w, const char *kref) {
    for (size_t i = 0; i < w->reference_count; i++)
        if (strcmp(w->references[i].kref, kref) == 0) return &w->references[i];
    cr_assert(w->reference_count < sizeof w->references / sizeof *w->references);
    struct world_reference *added = &w->references[w->reference_count++];
    snprintf(added->kref, sizeof added->kref, "%s", kref);
    added->count = 0;
    return added;
}

void world_refer(struct test_world *w, const char *kref, uint64_t count) {
    reference(w, kref)->count += count;
}

const char *world_take(struct test_world *w, const char *kpid) {
    bool settled, rejected;
    struct vk_capdata data;
    struct vk_buf buf;
    struct vk_str text;
    test_ok(
        vk_host_take_resolution(w->kernel, &w->arena, vk_str(kpid), &settled, &rejected, &data));
    if (!settled) return "unresolved";
    reference(w, kpid)->count = 0;
    vk_buf_init(&buf, &w->arena);
    vk_buf_add(&buf, rejected ? VK_STR("rejected ") : VK_STR("fulfilled "));
    vk_buf_add(&buf, data.body);
    for (size_t i = 0; i < data.slot_count; i++) {
        vk_buf_char(&buf, ' ');
        vk_buf_add(&buf, data.slots[i]);
        world_refer(w, text_of(w, data.slots[i]), 1);
    }
    test_ok(vk_buf_finish(&buf, &text));
    return text_of(w, text);
}

void world_create_vat(struct test_world *w, const char *options, const char *start) {
    world_tell(w, "vatAdmin",
               "{call d-71 createByBundleID @vat {\"vatParameters\":{\"run\":\"%s\"}%s}}", start,
               options);
    world_run(w);
}

/* ---- cranks */

/* INV-STORE-5 */
static void check_state_hash(struct test_world *w) {
    struct vk_state_hash kept = vk_store_state_hash(w->store), recomputed;
    test_ok(vk_store_recompute_state_hash(w->store, &recomputed));
    cr_assert(kept.low == recomputed.low && kept.high == recomputed.high);
    cr_assert(kept.low == w->crank.state_hash.low && kept.high == w->crank.state_hash.high);
}

enum vk_crank_kind world_crank(struct test_world *w) {
    test_ok(vk_kernel_run_crank(w->kernel, w->policy, &w->crank));
    check_state_hash(w);
    if (w->restarts && w->crank.kind != VK_CRANK_IDLE) {
        test_ok(vk_store_commit(w->store));
        world_restart(w);
    }
    return w->crank.kind;
}

unsigned world_run(struct test_world *w) {
    unsigned cranks = 0;
    while (world_crank(w) != VK_CRANK_IDLE) {
        cranks++;
        cr_assert(cranks < 10000, "no end of cranks");
    }
    return cranks;
}

/* INV-KERNEL-2 */
static void check_halted(struct test_world *w) {
    const struct vk_capdata reason = {.body = VK_STR("#\"x\"")};
    const struct vk_capdata methargs = {.body = VK_STR("#[\"x\",[]]")};
    struct vk_crank_result result;
    char text[VK_KREF_TEXT];
    size_t written = w->trace.length, lived = w->vats.journal.length;
    cr_assert(vk_kernel_run_crank(w->kernel, NULL, &result) == VK_ERR_PANIC);
    cr_assert(result.kind == VK_CRANK_IDLE);
    cr_assert(vk_host_queue_message(w->kernel, VK_STR("ko21"), &methargs, VK_RESULT_NONE, text) ==
              VK_ERR_PANIC);
    cr_assert(vk_host_vat_root(w->kernel, VK_STR("alice"), text) == VK_ERR_PANIC);
    cr_assert(vk_host_terminate_vat(w->kernel, VK_STR("v2"), &reason) == VK_ERR_PANIC);
    cr_assert(vk_host_reap_all_vats(w->kernel) == VK_ERR_PANIC);
    cr_assert(w->trace.length == written && w->vats.journal.length == lived,
              "a halted kernel does nothing");
}

void world_run_halts(struct test_world *w, enum vk_err expected, const char *reason) {
    enum vk_err err;
    do {
        err = vk_kernel_run_crank(w->kernel, w->policy, &w->crank);
        cr_assert(err != VK_OK || w->crank.kind != VK_CRANK_IDLE, "the kernel did not halt");
    } while (err == VK_OK);
    const char *found = vk_kernel_panic_reason(w->kernel);
    cr_assert(err == expected, "%s: %s", vk_err_name(err), vk_err_origin()->text);
    cr_assert(found && strstr(found, reason), "halted: '%s'", found ? found : "(no)");
    check_halted(w);
}

/* ---- looking */

const char *world_key(struct test_world *w, const char *key) {
    struct vk_str value;
    test_ok(vk_store_get(w->store, &w->arena, vk_str(key), &value));
    return value.p ? text_of(w, value) : NULL;
}

void world_is_at(struct test_world *w, const char *key, const char *value, const char *file,
                 int line) {
    const char *found = world_key(w, key);
    bool same = found && value ? strcmp(found, value) == 0 : found == value;
    cr_assert(same, "%s:%d: %s is '%s', not '%s'", file, line, key, found ? found : "(absent)",
              value ? value : "(absent)");
}

long long world_stat(struct test_world *w, const char *name) {
    static const char *const keys[] = {"kernelStats", "local.kernelStats"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const struct vk_json *json;
        test_ok(vk_json_parse(&w->arena, vk_str(world_key(w, keys[i])), &json));
        const struct vk_json *member = vk_json_get(json, name);
        if (member) return atoll(text_of(w, member->text));
    }
    cr_assert(false, "no statistic %s", name);
    return 0;
}

const char *world_newest_item(struct test_world *w, const char *vat) {
    struct vk_span span;
    struct vk_str item;
    test_ok(vk_transcript_current(w->store, vk_str(vat), &span));
    test_ok(vk_transcript_item(w->store, &w->arena, vk_str(vat), span.end - 1, &item));
    return text_of(w, item);
}

unsigned world_keys(struct test_world *w, const char *prefix) {
    unsigned count = 0;
    struct vk_str key = vk_str(prefix);
    for (;;) {
        test_ok(vk_store_next_key(w->store, &w->arena, key, &key));
        if (!key.p || !vk_str_starts(key, vk_str(prefix))) return count;
        count++;
    }
}

void world_forget(struct test_world *w) {
    w->trace_mark = w->trace.length;
    w->vats.journal.mark = w->vats.journal.length;
}

unsigned world_traced(const struct test_world *w, const char *start, const char *part) {
    return test_count_lines(w->trace.text + w->trace_mark, start, part);
}

unsigned world_lived(const struct test_world *w, const char *start, const char *part) {
    return test_count_lines(w->vats.journal.text + w->vats.journal.mark, start, part);
}

void world_wrote_at(struct test_world *w, const char *file, int line, ...) {
    const char *found = w->trace.text + w->trace_mark, *expected;
    va_list args;
    va_start(args, line);
    while ((expected = va_arg(args, const char *))) {
        size_t n = strcspn(found, "\n");
        cr_assert(strlen(expected) == n && memcmp(expected, found, n) == 0,
                  "%s:%d: traced\n%.*s\ninstead of\n%s", file, line, (int)n, found, expected);
        found += n + (found[n] == '\n');
    }
    va_end(args);
    cr_assert(!*found, "%s:%d: traced more:\n%s", file, line, found);
}
