/* dead_list_test.c - the work list of possibly dead krefs: an insertion-ordered set. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "../kernel/object/dead_list.h"
#include "testing_state.h"

static struct test_heap heap;
static struct vk_dead_list list;

static void open_it(void) {
    test_heap_init(&heap);
    vk_dead_list_init(&list, &heap.port);
}

static void close_it(void) {
    vk_dead_list_release(&list);
    cr_assert(heap.outstanding_blocks == 0 && heap.outstanding_bytes == 0);
}

static struct vk_kref kref(enum vk_slot_type type, uint64_t id) {
    return (struct vk_kref){type, id};
}

TEST_OPEN(dead_list, is_empty_and_without_memory_at_first) {
    cr_assert(list.count == 0 && !vk_dead_list_has(&list, kref(VK_SLOT_OBJECT, 0)));
    vk_dead_list_clear(&list);
    cr_assert(heap.allocations == 0);
}

TEST_OPEN(dead_list, members_stay_in_the_order_of_coming) {
    static const uint64_t ids[] = {20, 7, 100, 7, 20, 3};
    for (int i = 0; i < 6; i++)
        test_ok(vk_dead_list_add(&list, kref(VK_SLOT_OBJECT, ids[i])));
    cr_assert(list.count == 4);
    cr_assert(list.items[0].id == 20 && list.items[1].id == 7 && list.items[2].id == 100);
    cr_assert(list.items[3].id == 3);
}

TEST_OPEN(dead_list, types_are_told_apart) {
    test_ok(vk_dead_list_add(&list, kref(VK_SLOT_OBJECT, 40)));
    cr_assert(!vk_dead_list_has(&list, kref(VK_SLOT_PROMISE, 40)));
    test_ok(vk_dead_list_add(&list, kref(VK_SLOT_PROMISE, 40)));
    cr_assert(list.count == 2 && vk_dead_list_has(&list, kref(VK_SLOT_PROMISE, 40)));
    cr_assert(vk_dead_list_has(&list, kref(VK_SLOT_OBJECT, 40)));
    cr_assert(!vk_dead_list_has(&list, kref(VK_SLOT_DEVICE, 40)));
}

/* Against a plain array, through growth and clearing. */
TEST_OPEN(dead_list, is_a_set_under_random_additions) {
    enum { ROUNDS = 40, IDS = 700 };
    uint64_t random = 1;
    for (int round = 0; round < ROUNDS; round++) {
        struct vk_kref model[2 * IDS];
        bool member[2][IDS] = {{false}};
        size_t count = 0, additions = (size_t)test_random_below(&random, round % 4 ? 60 : 2000);
        for (size_t i = 0; i < additions; i++) {
            struct vk_kref next =
                kref(test_random_below(&random, 2) ? VK_SLOT_OBJECT : VK_SLOT_PROMISE,
                     test_random_below(&random, IDS));
            test_ok(vk_dead_list_add(&list, next));
            if (!member[next.type][next.id]) model[count++] = next;
            member[next.type][next.id] = true;
        }
        cr_assert(list.count == count);
        for (size_t i = 0; i < count; i++)
            cr_assert(vk_kref_eq(list.items[i], model[i]), "round %d, member %zu", round, i);
        for (int type = 0; type < 2; type++)
            for (uint64_t id = 0; id < IDS; id++)
                cr_assert(vk_dead_list_has(&list, kref((enum vk_slot_type)type, id)) ==
                          member[type][id]);
        vk_dead_list_clear(&list);
        cr_assert(list.count == 0 && !vk_dead_list_has(&list, kref(VK_SLOT_OBJECT, 0)));
    }
}

TEST_OPEN(dead_list, members_added_during_a_walk_are_walked) {
    test_ok(vk_dead_list_add(&list, kref(VK_SLOT_PROMISE, 500)));
    size_t seen = 0;
    for (size_t i = 0; i < list.count; i++, seen++) {
        struct vk_kref at = list.items[i];
        if (at.id) test_ok(vk_dead_list_add(&list, kref(VK_SLOT_PROMISE, at.id - 1)));
    }
    cr_assert(seen == 501, "%zu", seen);
}

TEST_OPEN(dead_list, clear_keeps_the_memory) {
    for (uint64_t i = 0; i < 1000; i++)
        test_ok(vk_dead_list_add(&list, kref(VK_SLOT_OBJECT, i)));
    uint64_t allocations = heap.allocations, blocks = heap.outstanding_blocks;
    vk_dead_list_clear(&list);
    cr_assert(heap.outstanding_blocks == blocks);
    for (uint64_t i = 0; i < 1000; i++)
        test_ok(vk_dead_list_add(&list, kref(VK_SLOT_PROMISE, i)));
    cr_assert(heap.allocations == allocations);
}

/* Growing takes two blocks: the first, the second, or both are refused. */
TEST_OPEN(dead_list, growth_that_fails_loses_nothing) {
    for (uint64_t failing = 1; failing <= 3; failing++) {
        uint64_t added = 0, refused = failing == 2 ? 2 : 1;
        enum vk_err err = VK_OK;
        heap.fail_once = failing < 3;
        while (err == VK_OK) {
            if (list.count && list.count == list.capacity)
                heap.fail_at = heap.allocations + refused;
            err = vk_dead_list_add(&list, kref(VK_SLOT_OBJECT, added));
            if (err == VK_OK) added++;
        }
        cr_assert(err == VK_ERR_NOMEM && added > 0 && list.count == added);
        heap.fail_at = 0;
        for (uint64_t i = 0; i < added; i++)
            cr_assert(list.items[i].id == i && vk_dead_list_has(&list, kref(VK_SLOT_OBJECT, i)));
        cr_assert(!vk_dead_list_has(&list, kref(VK_SLOT_OBJECT, added)));
        test_ok(vk_dead_list_add(&list, kref(VK_SLOT_OBJECT, added)));
        cr_assert(list.count == added + 1);
        vk_dead_list_release(&list);
        cr_assert(heap.outstanding_blocks == 0);
    }
    heap.fail_at = heap.allocations + 1;
    cr_assert(vk_dead_list_add(&list, kref(VK_SLOT_OBJECT, 1)) == VK_ERR_NOMEM);
    cr_assert(list.count == 0);
}

TEST_OPEN(dead_list, released_list_may_be_used_again) {
    test_ok(vk_dead_list_add(&list, kref(VK_SLOT_OBJECT, 1)));
    vk_dead_list_release(&list);
    cr_assert(list.count == 0 && heap.outstanding_blocks == 0);
    test_ok(vk_dead_list_add(&list, kref(VK_SLOT_OBJECT, 2)));
    cr_assert(list.count == 1 && list.items[0].id == 2);
}
