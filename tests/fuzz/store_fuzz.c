/* store_fuzz.c - the store under operations, savepoints and faults of disk and memory, held to a model that cannot be wrong
 * (an array, copied whole at savepoints) and to its other mode.
 *
 * The input's first six bytes are two faults (kind, point, repeat), one for each mode's disk; then operations of three
 * bytes (which, key, value). An operation without a fault must be answered as the model says. One that fails may do so only
 * because a fault struck; the store is closed then as if its process had died, opened again, and must hold what was
 * committed last, or what was being committed.
 */
#include "faults/disk_fault.h"
#include "faults/heap_fault.h"
#include "sim/mem_disk.h"
#include "vk/ports.h"
#include "vk/store.h"

#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { KEYS = 24, DEPTH_MAX = 4, NONE = -1, NODES = 2, INPUT_SIZE_MAX = 1536, VALUE_MAX = 20000 };

struct contents {
    int kv[KEYS]; /* a value's number, or NONE */
};

struct model {
    struct contents now, committed, saved[DEPTH_MAX];
    enum vk_savepoint names[DEPTH_MAX];
    size_t depth;
    bool in_crank;
};

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
static struct model model;
static struct vk_arena arena;

/* ---- keys and values */

static struct vk_str key_of(unsigned n) {
    static const char *const families[] = {"v1.c.", "v1.vs.", "ko", "local.x"};
    static char texts[KEYS][24];
    int length = snprintf(texts[n], sizeof texts[n], "%s%02u", families[n % 4], n / 4);
    return (struct vk_str){texts[n], (size_t)length};
}

static struct vk_str value_of(int n) {
    static char text[VALUE_MAX];
    size_t length = n < 200 ? (size_t)n % 60 : (size_t)(n - 199) * (VALUE_MAX / 60);
    if (length > VALUE_MAX) length = VALUE_MAX;
    for (size_t i = 0; i < length; i++)
        text[i] = (char)('a' + ((size_t)n + i) % 26);
    return (struct vk_str){text, length};
}

/* ---- nodes */

static void node_begin(struct node *node, enum vk_store_mode mode, const uint8_t fault[3]) {
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
    node->options = (struct vk_store_options){.mode = mode};
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

static bool holds(struct vk_store *store, const struct contents *contents) {
    bool same = true;
    for (unsigned k = 0; k < KEYS && same; k++) {
        struct vk_str value;
        enum vk_err err = vk_store_get(store, &arena, key_of(k), &value);
        VK_ASSERT(err == VK_OK);
        same = vk_str_present(value) == (contents->kv[k] != NONE) &&
               (contents->kv[k] == NONE || vk_str_eq(value, value_of(contents->kv[k])));
        vk_arena_clear(&arena);
    }
    return same;
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
    enum vk_err err = vk_store_open(&node->ports, &node->options, &node->store);
    VK_ASSERT(err == VK_OK);
    VK_ASSERT(holds(node->store, &model.committed) || (attempted && holds(node->store, attempted)));
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

static void set(unsigned k, int value) {
    EACH(VK_OK, vk_store_set(node->store, key_of(k), value_of(value)));
    model.now.kv[k] = value;
}

static void delete (unsigned k) {
    EACH(VK_OK, vk_store_delete(node->store, key_of(k)));
    model.now.kv[k] = NONE;
}

static void get(unsigned k) {
    struct vk_str value;
    int expected = model.now.kv[k];
    for (int i = 0; i < NODES; i++) {
        if (!nodes[i].store) continue;
        enum vk_err err = vk_store_get(nodes[i].store, &arena, key_of(k), &value);
        if (err != VK_OK) {
            fell(&nodes[i], err, NULL);
            continue;
        }
        VK_ASSERT(vk_str_present(value) == (expected != NONE));
        VK_ASSERT(expected == NONE || vk_str_eq(value, value_of(expected)));
        vk_arena_clear(&arena);
    }
}

static struct vk_str model_next(struct vk_str prior) {
    struct vk_str next = VK_STR_NONE;
    for (unsigned k = 0; k < KEYS; k++)
        if (model.now.kv[k] != NONE && vk_str_cmp(key_of(k), prior) > 0 &&
            (!next.p || vk_str_cmp(key_of(k), next) < 0))
            next = key_of(k);
    return next;
}

static void next_key(unsigned k) {
    struct vk_str next;
    for (int i = 0; i < NODES; i++) {
        if (!nodes[i].store) continue;
        enum vk_err err = vk_store_next_key(nodes[i].store, &arena, key_of(k), &next);
        if (err != VK_OK) {
            fell(&nodes[i], err, NULL);
            continue;
        }
        struct vk_str expected = model_next(key_of(k));
        VK_ASSERT(vk_str_present(next) == vk_str_present(expected) && vk_str_eq(next, expected));
        vk_arena_clear(&arena);
    }
}

static void crank(void) {
    if (model.in_crank)
        EACH(VK_OK, vk_store_end_crank(node->store))
    else
        EACH(VK_OK, vk_store_start_crank(node->store))
    model.in_crank = !model.in_crank;
    model.depth = 0;
}

static void savepoint(enum vk_savepoint name) {
    bool legal = model.in_crank && model.depth < DEPTH_MAX;
    EACH(legal ? VK_OK : VK_ERR_USAGE, vk_store_savepoint(node->store, name));
    if (!legal) return;
    model.names[model.depth] = name;
    model.saved[model.depth++] = model.now;
}

static void rollback(enum vk_savepoint name) {
    size_t depth = 0;
    while (depth < model.depth && model.names[depth] != name)
        depth++;
    bool legal = depth < model.depth;
    EACH(legal ? VK_OK : VK_ERR_USAGE, vk_store_rollback(node->store, name));
    if (!legal) return;
    model.now = model.saved[depth];
    model.depth = depth;
}

static void commit(void) {
    for (int i = 0; i < NODES; i++) {
        if (!nodes[i].store) continue;
        enum vk_err err = vk_store_commit(nodes[i].store);
        if (model.in_crank && err == VK_ERR_USAGE) continue;
        if (err != VK_OK) fell(&nodes[i], err, model.in_crank ? NULL : &model.now);
        VK_ASSERT(!model.in_crank || !nodes[i].store);
    }
    if (!model.in_crank) model.committed = model.now;
}

static enum vk_err transcript_step(struct vk_store *store, unsigned which, int value) {
    const struct vk_str vat = VK_STR("v1");
    uint64_t number;
    bool done;
    switch (which % 5) {
    case 0: return vk_transcript_init(store, vat);
    case 1: return vk_transcript_rollover_span(store, vat);
    case 2: return vk_transcript_rollover_incarnation(store, vat, &number);
    case 3: return vk_transcript_delete(store, vat, (uint64_t)value + 1, &number, &done);
    default: return vk_transcript_add(store, vat, value_of(value));
    }
}

/* Without a model: what one mode says, the other says too. */
static void transcript(unsigned which, int value) {
    enum vk_err said = VK_ERR_COUNT;
    for (int i = 0; i < NODES; i++) {
        struct node *node = &nodes[i];
        if (!node->store) continue;
        uint64_t hits = node->fault.hits;
        enum vk_err err = transcript_step(node->store, which, value);
        if (err != VK_OK && node->fault.hits > hits) {
            fell(node, err, NULL);
            continue;
        }
        VK_ASSERT(said == VK_ERR_COUNT || said == err || nodes[0].fault.hits || node->fault.hits);
        said = err;
    }
}

static void operate(uint8_t which, uint8_t key, uint8_t value) {
    enum vk_savepoint name = key % 2 ? VK_SAVEPOINT_START : VK_SAVEPOINT_DELIVER;
    switch (which % 16) {
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
    case 14: transcript(key, value); break;
    default: EACH(VK_OK, check_hash(node->store))
    }
}

/* The two agree with the model, and with each other. */
static void finish(void) {
    for (int i = 0; i < NODES; i++) {
        struct node *node = &nodes[i];
        if (!node->store) continue;
        node->faults.suspended = true;
        VK_ASSERT(holds(node->store, &model.now));
        enum vk_err err = check_hash(node->store);
        VK_ASSERT(err == VK_OK);
        node_dies(node);
        check_survivor(node, NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    enum { HEAD = 6, STEP = 3 };
    if (size < HEAD || size > INPUT_SIZE_MAX) return 0;
    vk_arena_init(&arena, vk_heap_system());
    sim_disk_seed_sqlite(1);
    model = (struct model){0};
    for (unsigned k = 0; k < KEYS; k++)
        model.now.kv[k] = model.committed.kv[k] = NONE;
    node_begin(&nodes[0], VK_STORE_DIRECT, data);
    node_begin(&nodes[1], VK_STORE_WRITE_BACK, data + HEAD / 2);
    for (size_t i = HEAD; i + STEP <= size && (nodes[0].store || nodes[1].store); i += STEP)
        operate(data[i], data[i + 1], data[i + 2]);
    finish();
    vk_arena_release(&arena);
    return 0;
}
