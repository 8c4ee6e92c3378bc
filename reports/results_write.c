/* results_write.c - see results_write.h. */
#include "results_write.h"

#include "embedded.h"
#include "statement.h"

static bool is_done(sqlite3 *db, const char *sql) {
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

/* 0 is none. */
static void bind_id(struct report_statement *row, uint64_t id) {
    if (id)
        report_statement_count(row, id);
    else
        report_statement_text(row, NULL);
}

/* ---- failures */

static bool write_failure(sqlite3 *db, const struct report_row *made) {
    const struct sim_failure *failure = &made->found;
    char flight[SIM_FLIGHT_TAIL_TEXT];
    struct report_statement row;
    report_statement(&row, db,
                     "INSERT OR REPLACE INTO failure (id, name, plan, oracle, signature, what,"
                     " replica, point, block, event, vat, at_ns, reproduce, path, seconds, flight)"
                     " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    report_statement_count(&row, made->id);
    report_statement_text(&row, made->name);
    bind_id(&row, made->plan);
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
    report_statement_text(&row, made->reproduce);
    report_statement_text(&row, made->path);
    report_statement_real(&row, made->seconds);
    report_statement_text(&row, sim_flight_tail_text(&failure->flight, flight));
    report_statement_run(&row);
    return report_statement_end(&row);
}

/* 0: it is none of those whose turn is still to come. */
static bool find_untold(sqlite3 *db, const struct report_row *turn, uint64_t *id) {
    struct report_statement row;
    report_statement(&row, db,
                     "SELECT id FROM failure WHERE id >= ? AND name = ? AND signature = ?"
                     " ORDER BY id LIMIT 1");
    report_statement_count(&row, turn->id);
    report_statement_text(&row, turn->name);
    report_statement_text(&row, turn->found.signature);
    *id = report_statement_row(&row) ? report_column_count(&row) : 0;
    return report_statement_end(&row);
}

static bool exchange(sqlite3 *db, uint64_t one, uint64_t other) {
    struct report_statement row;
    const uint64_t moves[][2] = {{one, 0}, {other, one}, {0, other}}; /* none has 0 */
    report_statement(&row, db, "UPDATE failure SET id = ?2 WHERE id = ?1");
    for (size_t i = 0; i < sizeof moves / sizeof *moves; i++) {
        report_statement_count(&row, moves[i][0]);
        report_statement_count(&row, moves[i][1]);
        report_statement_run(&row);
    }
    return report_statement_end(&row);
}

static bool write_turn(sqlite3 *db, const struct report_row *turn) {
    uint64_t id;
    return find_untold(db, turn, &id) && (id == 0 || id == turn->id || exchange(db, id, turn->id));
}

/* ---- timelines and plans */

static bool write_timeline(sqlite3 *db, const struct report_row *made) {
    struct report_statement row;
    report_statement(&row, db,
                     "INSERT OR REPLACE INTO timeline (id, name, failure, json, difference)"
                     " VALUES (?, ?, ?, ?, ?)");
    report_statement_count(&row, made->id);
    report_statement_text(&row, made->name);
    bind_id(&row, made->failure);
    report_statement_str(&row, made->json);
    report_statement_str(&row, made->difference);
    report_statement_run(&row);
    return report_statement_end(&row);
}

static bool write_plan(sqlite3 *db, const struct report_row *made) {
    struct report_statement row;
    report_statement(&row, db,
                     "INSERT OR REPLACE INTO plan (name, state, seconds, error, id)"
                     " VALUES (?, ?, ?, ?, ?)");
    report_statement_text(&row, made->name);
    report_statement_text(&row, report_plan_state_word(made->state));
    report_statement_real(&row, made->seconds);
    report_statement_text(&row, made->error);
    report_statement_count(&row, made->id);
    report_statement_run(&row);
    return report_statement_end(&row);
}

static bool write_plan_state(sqlite3 *db, const struct report_row *made) {
    struct report_statement row;
    report_statement(&row, db, "UPDATE plan SET state = ?, seconds = ?, error = ? WHERE id = ?");
    report_statement_text(&row, report_plan_state_word(made->state));
    report_statement_real(&row, made->seconds);
    report_statement_text(&row, made->error);
    report_statement_count(&row, made->id);
    report_statement_run(&row);
    return report_statement_end(&row);
}

bool report_row_write(sqlite3 *db, const struct report_row *row) {
    switch (row->kind) {
    case REPORT_ROW_FAILURE: return write_failure(db, row);
    case REPORT_ROW_TURN: return write_turn(db, row);
    case REPORT_ROW_TIMELINE: return write_timeline(db, row);
    case REPORT_ROW_PLAN: return write_plan(db, row);
    case REPORT_ROW_PLAN_STATE: return write_plan_state(db, row);
    }
    return false;
}

/* ---- what there is from the beginning */

static bool insert_campaign(sqlite3 *db, const struct report_results_begin *begins) {
    char started[REPORT_CALENDAR_TIME_SIZE];
    struct report_statement row;
    report_calendar_time(started);
    report_statement(&row, db,
                     "INSERT INTO campaign (id, kind, command, kernel, started, state)"
                     " VALUES (1, ?, ?, ?, ?, ?)");
    report_statement_text(&row, report_results_kind_word(begins->kind));
    report_statement_text(&row, begins->command);
    report_statement_text(&row, begins->kernel);
    report_statement_text(&row, started);
    report_statement_text(&row, report_results_state_word(REPORT_RESULTS_RUNNING));
    report_statement_run(&row);
    return report_statement_end(&row);
}

static bool insert_faults(sqlite3 *db, const struct report_results_begin *begins) {
    struct report_statement row;
    report_statement(&row, db,
                     "INSERT INTO fault (word, class, meaning, wanted) VALUES (?, ?, ?, ?)");
    for (int k = 0; k < FAULT_KIND_COUNT; k++) {
        enum fault_kind kind = (enum fault_kind)k;
        report_statement_text(&row, fault_word(kind));
        report_statement_text(&row, fault_class_word(fault_class_of(kind)));
        report_statement_text(&row, fault_meaning(kind));
        report_statement_count(&row, begins->faults && begins->faults[k]);
        report_statement_run(&row);
    }
    return report_statement_end(&row);
}

static bool insert_vat_ends(sqlite3 *db) {
    struct report_statement row;
    report_statement(&row, db, "INSERT INTO vat_end (words, illegal) VALUES (?, ?)");
    for (int i = 0; i < SIM_VAT_END_COUNT; i++) {
        report_statement_text(&row, sim_vat_end_words((enum sim_vat_end)i));
        report_statement_count(&row, i >= SIM_VAT_END_ILLEGAL);
        report_statement_run(&row);
    }
    return report_statement_end(&row);
}

static bool insert_oracles(sqlite3 *db, const struct report_results_begin *begins) {
    struct report_statement row;
    report_statement(&row, db, "INSERT INTO oracle (word, off) VALUES (?, ?)");
    for (int i = 0; i < SIM_ORACLE_COUNT; i++) {
        report_statement_text(&row, sim_oracle_word((enum sim_oracle)i));
        report_statement_count(&row, begins->off && begins->off[i]);
        report_statement_run(&row);
    }
    return report_statement_end(&row);
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

bool report_rows_begin(sqlite3 *db, const struct report_results_begin *begins) {
    return is_done(db, report_results_sql) && insert_campaign(db, begins) &&
           insert_faults(db, begins) && insert_vat_ends(db) && insert_oracles(db, begins) &&
           insert_probes(db, begins);
}

/* ---- totals and samples */

static void put_total(void *impl, const char *name, uint64_t *value) {
    struct report_statement *row = impl;
    report_statement_text(row, name);
    report_statement_count(row, *value);
    report_statement_run(row);
}

static bool write_named_totals(sqlite3 *db, const struct sim_campaign_totals *totals) {
    struct report_statement row;
    struct sim_campaign_totals copy = *totals;
    report_statement(&row, db, "INSERT OR REPLACE INTO total (name, value) VALUES (?, ?)");
    report_results_totals(&copy, &row, put_total);
    return report_statement_end(&row);
}

static bool write_faults(sqlite3 *db, const struct sim_campaign_totals *totals) {
    struct report_statement row;
    report_statement(&row, db, "UPDATE fault SET hits = ? WHERE word = ?");
    for (int k = 0; k < FAULT_KIND_COUNT; k++) {
        report_statement_count(&row, totals->hits[k]);
        report_statement_text(&row, fault_word((enum fault_kind)k));
        report_statement_run(&row);
    }
    return report_statement_end(&row);
}

static bool write_vat_ends(sqlite3 *db, const struct sim_campaign_totals *totals) {
    struct report_statement row;
    report_statement(&row, db, "UPDATE vat_end SET times = ? WHERE words = ?");
    for (int i = 0; i < SIM_VAT_END_COUNT; i++) {
        report_statement_count(&row, totals->ends[i]);
        report_statement_text(&row, sim_vat_end_words((enum sim_vat_end)i));
        report_statement_run(&row);
    }
    return report_statement_end(&row);
}

static bool write_oracles(sqlite3 *db, const struct sim_campaign_totals *totals) {
    struct report_statement row;
    report_statement(&row, db, "UPDATE oracle SET asked = ? WHERE word = ?");
    for (int i = 0; i < SIM_ORACLE_COUNT; i++) {
        report_statement_count(&row, totals->asked[i]);
        report_statement_text(&row, sim_oracle_word((enum sim_oracle)i));
        report_statement_run(&row);
    }
    return report_statement_end(&row);
}

static bool write_probes(sqlite3 *db, const struct sim_campaign_totals *totals) {
    struct report_statement row;
    report_statement(&row, db, "UPDATE probe SET hits = ? WHERE name = ?");
    for (size_t i = 0; i < sim_probe_count(); i++) {
        report_statement_count(&row, totals->probes[i]);
        report_statement_text(&row, sim_probe_name(i));
        report_statement_run(&row);
    }
    return report_statement_end(&row);
}

bool report_rows_totals(sqlite3 *db, const struct sim_campaign_totals *totals, double seconds,
                        uint64_t unwritten) {
    struct report_statement row;
    if (!write_named_totals(db, totals) || !write_faults(db, totals) ||
        !write_vat_ends(db, totals) || !write_oracles(db, totals) || !write_probes(db, totals))
        return false;
    report_statement(&row, db, "UPDATE campaign SET seconds = ?, unwritten = ?");
    report_statement_real(&row, seconds);
    report_statement_count(&row, unwritten);
    report_statement_run(&row);
    return report_statement_end(&row);
}

bool report_rows_sample(sqlite3 *db, const struct sim_campaign_totals *totals, double seconds) {
    struct report_statement row;
    report_statement(&row, db,
                     "INSERT INTO sample (seconds, seeds, failures, cranks, features)"
                     " VALUES (?, ?, ?, ?, ?)");
    report_statement_real(&row, seconds);
    report_statement_count(&row, totals->seeds);
    report_statement_count(&row, totals->failures);
    report_statement_count(&row, totals->all_cranks);
    report_statement_count(&row, totals->covered);
    report_statement_run(&row);
    return report_statement_end(&row);
}

bool report_rows_thin_out(sqlite3 *db) {
    return is_done(db, "DELETE FROM sample WHERE id % 2 = 1;"
                       "UPDATE sample SET id = -id; UPDATE sample SET id = -id / 2;");
}

/* ---- the end */

bool report_rows_end(sqlite3 *db, const struct report_results_end *ends) {
    struct report_statement row;
    report_statement(&row, db, "UPDATE campaign SET state = ?, error = ?, stable = ?, code = ?");
    report_statement_text(&row, report_results_state_word(ends->state));
    report_statement_text(&row, ends->error);
    report_statement_count(&row, ends->is_stable);
    report_statement_count(&row, (uint64_t)ends->code);
    report_statement_run(&row);
    return report_statement_end(&row);
}
