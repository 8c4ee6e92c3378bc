/* state_diff.c - see state_diff.h. */
#include "state_diff.h"

#include "vk/module.h"

#include <stdio.h>

enum { SHOWN_MAX = 4, VALUE_MAX = 60 };

void sim_state_copy_init(struct sim_state_copy *copy) {
    *copy = (struct sim_state_copy){0};
    vk_arena_init(&copy->arena, vk_heap_system());
}

void sim_state_copy_release(struct sim_state_copy *copy) {
    vk_arena_release(&copy->arena);
    sim_array_free(copy->pairs.at);
}

static enum vk_err add_pair(void *impl, struct vk_str key, struct vk_str value) {
    struct sim_state_copy *copy = impl;
    struct sim_state_pair pair;
    if (vk_str_starts(key, VK_STR("local.")) || vk_str_starts(key, VK_STR("host.")) ||
        vk_str_eq(key, VK_STR("activityhash"))) /* it says that something differs, never what */
        return VK_OK;
    VK_TRY(vk_arena_copy(&copy->arena, key, &pair.key));
    VK_TRY(vk_arena_copy(&copy->arena, value, &pair.value));
    SIM_ARRAY_RESERVE(&copy->pairs);
    copy->pairs.at[copy->pairs.count++] = pair;
    return VK_OK;
}

enum vk_err sim_state_copy_take(struct sim_state_copy *copy, struct vk_store *store) {
    const struct vk_store_scan scan = {.impl = copy, .pair = add_pair};
    return vk_module_of(store)->store_scan(store, &scan);
}

static int shown(struct vk_str value) { return (int)(value.n < VALUE_MAX ? value.n : VALUE_MAX); }

/* Where two values begin to differ, and a little before it. */
static size_t differ_at(struct vk_str a, struct vk_str b) {
    enum { BEFORE = 20 };
    size_t i = 0;
    while (i < a.n && i < b.n && a.p[i] == b.p[i])
        i++;
    return i > BEFORE && i + BEFORE > VALUE_MAX ? i - BEFORE : 0;
}

static struct vk_str from(struct vk_str value, size_t at) {
    return value.p ? vk_str_from(value, at) : VK_STR("missing");
}

struct diff {
    struct sim_failure *failure;
    size_t count;
};

static void report(struct diff *diff, struct vk_str key, struct vk_str expected,
                   struct vk_str found) {
    char *what = diff->failure->what;
    size_t n = strlen(what), size = sizeof diff->failure->what;
    if (diff->count == 0) {
        char family[64];
        sim_key_family(key, family);
        snprintf(diff->failure->signature, sizeof diff->failure->signature, "%s/%s/%s",
                 sim_oracle_word(diff->failure->oracle), diff->failure->event, family);
    }
    if (diff->count++ >= SHOWN_MAX) return;
    size_t at = expected.p && found.p ? differ_at(expected, found) : 0;
    expected = from(expected, at);
    found = from(found, at);
    snprintf(what + n, size - n, "\n    %.*s%s: %.*s, here %.*s", shown(key), key.p,
             at ? " ..." : "", shown(expected), expected.p, shown(found), found.p);
}

void sim_state_diff(const struct sim_state_copy *expected, const struct sim_state_copy *found,
                    struct sim_failure *failure) {
    struct diff diff = {failure, 0};
    size_t i = 0, j = 0;
    while (i < expected->pairs.count || j < found->pairs.count) {
        const struct sim_state_pair *a = i < expected->pairs.count ? &expected->pairs.at[i] : NULL;
        const struct sim_state_pair *b = j < found->pairs.count ? &found->pairs.at[j] : NULL;
        int order = a && b ? vk_str_cmp(a->key, b->key) : a ? -1 : 1;
        struct vk_str before = a && order <= 0 ? a->value : VK_STR_NONE;
        struct vk_str after = b && order >= 0 ? b->value : VK_STR_NONE;
        struct vk_str key = a && order <= 0 ? a->key : b ? b->key : VK_STR_NONE;
        if (order != 0 || !vk_str_eq(before, after)) report(&diff, key, before, after);
        i += order <= 0;
        j += order >= 0;
    }
    size_t n = strlen(failure->what);
    if (diff.count > SHOWN_MAX)
        snprintf(failure->what + n, sizeof failure->what - n, "\n    and %zu keys more",
                 diff.count - SHOWN_MAX);
}
