/* slog_told.h - what a host knows of its run and no slog shows, as a file: a line for each.
 *
 *     workers: b0-4a... b0-77...            # the bundles that the workers of new vats run on
 *     crank-31: options snapshot-interval=1000 reap-interval=10 reap-gc-krefs=never
 *     crank-31: options                     # a change of the kernel's options that changed none
 *     crank-31: pin ko21                    # pinVatRoot
 *     crank-31: take kp40                   # kpResolution; take-only: without references to its slots
 *     crank-31: wait-for kp41               # kpRegisterInterest
 *     crank-23 call-1: set KEY "VALUE"      # what the device did that is called first in crank 23 (vatAdmin is none):
 *     crank-23 call-1: delete KEY           #     its vatstore,
 *     crank-23 call-1: state {"body":...}   #     its state
 *
 * What stands before crank N the host did right before it, in the file's order, and before the messages that it queued
 * there. Values are JSON, with blanks and '#' as \u0020 and \u0023.
 *
 * INV-SLOG-TOLD-1  A file is taken as a whole or not at all, and before anything is run.
 */
#ifndef SIM_SLOG_TOLD_H
#define SIM_SLOG_TOLD_H

#include "host_step.h"
#include "plan_lex.h"

struct sim_told_step {
    uint64_t crank;
    struct sim_host_step step;
};

enum sim_told_write { SIM_TOLD_SET, SIM_TOLD_DELETE, SIM_TOLD_STATE };

struct sim_told_device {
    uint64_t crank, call; /* from 1 */
    enum sim_told_write type;
    struct vk_str key, value;
};

struct sim_slog_told {
    struct vk_arena arena; /* holds all texts */
    struct vk_str workers; /* JSON, or absent */
    struct {
        SIM_ARRAY(struct sim_told_step);
    } steps;
    struct {
        SIM_ARRAY(struct sim_told_device);
    } devices;
};

/* Nothing is told. */
void sim_slog_told_init(struct sim_slog_told *told);
void sim_slog_told_release(struct sim_slog_told *told);
/* VK_ERR_SYNTAX with *error set if the text is no such file. */
enum vk_err sim_slog_told_read(struct sim_slog_told *told, struct vk_str text,
                               struct sim_plan_error *error) VK_MUST_CHECK;

#endif
