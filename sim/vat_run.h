/* vat_run.h - one delivery in the hands of a simulated vat: what vat_program.c, vat_syscalls.c, vat_ops.c and
 * vat_illegal.c share. */
#ifndef SIM_VAT_RUN_H
#define SIM_VAT_RUN_H

#include "vat_program.h"

struct sim_run {
    struct sim_vat *vat;
    struct vk_arena *arena;
    struct sim_vat_delivery *delivery;
    /* What came with it, in the order in which operands see it. */
    struct sim_ref *arguments;
    size_t argument_count;
    struct sim_ref result;
    bool result_open; /* there is one, and it is not settled yet */
    bool result_held; /* nor is it to be at the end of the turn */
    bool is_fatal; /* an error in this delivery is the vat's end: startVat and bringOutYourDead */
    bool ended;    /* nothing more is done in this delivery */
};

/* ---- vat_syscalls.c: making syscalls. Each is counted and paid for; *result (may be NULL) is the kernel's
 * answer. If the kernel refuses one but callNow, the delivery is over (run->ended). A vat that keeps its vatstore
 * itself does not wait for a syscall without an answer, and learns of no refusal. */
bool sim_waits_for(const struct sim_run *run, enum vk_syscall_type type);

/* Arguments or a value: a method if it is not absent, then slots and padding. */
struct sim_content {
    struct vk_str method;
    const struct sim_ref *slots;
    size_t slot_count;
    uint64_t padding_bytes;
};

/* ["say",["$0...","&1","xxx"]] */
enum vk_err sim_content_methargs(struct sim_run *run, const struct sim_content *content,
                                 struct vk_capdata *out) VK_MUST_CHECK;
/* undefined; a single object; or an array. Never a bare promise. */
enum vk_err sim_content_value(struct sim_run *run, const struct sim_content *content,
                              struct vk_capdata *out) VK_MUST_CHECK;

enum vk_err sim_make_syscall(struct sim_run *run, struct vk_syscall *syscall,
                             struct vk_syscall_result *result) VK_MUST_CHECK;
enum vk_err sim_make_send(struct sim_run *run, struct sim_ref target,
                          const struct sim_content *content, const struct sim_ref *result)
    VK_MUST_CHECK;
enum vk_err sim_make_call(struct sim_run *run, struct sim_ref device, const char *method,
                          const struct vk_capdata *args, struct vk_syscall_result *result)
    VK_MUST_CHECK;
enum vk_err sim_make_vrefs(struct sim_run *run, enum vk_syscall_type type,
                           const struct sim_ref *refs, size_t count) VK_MUST_CHECK;
/* `value` absent but for vatstoreSet. No syscall, and an answer like one's, if the vat keeps its vatstore itself. */
enum vk_err sim_make_vatstore(struct sim_run *run, enum vk_syscall_type type, struct vk_str key,
                              struct vk_str value, struct vk_syscall_result *result) VK_MUST_CHECK;
/* Asks the kernel for all of the vat's vatstore. */
enum vk_err sim_fill_store(struct sim_run *run) VK_MUST_CHECK;
/* Fulfills the promises, which the vat decides, each with undefined, or with a reference to the next. */
enum vk_err sim_make_resolve_all(struct sim_run *run, const struct sim_ref *promises, size_t count,
                                 bool with_next) VK_MUST_CHECK;
enum vk_err sim_make_resolve(struct sim_run *run, struct sim_ref promise, bool rejected,
                             const struct vk_capdata *data) VK_MUST_CHECK;
enum vk_err sim_ref_copy(struct sim_run *run, struct sim_ref ref, struct vk_str *out) VK_MUST_CHECK;
/* What a vat says when it is asked why. */
struct vk_capdata sim_error_value(void);

/* ---- vat_ops.c */

/* Carries out the operations of a turn until the delivery ends. */
enum vk_err sim_run_turn(struct sim_run *run, const struct sim_turn *turn) VK_MUST_CHECK;
/* Takes in the slots of what a device answered. */
enum vk_err sim_receive_slots(struct sim_run *run, const struct vk_capdata *data) VK_MUST_CHECK;

/* ---- vat_admin_ops.c: what vatAdmin does with its device. *done false: skipped. */
enum vk_err sim_admin_op(struct sim_run *run, const struct sim_op *op, bool *done) VK_MUST_CHECK;

/* ---- vat_illegal.c */
enum vk_err sim_make_illegal(struct sim_run *run, uint64_t kind) VK_MUST_CHECK;

#endif
