/* arena_test.c - arenas, and the texts that grow in them. */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <signal.h>
#include <stdalign.h>
#include <stdlib.h>

#include "testing_state.h"

static struct test_heap heap;
static struct vk_arena arena;

static void open_it(void) {
    test_heap_init(&heap);
    vk_arena_init(&arena, &heap.port);
}

static void close_it(void) {
    vk_arena_release(&arena);
    cr_assert(heap.outstanding_blocks == 0 && heap.outstanding_bytes == 0);
}

static struct vk_str finished(const struct vk_buf *buf) {
    struct vk_str text;
    test_ok(vk_buf_finish(buf, &text));
    return text;
}

/* ---- arenas */

TEST_OPEN(arena, is_without_memory_at_first) {
    vk_arena_clear(&arena);
    vk_arena_release(&arena);
    cr_assert(heap.allocations == 0);
}

TEST_OPEN(arena, allocations_are_aligned_and_apart) {
    enum { COUNT = 3000 };
    static unsigned char *blocks[COUNT];
    static size_t sizes[COUNT];
    uint64_t random = 5;
    for (size_t i = 0; i < COUNT; i++) {
        sizes[i] = (size_t)test_random_below(&random, i % 100 ? 200 : 100000);
        blocks[i] = vk_arena_alloc(&arena, sizes[i]);
        cr_assert(blocks[i] && (uintptr_t)blocks[i] % alignof(max_align_t) == 0);
        if (sizes[i]) memset(blocks[i], (int)(i % 251), sizes[i]);
    }
    for (size_t i = 0; i < COUNT; i++)
        for (size_t j = 0; j < sizes[i]; j++)
            cr_assert(blocks[i][j] == i % 251, "block %zu, byte %zu", i, j);
    cr_assert(heap.outstanding_blocks > 3, "several chunks were met");
}

TEST_OPEN(arena, nothing_is_a_valid_pointer) {
    cr_assert(vk_arena_alloc(&arena, 0) != NULL);
    struct vk_str copy = VK_STR_NONE;
    test_ok(vk_arena_copy(&arena, VK_STR(""), &copy));
    cr_assert(vk_str_present(copy) && copy.n == 0);
}

TEST_OPEN(arena, impossible_sizes_are_refused) {
    struct vk_str out;
    cr_assert(vk_arena_alloc(&arena, SIZE_MAX) == NULL);
    cr_assert(vk_arena_alloc(&arena, SIZE_MAX - 8) == NULL);
    cr_assert(vk_arena_alloc(&arena, SIZE_MAX / 2 + 1) == NULL);
    cr_assert(heap.allocations == 0, "nobody asked the heap for that");
    cr_assert(vk_arena_copy(&arena, (struct vk_str){"x", SIZE_MAX}, &out) == VK_ERR_NOMEM);
}

TEST_OPEN(arena, clear_keeps_one_chunk_for_the_next_crank) {
    char *first = vk_arena_alloc(&arena, 100);
    cr_assert(first && heap.outstanding_blocks == 1);
    vk_arena_clear(&arena);
    cr_assert(heap.outstanding_blocks == 1 && vk_arena_alloc(&arena, 100) == first);
    for (int i = 0; i < 300; i++)
        cr_assert(vk_arena_alloc(&arena, 1000));
    cr_assert(heap.outstanding_blocks > 2);
    vk_arena_clear(&arena);
    cr_assert(heap.outstanding_blocks == 1);
    uint64_t allocations = heap.allocations;
    for (int i = 0; i < 60; i++)
        cr_assert(vk_arena_alloc(&arena, 1000));
    cr_assert(heap.allocations == allocations, "a crank like the last one asks for no memory");
}

TEST_OPEN(arena, released_arena_may_be_used_again) {
    cr_assert(vk_arena_alloc(&arena, 200000));
    cr_assert(vk_arena_alloc(&arena, 200000));
    vk_arena_release(&arena);
    cr_assert(heap.outstanding_blocks == 0);
    cr_assert(vk_arena_alloc(&arena, 10));
}

TEST_OPEN(arena, heap_that_has_none_is_no_memory) {
    struct vk_str out;
    heap.fail_at = 1;
    cr_assert(vk_arena_alloc(&arena, 1) == NULL);
    cr_assert(vk_arena_copy(&arena, VK_STR("x"), &out) == VK_ERR_NOMEM);
    cr_assert(vk_arena_format(&arena, &out, "%d", 1) == VK_ERR_NOMEM);
    struct vk_kref_like {
        int a, b;
    } * one;
    cr_assert(VK_NEW(&arena, &one) == VK_ERR_NOMEM && !one);
    cr_assert(VK_NEW_ARRAY(&arena, &one, 5) == VK_ERR_NOMEM && !one);
    heap.fail_at = 0;
    test_ok(VK_NEW(&arena, &one));
    test_ok(VK_NEW_ARRAY(&arena, &one, 5));
    one[4].b = 1;
    char *next = vk_arena_alloc(&arena, 1);
    cr_assert(next >= (char *)(one + 5), "five of them fit");
}

/* What is there stays there when one more chunk cannot be had. */
TEST_OPEN(arena, a_refused_chunk_loses_nothing) {
    char *kept = vk_arena_alloc(&arena, 10);
    memcpy(kept, "123456789", 10);
    heap.fail_at = heap.allocations + 1;
    heap.fail_once = true;
    cr_assert(vk_arena_alloc(&arena, 1000000) == NULL);
    cr_assert(vk_arena_alloc(&arena, 10) != NULL);
    cr_assert_str_eq(kept, "123456789");
    cr_assert(vk_arena_alloc(&arena, 1000000) != NULL);
    cr_assert_str_eq(kept, "123456789");
}

TEST_OPEN(arena, copies_and_formats_are_its_own) {
    char text[] = "abc";
    struct vk_str copy, formatted;
    test_ok(vk_arena_copy(&arena, vk_str(text), &copy));
    test_ok(vk_arena_format(&arena, &formatted, "%s-%llu", text, 18446744073709551615ull));
    text[0] = 'x';
    cr_assert(vk_str_eq(copy, VK_STR("abc")));
    cr_assert(vk_str_eq(formatted, VK_STR("abc-18446744073709551615")));
    char longer[5000];
    memset(longer, 'y', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    test_ok(vk_arena_format(&arena, &formatted, "%s", longer));
    cr_assert(vk_str_eq(formatted, vk_str(longer)));
}

TEST_OPEN(arena, system_heap_gives_takes_and_resizes) {
    const struct vk_heap *system = vk_heap_system();
    char *bytes = system->alloc(system->impl, 4);
    cr_assert(bytes);
    memcpy(bytes, "abc", 4);
    bytes = system->resize(system->impl, bytes, 4, 100000);
    cr_assert(bytes);
    cr_assert_str_eq(bytes, "abc");
    system->free(system->impl, bytes, 100000);
    cr_assert(vk_heap_system() == system);
}

/* ---- buffers */

TEST_OPEN(buf, empty_text_is_present) {
    struct vk_buf buf;
    vk_buf_init(&buf, &arena);
    struct vk_str text = finished(&buf);
    cr_assert(vk_str_present(text) && text.n == 0);
    vk_buf_add(&buf, VK_STR(""));
    vk_buf_add(&buf, VK_STR_NONE);
    text = finished(&buf);
    cr_assert(vk_str_present(text) && text.n == 0);
}

TEST_OPEN(buf, pieces_stand_in_order) {
    struct vk_buf buf;
    vk_buf_init(&buf, &arena);
    vk_buf_lit(&buf, "{\"n\":");
    vk_buf_u64(&buf, 0);
    vk_buf_char(&buf, ',');
    vk_buf_u64(&buf, UINT64_MAX);
    vk_buf_add(&buf, VK_STR("}\0"));
    cr_assert(vk_str_eq(finished(&buf), VK_STR("{\"n\":0,18446744073709551615}\0")));
}

TEST_OPEN(buf, reserved_room_is_filled_by_the_caller) {
    struct vk_buf buf;
    vk_buf_init(&buf, &arena);
    vk_buf_lit(&buf, "ab");
    char *room = vk_buf_reserve(&buf, 1000);
    cr_assert(room);
    memcpy(room, "cdef", 4);
    vk_buf_advance(&buf, 3);
    cr_assert(vk_str_eq(finished(&buf), VK_STR("abcde")));
    cr_assert(vk_buf_reserve(&buf, 0) != NULL);
    vk_buf_advance(&buf, 0);
    cr_assert(finished(&buf).n == 5);
}

Test(buf, advance_past_what_was_reserved_is_a_bug, .init = open_it, .signal = SIGABRT) {
    struct vk_buf buf;
    cr_redirect_stderr();
    vk_buf_init(&buf, &arena);
    cr_assert(vk_buf_reserve(&buf, 10));
    vk_buf_advance(&buf, buf.capacity + 1);
}

/* One text at a time grows where it stands. */
TEST_OPEN(buf, newest_allocation_grows_in_place) {
    struct vk_buf buf;
    vk_buf_init(&buf, &arena);
    vk_buf_char(&buf, 'a');
    const char *at = buf.p;
    for (int i = 0; i < 20000; i++)
        vk_buf_char(&buf, 'a');
    cr_assert(buf.p == at && finished(&buf).n == 20001 && heap.outstanding_blocks == 1);
    char *next = vk_arena_alloc(&arena, 1);
    cr_assert(next >= buf.p + buf.capacity, "what comes after it lies after it");
}

/* Several buffers and other allocations between them, against plain arrays. */
TEST_OPEN(buf, buffers_that_grow_side_by_side_do_not_meet) {
    enum { BUFFERS = 4, SIZE = 60000 };
    static char model[BUFFERS][SIZE];
    struct vk_buf bufs[BUFFERS];
    size_t lengths[BUFFERS] = {0};
    uint64_t random = 9;
    for (int b = 0; b < BUFFERS; b++)
        vk_buf_init(&bufs[b], &arena);
    for (int i = 0; i < 4000; i++) {
        size_t b = (size_t)test_random_below(&random, BUFFERS);
        char piece[600];
        size_t n = (size_t)test_random_below(&random, i % 50 ? 20 : sizeof piece);
        memset(piece, 'a' + i % 26, n);
        if (lengths[b] + n > SIZE) continue;
        memcpy(model[b] + lengths[b], piece, n);
        lengths[b] += n;
        vk_buf_add(&bufs[b], (struct vk_str){piece, n});
        if (i % 7 == 0) {
            char *other = vk_arena_alloc(&arena, 24);
            cr_assert(other);
            memset(other, '!', 24);
        }
    }
    for (int b = 0; b < BUFFERS; b++)
        cr_assert(vk_str_eq(finished(&bufs[b]), (struct vk_str){model[b], lengths[b]}), "buffer %d",
                  b);
}

TEST_OPEN(buf, failure_sticks) {
    struct vk_buf buf;
    struct vk_str text;
    vk_buf_init(&buf, &arena);
    vk_buf_lit(&buf, "before");
    heap.fail_at = heap.allocations + 1;
    static const char large[100000];
    vk_buf_add(&buf, (struct vk_str){large, sizeof large});
    heap.fail_at = 0;
    vk_buf_lit(&buf, "after");
    cr_assert(vk_buf_reserve(&buf, 1) == NULL);
    vk_buf_advance(&buf, 1);
    vk_buf_char(&buf, 'x');
    vk_buf_u64(&buf, 1);
    cr_assert(vk_buf_finish(&buf, &text) == VK_ERR_NOMEM);
    cr_assert(buf.n == 6);
    vk_buf_init(&buf, &arena);
    cr_assert(vk_buf_reserve(&buf, SIZE_MAX / 2) == NULL &&
              vk_buf_finish(&buf, &text) == VK_ERR_NOMEM);
}
