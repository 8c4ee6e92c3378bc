/* plan_fuzz.c - any text, taken for a plan: it is refused with a place and one line of ASCII, or what is written
 * of it reads as the same plan.
 */
#include "sim/plan.h"

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

/* What a run relies on: indices are those of something. */
static void check_plan(const struct sim_plan *plan) {
    VK_ASSERT(plan->vat_count > 0 && plan->bootstrap < plan->vat_count);
    VK_ASSERT(vk_str_eq(plan->vats[0].name, VK_STR(SIM_PLAN_ADMIN)));
    VK_ASSERT(plan->replica_count > 0 && plan->replica_count <= SIM_REPLICAS_MAX);
    for (size_t i = 0; i < plan->vat_count; i++)
        VK_ASSERT(plan->vats[i].program < plan->program_count);
    for (size_t i = 0; i < plan->fault_count; i++)
        VK_ASSERT(plan->faults[i].replica < plan->replica_count && plan->faults[i].fault.at > 0);
    for (size_t i = 0; i < plan->replica_count; i++)
        VK_ASSERT(plan->replicas[i].commit_every > 0 && plan->replicas[i].slowness > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct vk_str text = {(const char *)data, size};
    struct sim_plan plan, again;
    struct sim_plan_error error;
    struct vk_arena arena;
    struct vk_str first, second;
    enum vk_err err = sim_plan_read(&plan, vk_heap_system(), text, &error);
    if (err != VK_OK) {
        VK_ASSERT(err == VK_ERR_SYNTAX);
        check_error(&error, text);
        return 0;
    }
    check_plan(&plan);
    vk_arena_init(&arena, vk_heap_system());
    err = sim_plan_write(&plan, &arena, &first);
    VK_ASSERT(err == VK_OK);
    err = sim_plan_read(&again, vk_heap_system(), first, &error);
    VK_ASSERT(err == VK_OK); /* INV-PLAN-WRITE-1 */
    err = sim_plan_write(&again, &arena, &second);
    VK_ASSERT(err == VK_OK && vk_str_eq(first, second)); /* INV-PLAN-3 */
    sim_plan_release(&plan);
    sim_plan_release(&again);
    vk_arena_release(&arena);
    return 0;
}
