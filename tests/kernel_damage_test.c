/* kernel_damage_test.c - every value of real kernel databases is damaged in turn, and a kernel is set to work on each: either it
 * never comes to what is wrong, or it says that the database is no kernel's and halts. It never crashes, leaks, commits
 * anything, or takes the damage for a fault of anybody else's.
 */
#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <vk/scan.h>

#include "testing_steps.h"

enum { CRANKS_EACH = 12, VALUE_MAX = 1 << 16, PAIRS_MAX = 4096, SQL_MAX = 512 };

static const char huge[] = "18446744073709551615";

/* ---- what can become of a text: false if nothing else than it was */

static bool put(struct vk_str text, char *out) {
    cr_assert(text.n < VALUE_MAX);
    if (text.n) memcpy(out, text.p, text.n);
    out[text.n] = '\0';
    return true;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

enum number { ONE_MORE, ONE_LESS, HUGE, NEGATIVE, NUMBERS };

/* The n-th of the numbers in it (0 the first) is another one. */
static bool change_number(struct vk_str text, unsigned n, enum number number, char *out) {
    size_t start = 0, end = 0;
    char digits[32];
    for (unsigned i = 0; i <= n; i++) {
        for (start = end; start < text.n && !is_digit(text.p[start]); start++)
            ;
        for (end = start; end < text.n && is_digit(text.p[end]); end++)
            ;
    }
    if (start == end) return false;
    unsigned long long was = strtoull(text.p + start, NULL, 10);
    if (number == ONE_LESS && was == 0) return false;
    snprintf(digits, sizeof digits, "%llu", number == ONE_MORE ? was + 1 : was - 1);
    snprintf(out, VALUE_MAX, "%.*s%s%.*s", (int)start, text.p,
             number == HUGE       ? huge
             : number == NEGATIVE ? "-1"
                                  : digits,
             (int)(text.n - end), text.p + end);
    return true;
}

static const char *const texts[] = {"", "garb\"age", "null", "[]", "{}", "[1,[\"x\"]]", "1"};

/* What is wrong with a pair; the numbers go on with the texts, and those with every number in the value. */
enum damage {
    DELETED,
    RENAMED,
    CUT,
    HEADLESS,
    LONGER,
    SWAPPED, /* it has its neighbour's value */
    TEXTS,
    NUMBER = TEXTS + sizeof texts / sizeof *texts,
    DAMAGES = NUMBER + 3 * NUMBERS /* of the first three numbers in it */
};

static bool damaged(unsigned damage, struct vk_str value, struct vk_str other, char *out) {
    switch (damage) {
    case DELETED:
    case RENAMED: return put(value, out);
    case CUT: return value.n > 1 && put((struct vk_str){value.p, value.n - 1}, out);
    case HEADLESS: return value.n > 1 && put(vk_str_from(value, 1), out);
    case LONGER: return snprintf(out, VALUE_MAX, "%.*s1", VK_STR_ARG(value)) > 0;
    case SWAPPED: return !vk_str_eq(value, other) && put(other, out);
    default: break;
    }
    if (damage < NUMBER) return put(vk_str(texts[damage - TEXTS]), out);
    return change_number(value, (damage - NUMBER) / NUMBERS,
                         (enum number)((damage - NUMBER) % NUMBERS), out);
}

/* ---- what the kernel makes of it */

/* The number of tries, of which only each `every`-th is made: another one of each step's. */
struct tries {
    struct test_steps *steps;
    uint64_t number, every, made, refused;
};

static bool is_due(struct tries *tries) { return tries->number++ % tries->every == 0; }

static bool is_honest(enum vk_err err) {
    /* A worker that is to run another bundle cannot start, and one that was told something else replays otherwise. */
    return err == VK_ERR_CORRUPT || err == VK_ERR_SCHEMA || err == VK_ERR_PANIC ||
           err == VK_ERR_SNAPSHOT || err == VK_ERR_ANACHROPHOBIA || err == VK_ERR_WORKER_START;
}

/* ---- what a reader makes of it */

static enum vk_err see_pair(void *impl, struct vk_str key, struct vk_str value) {
    (void)impl, (void)key, (void)value;
    return VK_OK;
}
static enum vk_err see_span(void *impl, struct vk_str vat, const struct vk_span *span,
                            bool is_current) {
    (void)impl, (void)vat, (void)span, (void)is_current;
    return VK_OK;
}
static enum vk_err see_item(void *impl, struct vk_str vat, uint64_t position, uint64_t incarnation,
                            struct vk_str item) {
    (void)impl, (void)vat, (void)position, (void)incarnation, (void)item;
    return VK_OK;
}
static enum vk_err see_snapshot(void *impl, struct vk_str vat, const struct vk_snapshot_info *info,
                                bool in_use) {
    (void)impl, (void)vat, (void)info, (void)in_use;
    return VK_OK;
}
static enum vk_err see_bundle(void *impl, struct vk_str id) {
    (void)impl, (void)id;
    return VK_OK;
}

/* All tables, as an auditor reads them. */
static enum vk_err scan(struct test_steps *steps) {
    static const struct vk_store_scan all = {.pair = see_pair,
                                             .span = see_span,
                                             .item = see_item,
                                             .snapshot = see_snapshot,
                                             .bundle = see_bundle};
    const struct vk_store_options options = {.mode = steps->options.mode, .read_only = true};
    struct vk_store *store;
    VK_TRY(vk_store_open(&steps->ports, &options, &store));
    enum vk_err err = vk_store_scan(store, &all);
    vk_store_close(store);
    return err;
}

static void try_it(struct tries *tries, const char *what, const char *how) {
    enum vk_err seen = scan(tries->steps);
    cr_assert(seen == VK_OK || seen == VK_ERR_CORRUPT, "%s, %s: %s", what, how, vk_err_name(seen));
    enum vk_err err = test_steps_try_on(tries->steps, CRANKS_EACH);
    const struct vk_err_origin *origin = vk_err_origin();
    cr_assert(err == VK_OK || is_honest(err), "%s, %s: %s at %s:%d: %s", what, how,
              vk_err_name(err), origin->file, origin->line, origin->text);
    tries->made++;
    tries->refused += err != VK_OK;
}

static void sql(struct test_steps *steps, const char *text, const char *key, const char *value) {
    sqlite3_stmt *statement;
    cr_assert(sqlite3_prepare_v2(steps->database, text, -1, &statement, NULL) == SQLITE_OK, "%s",
              text);
    int count = sqlite3_bind_parameter_count(statement);
    if (count > 0) sqlite3_bind_text(statement, 1, key, -1, SQLITE_STATIC);
    if (count > 1) sqlite3_bind_text(statement, 2, value, -1, SQLITE_STATIC);
    cr_assert(sqlite3_step(statement) == SQLITE_DONE, "%s", text);
    sqlite3_finalize(statement);
}

/* ---- keys and values */

struct pair {
    char *key, *value;
};

/* All but the vats' own, of which the kernel knows nothing. */
static size_t read_pairs(struct test_steps *steps, struct pair pairs[PAIRS_MAX]) {
    sqlite3_stmt *statement;
    size_t count = 0;
    cr_assert(sqlite3_prepare_v2(steps->database,
                                 "SELECT key, value FROM kvStore WHERE key NOT GLOB 'v*.vs.*'"
                                 " ORDER BY key",
                                 -1, &statement, NULL) == SQLITE_OK);
    for (; sqlite3_step(statement) == SQLITE_ROW; count++) {
        cr_assert(count < PAIRS_MAX);
        pairs[count] = (struct pair){strdup((const char *)sqlite3_column_text(statement, 0)),
                                     strdup((const char *)sqlite3_column_text(statement, 1))};
        cr_assert(pairs[count].key && pairs[count].value);
    }
    sqlite3_finalize(statement);
    return count;
}

static void damage_pair(struct tries *tries, const struct pair *pair, const struct pair *other) {
    static char value[VALUE_MAX];
    struct test_steps *steps = tries->steps;
    for (unsigned damage = 0; damage < DAMAGES; damage++) {
        if (!is_due(tries)) continue;
        if (!damaged(damage, vk_str(pair->value), vk_str(other->value), value)) continue;
        sql(steps, "DELETE FROM kvStore WHERE key = ?1", pair->key, NULL);
        if (damage == RENAMED)
            sql(steps, "INSERT OR IGNORE INTO kvStore VALUES (?1 || '~', ?2)", pair->key, value);
        else if (damage != DELETED)
            sql(steps, "INSERT INTO kvStore VALUES (?1, ?2)", pair->key, value);
        try_it(tries, pair->key, damage == DELETED ? "deleted" : value);
        sql(steps, "DELETE FROM kvStore WHERE key = ?1 || '~'", pair->key, NULL);
        sql(steps, "INSERT OR REPLACE INTO kvStore VALUES (?1, ?2)", pair->key, pair->value);
    }
}

static void damage_pairs(struct tries *tries) {
    static struct pair pairs[PAIRS_MAX];
    size_t count = read_pairs(tries->steps, pairs);
    for (size_t i = 0; i < count; i++)
        damage_pair(tries, &pairs[i], &pairs[i + 1 < count ? i + 1 : 0]);
    for (size_t i = 0; i < count; i++) {
        free(pairs[i].key);
        free(pairs[i].value);
    }
}

/* ---- rows of all tables, by column */

/* A bundle without bytes is one that was pruned, and a host's own affair. */
static const struct {
    const char *table, *column;
} columns[] = {
    {"transcriptItems", "vatID"},
    {"transcriptItems", "position"},
    {"transcriptItems", "item"},
    {"transcriptItems", "incarnation"},
    {"transcriptSpans", "vatID"},
    {"transcriptSpans", "startPos"},
    {"transcriptSpans", "endPos"},
    {"transcriptSpans", "hash"},
    {"transcriptSpans", "isCurrent"},
    {"transcriptSpans", "incarnation"},
    {"snapshots", "vatID"},
    {"snapshots", "snapPos"},
    {"snapshots", "inUse"},
    {"snapshots", "hash"},
    {"snapshots", "uncompressedSize"},
    {"snapshots", "compressedSize"},
    {"snapshots", "compressedSnapshot"},
    {"bundles", "bundleID"},
};

/* ?1 is the row; each is an expression of `x`, the column's value. */
static const char *const changes[] = {
    "NULL",
    "''",
    "'x'",
    "x'00'",
    "x + 1",
    "x - 1",
    "-1",
    "9223372036854775807",
    "1",
    "1.5",
    "x || 'x'",
    "substr(x, 1, length(x) / 2)",
    "substr(x, 2)",
    "'v2'",
    "json_remove(x, '$.d[1]')",
    "replace(x, '\"', '')",
    "replace(x, '[', '{')",
};

static int count_rows(struct test_steps *steps, const char *table) {
    char text[SQL_MAX];
    sqlite3_stmt *statement;
    snprintf(text, sizeof text, "SELECT count(*) FROM %s", table);
    cr_assert(sqlite3_prepare_v2(steps->database, text, -1, &statement, NULL) == SQLITE_OK);
    cr_assert(sqlite3_step(statement) == SQLITE_ROW);
    int count = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return count;
}

/* False if the database does not take it. */
static bool change_row(struct test_steps *steps, const char *table, const char *text, int row) {
    char where[2 * SQL_MAX];
    snprintf(where, sizeof where,
             "%s WHERE rowid = (SELECT rowid FROM %s ORDER BY rowid LIMIT 1 OFFSET ?1)", text,
             table);
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(steps->database, where, -1, &statement, NULL) != SQLITE_OK) return false;
    sqlite3_bind_int(statement, 1, row);
    int rc = sqlite3_step(statement);
    sqlite3_finalize(statement);
    return rc == SQLITE_DONE && sqlite3_changes(steps->database) == 1;
}

static void restore_rows(struct test_steps *steps, const char *table) {
    char text[SQL_MAX];
    snprintf(text, sizeof text,
             "BEGIN; DELETE FROM %s; INSERT INTO %s SELECT * FROM temp.kept ORDER BY rowid; COMMIT",
             table, table);
    cr_assert(sqlite3_exec(steps->database, text, NULL, NULL, NULL) == SQLITE_OK);
}

static void damage_row(struct tries *tries, const char *table, const char *column, int row) {
    char text[SQL_MAX], what[SQL_MAX];
    enum { CHANGES = sizeof changes / sizeof *changes };
    snprintf(what, sizeof what, "%s.%s in row %d", table, column, row);
    for (size_t i = 0; i <= CHANGES; i++) {
        if (!is_due(tries)) continue;
        if (i < CHANGES)
            snprintf(text, sizeof text, "UPDATE %s SET %s = (SELECT %s FROM (SELECT %s AS x))",
                     table, column, changes[i], column);
        else
            snprintf(text, sizeof text, "DELETE FROM %s", table);
        if (!change_row(tries->steps, table, text, row)) continue;
        try_it(tries, what, text);
        restore_rows(tries->steps, table);
    }
}

static void damage_rows(struct tries *tries) {
    char text[SQL_MAX];
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        snprintf(text, sizeof text,
                 "CREATE TEMP TABLE kept AS SELECT * FROM main.%s ORDER BY rowid",
                 columns[i].table);
        sql(tries->steps, text, NULL, NULL);
        int rows = count_rows(tries->steps, columns[i].table);
        for (int row = 0; row < rows; row++)
            damage_row(tries, columns[i].table, columns[i].column, row);
        sql(tries->steps, "DROP TABLE temp.kept", NULL, NULL);
    }
}

/* ---- */

/* At each so-manieth step of the plan. */
static void damage_run(uint64_t seed, enum vk_store_mode mode, uint64_t steps_each, uint64_t every,
                       void (*damage)(struct tries *tries)) {
    struct sim_plan plan;
    struct test_steps steps;
    struct tries tries = {.steps = &steps, .every = test_each(every)};
    uint64_t number = 0;
    test_plan_with_everything(&plan, seed);
    test_steps_open(&steps, &plan, mode);
    do {
        if (number++ % steps_each == steps_each / 2) damage(&tries);
    } while (test_steps_take(&steps));
    test_steps_close(&steps);
    sim_plan_release(&plan);
    cr_assert(tries.made > 100 && tries.refused > tries.made / 50,
              "only %llu of %llu tries were refused", (unsigned long long)tries.refused,
              (unsigned long long)tries.made);
}

Test(kernel_damage, of_any_value_is_found_or_does_not_matter, .timeout = 1200) {
    damage_run(2, VK_STORE_WRITE_BACK, 40, 37, damage_pairs);
    damage_run(5, VK_STORE_DIRECT, 60, 37, damage_pairs);
}

Test(kernel_damage, of_any_row_is_found_or_does_not_matter, .timeout = 1200) {
    damage_run(2, VK_STORE_WRITE_BACK, 60, 41, damage_rows);
    damage_run(5, VK_STORE_DIRECT, 60, 41, damage_rows);
}
