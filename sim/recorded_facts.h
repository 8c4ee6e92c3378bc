/* recorded_facts.h - single facts of a recording, read out of its JSON.
 *
 * Each function looks at one piece of a recording (a delivery's result, a budget, the problem that
 * killed a vat) and gives it in the kernel's types. `legal` false: it has not the form that the
 * format says; that is no error of the host's, so it is no `enum vk_err` either. Texts are copied
 * to the arena given.
 */
#ifndef SIM_RECORDED_FACTS_H
#define SIM_RECORDED_FACTS_H

#include "recording_index.h"

/* What JSON.stringify gives for `json`, in `arena`. */
enum vk_err sim_fact_text(struct vk_arena *arena, const struct vk_json *json, struct vk_str *out)
    VK_MUST_CHECK;

/* ["ok", value|null, usage|null] or ["error", problem, usage|null], from a `deliver-result`
 * entry. */
enum vk_err sim_fact_slog_result(struct vk_arena *arena, const struct vk_json *json, bool *legal,
                                 struct vk_delivery_result *out) VK_MUST_CHECK;
/* {"status":"ok"|"error","metering":{"computrons":N}}, from a transcript item. Problems are not in
 * it. */
enum vk_err sim_fact_item_result(struct vk_arena *arena, const struct vk_json *json, bool *legal,
                                 struct vk_delivery_result *out) VK_MUST_CHECK;

/* {"default":N|null,"exports":N|null,...} of a clean-up crank's message. */
enum vk_err sim_fact_budget(struct vk_arena *arena, const struct vk_json *json, bool *legal,
                            struct vk_cleanup_budget *out) VK_MUST_CHECK;
/* The same told from what the crank of events [begin, end) wrote: without limit, but for the phase
 * that it stopped in. */
void sim_fact_budget_from_writes(const struct sim_event *events, size_t begin, size_t end,
                                 struct vk_cleanup_budget *out);

/* If `event` queues vat-admin's message that `vat` was terminated by an error: the error's
 * message. */
enum vk_err sim_fact_termination_problem(struct vk_arena *scratch, struct vk_arena *arena,
                                         const struct sim_event *event, struct vk_str vat,
                                         struct vk_str *problem) VK_MUST_CHECK;

/* The worker bundles in a vat's options, as JSON; absent if it needs none. */
enum vk_err sim_fact_bundle_ids(struct vk_arena *scratch, struct vk_arena *arena,
                                struct vk_str options, struct vk_str *out) VK_MUST_CHECK;

#endif
