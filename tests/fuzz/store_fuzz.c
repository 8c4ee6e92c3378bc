/* store_fuzz.c - the store under operations, savepoints and faults of disk and memory, held to a model that cannot be wrong
 * (testing_contents.h) and to its other mode.
 *
 * The input's first six bytes are two faults (kind, point, repeat), one for each mode's disk; the third says, too, what both
 * stores keep of closed spans and superseded snapshots. Then operations of three bytes (which, key, value). An operation
 * without a fault must be answered as the model says. One that fails may do so only because a fault struck; the store is
 * closed then as if its process had died, opened again, and must hold what was committed last, or what was being committed.
 * At the end, and after a crash, every row of every table is compared.
 */
#include "faults/disk_fault.h"
#include "faults/heap_fault.h"
#include "sim/mem_disk.h"
#include "testing_contents.h"
#include "vk/ports.h"

#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { KEYS = 24, NODES = 2, INPUT_SIZE_MAX = 1536 };
enum { KEEP_SNAPSHOTS = 8, DROP_TRANSCRIPTS = 16 }; /* of the third byte, beside `repeat` */

/* A store with its disk. */
struct node {
    struct sim_disk *disk;
    struct fault_disk *faulty;
    struct fault fault;
    struct fault_set faults;
    struct fault_heap heap;
    struct vk_ports ports;
    struct vk_store_options options;
    struct vk_store *store; /* NULL: it has failed, and was looked at */
};

static struct node nodes[NODES];
static struct contents_model model;
static struct vk_arena arena;

/* ---- nodes */

static void node_begin(struct node *node, const struct vk_store_options *options,
                       const uint8_t fault[3]) {
    static const enum fault_kind kinds[] = {
        FAULT_DISK_READ,  FAULT_DISK_WRITE, FAULT_DISK_SYNC, FAULT_DISK_TRUNCATE, FAULT_DISK_FULL,
        FAULT_DISK_SHORT, FAULT_DISK_BUSY,  FAULT_POWER_CUT, FAULT_HEAP,
    };
    enum { KINDS = sizeof kinds / sizeof *kinds };
    if (!node->disk) {
        node->disk = sim_disk_new();
        node->faulty = fault_disk_new(&node->faults, sim_disk_vfs(node->disk));
        VK_ASSERT(node->disk && node->faulty);
        fault_heap_init(&node->heap, &node->faults, vk_heap_system());
        node->ports = (struct vk_ports){.heap = &node->heap.port,
                                        .disk = {fault_disk_vfs(node->faulty), "db"}};
    }
    sim_disk_clear(node->disk);
    node->options = *options;
    node->fault =
        (struct fault){.kind = kinds[fault[0] % KINDS],
                       .vat = FAULT_ANY_VAT,
                       .at = (uint64_t)fault[1] + 1,
                       .repeat = fault[2] % 8 == 7 ? FAULT_FOR_GOOD : (uint64_t)fault[2] % 8 + 1};
    node->faults = (struct fault_set){.faults = &node->fault,
                                      .count = fault[0] < 128, /* none: 128 and above */
                                      .suspended = true};
    enum vk_err err = vk_store_open(&node->ports, &node->options, &node->store);
    if (err == VK_OK) err = vk_store_commit(node->store);
    VK_ASSERT(err == VK_OK);
    node->faults.suspended = false;
}

/* Reading may be what a fault strikes. */
static enum vk_err compare(struct vk_store *store, const struct contents *contents, bool in_crank,
                           char differs[CONTENTS_DIFFERS_MAX]) {
    VK_TRY(contents_compare_reads(&model, contents, store, differs));
    if (in_crank || differs[0]) return VK_OK;
    return contents_compare_rows(&model, contents, store, differs);
}

/* No fault is left that could strike. */
static void check_holds(struct vk_store *store, const struct contents *contents, bool in_crank) {
    char differs[CONTENTS_DIFFERS_MAX];
    enum vk_err err = compare(store, contents, in_crank, differs);
    if (differs[0]) fprintf(stderr, "%s\n", differs);
    VK_ASSERT(err == VK_OK && !differs[0]);
}

/* Reading it all may be what a fault strikes. */
static enum vk_err check_hash(struct vk_store *store) {
    struct vk_state_hash kept = vk_store_state_hash(store), whole;
    enum vk_err err = vk_store_recompute_state_hash(store, &whole);
    VK_ASSERT(err != VK_OK || (kept.low == whole.low && kept.high == whole.high));
    return err;
}

/* Its process dies: nothing that it remembers, or would still tidy up, reaches the disk. */
static void node_dies(struct node *node) {
    bool power_failed = fault_disk_power_is_off(node->faulty);
    node->faults.suspended = true;
    fault_disk_power_off(node->faulty);
    vk_store_close(node->store);
    node->store = NULL;
    fault_disk_power_back(node->faulty);
    if (!power_failed) return;
    struct sim_random stream;
    sim_random_init(&stream, node->fault.at, "power");
    sim_disk_power_cut(node->disk, &stream);
}

static void check_survivor(struct node *node, const struct contents *attempted) {
    char differs[CONTENTS_DIFFERS_MAX] = "";
    enum vk_err err = vk_store_open(&node->ports, &node->options, &node->store);
    VK_ASSERT(err == VK_OK);
    if (attempted) err = compare(node->store, attempted, false, differs);
    VK_ASSERT(err == VK_OK);
    if (!attempted || differs[0]) check_holds(node->store, &model.committed, false);
    err = check_hash(node->store);
    VK_ASSERT(err == VK_OK);
    vk_store_close(node->store);
    node->store = NULL;
}

/* An answer that the model did not expect. `attempted`: what a commit was to make durable, or NULL. */
static void fell(struct node *node, enum vk_err err, const struct contents *attempted) {
    if (node->fault.hits == 0)
        fprintf(stderr, "no fault struck: %s: %s\n", vk_err_name(err), vk_err_origin()->text);
    VK_ASSERT(err != VK_OK && node->fault.hits > 0);
    node_dies(node);
    check_survivor(node, attempted);
}

/* Does it to each store that still stands; one that answers otherwise than the model falls. */
#define EACH(expected, call)                                                                       \
    for (int node_ = 0; node_ < NODES; node_++) {                                                  \
        struct node *node = &nodes[node_];                                                         \
        if (!node->store) continue;                                                                \
        enum vk_err err_ = (call);                                                                 \
        if (err_ != (expected)) fell(node, err_, NULL);                                            \
    }

/* ---- operations */

static void set(size_t k, int value) {
    EACH(VK_OK, vk_store_set(node->store, vk_str(model.keys[k]), test_value(value)));
    contents_set(&model, k, value);
}

static void delete (size_t k) {
    EACH(VK_OK, vk_store_delete(node->store, vk_str(model.keys[k])));
    contents_delete(&model, k);
}

/* The kernel's calls may not write a host's key, nor the host's a kernel's. */
static void host_set(size_t k, int value) {
    struct vk_str key = contents_host_key(k % CONTENTS_HOST_KEYS);
    if (k >= KEYS / 2) {
        EACH(VK_ERR_USAGE, vk_store_set(node->store, key, test_value(value)));
        EACH(VK_ERR_USAGE, vk_store_host_set(node->store, vk_str(model.keys[k]), key));
        return;
    }
    EACH(VK_OK, vk_store_host_set(node->store, key, test_value(value)));
    contents_host_set(&model, k % CONTENTS_HOST_KEYS, value);
}

static enum vk_err get_from(struct vk_store *store, size_t k) {
    struct vk_str expected = contents_get(&model, k), value;
    bool has;
    VK_TRY(vk_store_get(store, &arena, vk_str(model.keys[k]), &value));
    VK_ASSERT(vk_str_present(value) == vk_str_present(expected) && vk_str_eq(value, expected));
    VK_TRY(vk_store_has(store, vk_str(model.keys[k]), &has));
    VK_ASSERT(has == vk_str_present(expected));
    return VK_OK;
}

static void get(size_t k) {
    EACH(VK_OK, get_from(node->store, k));
    vk_arena_clear(&arena);
}

static enum vk_err next_from(struct vk_store *store, struct vk_str prior) {
    struct vk_str expected = contents_next(&model, prior), next;
    VK_TRY(vk_store_next_key(store, &arena, prior, &next));
    VK_ASSERT(vk_str_present(next) == vk_str_present(expected) && vk_str_eq(next, expected));
    return VK_OK;
}

static void next_key(size_t k) {
    EACH(VK_OK, next_from(node->store, vk_str(model.keys[k])));
    vk_arena_clear(&arena);
}

static enum vk_err read_from(struct vk_store *store) {
    char differs[CONTENTS_DIFFERS_MAX];
    VK_TRY(compare(store, &model.now, model.in_crank, differs));
    if (differs[0]) fprintf(stderr, "%s\n", differs);
    VK_ASSERT(!differs[0]);
    return VK_OK;
}

static void crank(void) {
    bool ends = model.in_crank;
    enum vk_err expected = ends ? contents_end_crank(&model) : contents_start_crank(&model);
    EACH(expected, ends ? vk_store_end_crank(node->store) : vk_store_start_crank(node->store));
}

static enum vk_err emit_from(struct vk_store *store, const char *crankhash,
                             const char *activityhash) {
    char got_crank[VK_HASH_HEX], got_activity[VK_HASH_HEX];
    VK_TRY(vk_store_emit_hashes(store, got_crank, got_activity));
    VK_ASSERT(strcmp(got_crank, crankhash) == 0 && strcmp(got_activity, activityhash) == 0);
    return VK_OK;
}

static void emit(void) {
    char crankhash[VK_HASH_HEX], activityhash[VK_HASH_HEX];
    contents_emit(&model, crankhash, activityhash);
    EACH(VK_OK, emit_from(node->store, crankhash, activityhash));
}

static void savepoint(enum vk_savepoint name) {
    enum vk_err expected = contents_savepoint(&model, name);
    EACH(expected, vk_store_savepoint(node->store, name));
}

static void rollback(enum vk_savepoint name) {
    enum vk_err expected = contents_rollback(&model, name);
    EACH(expected, vk_store_rollback(node->store, name));
}

static void commit(void) {
    for (int i = 0; i < NODES; i++) {
        if (!nodes[i].store) continue;
        enum vk_err err = vk_store_commit(nodes[i].store);
        if (model.in_crank && err == VK_ERR_USAGE) continue;
        if (err != VK_OK) fell(&nodes[i], err, model.in_crank ? NULL : &model.now);
        VK_ASSERT(!model.in_crank || !nodes[i].store);
    }
    enum vk_err ignored = contents_commit(&model); /* not in a crank */
    (void)ignored;
}

/* ---- of one vat; what is done is a number below 8 */

enum { INIT, SPAN, INCARNATION, TRANSCRIPT_DELETE, TRANSCRIPT_STOP = 5 }; /* else: add */
enum { SNAPSHOT_STOP, SNAPSHOT_DELETE };                                  /* else: save */

static uint64_t budget_of(int value) { return value % 4 ? (uint64_t)value % 4 : VK_UNLIMITED; }

typedef enum vk_err cleaning(struct vk_store *store, struct vk_str vat, uint64_t budget,
                             uint64_t *cleanups, bool *done);

static enum vk_err clean_up_in(struct vk_store *store, cleaning *in_store, size_t v,
                               uint64_t budget, uint64_t expected, bool expected_done) {
    uint64_t cleanups;
    bool done;
    VK_TRY(in_store(store, contents_vat_id(v), budget, &cleanups, &done));
    VK_ASSERT(cleanups == expected && done == expected_done);
    return VK_OK;
}

/* Of either kind. */
static void clean_up(size_t v, uint64_t budget,
                     void (*in_model)(struct contents_model *of, size_t v, uint64_t budget,
                                      uint64_t *cleanups, bool *done),
                     cleaning *in_store) {
    uint64_t expected;
    bool done;
    in_model(&model, v, budget, &expected, &done);
    EACH(VK_OK, clean_up_in(node->store, in_store, v, budget, expected, done));
}

static enum vk_err upgrade_in(struct vk_store *store, size_t v, uint64_t expected) {
    uint64_t incarnation;
    VK_TRY(vk_transcript_rollover_incarnation(store, contents_vat_id(v), &incarnation));
    VK_ASSERT(incarnation == expected);
    return VK_OK;
}

static void roll_over(size_t v, bool upgrade) {
    uint64_t incarnation = 0;
    enum vk_err expected = contents_rollover(&model, v, upgrade, &incarnation);
    EACH(expected, upgrade ? upgrade_in(node->store, v, incarnation)
                           : vk_transcript_rollover_span(node->store, contents_vat_id(v)));
}

static void transcript(unsigned which, size_t v, int value) {
    struct vk_str vat = contents_vat_id(v);
    enum vk_err expected;
    if (!contents_has_room(&model, v)) which = TRANSCRIPT_DELETE;
    switch (which) {
    case INIT:
        expected = contents_transcript_init(&model, v);
        EACH(expected, vk_transcript_init(node->store, vat));
        break;
    case SPAN:
    case INCARNATION: roll_over(v, which == INCARNATION); break;
    case TRANSCRIPT_DELETE:
        clean_up(v, budget_of(value), contents_transcript_delete, vk_transcript_delete);
        break;
    case TRANSCRIPT_STOP:
        contents_transcript_stop(&model, v);
        EACH(VK_OK, vk_transcript_stop(node->store, vat));
        break;
    default:
        expected = contents_transcript_add(&model, v, value);
        EACH(expected, vk_transcript_add(node->store, vat, test_value(value)));
    }
}

static enum vk_err save_to(struct vk_store *store, size_t v, uint64_t position, int value) {
    struct vk_snapshot_info info;
    struct vk_str image = test_value(value);
    char hash[VK_HASH_HEX];
    test_sha256(hash, 1, &image);
    VK_TRY(vk_snapshot_save(store, contents_vat_id(v), position, hash, image, &info));
    VK_ASSERT(info.position == position && info.uncompressed_size == image.n);
    return VK_OK;
}

static void snapshot(unsigned which, size_t v, int value) {
    uint64_t position = contents_snapshot_position(&model, v, which % 4);
    if (!contents_has_room(&model, v)) which = SNAPSHOT_DELETE;
    switch (which) {
    case SNAPSHOT_STOP:
        contents_snapshot_stop(&model, v);
        EACH(VK_OK, vk_snapshot_stop(node->store, contents_vat_id(v)));
        break;
    case SNAPSHOT_DELETE:
        clean_up(v, budget_of(value), contents_snapshot_delete, vk_snapshot_delete);
        break;
    default:
        EACH(VK_OK, save_to(node->store, v, position, value));
        contents_snapshot_save(&model, v, position, value);
    }
}

static void bundle(size_t b, int value) {
    if (value % 4 == 0) {
        contents_bundle_delete(&model, b);
        EACH(VK_OK, vk_bundle_delete(node->store, contents_bundle(b)));
        return;
    }
    enum vk_err expected = contents_bundle_add(&model, b, value);
    EACH(expected, vk_bundle_add(node->store, contents_bundle(b), test_value(value)));
}

static void operate(uint8_t which, uint8_t key, uint8_t value) {
    enum vk_savepoint name = key % 2 ? VK_SAVEPOINT_START : VK_SAVEPOINT_DELIVER;
    size_t v = (size_t)key / 8 % CONTENTS_VATS;
    switch (which % 20) {
    case 0:
    case 1:
    case 2:
    case 3: set(key % KEYS, value); break;
    case 4:
    case 5: delete (key % KEYS); break;
    case 6: get(key % KEYS); break;
    case 7: next_key(key % KEYS); break;
    case 8:
    case 9: crank(); break;
    case 10: savepoint(name); break;
    case 11: rollback(name); break;
    case 12: commit(); break;
    case 13:
    case 14: transcript(key % 8, v, value); break;
    case 15: snapshot(key % 8, v, value); break;
    case 16: bundle(key % CONTENTS_BUNDLES, value); break;
    case 17: host_set(key % KEYS, value); break;
    case 18: emit(); break;
    default:
        if (key % 4 == 0)
            EACH(VK_OK, read_from(node->store))
        else
            EACH(VK_OK, check_hash(node->store))
    }
}

/* The two agree with the model, and so with each other; a crank that is abandoned leaves what was before it. */
static void finish(void) {
    for (int i = 0; i < NODES; i++) {
        struct node *node = &nodes[i];
        if (!node->store) continue;
        node->faults.suspended = true;
        check_holds(node->store, &model.now, model.in_crank);
        enum vk_err err = check_hash(node->store);
        VK_ASSERT(err == VK_OK);
        vk_store_abandon_crank(node->store); /* if it is in one */
        if (model.in_crank) check_holds(node->store, &model.at_start, false);
        node_dies(node);
        check_survivor(node, NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    enum { HEAD = 6, STEP = 3 };
    if (size < HEAD || size > INPUT_SIZE_MAX) return 0;
    struct vk_store_options options = {.mode = VK_STORE_DIRECT,
                                       .keep_snapshots = data[2] & KEEP_SNAPSHOTS,
                                       .drop_transcripts = data[2] & DROP_TRANSCRIPTS};
    vk_arena_init(&arena, vk_heap_system());
    sim_disk_seed_sqlite(1);
    contents_begin(&model, KEYS, &options);
    node_begin(&nodes[0], &options, data);
    options.mode = VK_STORE_WRITE_BACK;
    node_begin(&nodes[1], &options, data + HEAD / 2);
    for (size_t i = HEAD; i + STEP <= size && (nodes[0].store || nodes[1].store); i += STEP)
        operate(data[i], data[i + 1], data[i + 2]);
    finish();
    vk_arena_release(&arena);
    return 0;
}
