/* plan_notes.h - what a plan's file says for people, in comments in front of the plan: where it comes from, how it failed, how
 * small it was made, what is expected of it.
 *
 * A note is a line "# LABEL: TEXT". What else stands there is kept as it is.
 *
 *     # Origin: crankcase run --seed 42 (crankcase 0.1.0)
 *     # Failed: rollback/send/v*.vs.*
 *     crankcase-plan 1
 *     expect ok after rollback/send/v*.vs.*
 */
#ifndef SIM_PLAN_NOTES_H
#define SIM_PLAN_NOTES_H

#include "plan.h"

/* NAME, label. */
#define SIM_NOTES(X)                                                                               \
    X(ORIGIN, "Origin")           /* the command that made it, and which crankcase's */            \
    X(FAILED, "Failed")           /* a failure's signature, */                                     \
    X(SEEN, "Seen")               /* and what there was to see */                                  \
    X(SHRUNK_FROM, "Shrunk from") /* lines, and the plan's digest */                               \
    X(SHRUNK_TO, "Shrunk to")                                                                      \
    X(EXPECTED, "Expected")

enum sim_note {
#define SIM_NOTE_ENUM(name, label) SIM_NOTE_##name,
    SIM_NOTES(SIM_NOTE_ENUM)
#undef SIM_NOTE_ENUM
        SIM_NOTE_COUNT
};

/* The comments in front of a plan's text, newlines included. */
struct vk_str sim_notes_of(struct vk_str text);
/* What a note among them says; absent: there is none. */
struct vk_str sim_note_find(struct vk_str notes, enum sim_note note);
/* Adds what else stands there, then every note in the order above: what `says` has for it (the first line of that), or, where
 * that is absent, what there was. */
void sim_notes_add(struct vk_buf *buf, struct vk_str notes,
                   const struct vk_str says[SIM_NOTE_COUNT]);
/* Ends the notes: adds the plan, of which `outcome` is expected after a failure with this signature. */
enum vk_err sim_notes_end(struct vk_buf *buf, const struct sim_plan *plan, enum sim_expect outcome,
                          const char *signature, struct vk_str *text) VK_MUST_CHECK;

#endif
