/* key_decode.c - see key_decode.h. */
#include "key_decode.h"

/* Keys that stand for themselves. */
static const struct {
    const char *key;
    const char *meaning;
} single_keys[] = {
    {"version", "the schema version"},
    {"crankNumber", "the number of the next crank"},
    {"activityhash", "the activity hash of all cranks so far"},
    {"runQueue", "head and tail of the run-queue"},
    {"acceptanceQueue", "head and tail of the acceptance queue"},
    {"sideQueues.ready", "the vats whose side queues are to be worked off"},
    {"gcActions", "the GC actions that wait to be done"},
    {"reapQueue", "the vats that wait for a bringOutYourDead"},
    {"pinnedObjects", "the pinned objects"},
    {"upgradeEvents", "the upgrade events that the host queued"},
    {"vatAdminRootKref", "the root object of vat-admin"},
    {"vat.names", "the names of the static vats"},
    {"vat.dynamicIDs", "the ids of the dynamic vats"},
    {"vat.nextID", "the id that the next vat will get"},
    {"vat.nextUpgradeID", "the id that the next upgrade will get"},
    {"vats.terminated", "the terminated vats that wait for clean-up"},
    {"directives.done", "the directives that were carried out"},
    {"device.names", "the names of the devices"},
    {"device.nextID", "the id that the next device will get"},
    {"meter.nextID", "the id that the next meter will get"},
    {"ko.nextID", "the id that the next object will get"},
    {"kd.nextID", "the id that the next device node will get"},
    {"kp.nextID", "the id that the next promise will get"},
    {"kernel.defaultManagerType", "the kernel's default worker type"},
    {"kernel.defaultReapDirtThreshold", "the dirt at which vats are reaped by default"},
    {"kernel.relaxDurabilityRules", "whether the durability rules are relaxed"},
    {"kernel.snapshotInitial", "the deliveries before a vat's first heap snapshot"},
    {"kernel.snapshotInterval", "the deliveries between two heap snapshots of a vat"},
};

/* Families by their prefix; the rest of the key goes where the meaning says %. */
static const struct {
    const char *prefix;
    const char *meaning;
} prefixes[] = {
    {"runQueue.", "entry % of the run-queue"},
    {"acceptanceQueue.", "entry % of the acceptance queue"},
    {"sideQueue.", "what waits for %"},
    {"vat.name.", "the id of the static vat %"},
    {"device.name.", "the id of the device %"},
    {"namedBundleID.", "the id of the bundle named %"},
    {"bundle.", "the bundle %"},
    {"host.", "the host's own key %"},
};

/* ID.SUFFIX: by the kind of ID and the suffix. % is the ID, & what follows the suffix. */
static const struct {
    const char *kind;
    const char *suffix;
    bool is_prefix; /* more follows */
    const char *meaning;
} id_keys[] = {
    {"v", "c.", true, "%'s c-list entry for &"},
    {"v", "vs.", true, "%'s vatstore key \"&\""},
    {"v", "options", false, "the options of %"},
    {"v", "source", false, "the source bundle of %"},
    {"v", "vatParameters", false, "the vat parameters of %"},
    {"v", "reapDirt", false, "the dirt that % has gathered since it was last reaped"},
    {"v", "suspended", false, "whether % is suspended"},
    {"v", "paused", false, "whether % is paused"},
    {"v", "o.nextID", false, "the number of the next object that % will import"},
    {"v", "p.nextID", false, "the number of the next promise that % will import"},
    {"v", "d.nextID", false, "the number of the next device node that % will import"},
    {"d", "c.", true, "%'s c-list entry for &"},
    {"d", "vs.", true, "%'s vatstore key \"&\""},
    {"d", "deviceState", false, "the state of device %"},
    {"d", "options", false, "the options of device %"},
    {"d", "source", false, "the source bundle of device %"},
    {"d", "o.nextID", false, "the number of the next object that % will import"},
    {"d", "p.nextID", false, "the number of the next promise that % will import"},
    {"d", "d.nextID", false, "the number of the next device node that % will import"},
    {"m", "remaining", false, "what remains of meter %"},
    {"m", "threshold", false, "the threshold at which meter % is to be notified"},
    {"ko", "owner", false, "the vat that exports %"},
    {"ko", "refCount", false, "the reachable,recognizable refcount of %"},
    {"kd", "owner", false, "the device that exports %"},
    {"kp", "refCount", false, "the refcount of promise %"},
    {"kp", "state", false, "the state of promise %"},
    {"kp", "decider", false, "the vat that decides promise %"},
    {"kp", "policy", false, "what a rejection of promise % causes"},
    {"kp", "subscribers", false, "the vats that are told when promise % settles"},
    {"kp", "queue.nextID", false, "the number of messages in %'s queue"},
    {"kp", "queue.", true, "message & of %'s queue"},
    {"kp", "data.body", false, "the body of what promise % settled to"},
    {"kp", "data.slots", false, "the slots of what promise % settled to"},
};

/* What the letters of a slot stand for: kernel slots by two letters, vat and device slots by one
 * and a sign. */
static const struct {
    const char *prefix;
    const char *words;
} slot_kinds[] = {
    {"ko", "object "},
    {"kp", "promise "},
    {"kd", "device node "},
    {"o+", "exported object "},
    {"o-", "imported object "},
    {"p+", "exported promise "},
    {"p-", "imported promise "},
    {"d+", "exported device node "},
    {"d-", "imported device node "},
};

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

static void add(struct vk_buf *buf, const char *text) { vk_buf_add(buf, vk_str(text)); }

static void add_meaning(struct vk_buf *buf, const char *meaning, struct vk_str id,
                        struct vk_str rest) {
    for (const char *c = meaning; *c; c++) {
        if (*c == '%')
            vk_buf_add(buf, id);
        else if (*c == '&')
            vk_buf_add(buf, rest);
        else
            vk_buf_char(buf, *c);
    }
}

static void add_slot(struct vk_buf *buf, struct vk_str slot) {
    for (size_t i = 0; i < COUNT_OF(slot_kinds); i++)
        if (vk_str_starts(slot, vk_str(slot_kinds[i].prefix))) add(buf, slot_kinds[i].words);
    vk_buf_add(buf, slot);
}

/* "kp40.queue.3" -> "kp", "kp40", "queue.3". */
static bool split_id(struct vk_str key, struct vk_str *kind, struct vk_str *id,
                     struct vk_str *suffix) {
    size_t letters = 0, n;
    while (letters < key.n && key.p[letters] >= 'a' && key.p[letters] <= 'z')
        letters++;
    for (n = letters; n < key.n && key.p[n] >= '0' && key.p[n] <= '9';)
        n++;
    if (letters == 0 || n == letters || n == key.n || key.p[n] != '.') return false;
    *kind = (struct vk_str){key.p, letters};
    *id = (struct vk_str){key.p, n};
    *suffix = vk_str_from(key, n + 1);
    return true;
}

static bool decode_id_key(struct vk_buf *buf, struct vk_str key) {
    struct vk_str kind, id, suffix;
    if (!split_id(key, &kind, &id, &suffix)) return false;
    for (size_t i = 0; i < COUNT_OF(id_keys); i++) {
        struct vk_str known = vk_str(id_keys[i].suffix);
        if (!vk_str_eq(kind, vk_str(id_keys[i].kind))) continue;
        if (id_keys[i].is_prefix ? !vk_str_starts(suffix, known) : !vk_str_eq(suffix, known))
            continue;
        struct vk_str rest = vk_str_from(suffix, known.n);
        if (vk_str_eq(known, VK_STR("c."))) {
            add_meaning(buf, "%'s c-list entry for ", id, rest);
            add_slot(buf, rest);
        } else {
            add_meaning(buf, id_keys[i].meaning, id, rest);
        }
        return true;
    }
    return false;
}

/* ---- statistics */

static void add_number(struct vk_buf *buf, const struct vk_json *value) {
    vk_buf_add(buf, value ? value->text : VK_STR("none"));
}

/* Appends the fields that differ; returns how many. */
static size_t add_differences(struct vk_buf *buf, const struct vk_json *expected,
                              const struct vk_json *got) {
    size_t count = 0;
    for (const struct vk_json *a = expected->first; a; a = a->next) {
        const struct vk_json *b = got->first;
        while (b && !vk_str_eq(a->key, b->key))
            b = b->next;
        if (b && vk_str_eq(a->text, b->text)) continue;
        add(buf, count++ ? ", " : ": ");
        vk_buf_add(buf, a->key);
        add(buf, " is ");
        add_number(buf, b);
        add(buf, ", not ");
        add_number(buf, a);
    }
    return count;
}

static void decode_stats(struct vk_buf *buf, const char *name, struct vk_str expected,
                         struct vk_str got) {
    const struct vk_json *a, *b;
    add(buf, name);
    if (!expected.p || !got.p || vk_json_parse(buf->arena, expected, &a) != VK_OK ||
        vk_json_parse(buf->arena, got, &b) != VK_OK || a->type != VK_JSON_OBJECT ||
        b->type != VK_JSON_OBJECT)
        return;
    if (add_differences(buf, a, b) == 0) add(buf, ": the same fields, in another form");
}

void sim_key_decode(struct vk_buf *buf, struct vk_str key, struct vk_str expected,
                    struct vk_str got) {
    if (vk_str_eq(key, VK_STR("kernelStats"))) {
        decode_stats(buf, "the kernel's statistics", expected, got);
        return;
    }
    if (vk_str_eq(key, VK_STR("local.kernelStats"))) {
        decode_stats(buf, "the kernel's local statistics", expected, got);
        return;
    }
    for (size_t i = 0; i < COUNT_OF(single_keys); i++)
        if (vk_str_eq(key, vk_str(single_keys[i].key))) {
            add(buf, single_keys[i].meaning);
            return;
        }
    for (size_t i = 0; i < COUNT_OF(prefixes); i++)
        if (vk_str_starts(key, vk_str(prefixes[i].prefix))) {
            add_meaning(buf, prefixes[i].meaning, vk_str_from(key, strlen(prefixes[i].prefix)),
                        VK_STR_NONE);
            return;
        }
    if (!decode_id_key(buf, key)) add(buf, "no key of the kernel's schema");
}
