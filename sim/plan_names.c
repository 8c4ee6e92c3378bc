/* plan_names.c - see plan_names.h. */
#include "plan_names.h"

enum { CAPACITY_MIN = 64 };

void sim_plan_names_init(struct sim_plan_names *names, struct vk_arena *arena) {
    *names = (struct sim_plan_names){.arena = arena};
}

/* FNV-1a. The table is only looked up in, never gone through. */
static uint64_t hash(struct vk_str text) {
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < text.n; i++)
        h = (h ^ (unsigned char)text.p[i]) * UINT64_C(0x100000001b3);
    return h ^ h >> 32;
}

/* Where the name is, or would be. */
static uint32_t *slot_of(const struct sim_plan_names *names, struct vk_str text) {
    size_t mask = (size_t)names->capacity * 2 - 1;
    VK_ASSERT(names->capacity > names->count); /* INV-PLAN-NAMES-1: a free slot ends the search */
    size_t i = (size_t)hash(text) & mask;
    while (names->slots[i] != 0 && !vk_str_eq(names->at[names->slots[i] - 1].text, text))
        i = (i + 1) & mask;
    return &names->slots[i];
}

static enum vk_err grow(struct sim_plan_names *names) {
    uint32_t capacity = names->capacity ? names->capacity * 2 : CAPACITY_MIN;
    struct sim_plan_name *at;
    VK_TRY(VK_NEW_ARRAY(names->arena, &at, capacity));
    VK_TRY(VK_NEW_ARRAY(names->arena, &names->slots, (size_t)capacity * 2));
    if (names->count) memcpy(at, names->at, names->count * sizeof *at);
    memset(names->slots, 0, (size_t)capacity * 2 * sizeof *names->slots);
    names->at = at;
    names->capacity = capacity;
    for (uint32_t i = 0; i < names->count; i++)
        *slot_of(names, at[i].text) = i + 1;
    return VK_OK;
}

enum vk_err sim_plan_name_number(struct sim_plan_names *names, struct vk_str text, uint32_t *out) {
    if (names->count + 1 >= names->capacity) VK_TRY(grow(names));
    uint32_t *slot = slot_of(names, text);
    if (*slot == 0) {
        names->at[names->count] = (struct sim_plan_name){.text = text};
        *slot = ++names->count;
    }
    *out = *slot - 1;
    return VK_OK;
}

static bool is_before(struct sim_plan_place a, struct sim_plan_place b) {
    return a.line < b.line || (a.line == b.line && a.column < b.column);
}

static enum vk_err fail_unknown(const struct sim_plan_names *names, enum sim_plan_role role,
                                const struct sim_plan_name *name, struct sim_plan_error *error) {
    const struct sim_plan_word found = {name->text, name->as[role].used};
    struct sim_plan_closest closest = sim_plan_closest_to(name->text);
    for (uint32_t i = 0; i < names->count; i++)
        if (names->at[i].as[role].is_defined) sim_plan_closest_offer(&closest, names->at[i].text);
    return sim_plan_fail(error, &found, &closest, "the name of a %s",
                         role == SIM_PLAN_VAT ? "vat" : "program");
}

enum vk_err sim_plan_names_check(const struct sim_plan_names *names, struct sim_plan_error *error) {
    const struct sim_plan_name *first = NULL;
    enum sim_plan_role first_role = SIM_PLAN_PROGRAM;
    for (uint32_t i = 0; i < names->count; i++)
        for (enum sim_plan_role role = SIM_PLAN_PROGRAM; role < SIM_PLAN_ROLE_COUNT; role++) {
            const struct sim_plan_name *name = &names->at[i];
            if (name->as[role].is_defined || name->as[role].used.line == 0) continue;
            if (first && !is_before(name->as[role].used, first->as[first_role].used)) continue;
            first = name;
            first_role = role;
        }
    return first ? fail_unknown(names, first_role, first, error) : VK_OK;
}
