/* vat_program.c - a simulated vat's life: what each kind of delivery does to it. See vat_program.h. */
#include "vat_run.h"

#define KEY_HELD VK_STR("held")
#define IMAGE_HEAD VK_STR("simulated vat 1\n")

void sim_vat_init(struct sim_vat *vat, const struct vk_heap *heap, const struct sim_plan *plan,
                  const struct sim_program *program) {
    *vat = (struct sim_vat){
        .plan = plan, .program = program, .saves_always = sim_plan_has_states(plan)};
    sim_holdings_init(&vat->held, heap);
    sim_vat_store_init(&vat->store, heap);
}

void sim_vat_reset(struct sim_vat *vat, const struct sim_program *program, bool has_store) {
    vat->program = program;
    vat->next_turn = 0;
    sim_holdings_clear(&vat->held);
    vat->has_store = has_store;
    sim_vat_store_clear(&vat->store);
}

void sim_vat_release(struct sim_vat *vat) {
    sim_holdings_release(&vat->held);
    sim_vat_store_release(&vat->store);
}

/* ---- what comes with a delivery */

static enum vk_err take_slot(struct sim_run *run, struct vk_str vref) {
    struct sim_ref ref;
    if (!sim_ref_parse(vref, &ref)) return VK_OK;
    run->arguments[run->argument_count++] = ref;
    return sim_holdings_receive(&run->vat->held, ref);
}

static enum vk_err make_room(struct sim_run *run, size_t count) {
    return VK_NEW_ARRAY(run->arena, &run->arguments, count);
}

static enum vk_err take_slots(struct sim_run *run, const struct vk_capdata *data) {
    for (size_t i = 0; i < data->slot_count; i++)
        VK_TRY(take_slot(run, data->slots[i]));
    return VK_OK;
}

/* "$3.Alleged: root" or "$3": the slot that a member of a bootstrap record is. */
static struct vk_str slot_named(const struct vk_capdata *data, const struct vk_json *json) {
    struct vk_str text = vk_json_string(json);
    uint64_t index;
    if (!vk_str_starts(text, VK_STR("$"))) return VK_STR_NONE;
    const char *dot = memchr(text.p, '.', text.n);
    struct vk_str digits = {text.p + 1, dot ? (size_t)(dot - text.p) - 1 : text.n - 1};
    if (!vk_str_to_u64(digits, &index) || index >= data->slot_count) return VK_STR_NONE;
    return data->slots[index];
}

static const struct vk_json *member(const struct vk_json *record, struct vk_str name) {
    const struct vk_json *child = vk_json_is(record, VK_JSON_OBJECT) ? record->first : NULL;
    while (child && !vk_str_eq(child->key, name))
        child = child->next;
    return child;
}

/* Roots come in the order of their vats' names; they are taken in the order of the plan, and the device of
 * vatAdmin before others. */
static enum vk_err take_bootstrap(struct sim_run *run, const struct vk_capdata *data) {
    static const char *const devices[] = {"vatAdmin", "echo"};
    const struct sim_plan *plan = run->vat->plan;
    const struct vk_json *json;
    struct vk_str slot;
    VK_TRY(make_room(run, data->slot_count + plan->vat_count + 2));
    VK_TRY(vk_json_parse(run->arena, vk_str_from(data->body, 1), &json));
    const struct vk_json *args = vk_json_at(json, 1);
    for (size_t i = 0; i < plan->vat_count; i++) {
        slot = slot_named(data, member(vk_json_at(args, 0), plan->vats[i].name));
        if (slot.p) VK_TRY(take_slot(run, slot));
    }
    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++) {
        slot = slot_named(data, member(vk_json_at(args, 1), vk_str(devices[i])));
        if (slot.p) VK_TRY(take_slot(run, slot));
    }
    return VK_OK;
}

/* ---- deliveries */

static enum vk_err next_turn(struct sim_run *run) {
    struct sim_vat *vat = run->vat;
    if (vat->next_turn >= vat->program->turn_count) return VK_OK;
    return sim_run_turn(run, &vat->program->turns[vat->next_turn++]);
}

static enum vk_err settle_all(struct sim_run *run) {
    const struct sim_ref_list *decided = &run->vat->held.lists[SIM_HELD_DECIDED];
    if (!decided->count) return VK_OK;
    return sim_make_resolve_all(run, decided->at, decided->count, false);
}

static enum vk_err settle_result(struct sim_run *run) {
    if (run->ended || !run->result_open || run->result_held) return VK_OK;
    return sim_make_resolve_all(run, &run->result, 1, false);
}

static bool method_is(const struct vk_delivery *delivery, const char *method) {
    struct vk_str head = {delivery->methargs.body.p, strlen(method) + 4};
    return delivery->methargs.body.n > head.n &&
           vk_str_eq((struct vk_str){head.p, 3}, VK_STR("#[\"")) &&
           memcmp(head.p + 3, method, strlen(method)) == 0 && head.p[head.n - 1] == '"';
}

static enum vk_err message(struct sim_run *run) {
    const struct vk_delivery *delivery = run->delivery->delivery;
    const struct vk_capdata *args = &delivery->methargs;
    if (delivery->result.p && sim_ref_parse(delivery->result, &run->result)) {
        VK_TRY(sim_holdings_receive_result(&run->vat->held, run->result));
        run->result_open = true;
    }
    if (method_is(delivery, "bootstrap")) {
        VK_TRY(take_bootstrap(run, args));
    } else {
        VK_TRY(make_room(run, args->slot_count));
        VK_TRY(take_slots(run, args));
    }
    if (method_is(delivery, "finish")) return settle_all(run);
    VK_TRY(next_turn(run));
    return settle_result(run);
}

static enum vk_err notify(struct sim_run *run) {
    const struct vk_delivery *delivery = run->delivery->delivery;
    size_t slots = 0;
    for (size_t i = 0; i < delivery->resolution_count; i++)
        slots += delivery->resolutions[i].data.slot_count;
    VK_TRY(make_room(run, slots));
    for (size_t i = 0; i < delivery->resolution_count; i++)
        VK_TRY(take_slots(run, &delivery->resolutions[i].data));
    /* They may name each other: only now are all of them gone. */
    for (size_t i = 0; i < delivery->resolution_count; i++) {
        struct sim_ref ref;
        if (sim_ref_parse(delivery->resolutions[i].promise, &ref))
            sim_holdings_retire_promise(&run->vat->held, ref);
    }
    return next_turn(run);
}

static enum vk_err collect(struct sim_run *run) {
    const struct vk_delivery *delivery = run->delivery->delivery;
    struct sim_holdings *held = &run->vat->held;
    for (size_t i = 0; i < delivery->vref_count; i++) {
        struct sim_ref ref;
        if (!sim_ref_parse(delivery->vrefs[i], &ref)) continue;
        if (delivery->type == VK_DELIVERY_RETIRE_IMPORTS) {
            sim_held_remove(held, SIM_HELD_IMPORTS, ref);
            sim_held_remove(held, SIM_HELD_DROPPED_IMPORTS, ref);
            continue;
        }
        bool held_it = sim_held_remove(held, SIM_HELD_EXPORTS, ref);
        if (delivery->type == VK_DELIVERY_RETIRE_EXPORTS)
            sim_held_remove(held, SIM_HELD_DROPPED_EXPORTS, ref);
        else if (held_it)
            VK_TRY(sim_held_add(held, SIM_HELD_DROPPED_EXPORTS, ref));
    }
    return VK_OK;
}

/* ---- from incarnation to incarnation */

static enum vk_err abandon_odd(struct sim_run *run) {
    struct sim_holdings *held = &run->vat->held;
    static const enum sim_held lists[] = {SIM_HELD_EXPORTS, SIM_HELD_DROPPED_EXPORTS};
    struct sim_ref *gone;
    size_t count = 0;
    VK_TRY(
        VK_NEW_ARRAY(run->arena, &gone, held->lists[lists[0]].count + held->lists[lists[1]].count));
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        for (size_t k = 0; k < held->lists[lists[i]].count; k++)
            if (!sim_ref_is_kept(held->lists[lists[i]].at[k]))
                gone[count++] = held->lists[lists[i]].at[k];
    if (!count) return VK_OK;
    VK_TRY(sim_make_vrefs(run, VK_SYSCALL_ABANDON_EXPORTS, gone, count));
    for (size_t i = 0; i < count; i++) {
        sim_held_remove(held, SIM_HELD_EXPORTS, gone[i]);
        sim_held_remove(held, SIM_HELD_DROPPED_EXPORTS, gone[i]);
    }
    return VK_OK;
}

static enum vk_err start(struct sim_run *run) {
    struct vk_syscall_result result;
    if (run->vat->has_store) VK_TRY(sim_fill_store(run));
    VK_TRY(sim_make_vatstore(run, VK_SYSCALL_VATSTORE_GET, KEY_HELD, VK_STR_NONE, &result));
    if (result.ok && result.payload == VK_PAYLOAD_STRING) {
        VK_TRY(sim_holdings_read(&run->vat->held, result.text));
        sim_holdings_upgrade(&run->vat->held);
        VK_TRY(abandon_odd(run));
    }
    if (run->ended) return VK_OK;
    VK_TRY(make_room(run, run->delivery->delivery->methargs.slot_count));
    VK_TRY(take_slots(run, &run->delivery->delivery->methargs));
    return sim_run_turn(run, &run->vat->program->start);
}

/* For the next incarnation. */
static enum vk_err save(struct sim_run *run) {
    struct vk_buf buf;
    struct vk_str text;
    if (run->ended) return VK_OK;
    vk_buf_init(&buf, run->arena);
    sim_holdings_write(&run->vat->held, &buf);
    VK_TRY(vk_buf_finish(&buf, &text));
    return sim_make_vatstore(run, VK_SYSCALL_VATSTORE_SET, KEY_HELD, text, NULL);
}

static enum vk_err answer(struct sim_run *run) {
    switch (run->delivery->delivery->type) {
    case VK_DELIVERY_MESSAGE: return message(run);
    case VK_DELIVERY_NOTIFY: return notify(run);
    case VK_DELIVERY_DROP_EXPORTS:
    case VK_DELIVERY_RETIRE_EXPORTS:
    case VK_DELIVERY_RETIRE_IMPORTS: return collect(run);
    case VK_DELIVERY_CHANGE_VAT_OPTIONS: return VK_OK;
    case VK_DELIVERY_START_VAT: run->is_fatal = true; return start(run);
    case VK_DELIVERY_BRING_OUT_YOUR_DEAD:
        run->is_fatal = true;
        return sim_run_turn(run, &run->vat->program->boyd);
    }
    VK_ASSERT(false); /* INV-DELIVERY-1: every delivery has a type */
    return VK_OK;
}

enum vk_err sim_vat_deliver(struct sim_vat *vat, struct vk_arena *arena,
                            struct sim_vat_delivery *delivery) {
    struct sim_run run = {.vat = vat, .arena = arena, .delivery = delivery};
    bool saves = vat->saves_always || delivery->delivery->type == VK_DELIVERY_BRING_OUT_YOUR_DEAD;
    delivery->ending = SIM_VAT_DONE;
    delivery->end = SIM_VAT_END_COUNT;
    delivery->computrons = SIM_COST_DELIVERY;
    delivery->changes = NULL;
    delivery->change_count = 0;
    sim_vat_store_begin(&vat->store);
    VK_TRY(answer(&run));
    if (saves) VK_TRY(save(&run));
    if (!vat->has_store || delivery->ending != SIM_VAT_DONE) return VK_OK;
    return sim_vat_store_changes(&vat->store, arena, &delivery->changes, &delivery->change_count);
}

/* ---- images: "simulated vat 1\nPROGRAM TURN HOLDINGS\nend\n", or with "\nvatstore PAIRS" after the holdings */

#define IMAGE_STORE VK_STR("\nvatstore ")

enum vk_err sim_vat_image(const struct sim_vat *vat, struct vk_arena *arena, struct vk_str *image) {
    struct vk_buf buf;
    vk_buf_init(&buf, arena);
    vk_buf_add(&buf, IMAGE_HEAD);
    vk_buf_add(&buf, vat->program->name);
    vk_buf_char(&buf, ' ');
    vk_buf_u64(&buf, vat->next_turn);
    vk_buf_char(&buf, ' ');
    sim_holdings_write(&vat->held, &buf);
    if (vat->has_store) {
        vk_buf_add(&buf, IMAGE_STORE);
        sim_vat_store_write(&vat->store, &buf);
    }
    vk_buf_lit(&buf, "\nend\n");
    return vk_buf_finish(&buf, image);
}

static bool take(struct vk_str *text, struct vk_str head) {
    if (!vk_str_starts(*text, head)) return false;
    *text = vk_str_from(*text, head.n);
    return true;
}

static bool take_number(struct vk_str *text, uint64_t *out) {
    const char *end = text->n ? memchr(text->p, ' ', text->n) : NULL;
    if (!end) return false;
    struct vk_str digits = {text->p, (size_t)(end - text->p)};
    *text = vk_str_from(*text, digits.n + 1);
    return vk_str_to_u64(digits, out);
}

/* What follows the program and the turn. */
static enum vk_err restore_rest(struct sim_vat *vat, struct vk_str rest) {
    const char *line = rest.n ? memchr(rest.p, '\n', rest.n) : NULL;
    struct vk_str held = {rest.p, line ? (size_t)(line - rest.p) : rest.n};
    struct vk_str store = vk_str_from(rest, held.n);
    vat->has_store = line != NULL;
    if (line && !take(&store, IMAGE_STORE)) return VK_RAISE(VK_ERR_SYNTAX, "no vatstore");
    VK_TRY(sim_holdings_read(&vat->held, held));
    return line ? sim_vat_store_read(&vat->store, store) : VK_OK;
}

enum vk_err sim_vat_restore(struct sim_vat *vat, struct vk_str image) {
    const struct vk_str tail = VK_STR("\nend\n");
    struct vk_str rest = image;
    bool good = take(&rest, IMAGE_HEAD) && take(&rest, vat->program->name) &&
                take(&rest, VK_STR(" ")) && take_number(&rest, &vat->next_turn) &&
                rest.n > tail.n && memcmp(rest.p + rest.n - tail.n, tail.p, tail.n) == 0;
    rest.n -= good ? tail.n : 0;
    enum vk_err err = good ? restore_rest(vat, rest) : VK_ERR_SYNTAX;
    if (err != VK_ERR_SYNTAX) return err;
    return VK_RAISE(VK_ERR_SNAPSHOT, "no image of a vat of the program %.*s",
                    VK_STR_ARG(vat->program->name));
}
