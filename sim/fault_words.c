/* fault_words.c - see fault_words.h. */
#include "fault_words.h"

#include "plan_lex.h"

#include <stdio.h>

enum { SHOWN_MAX = 40 };

void sim_fault_words_default(bool faults[FAULT_KIND_COUNT]) {
    for (enum fault_kind kind = 0; kind < FAULT_KIND_COUNT; kind++) {
        enum fault_class class = fault_class_of(kind);
        faults[kind] = class == FAULT_INVISIBLE || class == FAULT_HALT;
    }
}

static bool is(struct vk_str word, const char *text) { return vk_str_eq(word, vk_str(text)); }

/* What strikes every replica alike belongs into sweeps and plans: no generator draws it. */
static bool is_in(struct vk_str word, enum fault_kind kind) {
    bool is_drawn = fault_class_of(kind) != FAULT_VAT_KILL;
    return (is(word, "all") && is_drawn) || is(word, fault_word(kind)) ||
           is(word, fault_class_word(fault_class_of(kind)));
}

/* Switches what a word stands for; false if that is nothing. */
static bool apply(struct vk_str word, bool on, bool faults[FAULT_KIND_COUNT]) {
    bool known = false;
    for (enum fault_kind kind = 0; kind < FAULT_KIND_COUNT; kind++) {
        if (!is_in(word, kind)) continue;
        faults[kind] = on;
        known = true;
    }
    return known;
}

static void say_unknown(struct vk_str word, char error[SIM_FAULT_WORDS_ERROR_SIZE]) {
    struct sim_plan_closest closest = sim_plan_closest_to(word);
    sim_plan_closest_offer(&closest, VK_STR("all"));
    sim_plan_closest_offer(&closest, VK_STR("none"));
    for (enum fault_kind kind = 0; kind < FAULT_KIND_COUNT; kind++) {
        sim_plan_closest_offer(&closest, vk_str(fault_word(kind)));
        sim_plan_closest_offer(&closest, vk_str(fault_class_word(fault_class_of(kind))));
    }
    if (word.n > SHOWN_MAX) word.n = SHOWN_MAX;
    if (closest.best.p)
        snprintf(error, SIM_FAULT_WORDS_ERROR_SIZE,
                 "no class or kind of faults is called '%.*s' (did you mean '%.*s'?)",
                 VK_STR_ARG(word), VK_STR_ARG(closest.best));
    else
        snprintf(error, SIM_FAULT_WORDS_ERROR_SIZE, "no class or kind of faults is called '%.*s'",
                 VK_STR_ARG(word));
}

bool sim_fault_words_parse(const char *text, bool faults[FAULT_KIND_COUNT],
                           char error[SIM_FAULT_WORDS_ERROR_SIZE]) {
    bool chosen[FAULT_KIND_COUNT] = {false};
    struct vk_str rest = vk_str(text);
    if (vk_str_starts(rest, VK_STR("-"))) sim_fault_words_default(chosen);
    for (bool more = true; more;) {
        const char *comma = rest.n ? memchr(rest.p, ',', rest.n) : NULL;
        struct vk_str word = {rest.p, comma ? (size_t)(comma - rest.p) : rest.n};
        more = comma != NULL;
        rest = vk_str_from(rest, more ? word.n + 1 : word.n);
        bool on = !vk_str_starts(word, VK_STR("-"));
        if (!on) word = vk_str_from(word, 1);
        if (on && is(word, "none"))
            memset(chosen, false, sizeof chosen);
        else if (!apply(word, on, chosen)) {
            say_unknown(word, error);
            return false;
        }
    }
    memcpy(faults, chosen, sizeof chosen);
    return true;
}
