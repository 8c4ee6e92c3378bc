/* log_scan.h - a slog or a recording as the chain of its cranks: of each its hashes and where it stands, in one pass.
 *
 * A node that restarts runs again what it had not committed, and logs it again. The later account replaces the
 * earlier one, up to the last commit that the log shows:
 *
 *     line      crank 7  8  9  commit  10  11  (killed)  10  11  12
 *     handed out      7  8  9                            10  11  12
 *
 * INV-LOG-SCAN-1  Cranks come in ascending order, each once.
 * INV-LOG-SCAN-2  Memory does not grow with the log: cranks that could still be replaced are at most
 *                 LOG_SCAN_WINDOW; beyond that the oldest counts as committed.
 * INV-LOG-SCAN-3  Digests depend on what every node logs alike: never on times, process facts, workers that were
 *                 brought online again, or entries of unknown types.
 */
#ifndef SIM_LOG_SCAN_H
#define SIM_LOG_SCAN_H

#include "log_file.h"
#include "vk/store.h"

enum { LOG_SCAN_WINDOW = 32768, LOG_EVENTS_MAX = 256, LOG_EVENT_TEXT = 160 };

/* A crank, or a call of the host's that emitted hashes of its own. */
struct sim_log_unit {
    uint64_t number;  /* of the crank; a host call: of the crank after it */
    uint32_t ordinal; /* host calls before the same crank: 0, 1 ...; the crank: UINT32_MAX */
    bool has_writes, has_entries;
    char crankhash[VK_HASH_HEX], activityhash[VK_HASH_HEX]; /* "" if the log has none */
    uint64_t entries, writes, locals;                       /* digests */
    size_t begin, end; /* lines; what the host did since the crank before is in it */
};

/* What befell the node beside its cranks: what another may not have seen. */
struct sim_log_event {
    size_t line;
    uint64_t before; /* the crank that came next or was being run */
    bool in_crank;
    bool is_fault;
    char vat[24];              /* "" if it is about no vat */
    char text[LOG_EVENT_TEXT]; /* "worker-dies-idle struck v7" */
};

struct sim_log_facts {
    uint64_t cranks, restarts, repeated; /* repeated: cranks that were replaced */
    uint64_t unreadable;                 /* lines */
    size_t first_unreadable;
    bool is_recording;
    bool is_cut;                                 /* the file ends too early */
    bool ends_in_crank;                          /* that never finished */
    bool went_back_far;                          /* behind a commit, or further than the window */
    struct sim_log_event events[LOG_EVENTS_MAX]; /* the newest, a ring */
    uint64_t event_count;                        /* ever */
};

struct sim_log_scan;

/* `path` must outlive the scan. Fails as sim_log_file_open does. */
enum vk_err sim_log_scan_open(const char *path, struct sim_log_scan **out,
                              struct sim_input_error *error) VK_MUST_CHECK;
/* The next unit; *more false at the end. VK_ERR_SYNTAX if it is no log at all. */
enum vk_err sim_log_scan_next(struct sim_log_scan *scan, struct sim_log_unit *unit, bool *more,
                              struct sim_input_error *error) VK_MUST_CHECK;
const struct sim_log_facts *sim_log_scan_facts(const struct sim_log_scan *scan);
const struct sim_log_file *sim_log_scan_file(const struct sim_log_scan *scan);
/* NULL is allowed. */
void sim_log_scan_close(struct sim_log_scan *scan);

/* Before, the same, or after: by number and ordinal. */
int sim_log_unit_cmp(const struct sim_log_unit *a, const struct sim_log_unit *b);
bool sim_log_unit_is_crank(const struct sim_log_unit *unit);

#endif
