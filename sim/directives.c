/* directives.c - see directives.h. */
#include "directives.h"

#include "kernel_module.h"

#include <stdio.h>

struct reader {
    struct sim_directives *directives;
    struct sim_plan_lexer lexer;
    struct sim_plan_error *error;
};

void sim_directives_release(struct sim_directives *directives) {
    sim_array_free(directives->all.at);
    sim_array_free(directives->places.at);
    for (size_t i = 0; i < directives->kernels.count; i++)
        free(directives->kernels.at[i].path);
    sim_array_free(directives->kernels.at);
    *directives = (struct sim_directives){0};
}

/* "crank-7890:" with prefix "crank-" and end ":" gives 7890. */
static bool read_number(struct vk_str word, const char *prefix, const char *end, uint64_t *out) {
    size_t before = strlen(prefix), after = strlen(end);
    if (word.n < before + after || !vk_str_starts(word, vk_str(prefix))) return false;
    if (!vk_str_eq(vk_str_from(word, word.n - after), vk_str(end))) return false;
    return vk_str_to_u64((struct vk_str){word.p + before, word.n - before - after}, out);
}

static enum vk_err read_vat(struct reader *reader, uint64_t *vat) {
    struct sim_plan_word word = sim_plan_lexer_next(&reader->lexer);
    if (read_number(word.text, "v", "", vat) && *vat > 0) return VK_OK;
    return sim_plan_fail(reader->error, &word, NULL, "a vat (v12)");
}

/* debug | skip | terminate [vN] */
static enum vk_err read_action(struct reader *reader, struct vk_directive *directive) {
    static const char *const words[] = {[VK_DIRECTIVE_SKIP] = "skip",
                                        [VK_DIRECTIVE_TERMINATE] = "terminate",
                                        [VK_DIRECTIVE_DEBUG] = "debug"};
    struct sim_plan_word word = sim_plan_lexer_next(&reader->lexer);
    struct sim_plan_closest closest = sim_plan_closest_to(word.text);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        sim_plan_closest_offer(&closest, vk_str(words[i]));
        if (!vk_str_eq(word.text, vk_str(words[i]))) continue;
        directive->action = (enum vk_directive_action)i;
        directive->victim = directive->vat;
        if (i == VK_DIRECTIVE_TERMINATE && directive->target == VK_AT_CRANK)
            return read_vat(reader, &directive->victim);
        return VK_OK;
    }
    return sim_plan_fail(reader->error, &word, &closest, "skip, terminate or debug");
}

/* replace-kernel PATH */
static enum vk_err read_replacement(struct reader *reader, struct vk_directive *directive) {
    struct sim_directives *directives = reader->directives;
    struct sim_plan_word word = sim_plan_lexer_next(&reader->lexer);
    if (!vk_str_eq(word.text, VK_STR("replace-kernel")))
        return sim_plan_fail(reader->error, &word, NULL, "replace-kernel");
    struct sim_plan_word path = sim_plan_lexer_next(&reader->lexer);
    if (!path.text.p) return sim_plan_fail(reader->error, &path, NULL, "the path of a libvk.so");
    SIM_ARRAY_RESERVE(&directives->kernels);
    struct sim_directive_kernel kernel = {directives->all.count, strndup(path.text.p, path.text.n),
                                          path.place};
    if (!kernel.path) return VK_RAISE(VK_ERR_NOMEM, "a path");
    directives->kernels.at[directives->kernels.count++] = kernel;
    directive->action = VK_DIRECTIVE_REPLACE_KERNEL;
    return VK_OK;
}

static enum vk_err read_target(struct reader *reader, const struct sim_plan_word *first,
                               struct vk_directive *directive) {
    *directive = (struct vk_directive){.target = VK_AT_CRANK};
    if (read_number(first->text, "crank-", ":", &directive->number)) return VK_OK;
    directive->target = VK_AT_BLOCK;
    if (read_number(first->text, "block-", ":", &directive->number)) return VK_OK;
    directive->target = VK_AT_DELIVERY;
    if (!read_number(first->text, "v", "", &directive->vat) || directive->vat == 0)
        return sim_plan_fail(reader->error, first, NULL, "crank-N:, block-N: or vN delivery-N:");
    struct sim_plan_word word = sim_plan_lexer_next(&reader->lexer);
    if (read_number(word.text, "delivery-", ":", &directive->number)) return VK_OK;
    return sim_plan_fail(reader->error, &word, NULL, "delivery-N:");
}

/* INV-DIRECTIVES-2 */
static bool is_same_target(const struct vk_directive *a, const struct vk_directive *b) {
    return a->target == b->target && a->number == b->number && a->vat == b->vat;
}

static enum vk_err check_against_others(struct reader *reader, const struct sim_plan_word *first,
                                        const struct vk_directive *directive) {
    const struct sim_directives *directives = reader->directives;
    for (size_t i = 0; i < directives->all.count; i++) {
        const struct vk_directive *other = &directives->all.at[i];
        size_t line = directives->places.at[i].line;
        if (is_same_target(other, directive))
            return sim_plan_fail(reader->error, first, NULL, "another target than line %zu has",
                                 line);
        if (other->action == VK_DIRECTIVE_TERMINATE &&
            directive->action == VK_DIRECTIVE_TERMINATE && other->victim == directive->victim)
            return sim_plan_fail(reader->error, first, NULL,
                                 "another vat's end than line %zu says (v%llu)", line,
                                 (unsigned long long)other->victim);
    }
    return VK_OK;
}

static enum vk_err read_line(struct reader *reader, const struct sim_plan_word *first) {
    struct sim_directives *directives = reader->directives;
    struct vk_directive directive;
    VK_TRY(read_target(reader, first, &directive));
    VK_TRY(directive.target == VK_AT_BLOCK ? read_replacement(reader, &directive)
                                           : read_action(reader, &directive));
    struct sim_plan_word rest = sim_plan_lexer_next(&reader->lexer);
    if (rest.text.p) return sim_plan_fail(reader->error, &rest, NULL, "the end of the line");
    VK_TRY(check_against_others(reader, first, &directive));
    SIM_ARRAY_RESERVE(&directives->all);
    SIM_ARRAY_RESERVE(&directives->places);
    directives->all.at[directives->all.count++] = directive;
    directives->places.at[directives->places.count++] = first->place;
    return VK_OK;
}

static enum vk_err read_all(struct reader *reader, struct vk_str text) {
    struct sim_plan_word first;
    VK_TRY(sim_plan_check_text(text, reader->error));
    sim_plan_lexer_init(&reader->lexer, text);
    while (sim_plan_lexer_next_line(&reader->lexer, &first))
        VK_TRY(read_line(reader, &first));
    return VK_OK;
}

enum vk_err sim_directives_read(struct sim_directives *directives, struct vk_str text,
                                struct sim_plan_error *error) {
    struct reader reader = {.directives = directives, .error = error};
    *directives = (struct sim_directives){0};
    *error = (struct sim_plan_error){0};
    enum vk_err err = read_all(&reader, text);
    if (err != VK_OK) sim_directives_release(directives); /* INV-DIRECTIVES-1 */
    return err;
}

static enum vk_err fail_at(struct sim_plan_error *error, const struct sim_plan_place *place,
                           const char *why) {
    error->line = place->line;
    error->column = place->column;
    snprintf(error->what, sizeof error->what, "%s", why);
    return VK_RAISE(VK_ERR_SYNTAX, "%zu:%zu: %s", error->line, error->column, error->what);
}

enum vk_err sim_directives_load(struct sim_directives *directives, struct sim_plan_error *error) {
    *error = (struct sim_plan_error){0};
    for (size_t i = 0; i < directives->kernels.count; i++) {
        const struct sim_directive_kernel *kernel = &directives->kernels.at[i];
        struct vk_directive *directive = &directives->all.at[kernel->index];
        if (sim_kernel_load(kernel->path, &directive->module) == VK_OK) continue;
        char why[sizeof vk_err_origin()->text];
        snprintf(why, sizeof why, "%s", vk_err_origin()->text);
        return fail_at(error, &kernel->place, why);
    }
    return VK_OK;
}

enum vk_err sim_directives_check(const struct sim_directives *directives, struct vk_store *store,
                                 const struct vk_ports *ports, uint64_t block,
                                 struct sim_plan_error *error) {
    const struct vk_directives all = {.at = directives->all.at, .count = directives->all.count};
    struct vk_directive_refusal refusal;
    *error = (struct sim_plan_error){0};
    VK_TRY(vk_module_of(store)->directives_check(store, ports, &all, block, &refusal));
    if (!refusal.why[0]) return VK_OK;
    return fail_at(error, &directives->places.at[refusal.index], refusal.why);
}
