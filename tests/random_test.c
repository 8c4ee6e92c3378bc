/* random_test.c - the streams that every plan is drawn from: the same for ever, each by itself,
 * none lopsided. */
#include "sim/random.h"

#include <criterion/criterion.h>

/* All seeds anybody wrote down stand for what these numbers make of them. Whoever changes them
 * knows it. */
Test(random, streams_are_what_they_were) {
    static const struct {
        uint64_t seed;
        const char *name;
        uint64_t first[4];
    } known[] = {
        {0, "", {0xf3f052ce0b3f3cd6, 0x2950c6692778f131, 0x8def15d5bee9fa19, 0x46242d5a71469b36}},
        {0,
         "workload",
         {0x99504edb2cc2c16b, 0xb76a59fa7b62a631, 0xd5098ab3147b65e2, 0x23016fe74920648c}},
        {42,
         "workload",
         {0x39d178a36612226b, 0xc3648f570620447c, 0x8347caed095ec0a7, 0x21570ee2b9109899}},
        {42,
         "faults/disk",
         {0x8ce7754425ee0f82, 0xfa4cedba47d1d830, 0x8109f9a9823982db, 0x6db45635d6336bac}},
        {UINT64_MAX,
         "workload",
         {0xf8fcc0498f8afd0a, 0x15bc27077580ea05, 0x22de36c85ed5890d, 0x3bc650bd5782ca3d}},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct sim_random stream;
        sim_random_init(&stream, known[i].seed, known[i].name);
        for (size_t k = 0; k < 4; k++) {
            uint64_t drawn = sim_random_u64(&stream);
            cr_expect_eq(drawn, known[i].first[k], "seed %llu, \"%s\", draw %zu: 0x%016llx",
                         (unsigned long long)known[i].seed, known[i].name, k,
                         (unsigned long long)drawn);
        }
    }
}

Test(random, a_small_range_is_drawn_as_it_was) {
    static const uint64_t below_ten[] = {2, 4, 6, 5, 8, 2, 2, 5, 9, 2,
                                         0, 5, 2, 2, 4, 2, 9, 3, 3, 2};
    struct sim_random stream;
    sim_random_init(&stream, 1, "below");
    for (size_t i = 0; i < sizeof below_ten / sizeof *below_ten; i++) {
        uint64_t drawn = sim_random_below(&stream, 10);
        cr_expect_eq(drawn, below_ten[i], "draw %zu: %llu", i, (unsigned long long)drawn);
    }
}

Test(random, a_draw_in_one_stream_shifts_no_other) {
    struct sim_random alone, disk, worker;
    sim_random_init(&alone, 7, "faults/worker");
    sim_random_init(&disk, 7, "faults/disk");
    sim_random_init(&worker, 7, "faults/worker");
    for (size_t i = 0; i < 1000; i++) {
        for (size_t k = 0; k < i % 5; k++)
            (void)sim_random_u64(&disk);
        cr_assert_eq(sim_random_u64(&worker), sim_random_u64(&alone));
    }
}

Test(random, streams_of_other_names_and_seeds_have_nothing_in_common) {
    static const char *const names[] = {"workload", "workloads", "faults/disk", "faults/worker"};
    for (size_t a = 0; a < 16; a++) {
        for (size_t b = 0; b < a; b++) {
            struct sim_random one, other;
            sim_random_init(&one, a / 4, names[a % 4]);
            sim_random_init(&other, b / 4, names[b % 4]);
            size_t same = 0;
            for (size_t i = 0; i < 200; i++)
                same += sim_random_below(&one, 16) == sim_random_below(&other, 16);
            cr_expect(same < 40, "%zu and %zu agree %zu times in 200", a, b, same);
        }
    }
}

/* n just over half of 2^64: taken modulo n, the lower half of all draws would come twice as often.
 */
Test(random, below_favours_no_number) {
    enum { DRAWS = 20000 };
    static const uint64_t bounds[] = {
        UINT64_C(1) << 63, (UINT64_C(1) << 63) + 1, UINT64_C(3) << 62, UINT64_MAX, 3, 7, 1000};
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        struct sim_random stream;
        sim_random_init(&stream, i, "edges");
        size_t thirds[3] = {0};
        for (size_t k = 0; k < DRAWS; k++) {
            uint64_t n = bounds[i], drawn = sim_random_below(&stream, n);
            cr_assert(drawn < n);
            /* 7 and 1000 are no multiples of 3: their thirds differ by what 600 below allows for.
             */
            if (n >= 1000 || n == 3) thirds[drawn / (n / 3 + (n % 3 != 0))]++;
        }
        for (size_t k = 0; k < 3 && bounds[i] != 7; k++)
            cr_expect(thirds[k] > DRAWS / 3 - 600 && thirds[k] < DRAWS / 3 + 600,
                      "below(%llu): third %zu has %zu of %d", (unsigned long long)bounds[i], k,
                      thirds[k], DRAWS);
    }
}

Test(random, below_and_between_reach_their_ends) {
    struct sim_random stream;
    sim_random_init(&stream, 3, "ends");
    bool seen[7] = {false};
    for (size_t i = 0; i < 500; i++) {
        cr_assert_eq(sim_random_below(&stream, 1), 0);
        cr_assert_eq(sim_random_between(&stream, 9, 9), 9);
        uint64_t drawn = sim_random_between(&stream, UINT64_MAX - 6, UINT64_MAX);
        cr_assert(drawn >= UINT64_MAX - 6);
        seen[drawn - (UINT64_MAX - 6)] = true;
    }
    for (size_t i = 0; i < 7; i++)
        cr_expect(seen[i], "never %zu over the low end", i);
}

Test(random, one_in_n_is_one_in_n) {
    struct sim_random stream;
    sim_random_init(&stream, 5, "one in");
    size_t hits = 0;
    for (size_t i = 0; i < 10000; i++) {
        hits += sim_random_one_in(&stream, 10);
        cr_assert(sim_random_one_in(&stream, 1));
        cr_assert_not(sim_random_one_in(&stream, 0));
    }
    cr_expect(hits > 850 && hits < 1150, "%zu in 10000", hits);
}

Test(random, weights_are_kept_and_no_weight_is_never) {
    static const uint32_t weights[] = {0, 1, 0, 64, 0, UINT32_MAX / 4, UINT32_MAX / 4, 0};
    enum { COUNT = sizeof weights / sizeof *weights };
    struct sim_random stream;
    size_t drawn[COUNT] = {0}, few[4] = {0};
    sim_random_init(&stream, 11, "weighted");
    for (size_t i = 0; i < 10000; i++) {
        drawn[sim_random_weighted(&stream, weights, COUNT)]++;
        few[sim_random_weighted(&stream, (const uint32_t[]){1, 0, 2, 5}, 4)]++;
    }
    for (size_t i = 0; i < COUNT; i++)
        cr_expect(weights[i] > 0 || drawn[i] == 0, "%zu has no weight", i);
    cr_expect(drawn[5] > 4700 && drawn[6] > 4700, "%zu, %zu", drawn[5], drawn[6]);
    cr_expect_eq(few[1], 0);
    cr_expect(few[0] > 1100 && few[0] < 1400, "%zu", few[0]);
    cr_expect(few[2] > 2300 && few[2] < 2700, "%zu", few[2]);
}
