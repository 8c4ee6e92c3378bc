/* testing_audit.c - see testing_audit.h. */
#include "testing_audit.h"

#include "testing_store.h"

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>

#define SNAPSHOT_1 "1111111111111111111111111111111111111111111111111111111111111111"
#define SNAPSHOT_2 "2222222222222222222222222222222222222222222222222222222222222222"
#define OPTIONS(name, more)                                                                        \
    "{\"workerOptions\":{\"type\":\"local\"},\"name\":\"" name "\",\"enableSetup\":false,"         \
    "\"enablePipelining\":false,\"enableDisavow\":false,\"useTranscript\":true,"                   \
    "\"reapDirtThreshold\":{},\"critical\":false" more "}"

static const struct {
    const char *key, *value;
} clean_pairs[] = {
    {"version", "3"},
    {"activityhash", SNAPSHOT_1},
    {"crankNumber", "70"},
    {"vat.names", "[\"vatAdmin\",\"bootstrap\"]"},
    {"vat.name.vatAdmin", "v1"},
    {"vat.name.bootstrap", "v2"},
    {"vat.dynamicIDs", "[\"v3\"]"},
    {"vats.terminated", "[\"v4\"]"},
    {"vat.nextID", "6"},
    {"vat.nextUpgradeID", "2"},
    {"device.names", "[\"vatAdmin\"]"},
    {"device.name.vatAdmin", "d7"},
    {"device.nextID", "8"},
    {"meter.nextID", "2"},
    {"m1.remaining", "1000"},
    {"m1.threshold", "10"},
    {"ko.nextID", "26"},
    {"kp.nextID", "45"},
    {"kd.nextID", "31"},
    {"kernel.defaultManagerType", "xs-worker"},
    {"kernel.defaultReapDirtThreshold",
     "{\"deliveries\":3,\"gcKrefs\":20,\"computrons\":\"never\"}"},
    {"kernel.snapshotInitial", "3"},
    {"kernel.snapshotInterval", "200"},
    {"namedBundleID.zoe", "b1-0000000000000000000000000000000000000000000000000000000000000000"
                          "0000000000000000000000000000000000000000000000000000000000000000"},
    {"vatAdminRootKref", "ko20"},
    {"pinnedObjects", "ko20"},
    {"gcActions", "[\"v2 retireImport ko24\",\"v4 dropExport ko25\"]"},
    {"reapQueue", "[\"v3\",\"v2\"]"},
    {"acceptanceQueue", "[5,7]"},
    {"acceptanceQueue.5",
     "{\"type\":\"send\",\"target\":\"ko20\",\"msg\":{\"methargs\":{\"body\":\"#[]\",\"slots\":["
     "\"ko21\",\"kp40\"]},\"result\":\"kp42\"}}"},
    {"acceptanceQueue.6",
     "{\"type\":\"create-vat\",\"vatID\":\"v5\",\"source\":{\"bundleID\":\"b1-0\"},"
     "\"vatParameters\":{\"body\":\"#\\\"$0\\\"\",\"slots\":[\"ko21\"]},\"dynamicOptions\":{}}"},
    {"runQueue", "[3,4]"},
    {"runQueue.3", "{\"type\":\"notify\",\"vatID\":\"v2\",\"kpid\":\"kp41\"}"},
    {"kernelStats",
     "{\"runQueueLength\":1,\"runQueueLengthUp\":3,\"runQueueLengthDown\":2,\"runQueueLengthMax\":2,"
     "\"acceptanceQueueLength\":2,\"acceptanceQueueLengthUp\":6,\"acceptanceQueueLengthDown\":4,"
     "\"acceptanceQueueLengthMax\":3,\"promiseQueuesLength\":1,\"promiseQueuesLengthUp\":1,"
     "\"promiseQueuesLengthDown\":0,\"promiseQueuesLengthMax\":1}"},
    {"local.kernelStats",
     "{\"syscalls\":10,\"syscallSend\":4,\"syscallCallNow\":3,\"syscallSubscribe\":2,"
     "\"syscallResolve\":1,\"syscallExit\":0,\"syscallVatstoreGet\":0,\"syscallVatstoreSet\":0,"
     "\"syscallVatstoreGetNextKey\":0,\"syscallVatstoreDelete\":0,"
     "\"kernelObjects\":5,\"kernelObjectsUp\":6,\"kernelObjectsDown\":1,\"kernelObjectsMax\":6,"
     "\"kernelDevices\":1,\"kernelDevicesUp\":1,\"kernelDevicesDown\":0,\"kernelDevicesMax\":1,"
     "\"kernelPromises\":5,\"kernelPromisesUp\":5,\"kernelPromisesDown\":0,\"kernelPromisesMax\":5,"
     "\"kpUnresolved\":3,\"kpUnresolvedUp\":5,\"kpUnresolvedDown\":2,\"kpUnresolvedMax\":4,"
     "\"kpFulfilled\":1,\"kpFulfilledUp\":1,\"kpFulfilledDown\":0,\"kpFulfilledMax\":1,"
     "\"kpRejected\":1,\"kpRejectedUp\":1,\"kpRejectedDown\":0,\"kpRejectedMax\":1,"
     "\"clistEntries\":19,\"clistEntriesUp\":20,\"clistEntriesDown\":1,\"clistEntriesMax\":19,"
     "\"vats\":5,\"vatsUp\":5,\"vatsDown\":0,\"vatsMax\":5}"},

    /* v1 */
    {"v1.o.nextID", "52"},
    {"v1.p.nextID", "60"},
    {"v1.d.nextID", "71"},
    {"v1.source", "{\"bundleID\":\"b1-0\"}"},
    {"v1.options", OPTIONS("vatAdmin", "")},
    {"v1.reapDirt", "{\"deliveries\":1}"},
    {"v1.vs.anything", "at all"},
    {"v1.c.ko20", "R o+0"},
    {"v1.c.o+0", "ko20"},
    {"v1.c.ko25", "R o-50"},
    {"v1.c.o-50", "ko25"},
    {"v1.c.kd30", "R d-70"},
    {"v1.c.d-70", "kd30"},
    /* v2 */
    {"v2.o.nextID", "53"},
    {"v2.p.nextID", "62"},
    {"v2.d.nextID", "70"},
    {"v2.source", "{\"bundleName\":\"boot\"}"},
    {"v2.options", OPTIONS("bootstrap", "")},
    {"v2.reapDirt", "{}"},
    {"v2.vatParameters", "{\"body\":\"#{}\",\"slots\":[]}"},
    {"v2.c.ko21", "R o+0"},
    {"v2.c.o+0", "ko21"},
    {"v2.c.ko20", "R o-50"},
    {"v2.c.o-50", "ko20"},
    {"v2.c.ko22", "R o-51"},
    {"v2.c.o-51", "ko22"},
    {"v2.c.ko24", "_ o-52"},
    {"v2.c.o-52", "ko24"},
    {"v2.c.kp40", "R p+5"},
    {"v2.c.p+5", "kp40"},
    {"v2.c.kp41", "R p-60"},
    {"v2.c.p-60", "kp41"},
    {"v2.c.kp42", "R p-61"},
    {"v2.c.p-61", "kp42"},
    /* v3 */
    {"v3.o.nextID", "52"},
    {"v3.p.nextID", "61"},
    {"v3.d.nextID", "70"},
    {"v3.source", "{\"bundle\":{}}"},
    {"v3.options", OPTIONS("dynamic", ",\"meterID\":\"m1\"")},
    {"v3.reapDirt", "{\"gcKrefs\":2,\"computrons\":5000}"},
    {"v3.vatParameters", "{\"body\":\"#\\\"$0\\\"\",\"slots\":[\"ko21\"]}"},
    {"v3.c.ko22", "R o+0"},
    {"v3.c.o+0", "ko22"},
    {"v3.c.ko21", "_ o-50"},
    {"v3.c.o-50", "ko21"},
    {"v3.c.ko23", "R o-51"},
    {"v3.c.o-51", "ko23"},
    {"v3.c.kp40", "R p-60"},
    {"v3.c.p-60", "kp40"},
    {"v3.c.kp42", "R p+6"},
    {"v3.c.p+6", "kp42"},
    /* v4: the rest of it */
    {"v4.c.ko25", "R o+d11/1:0"},
    {"v4.c.o+d11/1:0", "ko25"},
    {"v4.c.ko24", "_ o-50"},
    {"v4.c.o-50", "ko24"},
    {"v4.c.kp44", "R p-61"},
    {"v4.c.p-61", "kp44"},
    {"v4.c.kd30", "R d-70"},
    /* d7 */
    {"d7.o.nextID", "11"},
    {"d7.p.nextID", "30"},
    {"d7.d.nextID", "20"},
    {"d7.source", "{\"bundleID\":\"b1-0\"}"},
    {"d7.options", "{}"},
    {"d7.deviceState", "{\"body\":\"\",\"slots\":[]}"},
    {"d7.c.kd30", "d+0"},
    {"d7.c.d+0", "kd30"},
    {"d7.c.ko21", "o-10"},
    {"d7.c.o-10", "ko21"},

    {"kd30.owner", "d7"},
    {"ko20.owner", "v1"},
    {"ko20.refCount", "3,3"}, /* pin, acceptanceQueue.5, v2 */
    {"ko21.owner", "v2"},
    {"ko21.refCount", "4,5"}, /* both entries, v3's parameters, d7; v3 recognizes it */
    {"ko22.owner", "v3"},
    {"ko22.refCount", "3,3"}, /* v2, kp40's queue, kp41's data */
    {"ko23.refCount", "1,1"}, /* v3; an orphan */
    {"ko25.owner", "v4"},
    {"ko25.refCount", "1,1"}, /* v1 */

    {"kp40.state", "unresolved"},
    {"kp40.decider", "v2"},
    {"kp40.subscribers", "v3,v4"},
    {"kp40.queue.nextID", "1"},
    {"kp40.queue.0", "{\"methargs\":{\"body\":\"#[]\",\"slots\":[\"ko22\"]},\"result\":\"kp43\"}"},
    {"kp40.refCount", "4"}, /* v2, v3, acceptanceQueue.5, its queue */
    {"kp41.state", "fulfilled"},
    {"kp41.data.body", "#\"$0\""},
    {"kp41.data.slots", "ko22"},
    {"kp41.refCount", "2"}, /* runQueue.3, v2 */
    {"kp42.state", "unresolved"},
    {"kp42.decider", ""},
    {"kp42.subscribers", "v2,v3"},
    {"kp42.queue.nextID", "0"},
    {"kp42.refCount", "3"}, /* v2, v3, acceptanceQueue.5 */
    {"kp43.state", "unresolved"},
    {"kp43.decider", ""},
    {"kp43.policy", "logFailure"},
    {"kp43.subscribers", ""},
    {"kp43.queue.nextID", "0"},
    {"kp43.refCount", "2"}, /* kp40's queue, the host */
    {"kp44.state", "rejected"},
    {"kp44.data.body", "#\"x\""},
    {"kp44.data.slots", ""},
    {"kp44.refCount", "1"}, /* v4 */
};

static const struct test_audit_span clean_spans[] = {
    {"v1", 0, 2, 0, true, NULL},  {"v2", 0, 3, 0, false, NULL}, {"v2", 3, 5, 0, true, NULL},
    {"v3", 0, 2, 0, false, NULL}, {"v3", 2, 3, 1, true, NULL},  {"v4", 0, 1, 0, false, NULL},
};

#define LOAD(hash) "{\"d\":[\"load-snapshot\",{\"snapshotID\":\"" hash "\"}],\"sc\":[],\"r\":{}}"
#define SAVE(hash) "{\"d\":[\"save-snapshot\"],\"sc\":[],\"r\":{\"snapshotID\":\"" hash "\"}}"
#define INITIALIZE "{\"d\":[\"initialize-worker\",{}],\"sc\":[],\"r\":{\"status\":\"ok\"}}"
#define BOYD "{\"d\":[\"bringOutYourDead\"],\"sc\":[],\"r\":{\"status\":\"ok\"}}"

static const struct test_audit_item clean_items[] = {
    {"v1", 0, 0, INITIALIZE},
    {"v1", 1, 0, BOYD},
    {"v2", 0, 0, INITIALIZE},
    {"v2", 1, 0, BOYD},
    {"v2", 2, 0, SAVE(SNAPSHOT_2)},
    {"v2", 3, 0, LOAD(SNAPSHOT_2)},
    {"v2", 4, 0, BOYD},
    {"v3", 0, 0, INITIALIZE},
    {"v3", 1, 0, "{\"d\":[\"shutdown-worker\"],\"sc\":[],\"r\":{\"status\":\"ok\"}}"},
    {"v3", 2, 1, INITIALIZE},
    {"v4", 0, 0, INITIALIZE},
};

static const struct test_audit_snapshot clean_snapshots[] = {
    {"v2", 2, true, SNAPSHOT_2},
    {"v4", 7, false, SNAPSHOT_1},
};

static void note_violation(void *impl, const struct audit_violation *violation) {
    struct test_audit *test = impl;
    if (test->found_count < TEST_AUDIT_FOUND_MAX) {
        struct test_audit_found *found = &test->found[test->found_count];
        found->rule = violation->rule;
        snprintf(found->key, sizeof found->key, "%.*s", VK_STR_ARG(violation->key));
        snprintf(found->expected, sizeof found->expected, "%.*s", VK_STR_ARG(violation->expected));
        snprintf(found->found, sizeof found->found, "%.*s", VK_STR_ARG(violation->found));
    }
    test->found_count++;
}

void test_audit_init(struct test_audit *test) {
    static const struct audit_reference held[] = {{{"kp43", 4}, 1}};
    memset(test, 0, sizeof *test);
    test->pair_count = sizeof clean_pairs / sizeof *clean_pairs;
    cr_assert_leq(test->pair_count, TEST_AUDIT_PAIRS_MAX - 8);
    for (size_t i = 0; i < test->pair_count; i++) {
        test->pairs[i].key = clean_pairs[i].key;
        test->pairs[i].value = clean_pairs[i].value;
    }
    memcpy(test->spans, clean_spans, sizeof clean_spans);
    test->span_count = sizeof clean_spans / sizeof *clean_spans;
    memcpy(test->items, clean_items, sizeof clean_items);
    test->item_count = sizeof clean_items / sizeof *clean_items;
    memcpy(test->snapshots, clean_snapshots, sizeof clean_snapshots);
    test->snapshot_count = sizeof clean_snapshots / sizeof *clean_snapshots;
    test->options = (struct sim_audit_options){.heap = vk_heap_system(),
                                               .references_known = true,
                                               .references = held,
                                               .reference_count = 1};
}

void test_audit_set(struct test_audit *test, const char *key, const char *value) {
    size_t i = 0;
    while (i < test->pair_count && strcmp(test->pairs[i].key, key) != 0)
        i++;
    if (value) {
        cr_assert_lt(i, TEST_AUDIT_PAIRS_MAX);
        test->pairs[i].key = key;
        test->pairs[i].value = value;
        if (i == test->pair_count) test->pair_count++;
        return;
    }
    cr_assert_lt(i, test->pair_count, "no key %s to delete", key);
    test->pairs[i] = test->pairs[--test->pair_count];
}

const char *test_audit_get(const struct test_audit *test, const char *key) {
    for (size_t i = 0; i < test->pair_count; i++)
        if (strcmp(test->pairs[i].key, key) == 0) return test->pairs[i].value;
    return NULL;
}

struct test_audit_span *test_audit_span_at(struct test_audit *test, const char *vat,
                                           uint64_t start) {
    for (size_t i = 0; i < test->span_count; i++)
        if (strcmp(test->spans[i].vat, vat) == 0 && test->spans[i].start == start)
            return &test->spans[i];
    cr_assert_fail("no span %s.%llu", vat, (unsigned long long)start);
    return NULL;
}

struct test_audit_item *test_audit_item_at(struct test_audit *test, const char *vat,
                                           uint64_t position) {
    for (size_t i = 0; i < test->item_count; i++)
        if (strcmp(test->items[i].vat, vat) == 0 && test->items[i].position == position)
            return &test->items[i];
    cr_assert_fail("no item %s.%llu", vat, (unsigned long long)position);
    return NULL;
}

static void sort_pairs(struct test_audit *test) {
    for (size_t i = 1; i < test->pair_count; i++)
        for (size_t j = i; j > 0 && strcmp(test->pairs[j].key, test->pairs[j - 1].key) < 0; j--) {
            const char *key = test->pairs[j].key, *value = test->pairs[j].value;
            test->pairs[j] = test->pairs[j - 1];
            test->pairs[j - 1].key = key;
            test->pairs[j - 1].value = value;
        }
}

/* updateSpanHash(), written down once more. */
static void items_hash(const struct test_audit *test, const struct test_audit_span *span,
                       char hash[VK_HASH_HEX]) {
    struct vk_str seed = VK_STR("start of transcript span");
    test_sha256(hash, 1, &seed);
    for (size_t i = 0; i < test->item_count; i++) {
        const struct test_audit_item *item = &test->items[i];
        if (strcmp(item->vat, span->vat) != 0 || item->position < span->start ||
            item->position >= span->end || !item->text)
            continue;
        char item_hash[VK_HASH_HEX];
        struct vk_str text = vk_str(item->text);
        test_sha256(item_hash, 1, &text);
        struct vk_str both[] = {vk_str(hash), vk_str(item_hash)};
        char next[VK_HASH_HEX];
        test_sha256(next, 2, both);
        memcpy(hash, next, sizeof next);
    }
}

static void span_row(const struct test_audit *test, const struct test_audit_span *span,
                     struct vk_span *row) {
    *row =
        (struct vk_span){.start = span->start, .end = span->end, .incarnation = span->incarnation};
    if (span->hash)
        memcpy(row->hash, span->hash, sizeof row->hash);
    else
        items_hash(test, span, row->hash);
}

static enum vk_err build(struct test_audit *test, struct audit_state *state) {
    sort_pairs(test);
    for (size_t i = 0; i < test->pair_count; i++)
        VK_TRY(
            audit_state_add_pair(state, vk_str(test->pairs[i].key), vk_str(test->pairs[i].value)));
    for (size_t i = 0; i < test->span_count; i++) {
        struct vk_span row;
        span_row(test, &test->spans[i], &row);
        VK_TRY(audit_state_add_span(state, vk_str(test->spans[i].vat), &row,
                                    test->spans[i].is_current));
    }
    for (size_t i = 0; i < test->item_count; i++) {
        const struct test_audit_item *item = &test->items[i];
        if (item->text)
            VK_TRY(audit_state_add_item(state, vk_str(item->vat), item->position, item->incarnation,
                                        vk_str(item->text)));
    }
    for (size_t i = 0; i < test->snapshot_count; i++) {
        const struct test_audit_snapshot *snapshot = &test->snapshots[i];
        VK_TRY(audit_state_add_snapshot(state, vk_str(snapshot->vat), snapshot->position,
                                        snapshot->in_use, vk_str(snapshot->hash)));
    }
    return VK_OK;
}

enum vk_err test_audit_run(struct test_audit *test) {
    struct audit_state state;
    test->found_count = 0;
    test->options.violation = note_violation;
    test->options.impl = test;
    audit_state_init(&state, test->options.heap);
    enum vk_err err = build(test, &state);
    if (err == VK_OK) err = sim_audit_state(&state, &test->options, &test->report);
    audit_state_release(&state);
    return err;
}

bool test_audit_has(const struct test_audit *test, enum audit_rule rule, const char *key) {
    for (size_t i = 0; i < test->found_count && i < TEST_AUDIT_FOUND_MAX; i++)
        if (test->found[i].rule == rule && strcmp(test->found[i].key, key) == 0) return true;
    return false;
}

const char *test_audit_text(const struct test_audit *test) {
    static char text[TEST_AUDIT_FOUND_MAX * 480];
    size_t n = 0;
    text[0] = '\0';
    for (size_t i = 0; i < test->found_count && i < TEST_AUDIT_FOUND_MAX; i++) {
        const struct test_audit_found *found = &test->found[i];
        n += (size_t)snprintf(text + n, sizeof text - n, "  %s: %s: expected %s, found %s\n",
                              sim_audit_rule_name(found->rule), found->key, found->expected,
                              found->found);
    }
    return text;
}

static void sql(sqlite3 *db, const char *format, ...) {
    va_list args;
    va_start(args, format);
    char *text = sqlite3_vmprintf(format, args);
    va_end(args);
    char *message = NULL;
    int rc = sqlite3_exec(db, text, NULL, NULL, &message);
    cr_assert_eq(rc, SQLITE_OK, "%s: %s", text, message ? message : "?");
    sqlite3_free(text);
}

void test_audit_write_database(struct test_audit *test, const char *path) {
    struct test_store empty;
    sqlite3 *db;
    test_store_open(&empty, path, VK_STORE_DIRECT); /* makes the tables */
    test_ok(vk_store_commit(empty.store));
    test_store_close(&empty);
    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    sql(db, "BEGIN");
    for (size_t i = 0; i < test->pair_count; i++)
        sql(db, "INSERT INTO kvStore VALUES (%Q, %Q)", test->pairs[i].key, test->pairs[i].value);
    for (size_t i = 0; i < test->span_count; i++) {
        const struct test_audit_span *span = &test->spans[i];
        struct vk_span row;
        span_row(test, span, &row);
        sql(db, "INSERT INTO transcriptSpans VALUES (%Q, %llu, %llu, %Q, %s, %llu)", span->vat,
            row.start, row.end, row.hash, span->is_current ? "1" : "NULL", row.incarnation);
    }
    for (size_t i = 0; i < test->item_count; i++)
        sql(db, "INSERT INTO transcriptItems VALUES (%Q, %llu, %Q, %llu)", test->items[i].vat,
            test->items[i].position, test->items[i].text, test->items[i].incarnation);
    for (size_t i = 0; i < test->snapshot_count; i++)
        sql(db, "INSERT INTO snapshots VALUES (%Q, %llu, %s, %Q, NULL, NULL, NULL)",
            test->snapshots[i].vat, test->snapshots[i].position,
            test->snapshots[i].in_use ? "1" : "NULL", test->snapshots[i].hash);
    sql(db, "COMMIT");
    cr_assert_eq(sqlite3_close(db), SQLITE_OK);
}
