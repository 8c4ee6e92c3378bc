/* log_digest.c - see log_digest.h. */
#include "log_digest.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

/* Members that say when and how fast, or what line it is. Hashes are compared as what they are. */
static const char *const passed_over[] = {"t",       "time",      "monotime",
                                          "seconds", "crankhash", "activityhash"};

static bool is_passed_over(struct vk_str name) {
    for (size_t i = 0; i < sizeof passed_over / sizeof *passed_over; i++)
        if (vk_str_eq(name, vk_str(passed_over[i]))) return true;
    return false;
}

static uint64_t hash(uint64_t seed, struct vk_str text) {
    return XXH3_64bits_withSeed(text.p ? text.p : "", text.n, seed);
}

bool sim_log_computrons(struct vk_str dr, uint64_t *computrons) {
    return sim_log_count(sim_log_get(sim_log_at(dr, 2), "compute"), computrons);
}

/* ["ok", value, usage] */
static uint64_t hash_result(uint64_t seed, struct vk_str dr) {
    uint64_t computrons = 0;
    seed = hash(hash(seed, sim_log_at(dr, 0)), sim_log_at(dr, 1));
    return sim_log_computrons(dr, &computrons) ? seed + computrons : seed;
}

uint64_t sim_log_digest(uint64_t before, enum sim_log_kind kind, struct vk_str line) {
    struct sim_log_walk walk;
    struct sim_log_member member;
    uint64_t sum = (uint64_t)kind; /* INV-LOG-DIGEST-1: a sum, so that no order is in it */
    sim_log_walk_begin(&walk, line);
    while (sim_log_walk_next(&walk, &member)) {
        if (is_passed_over(member.name)) continue;
        if (kind == SIM_LOG_DELIVER_RESULT && vk_str_eq(member.name, VK_STR("dr")))
            sum += hash_result(hash(0, member.name), member.raw);
        else
            sum += hash(hash(0, member.name), member.raw);
    }
    return XXH3_64bits_withSeed(&sum, sizeof sum, before);
}

bool sim_log_same(enum sim_log_kind kind, struct vk_str a, struct vk_str b) {
    return vk_str_eq(a, b) || sim_log_digest(0, kind, a) == sim_log_digest(0, kind, b);
}
