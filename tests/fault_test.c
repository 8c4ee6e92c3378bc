/* fault_test.c - when a fault strikes; and the shims that are no more than that: heap and host.
 */
#include "faults/fault.h"
#include "faults/heap_fault.h"
#include "faults/host_fault.h"

#include <criterion/criterion.h>
#include <string.h>

/* Asks `points` times; a letter for each: x where it struck. */
static const char *asked(struct fault *fault, int points, uint64_t vat) {
    static char letters[32];
    struct fault_set set = {.faults = fault, .count = 1};
    cr_assert(points < (int)sizeof letters);
    for (int i = 0; i < points; i++)
        letters[i] = fault_strikes(&set, fault->kind, vat) ? 'x' : '.';
    letters[points] = '\0';
    return letters;
}

Test(fault, strikes_at_its_point_and_repeats) {
    static const struct {
        uint64_t at, repeat, hits;
        const char *letters;
        bool pending;
    } cases[] = {
        {1, 1, 1, "x.......", false},
        {3, 1, 1, "..x.....", false},
        {3, 4, 4, "..xxxx..", false},
        {8, 1, 1, ".......x", false},
        {9, 1, 0, "........", true},
        {7, 3, 2, "......xx", true},
        {2, FAULT_FOR_GOOD, 7, ".xxxxxxx", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fault fault = {.kind = FAULT_DISK_FULL,
                              .vat = FAULT_ANY_VAT,
                              .at = cases[i].at,
                              .repeat = cases[i].repeat};
        struct fault_set set = {.faults = &fault, .count = 1};
        cr_expect(fault_pending(&set, FAULT_DISK_FULL));
        cr_expect_str_eq(asked(&fault, 8, FAULT_ANY_VAT), cases[i].letters);
        cr_expect_eq(fault.hits, cases[i].hits, "case %zu: %llu hits", i,
                     (unsigned long long)fault.hits);
        cr_expect_eq(fault_pending(&set, FAULT_DISK_FULL), cases[i].pending, "case %zu", i);
        cr_expect_not(fault_pending(&set, FAULT_DISK_READ));
    }
}

Test(fault, a_spent_fault_stays_so) {
    struct fault fault = {.kind = FAULT_HEAP, .vat = FAULT_ANY_VAT, .at = 1, .repeat = 1};
    for (int i = 0; i < 100; i++)
        cr_assert_str_eq(asked(&fault, 4, FAULT_ANY_VAT), i == 0 ? "x..." : "....");
    cr_assert_eq(fault.hits, 1);
}

Test(fault, is_for_its_vat_and_kind_alone) {
    struct fault fault = {.kind = FAULT_WORKER_IDLE, .vat = 5, .at = 2, .repeat = 1};
    struct fault_set set = {.faults = &fault, .count = 1};
    cr_assert_str_eq(asked(&fault, 4, 6), "....");
    cr_assert_str_eq(asked(&fault, 4, FAULT_ANY_VAT), "....");
    for (int i = 0; i < 4; i++)
        cr_assert_null(fault_strikes(&set, FAULT_WORKER_BEFORE, 5));
    cr_assert_eq(fault.asked, 0);
    cr_assert_str_eq(asked(&fault, 4, 5), ".x..");
    struct fault any = {.kind = FAULT_WORKER_IDLE, .vat = FAULT_ANY_VAT, .at = 2, .repeat = 1};
    cr_assert_str_eq(asked(&any, 1, 6), ".");
    cr_assert_str_eq(asked(&any, 1, 7), "x");
}

Test(fault, counts_nothing_while_suspended) {
    struct fault fault = {.kind = FAULT_HEAP, .vat = FAULT_ANY_VAT, .at = 1, .repeat = 1};
    struct fault_set set = {.faults = &fault, .count = 1, .suspended = true};
    cr_assert_null(fault_strikes(&set, FAULT_HEAP, FAULT_ANY_VAT));
    cr_assert_eq(fault.asked, 0);
    set.suspended = false;
    cr_assert_eq(fault_strikes(&set, FAULT_HEAP, FAULT_ANY_VAT), &fault);
}

/* INV-FAULT-3 */
Test(fault, what_a_vat_pays_for_comes_again_with_its_crank) {
    struct fault faults[] = {
        {.kind = FAULT_VAT_AT_ONCE, .vat = FAULT_ANY_VAT, .at = 3, .repeat = 1},
        {.kind = FAULT_WORKER_IDLE, .vat = FAULT_ANY_VAT, .at = 3, .repeat = 1},
    };
    struct fault_set set = {.faults = faults, .count = 2};
    static const struct {
        char then; /* what becomes of the node behind it */
        bool kill, idle;
    } cranks[] = {{'-', false, false}, {'c', false, false}, {'-', true, true},
                  {'l', false, false}, {'-', true, false},  {'l', false, false},
                  {'c', true, false},  {'l', false, false}, {'-', false, false}};
    for (size_t i = 0; i < sizeof cranks / sizeof *cranks; i++) {
        const struct fault *kill = fault_strikes(&set, FAULT_VAT_AT_ONCE, 1);
        const struct fault *idle = fault_strikes(&set, FAULT_WORKER_IDLE, 1);
        cr_expect_eq(kill != NULL, cranks[i].kill, "crank %zu", i);
        cr_expect_eq(idle != NULL, cranks[i].idle, "crank %zu", i);
        if (cranks[i].then == 'c') fault_set_committed(&set);
        if (cranks[i].then == 'l') fault_set_lost(&set);
    }
    cr_expect_eq(faults[0].hits, 3); /* INV-FAULT-2 */
    cr_expect_eq(faults[1].hits, 1);
}

Test(fault, in_calm_only_vats_pay) {
    struct fault faults[FAULT_KIND_COUNT];
    struct fault_set set = {.faults = faults, .count = FAULT_KIND_COUNT, .calm = true};
    for (int k = 0; k < FAULT_KIND_COUNT; k++)
        faults[k] =
            (struct fault){.kind = (enum fault_kind)k, .vat = FAULT_ANY_VAT, .at = 1, .repeat = 1};
    for (int k = 0; k < FAULT_KIND_COUNT; k++) {
        enum fault_kind kind = (enum fault_kind)k;
        bool is_kill = fault_class_of(kind) == FAULT_VAT_KILL;
        cr_expect_eq(fault_pending(&set, kind), is_kill, "%s", fault_word(kind));
        cr_expect_eq(fault_strikes(&set, kind, 1) != NULL, is_kill, "%s", fault_word(kind));
    }
}

Test(fault, of_numbered_points_only_the_kth_counts) {
    struct fault faults[] = {
        {.kind = FAULT_WORKER_SYSCALL, .vat = FAULT_ANY_VAT, .at = 2, .repeat = 1, .k = 3},
        {.kind = FAULT_WORKER_SYSCALL, .vat = FAULT_ANY_VAT, .at = 3, .repeat = 1},
    };
    struct fault_set set = {.faults = faults, .count = 2};
    for (uint64_t delivery = 1; delivery <= 4; delivery++) {
        for (uint64_t syscall = 1; syscall <= 5; syscall++) {
            const struct fault *expected = NULL;
            if (delivery == 2 && syscall == 3) expected = &faults[0];
            if (delivery == 3 && syscall == 1) expected = &faults[1]; /* no k is the first */
            cr_expect_eq(fault_strikes_kth(&set, FAULT_WORKER_SYSCALL, 1, syscall), expected,
                         "delivery %d, syscall %d", (int)delivery, (int)syscall);
        }
    }
}

/* INV-FAULT-1: one that strikes takes nothing from another. */
Test(fault, faults_of_one_kind_do_not_meddle) {
    struct fault faults[] = {
        {.kind = FAULT_HEAP, .vat = FAULT_ANY_VAT, .at = 2, .repeat = 2, .k = 1},
        {.kind = FAULT_HEAP, .vat = FAULT_ANY_VAT, .at = 3, .repeat = 2, .k = 2},
    };
    struct fault_set set = {.faults = faults, .count = 2};
    static const uint64_t expected[] = {0, 1, 1, 2, 0};
    for (size_t i = 0; i < 5; i++) {
        const struct fault *fault = fault_strikes(&set, FAULT_HEAP, FAULT_ANY_VAT);
        cr_expect_eq(fault ? fault->k : 0, expected[i], "point %zu", i + 1);
    }
    cr_expect(faults[0].hits == 2 && faults[1].hits == 2);
}

Test(fault, every_kind_has_a_word_of_its_own) {
    for (int i = 0; i < FAULT_KIND_COUNT; i++) {
        cr_expect(strlen(fault_meaning((enum fault_kind)i)) > 10);
        cr_expect(strlen(fault_class_word(fault_class_of((enum fault_kind)i))) > 3);
        for (int k = 0; k < i; k++)
            cr_expect_str_neq(fault_word((enum fault_kind)i), fault_word((enum fault_kind)k));
    }
}

/* ---- heap */

Test(fault, an_allocation_fails_and_a_resize_leaves_all_as_it_was) {
    struct fault fault = {.kind = FAULT_HEAP, .vat = FAULT_ANY_VAT, .at = 2, .repeat = 2};
    struct fault_set set = {.faults = &fault, .count = 1};
    struct fault_heap heap;
    fault_heap_init(&heap, &set, vk_heap_system());
    const struct vk_heap *port = &heap.port;
    char *first = port->alloc(port->impl, 100);
    cr_assert_not_null(first);
    memset(first, 'a', 100);
    cr_assert_null(port->alloc(port->impl, 10));
    cr_assert_null(port->resize(port->impl, first, 100, 200));
    cr_assert_eq(fault.hits, 2);
    first = port->resize(port->impl, first, 100, 200);
    cr_assert(first && first[0] == 'a' && first[99] == 'a');
    cr_assert_eq(fault.asked, 3, "a spent fault is not asked");
    port->free(port->impl, first, 200);
}

Test(fault, giving_memory_back_is_no_point) {
    struct fault fault = {.kind = FAULT_HEAP, .vat = FAULT_ANY_VAT, .at = 1, .repeat = 1};
    struct fault_set set = {.faults = &fault, .count = 1};
    struct fault_heap heap;
    fault_heap_init(&heap, &set, vk_heap_system());
    const struct vk_heap *port = &heap.port;
    void *bytes = vk_heap_system()->alloc(vk_heap_system()->impl, 100);
    bytes = port->resize(port->impl, bytes, 100, 50);
    cr_assert_not_null(bytes);
    port->free(port->impl, bytes, 50);
    cr_assert_eq(fault.asked, 0);
}

/* ---- host */

struct listener {
    struct vk_trace port;
    unsigned events;
    enum vk_trace_type newest;
};

static enum vk_err listen(void *impl, const struct vk_trace_event *event) {
    struct listener *listener = impl;
    listener->events++;
    listener->newest = event->type;
    return event->budget ? VK_ERR_BUSY : VK_OK;
}

Test(fault, a_host_is_killed_at_an_event_and_nobody_hears_of_it) {
    struct fault fault = {.kind = FAULT_HOST_KILLED, .vat = FAULT_ANY_VAT, .at = 2, .repeat = 1};
    struct fault_set set = {.faults = &fault, .count = 1};
    struct listener listener = {.port = {.impl = &listener, .wants_slog = true, .event = listen}};
    struct fault_host host;
    fault_host_init(&host, &set, &listener.port);
    const struct vk_trace *port = &host.port;
    static const enum vk_trace_type types[] = {VK_TRACE_SLOG, VK_TRACE_CLOSE,  VK_TRACE_SET,
                                               VK_TRACE_SLOG, VK_TRACE_COMMIT, VK_TRACE_DEL};
    cr_assert(port->wants_slog);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        const struct vk_trace_event event = {.type = types[i]};
        enum vk_err err = port->event(port->impl, &event);
        cr_expect_eq(err, types[i] == VK_TRACE_COMMIT ? VK_ERR_TRACE : VK_OK);
        cr_expect_eq(listener.newest == types[i], types[i] != VK_TRACE_COMMIT);
    }
    cr_assert(listener.events == 5 && fault.hits == 1);
    const struct vk_trace_event refused = {.type = VK_TRACE_SET, .budget = 1};
    cr_assert_eq(port->event(port->impl, &refused), VK_ERR_BUSY, "what the one below says goes");
}

Test(fault, a_host_that_nobody_listens_to_can_be_killed_too) {
    struct fault fault = {.kind = FAULT_HOST_KILLED, .vat = FAULT_ANY_VAT, .at = 2, .repeat = 1};
    struct fault_set set = {.faults = &fault, .count = 1};
    struct fault_host host;
    const struct vk_trace_event event = {.type = VK_TRACE_SET};
    fault_host_init(&host, &set, NULL);
    cr_assert_not(host.port.wants_slog);
    cr_assert_eq(host.port.event(host.port.impl, &event), VK_OK);
    cr_assert_eq(host.port.event(host.port.impl, &event), VK_ERR_TRACE);
}
