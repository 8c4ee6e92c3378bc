/* auditor_transcript_test.c - damaged transcripts and snapshots. */
#include "testing_audit.h"
#include "testing_store.h"

#include <criterion/criterion.h>

static struct test_audit test;

static void expect(enum audit_rule rule, const char *key) {
    test_ok(test_audit_run(&test));
    cr_expect(test_audit_has(&test, rule, key), "no %s at %s but\n%s", sim_audit_rule_name(rule),
              key, test_audit_text(&test));
}

static void expect_clean(void) {
    test_ok(test_audit_run(&test));
    cr_expect_eq(test.found_count, 0, "\n%s", test_audit_text(&test));
}

static void remove_span(struct test_audit_span *span) {
    size_t index = (size_t)(span - test.spans);
    memmove(span, span + 1, (test.span_count - index - 1) * sizeof *span);
    test.span_count--;
}

static void add_snapshot(const char *vat, uint64_t position, bool in_use) {
    size_t at = test.snapshot_count;
    while (at > 0 && strcmp(test.snapshots[at - 1].vat, vat) > 0) {
        test.snapshots[at] = test.snapshots[at - 1];
        at--;
    }
    test.snapshots[at] = (struct test_audit_snapshot){
        vat, position, in_use, "3333333333333333333333333333333333333333333333333333333333333333"};
    test.snapshot_count++;
}

TestSuite(auditor_transcript);

Test(auditor_transcript, a_gap_between_spans) {
    test_audit_init(&test);
    test_audit_span_at(&test, "v2", 3)->start = 4;
    expect(AUDIT_TRANSCRIPT_SPAN, "transcript.v2.4");
    test_audit_init(&test);
    test_audit_span_at(&test, "v1", 0)->start = 1;
    expect(AUDIT_TRANSCRIPT_SPAN, "transcript.v1.1");
    test_audit_init(&test);
    test_audit_span_at(&test, "v2", 0)->end = 4;
    expect(AUDIT_TRANSCRIPT_SPAN, "transcript.v2.3");
}

Test(auditor_transcript, a_span_that_ends_before_it_starts) {
    test_audit_init(&test);
    test_audit_span_at(&test, "v2", 3)->end = 2;
    expect(AUDIT_TRANSCRIPT_SPAN, "transcript.v2.3");
}

Test(auditor_transcript, a_wrong_span_hash) {
    test_audit_init(&test);
    test_audit_span_at(&test, "v2", 0)->hash =
        "0000000000000000000000000000000000000000000000000000000000000000";
    expect(AUDIT_TRANSCRIPT_HASH, "transcript.v2.0");
}

Test(auditor_transcript, an_item_that_was_changed) {
    test_audit_init(&test);
    test_ok(test_audit_run(&test));
    struct test_audit_span *span = test_audit_span_at(&test, "v1", 0);
    span->hash = "c1a5ba0000000000000000000000000000000000000000000000000000000000";
    test_audit_item_at(&test, "v1", 1)->text = "{\"d\":[\"bringOutYourDead\"],\"sc\":[1]}";
    expect(AUDIT_TRANSCRIPT_HASH, "transcript.v1.0");
}

Test(auditor_transcript, a_missing_item) {
    test_audit_init(&test);
    test_audit_item_at(&test, "v1", 1)->text = NULL;
    expect(AUDIT_TRANSCRIPT_ITEMS, "transcript.v1.0");
    test_audit_init(&test); /* of a closed span: some but not all */
    test_audit_item_at(&test, "v2", 1)->text = NULL;
    expect(AUDIT_TRANSCRIPT_ITEMS, "transcript.v2.0");
}

Test(auditor_transcript, a_closed_span_may_be_pruned_as_a_whole) {
    test_audit_init(&test);
    for (uint64_t position = 0; position < 3; position++)
        test_audit_item_at(&test, "v2", position)->text = NULL;
    expect_clean();
}

Test(auditor_transcript, an_item_beyond_the_last_span) {
    test_audit_init(&test);
    test_audit_span_at(&test, "v2", 3)->end = 4;
    expect(AUDIT_TRANSCRIPT_ITEMS, "transcript.v2");
}

Test(auditor_transcript, an_item_of_another_incarnation) {
    test_audit_init(&test);
    test_audit_item_at(&test, "v3", 2)->incarnation = 0;
    expect(AUDIT_TRANSCRIPT_ITEMS, "transcript.v3.2");
}

Test(auditor_transcript, an_incarnation_that_goes_back_or_leaps) {
    test_audit_init(&test);
    test_audit_span_at(&test, "v3", 0)->incarnation = 2;
    expect(AUDIT_TRANSCRIPT_INCARNATION, "transcript.v3.2");
    test_audit_init(&test);
    test_audit_span_at(&test, "v3", 2)->incarnation = 2;
    expect(AUDIT_TRANSCRIPT_INCARNATION, "transcript.v3.2");
    test_audit_init(&test);
    test_audit_span_at(&test, "v1", 0)->incarnation = 1;
    expect(AUDIT_TRANSCRIPT_INCARNATION, "transcript.v1.0");
}

Test(auditor_transcript, a_live_vat_without_current_span) {
    test_audit_init(&test);
    test_audit_span_at(&test, "v1", 0)->is_current = false;
    expect(AUDIT_TRANSCRIPT_CURRENT, "transcript.v1.0");
    test_audit_init(&test);
    remove_span(test_audit_span_at(&test, "v1", 0));
    expect(AUDIT_TRANSCRIPT_CURRENT, "transcript.v1.current");
}

Test(auditor_transcript, two_current_spans) {
    test_audit_init(&test);
    test_audit_span_at(&test, "v2", 0)->is_current = true;
    expect(AUDIT_TRANSCRIPT_CURRENT, "transcript.v2.0");
}

Test(auditor_transcript, a_dead_vat_with_a_current_span) {
    test_audit_init(&test);
    test_audit_span_at(&test, "v4", 0)->is_current = true;
    expect(AUDIT_TRANSCRIPT_CURRENT, "transcript.v4.0");
}

Test(auditor_transcript, what_is_left_of_a_forgotten_vat) {
    test_audit_init(&test);
    test_audit_span_at(&test, "v4", 0)->vat = "v5";
    test_audit_item_at(&test, "v4", 0)->vat = "v5";
    expect(AUDIT_VAT_KEYS, "v5");
    test_audit_init(&test);
    test.snapshots[1].vat = "v5";
    expect(AUDIT_VAT_KEYS, "v5");
}

Test(auditor_transcript, a_terminated_vat_may_have_nothing_but_a_transcript_left) {
    test_audit_init(&test);
    test_audit_set(&test, "vats.terminated", "[\"v4\",\"v5\"]");
    struct test_audit_span span = *test_audit_span_at(&test, "v4", 0);
    struct test_audit_item item = *test_audit_item_at(&test, "v4", 0);
    span.vat = item.vat = "v5";
    test.spans[test.span_count++] = span;
    test.items[test.item_count++] = item;
    expect_clean();
}

Test(auditor_transcript, a_snapshot_in_use_at_another_place) {
    test_audit_init(&test);
    test.snapshots[0].position = 1;
    expect(AUDIT_SNAPSHOT, "snapshot.v2.1");
}

Test(auditor_transcript, a_snapshot_in_use_that_is_not_the_one_loaded) {
    test_audit_init(&test);
    test.snapshots[0].hash = "4444444444444444444444444444444444444444444444444444444444444444";
    expect(AUDIT_SNAPSHOT, "snapshot.v2.2");
}

Test(auditor_transcript, no_snapshot_where_the_span_begins_from_one) {
    test_audit_init(&test);
    test.snapshots[0].in_use = false;
    expect(AUDIT_SNAPSHOT, "transcript.v2.3");
}

Test(auditor_transcript, a_snapshot_in_use_where_the_span_begins_an_incarnation) {
    test_audit_init(&test);
    add_snapshot("v3", 1, true);
    expect(AUDIT_SNAPSHOT, "snapshot.v3.1");
}

Test(auditor_transcript, two_snapshots_in_use) {
    test_audit_init(&test);
    add_snapshot("v2", 3, true);
    expect(AUDIT_SNAPSHOT, "snapshot.v2.3");
}

Test(auditor_transcript, a_dead_vats_snapshot_in_use) {
    test_audit_init(&test);
    test.snapshots[1].in_use = true;
    expect(AUDIT_SNAPSHOT, "snapshot.v4.7");
}

Test(auditor_transcript, a_span_that_goes_on_without_load_snapshot) {
    test_audit_init(&test);
    test_audit_item_at(&test, "v2", 3)->text = test_audit_item_at(&test, "v2", 0)->text;
    expect(AUDIT_TRANSCRIPT_ITEMS, "transcript.v2.3");
    test_audit_init(&test);
    test_audit_item_at(&test, "v3", 2)->text = test_audit_item_at(&test, "v2", 3)->text;
    expect(AUDIT_TRANSCRIPT_ITEMS, "transcript.v3.2");
}

Test(auditor_transcript, rows_out_of_order_are_refused) {
    test_audit_init(&test);
    struct test_audit_span span = test.spans[0];
    test.spans[0] = test.spans[1];
    test.spans[1] = span;
    cr_assert_eq(test_audit_run(&test), VK_ERR_CORRUPT);
}
