/* record_options.c - see record_options.h. */
#include "record_options.h"

static const char *const known_options[] = {
    "name",           "vatParameters", "enableSetup",     "enablePipelining",
    "enableDisavow",  "useTranscript", "reapInterval",    "reapGCKrefs",
    "neverReap",      "critical",      "meterID",         "managerType",
    "nodeOptions",    "vatstore",      "restartCritical", "pauseOnUnderflow",
    "suspendOnFatal",
};

static bool is_known(struct vk_str name) {
    for (size_t i = 0; i < sizeof known_options / sizeof known_options[0]; i++)
        if (vk_str_eq(name, vk_str(known_options[i]))) return true;
    return false;
}

/* `value` NULL: nothing, unless there is a default text. */
static void write_option(struct vk_buf *buf, const char *name, const struct vk_json *value,
                         const char *by_default) {
    if (!value && !by_default) return;
    vk_buf_lit(buf, ",\"");
    vk_buf_add(buf, vk_str(name));
    vk_buf_lit(buf, "\":");
    if (value)
        vk_json_write(buf, value);
    else
        vk_buf_add(buf, vk_str(by_default));
}

static void write_reap_threshold(struct vk_buf *buf, const struct vk_json *options) {
    const struct vk_json *interval = vk_json_get(options, "reapInterval");
    const struct vk_json *gc_krefs = vk_json_get(options, "reapGCKrefs");
    const struct vk_json *never = vk_json_get(options, "neverReap");
    const char *separator = "";
    vk_buf_lit(buf, ",\"reapDirtThreshold\":{");
    if (interval) {
        vk_buf_lit(buf, "\"deliveries\":");
        vk_json_write(buf, interval);
        separator = ",";
    }
    if (gc_krefs) {
        vk_buf_add(buf, vk_str(separator));
        vk_buf_lit(buf, "\"gcKrefs\":");
        vk_json_write(buf, gc_krefs);
        separator = ",";
    }
    if (vk_json_is(never, VK_JSON_BOOL) && never->truth) {
        vk_buf_add(buf, vk_str(separator));
        vk_buf_lit(buf, "\"never\":true");
    }
    vk_buf_char(buf, '}');
}

static enum vk_err write_worker_options(struct vk_kernel *kernel, struct vk_buf *buf,
                                        struct vk_str manager, const struct vk_json *node_options) {
    const struct vk_worker_host *host = kernel->ports->workers;
    struct vk_str bundle_ids;
    if (vk_str_eq(manager, VK_STR("local"))) {
        vk_buf_lit(buf, "{\"type\":\"local\"}");
    } else if (vk_str_eq(manager, VK_STR("xsnap")) || vk_str_eq(manager, VK_STR("xs-worker"))) {
        VK_TRY(host->worker_bundle_ids(host->impl, kernel->store, &kernel->arena, &bundle_ids));
        vk_buf_lit(buf, "{\"type\":\"xsnap\",\"bundleIDs\":");
        vk_buf_add(buf, bundle_ids);
        vk_buf_char(buf, '}');
    } else if (vk_str_eq(manager, VK_STR("node-subprocess"))) {
        vk_buf_lit(buf, "{\"type\":\"node-subprocess\"");
        write_option(buf, "nodeOptions", node_options, NULL);
        vk_buf_char(buf, '}');
    } else {
        return VK_RAISE(VK_ERR_PANIC, "unknown managerType '%.*s'", VK_STR_ARG(manager));
    }
    return VK_OK;
}

/* SwingSet does not know it, and where it is absent nothing is recorded. */
static enum vk_err write_vatstore(struct vk_buf *buf, const struct vk_json *vatstore) {
    struct vk_str way = vk_json_string(vatstore);
    if (vatstore && !vk_str_eq(way, VK_STR("syscall")) && !vk_str_eq(way, VK_STR("completion")))
        return VK_RAISE(VK_ERR_PANIC, "option vatstore: neither 'syscall' nor 'completion'");
    write_option(buf, "vatstore", vatstore, NULL);
    return VK_OK;
}

enum vk_err vk_record_options(struct vk_kernel *kernel, const struct vk_json *options,
                              bool is_dynamic, struct vk_str *out) {
    struct vk_str manager = vk_json_string(vk_json_get(options, "managerType"));
    struct vk_buf buf;
    for (const struct vk_json *option = options->first; option; option = option->next)
        if (!is_known(option->key))
            return VK_RAISE(VK_ERR_PANIC, "OptionRecorder: unused option %.*s",
                            VK_STR_ARG(option->key));
    if (!manager.p)
        VK_TRY(vk_state_require(&kernel->state, &manager, KEY(LIT("kernel.defaultManagerType"))));
    vk_buf_init(&buf, &kernel->arena);
    vk_buf_lit(&buf, "{\"workerOptions\":");
    VK_TRY(write_worker_options(kernel, &buf, manager, vk_json_get(options, "nodeOptions")));
    write_option(&buf, "name", vk_json_get(options, "name"), NULL);
    write_option(&buf, "vatParameters", vk_json_get(options, "vatParameters"), NULL);
    write_option(&buf, "enableSetup", vk_json_get(options, "enableSetup"), "false");
    write_option(&buf, "enablePipelining", vk_json_get(options, "enablePipelining"), "false");
    write_option(&buf, "enableDisavow", is_dynamic ? NULL : vk_json_get(options, "enableDisavow"),
                 "false");
    write_option(&buf, "useTranscript", vk_json_get(options, "useTranscript"), "true");
    write_reap_threshold(&buf, options);
    write_option(&buf, "critical", vk_json_get(options, "critical"), "false");
    if (is_dynamic) write_option(&buf, "meterID", vk_json_get(options, "meterID"), NULL);
    VK_TRY(write_vatstore(&buf, vk_json_get(options, "vatstore")));
    /* SwingSet knows nothing of these: absent means no. */
    static const char *const own[] = {"restartCritical", "pauseOnUnderflow", "suspendOnFatal"};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        write_option(&buf, own[i], vk_json_get(options, own[i]), NULL);
    vk_buf_char(&buf, '}');
    return vk_buf_finish(&buf, out);
}
