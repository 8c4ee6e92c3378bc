/* kernel_slog_test.c - the times of slog entries: what the host's clock says, written as JSON.stringify would write it, and
 * nothing where the host has no clock.
 */
#include <criterion/criterion.h>

#include "testing_kernel.h"

static const struct test_setup with_slog = {.slog = true, .plain = true};

/* A clock that says one time after the other, and then the last one again and again. */
struct script {
    const uint64_t *at_ns;
    size_t count, next;
};

static uint64_t now_ns(void *impl) {
    struct script *script = impl;
    return script->at_ns[script->next + 1 < script->count ? script->next++ : script->next];
}

/* From now on the kernel's clock is this one. */
static void open_with(struct test_world *w, struct vk_clock *clock) {
    w->ports.clock = clock;
    world_restart(w);
    world_forget(w);
}

SCENARIO(kernel_slog, times_have_no_zeros_at_their_end, with_slog) {
    static const struct {
        uint64_t ns;
        const char *text;
    } times[] = {
        {0, "\"time\":0,\"monotime\":0"},
        {3000000000, "\"time\":3,\"monotime\":3"},
        {3500000000, "\"time\":3.5,\"monotime\":3.5"},
        {3000000001, "\"time\":3.000000001,\"monotime\":3.000000001"},
        {12000340000, "\"time\":12.00034,\"monotime\":12.00034"},
        {999999999, "\"time\":0.999999999,\"monotime\":0.999999999"},
    };
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        struct script script = {&times[i].ns, 1, 0};
        struct vk_clock clock = {&script, now_ns};
        open_with(w, &clock);
        world_tell(w, "alice", "{set a b}");
        world_run(w);
        cr_assert(world_traced(w, "slog deliver = ", times[i].text) > 0, "%s", times[i].text);
        open_with(w, NULL);
    }
}

SCENARIO(kernel_slog, what_took_time_says_how_long, with_slog) {
    static const uint64_t at_ns[] = {1000000000, 1500000000, 4250000000};
    struct script script = {at_ns, sizeof at_ns / sizeof *at_ns, 0};
    struct vk_clock clock = {&script, now_ns};
    open_with(w, &clock);
    script.next = 0;
    world_tell(w, "alice", "{set a b}");
    world_crank(w);
    cr_assert(world_traced(w, "slog crank-start = ", "\"time\":1.5,\"monotime\":1.5}") == 1);
    cr_assert(world_traced(w, "slog crank-finish = ",
                           "\"time\":4.25,\"monotime\":4.25,\"seconds\":3.25}") == 1);
    open_with(w, NULL);
}

SCENARIO(kernel_slog, host_without_a_clock_has_no_times, with_slog) {
    world_forget(w);
    world_tell(w, "alice", "{set a b}");
    world_run(w);
    cr_assert(world_traced(w, "slog deliver = ", NULL) == 1);
    cr_assert(world_traced(w, "slog", "\"time\"") == 0);
    cr_assert(world_traced(w, "slog", "\"seconds\"") == 0);
}
