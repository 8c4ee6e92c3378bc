/* testing_blocks.c - see testing_blocks.h. */
#include "testing_blocks.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum { KEYS = 20, VALUE_SIZE = 300 };

void test_blocks_init(struct test_blocks *blocks, const char *vfs, enum vk_store_mode mode) {
    *blocks = (struct test_blocks){.ports = {.heap = vk_heap_system(),
                                             .disk = {vfs, "swingstore.sqlite"}},
                                   .options = {.mode = mode}};
    vk_arena_init(&blocks->arena, vk_heap_system());
}

void test_blocks_release(struct test_blocks *blocks) { vk_arena_release(&blocks->arena); }

static char letter_of(uint64_t block) { return (char)('a' + block % 26); }

static enum vk_err block_write(struct vk_store *store, uint64_t block) {
    char key[24], value[VALUE_SIZE];
    struct vk_snapshot_info info;
    memset(value, letter_of(block), sizeof value);
    VK_TRY(vk_store_start_crank(store));
    VK_TRY(vk_store_savepoint(store, VK_SAVEPOINT_START));
    for (int i = 0; i < KEYS; i++) {
        snprintf(key, sizeof key, "key%d", i);
        VK_TRY(vk_store_set(store, vk_str(key), (struct vk_str){value, sizeof value}));
    }
    snprintf(key, sizeof key, "%llu", (unsigned long long)block);
    if (block == 1) VK_TRY(vk_transcript_init(store, VK_STR("v1")));
    VK_TRY(vk_transcript_add(store, VK_STR("v1"), vk_str(key)));
    VK_TRY(vk_store_end_crank(store));
    VK_TRY(vk_snapshot_save(store, VK_STR("v1"), block,
                            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                            (struct vk_str){value, sizeof value}, &info));
    VK_TRY(vk_store_host_set(store, VK_STR("host.block"), vk_str(key)));
    return vk_store_commit(store);
}

long long test_blocks_run(struct test_blocks *blocks) {
    struct vk_store *store;
    long long committed = 0;
    blocks->err = vk_store_open(&blocks->ports, &blocks->options, &store);
    for (uint64_t block = 1; blocks->err == VK_OK && block <= TEST_BLOCKS; block++) {
        blocks->err = block_write(store, block);
        if (blocks->err == VK_OK) committed = (long long)block;
    }
    if (store) vk_store_abandon_crank(store);
    vk_store_close(store);
    return committed;
}

static bool keys_are_of(struct vk_store *store, struct vk_arena *arena, uint64_t block) {
    bool all = true;
    for (int i = 0; i < KEYS; i++) {
        char key[24];
        struct vk_str value;
        snprintf(key, sizeof key, "key%d", i);
        test_ok(vk_store_get(store, arena, vk_str(key), &value));
        all = all && (block ? value.n == VALUE_SIZE && *value.p == letter_of(block) : !value.p);
    }
    return all;
}

static bool vat_is_of(struct vk_store *store, struct vk_arena *arena, uint64_t block) {
    struct vk_span span;
    struct vk_str item, image;
    uint64_t newest;
    if (block == 0) return true;
    test_ok(vk_transcript_current(store, VK_STR("v1"), &span));
    if (span.end != block) return false;
    test_ok(vk_transcript_item(store, arena, VK_STR("v1"), span.end - 1, &item));
    test_ok(vk_snapshot_load(store, arena, VK_STR("v1"), &image));
    return vk_str_to_u64(item, &newest) && newest == block && *image.p == letter_of(block);
}

long long test_blocks_read(struct test_blocks *blocks) {
    struct vk_arena *arena = &blocks->arena;
    struct vk_store *store;
    struct vk_str text;
    uint64_t block = 0;
    struct vk_state_hash recomputed;
    test_ok(vk_store_open(&blocks->ports, &blocks->options, &store));
    test_ok(vk_store_get(store, arena, VK_STR("host.block"), &text));
    bool whole = (!text.p || vk_str_to_u64(text, &block)) && keys_are_of(store, arena, block) &&
                 vat_is_of(store, arena, block);
    test_ok(vk_store_recompute_state_hash(store, &recomputed));
    struct vk_state_hash kept = vk_store_state_hash(store);
    whole = whole && recomputed.low == kept.low && recomputed.high == kept.high;
    vk_arena_clear(arena);
    vk_store_close(store);
    return whole ? (long long)block : -1;
}
