/* initialize.c - a new kernel's state. See vk_kernel_initialize in vk/kernel.h.
 *
 * INV-INIT-1  The writes are those of SwingSet's initializeKernel, in its order: they are hashed as crank zero.
 * Answers to controller/initializeKernel.js and createStartingKernelState in kernelKeeper.js.
 */
#include "crank.h"

#include "../base/js_text.h"
#include "../object/clist.h"
#include "../object/device.h"
#include "../object/object.h"
#include "../object/queue.h"
#include "../object/refcount.h"
#include "../object/vat.h"
#include "record_options.h"
#include "send.h"

enum {
    REAP_INTERVAL = 1,
    REAP_GC_KREFS = 20,
    SNAPSHOT_INITIAL = 3,
    SNAPSHOT_INTERVAL = 200,
};

static enum vk_err set_all(struct vk_kernel *kernel, const char *const (*pairs)[2], size_t count) {
    for (size_t i = 0; i < count; i++)
        VK_TRY(vk_state_set(&kernel->state, vk_str(pairs[i][1]), KEY(TEXT(vk_str(pairs[i][0])))));
    return VK_OK;
}

static uint64_t or_default(uint64_t value, uint64_t by_default) {
    return value ? value : by_default;
}

static struct vk_part reap_setting(uint64_t value, uint64_t by_default) {
    if (value == VK_UNLIMITED) return LIT("\"never\"");
    return U64(or_default(value, by_default));
}

static enum vk_err write_starting_state(struct vk_kernel *kernel, const struct vk_config *config) {
    static const char *const first[][2] = {
        {"vat.names", "[]"},        {"vat.dynamicIDs", "[]"},  {"vat.nextID", "1"},
        {"vat.nextUpgradeID", "1"}, {"vats.terminated", "[]"}, {"device.names", "[]"},
        {"device.nextID", "7"},     {"ko.nextID", "20"},       {"kd.nextID", "30"},
        {"kp.nextID", "40"},        {"meter.nextID", "1"},     {"gcActions", "[]"},
        {"reapQueue", "[]"},        {"runQueue", "[1,1]"},     {"acceptanceQueue", "[1,1]"},
        {"crankNumber", "0"},
    };
    struct vk_state *state = &kernel->state;
    struct vk_str threshold;
    VK_TRY(set_all(kernel, first, sizeof first / sizeof first[0]));
    VK_TRY(vk_state_set(
        state, config->default_manager_type.p ? config->default_manager_type : VK_STR("local"),
        KEY(LIT("kernel.defaultManagerType"))));
    VK_TRY(vk_state_text(
        state, &threshold,
        KEY(LIT("{\"deliveries\":"), reap_setting(config->default_reap_interval, REAP_INTERVAL),
            LIT(",\"gcKrefs\":"), reap_setting(config->default_reap_gc_krefs, REAP_GC_KREFS),
            LIT(",\"computrons\":\"never\"}"))));
    VK_TRY(vk_state_set(state, threshold, KEY(LIT("kernel.defaultReapDirtThreshold"))));
    VK_TRY(vk_state_set_u64(state, or_default(config->snapshot_initial, SNAPSHOT_INITIAL),
                            KEY(LIT("kernel.snapshotInitial"))));
    VK_TRY(vk_state_set_u64(state, or_default(config->snapshot_interval, SNAPSHOT_INTERVAL),
                            KEY(LIT("kernel.snapshotInterval"))));
    if (config->relax_durability_rules)
        VK_TRY(vk_state_set(state, VK_STR("true"), KEY(LIT("kernel.relaxDurabilityRules"))));
    for (size_t i = 0; i < config->bundle_count; i++)
        VK_TRY(vk_state_set(state, config->bundles[i].bundle_id,
                            KEY(LIT("namedBundleID."), TEXT(config->bundles[i].name))));
    return VK_OK;
}

/* Appends to vat.names or device.names. */
static enum vk_err add_name(struct vk_kernel *kernel, struct vk_str list_key, struct vk_str name) {
    struct vk_string_list names;
    VK_TRY(vk_string_list_load(&names, &kernel->state, list_key));
    VK_TRY(vk_string_list_add(&names, name));
    return vk_string_list_save(&names, &kernel->state, list_key);
}

static enum vk_err quoted(struct vk_kernel *kernel, struct vk_str text, struct vk_str *out) {
    struct vk_buf buf;
    vk_buf_init(&buf, &kernel->arena);
    vk_json_quote(&buf, text);
    return vk_buf_finish(&buf, out);
}

static enum vk_err bundle_source(struct vk_kernel *kernel, struct vk_str bundle_id,
                                 struct vk_str *out) {
    struct vk_str id;
    VK_TRY(quoted(kernel, bundle_id, &id));
    return vk_state_text(&kernel->state, out, KEY(LIT("{\"bundleID\":"), TEXT(id), LIT("}")));
}

static enum vk_err static_options(struct vk_kernel *kernel, const struct vk_vat_config *vat,
                                  struct vk_str *out) {
    struct vk_str name, text = vat->options.p ? vat->options : VK_STR("{}");
    const struct vk_json *json;
    VK_TRY(quoted(kernel, vat->name, &name));
    enum vk_err err = vk_vat_options_replace(&kernel->state, text, "name", name, &text);
    if (err == VK_ERR_SYNTAX)
        return VK_RAISE(VK_ERR_USAGE, "options of vat %.*s are not JSON", VK_STR_ARG(vat->name));
    VK_TRY(err);
    VK_TRY(vk_json_parse(&kernel->arena, text, &json));
    return vk_record_options(kernel, json, false, out);
}

static enum vk_err queue_start(struct vk_kernel *kernel, struct vk_vat_id id,
                               const struct vk_vat_config *vat) {
    struct vk_capdata parameters = vat->parameters;
    struct vk_buf buf;
    struct vk_str event;
    if (!parameters.body.p) parameters = (struct vk_capdata){.body = VK_STR("#{}")};
    vk_buf_init(&buf, &kernel->arena);
    vk_buf_lit(&buf, "{\"type\":\"startVat\",\"vatID\":\"");
    vk_buf_vat_id(&buf, id);
    vk_buf_lit(&buf, "\",\"vatParameters\":");
    vk_capdata_write(&buf, &parameters);
    vk_buf_char(&buf, '}');
    VK_TRY(vk_buf_finish(&buf, &event));
    return vk_queue_add(&kernel->state, VK_QUEUE_ACCEPTANCE, event);
}

static enum vk_err root_of(struct vk_kernel *kernel, struct vk_vat_id vat, struct vk_kref *out) {
    struct vk_fault fault = {0};
    VK_TRY(vk_clist_to_kernel(&kernel->state, vat, VK_STR("o+0"), VK_TO_KERNEL_USE, &fault, out));
    VK_ASSERT(!fault.raised); /* INV-CREATE-2 */
    return VK_OK;
}

static enum vk_err add_vat(struct vk_kernel *kernel, const struct vk_vat_config *vat) {
    struct vk_state *state = &kernel->state;
    struct vk_vat_id id;
    struct vk_str source, options;
    char text[VK_SLOT_TEXT_MAX];
    bool has;
    VK_TRY(vk_state_has(state, &has, KEY(LIT("vat.name."), TEXT(vat->name))));
    if (has) return VK_RAISE(VK_ERR_USAGE, "two vats named %.*s", VK_STR_ARG(vat->name));
    VK_TRY(vk_vat_allocate_id(state, &id));
    VK_TRY(vk_state_set(state, vk_vat_id_str(id, text), KEY(LIT("vat.name."), TEXT(vat->name))));
    VK_TRY(add_name(kernel, VK_STR("vat.names"), vat->name));
    VK_TRY(bundle_source(kernel, vat->bundle_id, &source));
    VK_TRY(static_options(kernel, vat, &options));
    VK_TRY(vk_vat_create(state, id, source, options));
    VK_TRY(queue_start(kernel, id, vat));
    if (!vk_str_eq(vat->name, VK_STR("vatAdmin"))) return VK_OK;
    kernel->has_admin_root = true;
    VK_TRY(root_of(kernel, id, &kernel->admin_root));
    VK_TRY(vk_pin(state, kernel->admin_root));
    return vk_state_set(state, vk_kref_str(kernel->admin_root, text), KEY(LIT("vatAdminRootKref")));
}

static enum vk_err add_device(struct vk_kernel *kernel, const struct vk_device_config *device) {
    struct vk_state *state = &kernel->state;
    struct vk_device_id id;
    struct vk_str source, options, text;
    VK_TRY(vk_state_allocate_id(state, &id.n, KEY(LIT("device.nextID"))));
    VK_TRY(vk_state_text(state, &text, KEY(DEVICE(id))));
    VK_TRY(vk_state_set(state, text, KEY(LIT("device.name."), TEXT(device->name))));
    VK_TRY(add_name(kernel, VK_STR("device.names"), device->name));
    VK_TRY(vk_state_set_u64(state, VK_FIRST_DEVICE_OBJECT, KEY(DEVICE(id), LIT(".o.nextID"))));
    VK_TRY(vk_state_set_u64(state, VK_FIRST_DEVICE_DEVICE, KEY(DEVICE(id), LIT(".d.nextID"))));
    VK_TRY(vk_state_set_u64(state, VK_FIRST_DEVICE_PROMISE, KEY(DEVICE(id), LIT(".p.nextID"))));
    VK_TRY(bundle_source(kernel, device->bundle_id, &source));
    VK_TRY(vk_state_text(state, &options,
                         KEY(LIT("{\"deviceParameters\":"),
                             TEXT(device->parameters.p ? device->parameters : VK_STR("{}")),
                             LIT("}"))));
    VK_TRY(vk_state_set(state, source, KEY(DEVICE(id), LIT(".source"))));
    return vk_state_set(state, options, KEY(DEVICE(id), LIT(".options")));
}

/* ---- bootstrap */

static enum vk_err append_slot(struct vk_kernel *kernel, struct vk_value *record,
                               struct vk_str name, struct vk_kref kref, struct vk_str iface) {
    struct vk_value *slot;
    struct vk_str text;
    VK_TRY(vk_kref_text(&kernel->arena, kref, &text));
    VK_TRY(vk_value_kslot(&kernel->arena, text, &slot));
    slot->name = iface;
    vk_value_append(record, name, slot);
    return VK_OK;
}

static enum vk_err vat_roots(struct vk_kernel *kernel, struct vk_value *record) {
    struct vk_state *state = &kernel->state;
    struct vk_key_walk walk;
    VK_TRY(vk_key_walk_begin(state, &walk, KEY(LIT("vat.name."))));
    for (;;) {
        struct vk_str id, name;
        struct vk_vat_id vat;
        struct vk_kref root;
        VK_TRY(vk_key_walk_next(state, &walk));
        if (!walk.key.p) return VK_OK;
        name = vk_str_from(walk.key, walk.prefix.n);
        VK_TRY(vk_state_require(state, &id, KEY(TEXT(walk.key))));
        if (!vk_vat_id_parse(id, &vat)) return VK_RAISE(VK_ERR_CORRUPT, "vat id");
        VK_TRY(root_of(kernel, vat, &root));
        VK_TRY(append_slot(kernel, record, name, root, VK_STR("Alleged: root")));
    }
}

static enum vk_err device_roots(struct vk_kernel *kernel, struct vk_value *record) {
    struct vk_state *state = &kernel->state;
    struct vk_key_walk walk;
    VK_TRY(vk_key_walk_begin(state, &walk, KEY(LIT("device.name."))));
    for (;;) {
        struct vk_str id, name;
        struct vk_device_id device;
        struct vk_kref root;
        struct vk_fault fault = {0};
        VK_TRY(vk_key_walk_next(state, &walk));
        if (!walk.key.p) return VK_OK;
        name = vk_str_from(walk.key, walk.prefix.n);
        VK_TRY(vk_state_require(state, &id, KEY(TEXT(walk.key))));
        if (!vk_device_id_parse(id, &device)) return VK_RAISE(VK_ERR_CORRUPT, "device id");
        VK_TRY(vk_device_to_kernel(state, device, VK_STR("d+0"), &fault, &root));
        VK_ASSERT(!fault.raised); /* INV-INIT-2: a device's root node is its own to export */
        VK_TRY(append_slot(kernel, record, name, root, VK_STR("Alleged: device")));
    }
}

static enum vk_err queue_bootstrap(struct vk_kernel *kernel, struct vk_vat_id vat,
                                   struct vk_kref *kpid) {
    struct vk_arena *arena = &kernel->arena;
    struct vk_value *methargs, *method, *args, *vats, *devices;
    struct vk_capdata data;
    struct vk_kref root;
    VK_TRY(vk_value_new(arena, VK_VALUE_RECORD, &vats));
    VK_TRY(vat_roots(kernel, vats));
    VK_TRY(vk_value_new(arena, VK_VALUE_RECORD, &devices));
    VK_TRY(device_roots(kernel, devices));
    VK_TRY(vk_value_new(arena, VK_VALUE_ARRAY, &args));
    vk_value_append(args, VK_STR_NONE, vats);
    vk_value_append(args, VK_STR_NONE, devices);
    VK_TRY(vk_value_new(arena, VK_VALUE_ARRAY, &methargs));
    VK_TRY(vk_value_text(arena, VK_VALUE_STRING, VK_STR("bootstrap"), &method));
    vk_value_append(methargs, VK_STR_NONE, method);
    vk_value_append(methargs, VK_STR_NONE, args);
    VK_TRY(vk_capdata_encode(arena, methargs, &data));
    VK_TRY(root_of(kernel, vat, &root));
    VK_TRY(vk_queue_to_kref(kernel, root, &data, VK_RESULT_PANIC, kpid));
    return vk_ref_add(&kernel->state, *kpid, VK_REF_STRONG);
}

static enum vk_err bootstrap(struct vk_kernel *kernel, const struct vk_config *config,
                             char kpid_out[24]) {
    struct vk_vat_id vat;
    struct vk_kref kpid, root;
    bool found;
    kpid_out[0] = 0;
    if (!config->bootstrap.p) return VK_OK;
    VK_TRY(vk_static_vat_by_name(&kernel->state, config->bootstrap, &found, &vat));
    if (!found)
        return VK_RAISE(VK_ERR_USAGE, "no vat %.*s to bootstrap", VK_STR_ARG(config->bootstrap));
    VK_TRY(queue_bootstrap(kernel, vat, &kpid));
    kpid_out[vk_kref_str(kpid, kpid_out).n] = 0;
    if (!config->pin_bootstrap_root) return VK_OK;
    VK_TRY(root_of(kernel, vat, &root));
    return vk_pin(&kernel->state, root);
}

/* Of what is JSON its parser says it. */
static enum vk_err check_texts(const struct vk_config *config) {
    bool is_utf8 = vk_js_text_is_utf8(config->default_manager_type);
    for (size_t i = 0; i < config->bundle_count; i++)
        is_utf8 = is_utf8 && vk_js_text_is_utf8(config->bundles[i].name) &&
                  vk_js_text_is_utf8(config->bundles[i].bundle_id);
    for (size_t i = 0; i < config->vat_count; i++)
        is_utf8 = is_utf8 && vk_js_text_is_utf8(config->vats[i].name) &&
                  vk_js_text_is_utf8(config->vats[i].bundle_id) &&
                  vk_js_text_is_utf8(config->vats[i].parameters.body);
    for (size_t i = 0; i < config->device_count; i++)
        is_utf8 = is_utf8 && vk_js_text_is_utf8(config->devices[i].name) &&
                  vk_js_text_is_utf8(config->devices[i].bundle_id) &&
                  vk_js_text_is_utf8(config->devices[i].parameters);
    return is_utf8 ? VK_OK : VK_RAISE(VK_ERR_USAGE, "a text of the configuration is not UTF-8");
}

static enum vk_err initialize(struct vk_kernel *kernel, const struct vk_config *config,
                              char bootstrap_kpid[24]) {
    char crankhash[VK_HASH_HEX], activityhash[VK_HASH_HEX];
    bool has;
    VK_TRY(vk_state_has(&kernel->state, &has, KEY(LIT("version"))));
    if (has) return VK_RAISE(VK_ERR_USAGE, "kernel DB already initialized");
    VK_TRY(check_texts(config));
    VK_TRY(write_starting_state(kernel, config));
    for (size_t i = 0; i < config->vat_count; i++)
        VK_TRY(add_vat(kernel, &config->vats[i]));
    if (config->vat_count && !kernel->has_admin_root)
        return VK_RAISE(VK_ERR_USAGE, "a vat admin vat is required");
    for (size_t i = 0; i < config->device_count; i++)
        VK_TRY(add_device(kernel, &config->devices[i]));
    VK_TRY(bootstrap(kernel, config, bootstrap_kpid));
    VK_TRY(vk_state_set(&kernel->state, VK_STR("3"), KEY(LIT("version"))));
    VK_TRY(vk_save_stats(kernel));
    return vk_store_emit_hashes(kernel->store, crankhash, activityhash);
}

enum vk_err vk_kernel_initialize(struct vk_store *store, const struct vk_ports *ports,
                                 const struct vk_config *config, char bootstrap_kpid[24]) {
    struct vk_kernel kernel = {.store = store, .ports = ports};
    vk_arena_init(&kernel.arena, ports->heap);
    vk_state_init(&kernel.state, store, ports, &kernel.arena);
    enum vk_err err = initialize(&kernel, config, bootstrap_kpid);
    vk_state_release(&kernel.state);
    vk_arena_release(&kernel.arena);
    return err;
}
