/* vat_ops.c - what each operation of a program comes to, for a vat that holds what it holds. See vat_run.h and plan.h. */
#include "vat_run.h"

/* More would make a number out of what JavaScript and the kernel's meters can add up. */
#define COMPUTRONS_MAX UINT64_C(1000000000000)

/* The operation in hand: its operands, as far as they could be filled. */
struct act {
    struct sim_run *run;
    const struct sim_op *op;
    struct sim_ref refs[SIM_OP_OPERANDS_MAX];
    size_t count;
};

/* ---- operands (INV-PLAN-2) */

static bool pick_from(const struct sim_holdings *held, enum sim_held list, uint32_t index,
                      struct sim_ref *out) {
    const struct sim_ref_list *from = &held->lists[list];
    if (!from->count) return false;
    *out = from->at[index % from->count];
    return true;
}

/* From two lists, as if one followed the other. */
static bool pick_from_both(const struct sim_holdings *held, enum sim_held first,
                           enum sim_held second, uint32_t index, struct sim_ref *out) {
    size_t count = held->lists[first].count, more = held->lists[second].count;
    if (count + more == 0) return false;
    size_t at = index % (count + more);
    *out = at < count ? held->lists[first].at[at] : held->lists[second].at[at - count];
    return true;
}

static bool pick_argument(const struct sim_run *run, uint32_t index, struct sim_ref *out) {
    if (!run->argument_count) return false;
    *out = run->arguments[index % run->argument_count];
    return sim_holdings_may_name(&run->vat->held, *out);
}

static bool pick(struct sim_run *run, struct sim_operand operand, struct sim_ref *out) {
    struct sim_holdings *held = &run->vat->held;
    switch (operand.type) {
    case SIM_OPERAND_IMPORT: return pick_from(held, SIM_HELD_IMPORTS, operand.index, out);
    case SIM_OPERAND_EXPORT:
        return pick_from_both(held, SIM_HELD_EXPORTS, SIM_HELD_DROPPED_EXPORTS, operand.index, out);
    case SIM_OPERAND_PROMISE: return pick_from(held, SIM_HELD_PROMISES, operand.index, out);
    case SIM_OPERAND_DECIDED: return pick_from(held, SIM_HELD_DECIDED, operand.index, out);
    case SIM_OPERAND_ARGUMENT: return pick_argument(run, operand.index, out);
    case SIM_OPERAND_DEVICE: return pick_from(held, SIM_HELD_DEVICES, operand.index, out);
    case SIM_OPERAND_NEW: *out = (struct sim_ref){SIM_REF_EXPORT, held->next_object++}; return true;
    case SIM_OPERAND_NEW_PROMISE:
        *out = (struct sim_ref){SIM_REF_OWN_PROMISE, held->next_promise++};
        return true;
    case SIM_OPERAND_RESULT: *out = run->result; return run->result_open;
    case SIM_OPERAND_ROOT: *out = (struct sim_ref){SIM_REF_EXPORT, 0}; return true;
    case SIM_OPERAND_VAT:
    case SIM_OPERAND_METER:
    case SIM_OPERAND_TYPE_COUNT: break;
    }
    return false; /* an id is no slot */
}

static bool pick_all(struct act *act) {
    for (act->count = 0; act->count < act->op->operand_count; act->count++)
        if (act->count == SIM_OP_OPERANDS_MAX ||
            !pick(act->run, act->op->operands[act->count], &act->refs[act->count]))
            return false;
    return true;
}

static enum vk_err sent(struct act *act, const struct sim_ref *refs, size_t count) {
    for (size_t i = 0; i < count; i++)
        VK_TRY(sim_holdings_send(&act->run->vat->held, refs[i]));
    return VK_OK;
}

enum vk_err sim_receive_slots(struct sim_run *run, const struct vk_capdata *data) {
    for (size_t i = 0; i < data->slot_count; i++) {
        struct sim_ref ref;
        if (sim_ref_parse(data->slots[i], &ref)) VK_TRY(sim_holdings_receive(&run->vat->held, ref));
    }
    return VK_OK;
}

/* ---- messages and promises */

static enum vk_err op_send(struct act *act, bool *done) {
    struct sim_run *run = act->run;
    struct sim_holdings *held = &run->vat->held;
    if (!pick_all(act) || !act->count || act->refs[0].type == SIM_REF_DEVICE) return VK_OK;
    const struct sim_content content = {.method = VK_STR("say"),
                                        .slots = act->refs + 1,
                                        .slot_count = act->count - 1,
                                        .padding_bytes = act->op->bytes};
    struct sim_ref result = {SIM_REF_OWN_PROMISE, held->next_promise};
    held->next_promise += act->op->result;
    VK_TRY(sim_make_send(run, act->refs[0], &content, act->op->result ? &result : NULL));
    VK_TRY(sent(act, act->refs, act->count));
    /* Whoever gets the message decides its result. */
    if (act->op->result) VK_TRY(sim_held_add(held, SIM_HELD_PROMISES, result));
    *done = true;
    return VK_OK;
}

static bool is_decided(const struct act *act, struct sim_ref ref) {
    return sim_held_in(&act->run->vat->held, SIM_HELD_DECIDED, ref) ||
           act->op->operands[0].type == SIM_OPERAND_NEW_PROMISE;
}

static enum vk_err op_settle(struct act *act, bool *done) {
    struct sim_run *run = act->run;
    bool rejected = act->op->type == SIM_OP_REJECT;
    struct vk_capdata value = sim_error_value();
    if (!pick_all(act) || !act->count || !is_decided(act, act->refs[0])) return VK_OK;
    const struct sim_content content = {
        .slots = act->refs + 1, .slot_count = act->count - 1, .padding_bytes = act->op->bytes};
    if (!rejected || act->count > 1) VK_TRY(sim_content_value(run, &content, &value));
    VK_TRY(sent(act, act->refs + 1, act->count - 1));
    *done = true;
    return sim_make_resolve(run, act->refs[0], rejected, &value);
}

static enum vk_err op_resolve_all(struct act *act, bool *done) {
    const struct sim_ref_list *decided = &act->run->vat->held.lists[SIM_HELD_DECIDED];
    if (!decided->count) return VK_OK;
    *done = true;
    return sim_make_resolve_all(act->run, decided->at, decided->count, true);
}

static enum vk_err op_subscribe(struct act *act, bool *done) {
    struct vk_syscall syscall = {.type = VK_SYSCALL_SUBSCRIBE};
    if (!pick_all(act) || !act->count || !sim_ref_is_promise(act->refs[0])) return VK_OK;
    *done = true;
    VK_TRY(sim_ref_copy(act->run, act->refs[0], &syscall.target));
    VK_TRY(sim_make_syscall(act->run, &syscall, NULL));
    VK_TRY(sim_held_add(&act->run->vat->held, SIM_HELD_SUBSCRIBED, act->refs[0]));
    return sent(act, act->refs, 1);
}

static enum vk_err op_hold(struct act *act, bool *done) {
    *done = act->run->result_open;
    act->run->result_held = act->run->result_open;
    return VK_OK;
}

/* ---- garbage collection */

static enum vk_err drop_import(struct act *act, struct sim_ref ref) {
    struct sim_holdings *held = &act->run->vat->held;
    VK_TRY(sim_make_vrefs(act->run, VK_SYSCALL_DROP_IMPORTS, &ref, 1));
    sim_held_remove(held, SIM_HELD_IMPORTS, ref);
    return sim_held_add(held, SIM_HELD_DROPPED_IMPORTS, ref);
}

static enum vk_err op_drop(struct act *act, bool *done) {
    if (!pick_all(act) || !act->count || act->refs[0].type != SIM_REF_IMPORT) return VK_OK;
    *done = true;
    return drop_import(act, act->refs[0]);
}

static enum vk_err op_retire(struct act *act, bool *done) {
    struct sim_holdings *held = &act->run->vat->held;
    struct sim_ref ref;
    if (!act->op->operand_count) return VK_OK;
    struct sim_operand operand = act->op->operands[0];
    bool found =
        operand.type == SIM_OPERAND_IMPORT
            ? pick_from_both(held, SIM_HELD_IMPORTS, SIM_HELD_DROPPED_IMPORTS, operand.index, &ref)
            : pick(act->run, operand, &ref) && ref.type == SIM_REF_IMPORT;
    if (!found) return VK_OK;
    *done = true;
    if (sim_held_in(held, SIM_HELD_IMPORTS, ref)) VK_TRY(drop_import(act, ref));
    VK_TRY(sim_make_vrefs(act->run, VK_SYSCALL_RETIRE_IMPORTS, &ref, 1));
    sim_held_remove(held, SIM_HELD_DROPPED_IMPORTS, ref);
    return VK_OK;
}

static enum vk_err op_retire_export(struct act *act, bool *done) {
    struct sim_holdings *held = &act->run->vat->held;
    struct sim_ref ref;
    if (!act->op->operand_count) return VK_OK;
    struct sim_operand operand = act->op->operands[0];
    bool found =
        operand.type == SIM_OPERAND_EXPORT
            ? pick_from(held, SIM_HELD_DROPPED_EXPORTS, operand.index, &ref)
            : pick(act->run, operand, &ref) && sim_held_in(held, SIM_HELD_DROPPED_EXPORTS, ref);
    if (!found) return VK_OK;
    *done = true;
    VK_TRY(sim_make_vrefs(act->run, VK_SYSCALL_RETIRE_EXPORTS, &ref, 1));
    sim_held_remove(held, SIM_HELD_DROPPED_EXPORTS, ref);
    return VK_OK;
}

/* The root stays: it is what the kernel knows a vat by. */
static enum vk_err op_abandon(struct act *act, bool *done) {
    struct sim_holdings *held = &act->run->vat->held;
    if (!pick_all(act) || !act->count) return VK_OK;
    struct sim_ref ref = act->refs[0];
    if (!sim_held_in(held, SIM_HELD_EXPORTS, ref) &&
        !sim_held_in(held, SIM_HELD_DROPPED_EXPORTS, ref))
        return VK_OK;
    *done = true;
    VK_TRY(sim_make_vrefs(act->run, VK_SYSCALL_ABANDON_EXPORTS, &ref, 1));
    sim_held_remove(held, SIM_HELD_EXPORTS, ref);
    sim_held_remove(held, SIM_HELD_DROPPED_EXPORTS, ref);
    return VK_OK;
}

/* ---- the vatstore. "held" and "clock" are the vat's own keys, "k.N" are the plan's. */

static enum vk_err plan_key(const struct act *act, struct vk_str *key) {
    return vk_arena_format(act->run->arena, key, "k.%llu", (unsigned long long)act->op->n);
}

static enum vk_err op_store_set(struct act *act, bool *done) {
    struct vk_str key;
    struct vk_capdata value;
    const struct sim_content content = {.padding_bytes = act->op->bytes};
    *done = true;
    VK_TRY(plan_key(act, &key));
    VK_TRY(sim_content_value(act->run, &content, &value));
    return sim_make_vatstore(act->run, VK_SYSCALL_VATSTORE_SET, key, value.body, NULL);
}

static enum vk_err op_store_get(struct act *act, bool *done) {
    struct vk_str key;
    *done = true;
    VK_TRY(plan_key(act, &key));
    return sim_make_vatstore(act->run,
                             act->op->type == SIM_OP_STORE_GET ? VK_SYSCALL_VATSTORE_GET
                                                               : VK_SYSCALL_VATSTORE_DELETE,
                             key, VK_STR_NONE, NULL);
}

enum { SCAN_KEYS_MAX = 5 };

static enum vk_err op_store_scan(struct act *act, bool *done) {
    struct vk_str key;
    *done = true;
    VK_TRY(plan_key(act, &key));
    for (int i = 0; i < SCAN_KEYS_MAX && !act->run->ended; i++) {
        struct vk_syscall_result result;
        VK_TRY(sim_make_vatstore(act->run, VK_SYSCALL_VATSTORE_GET_NEXT_KEY, key, VK_STR_NONE,
                                 &result));
        if (!result.ok || result.payload != VK_PAYLOAD_STRING) return VK_OK;
        key = result.text;
    }
    return VK_OK;
}

static enum vk_err op_read_clock(struct act *act, bool *done) {
    struct vk_str now;
    *done = true;
    VK_TRY(vk_arena_format(act->run->arena, &now, "%llu",
                           (unsigned long long)act->run->delivery->clock->now_ns));
    return sim_make_vatstore(act->run, VK_SYSCALL_VATSTORE_SET, VK_STR("clock"), now, NULL);
}

/* ---- the rest */

static enum vk_err op_compute(struct act *act, bool *done) {
    uint64_t n = act->op->n < COMPUTRONS_MAX ? act->op->n : COMPUTRONS_MAX;
    act->run->delivery->computrons += n;
    *done = true;
    return VK_OK;
}

static enum vk_err op_call(struct act *act, bool *done) {
    struct vk_capdata args;
    struct vk_syscall_result result;
    if (!pick_all(act) || !act->count || act->refs[0].type != SIM_REF_DEVICE) return VK_OK;
    for (size_t i = 1; i < act->count; i++)
        if (sim_ref_is_promise(act->refs[i])) return VK_OK; /* devices take none */
    const struct sim_content content = {.slots = act->refs + 1, .slot_count = act->count - 1};
    *done = true;
    VK_TRY(sim_content_methargs(act->run, &content, &args));
    VK_TRY(sim_make_call(act->run, act->refs[0], "echo", &args, &result));
    VK_TRY(sent(act, act->refs, act->count));
    return result.payload == VK_PAYLOAD_CAPDATA ? sim_receive_slots(act->run, &result.capdata)
                                                : VK_OK;
}

static enum vk_err op_exit(struct act *act, bool *done) {
    struct vk_syscall syscall = {.type = VK_SYSCALL_EXIT,
                                 .is_failure = act->op->failure,
                                 .data = act->op->failure
                                             ? sim_error_value()
                                             : (struct vk_capdata){.body = VK_STR("#\"done\"")}};
    *done = true;
    return sim_make_syscall(act->run, &syscall, NULL);
}

static enum vk_err op_overrun(struct act *act, bool *done) {
    static const enum sim_vat_ending endings[] = {
        [SIM_OVERRUN_COMPUTE] = SIM_VAT_COMPUTE_EXCEEDED,
        [SIM_OVERRUN_STACK] = SIM_VAT_STACK_EXCEEDED,
        [SIM_OVERRUN_ALLOCATION] = SIM_VAT_ALLOCATE_EXCEEDED,
    };
    act->run->delivery->ending = endings[act->op->overrun];
    act->run->ended = *done = true;
    return VK_OK;
}

/* Liveslots answers a message whose method threw with a rejection; nobody catches what startVat and
 * bringOutYourDead throw. */
static enum vk_err op_fail(struct act *act, bool *done) {
    struct sim_run *run = act->run;
    const struct vk_capdata error = sim_error_value();
    *done = true;
    if (run->is_fatal)
        run->delivery->ending = SIM_VAT_FAILED;
    else if (run->result_open)
        VK_TRY(sim_make_resolve(run, run->result, true, &error));
    run->ended = true;
    return VK_OK;
}

static enum vk_err op_illegal(struct act *act, bool *done) {
    *done = true;
    return sim_make_illegal(act->run, act->op->n);
}

static enum vk_err op_admin(struct act *act, bool *done) {
    return sim_admin_op(act->run, act->op, done);
}

static enum vk_err (*const ops[SIM_OP_TYPE_COUNT])(struct act *act, bool *done) = {
    [SIM_OP_SEND] = op_send,
    [SIM_OP_RESOLVE] = op_settle,
    [SIM_OP_REJECT] = op_settle,
    [SIM_OP_RESOLVE_ALL] = op_resolve_all,
    [SIM_OP_SUBSCRIBE] = op_subscribe,
    [SIM_OP_HOLD] = op_hold,
    [SIM_OP_DROP] = op_drop,
    [SIM_OP_RETIRE] = op_retire,
    [SIM_OP_RETIRE_EXPORT] = op_retire_export,
    [SIM_OP_ABANDON] = op_abandon,
    [SIM_OP_STORE_SET] = op_store_set,
    [SIM_OP_STORE_GET] = op_store_get,
    [SIM_OP_STORE_DELETE] = op_store_get,
    [SIM_OP_STORE_SCAN] = op_store_scan,
    [SIM_OP_COMPUTE] = op_compute,
    [SIM_OP_CALL] = op_call,
    [SIM_OP_EXIT] = op_exit,
    [SIM_OP_CREATE_VAT] = op_admin,
    [SIM_OP_UPGRADE_VAT] = op_admin,
    [SIM_OP_TERMINATE_VAT] = op_admin,
    [SIM_OP_CHANGE_OPTIONS] = op_admin,
    [SIM_OP_CREATE_METER] = op_admin,
    [SIM_OP_ADD_METER] = op_admin,
    [SIM_OP_OVERRUN] = op_overrun,
    [SIM_OP_FAIL] = op_fail,
    [SIM_OP_ILLEGAL] = op_illegal,
    [SIM_OP_READ_CLOCK] = op_read_clock,
    [SIM_OP_SUSPEND_VAT] = op_admin,
    [SIM_OP_UNSUSPEND_VAT] = op_admin,
    [SIM_OP_PAUSE_VAT] = op_admin,
    [SIM_OP_RESUME_VAT] = op_admin,
};

/* The end that an operation is for a vat, or SIM_VAT_END_COUNT. */
static enum sim_vat_end end_of(const struct sim_vat_delivery *delivery, const struct sim_op *op,
                               bool is_fatal) {
    static const enum sim_vat_end overruns[] = {
        [SIM_OVERRUN_COMPUTE] = SIM_VAT_END_COMPUTE,
        [SIM_OVERRUN_STACK] = SIM_VAT_END_STACK,
        [SIM_OVERRUN_ALLOCATION] = SIM_VAT_END_ALLOCATION,
    };
    bool is_start = delivery->delivery->type == VK_DELIVERY_START_VAT;
    if (op->type == SIM_OP_OVERRUN) return overruns[op->overrun];
    if (op->type == SIM_OP_FAIL && is_fatal)
        return is_start ? SIM_VAT_END_START_FAILS : SIM_VAT_END_BOYD_FAILS;
    if (op->type == SIM_OP_EXIT)
        return op->failure ? SIM_VAT_END_EXIT_WITH_FAILURE : SIM_VAT_END_EXIT;
    if (op->type == SIM_OP_ILLEGAL)
        return (enum sim_vat_end)(SIM_VAT_END_ILLEGAL + op->n % SIM_ILLEGAL_KINDS);
    return SIM_VAT_END_COUNT;
}

static void count(struct sim_vat_delivery *delivery, const struct sim_op *op, bool is_fatal) {
    enum sim_vat_end end = end_of(delivery, op, is_fatal);
    if (delivery->op_counts) delivery->op_counts[op->type]++;
    if (delivery->end == SIM_VAT_END_COUNT) delivery->end = end;
    if (delivery->end_counts && end < SIM_VAT_END_COUNT) delivery->end_counts[end]++;
}

static enum vk_err run_op(struct sim_run *run, const struct sim_op *op) {
    struct act act = {.run = run, .op = op};
    struct sim_holdings *held = &run->vat->held;
    uint64_t next_object = held->next_object, next_promise = held->next_promise;
    bool is_fatal = run->is_fatal, done = false;
    VK_ASSERT(op->type < SIM_OP_TYPE_COUNT && ops[op->type]); /* INV-PLAN-3 */
    VK_TRY(ops[op->type](&act, &done));
    if (!done) { /* INV-VAT-2 */
        held->next_object = next_object;
        held->next_promise = next_promise;
    } else {
        count(run->delivery, op, is_fatal);
    }
    return VK_OK;
}

enum vk_err sim_run_turn(struct sim_run *run, const struct sim_turn *turn) {
    for (size_t i = 0; i < turn->op_count && !run->ended; i++)
        VK_TRY(run_op(run, &turn->ops[i]));
    return VK_OK;
}
