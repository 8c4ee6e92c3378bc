/* divergence.c - see divergence.h. */
#include "divergence.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
    const char *word, *text;
    bool differs;
} kinds[] = {
#define DIVERGENCE_WORDS(name, word, text, differs) {word, text, differs},
    SIM_DIVERGENCES(DIVERGENCE_WORDS)
#undef DIVERGENCE_WORDS
};

const char *sim_divergence_word(enum sim_divergence_kind kind) { return kinds[kind].word; }
const char *sim_divergence_text(enum sim_divergence_kind kind) { return kinds[kind].text; }
bool sim_divergence_differs(enum sim_divergence_kind kind) { return kinds[kind].differs; }

void sim_divergence_init(struct sim_divergence *divergence) {
    *divergence = (struct sim_divergence){0};
    vk_arena_init(&divergence->arena, vk_heap_system());
}

void sim_divergence_release(struct sim_divergence *divergence) {
    sim_array_free(divergence->keys.at);
    sim_array_free(divergence->events.at);
    sim_array_free(divergence->ancestors.at);
    sim_array_free(divergence->notes.at);
    vk_arena_release(&divergence->arena);
}

enum vk_err sim_divergence_note(struct sim_divergence *divergence, const char *format, ...) {
    char text[600];
    struct vk_str note;
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    VK_TRY(vk_arena_copy(&divergence->arena, vk_str(text), &note));
    SIM_ARRAY_RESERVE(&divergence->notes);
    divergence->notes.at[divergence->notes.count++] = note;
    return VK_OK;
}
