/* results_read.c - see results_read.h. */
#include "results_read.h"

#include "results_copy.h"
#include "statement.h"

#include <errno.h>
#include <stdio.h>

struct reading {
    sqlite3 *db;
    struct vk_arena *arena;
    struct report_model *model;
    size_t *group_of_first; /* by the id of a group's first failure */
    uint64_t id_max;
    struct vk_str total_name; /* while totals are read */
    uint64_t total;
};

static enum vk_err unreadable(const struct reading *reading) {
    return VK_RAISE(VK_ERR_DISK, "%s: %s", reading->model->path, sqlite3_errmsg(reading->db));
}

static enum vk_err makes_no_sense(const struct reading *reading, const char *what) {
    return VK_RAISE(VK_ERR_SYNTAX, "%s: a result database, but %s", reading->model->path, what);
}

/* ---- is it one at all */

/* Read and write, if that may be: what a killed process left half done is put right then. */
static enum vk_err open_file(struct reading *reading, const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) return VK_RAISE(VK_ERR_DISK, "%s: %s", path, strerror(errno));
    fclose(file);
    if (sqlite3_open_v2(path, &reading->db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
        sqlite3_busy_timeout(reading->db, 5000) == SQLITE_OK)
        return VK_OK;
    return unreadable(reading);
}

static enum vk_err read_number(const struct reading *reading, const char *sql, uint64_t *out) {
    struct report_statement row;
    report_statement(&row, reading->db, sql);
    bool has_row = report_statement_row(&row);
    *out = has_row ? report_column_count(&row) : 0;
    return report_statement_end(&row) && has_row ? VK_OK : unreadable(reading);
}

static enum vk_err check_version(const struct reading *reading) {
    const char *path = reading->model->path;
    uint64_t id, version;
    enum vk_err err = read_number(reading, "PRAGMA application_id", &id);
    /* One that is locked, or cut off, may well be one. */
    if (err != VK_OK && sqlite3_errcode(reading->db) != SQLITE_NOTADB) return err;
    if (err != VK_OK || id != REPORT_RESULTS_ID)
        return VK_RAISE(VK_ERR_SYNTAX, "%s: no result database of crankcase run --results", path);
    VK_TRY(read_number(reading, "PRAGMA user_version", &version));
    if (version == REPORT_RESULTS_VERSION) return VK_OK;
    return VK_RAISE(VK_ERR_SYNTAX, "%s: results of version %llu; this crankcase reads version %d",
                    path, (unsigned long long)version, REPORT_RESULTS_VERSION);
}

/* ---- the campaign */

static enum vk_err read_state(const struct reading *reading, const char *word) {
    for (int i = 0; i <= REPORT_RESULTS_FAILED; i++) {
        reading->model->state = (enum report_results_state)i;
        if (strcmp(word, report_results_state_word(reading->model->state)) == 0) return VK_OK;
    }
    return makes_no_sense(reading, "its state is none");
}

static enum vk_err read_kind(const struct reading *reading, const char *word) {
    for (int i = 0; i < REPORT_RESULTS_KIND_COUNT; i++) {
        reading->model->kind = (enum report_results_kind)i;
        if (strcmp(word, report_results_kind_word(reading->model->kind)) == 0) return VK_OK;
    }
    return makes_no_sense(reading, "of a kind that there is not");
}

static enum vk_err read_campaign(const struct reading *reading) {
    struct report_model *model = reading->model;
    struct report_statement row;
    report_statement(&row, reading->db,
                     "SELECT kind, command, kernel, started, state, error, code, stable, seconds,"
                     " unwritten FROM campaign");
    bool has_row = report_statement_row(&row);
    const char *state = "", *kind = "";
    if (has_row) {
        kind = report_column_text(&row, reading->arena);
        model->command = report_column_text(&row, reading->arena);
        model->kernel = report_column_text(&row, reading->arena);
        model->started = report_column_text(&row, reading->arena);
        state = report_column_text(&row, reading->arena);
        model->error = report_column_text(&row, reading->arena);
        model->code = report_column_count_or(&row, UINT64_MAX);
        model->is_stable = report_column_count(&row);
        model->seconds = report_column_real(&row);
        model->unwritten = report_column_count(&row);
    }
    if (!report_statement_end(&row)) return unreadable(reading);
    if (!has_row) return makes_no_sense(reading, "of no campaign");
    VK_TRY(read_kind(reading, kind));
    return read_state(reading, state);
}

static void take_total(void *impl, const char *name, uint64_t *value) {
    const struct reading *reading = impl;
    if (vk_str_eq(reading->total_name, vk_str(name))) *value = reading->total;
}

static enum vk_err read_totals(struct reading *reading) {
    struct report_statement row;
    report_statement(&row, reading->db, "SELECT name, value FROM total");
    while (report_statement_row(&row)) {
        reading->total_name = vk_str(report_column_text(&row, reading->arena));
        reading->total = report_column_count(&row);
        report_results_totals(&reading->model->totals, reading, take_total);
    }
    return report_statement_end(&row) ? VK_OK : unreadable(reading);
}

static enum vk_err oracle_of(const struct reading *reading, const char *word,
                             enum sim_oracle *oracle) {
    for (int i = 0; i < SIM_ORACLE_COUNT; i++) {
        *oracle = (enum sim_oracle)i;
        if (strcmp(word, sim_oracle_word(*oracle)) == 0) return VK_OK;
    }
    return makes_no_sense(reading, "of an oracle that there is not");
}

static enum vk_err read_oracles(const struct reading *reading) {
    struct report_statement row;
    enum vk_err err = VK_OK;
    report_statement(&row, reading->db, "SELECT word, off, asked FROM oracle");
    while (err == VK_OK && report_statement_row(&row)) {
        enum sim_oracle oracle;
        err = oracle_of(reading, report_column_text(&row, reading->arena), &oracle);
        if (err != VK_OK) break;
        reading->model->off[oracle] = report_column_count(&row);
        reading->model->totals.asked[oracle] = report_column_count(&row);
    }
    bool is_read = report_statement_end(&row);
    return err == VK_OK && !is_read ? unreadable(reading) : err;
}

/* Words that this build does not know are of another one, which has another version. */
static enum vk_err read_faults(const struct reading *reading) {
    struct report_model *model = reading->model;
    struct report_statement row;
    report_statement(&row, reading->db, "SELECT word, wanted, hits FROM fault");
    while (report_statement_row(&row)) {
        const char *word = report_column_text(&row, reading->arena);
        uint64_t wanted = report_column_count(&row), hits = report_column_count(&row);
        for (int k = 0; k < FAULT_KIND_COUNT; k++) {
            if (strcmp(word, fault_word((enum fault_kind)k)) != 0) continue;
            model->wanted[k] = wanted;
            model->totals.hits[k] = hits;
        }
    }
    if (!report_statement_end(&row)) return unreadable(reading);
    report_statement(&row, reading->db, "SELECT words, illegal, times FROM vat_end");
    while (report_statement_row(&row)) {
        const char *words = report_column_text(&row, reading->arena);
        bool illegal = report_column_count(&row);
        uint64_t times = report_column_count(&row);
        for (int i = 0; i < SIM_VAT_END_COUNT; i++)
            if (strcmp(words, sim_vat_end_words((enum sim_vat_end)i)) == 0 &&
                illegal == (i >= SIM_VAT_END_ILLEGAL))
                model->totals.ends[i] = times;
    }
    return report_statement_end(&row) ? VK_OK : unreadable(reading);
}

static enum vk_err read_samples(const struct reading *reading) {
    struct report_model *model = reading->model;
    struct report_statement row;
    uint64_t count;
    VK_TRY(read_number(reading, "SELECT count(*) FROM sample", &count));
    VK_TRY(VK_NEW_ARRAY(reading->arena, &model->samples, count));
    report_statement(
        &row, reading->db,
        "SELECT seconds, seeds, failures, cranks, features FROM sample ORDER BY seconds, id");
    while (model->sample_count < count && report_statement_row(&row)) {
        struct report_sample *sample = &model->samples[model->sample_count++];
        sample->seconds = report_column_real(&row);
        sample->seeds = report_column_count(&row);
        sample->failures = report_column_count(&row);
        sample->cranks = report_column_count(&row);
        sample->features = report_column_count(&row);
    }
    return report_statement_end(&row) ? VK_OK : unreadable(reading);
}

/* ---- failures */

/* What does not fit is cut between two characters. */
static void take_text(char *text, size_t size, const char *from) {
    size_t n = strlen(from);
    if (n >= size) n = size - 1;
    while (from[n] && ((unsigned char)from[n] & 0xc0) == 0x80)
        n--;
    memcpy(text, from, n);
    text[n] = '\0';
}

static void read_failure(const struct reading *reading, struct report_statement *row,
                         struct report_found *found, const char **oracle) {
    struct sim_failure *failure = &found->failure;
    found->id = report_column_count(row);
    found->name = report_column_text(row, reading->arena);
    *oracle = report_column_text(row, reading->arena);
    take_text(failure->signature, sizeof failure->signature,
              report_column_text(row, reading->arena));
    take_text(failure->what, sizeof failure->what, report_column_text(row, reading->arena));
    failure->replica = (uint32_t)report_column_count(row);
    failure->point = report_column_count(row);
    failure->block = report_column_count(row);
    take_text(failure->event, sizeof failure->event, report_column_text(row, reading->arena));
    failure->vat = report_column_count_or(row, VK_NO_VAT);
    failure->at_ns = report_column_count(row);
    found->reproduce = report_column_text(row, reading->arena);
    found->plan = report_column_text_or_null(row, reading->arena);
    found->seconds = report_column_real(row);
    found->flight = report_column_text(row, reading->arena);
}

/* INV-RESULTS-READ-2 */
static enum vk_err join_group(struct reading *reading, size_t i, uint64_t first) {
    struct report_model *model = reading->model;
    if (first > reading->id_max || model->failures[i].id > reading->id_max)
        return makes_no_sense(reading, "its failures are not in order");
    size_t *group = &reading->group_of_first[first];
    if (first == model->failures[i].id) {
        *group = model->group_count;
        model->groups[model->group_count++] = (struct report_group){.first = i};
    }
    model->failures[i].group = *group;
    model->groups[*group].count++;
    return VK_OK;
}

static enum vk_err read_failure_rows(struct reading *reading, struct report_statement *row,
                                     size_t count) {
    struct report_model *model = reading->model;
    while (model->failure_count < count && report_statement_row(row)) {
        struct report_found *found = &model->failures[model->failure_count];
        const char *oracle;
        *found = (struct report_found){.group = 0};
        read_failure(reading, row, found, &oracle);
        uint64_t first = report_column_count(row);
        VK_TRY(oracle_of(reading, oracle, &found->failure.oracle));
        VK_TRY(join_group(reading, model->failure_count, first));
        model->failure_count++;
    }
    return VK_OK;
}

static enum vk_err read_failures(struct reading *reading) {
    struct report_model *model = reading->model;
    struct report_statement row;
    uint64_t count;
    VK_TRY(read_number(reading, "SELECT count(*) FROM failure", &count));
    VK_TRY(read_number(reading, "SELECT coalesce(max(id), 0) FROM failure", &reading->id_max));
    if (reading->id_max > 1000000000) return makes_no_sense(reading, "of too many failures");
    VK_TRY(VK_NEW_ARRAY(reading->arena, &model->failures, count));
    VK_TRY(VK_NEW_ARRAY(reading->arena, &model->groups, count));
    VK_TRY(VK_NEW_ARRAY(reading->arena, &reading->group_of_first, reading->id_max + 1));
    report_statement(&row, reading->db,
                     "SELECT id, name, oracle, signature, what, replica, point, block, event, vat,"
                     " at_ns, reproduce, path, seconds, flight, (SELECT min(g.id) FROM failure g"
                     " WHERE g.signature = f.signature) FROM failure f ORDER BY id");
    enum vk_err err = read_failure_rows(reading, &row, (size_t)count);
    bool is_read = report_statement_end(&row);
    if (err == VK_OK && !is_read) err = unreadable(reading);
    if (model->totals.failures < model->failure_count) /* they are written first */
        model->totals.failures = model->failure_count;
    return err;
}

/* ---- plans */

static enum vk_err plan_state_of(const struct reading *reading, const char *word,
                                 enum report_plan_state *state) {
    for (int i = 0; i <= REPORT_PLAN_FAILED; i++) {
        *state = (enum report_plan_state)i;
        if (strcmp(word, report_plan_state_word(*state)) == 0) return VK_OK;
    }
    return makes_no_sense(reading, "the state of a plan is none");
}

static size_t failure_with(const struct report_model *model, uint64_t id) {
    size_t low = 0, high = model->failure_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (model->failures[middle].id == id) return middle;
        if (model->failures[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return SIZE_MAX;
}

static enum vk_err read_plans(const struct reading *reading) {
    struct report_model *model = reading->model;
    struct report_statement row;
    uint64_t count;
    enum vk_err err = VK_OK;
    VK_TRY(read_number(reading, "SELECT count(*) FROM plan", &count));
    VK_TRY(VK_NEW_ARRAY(reading->arena, &model->plans, count));
    report_statement(&row, reading->db,
                     "SELECT id, name, state, seconds, error,"
                     " (SELECT min(f.id) FROM failure f WHERE f.plan = p.id),"
                     " (SELECT count(*) FROM failure f WHERE f.plan = p.id)"
                     " FROM plan p ORDER BY id");
    while (err == VK_OK && model->plan_count < count && report_statement_row(&row)) {
        struct report_plan *plan = &model->plans[model->plan_count++];
        plan->id = report_column_count(&row);
        plan->name = report_column_text(&row, reading->arena);
        err = plan_state_of(reading, report_column_text(&row, reading->arena), &plan->state);
        plan->seconds = report_column_real(&row);
        plan->error = report_column_text(&row, reading->arena);
        plan->failure = failure_with(model, report_column_count_or(&row, UINT64_MAX));
        plan->failures = report_column_count(&row);
        plan->is_in_progress = plan->state == REPORT_PLAN_RUNNING;
    }
    bool is_read = report_statement_end(&row);
    return err == VK_OK && !is_read ? unreadable(reading) : err;
}

/* ---- timelines */

/* So much that it closes nothing that is around it: its writer is ours, the page shows the rest. */
static bool is_object(struct vk_str json) {
    return json.n > 2 && json.p[0] == '{' && json.p[json.n - 1] == '}';
}

static enum vk_err read_timelines(const struct reading *reading) {
    struct report_model *model = reading->model;
    struct report_statement row;
    uint64_t count;
    VK_TRY(read_number(reading, "SELECT count(*) FROM timeline", &count));
    VK_TRY(VK_NEW_ARRAY(reading->arena, &model->timelines, count));
    report_statement(&row, reading->db,
                     "SELECT name, failure, json, difference FROM timeline ORDER BY id");
    while (model->timeline_count < count && report_statement_row(&row)) {
        struct report_model_timeline *timeline = &model->timelines[model->timeline_count++];
        timeline->name = report_column_text(&row, reading->arena);
        timeline->failure = failure_with(model, report_column_count_or(&row, UINT64_MAX));
        timeline->json = vk_str(report_column_text(&row, reading->arena));
        timeline->difference = vk_str(report_column_text_or_null(&row, reading->arena));
        bool has_difference = vk_str_present(timeline->difference);
        if (is_object(timeline->json) && (!has_difference || is_object(timeline->difference)))
            continue;
        report_statement_end(&row);
        return makes_no_sense(reading, "a timeline is none");
    }
    return report_statement_end(&row) ? VK_OK : unreadable(reading);
}

/* ---- probes */

static enum vk_err read_probes(const struct reading *reading) {
    struct report_model *model = reading->model;
    struct report_statement row;
    uint64_t count;
    VK_TRY(read_number(reading, "SELECT count(*) FROM probe", &count));
    VK_TRY(VK_NEW_ARRAY(reading->arena, &model->probes, count));
    report_statement(&row, reading->db,
                     "SELECT name, file, line, rare, wanted, hits FROM probe ORDER BY name");
    while (model->probe_count < count && report_statement_row(&row)) {
        struct report_probe *probe = &model->probes[model->probe_count++];
        probe->name = report_column_text(&row, reading->arena);
        probe->file = report_column_text(&row, reading->arena);
        probe->line = (int)report_column_count(&row);
        probe->is_rare = report_column_count(&row);
        probe->is_wanted = report_column_count(&row);
        probe->hits = report_column_count(&row);
    }
    return report_statement_end(&row) ? VK_OK : unreadable(reading);
}

/* ---- all of it */

static enum vk_err read_all(struct reading *reading) {
    VK_TRY(check_version(reading));
    /* One state of the file, though somebody may be writing it. */
    if (sqlite3_exec(reading->db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
        return unreadable(reading);
    VK_TRY(read_campaign(reading));
    VK_TRY(read_totals(reading));
    VK_TRY(read_oracles(reading));
    VK_TRY(read_faults(reading));
    VK_TRY(read_samples(reading));
    VK_TRY(read_failures(reading));
    VK_TRY(read_plans(reading));
    VK_TRY(read_probes(reading));
    return read_timelines(reading);
}

enum vk_err report_model_load(struct report_model *model, const char *path,
                              struct vk_arena *arena) {
    struct reading reading = {.arena = arena, .model = model};
    *model = (struct report_model){.path = path};
    enum vk_err err = open_file(&reading, path);
    if (err == VK_OK) err = read_all(&reading);
    sqlite3_close(reading.db);
    return err;
}

enum vk_err report_model_load_ended(struct report_model *model,
                                    const struct report_results *results,
                                    const struct report_results_end *ends, struct vk_arena *arena) {
    struct reading reading = {.arena = arena, .model = model};
    *model = (struct report_model){.path = results->path};
    VK_TRY(report_results_copy(results, ends, &reading.db));
    enum vk_err err = read_all(&reading);
    sqlite3_close(reading.db);
    return err;
}

/* ---- what there is to know */

const char *report_model_partial(const struct report_model *model) {
    /* Failures are written when they are found, totals now and then. */
    if (model->state == REPORT_RESULTS_RUNNING)
        return model->kind == REPORT_RESULTS_SEEDS
                   ? "It did not come to its end: it was ended from outside, or is still running."
                     " Its totals are at least these."
                   : "It did not come to its end: it was ended from outside, or is still running.";
    if (model->state == REPORT_RESULTS_INTERRUPTED) return "It was interrupted.";
    if (model->state == REPORT_RESULTS_FAILED) return "The testbed itself failed.";
    if (model->unwritten) return "Some of it could not be written.";
    return NULL;
}

uint64_t report_model_failed(const struct report_model *model) {
    uint64_t failed = 0;
    if (model->kind == REPORT_RESULTS_SEEDS) return model->totals.failures;
    for (size_t i = 0; i < model->plan_count; i++)
        failed += model->plans[i].state != REPORT_PLAN_PASSED;
    return failed;
}

uint64_t report_model_count(const struct report_model *model) {
    return model->kind == REPORT_RESULTS_SEEDS ? model->totals.seeds : model->plan_count;
}

struct report_summary report_model_summary(const struct report_model *model) {
    return (struct report_summary){
        .unit = report_results_kind_unit(model->kind),
        .count = report_model_count(model),
        .failed = report_model_failed(model),
        .totals = &model->totals,
        .faults = model->wanted,
        .probes = model->probes,
        .probe_count = model->probe_count,
        .seconds = model->seconds,
        .was_interrupted = model->state == REPORT_RESULTS_INTERRUPTED,
        .is_stable = model->is_stable,
    };
}

bool report_model_never_struck(const struct report_model *model, enum fault_kind kind) {
    return model->kind == REPORT_RESULTS_SEEDS &&
           model->totals.seeds >= REPORT_SEEDS_TO_JUDGE_FAULTS && model->wanted[kind] &&
           !model->totals.hits[kind];
}

struct report_failure report_model_failure(const struct report_model *model, size_t i) {
    const struct report_found *found = &model->failures[i];
    return (struct report_failure){&found->failure, found->name, found->reproduce, found->plan,
                                   found->flight};
}
