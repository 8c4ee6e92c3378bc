/* vat_admin_ops.c - what vatAdmin does: it calls its device, which is the first that it was given, and remembers the
 * ids of what it made. See vat_run.h. Answers to packages/SwingSet/src/vats/vat-admin/vat-vat-admin.js. */
#include "vat_run.h"

#include "sim_worker.h"

/* Additions to a meter must go on fitting 64 bits. */
#define METER_MAX UINT64_C(1000000000000000)

struct admin_call {
    struct sim_run *run;
    const struct sim_op *op;
    struct vk_buf body; /* of the arguments */
};

static bool pick_id(const struct admin_call *call, enum sim_operand_type type, enum sim_held list,
                    struct sim_ref *out) {
    const struct sim_ref_list *from = &call->run->vat->held.lists[list];
    if (!call->op->operand_count || call->op->operands[0].type != type || !from->count)
        return false;
    *out = from->at[call->op->operands[0].index % from->count];
    return true;
}

/* The ids of vats and meters are never dereferenced, so that the name of a list's type does not matter. */
static struct sim_ref id_of(uint64_t n) { return (struct sim_ref){SIM_REF_IMPORT, n}; }

static void write_id(struct vk_buf *buf, char letter, uint64_t n) {
    vk_buf_char(buf, '"');
    vk_buf_char(buf, letter);
    vk_buf_u64(buf, n);
    vk_buf_char(buf, '"');
}

static void write_bigint(struct vk_buf *buf, uint64_t n) {
    vk_buf_lit(buf, "\"+");
    vk_buf_u64(buf, n < METER_MAX ? n : METER_MAX);
    vk_buf_char(buf, '"');
}

static void write_bundle(struct admin_call *call) {
    const struct sim_plan *plan = call->run->vat->plan;
    char id[132];
    VK_ASSERT(call->op->program < plan->program_count); /* INV-PLAN-2 */
    sim_program_bundle_id(&plan->programs[call->op->program], id);
    vk_json_quote(&call->body, vk_str(id));
}

/* ---- arguments; false: skipped */

static bool create_vat(struct admin_call *call) {
    struct vk_buf *body = &call->body;
    struct sim_ref meter;
    bool metered = pick_id(call, SIM_OPERAND_METER, SIM_HELD_METERS, &meter);
    if (call->op->operand_count && !metered) return false;
    vk_buf_lit(body, "#[");
    write_bundle(call);
    vk_buf_lit(body, ",{\"vatParameters\":{}");
    if (call->op->critical) vk_buf_lit(body, ",\"critical\":true");
    if (call->op->pipelining) vk_buf_lit(body, ",\"enablePipelining\":true");
    if (call->op->keeps_vatstore) vk_buf_lit(body, ",\"vatstore\":\"completion\"");
    if (call->op->restart_critical) vk_buf_lit(body, ",\"restartCritical\":true");
    if (call->op->pause_on_underflow) vk_buf_lit(body, ",\"pauseOnUnderflow\":true");
    if (call->op->suspend_on_fatal) vk_buf_lit(body, ",\"suspendOnFatal\":true");
    if (metered) {
        vk_buf_lit(body, ",\"meterID\":");
        write_id(body, 'm', meter.n);
    }
    vk_buf_lit(body, "}]");
    return true;
}

static bool upgrade_vat(struct admin_call *call) {
    struct sim_ref vat;
    if (!pick_id(call, SIM_OPERAND_VAT, SIM_HELD_VATS, &vat)) return false;
    vk_buf_lit(&call->body, "#[");
    write_id(&call->body, 'v', vat.n);
    vk_buf_char(&call->body, ',');
    write_bundle(call);
    vk_buf_lit(&call->body, ",{},\"the plan says so\"]");
    return true;
}

static bool terminate_vat(struct admin_call *call) {
    struct sim_ref vat;
    if (!pick_id(call, SIM_OPERAND_VAT, SIM_HELD_VATS, &vat)) return false;
    vk_buf_lit(&call->body, "#[");
    write_id(&call->body, 'v', vat.n);
    vk_buf_lit(&call->body, ",\"the plan says so\"]");
    return true;
}

static bool change_options(struct admin_call *call) {
    struct sim_ref vat;
    if (!pick_id(call, SIM_OPERAND_VAT, SIM_HELD_VATS, &vat)) return false;
    vk_buf_lit(&call->body, "#[");
    write_id(&call->body, 'v', vat.n);
    vk_buf_lit(&call->body, ",{\"reapInterval\":");
    if (call->op->n == VK_UNLIMITED)
        vk_buf_lit(&call->body, "\"never\"");
    else
        vk_buf_u64(&call->body, call->op->n ? call->op->n : 1);
    vk_buf_lit(&call->body, "}]");
    return true;
}

static bool vat_alone(struct admin_call *call) {
    struct sim_ref vat;
    if (!pick_id(call, SIM_OPERAND_VAT, SIM_HELD_VATS, &vat)) return false;
    vk_buf_lit(&call->body, "#[");
    write_id(&call->body, 'v', vat.n);
    vk_buf_char(&call->body, ']');
    return true;
}

static bool create_meter(struct admin_call *call) {
    vk_buf_lit(&call->body, "#[");
    write_bigint(&call->body, call->op->n);
    vk_buf_char(&call->body, ',');
    write_bigint(&call->body, call->op->threshold);
    vk_buf_char(&call->body, ']');
    return true;
}

static bool add_meter(struct admin_call *call) {
    struct sim_ref meter;
    if (!pick_id(call, SIM_OPERAND_METER, SIM_HELD_METERS, &meter)) return false;
    vk_buf_lit(&call->body, "#[");
    write_id(&call->body, 'm', meter.n);
    vk_buf_char(&call->body, ',');
    write_bigint(&call->body, call->op->n);
    vk_buf_char(&call->body, ']');
    return true;
}

static const struct {
    enum sim_op_type op;
    const char *method;
    bool (*write)(struct admin_call *call);
    char answers; /* with the id of a 'v'at or a 'm'eter to remember */
} methods[] = {
    {SIM_OP_CREATE_VAT, "createByBundleID", create_vat, 'v'},
    {SIM_OP_UPGRADE_VAT, "upgradeVat", upgrade_vat, 0},
    {SIM_OP_TERMINATE_VAT, "terminateWithFailure", terminate_vat, 0},
    {SIM_OP_CHANGE_OPTIONS, "changeOptions", change_options, 0},
    {SIM_OP_CREATE_METER, "createMeter", create_meter, 'm'},
    {SIM_OP_ADD_METER, "addMeterRemaining", add_meter, 0},
    {SIM_OP_SUSPEND_VAT, "suspendVat", vat_alone, 0},
    {SIM_OP_UNSUSPEND_VAT, "unsuspendVat", vat_alone, 0},
    {SIM_OP_PAUSE_VAT, "pauseVat", vat_alone, 0},
    {SIM_OP_RESUME_VAT, "resumeVat", vat_alone, 0},
};
enum { METHODS = sizeof methods / sizeof *methods };

/* #"v12" */
static enum vk_err remember_id(struct sim_run *run, char letter, struct vk_str body) {
    uint64_t n;
    const char head[] = {'#', '"', letter};
    if (body.n < 5 || memcmp(body.p, head, sizeof head) != 0) return VK_OK; /* another device's */
    struct vk_str digits = {body.p + sizeof head, body.n - sizeof head - 1};
    if (!vk_str_to_u64(digits, &n)) return VK_OK;
    return sim_held_add(&run->vat->held, letter == 'v' ? SIM_HELD_VATS : SIM_HELD_METERS, id_of(n));
}

enum vk_err sim_admin_op(struct sim_run *run, const struct sim_op *op, bool *done) {
    const struct sim_ref_list *devices = &run->vat->held.lists[SIM_HELD_DEVICES];
    struct admin_call call = {.run = run, .op = op};
    struct vk_syscall_result result;
    struct vk_capdata args = {0};
    size_t i = 0;
    while (i < METHODS && methods[i].op != op->type)
        i++;
    VK_ASSERT(i < METHODS); /* INV-PLAN-3 */
    vk_buf_init(&call.body, run->arena);
    if (!devices->count || !methods[i].write(&call)) return VK_OK;
    *done = true;
    VK_TRY(vk_buf_finish(&call.body, &args.body));
    VK_TRY(sim_make_call(run, devices->at[0], methods[i].method, &args, &result));
    if (!result.ok || result.payload != VK_PAYLOAD_CAPDATA || !methods[i].answers) return VK_OK;
    return remember_id(run, methods[i].answers, result.capdata.body);
}
