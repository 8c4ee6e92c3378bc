/* plan_shape.c - see plan_shape.h. */
#include "plan_shape.h"

/* bytes=N is padding that a run makes: a plan of one line shall not ask for all memory. */
enum { BYTES_MAX = 16 * 1024 * 1024 };

#define FIELD(type, member, kind) .field = SIM_PLAN_##kind, .offset = offsetof(struct type, member)
#define FLAG(type, member, kind, text, set)                                                        \
    { FIELD(type, member, kind), .word = (text), .is_flag = true, .value = (set) }
#define NUMBER(type, member, text, ...)                                                            \
    { FIELD(type, member, U64), .word = (text), .max = UINT64_MAX, __VA_ARGS__ }
#define NUMBER_U32(type, member, text, ...)                                                        \
    { FIELD(type, member, U32), .word = (text), .max = UINT32_MAX, __VA_ARGS__ }
#define BYTES(type)                                                                                \
    { FIELD(type, bytes, U64), .word = "bytes", .max = BYTES_MAX }
#define END                                                                                        \
    { .word = NULL }

/* ---- lines of their own */

/* 0 in the struct stands for SwingSet's default, and is not said. */
const struct sim_plan_param sim_plan_kernel_params[] = {
    NUMBER(sim_kernel_plan, snapshot_initial, "snapshot-initial", .min = 1),
    NUMBER(sim_kernel_plan, snapshot_interval, "snapshot-interval", .min = 1),
    NUMBER(sim_kernel_plan, reap_interval, "reap-interval", .min = 1, .most = "never"),
    NUMBER(sim_kernel_plan, reap_gc_krefs, "reap-gc-krefs", .min = 1, .most = "never"),
    END,
};

#define POLICY(type, path)                                                                         \
    NUMBER(type, path computrons, "computrons", .value = VK_UNLIMITED, .most = "unlimited"),       \
        NUMBER(type, path cranks, "cranks", .value = VK_UNLIMITED, .most = "unlimited"),           \
        NUMBER(type, path cleanup, "cleanup", .value = VK_UNLIMITED, .min = 1,                     \
               .most = "unlimited"),                                                               \
        FLAG(type, path cleanup, U64, "no-cleanup", 0)

const struct sim_plan_param sim_plan_policy_params[] = {POLICY(sim_policy, ), END};

const struct sim_plan_param sim_plan_replica_params[] = {
    NUMBER_U32(sim_replica_plan, vats_online, "vats-online", .min = 1),
    NUMBER_U32(sim_replica_plan, commit_every, "commit-every", .value = 1, .min = 1),
    NUMBER_U32(sim_replica_plan, slowness, "slowness", .value = 1, .min = 1),
    FLAG(sim_replica_plan, no_preload, BOOL, "no-preload", 1),
    FLAG(sim_replica_plan, no_restart_after_snapshot, BOOL, "no-restart-after-snapshot", 1),
    FLAG(sim_replica_plan, direct, BOOL, "direct", 1),
    FLAG(sim_replica_plan, frames, BOOL, "frames", 1),
    END,
};

const struct sim_plan_param sim_plan_vat_params[] = {
    FLAG(sim_static_vat, critical, BOOL, "critical", 1),
    FLAG(sim_static_vat, pipelining, BOOL, "pipelining", 1),
    FLAG(sim_static_vat, keeps_vatstore, BOOL, "vatstore=completion", 1),
    FLAG(sim_static_vat, suspend_on_fatal, BOOL, "suspend-on-fatal", 1),
    NUMBER(sim_static_vat, reap_interval, "reap-interval", .min = 1, .most = "never"),
    END,
};

const struct sim_plan_param sim_plan_block_params[] = {
    NUMBER(sim_block, after_ms, "after", .min = 0),
    END,
};

const struct sim_plan_param sim_plan_fault_params[] = {
    NUMBER(fault, vat, "vat", .value = FAULT_ANY_VAT, .prefix = "v"),
    NUMBER(fault, at, "at", .value = 1, .min = 1),
    NUMBER(fault, repeat, "repeat", .value = 1, .min = 1, .most = "ever"),
    NUMBER(fault, k, "k", .min = 0),
    END,
};

const struct sim_plan_param sim_plan_dynamic_params[] = {
    NUMBER(sim_input, n, "dynamic", .required = true),
    END,
};

/* ---- operations */

static const struct sim_plan_param no_params[] = {END};
static const struct sim_plan_param send_params[] = {FLAG(sim_op, result, BOOL, "result", 1),
                                                    BYTES(sim_op), END};
static const struct sim_plan_param bytes_params[] = {BYTES(sim_op), END};
static const struct sim_plan_param n_params[] = {NUMBER(sim_op, n, "n", .required = true), END};
static const struct sim_plan_param key_params[] = {NUMBER(sim_op, n, "key", .required = true), END};
static const struct sim_plan_param store_set_params[] = {NUMBER(sim_op, n, "key", .required = true),
                                                         BYTES(sim_op), END};
static const struct sim_plan_param exit_params[] = {FLAG(sim_op, failure, BOOL, "failure", 1), END};
static const struct sim_plan_param create_vat_params[] = {
    FLAG(sim_op, critical, BOOL, "critical", 1),
    FLAG(sim_op, pipelining, BOOL, "pipelining", 1),
    FLAG(sim_op, keeps_vatstore, BOOL, "vatstore=completion", 1),
    FLAG(sim_op, restart_critical, BOOL, "restart-critical", 1),
    FLAG(sim_op, pause_on_underflow, BOOL, "pause-on-underflow", 1),
    FLAG(sim_op, suspend_on_fatal, BOOL, "suspend-on-fatal", 1),
    END};
static const struct sim_plan_param reap_params[] = {
    NUMBER(sim_op, n, "reap-interval", .required = true, .min = 1, .most = "never"), END};
static const struct sim_plan_param create_meter_params[] = {
    NUMBER(sim_op, n, "n", .required = true), NUMBER(sim_op, threshold, "threshold", .min = 0),
    END};
static const struct sim_plan_param overrun_params[] = {
    FLAG(sim_op, overrun, U32, "stack", SIM_OVERRUN_STACK),
    FLAG(sim_op, overrun, U32, "allocation", SIM_OVERRUN_ALLOCATION), END};
_Static_assert(sizeof(enum sim_overrun) == sizeof(uint32_t), "a flag sets it as one");

enum {
    OBJECTS = SIM_OPERAND_BIT(IMPORT) | SIM_OPERAND_BIT(EXPORT) | SIM_OPERAND_BIT(ROOT),
    /* What can be sent to: a new object has nobody who would answer, and a device is called. */
    TARGETS = OBJECTS | SIM_OPERAND_BIT(PROMISE) | SIM_OPERAND_BIT(DECIDED) |
              SIM_OPERAND_BIT(ARGUMENT) | SIM_OPERAND_BIT(RESULT),
    VALUES =
        TARGETS | SIM_OPERAND_BIT(DEVICE) | SIM_OPERAND_BIT(NEW) | SIM_OPERAND_BIT(NEW_PROMISE),
    /* A device takes no promises; an argument may be an object. */
    DEVICE_VALUES =
        OBJECTS | SIM_OPERAND_BIT(ARGUMENT) | SIM_OPERAND_BIT(DEVICE) | SIM_OPERAND_BIT(NEW),
    DECIDED = SIM_OPERAND_BIT(DECIDED) | SIM_OPERAND_BIT(NEW_PROMISE) | SIM_OPERAND_BIT(RESULT),
    IMPORTS = SIM_OPERAND_BIT(IMPORT) | SIM_OPERAND_BIT(ARGUMENT),
};

static const struct sim_op_shape op_shapes[SIM_OP_TYPE_COUNT] = {
    [SIM_OP_SEND] = {.targets = TARGETS, .values = VALUES, .params = send_params},
    [SIM_OP_RESOLVE] = {.targets = DECIDED, .values = VALUES, .params = bytes_params},
    [SIM_OP_REJECT] = {.targets = DECIDED, .values = VALUES, .params = no_params},
    [SIM_OP_RESOLVE_ALL] = {.params = no_params},
    [SIM_OP_SUBSCRIBE] = {.targets = SIM_OPERAND_BIT(PROMISE) | SIM_OPERAND_BIT(ARGUMENT),
                          .params = no_params},
    [SIM_OP_HOLD] = {.params = no_params},
    [SIM_OP_DROP] = {.targets = IMPORTS, .params = no_params},
    [SIM_OP_RETIRE] = {.targets = IMPORTS, .params = no_params},
    [SIM_OP_RETIRE_EXPORT] = {.targets = SIM_OPERAND_BIT(EXPORT), .params = no_params},
    [SIM_OP_ABANDON] = {.targets = SIM_OPERAND_BIT(EXPORT), .params = no_params},
    [SIM_OP_STORE_SET] = {.params = store_set_params},
    [SIM_OP_STORE_GET] = {.params = key_params},
    [SIM_OP_STORE_DELETE] = {.params = key_params},
    [SIM_OP_STORE_SCAN] = {.params = key_params},
    [SIM_OP_COMPUTE] = {.params = n_params},
    [SIM_OP_CALL] = {.targets = SIM_OPERAND_BIT(DEVICE),
                     .values = DEVICE_VALUES,
                     .params = no_params},
    [SIM_OP_EXIT] = {.params = exit_params},
    [SIM_OP_CREATE_VAT] = {.program = true,
                           .targets = SIM_OPERAND_BIT(METER),
                           .target_optional = true,
                           .params = create_vat_params},
    [SIM_OP_UPGRADE_VAT] = {.program = true, .targets = SIM_OPERAND_BIT(VAT), .params = no_params},
    [SIM_OP_TERMINATE_VAT] = {.targets = SIM_OPERAND_BIT(VAT), .params = no_params},
    [SIM_OP_CHANGE_OPTIONS] = {.targets = SIM_OPERAND_BIT(VAT), .params = reap_params},
    [SIM_OP_CREATE_METER] = {.params = create_meter_params},
    [SIM_OP_ADD_METER] = {.targets = SIM_OPERAND_BIT(METER), .params = n_params},
    [SIM_OP_OVERRUN] = {.params = overrun_params},
    [SIM_OP_FAIL] = {.params = no_params},
    [SIM_OP_ILLEGAL] = {.params = n_params},
    [SIM_OP_READ_CLOCK] = {.params = no_params},
    [SIM_OP_SUSPEND_VAT] = {.targets = SIM_OPERAND_BIT(VAT), .params = no_params},
    [SIM_OP_UNSUSPEND_VAT] = {.targets = SIM_OPERAND_BIT(VAT), .params = no_params},
    [SIM_OP_PAUSE_VAT] = {.targets = SIM_OPERAND_BIT(VAT), .params = no_params},
    [SIM_OP_RESUME_VAT] = {.targets = SIM_OPERAND_BIT(VAT), .params = no_params},
};

const struct sim_op_shape *sim_op_shape(enum sim_op_type type) {
    VK_ASSERT(type < SIM_OP_TYPE_COUNT); /* INV-PLAN-2 */
    VK_ASSERT(op_shapes[type].params);   /* an operation that is in the catalogue but not above */
    return &op_shapes[type];
}

/* ---- inputs */

static const struct sim_plan_param send_input_params[] = {
    BYTES(sim_input), FLAG(sim_input, panic, BOOL, "panic", 1), END};
static const struct sim_plan_param install_params[] = {NUMBER(sim_input, n, "n", .required = true),
                                                       END};

#define OPTION(member, text, ...)                                                                  \
    {                                                                                              \
        FIELD(sim_input, member, U64),                                                             \
            .word = (text), .min = 1, .max = UINT64_MAX, .has_given = true,                        \
            .given = offsetof(struct sim_input, set_##member), __VA_ARGS__                         \
    }

static const struct sim_plan_param change_options_params[] = {
    OPTION(reap_interval, "reap-interval", .most = "never"),
    OPTION(reap_gc_krefs, "reap-gc-krefs", .most = "never"),
    OPTION(snapshot_interval, "snapshot-interval", .most = NULL),
    END,
};
static const struct sim_plan_param policy_input_params[] = {POLICY(sim_input, policy.), END};

static const struct sim_input_shape input_shapes[SIM_INPUT_TYPE_COUNT] = {
    [SIM_INPUT_SEND] = {SIM_INPUT_ONE_VAT, send_input_params},
    [SIM_INPUT_FINISH] = {SIM_INPUT_ONE_VAT, no_params},
    [SIM_INPUT_INSTALL] = {SIM_INPUT_NO_VAT, install_params},
    [SIM_INPUT_PIN] = {SIM_INPUT_ONE_VAT, no_params},
    [SIM_INPUT_TERMINATE] = {SIM_INPUT_VAT_OR_DYNAMIC, no_params},
    [SIM_INPUT_TAKE_RESULTS] = {SIM_INPUT_NO_VAT, no_params},
    [SIM_INPUT_REAP_ALL] = {SIM_INPUT_NO_VAT, no_params},
    [SIM_INPUT_SNAPSHOT_ALL] = {SIM_INPUT_NO_VAT, no_params},
    [SIM_INPUT_UPGRADE_EVENTS] = {SIM_INPUT_NO_VAT, no_params},
    [SIM_INPUT_CHANGE_OPTIONS] = {SIM_INPUT_NO_VAT, change_options_params},
    [SIM_INPUT_POLICY] = {SIM_INPUT_NO_VAT, policy_input_params},
    [SIM_INPUT_SUSPEND] = {SIM_INPUT_VAT_OR_DYNAMIC, no_params},
    [SIM_INPUT_UNSUSPEND] = {SIM_INPUT_VAT_OR_DYNAMIC, no_params},
    [SIM_INPUT_PAUSE] = {SIM_INPUT_VAT_OR_DYNAMIC, no_params},
    [SIM_INPUT_RESUME] = {SIM_INPUT_VAT_OR_DYNAMIC, no_params},
    [SIM_INPUT_RESTART_ALL] = {SIM_INPUT_NO_VAT, no_params},
};

const struct sim_input_shape *sim_input_shape(enum sim_input_type type) {
    VK_ASSERT(type < SIM_INPUT_TYPE_COUNT); /* INV-PLAN-2 */
    VK_ASSERT(input_shapes[type].params);   /* an input that is in the catalogue but not above */
    return &input_shapes[type];
}

/* ---- operands */

static const struct {
    const char *word;
    bool indexed;
} operands[] = {
#define OPERAND_ROW(name, word, indexed, meaning) {word, indexed},
    SIM_OPERANDS(OPERAND_ROW)
#undef OPERAND_ROW
};

const char *sim_operand_word(enum sim_operand_type type) {
    VK_ASSERT(type < SIM_OPERAND_TYPE_COUNT); /* INV-PLAN-2 */
    return operands[type].word;
}

bool sim_operand_is_indexed(enum sim_operand_type type) {
    VK_ASSERT(type < SIM_OPERAND_TYPE_COUNT); /* INV-PLAN-2 */
    return operands[type].indexed;
}

/* ---- fields */

uint64_t sim_plan_param_get(const struct sim_plan_param *param, const void *from) {
    const char *at = (const char *)from + param->offset;
    uint64_t wide = 0;
    uint32_t narrow = 0;
    bool flag = false;
    switch (param->field) {
    case SIM_PLAN_U64: memcpy(&wide, at, sizeof wide); return wide;
    case SIM_PLAN_U32: memcpy(&narrow, at, sizeof narrow); return narrow;
    case SIM_PLAN_BOOL: memcpy(&flag, at, sizeof flag); break;
    }
    return flag;
}

void sim_plan_param_set(const struct sim_plan_param *param, void *to, uint64_t value) {
    char *at = (char *)to + param->offset;
    uint32_t narrow = (uint32_t)value;
    bool flag = value != 0;
    VK_ASSERT(param->field != SIM_PLAN_U32 || value <= UINT32_MAX); /* the table's own limits */
    switch (param->field) {
    case SIM_PLAN_U64: memcpy(at, &value, sizeof value); break;
    case SIM_PLAN_U32: memcpy(at, &narrow, sizeof narrow); break;
    case SIM_PLAN_BOOL: memcpy(at, &flag, sizeof flag); break;
    }
}
