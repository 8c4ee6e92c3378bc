/* testing_suspend.c - see testing_suspend.h. */
#include "testing_suspend.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>

void v5_suspend(struct test_world *w) {
    test_ok(vk_host_suspend_vat(w->kernel, V5));
    world_run(w);
    world_is(w, "v5.suspended", "true");
}

void v5_pause(struct test_world *w) { test_ok(vk_host_pause_vat(w->kernel, V5)); }

void v5_resume(struct test_world *w) { test_ok(vk_host_resume_vat(w->kernel, V5)); }

void v5_terminate(struct test_world *w) {
    const struct vk_capdata reason = {.body = VK_STR("#\"enough\"")};
    test_ok(vk_host_terminate_vat(w->kernel, V5, &reason));
}

void v5_starts_with(struct test_world *w, const char *program) {
    struct vk_str text;
    test_ok(vk_arena_format(&w->arena, &text,
                            "{\"body\":\"#{\\\"run\\\":\\\"%s\\\"}\",\"slots\":[]}", program));
    test_ok(vk_store_set(w->store, VK_STR("v5.vatParameters"), text));
}

uint64_t v5_incarnation(struct test_world *w) {
    struct vk_span span;
    test_ok(vk_transcript_current(w->store, V5, &span));
    return span.incarnation;
}

void v5_given(struct test_world *w, const char *first, ...) {
    const char *line = w->trace.text + w->trace_mark;
    unsigned count = 0;
    va_list args;
    va_start(args, first);
    for (const char *word = first; word; word = va_arg(args, const char *), count++) {
        char part[64];
        snprintf(part, sizeof part, "#[\\\"%s\\\",", word);
        line = strstr(line, "titem v5 = {\"d\":[\"message\"");
        cr_assert(line && strncmp(strchr(line, '#'), part, strlen(part)) == 0, "no %s at %.120s",
                  word, line ? line : "the end");
        line++;
    }
    va_end(args);
    cr_assert(world_traced(w, "titem v5 = {\"d\":[\"message\"", NULL) == count, "%u messages",
              world_traced(w, "titem v5 = {\"d\":[\"message\"", NULL));
}

unsigned admin_told(struct test_world *w, const char *part) {
    return world_traced(w, "titem v1 = {\"d\":[\"message\",\"o+0\"", part);
}
