/* results.c - see results.h. */
#include "results.h"

#include "results_copy.h"
#include "results_kept.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SAMPLES_MAX = 512 };
/* INV-RESULTS-5 */
enum { BUSY_MS = 100, BUSY_LAST_MS = 5000, RETRY_SECONDS = 1 };

struct kind {
    const char *word, *unit;
    bool has_totals;
};

static const struct kind *kind_of(enum report_results_kind kind) {
    static const struct kind kinds[] = {
#define KIND(name, word, unit, has_totals) {word, unit, has_totals},
        REPORT_RESULTS_KINDS(KIND)
#undef KIND
    };
    VK_ASSERT(kind < REPORT_RESULTS_KIND_COUNT); /* the X-macro has them all */
    return &kinds[kind];
}

const char *report_results_kind_word(enum report_results_kind kind) { return kind_of(kind)->word; }

const char *report_results_kind_unit(enum report_results_kind kind) { return kind_of(kind)->unit; }

bool report_results_kind_has_totals(enum report_results_kind kind) {
    return kind_of(kind)->has_totals;
}

const char *report_results_state_word(enum report_results_state state) {
    static const char *const words[] = {
        [REPORT_RESULTS_RUNNING] = "running",
        [REPORT_RESULTS_FINISHED] = "finished",
        [REPORT_RESULTS_INTERRUPTED] = "interrupted",
        [REPORT_RESULTS_FAILED] = "failed",
    };
    return words[state];
}

const char *report_plan_state_word(enum report_plan_state state) {
    static const char *const words[] = {
        [REPORT_PLAN_RUNNING] = "running",     [REPORT_PLAN_PASSED] = "passed",
        [REPORT_PLAN_DIFFERENT] = "different", [REPORT_PLAN_BAD] = "bad",
        [REPORT_PLAN_FAILED] = "failed",
    };
    return words[state];
}

void report_results_totals(struct sim_campaign_totals *totals, void *impl,
                           void (*each)(void *impl, const char *name, uint64_t *value)) {
    const struct {
        const char *name;
        uint64_t *value;
    } all[] = {
        {"seeds", &totals->seeds},
        {"failures", &totals->failures},
        {"panicked", &totals->panicked},
        {"diverged", &totals->diverged},
        {"halted", &totals->halted},
        {"points", &totals->points},
        {"cranks", &totals->cranks},
        {"deliveries", &totals->deliveries},
        {"syscalls", &totals->syscalls},
        {"in-flight", &totals->in_flight},
        {"aborted", &totals->aborted},
        {"terminated", &totals->terminated},
        {"all-cranks", &totals->all_cranks},
        {"starts", &totals->starts},
        {"crashes", &totals->crashes},
        {"commits", &totals->commits},
        {"simulated-ns", &totals->simulated_ns},
        {"features", &totals->covered},
        {"newest-feature-at", &totals->newest_feature_at},
        {"hash-low", &totals->hash.low},
        {"hash-high", &totals->hash.high},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        each(impl, all[i].name, all[i].value);
}

/* ---- transactions */

/* What is written at once. */
struct writing {
    const struct report_row *row;             /* or NULL */
    const struct sim_campaign_totals *totals; /* or NULL */
    const struct report_results_end *end;     /* or NULL */
    double seconds;                           /* of totals and sample */
    bool sample, thin_out;
};

static bool is_done(sqlite3 *db, const char *sql) {
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

static bool write_all(sqlite3 *db, const struct writing *writing, uint64_t unwritten) {
    double seconds = writing->seconds;
    return (!writing->row || report_row_write(db, writing->row)) &&
           (!writing->totals || report_rows_totals(db, writing->totals, seconds, unwritten)) &&
           (!writing->sample || report_rows_sample(db, writing->totals, seconds)) &&
           (!writing->thin_out || report_rows_thin_out(db)) &&
           (!writing->end || report_rows_end(db, writing->end));
}

static enum vk_err open_database(const char *path, int flags, int busy_ms, sqlite3 **db) {
    int code = sqlite3_open_v2(path, db, SQLITE_OPEN_READWRITE | flags, NULL);
    if (code == SQLITE_OK) code = sqlite3_busy_timeout(*db, busy_ms);
    if (code == SQLITE_OK) return VK_OK;
    enum vk_err err = VK_RAISE(VK_ERR_DISK, "%s: %s", path, sqlite3_errstr(code));
    sqlite3_close(*db);
    *db = NULL;
    return err;
}

/* INV-RESULTS-1 and -3: what was written is there when this returns VK_OK, or nothing of it is. */
static enum vk_err commit(struct report_results *results, const struct writing *writing,
                          int busy_ms) {
    sqlite3 *db;
    results->is_locked = false;
    VK_TRY(open_database(results->path, 0, busy_ms, &db));
    bool ok = is_done(db, "BEGIN IMMEDIATE") &&
              write_all(db, writing, report_results_unwritten(results)) && is_done(db, "COMMIT");
    results->is_locked = !ok && sqlite3_errcode(db) == SQLITE_BUSY;
    enum vk_err err =
        ok ? VK_OK : VK_RAISE(VK_ERR_DISK, "%s: %s", results->path, sqlite3_errmsg(db));
    sqlite3_close(db); /* rolls back what was not committed */
    return err;
}

static enum vk_err try(struct report_results *results, const struct writing *writing, int busy_ms) {
    enum vk_err err = commit(results, writing, busy_ms);
    if (err == VK_OK) return VK_OK;
    results->retry_seconds = report_stopwatch_seconds(&results->watch) + RETRY_SECONDS;
    snprintf(results->error, sizeof results->error, "%s", vk_err_origin()->text);
    return err;
}

/* ---- what could not be written */

uint64_t report_results_unwritten(const struct report_results *results) {
    return results->kept.count + results->lost;
}

uint64_t report_results_unwritten_failures(const struct report_results *results) {
    uint64_t count = results->failures_lost;
    for (const struct report_results_kept *kept = results->kept.first; kept; kept = kept->next)
        count += kept->row.kind == REPORT_ROW_FAILURE;
    return count;
}

static void keep(struct report_results *results, const struct report_row *row) {
    if (report_results_kept_add(&results->kept, row)) return;
    results->lost++;
    results->failures_lost += row->kind == REPORT_ROW_FAILURE;
}

/* INV-RESULTS-4: as many as can be. VK_OK: others may follow. */
static enum vk_err write_kept(struct report_results *results, int busy_ms) {
    struct report_results_kept **at = &results->kept.first;
    while (*at) {
        const struct writing writing = {.row = &(*at)->row};
        enum vk_err err = try(results, &writing, busy_ms);
        bool may_pass = writing.row->kind == REPORT_ROW_TIMELINE && !results->is_locked;
        if (err != VK_OK && !may_pass) return err;
        if (err == VK_OK)
            report_results_kept_remove(&results->kept, at);
        else
            at = &(*at)->next;
    }
    return VK_OK;
}

static bool is_to_be_tried(const struct report_results *results) {
    return report_stopwatch_seconds(&results->watch) >= results->retry_seconds;
}

static enum vk_err put(struct report_results *results, const struct writing *writing) {
    enum vk_err err = is_to_be_tried(results) ? write_kept(results, BUSY_MS)
                                              : VK_RAISE(VK_ERR_DISK, "%s", results->error);
    if (err == VK_OK) err = try(results, writing, BUSY_MS);
    if (err != VK_OK && writing->row) keep(results, writing->row);
    return err;
}

/* ---- making one */

enum vk_err report_results_create(struct report_results *results, const char *path,
                                  const struct report_results_begin *begins) {
    sqlite3 *db;
    *results = (struct report_results){.path = path, .sample_every_seconds = 1};
    report_stopwatch_start(&results->watch);
    int made = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (made < 0 && errno == EEXIST)
        return VK_RAISE(VK_ERR_USAGE, "%s: is there already, and may hold results", path);
    if (made < 0) return VK_RAISE(VK_ERR_DISK, "%s: %s", path, strerror(errno));
    close(made); /* of two that make it at once, this one has */
    enum vk_err err = open_database(path, 0, BUSY_LAST_MS, &db);
    if (err == VK_OK &&
        !(is_done(db, "BEGIN IMMEDIATE") && report_rows_begin(db, begins) && is_done(db, "COMMIT")))
        err = VK_RAISE(VK_ERR_DISK, "%s: %s", path, sqlite3_errmsg(db));
    sqlite3_close(db);
    if (err != VK_OK) remove(path);
    return err;
}

/* ---- what was found */

enum vk_err report_results_failure(struct report_results *results,
                                   const struct report_failure *report) {
    const struct report_row row = {
        .kind = REPORT_ROW_FAILURE,
        .id = ++results->failures,
        .plan = results->plan,
        .seconds = report_stopwatch_seconds(&results->watch),
        .name = report->name,
        .found = *report->failure,
        .reproduce = report->reproduce,
        .path = report->plan,
    };
    const struct writing writing = {.row = &row};
    uint64_t lost = results->failures_lost;
    enum vk_err err = put(results, &writing);
    results->failure = results->failures_lost == lost ? row.id : 0;
    return err;
}

enum vk_err report_results_in_turn(struct report_results *results,
                                   const struct report_failure *report, uint64_t failure) {
    results->failure = failure;
    if (failure == 0 || failure == ++results->in_turn) return VK_OK;
    results->failure = results->in_turn;
    const struct report_row row = {.kind = REPORT_ROW_TURN,
                                   .id = results->in_turn,
                                   .name = report->name,
                                   .found = *report->failure};
    const struct writing writing = {.row = &row};
    return put(results, &writing);
}

enum vk_err report_results_timeline(struct report_results *results,
                                    const struct report_results_run *run) {
    const struct report_row row = {.kind = REPORT_ROW_TIMELINE,
                                   .id = ++results->timelines,
                                   .failure = run->failure,
                                   .name = run->name,
                                   .json = run->json,
                                   .difference = run->difference};
    const struct writing writing = {.row = &row};
    return put(results, &writing);
}

/* A night has as many samples as a minute: when there are too many, every other one goes. */
enum vk_err report_results_progress(struct report_results *results,
                                    const struct sim_campaign_totals *totals) {
    double seconds = report_stopwatch_seconds(&results->watch);
    const struct writing writing = {.totals = totals,
                                    .seconds = seconds,
                                    .sample = true,
                                    .thin_out = results->samples + 1 >= SAMPLES_MAX};
    if (seconds < results->next_sample_seconds)
        return results->kept.count && is_to_be_tried(results) ? write_kept(results, BUSY_MS)
                                                              : VK_OK;
    results->next_sample_seconds = seconds + results->sample_every_seconds;
    VK_TRY(put(results, &writing));
    results->samples++;
    if (writing.thin_out) {
        results->samples /= 2;
        results->sample_every_seconds *= 2;
    }
    return VK_OK;
}

/* ---- plans */

static enum vk_err put_plan(struct report_results *results, const struct report_row *row,
                            const struct sim_campaign_totals *totals) {
    const struct writing writing = {
        .row = row, .totals = totals, .seconds = report_stopwatch_seconds(&results->watch)};
    return put(results, &writing);
}

enum vk_err report_results_plan_begins(struct report_results *results, const char *name) {
    results->plan = ++results->plans;
    const struct report_row row = {
        .kind = REPORT_ROW_PLAN, .id = results->plan, .name = name, .state = REPORT_PLAN_RUNNING};
    return put_plan(results, &row, NULL);
}

enum vk_err report_results_plan_ends(struct report_results *results, enum report_plan_state state,
                                     double seconds, const char *error,
                                     const struct sim_campaign_totals *totals) {
    const struct report_row row = {.kind = REPORT_ROW_PLAN_STATE,
                                   .id = results->plan,
                                   .state = state,
                                   .seconds = seconds,
                                   .error = error};
    results->plan = 0;
    return put_plan(results, &row, totals);
}

enum vk_err report_results_plan(struct report_results *results, const char *name,
                                enum report_plan_state state, double seconds, const char *error) {
    const struct report_row row = {.kind = REPORT_ROW_PLAN,
                                   .id = ++results->plans,
                                   .name = name,
                                   .state = state,
                                   .seconds = seconds,
                                   .error = error};
    return put_plan(results, &row, NULL);
}

/* ---- the end */

enum vk_err report_results_end(struct report_results *results,
                               const struct report_results_end *ends) {
    results->end_seconds = report_stopwatch_seconds(&results->watch);
    const struct writing writing = {
        .totals = ends->totals, .end = ends, .seconds = results->end_seconds, .sample = true};
    enum vk_err err = write_kept(results, BUSY_LAST_MS);
    enum vk_err ended = try(results, &writing, BUSY_LAST_MS);
    results->has_end = ended == VK_OK;
    if (err != VK_OK) return err;
    if (ended != VK_OK) return ended;
    return report_results_unwritten(results) ? VK_RAISE(VK_ERR_DISK, "%s", results->error) : VK_OK;
}

/* As if there had been room, and nobody else. */
static bool complete(const struct report_results *results, sqlite3 *copy,
                     const struct report_results_end *ends) {
    const struct writing end = {.totals = ends->totals,
                                .end = ends,
                                .seconds = results->end_seconds,
                                .sample = !results->has_end};
    bool ok = is_done(copy, "BEGIN");
    for (const struct report_results_kept *kept = results->kept.first; ok && kept;
         kept = kept->next)
        ok = report_row_write(copy, &kept->row);
    return ok && write_all(copy, &end, results->lost) && is_done(copy, "COMMIT");
}

static bool copy_database(sqlite3 *from, sqlite3 *to) {
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
    if (!backup) return false;
    sqlite3_backup_step(backup, -1);
    return sqlite3_backup_finish(backup) == SQLITE_OK;
}

enum vk_err report_results_copy(const struct report_results *results,
                                const struct report_results_end *ends, sqlite3 **copy) {
    sqlite3 *file;
    VK_TRY(open_database(results->path, 0, BUSY_LAST_MS, &file));
    enum vk_err err = open_database(":memory:", SQLITE_OPEN_MEMORY, 0, copy);
    if (err == VK_OK && !(copy_database(file, *copy) && complete(results, *copy, ends))) {
        err = VK_RAISE(VK_ERR_DISK, "%s: %s", results->path, sqlite3_errmsg(*copy));
        sqlite3_close(*copy);
    }
    sqlite3_close(file);
    return err;
}

void report_results_release(struct report_results *results) {
    report_results_kept_clear(&results->kept);
}
