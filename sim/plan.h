/* plan.h - a plan: everything that happens in one run, as data.
 *
 * A plan says which kernel and host, which vats, what each vat does at each of its deliveries, what
 * the host does in each block, which replicas run it all, and which faults strike which of them. It is
 * scenario, fuzz input, reproducer and corpus entry in one. A seed is a generator of plans
 * (plan_generate.h); the text is read by plan_read.c and written by plan_write.c.
 *
 * INV-PLAN-1  A run depends on its plan alone.
 * INV-PLAN-2  Any operation, turn, input, block, fault, replica, vat or program that nothing names any
 *             more may be taken out, and a valid plan is left. Operands are therefore chosen from what a
 *             vat holds at that moment: `i7` is the import at 7 modulo the number of imports; an operation
 *             whose operand the vat cannot fill is skipped.
 * INV-PLAN-3  Reading what was written gives the same plan, and writing it the same bytes.
 */
#ifndef SIM_PLAN_H
#define SIM_PLAN_H

#include "faults/fault.h"
#include "vk/arena.h"
#include "vk/store.h"

enum { SIM_PLAN_VERSION = 1, SIM_REPLICAS_MAX = 7 };
/* The vat, and the empty program that it runs if a plan names none. */
#define SIM_PLAN_ADMIN "vatAdmin"

/* Of the text: what a plan may ask of its reader. */
enum { SIM_PLAN_TEXT_MAX = 64 * 1024 * 1024, SIM_PLAN_LINES_MAX = 1024 * 1024 };
/* All blocks together: so that the time of a run fits the clock. */
#define SIM_PLAN_MS_MAX UINT64_C(3155760000000) /* 100 years */

/* ---- what vats do */

/* word, letter or word in a plan; those with an index are followed by a number. */
#define SIM_OPERANDS(X)                                                                            \
    X(IMPORT, "i", true, "an object of another vat's")                                             \
    X(EXPORT, "e", true, "an object of its own that it exported before")                           \
    X(PROMISE, "p", true, "an unresolved promise that somebody else decides")                      \
    X(DECIDED, "d", true, "an unresolved promise that it decides itself")                          \
    X(ARGUMENT, "a", true, "what came with this delivery")                                         \
    X(DEVICE, "dev", true, "a device node")                                                        \
    X(VAT, "v", true, "a vat that it created (by its id; vatAdmin only)")                          \
    X(METER, "m", true, "a meter that it created (by its id; vatAdmin only)")                      \
    X(NEW, "new", false, "a new object of its own")                                                \
    X(NEW_PROMISE, "newp", false, "a new promise of its own")                                      \
    X(RESULT, "r", false, "the result promise of this delivery")                                   \
    X(ROOT, "root", false, "its root object")

enum sim_operand_type {
#define SIM_OPERAND_ENUM(name, word, indexed, meaning) SIM_OPERAND_##name,
    SIM_OPERANDS(SIM_OPERAND_ENUM)
#undef SIM_OPERAND_ENUM
        SIM_OPERAND_TYPE_COUNT
};

struct sim_operand {
    enum sim_operand_type type;
    uint32_t index;
};

/* Families are what a generator switches off as a whole. */
enum sim_family {
    SIM_FAMILY_SEND,
    SIM_FAMILY_PROMISE,
    SIM_FAMILY_GC,
    SIM_FAMILY_STORE,
    SIM_FAMILY_COMPUTE,
    SIM_FAMILY_LIFE,    /* vats created, upgraded, terminated; exits */
    SIM_FAMILY_METER,   /* meters, and metering faults */
    SIM_FAMILY_ILLEGAL, /* what kills a vat */
    SIM_FAMILY_CLOCK,   /* what no deterministic vat does */
    SIM_FAMILY_STATE,   /* vats suspended and paused */
    SIM_FAMILY_COUNT
};

/* NAME, word, family, what it does. Operands and parameters (KEY=NUMBER, or a flag) follow the word. */
#define SIM_OPS(X)                                                                                 \
    X(SEND, "send", SEND, "send TARGET [ARG...] [result] [bytes=N]: a message")                    \
    X(RESOLVE, "resolve", PROMISE,                                                                 \
      "resolve PROMISE [VALUE...] [bytes=N]: fulfills what it decides")                            \
    X(REJECT, "reject", PROMISE, "reject PROMISE [VALUE...]: rejects what it decides")             \
    X(RESOLVE_ALL, "resolve-all", PROMISE,                                                         \
      "resolve-all: one syscall that settles all it decides, each with the next")                  \
    X(SUBSCRIBE, "subscribe", PROMISE, "subscribe PROMISE")                                        \
    X(HOLD, "hold", PROMISE, "hold: does not answer this message; decides its result later")       \
    X(DROP, "drop", GC, "drop IMPORT: dropImports")                                                \
    X(RETIRE, "retire", GC, "retire IMPORT: dropImports if need be, then retireImports")           \
    X(RETIRE_EXPORT, "retire-export", GC, "retire-export EXPORT: one that the kernel has dropped") \
    X(ABANDON, "abandon", GC, "abandon EXPORT: abandonExports")                                    \
    X(STORE_SET, "store-set", STORE, "store-set key=N [bytes=N]: vatstoreSet")                     \
    X(STORE_GET, "store-get", STORE, "store-get key=N: vatstoreGet")                               \
    X(STORE_DELETE, "store-delete", STORE, "store-delete key=N: vatstoreDelete")                   \
    X(STORE_SCAN, "store-scan", STORE,                                                             \
      "store-scan key=N: vatstoreGetNextKey from there to the end, 5 at most")                     \
    X(COMPUTE, "compute", COMPUTE, "compute n=N: costs N computrons")                              \
    X(CALL, "call", SEND, "call DEVICE [ARG...]: callNow of the method echo")                      \
    X(EXIT, "exit", LIFE, "exit [failure]: asks for its own termination")                          \
    X(CREATE_VAT, "create-vat", LIFE,                                                              \
      "create-vat PROGRAM [METER] [critical] [pipelining] [vatstore=completion] "                  \
      "[restart-critical] [pause-on-underflow] [suspend-on-fatal]: vatAdmin only")                 \
    X(UPGRADE_VAT, "upgrade-vat", LIFE, "upgrade-vat VAT PROGRAM: vatAdmin only")                  \
    X(TERMINATE_VAT, "terminate-vat", LIFE, "terminate-vat VAT: vatAdmin only")                    \
    X(CHANGE_OPTIONS, "change-options", LIFE, "change-options VAT reap-interval=N: vatAdmin only") \
    X(CREATE_METER, "create-meter", METER, "create-meter n=N [threshold=N]: vatAdmin only")        \
    X(ADD_METER, "add-meter", METER, "add-meter METER n=N: vatAdmin only")                         \
    X(OVERRUN, "overrun", METER,                                                                   \
      "overrun [stack | allocation]: the worker ends in a metering fault here")                    \
    X(FAIL, "fail", ILLEGAL, "fail: the delivery ends in an error here (fatal in startVat only)")  \
    X(ILLEGAL, "illegal", ILLEGAL, "illegal n=N: the N-th kind of illegal syscall")                \
    X(READ_CLOCK, "read-clock", CLOCK, "read-clock: stores the time of its own replica")           \
    X(SUSPEND_VAT, "suspend-vat", STATE, "suspend-vat VAT: vatAdmin only")                         \
    X(UNSUSPEND_VAT, "unsuspend-vat", STATE, "unsuspend-vat VAT: vatAdmin only")                   \
    X(PAUSE_VAT, "pause-vat", STATE, "pause-vat VAT: vatAdmin only")                               \
    X(RESUME_VAT, "resume-vat", STATE, "resume-vat VAT: vatAdmin only")

enum sim_op_type {
#define SIM_OP_ENUM(name, word, family, meaning) SIM_OP_##name,
    SIM_OPS(SIM_OP_ENUM)
#undef SIM_OP_ENUM
        SIM_OP_TYPE_COUNT
};

const char *sim_op_word(enum sim_op_type type);
enum sim_family sim_op_family(enum sim_op_type type);
const char *sim_family_word(enum sim_family family);

enum sim_overrun { SIM_OVERRUN_COMPUTE, SIM_OVERRUN_STACK, SIM_OVERRUN_ALLOCATION };

enum { SIM_OP_OPERANDS_MAX = 16 };

struct sim_op {
    enum sim_op_type type;
    uint32_t program;          /* CREATE_VAT, UPGRADE_VAT: an index of the plan's programs */
    bool result;               /* SEND: with a result promise */
    bool failure;              /* EXIT */
    bool critical, pipelining; /* CREATE_VAT */
    bool keeps_vatstore;       /* CREATE_VAT: vatstore=completion */
    bool restart_critical, pause_on_underflow, suspend_on_fatal; /* CREATE_VAT */
    enum sim_overrun overrun;
    uint64_t n; /* the parameter n, key, or reap-interval */
    uint64_t threshold;
    uint64_t bytes;               /* of padding in the message or value */
    struct sim_operand *operands; /* the target first, where there is one */
    size_t operand_count;
};

/* What is done in one delivery, one operation after the other. */
struct sim_turn {
    struct sim_op *ops;
    size_t op_count;
};

/* What a vat runs: its bundle. The n-th message or notify that an incarnation gets is answered by the n-th turn;
 * when there are no more turns, messages are answered with undefined. A message's result is fulfilled with undefined
 * at the end of its turn, unless the turn settled it or said `hold`. The host's message `finish` settles all
 * that the vat decides. */
struct sim_program {
    struct vk_str name;    /* [a-zA-Z][a-zA-Z0-9-]{0,31} */
    struct sim_turn start; /* in startVat */
    struct sim_turn boyd;  /* in each bringOutYourDead */
    struct sim_turn *turns;
    size_t turn_count;
};

/* ---- what the host does */

/* A static vat. The vat `vatAdmin` is there even if the plan does not name it. */
struct sim_static_vat {
    struct vk_str name;
    uint32_t program;
    bool critical, pipelining, suspend_on_fatal;
    bool keeps_vatstore;    /* vatstore=completion: in its worker, which hands changes over */
    uint64_t reap_interval; /* 0: the kernel's default; VK_UNLIMITED: never */
};

#define SIM_INPUTS(X)                                                                              \
    X(SEND, "send",                                                                                \
      "send VAT [bytes=N] [panic]: queueToVatRoot; panic: a rejection halts the kernel")           \
    X(FINISH, "finish", "finish VAT: queueToVatRoot of the method finish")                         \
    X(INSTALL, "install", "install n=N: a bundle of its own, whose contents nobody runs")          \
    X(PIN, "pin", "pin VAT: pinVatRoot")                                                           \
    X(TERMINATE, "terminate",                                                                      \
      "terminate (VAT | dynamic=N): terminateVat from outside; dynamic=N is modulo their number")  \
    X(TAKE_RESULTS, "take-results",                                                                \
      "take-results: kpResolution of every settled message of the host's")                         \
    X(REAP_ALL, "reap-all", "reap-all: reapAllVats")                                               \
    X(SNAPSHOT_ALL, "snapshot-all", "snapshot-all: snapshotAllVats")                               \
    X(UPGRADE_EVENTS, "upgrade-events", "upgrade-events: injectQueuedUpgradeEvents")               \
    X(CHANGE_OPTIONS, "change-options",                                                            \
      "change-options [reap-interval=N] [reap-gc-krefs=N] [snapshot-interval=N]")                  \
    X(POLICY, "policy",                                                                            \
      "policy [computrons=N] [cranks=N] [cleanup=N | no-cleanup]: from this block on")             \
    X(SUSPEND, "suspend", "suspend (VAT | dynamic=N): the vat's incarnation ends")                 \
    X(UNSUSPEND, "unsuspend", "unsuspend (VAT | dynamic=N): its next one starts")                  \
    X(PAUSE, "pause", "pause (VAT | dynamic=N): its deliveries wait")                              \
    X(RESUME, "resume", "resume (VAT | dynamic=N): and come")                                      \
    X(RESTART_ALL, "restart-all", "restart-all: every vat is suspended, static ones start at once")

enum sim_input_type {
#define SIM_INPUT_ENUM(name, word, meaning) SIM_INPUT_##name,
    SIM_INPUTS(SIM_INPUT_ENUM)
#undef SIM_INPUT_ENUM
        SIM_INPUT_TYPE_COUNT
};

const char *sim_input_word(enum sim_input_type type);

/* Limits of a block; VK_UNLIMITED: none. */
struct sim_policy {
    uint64_t computrons; /* the block ends when so many were spent */
    uint64_t cranks;
    uint64_t cleanup; /* budget of one clean-up crank; 0: clean-up is not allowed */
};

struct sim_input {
    enum sim_input_type type;
    uint32_t vat;   /* an index of the plan's static vats; SIM_NO_VAT for dynamic=n */
    bool panic;     /* SEND */
    uint64_t n;     /* INSTALL; those that may be of a dynamic vat */
    uint64_t bytes; /* SEND */
    bool set_reap_interval, set_reap_gc_krefs, set_snapshot_interval; /* CHANGE_OPTIONS */
    uint64_t reap_interval, reap_gc_krefs, snapshot_interval;
    struct sim_policy policy; /* POLICY */
};

#define SIM_NO_VAT UINT32_MAX

struct sim_block {
    uint64_t after_ms; /* since the block before */
    struct sim_input *inputs;
    size_t input_count;
};

/* ---- who runs it */

/* One validator. What is here may differ from replica to replica, and nothing of it may show. */
struct sim_replica_plan {
    uint32_t vats_online;  /* 0: SwingSet's 50 */
    uint32_t commit_every; /* blocks; at least 1 */
    uint32_t slowness;     /* latencies are so many times longer; at least 1 */
    bool no_preload;
    bool no_restart_after_snapshot;
    bool direct; /* VK_STORE_DIRECT, else write-back */
    bool frames; /* deliveries go through the worker protocol's frames, not only their contents */
};

struct sim_fault_plan {
    uint32_t replica; /* an index */
    struct fault fault;
};

struct sim_kernel_plan {
    uint64_t snapshot_initial, snapshot_interval; /* 0: SwingSet's defaults */
    uint64_t reap_interval, reap_gc_krefs;        /* 0: default, VK_UNLIMITED: never */
};

/* ---- what should become of it */

/* NAME, word, what it says. A run's outcome is exactly one of them. */
#define SIM_EXPECTATIONS(X)                                                                        \
    X(OK, "ok", "all holds")                                                                       \
    X(PANIC, "panic", "the kernel panics, the same way on every replica")                          \
    X(DIVERGENCE, "divergence", "replicas differ, as they were made to")                           \
    X(FAILURE, "failure", "an oracle's demand is not met")

enum sim_expect {
#define SIM_EXPECT_ENUM(name, word, meaning) SIM_EXPECT_##name,
    SIM_EXPECTATIONS(SIM_EXPECT_ENUM)
#undef SIM_EXPECT_ENUM
        SIM_EXPECT_COUNT
};

const char *sim_expect_word(enum sim_expect outcome);

/* The line `expect OUTCOME [after SIGNATURE]`, or `expect failure SIGNATURE`. A run takes no notice of it: it is for whoever
 * keeps the plan (corpus.h). */
struct sim_plan_expect {
    enum sim_expect outcome;
    struct vk_str
        signature; /* of the failure that is expected, or that there once was; or absent */
};

struct sim_plan {
    struct vk_arena arena; /* holds all that the plan points to */
    struct sim_plan_expect expect;
    bool has_seed;
    uint64_t seed; /* that it was generated from; the plan's own streams (power cuts) use it */
    struct sim_kernel_plan kernel;
    struct sim_policy policy;
    struct sim_program *programs;
    size_t program_count;
    struct sim_static_vat *vats; /* vatAdmin first */
    size_t vat_count;
    uint32_t
        bootstrap; /* which static vat is sent bootstrap(); holds then the roots of all static vats as imports in
                           the order of the plan, and its devices */
    struct sim_block *blocks;
    size_t block_count;
    struct sim_replica_plan *replicas;
    size_t replica_count; /* 1 ... SIM_REPLICAS_MAX */
    struct sim_fault_plan *faults;
    size_t fault_count;
    bool no_drain; /* do not bring the run to rest at its end */
};

/* Of all its programs. */
size_t sim_plan_operation_count(const struct sim_plan *plan);
/* Whether vats may be suspended or paused in it. */
bool sim_plan_has_states(const struct sim_plan *plan);
/* Whether it holds what SwingSet panics for: the end of a critical vat, a message that is to, a restart of all vats. */
bool sim_plan_may_panic(const struct sim_plan *plan);
/* Empty: one replica, vatAdmin alone, no blocks. */
enum vk_err sim_plan_init(struct sim_plan *plan, const struct vk_heap *heap) VK_MUST_CHECK;
void sim_plan_release(struct sim_plan *plan);

/* ---- text */

struct sim_plan_error {
    size_t line, column; /* from 1; 0: the file as a whole */
    char what[200];      /* "expected a vat's name, found 'x'" */
};

/* Reads a plan from its text (a NUL or anything else may be in it). VK_ERR_SYNTAX with *error set if it is none;
 * *plan is then empty and released. */
enum vk_err sim_plan_read(struct sim_plan *plan, const struct vk_heap *heap, struct vk_str text,
                          struct sim_plan_error *error) VK_MUST_CHECK;
/* The canonical text, in `arena`. */
enum vk_err sim_plan_write(const struct sim_plan *plan, struct vk_arena *arena, struct vk_str *text)
    VK_MUST_CHECK;

#endif
