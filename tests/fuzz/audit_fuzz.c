/* audit_fuzz.c - any keys with any values, given to the auditor and to what says in words what a
 * key means.
 *
 * A line of the input is a key, a tab and its value. A hostile state has violations; it does not
 * end the auditor.
 */
#include "fields.h"
#include "sim/audit_state.h"
#include "sim/auditor.h"
#include "sim/key_decode.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_SIZE_MAX = 64 * 1024, PAIRS_MAX = 1024 };

struct pairs {
    struct audit_pair at[PAIRS_MAX];
    size_t count;
};

/* By key; of the same key, by their place in the input. */
static int pair_order(const void *a, const void *b) {
    const struct audit_pair *left = a, *right = b;
    int order = vk_str_cmp(left->key, right->key);
    if (order != 0) return order;
    return (left->key.p > right->key.p) - (left->key.p < right->key.p);
}

static void pairs_read(struct pairs *pairs, struct vk_str text) {
    struct vk_str line, key, value;
    pairs->count = 0;
    while (pairs->count < PAIRS_MAX && fuzz_next(&text, '\n', &line))
        if (fuzz_next(&line, '\t', &key) && vk_str_present(line)) {
            value = line;
            pairs->at[pairs->count++] = (struct audit_pair){key, value};
        }
    qsort(pairs->at, pairs->count, sizeof *pairs->at, pair_order);
}

static void explain(const struct audit_violation *violation) {
    struct vk_arena arena;
    struct vk_buf buf;
    struct vk_str text;
    vk_arena_init(&arena, vk_heap_system());
    vk_buf_init(&buf, &arena);
    vk_buf_add(&buf, violation->key);
    vk_buf_add(&buf, violation->expected);
    vk_buf_add(&buf, violation->found);
    sim_key_decode(&buf, violation->key, violation->expected, violation->found);
    enum vk_err err = vk_buf_finish(&buf, &text);
    VK_ASSERT(err == VK_OK);
    vk_arena_release(&arena);
}

static void violated(void *impl, const struct audit_violation *violation) {
    uint64_t *count = impl;
    VK_ASSERT(violation->rule < AUDIT_RULE_COUNT);
    VK_ASSERT(vk_str_present(violation->key) && vk_str_present(violation->expected) &&
              vk_str_present(violation->found));
    if (++*count <= 16) explain(violation);
}

static void audit(struct audit_state *state, bool strict) {
    uint64_t count = 0;
    struct sim_audit_report report = {0};
    const struct sim_audit_options options = {.heap = vk_heap_system(),
                                              .strict = strict,
                                              .without_items = true,
                                              .violation = violated,
                                              .impl = &count};
    enum vk_err err = sim_audit_state(state, &options, &report);
    VK_ASSERT(err == VK_OK || err == VK_ERR_SCHEMA);
    VK_ASSERT(report.violations == count && report.malformed <= count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct pairs pairs;
    struct audit_state state;
    if (size > INPUT_SIZE_MAX) return 0;
    pairs_read(&pairs, (struct vk_str){(const char *)data, size});
    audit_state_init(&state, vk_heap_system());
    for (size_t i = 0; i < pairs.count; i++) {
        if (i + 1 < pairs.count && vk_str_eq(pairs.at[i].key, pairs.at[i + 1].key)) continue;
        enum vk_err err = audit_state_add_pair(&state, pairs.at[i].key, pairs.at[i].value);
        VK_ASSERT(err == VK_OK);
    }
    audit(&state, size % 2);
    audit_state_release(&state);
    return 0;
}
