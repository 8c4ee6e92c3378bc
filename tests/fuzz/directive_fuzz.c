/* directive_fuzz.c - any text, taken for a file of directives: it is refused with a place and one line of ASCII, or each
 * directive reads as the same from the text that the kernel would note it with.
 */
#include "sim/directives.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_error(const struct sim_plan_error *error, struct vk_str text) {
    size_t n = strnlen(error->what, sizeof error->what);
    VK_ASSERT(n > 0 && n < sizeof error->what);
    for (size_t i = 0; i < n; i++)
        VK_ASSERT(error->what[i] >= ' ' && error->what[i] <= '~');
    VK_ASSERT((error->line == 0) == (error->column == 0));
    VK_ASSERT(error->line <= text.n + 1 && error->column <= text.n + 1);
}

static bool is_same(const struct vk_directive *a, const struct vk_directive *b) {
    return a->action == b->action && a->target == b->target && a->number == b->number &&
           (a->target != VK_AT_DELIVERY || a->vat == b->vat) &&
           (a->action != VK_DIRECTIVE_TERMINATE || a->target != VK_AT_CRANK ||
            a->victim == b->victim);
}

/* INV-DIRECTIVES-2 */
static void check_apart(const struct sim_directives *directives) {
    for (size_t i = 0; i < directives->all.count; i++)
        for (size_t j = 0; j < i; j++) {
            const struct vk_directive *a = &directives->all.at[i], *b = &directives->all.at[j];
            VK_ASSERT(a->target != b->target || a->number != b->number ||
                      (a->target == VK_AT_DELIVERY && a->vat != b->vat));
        }
}

/* Written out, it reads back. */
static void check_written(const struct vk_directive *directive, const char *path) {
    static const char *const words[] = {[VK_DIRECTIVE_SKIP] = "skip",
                                        [VK_DIRECTIVE_TERMINATE] = "terminate",
                                        [VK_DIRECTIVE_DEBUG] = "debug",
                                        [VK_DIRECTIVE_REPLACE_KERNEL] = "replace-kernel"};
    static const char *const targets[] = {
        [VK_AT_CRANK] = "crank", [VK_AT_DELIVERY] = "delivery", [VK_AT_BLOCK] = "block"};
    struct sim_directives again;
    struct sim_plan_error error;
    char vat[32] = "", victim[32] = "", *text = NULL;
    size_t n = 0;
    if (directive->target == VK_AT_DELIVERY)
        snprintf(vat, sizeof vat, "v%llu ", (unsigned long long)directive->vat);
    else if (directive->action == VK_DIRECTIVE_TERMINATE)
        snprintf(victim, sizeof victim, " v%llu", (unsigned long long)directive->victim);
    FILE *out = open_memstream(&text, &n);
    VK_ASSERT(out);
    fprintf(out, "%s%s-%llu: %s%s%s%s\n", vat, targets[directive->target],
            (unsigned long long)directive->number, words[directive->action], victim,
            path ? " " : "", path ? path : "");
    fclose(out);
    enum vk_err err = sim_directives_read(&again, (struct vk_str){text, n}, &error);
    VK_ASSERT(err == VK_OK && again.all.count == 1);
    VK_ASSERT(is_same(directive, &again.all.at[0]));
    sim_directives_release(&again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct vk_str text = {(const char *)data, size};
    struct sim_directives directives;
    struct sim_plan_error error = {0};
    enum vk_err err = sim_directives_read(&directives, text, &error);
    if (err != VK_OK) {
        VK_ASSERT(err == VK_ERR_SYNTAX);
        check_error(&error, text);
        VK_ASSERT(directives.all.count == 0); /* INV-DIRECTIVES-1 */
        return 0;
    }
    check_apart(&directives);
    size_t kernel = 0;
    for (size_t i = 0; i < directives.all.count; i++) {
        bool has_path =
            kernel < directives.kernels.count && directives.kernels.at[kernel].index == i;
        check_written(&directives.all.at[i], has_path ? directives.kernels.at[kernel].path : NULL);
        kernel += has_path;
    }
    VK_ASSERT(kernel == directives.kernels.count);
    sim_directives_release(&directives);
    return 0;
}
