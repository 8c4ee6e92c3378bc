/* kernel_two_test.c - two kernels in one process do not meet, and the same run twice is the same to the last byte.
 *
 * The two kernels take their cranks in turns, on different scenarios, in different modes; each must write what it
 * writes when it is alone.
 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "testing_kernel.h"

static const struct test_setup busy = {.xsnap = true,
                                       .slog = true,
                                       .snapshot_initial = 4,
                                       .snapshot_interval = 5,
                                       .reap_interval = 4,
                                       .vats_online_max = 3};
static const struct test_setup other = {.slog = true, .reap_gc_krefs = 3};

static const struct {
    const char *target, *words;
} first[] =
    {
        {"alice", "{send $0 {send $1 {set x 1} o+1 $0; fulfill $r o+2} o+5 $1 = p+5; subscribe p+5;"
                  "on notify {drop $0; retire $0}} ko22 ko23"},
        {"vatAdmin", "{call d-71 createMeter +500 +490; call d-71 createByBundleID @vat"
                     " {\"vatParameters\":{\"run\":\"set x y; spend 20\"},\"meterID\":\"m1\"}}"},
        {"bob", "{drop o-50; retire o-50; set again 1; call $0 echo $0} kd30"},
        {"vatAdmin", "{call d-71 upgradeVat v5 @vat 1 why}"},
        {"carol", "{drop o-99}"},
        {"alice", "{send $0 too late = p+6; subscribe p+6; exit bye} ko23"},
},
  second[] = {
      {"bob", "{send o+0 {} p+1 p+2; set a 1}"},
      {"carol", "{send $0 {send $0 {subscribe $0} p+1} o+0 o+7 o+8} ko22"},
      {"bob", "{drop o-51 o-52; retire o-51; exitfail bye}"},
      {"vatAdmin", "{call d-71 createByBundleID @vat {\"name\":\"eve\"}; call d-70 echo d-71}"},
      {"carol", "{set end 1; get end}"},
};
enum { FIRST = sizeof first / sizeof *first, SECOND = sizeof second / sizeof *second };

struct player {
    struct test_world w;
    bool is_first;
    size_t next;
    bool done;
};

static void begin(struct player *player, bool is_first) {
    player->is_first = is_first;
    player->next = 0;
    player->done = false;
    world_open(&player->w, is_first ? &busy : &other,
               is_first ? VK_STORE_WRITE_BACK : VK_STORE_DIRECT, ":memory:");
}

/* A crank, or else the next message; false at the end. */
static bool move(struct player *player) {
    if (player->done) return false;
    if (world_crank(&player->w) != VK_CRANK_IDLE) return true;
    player->done = player->next == (player->is_first ? FIRST : SECOND);
    if (player->done) return false;
    const char *target =
        player->is_first ? first[player->next].target : second[player->next].target;
    const char *words = player->is_first ? first[player->next].words : second[player->next].words;
    world_tell(&player->w, target, "%s", words);
    player->next++;
    return true;
}

static char *all_of_it(const struct player *player) {
    size_t n = player->w.trace.length, m = player->w.vats.journal.length;
    char *text = malloc(n + m + 1);
    cr_assert(text);
    memcpy(text, player->w.trace.text, n);
    memcpy(text + n, player->w.vats.journal.text, m + 1);
    return text;
}

static char *play_alone(bool is_first) {
    struct player player;
    begin(&player, is_first);
    while (move(&player))
        ;
    char *text = all_of_it(&player);
    world_close(&player.w);
    return text;
}

Test(kernel_two, same_run_twice_is_the_same_to_the_last_byte) {
    for (int is_first = 0; is_first < 2; is_first++) {
        char *once = play_alone(is_first);
        void *dirt[64]; /* other addresses the second time */
        for (size_t i = 0; i < 64; i++) {
            dirt[i] = malloc(1000 + i * 777);
            memset(dirt[i], 0xa5, 1000 + i * 777);
        }
        char *twice = play_alone(is_first);
        test_same_lines(once, twice, "twice");
        cr_assert(test_count_lines(once, "emit ", NULL) > 40);
        for (size_t i = 0; i < 64; i++)
            free(dirt[i]);
        free(once);
        free(twice);
    }
}

Test(kernel_two, kernels_in_one_process_do_not_meet) {
    struct player a, b;
    char *alone_a = play_alone(true), *alone_b = play_alone(false);
    begin(&a, true);
    begin(&b, false);
    for (bool more_a = true, more_b = true; more_a || more_b;) {
        more_a = more_a && move(&a);
        more_b = more_b && move(&b);
    }
    char *together_a = all_of_it(&a), *together_b = all_of_it(&b);
    test_same_lines(alone_a, together_a, "together_a");
    test_same_lines(alone_b, together_b, "together_b");
    world_close(&a.w);
    world_close(&b.w);
    free(alone_a);
    free(alone_b);
    free(together_a);
    free(together_b);
}

Test(kernel_two, halted_kernel_leaves_the_other_alone) {
    struct player a, b;
    char *alone = play_alone(false);
    begin(&a, true);
    begin(&b, false);
    for (int i = 0; i < 5; i++)
        cr_assert(move(&b));
    world_tell(&a.w, "bob", "{die}");
    world_run_halts(&a.w, VK_ERR_WORKER_LOST, "v3 died");
    while (move(&b))
        ;
    char *text = all_of_it(&b);
    test_same_lines(alone, text, "text");
    world_close(&a.w);
    world_close(&b.w);
    free(alone);
    free(text);
}

/* In the midst of one kernel's delivery the other one makes a crank. */
static enum vk_err other_moves(void *impl, struct vk_str vat, const struct vk_delivery *delivery) {
    (void)vat;
    (void)delivery;
    (void)move(impl);
    return VK_OK;
}

Test(kernel_two, kernels_may_be_nested) {
    struct player a, b;
    char *alone_a = play_alone(true), *alone_b = play_alone(false);
    begin(&b, false);
    begin(&a, true);
    a.w.vats.watch = other_moves;
    a.w.vats.watch_impl = &b;
    while (move(&a))
        ;
    while (move(&b))
        ;
    char *together_a = all_of_it(&a), *together_b = all_of_it(&b);
    test_same_lines(alone_a, together_a, "together_a");
    test_same_lines(alone_b, together_b, "together_b");
    world_close(&a.w);
    world_close(&b.w);
    free(alone_a);
    free(alone_b);
    free(together_a);
    free(together_b);
}
