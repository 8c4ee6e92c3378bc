/* store_scan.c - vk_store_scan shows what a commit would leave behind, in order, and changes
 * nothing. */
#include "testing_store.h"

#include <vk/scan.h>

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define HASH "abababababababababababababababababababababababababababababababab"

/* All that a scan shows, one row a line. */
struct shown {
    char text[65536];
    size_t n;
    size_t fail_at, rows;
};

static enum vk_err show(struct shown *shown, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static enum vk_err show(struct shown *shown, const char *format, ...) {
    va_list args;
    if (++shown->rows == shown->fail_at) return VK_RAISE(VK_ERR_TRACE, "enough");
    va_start(args, format);
    int n = vsnprintf(shown->text + shown->n, sizeof shown->text - shown->n, format, args);
    va_end(args);
    shown->n += (size_t)n;
    cr_assert_lt(shown->n, sizeof shown->text);
    return VK_OK;
}

static enum vk_err on_pair(void *impl, struct vk_str key, struct vk_str value) {
    return show(impl, "%.*s = %.*s\n", VK_STR_ARG(key), VK_STR_ARG(value));
}

static enum vk_err on_span(void *impl, struct vk_str vat, const struct vk_span *span,
                           bool is_current) {
    return show(impl, "span %.*s %llu-%llu of %llu %s %s\n", VK_STR_ARG(vat),
                (unsigned long long)span->start, (unsigned long long)span->end,
                (unsigned long long)span->incarnation, span->hash, is_current ? "current" : "");
}

static enum vk_err on_item(void *impl, struct vk_str vat, uint64_t position, uint64_t incarnation,
                           struct vk_str item) {
    return show(impl, "item %.*s %llu of %llu %.*s\n", VK_STR_ARG(vat),
                (unsigned long long)position, (unsigned long long)incarnation, VK_STR_ARG(item));
}

static enum vk_err on_snapshot(void *impl, struct vk_str vat, const struct vk_snapshot_info *info,
                               bool in_use) {
    return show(impl, "snapshot %.*s %llu %s %llu %s\n", VK_STR_ARG(vat),
                (unsigned long long)info->position, info->hash,
                (unsigned long long)info->uncompressed_size, in_use ? "in use" : "");
}

static enum vk_err on_bundle(void *impl, struct vk_str id) {
    return show(impl, "bundle %.*s\n", VK_STR_ARG(id));
}

static enum vk_err scan(struct test_store *test, struct shown *shown, size_t fail_at) {
    const struct vk_store_scan wanted = {.impl = shown,
                                         .pair = on_pair,
                                         .span = on_span,
                                         .item = on_item,
                                         .snapshot = on_snapshot,
                                         .bundle = on_bundle};
    *shown = (struct shown){.fail_at = fail_at};
    return vk_store_scan(test->store, &wanted);
}

static void write_first(struct test_store *test) {
    struct vk_snapshot_info info;
    test_set(test, "b", "1");
    test_set(test, "a", "2");
    test_ok(vk_transcript_init(test->store, VK_STR("v2")));
    test_ok(vk_transcript_init(test->store, VK_STR("v10")));
    test_ok(vk_transcript_add(test->store, VK_STR("v2"), VK_STR("zero")));
    test_ok(vk_snapshot_save(test->store, VK_STR("v2"), 1, HASH, VK_STR("image"), &info));
    test_ok(vk_transcript_add(test->store, VK_STR("v2"), VK_STR("one")));
    test_ok(vk_transcript_rollover_span(test->store, VK_STR("v2")));
    test_ok(vk_bundle_add(test->store, VK_STR("b1-x"), VK_STR("bytes")));
}

static void write_more(struct test_store *test) {
    uint64_t incarnation, cleanups;
    bool done;
    test_set(test, "", "the empty key");
    test_ok(vk_store_delete(test->store, VK_STR("b")));
    test_ok(vk_transcript_add(test->store, VK_STR("v2"), VK_STR("two")));
    test_ok(vk_snapshot_stop(test->store, VK_STR("v2")));
    test_ok(vk_transcript_rollover_incarnation(test->store, VK_STR("v2"), &incarnation));
    test_ok(vk_transcript_add(test->store, VK_STR("v10"), VK_STR("ten")));
    test_ok(vk_transcript_stop(test->store, VK_STR("v10")));
    test_ok(vk_transcript_delete(test->store, VK_STR("v10"), 1, &cleanups, &done));
    test_ok(vk_bundle_delete(test->store, VK_STR("b1-x")));
    test_ok(vk_bundle_add(test->store, VK_STR("b1-y"), VK_STR("")));
}

static const enum vk_store_mode modes[] = {VK_STORE_DIRECT, VK_STORE_WRITE_BACK};

Test(store_scan, shows_all_rows_in_order_in_both_modes) {
    static struct shown shown[2];
    for (int i = 0; i < 2; i++) {
        struct test_store test;
        test_store_open(&test, ":memory:", modes[i]);
        write_first(&test);
        test_ok(scan(&test, &shown[i], 0));
        const char *last = shown[i].text;
        static const char *const wanted[] = {"a = 2\n",
                                             "b = 1\n",
                                             "span v10 0-0 of 0",
                                             "span v2 0-2",
                                             "span v2 2-2",
                                             "item v2 0 of 0 zero\n",
                                             "item v2 1 of 0 one\n",
                                             "snapshot v2 1 " HASH " 5 in",
                                             "bundle b1-x\n"};
        for (size_t j = 0; j < sizeof wanted / sizeof *wanted; j++) {
            last = strstr(last, wanted[j]);
            cr_assert(last, "no \"%s\" in its place in\n%s", wanted[j], shown[i].text);
        }
        test_store_close(&test);
    }
    cr_assert_str_eq(shown[0].text, shown[1].text);
}

Test(store_scan, shows_what_is_pending_and_leaves_it_pending) {
    static struct shown before, after, direct;
    struct test_store test;
    test_store_open(&test, ":memory:", VK_STORE_DIRECT);
    write_first(&test);
    write_more(&test);
    test_ok(scan(&test, &direct, 0));
    test_store_close(&test);

    test_store_open(&test, ":memory:", VK_STORE_WRITE_BACK);
    write_first(&test);
    test_ok(vk_store_commit(test.store));
    write_more(&test);
    test_ok(scan(&test, &before, 0));
    cr_assert_str_eq(before.text, direct.text);
    test_ok(scan(&test, &after, 0));
    cr_assert_str_eq(after.text, before.text);
    test_ok(vk_store_commit(test.store));
    test_ok(scan(&test, &after, 0));
    cr_assert_str_eq(after.text, before.text);
    test_store_close(&test);
}

/* The block in hand is neither committed by a scan nor lost to it. */
Test(store_scan, commits_nothing) {
    for (int i = 0; i < 2; i++) {
        struct test_folder folder;
        static struct shown shown;
        struct test_store test;
        test_folder_make(&folder);
        const char *path = test_folder_file(&folder, "store.sqlite");
        test_store_open(&test, path, modes[i]);
        write_first(&test);
        test_ok(scan(&test, &shown, 0));
        test_store_close(&test);
        test_store_open(&test, path, modes[i]);
        test_ok(scan(&test, &shown, 0));
        cr_assert_str_eq(shown.text, "");
        test_store_close(&test);
        test_folder_remove(&folder);
    }
}

Test(store_scan, ends_with_the_first_error_wherever_it_comes) {
    for (int i = 0; i < 2; i++) {
        struct test_store test;
        static struct shown shown, whole;
        test_store_open(&test, ":memory:", modes[i]);
        write_first(&test);
        test_ok(vk_store_commit(test.store));
        write_more(&test);
        test_ok(scan(&test, &whole, 0));
        for (size_t fail_at = 1; fail_at <= whole.rows; fail_at++) {
            cr_assert_eq(scan(&test, &shown, fail_at), VK_ERR_TRACE);
            cr_assert_eq(shown.rows, fail_at);
        }
        test_ok(scan(&test, &shown, 0));
        cr_assert_str_eq(shown.text, whole.text);
        test_ok(vk_store_commit(test.store));
        test_store_close(&test);
    }
}

Test(store_scan, is_refused_in_a_crank) {
    for (int i = 0; i < 2; i++) {
        struct test_store test;
        static struct shown shown;
        test_store_open(&test, ":memory:", modes[i]);
        test_ok(vk_store_start_crank(test.store));
        cr_assert_eq(scan(&test, &shown, 0), VK_ERR_USAGE);
        test_ok(vk_store_end_crank(test.store));
        test_store_close(&test);
    }
}
