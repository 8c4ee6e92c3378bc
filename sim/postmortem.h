/* postmortem.h - what a slog and a database say about how a kernel ended: which crank and which delivery had begun,
 * what the vat had asked for by then, and why the kernel halted.
 *
 * A slog is a flight recorder's ring, or lines of JSON in whatever compression.
 *
 * INV-POSTMORTEM-1  Of a slog of any length no more than one crank is kept in memory.
 * INV-POSTMORTEM-2  The files are only read.
 */
#ifndef SIM_POSTMORTEM_H
#define SIM_POSTMORTEM_H

#include "array.h"
#include "vk/json.h"
#include "vk/store.h"

struct sim_postmortem_syscall {
    struct vk_str name; /* "vatstoreSet" */
    struct vk_str
        json; /* in krefs; as the vat made it where it could not be translated, or from a flight recorder */
    struct vk_str
        target; /* whom it is sent to, a kref, where `json` does not say it; else absent */
    struct vk_str result; /* absent: it was never answered */
};

enum sim_postmortem_end {
    SIM_POSTMORTEM_NOTHING, /* a kernel was opened after the last crank, and has run none */
    SIM_POSTMORTEM_AT_REST, /* the last crank finished, and the kernel did not halt */
    SIM_POSTMORTEM_UNKNOWN, /* one of these two as far as the slog goes, but it is cut off there */
    SIM_POSTMORTEM_CUT_SHORT, /* a crank never finished, and nobody noted why: the process was ended from outside */
    SIM_POSTMORTEM_PANIC,      /* the kernel's own decision: VK_ERR_PANIC */
    SIM_POSTMORTEM_ASSERTION,  /* a failed assertion */
    SIM_POSTMORTEM_HOST_FAILED /* an error of the host's: disk, memory, worker */
};

/* Of the slog as a whole, as log_scan.h has it: of its lines the last may be torn, and others no entries. */
struct sim_postmortem_log {
    uint64_t entries;
    bool names_crank; /* any */
    bool is_cut;      /* off after line `lines`: the file ends too early */
    size_t lines;
    uint64_t unreadable; /* lines, the first of which is */
    size_t first_unreadable;
};

struct sim_postmortem {
    enum sim_postmortem_end end;
    struct sim_postmortem_log log;
    /* the newest crank */
    bool has_crank, crank_finished;
    bool restarted; /* a kernel was opened since, and has run none */
    uint64_t crank;
    struct vk_str crank_type, message_type, message; /* "delivery", "send", the event's JSON */
    /* its newest delivery */
    bool has_delivery, delivery_finished;
    struct vk_str vat; /* "v12" */
    uint64_t delivery;
    struct vk_str dispatch;
    struct vk_str made;                   /* in krefs; from a flight recorder as the vat gets it */
    struct vk_str target, method, result; /* of a message; method absent: it has no name */
    struct {
        SIM_ARRAY(struct sim_postmortem_syscall);
    } syscalls; /* of that delivery, as far as the slog goes back */
    uint64_t syscalls_made;
    /* why it halted */
    struct vk_str error, what, file;
    uint64_t line;
    struct vk_str source; /* that line of the source, where it is at hand; else absent */
    /* from the database */
    bool has_state;
    uint64_t next_crank;    /* that a kernel opened on it would run */
    struct vk_str vat_name; /* absent: it has none */
    struct vk_arena arena;  /* holds the texts */
};

struct sim_postmortem_error {
    size_t line, column; /* 0: the file as a whole */
    char what[256];
};

void sim_postmortem_init(struct sim_postmortem *postmortem);
void sim_postmortem_release(struct sim_postmortem *postmortem);
/* Reads a slog. VK_ERR_SYNTAX or VK_ERR_DISK with *error set when it is none, or names no crank and no end. */
enum vk_err sim_postmortem_read_slog(struct sim_postmortem *postmortem, const char *path,
                                     struct sim_postmortem_error *error) VK_MUST_CHECK;
/* The same of a flight recorder's ring, in memory. */
enum vk_err sim_postmortem_read_ring(struct sim_postmortem *postmortem, struct vk_str ring,
                                     struct sim_postmortem_error *error) VK_MUST_CHECK;
/* Reads what the database knows of it, after the slog. */
enum vk_err sim_postmortem_read_state(struct sim_postmortem *postmortem, const char *path)
    VK_MUST_CHECK;
/* Whether the crank is one that the database has behind it: the slog is of an earlier life. */
bool sim_postmortem_is_past(const struct sim_postmortem *postmortem);

#endif
