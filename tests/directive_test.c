/* directive_test.c - directives: skip, terminate and debug, at cranks and at deliveries, and their refusal. */
#include <criterion/criterion.h>
#include <sim/directives.h>
#include <stdio.h>

#include "testing_kernel.h"

static const struct test_setup ordinary = {0};
static const struct test_setup with_slog = {.slog = true};
static const struct test_setup halting = {.plain = true};

/* ---- a world with directives */

struct orders {
    struct vk_directive at[4];
    struct vk_directives directives;
    unsigned stops;
    enum vk_err answer; /* to a debug stop */
    char seen[200];
};

static enum vk_err stop(void *impl, const struct vk_debug_stop *where) {
    struct orders *orders = impl;
    orders->stops++;
    snprintf(orders->seen, sizeof orders->seen, "crank %llu %s", (unsigned long long)where->crank,
             where->event);
    return orders->answer == VK_OK ? VK_OK : VK_RAISE(orders->answer, "stopped for a debugger");
}

static struct orders orders;

/* A kernel that has them, on the same store. */
static void direct(struct test_world *w, size_t count, const struct vk_directive *at) {
    orders = (struct orders){.directives = {.count = count, .stop = stop, .impl = &orders}};
    memcpy(orders.at, at, count * sizeof *at);
    orders.directives.at = orders.at;
    w->options.directives = &orders.directives;
    world_restart(w);
}

static uint64_t next_crank(struct test_world *w) {
    uint64_t n;
    cr_assert(vk_str_to_u64(vk_str(world_key(w, "crankNumber")), &n));
    return n;
}

static uint64_t next_delivery(struct test_world *w, const char *vat) {
    struct vk_span span;
    test_ok(vk_transcript_current(w->store, vk_str(vat), &span));
    return span.end;
}

static struct vk_directive at_crank(struct test_world *w, uint64_t ahead,
                                    enum vk_directive_action action, uint64_t victim) {
    return (
        struct vk_directive){.number = next_crank(w) + ahead, .action = action, .victim = victim};
}

static struct vk_directive at_delivery(struct test_world *w, uint64_t vat, uint64_t ahead,
                                       enum vk_directive_action action) {
    char id[24];
    snprintf(id, sizeof id, "v%llu", (unsigned long long)vat);
    return (struct vk_directive){.target = VK_AT_DELIVERY,
                                 .vat = vat,
                                 .number = next_delivery(w, id) + ahead,
                                 .action = action,
                                 .victim = vat};
}

static const char *text_of(const struct vk_directive *directive) {
    static char text[VK_DIRECTIVE_TEXT_MAX];
    vk_directive_text(directive, text);
    return text;
}

static const char *text_with(const char *before, const struct vk_directive *directive,
                             const char *after) {
    static char text[300];
    snprintf(text, sizeof text, "%s%s%s", before, text_of(directive), after);
    return text;
}

static void is_done(struct test_world *w, const struct vk_directive *directive) {
    world_is(w, "directives.done", text_with("[\"", directive, "\"]"));
}

static void is_skipped(struct test_world *w, const char *kpid,
                       const struct vk_directive *directive) {
    cr_assert_str_eq(world_take(w, kpid), text_with("rejected #{\"#error\":\"skipped by directive ",
                                                    directive, "\",\"name\":\"Error\"}"));
}

/* ---- skip */

/* What carol asks bob is skipped in this crank: 0 routes it, 1 delivers it. */
static void skips_in_crank(struct test_world *w, uint64_t ahead) {
    const struct vk_directive skip = at_crank(w, ahead, VK_DIRECTIVE_SKIP, 0);
    direct(w, 1, &skip);
    const char *kpid = world_ask(w, "bob", "{set k 1} ko21", VK_RESULT_IGNORE);
    world_forget(w);
    for (uint64_t i = 0; i <= ahead; i++)
        world_crank(w);
    cr_assert(w->crank.directed && !w->crank.aborted && w->crank.kind == VK_CRANK_NONE);
    world_run(w);
    world_absent(w, "v3.vs.k");
    cr_assert_eq(world_traced(w, "titem v3 ", "\"message\""), 0);
    is_skipped(w, kpid, &skip);
    is_done(w, &skip);
    world_run(w);
}

SCENARIO(directive, send_skipped_as_it_is_delivered_rejects_its_result, ordinary) {
    skips_in_crank(w, 1);
}

SCENARIO(directive, send_skipped_as_it_is_routed_rejects_its_result, ordinary) {
    skips_in_crank(w, 0);
}

SCENARIO(directive, delivery_is_skipped_once_and_the_next_one_takes_its_number, ordinary) {
    const struct vk_directive skip = at_delivery(w, 3, 0, VK_DIRECTIVE_SKIP);
    direct(w, 1, &skip);
    const char *first = world_ask(w, "bob", "{set k 1} ko21", VK_RESULT_IGNORE);
    const char *second = world_ask(w, "bob", "{set l 2; fulfill $r 7}", VK_RESULT_IGNORE);
    world_forget(w);
    world_run(w);
    world_absent(w, "v3.vs.k");
    world_is(w, "v3.vs.l", "2");
    cr_assert_eq(world_traced(w, "titem v3 ", "\"message\""), 1);
    is_skipped(w, first, &skip);
    cr_assert_str_eq(world_take(w, second), "fulfilled #7");
    is_done(w, &skip);
    world_run(w);
}

SCENARIO(directive, what_the_crank_did_before_a_skipped_delivery_is_undone, ordinary) {
    world_tell(w, "alice", "{send $0 something = p+5; subscribe p+5} ko22");
    world_run(w);
    world_is(w, "v2.c.kp41", "R p+5");
    const struct vk_directive skip = at_delivery(w, 2, 0, VK_DIRECTIVE_SKIP);
    direct(w, 1, &skip);
    world_tell(w, "bob", "{fulfill p-60 1}");
    world_run(w);
    is_done(w, &skip);
    /* She is never told, and goes on knowing the promise. */
    world_is(w, "v2.c.kp41", "R p+5");
    world_is(w, "v2.c.p+5", "kp41");
    world_is(w, "kp41.state", "fulfilled");
    world_is(w, "kp41.refCount", "1");
}

SCENARIO(directive, result_that_is_not_in_order_is_left_alone, ordinary) {
    /* Pipelined to alice, who decides it: nobody else may settle it. */
    world_tell(w, "alice", "{send $0 something = p+5} ko22");
    world_run(w);
    const struct vk_directive skip = at_delivery(w, 3, 0, VK_DIRECTIVE_SKIP);
    direct(w, 1, &skip);
    world_tell(w, "alice", "{send p+5 more = p+6}");
    world_tell(w, "bob", "{fulfill p-60 1}");
    world_run(w);
    is_done(w, &skip);
    world_is(w, "kp41.state", "unresolved"); /* the fulfilling message was what was skipped */
    cr_assert(world_keys(w, "kp42.") > 0);
}

SCENARIO(directive, gc_actions_and_bring_out_your_dead_are_skipped_without_a_trace, ordinary) {
    world_tell(w, "alice", "{send $0 take o+7} ko22");
    world_run(w);
    world_is(w, "ko24.owner", "v2");
    world_is(w, "v3.c.ko24", "R o-50");
    const struct vk_directive skip = at_delivery(w, 2, 0, VK_DIRECTIVE_SKIP);
    direct(w, 1, &skip);
    world_forget(w);
    world_tell(w, "bob", "{drop o-60; retire o-50}");
    world_run(w);
    is_done(w, &skip);
    cr_assert_eq(world_traced(w, "titem v2 ", "dropExports"), 0);
    world_is(w, "ko24.owner", "v2"); /* alice goes on exporting it */
    test_ok(vk_host_reap_all_vats(w->kernel));
    unsigned reaped = 0;
    for (const char *vat = world_key(w, "reapQueue"); *vat; vat++)
        reaped += *vat == 'v';
    const struct vk_directive reap = at_crank(w, 0, VK_DIRECTIVE_SKIP, 0);
    direct(w, 1, &reap);
    world_forget(w);
    world_crank(w);
    cr_assert(w->crank.directed);
    cr_assert_str_eq(w->crank.event, "bringOutYourDead");
    world_run(w);
    cr_assert_eq(world_traced(w, "titem ", "bringOutYourDead"), reaped - 1);
}

SCENARIO(directive, creation_that_is_skipped_has_failed, ordinary) {
    /* vatAdmin asks for it in two cranks, and it is created in the fourth. */
    for (uint64_t ahead = 2; ahead < 4; ahead++) {
        const struct vk_directive skip = at_crank(w, ahead, VK_DIRECTIVE_SKIP, 0);
        direct(w, 1, &skip);
        world_forget(w);
        world_create_vat(w, "", "set k 1");
        world_is(w, "vat.dynamicIDs", "[]");
        cr_assert_eq(world_traced(w, "titem v1 ", "vatTerminated"), 1);
        cr_assert_eq(world_traced(w, "titem v1 ", "newVatCallback"), 0);
    }
    world_create_vat(w, "", "set k 1");
    world_is(w, "vat.dynamicIDs", "[\"v7\"]");
}

SCENARIO(directive, start_of_a_new_vat_that_is_skipped_is_a_failed_creation, ordinary) {
    const struct vk_directive skip = {
        .target = VK_AT_DELIVERY, .vat = 5, .number = 1, .action = VK_DIRECTIVE_SKIP, .victim = 5};
    direct(w, 1, &skip);
    world_forget(w);
    world_create_vat(w, "", "set k 1");
    is_done(w, &skip);
    world_is(w, "vat.dynamicIDs", "[]");
    cr_assert_eq(world_keys(w, "v5."), 0);
    cr_assert_eq(world_traced(w, "titem v1 ", "vatTerminated"), 1);
}

/* ---- terminate */

SCENARIO(directive, terminated_vats_senders_see_that_it_is_terminated, ordinary) {
    world_tell(w, "alice", "{send $0 something = p+5} ko22");
    world_run(w);
    const struct vk_directive terminate = at_crank(w, 1, VK_DIRECTIVE_TERMINATE, 3);
    direct(w, 1, &terminate);
    const char *kpid = world_ask(w, "bob", "{set k 1}", VK_RESULT_IGNORE);
    world_forget(w);
    world_crank(w);
    world_crank(w);
    cr_assert(w->crank.directed && w->crank.aborted && w->crank.terminated);
    world_is(w, "vats.terminated", "[\"v3\"]");
    is_done(w, &terminate);
    world_run(w);
    cr_assert_eq(world_traced(w, "titem v3 ", "\"message\""), 0);
    world_is(w, "kp41.state", "rejected"); /* what he decided */
    cr_assert_str_eq(world_take(w, kpid),
                     "rejected #{\"#error\":\"vat terminated\",\"name\":\"Error\"}");
    cr_assert_eq(world_traced(w, "titem v1 ", "terminated by directive"), 1);
    cr_assert_eq(world_keys(w, "v3."), 0);
    world_run(w);
}

SCENARIO(directive, vat_may_be_terminated_at_its_delivery_or_by_a_crank_of_others, ordinary) {
    const struct vk_directive both[] = {at_delivery(w, 3, 1, VK_DIRECTIVE_TERMINATE),
                                        at_crank(w, 0, VK_DIRECTIVE_TERMINATE, 4)};
    direct(w, 2, both);
    const char *first = world_ask(w, "bob", "{set k 1; fulfill $r 1}", VK_RESULT_IGNORE);
    const char *second = world_ask(w, "bob", "{set k 2; fulfill $r 2}", VK_RESULT_IGNORE);
    world_crank(w);
    world_is(w, "vats.terminated", "[\"v4\"]");
    world_run(w);
    cr_assert_str_eq(world_take(w, first), "fulfilled #1");
    cr_assert_str_eq(world_take(w, second),
                     "rejected #{\"#error\":\"vat terminated\",\"name\":\"Error\"}");
    cr_assert_eq(world_keys(w, "v3.") + world_keys(w, "v4."), 0);
    world_run(w);
}

/* ---- debug */

SCENARIO(directive, debug_tells_the_host_just_before_and_changes_nothing, ordinary) {
    const struct vk_directive debug[] = {at_crank(w, 1, VK_DIRECTIVE_DEBUG, 0),
                                         at_delivery(w, 3, 0, VK_DIRECTIVE_DEBUG)};
    direct(w, 2, debug);
    world_tell(w, "bob", "{set k 1}");
    world_crank(w);
    cr_assert_eq(orders.stops, 0);
    world_crank(w);
    cr_assert_eq(orders.stops, 2);
    char expected[60];
    snprintf(expected, sizeof expected, "crank %llu send", (unsigned long long)debug[0].number);
    cr_assert_str_eq(orders.seen, expected);
    cr_assert(!w->crank.directed);
    world_is(w, "v3.vs.k", "1");
    world_absent(w, "directives.done");
    world_run(w);
    cr_assert_eq(orders.stops, 2);
}

SCENARIO(directive, host_that_will_not_go_on_halts_the_kernel, halting) {
    const struct vk_directive debug = at_delivery(w, 3, 0, VK_DIRECTIVE_DEBUG);
    direct(w, 1, &debug);
    orders.answer = VK_ERR_TRACE;
    world_tell(w, "bob", "{set k 1}");
    world_run_halts(w, VK_ERR_TRACE, "stopped for a debugger");
}

/* ---- what is kept of them */

SCENARIO(directive, slog_has_an_entry_of_each, with_slog) {
    const struct vk_directive skip = at_crank(w, 1, VK_DIRECTIVE_SKIP, 0);
    direct(w, 1, &skip);
    world_tell(w, "bob", "{set k 1}");
    world_forget(w);
    world_run(w);
    cr_assert_eq(world_traced(w, "slog directive ", text_of(&skip)), 1);
}

SCENARIO(directive, every_one_is_kept_in_order, ordinary) {
    const struct vk_directive two[] = {at_crank(w, 1, VK_DIRECTIVE_SKIP, 0),
                                       at_crank(w, 3, VK_DIRECTIVE_SKIP, 0)};
    char expected[200];
    direct(w, 2, two);
    for (int i = 0; i < 2; i++) {
        world_tell(w, "bob", "{set k %d}", i);
        world_run(w);
    }
    world_absent(w, "v3.vs.k");
    snprintf(expected, sizeof expected, "[\"crank-%llu: skip\",\"crank-%llu: skip\"]",
             (unsigned long long)two[0].number, (unsigned long long)two[1].number);
    world_is(w, "directives.done", expected);
}

/* ---- refusals */

enum { NEXT_BLOCK = 7 };

static void refused(struct test_world *w, const struct vk_directive *directive, const char *why) {
    const struct vk_directive all[] = {{.number = 1000000}, *directive};
    const struct vk_directives directives = {.at = all, .count = 2};
    struct vk_directive_refusal refusal;
    test_ok(vk_directives_check(w->store, &w->ports, &directives, NEXT_BLOCK, &refusal));
    if (why)
        cr_assert(refusal.index == 1 && strstr(refusal.why, why), "%s: '%s'", text_of(directive),
                  refusal.why);
    else
        cr_assert_str_eq(refusal.why, "", "%s: '%s'", text_of(directive), refusal.why);
}

SCENARIO(directive, what_lies_in_the_past_is_refused_unless_it_is_done, ordinary) {
    const struct vk_directive skip = at_crank(w, 1, VK_DIRECTIVE_SKIP, 0),
                              debug = at_crank(w, 1, VK_DIRECTIVE_DEBUG, 0),
                              other = at_delivery(w, 3, 0, VK_DIRECTIVE_SKIP);
    refused(w, &skip, NULL);
    refused(w, &debug, NULL);
    refused(w, &other, NULL);
    direct(w, 1, &skip);
    world_tell(w, "bob", "{set k 1}");
    world_run(w);
    refused(w, &skip, NULL); /* it is done */
    refused(w, &debug, "lies in the past: the next one is");
    refused(w, &other, NULL); /* that delivery was not made */
    world_tell(w, "bob", "{set k 1}");
    world_run(w);
    refused(w, &other, "lies in the past: its next one is");
    refused(w, &(struct vk_directive){.target = VK_AT_DELIVERY, .vat = 77, .number = 1}, NULL);
    world_tell(w, "bob", "{exit bye}");
    world_run(w);
    refused(w, &other, "v3 is terminated already");
    refused(
        w, &(struct vk_directive){.number = 1000001, .action = VK_DIRECTIVE_TERMINATE, .victim = 3},
        "v3 is terminated already");
}

SCENARIO(directive, replacement_in_the_past_is_refused_unless_it_is_done, ordinary) {
    struct vk_directive replace = {
        .target = VK_AT_BLOCK, .number = NEXT_BLOCK, .action = VK_DIRECTIVE_REPLACE_KERNEL};
    bool done;
    refused(w, &replace, NULL);
    replace.number = NEXT_BLOCK - 1;
    refused(w, &replace, "block 6 lies in the past: the next one is 7");
    test_ok(vk_directive_is_done(w->store, &w->ports, &replace, &done));
    cr_assert(!done);
    test_ok(vk_host_note_replacement(w->kernel, &replace));
    world_is(w, "directives.done", "[\"block-6: replace-kernel\"]");
    test_ok(vk_directive_is_done(w->store, &w->ports, &replace, &done));
    cr_assert(done);
    refused(w, &replace, NULL);
}

/* ---- the file */

Test(directives_file, all_forms_are_read) {
    static const char text[] = "# decided on a Tuesday\n"
                               "crank-7890: debug\n"
                               "\n"
                               "  crank-12345:\tterminate v12   # he did it\n"
                               "crank-12346: skip\r\n"
                               "v56 delivery-1234: skip\n"
                               "v56 delivery-1235: terminate\n"
                               "block-88: replace-kernel ../new/libvk.so\n"
                               "v57 delivery-0: debug";
    static const char *const expected[] = {
        "crank-7890: debug",       "crank-12345: terminate v12",   "crank-12346: skip",
        "v56 delivery-1234: skip", "v56 delivery-1235: terminate", "block-88: replace-kernel",
        "v57 delivery-0: debug"};
    struct sim_directives read;
    struct sim_plan_error error;
    test_ok(sim_directives_read(&read, vk_str(text), &error));
    cr_assert_eq(read.all.count, 7);
    for (size_t i = 0; i < 7; i++)
        cr_assert_str_eq(text_of(&read.all.at[i]), expected[i]);
    cr_assert(read.places.at[1].line == 4 && read.places.at[1].column == 3);
    cr_assert_eq(read.all.at[4].victim, 56);
    cr_assert(read.kernels.count == 1 && read.kernels.at[0].index == 5);
    cr_assert_str_eq(read.kernels.at[0].path, "../new/libvk.so");
    sim_directives_release(&read);
}

Test(directives_file, what_is_wrong_is_told_with_line_and_column) {
    static const struct {
        const char *text;
        size_t line, column;
        const char *what;
    } cases[] = {
        {"crank-1: skp\n", 1, 10, "found 'skp' (did you mean 'skip'?)"},
        {"\ncrnk-1: skip\n", 2, 1, "expected crank-N:"},
        {"crank-1 : skip\n", 1, 1, "expected crank-N:"},
        {"crank-01: skip\n", 1, 1, "expected crank-N:"},
        {"crank-99999999999999999999: skip\n", 1, 1, "expected crank-N:"},
        {"crank-1:\n", 1, 9, "expected skip, terminate or debug, found the end of the line"},
        {"crank-1: terminate\n", 1, 19, "expected a vat"},
        {"crank-1: terminate bob\n", 1, 20, "expected a vat"},
        {"crank-1: terminate v0\n", 1, 20, "expected a vat"},
        {"crank-1: skip v2\n", 1, 15, "expected the end of the line"},
        {"v5 deliver-1: skip\n", 1, 4, "expected delivery-N:"},
        {"v5 delivery-1: terminate v5\n", 1, 26, "expected the end of the line"},
        {"block-88: replace-kernel\n", 1, 25, "expected the path"},
        {"block-88: replace-kernel a b\n", 1, 28, "expected the end of the line"},
        {"block-88: replace-kernel a\nblock-88: replace-kernel b\n", 2, 1,
         "another target than line 1 has"},
        {"block-88: skip\n", 1, 11, "expected replace-kernel"},
        {"crank-1: skip\ncrank-1: terminate v2\n", 2, 1, "another target than line 1 has"},
        {"v2 delivery-5: debug\nv2 delivery-5: debug\n", 2, 1, "another target than line 1"},
        {"crank-1: terminate v2\n\nv2 delivery-5: terminate\n", 3, 1,
         "another vat's end than line 1 says (v2)"},
        {"crank-1: skip \xff\n", 1, 15, "UTF-8"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sim_directives read;
        struct sim_plan_error error;
        cr_assert_eq(sim_directives_read(&read, vk_str(cases[i].text), &error), VK_ERR_SYNTAX, "%s",
                     cases[i].text);
        cr_assert(error.line == cases[i].line && error.column == cases[i].column, "%s: %zu:%zu %s",
                  cases[i].text, error.line, error.column, error.what);
        cr_assert(strstr(error.what, cases[i].what) != NULL, "%s: %s", cases[i].text, error.what);
        cr_assert(read.all.count == 0 && !read.all.at && !read.kernels.at);
    }
}
