/* results.c - see results.h. */
#include "results.h"

#include "embedded.h"
#include "statement.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SAMPLES_MAX = 512, BUSY_MS = 5000 };

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

/* ---- connections */

static enum vk_err open_database(const char *path, sqlite3 **db) {
    int code = sqlite3_open_v2(path, db, SQLITE_OPEN_READWRITE, NULL);
    if (code == SQLITE_OK) code = sqlite3_busy_timeout(*db, BUSY_MS);
    if (code == SQLITE_OK) return VK_OK;
    enum vk_err err = VK_RAISE(VK_ERR_DISK, "%s: %s", path, sqlite3_errstr(code));
    sqlite3_close(*db);
    *db = NULL;
    return err;
}

static enum vk_err begin_alone(const struct report_results *results, sqlite3 **db) {
    VK_TRY(open_database(results->path, db));
    if (sqlite3_exec(*db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK) return VK_OK;
    enum vk_err err = VK_RAISE(VK_ERR_DISK, "%s: %s", results->path, sqlite3_errmsg(*db));
    sqlite3_close(*db);
    return err;
}

/* INV-RESULTS-1 and -3: what was written in the statement is there when this returns VK_OK, or nothing of it is. */
static enum vk_err end_alone(const struct report_results *results, sqlite3 *db, bool is_written) {
    is_written = is_written && sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK;
    enum vk_err err =
        is_written ? VK_OK : VK_RAISE(VK_ERR_DISK, "%s: %s", results->path, sqlite3_errmsg(db));
    sqlite3_close(db); /* rolls back what was not committed */
    return err;
}

static enum vk_err end(struct report_results *results, sqlite3 *db, bool is_written) {
    enum vk_err err = end_alone(results, db, is_written);
    results->unwritten += err != VK_OK;
    return err;
}

static enum vk_err not_begun(struct report_results *results, enum vk_err err) {
    results->unwritten++;
    return err;
}

/* ---- failures, and those that there was no room for */

/* More than that would fill the memory, too. */
enum { KEPT_MAX = 10000 };

struct report_results_kept {
    struct report_results_kept *next;
    struct sim_failure failure;
    char *name, *reproduce, *path; /* `path` may be NULL */
    uint64_t plan;
    double seconds;
};

static void kept_free(struct report_results_kept *kept) {
    free(kept->name);
    free(kept->reproduce);
    free(kept->path);
    free(kept);
}

/* Where there is no memory for it, or too much of it was used, it stays counted as not written. */
static void keep(struct report_results *results, const struct report_failure *report) {
    struct report_results_kept *kept =
        results->kept_count < KEPT_MAX ? calloc(1, sizeof *kept) : NULL;
    if (!kept) return;
    kept->failure = *report->failure;
    kept->name = strdup(report->name);
    kept->reproduce = strdup(report->reproduce);
    kept->path = report->plan ? strdup(report->plan) : NULL;
    kept->plan = results->plan;
    kept->seconds = report_stopwatch_seconds(&results->watch);
    if (!kept->name || !kept->reproduce || (report->plan && !kept->path)) {
        kept_free(kept);
        return;
    }
    *(results->kept ? &results->kept_last->next : &results->kept) = kept;
    results->kept_last = kept;
    results->kept_count++;
}

static void kept_pop(struct report_results *results) {
    struct report_results_kept *kept = results->kept;
    results->kept = kept->next;
    results->kept_count--;
    kept_free(kept);
}

/* `plan`: its number in the file, or 0. */
static bool insert_failure(sqlite3 *db, const struct report_failure *report, uint64_t plan,
                           double seconds) {
    const struct sim_failure *failure = report->failure;
    char flight[SIM_FLIGHT_TAIL_TEXT];
    struct report_statement row;
    report_statement(&row, db,
                     "INSERT INTO failure (name, plan, oracle, signature, what, replica, point,"
                     " block, event, vat, at_ns, reproduce, path, seconds, flight)"
                     " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    report_statement_text(&row, report->name);
    if (plan)
        report_statement_count(&row, plan);
    else
        report_statement_text(&row, NULL);
    report_statement_text(&row, sim_oracle_word(failure->oracle));
    report_statement_text(&row, failure->signature);
    report_statement_text(&row, failure->what);
    report_statement_count(&row, failure->replica);
    report_statement_count(&row, failure->point);
    report_statement_count(&row, failure->block);
    report_statement_text(&row, failure->event);
    if (failure->vat == VK_NO_VAT)
        report_statement_text(&row, NULL);
    else
        report_statement_count(&row, failure->vat);
    report_statement_count(&row, failure->at_ns);
    report_statement_text(&row, report->reproduce);
    report_statement_text(&row, report->plan);
    report_statement_real(&row, seconds);
    report_statement_text(&row, report_failure_flight(report, flight));
    bool ok = report_statement_run(&row);
    return report_statement_end(&row) && ok;
}

/* INV-RESULTS-4: as many as there is room for. */
static void write_kept(struct report_results *results) {
    while (results->kept) {
        const struct report_results_kept *kept = results->kept;
        const struct report_failure report = {&kept->failure, kept->name, kept->reproduce,
                                              kept->path, NULL};
        sqlite3 *db;
        if (begin_alone(results, &db) != VK_OK) return;
        bool ok = insert_failure(db, &report, kept->plan, kept->seconds);
        if (end_alone(results, db, ok) != VK_OK) return;
        results->unwritten--;
        kept_pop(results);
    }
}

static enum vk_err begin(struct report_results *results, sqlite3 **db) {
    write_kept(results);
    return begin_alone(results, db);
}

/* ---- making one */

static bool insert_campaign(sqlite3 *db, const struct report_results_begin *begins) {
    char started[REPORT_CALENDAR_TIME_SIZE];
    struct report_statement row;
    report_calendar_time(started);
    bool ok = report_statement(&row, db,
                               "INSERT INTO campaign (id, kind, command, kernel, started, state)"
                               " VALUES (1, ?, ?, ?, ?, ?)");
    report_statement_text(&row, report_results_kind_word(begins->kind));
    report_statement_text(&row, begins->command);
    report_statement_text(&row, begins->kernel);
    report_statement_text(&row, started);
    report_statement_text(&row, report_results_state_word(REPORT_RESULTS_RUNNING));
    return report_statement_run(&row) && report_statement_end(&row) && ok;
}

static bool insert_kinds(sqlite3 *db, const struct report_results_begin *begins) {
    struct report_statement fault, vat_end, oracle;
    report_statement(&fault, db,
                     "INSERT INTO fault (word, class, meaning, wanted) VALUES (?, ?, ?, ?)");
    for (int k = 0; k < FAULT_KIND_COUNT; k++) {
        enum fault_kind kind = (enum fault_kind)k;
        report_statement_text(&fault, fault_word(kind));
        report_statement_text(&fault, fault_class_word(fault_class_of(kind)));
        report_statement_text(&fault, fault_meaning(kind));
        report_statement_count(&fault, begins->faults && begins->faults[k]);
        report_statement_run(&fault);
    }
    report_statement(&vat_end, db, "INSERT INTO vat_end (words, illegal) VALUES (?, ?)");
    for (int i = 0; i < SIM_VAT_END_COUNT; i++) {
        report_statement_text(&vat_end, sim_vat_end_words((enum sim_vat_end)i));
        report_statement_count(&vat_end, i >= SIM_VAT_END_ILLEGAL);
        report_statement_run(&vat_end);
    }
    report_statement(&oracle, db, "INSERT INTO oracle (word, off) VALUES (?, ?)");
    for (int i = 0; i < SIM_ORACLE_COUNT; i++) {
        report_statement_text(&oracle, sim_oracle_word((enum sim_oracle)i));
        report_statement_count(&oracle, begins->off && begins->off[i]);
        report_statement_run(&oracle);
    }
    bool ok = report_statement_end(&fault);
    ok = report_statement_end(&oracle) && ok;
    return report_statement_end(&vat_end) && ok;
}

/* Those of this build: whoever reads it may be another. */
static bool insert_probes(sqlite3 *db, const struct report_results_begin *begins) {
    struct report_statement probe;
    report_statement(&probe, db,
                     "INSERT INTO probe (name, file, line, rare, wanted) VALUES (?, ?, ?, ?, ?)");
    for (size_t i = 0; i < sim_probe_count(); i++) {
        report_statement_text(&probe, sim_probe_name(i));
        report_statement_text(&probe, sim_probe_file(i));
        report_statement_count(&probe, (uint64_t)sim_probe_line(i));
        report_statement_count(&probe, sim_probe_is_rare(i));
        report_statement_count(&probe, begins->probes && !sim_probe_is_rare(i));
        report_statement_run(&probe);
    }
    return report_statement_end(&probe);
}

enum vk_err report_results_create(struct report_results *results, const char *path,
                                  const struct report_results_begin *begins) {
    sqlite3 *db = NULL;
    *results = (struct report_results){.path = path, .sample_every_seconds = 1};
    report_stopwatch_start(&results->watch);
    int made = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (made < 0 && errno == EEXIST)
        return VK_RAISE(VK_ERR_USAGE, "%s: is there already, and may hold results", path);
    if (made < 0) return VK_RAISE(VK_ERR_DISK, "%s: %s", path, strerror(errno));
    close(made); /* of two that make it at once, this one has */
    enum vk_err opened = open_database(path, &db);
    if (opened != VK_OK) {
        remove(path);
        return opened;
    }
    bool ok = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK &&
              sqlite3_exec(db, report_results_sql, NULL, NULL, NULL) == SQLITE_OK &&
              insert_campaign(db, begins) && insert_kinds(db, begins) && insert_probes(db, begins);
    enum vk_err err = end(results, db, ok);
    if (err != VK_OK) remove(path);
    return err;
}

/* ---- what was found */

enum vk_err report_results_failure(struct report_results *results,
                                   const struct report_failure *report) {
    sqlite3 *db;
    results->failure = 0;
    enum vk_err err = begin(results, &db);
    if (err == VK_OK) {
        bool ok =
            insert_failure(db, report, results->plan, report_stopwatch_seconds(&results->watch));
        uint64_t id = (uint64_t)sqlite3_last_insert_rowid(db);
        err = end(results, db, ok);
        if (err == VK_OK) results->failure = id;
    } else {
        err = not_begun(results, err);
    }
    if (err != VK_OK) keep(results, report);
    return err;
}

/* 0: it is none of those whose turn is still to come. */
static uint64_t find_untold(sqlite3 *db, const struct report_failure *report, uint64_t first) {
    struct report_statement row;
    report_statement(&row, db,
                     "SELECT id FROM failure WHERE id >= ? AND name = ? AND signature = ?"
                     " ORDER BY id LIMIT 1");
    report_statement_count(&row, first);
    report_statement_text(&row, report->name);
    report_statement_text(&row, report->failure->signature);
    uint64_t id = report_statement_row(&row) ? report_column_count(&row) : 0;
    return report_statement_end(&row) ? id : 0;
}

static bool exchange(sqlite3 *db, uint64_t one, uint64_t other) {
    struct report_statement row;
    bool ok = true;
    const uint64_t moves[][2] = {{one, 0}, {other, one}, {0, other}}; /* none has 0 */
    report_statement(&row, db, "UPDATE failure SET id = ?2 WHERE id = ?1");
    for (size_t i = 0; i < sizeof moves / sizeof *moves; i++) {
        report_statement_count(&row, moves[i][0]);
        report_statement_count(&row, moves[i][1]);
        ok = report_statement_run(&row) && ok;
    }
    return report_statement_end(&row) && ok;
}

enum vk_err report_results_in_turn(struct report_results *results,
                                   const struct report_failure *report, uint64_t failure) {
    sqlite3 *db;
    results->failure = failure;
    if (failure == 0 || failure == ++results->in_turn) return VK_OK;
    results->failure = 0;
    enum vk_err err = begin(results, &db);
    if (err != VK_OK) return not_begun(results, err);
    uint64_t is = find_untold(db, report, results->in_turn);
    bool ok = is == 0 || is == results->in_turn || exchange(db, is, results->in_turn);
    err = end(results, db, ok);
    if (err == VK_OK && is != 0) results->failure = results->in_turn;
    return err;
}

enum vk_err report_results_timeline(struct report_results *results,
                                    const struct report_results_run *run) {
    struct report_statement row;
    sqlite3 *db;
    enum vk_err err = begin(results, &db);
    if (err != VK_OK) return not_begun(results, err);
    report_statement(&row, db,
                     "INSERT INTO timeline (name, failure, json, difference) VALUES (?, ?, ?, ?)");
    report_statement_text(&row, run->name);
    if (run->failure)
        report_statement_count(&row, run->failure);
    else
        report_statement_text(&row, NULL);
    report_statement_str(&row, run->json);
    report_statement_str(&row, run->difference);
    bool ok = report_statement_run(&row);
    return end(results, db, report_statement_end(&row) && ok);
}

/* ---- totals and samples */

static void write_total(void *impl, const char *name, uint64_t *value) {
    struct report_statement *row = impl;
    report_statement_text(row, name);
    report_statement_count(row, *value);
    report_statement_run(row);
}

static bool write_totals(const struct report_results *results, sqlite3 *db,
                         const struct sim_campaign_totals *totals) {
    struct report_statement total, fault, vat_end, oracle, probe, campaign;
    struct sim_campaign_totals copy = *totals;
    report_statement(&total, db, "INSERT OR REPLACE INTO total (name, value) VALUES (?, ?)");
    report_results_totals(&copy, &total, write_total);
    report_statement(&fault, db, "UPDATE fault SET hits = ? WHERE word = ?");
    for (int k = 0; k < FAULT_KIND_COUNT; k++) {
        report_statement_count(&fault, totals->hits[k]);
        report_statement_text(&fault, fault_word((enum fault_kind)k));
        report_statement_run(&fault);
    }
    report_statement(&vat_end, db, "UPDATE vat_end SET times = ? WHERE words = ?");
    for (int i = 0; i < SIM_VAT_END_COUNT; i++) {
        report_statement_count(&vat_end, totals->ends[i]);
        report_statement_text(&vat_end, sim_vat_end_words((enum sim_vat_end)i));
        report_statement_run(&vat_end);
    }
    report_statement(&oracle, db, "UPDATE oracle SET asked = ? WHERE word = ?");
    for (int i = 0; i < SIM_ORACLE_COUNT; i++) {
        report_statement_count(&oracle, totals->asked[i]);
        report_statement_text(&oracle, sim_oracle_word((enum sim_oracle)i));
        report_statement_run(&oracle);
    }
    report_statement(&probe, db, "UPDATE probe SET hits = ? WHERE name = ?");
    for (size_t i = 0; i < sim_probe_count(); i++) {
        report_statement_count(&probe, totals->probes[i]);
        report_statement_text(&probe, sim_probe_name(i));
        report_statement_run(&probe);
    }
    report_statement(&campaign, db, "UPDATE campaign SET seconds = ?, unwritten = ?");
    report_statement_real(&campaign, report_stopwatch_seconds(&results->watch));
    report_statement_count(&campaign, results->unwritten);
    report_statement_run(&campaign);
    bool ok = report_statement_end(&total);
    ok = report_statement_end(&fault) && ok;
    ok = report_statement_end(&vat_end) && ok;
    ok = report_statement_end(&oracle) && ok;
    ok = report_statement_end(&probe) && ok;
    return report_statement_end(&campaign) && ok;
}

static bool write_sample(const struct report_results *results, sqlite3 *db,
                         const struct sim_campaign_totals *totals) {
    struct report_statement row;
    report_statement(&row, db,
                     "INSERT INTO sample (seconds, seeds, failures, cranks, features)"
                     " VALUES (?, ?, ?, ?, ?)");
    report_statement_real(&row, report_stopwatch_seconds(&results->watch));
    report_statement_count(&row, totals->seeds);
    report_statement_count(&row, totals->failures);
    report_statement_count(&row, totals->all_cranks);
    report_statement_count(&row, totals->covered);
    return report_statement_run(&row) && report_statement_end(&row);
}

/* A night has as many samples as a minute: when there are too many, every other one goes. */
static bool thin_out(struct report_results *results, sqlite3 *db) {
    static const char sql[] = "DELETE FROM sample WHERE id % 2 = 1;"
                              "UPDATE sample SET id = -id; UPDATE sample SET id = -id / 2;";
    if (results->samples < SAMPLES_MAX) return true;
    results->samples /= 2;
    results->sample_every_seconds *= 2;
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

enum vk_err report_results_progress(struct report_results *results,
                                    const struct sim_campaign_totals *totals) {
    double seconds = report_stopwatch_seconds(&results->watch);
    sqlite3 *db;
    if (seconds < results->next_sample_seconds) return VK_OK;
    results->next_sample_seconds = seconds + results->sample_every_seconds;
    enum vk_err err = begin(results, &db);
    if (err != VK_OK) return not_begun(results, err);
    bool ok = write_totals(results, db, totals) && write_sample(results, db, totals);
    results->samples++;
    return end(results, db, ok && thin_out(results, db));
}

/* ---- plans */

enum vk_err report_results_plan_begins(struct report_results *results, const char *name) {
    struct report_statement row;
    sqlite3 *db;
    enum vk_err err = begin(results, &db);
    results->plan = 0;
    if (err != VK_OK) return not_begun(results, err);
    report_statement(&row, db, "INSERT INTO plan (name, state) VALUES (?, ?)");
    report_statement_text(&row, name);
    report_statement_text(&row, report_plan_state_word(REPORT_PLAN_RUNNING));
    bool ok = report_statement_run(&row) && report_statement_end(&row);
    uint64_t id = (uint64_t)sqlite3_last_insert_rowid(db);
    err = end(results, db, ok);
    if (err == VK_OK) results->plan = id;
    return err;
}

enum vk_err report_results_plan_ends(struct report_results *results, enum report_plan_state state,
                                     double seconds, const char *error,
                                     const struct sim_campaign_totals *totals) {
    struct report_statement row;
    sqlite3 *db;
    enum vk_err err = begin(results, &db);
    if (err != VK_OK) return not_begun(results, err);
    report_statement(&row, db, "UPDATE plan SET state = ?, seconds = ?, error = ? WHERE id = ?");
    report_statement_text(&row, report_plan_state_word(state));
    report_statement_real(&row, seconds);
    report_statement_text(&row, error);
    report_statement_count(&row, results->plan);
    bool ok = report_statement_run(&row);
    ok = report_statement_end(&row) && ok && (!totals || write_totals(results, db, totals));
    results->plan = 0;
    return end(results, db, ok);
}

enum vk_err report_results_plan(struct report_results *results, const char *name,
                                enum report_plan_state state, double seconds, const char *error) {
    struct report_statement row;
    sqlite3 *db;
    enum vk_err err = begin(results, &db);
    if (err != VK_OK) return not_begun(results, err);
    report_statement(&row, db,
                     "INSERT INTO plan (name, state, seconds, error) VALUES (?, ?, ?, ?)");
    report_statement_text(&row, name);
    report_statement_text(&row, report_plan_state_word(state));
    report_statement_real(&row, seconds);
    report_statement_text(&row, error);
    bool ok = report_statement_run(&row);
    return end(results, db, report_statement_end(&row) && ok);
}

/* ---- the end */

enum vk_err report_results_end(struct report_results *results,
                               const struct report_results_end *ends) {
    struct report_statement row;
    sqlite3 *db;
    enum vk_err err = begin(results, &db);
    if (err != VK_OK) return not_begun(results, err);
    bool ok = write_totals(results, db, ends->totals) && write_sample(results, db, ends->totals);
    report_statement(&row, db, "UPDATE campaign SET state = ?, error = ?, stable = ?, code = ?");
    report_statement_text(&row, report_results_state_word(ends->state));
    report_statement_text(&row, ends->error);
    report_statement_count(&row, ends->is_stable);
    report_statement_count(&row, (uint64_t)ends->code);
    ok = report_statement_run(&row) && ok;
    return end(results, db, report_statement_end(&row) && ok);
}

void report_results_release(struct report_results *results) {
    while (results->kept)
        kept_pop(results);
}
