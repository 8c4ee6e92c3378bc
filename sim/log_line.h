/* log_line.h - one line of a slog or of a recording, taken apart only as far as is asked for.
 *
 * Gigabytes of them are looked at, so that nothing here builds a tree or allocates: of an object the members are
 * found, and their values left as they stand.
 *
 * INV-LOG-LINE-1  Looking at a line never reads beyond it, whatever is in it.
 *
 * It does not check that a value is well-formed JSON; who needs what is in it parses it (vk/json.h).
 */
#ifndef SIM_LOG_LINE_H
#define SIM_LOG_LINE_H

#include "vk/str.h"

/* NAME, the word of a recording's line, the type of a slog entry, whether every node writes it alike in a crank. */
#define SIM_LOG_KINDS(X)                                                                           \
    X(SET, "set", NULL, true)                                                                      \
    X(DEL, "del", NULL, true)                                                                      \
    X(START_CRANK, "startCrank", NULL, true)                                                       \
    X(END_CRANK, "endCrank", NULL, true)                                                           \
    X(SAVEPOINT, "savepoint", NULL, true)                                                          \
    X(ROLLBACK, "rollback", NULL, true)                                                            \
    X(EMIT, "emit", NULL, true)                                                                    \
    X(TRANSCRIPT_ITEM, "titem", NULL, true)                                                        \
    X(TRANSCRIPT_INIT, "tinit", NULL, true)                                                        \
    X(TRANSCRIPT_SPAN, "tspan", NULL, true)                                                        \
    X(TRANSCRIPT_INCARNATION, "tinc", NULL, true)                                                  \
    X(TRANSCRIPT_STOP, "tstop", NULL, true)                                                        \
    X(TRANSCRIPT_DELETE, "tdel", NULL, true)                                                       \
    X(BUNDLE, "bundle", NULL, true)                                                                \
    X(BUNDLE_DELETE, "bundledel", NULL, true)                                                      \
    X(COMMIT, "commit", "cosmic-swingset-commit-block-finish", false)                              \
    X(CLOSE, "close", NULL, false)                                                                 \
    X(CRANK_START, NULL, "crank-start", true)                                                      \
    X(CRANK_FINISH, NULL, "crank-finish", true)                                                    \
    X(DELIVER, NULL, "deliver", true)                                                              \
    X(DELIVER_RESULT, NULL, "deliver-result", true)                                                \
    X(SYSCALL, NULL, "syscall", true)                                                              \
    X(SYSCALL_RESULT, NULL, "syscall-result", true)                                                \
    X(CLIST, NULL, "clist", true)                                                                  \
    X(TERMINATE, NULL, "terminate", true)                                                          \
    X(CLEANUP, NULL, "vat-cleanup", true)                                                          \
    X(CLEANUP_COMPLETE, NULL, "vat-cleanup-complete", true)                                        \
    X(DIRECTIVE, NULL, "directive", true)                                                          \
    X(BLOCK, NULL, "cosmic-swingset-begin-block", false)                                           \
    X(START_REPLAY, NULL, "start-replay", false)                                                   \
    X(SNAPSHOT_SAVE, NULL, "heap-snapshot-save", false)                                            \
    X(SNAPSHOT_LOAD, NULL, "heap-snapshot-load", false)                                            \
    X(KERNEL_IMPORT, NULL, "import-kernel-start", false)                                           \
    X(KERNEL_RESTART, NULL, "kernel-restart", false)                                               \
    X(KERNEL_START, NULL, "kernel-start", false)                                                   \
    X(KERNEL_HALT, NULL, "kernel-halt", false)                                                     \
    X(FAULT, NULL, "fault", false)

enum sim_log_kind {
    SIM_LOG_UNREADABLE, /* no object with a type */
    SIM_LOG_OTHER,      /* of a type that is not in the list */
#define SIM_LOG_ENUM(name, word, type, alike) SIM_LOG_##name,
    SIM_LOG_KINDS(SIM_LOG_ENUM)
#undef SIM_LOG_ENUM
        SIM_LOG_KIND_COUNT
};

/* What a line is; *is_recording whether it is a recording's. An entry of a worker that was brought online again
 * ("replay":true) is OTHER. */
enum sim_log_kind sim_log_kind(struct vk_str line, bool *is_recording);
/* Whether every node that runs the same cranks has the same lines of this kind in them. */
bool sim_log_is_alike(enum sim_log_kind kind);
/* Whether it is a line about the store, and not one of the slog. */
bool sim_log_is_of_store(enum sim_log_kind kind);

/* The members of an object, or the elements of an array (which have no names). */
struct sim_log_member {
    struct vk_str name; /* as it stands between its quotes */
    struct vk_str raw;  /* its JSON */
};
struct sim_log_walk {
    struct vk_str rest;
    char end; /* what closes it; 0: it is over */
};
/* Begins with an object's or an array's JSON. */
void sim_log_walk_begin(struct sim_log_walk *walk, struct vk_str json);
bool sim_log_walk_next(struct sim_log_walk *walk, struct sim_log_member *member);

/* The JSON of a member of the line's object, or VK_STR_NONE. */
struct vk_str sim_log_get(struct vk_str line, const char *name);
/* The n-th element of an array, or VK_STR_NONE. */
struct vk_str sim_log_at(struct vk_str json, size_t n);
/* What is between a string's quotes, or VK_STR_NONE if it is none. */
struct vk_str sim_log_text(struct vk_str json);
/* A count, as a number or in quotes. */
bool sim_log_count(struct vk_str json, uint64_t *out);

#endif
