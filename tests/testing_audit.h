/* testing_audit.h - a small whole state, clean and with something of every kind in it, to damage
 * and audit.
 *
 * v1 vatAdmin and v2 bootstrap are static, v3 is dynamic, metered and once upgraded, v4 is
 * terminated and half cleaned up; d7 is the vatAdmin device. The host holds one reference, to
 * kp43.
 */
#ifndef TESTING_AUDIT_H
#define TESTING_AUDIT_H

#include "sim/audit_state.h"
#include "sim/auditor.h"

enum { TEST_AUDIT_PAIRS_MAX = 160, TEST_AUDIT_ROWS_MAX = 24, TEST_AUDIT_FOUND_MAX = 64 };

struct test_audit_span {
    const char *vat;
    uint64_t start, end, incarnation;
    bool is_current;
    const char *hash; /* NULL: that of its items */
};

struct test_audit_item {
    const char *vat;
    uint64_t position, incarnation;
    const char *text; /* NULL: left out */
};

struct test_audit_snapshot {
    const char *vat;
    uint64_t position;
    bool in_use;
    const char *hash;
};

struct test_audit_found {
    enum audit_rule rule;
    char key[96], expected[160], found[160];
};

struct test_audit {
    struct {
        const char *key, *value;
    } pairs[TEST_AUDIT_PAIRS_MAX];
    size_t pair_count;
    struct test_audit_span spans[TEST_AUDIT_ROWS_MAX];
    size_t span_count;
    struct test_audit_item items[TEST_AUDIT_ROWS_MAX];
    size_t item_count;
    struct test_audit_snapshot snapshots[TEST_AUDIT_ROWS_MAX];
    size_t snapshot_count;
    /* Of the audit. The caller's `violation` is replaced. */
    struct sim_audit_options options;
    struct sim_audit_report report;
    struct test_audit_found found[TEST_AUDIT_FOUND_MAX];
    size_t found_count; /* may be more than were kept */
};

/* The clean state, audited with the host's reference known. */
void test_audit_init(struct test_audit *test);
/* Sets a key, or deletes it (NULL). */
void test_audit_set(struct test_audit *test, const char *key, const char *value);
const char *test_audit_get(const struct test_audit *test, const char *key);
/* The span of a vat that starts there. */
struct test_audit_span *test_audit_span_at(struct test_audit *test, const char *vat,
                                           uint64_t start);
struct test_audit_item *test_audit_item_at(struct test_audit *test, const char *vat,
                                           uint64_t position);
/* Builds the state and audits it. */
enum vk_err test_audit_run(struct test_audit *test);
bool test_audit_has(const struct test_audit *test, enum audit_rule rule, const char *key);
/* All that was found, one a line, in a static buffer: for messages. */
const char *test_audit_text(const struct test_audit *test);

/* Writes the state to a new swing-store database. */
void test_audit_write_database(struct test_audit *test, const char *path);

#endif
