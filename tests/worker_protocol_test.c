/* worker_protocol_test.c - frames and messages between kernel and worker: what goes in comes out, and nothing else does. */
#include <criterion/criterion.h>
#include <stdio.h>

#include <sim/worker_protocol.h>

#include "testing_store.h"

enum { BYTES_MAX = 4096 };

static struct vk_arena arena;

static void setup(void) { vk_arena_init(&arena, vk_heap_system()); }
static void teardown(void) { vk_arena_release(&arena); }
TestSuite(worker_protocol, .init = setup, .fini = teardown);

static struct vk_str text_of(const struct vk_buf *buf) {
    struct vk_str text;
    test_ok(vk_buf_finish(buf, &text));
    return text;
}

static struct vk_str frame_of(enum sim_frame_type type, const char *payload) {
    struct vk_buf buf;
    vk_buf_init(&buf, &arena);
    sim_frame_write(&buf, type, vk_str(payload));
    return text_of(&buf);
}

/* The one frame that `bytes` are. */
static struct sim_frame read_frame(struct vk_str bytes) {
    struct sim_frame_reader reader;
    struct sim_frame frame;
    bool complete;
    sim_frame_reader_init(&reader, vk_heap_system(), 1 << 20);
    test_ok(sim_frame_reader_feed(&reader, bytes));
    test_ok(sim_frame_reader_next(&reader, &complete, &frame));
    cr_assert(complete && sim_frame_reader_pending(&reader) == 0);
    test_ok(vk_arena_copy(&arena, frame.payload, &frame.payload));
    sim_frame_reader_release(&reader);
    return frame;
}

/* ---- frames */

Test(worker_protocol, frames_are_netstrings_with_a_type) {
    cr_assert(vk_str_eq(frame_of(SIM_FRAME_COMMAND, "[1]"), VK_STR("4:?[1],")));
    cr_assert(vk_str_eq(frame_of(SIM_FRAME_ANSWER, ""), VK_STR("1:/,")));
}

Test(worker_protocol, frames_come_out_whole_however_the_bytes_come_in) {
    const struct vk_str bytes = VK_STR("4:?[1],12:/[\"ok\",null],9:.{}\1[2,3],");
    static const char *const payloads[] = {"[1]", "[\"ok\",null]", "{}\1[2,3]"};
    for (size_t piece = 1; piece <= bytes.n; piece++) {
        struct sim_frame_reader reader;
        struct sim_frame frame;
        size_t frames = 0;
        sim_frame_reader_init(&reader, vk_heap_system(), BYTES_MAX);
        for (size_t at = 0; at < bytes.n; at += piece) {
            bool complete = true;
            struct vk_str part = {bytes.p + at, at + piece < bytes.n ? piece : bytes.n - at};
            test_ok(sim_frame_reader_feed(&reader, part));
            while (complete) {
                test_ok(sim_frame_reader_next(&reader, &complete, &frame));
                if (complete) cr_assert(vk_str_eq(frame.payload, vk_str(payloads[frames++])));
            }
        }
        cr_assert(frames == 3 && sim_frame_reader_pending(&reader) == 0);
        sim_frame_reader_release(&reader);
    }
}

Test(worker_protocol, what_can_become_no_frame_is_an_error_at_once) {
    static const char *const bad[] = {
        "x",   ":?[1],", "04:?[1],",    "-4:?[1],", "4;?[1],",  "4:![1],",  "4:?[1].",
        "0:,", "5000:",  "99999999999", "4:?[1]]",  " 4:?[1],", "4 :?[1],", "18446744073709551617:",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct sim_frame_reader reader;
        struct sim_frame frame;
        bool complete;
        sim_frame_reader_init(&reader, vk_heap_system(), BYTES_MAX);
        test_ok(sim_frame_reader_feed(&reader, vk_str(bad[i])));
        cr_assert(sim_frame_reader_next(&reader, &complete, &frame) == VK_ERR_SYNTAX, "%s", bad[i]);
        cr_assert(!complete);
        sim_frame_reader_release(&reader);
    }
}

Test(worker_protocol, what_is_cut_off_is_no_frame_yet) {
    const struct vk_str bytes = VK_STR("12:/[\"ok\",null],");
    for (size_t n = 0; n < bytes.n; n++) {
        struct sim_frame_reader reader;
        struct sim_frame frame;
        bool complete;
        sim_frame_reader_init(&reader, vk_heap_system(), BYTES_MAX);
        test_ok(sim_frame_reader_feed(&reader, (struct vk_str){bytes.p, n}));
        test_ok(sim_frame_reader_next(&reader, &complete, &frame));
        cr_assert(!complete && sim_frame_reader_pending(&reader) == n);
        sim_frame_reader_release(&reader);
    }
}

Test(worker_protocol, a_reader_holds_no_more_than_its_limit) {
    char block[BYTES_MAX];
    struct sim_frame_reader reader;
    struct test_heap heap;
    test_heap_init(&heap);
    memset(block, '1', sizeof block);
    sim_frame_reader_init(&reader, &heap.port, BYTES_MAX);
    test_ok(sim_frame_reader_feed(&reader, (struct vk_str){block, sizeof block}));
    cr_assert(sim_frame_reader_feed(&reader, VK_STR("1")) == VK_ERR_SYNTAX);
    cr_assert(heap.outstanding_bytes <= BYTES_MAX);
    sim_frame_reader_release(&reader);
    cr_assert(heap.outstanding_blocks == 0);
}

/* ---- syscalls */

static const char *const syscalls[] = {
    "[\"send\",\"o-50\",{\"methargs\":{\"body\":\"#[\\\"say\\\",[\\\"$0.Alleged: x\\\"]]\",\"slots\":"
    "[\"o+1\"]},\"result\":\"p+5\"}]",
    "[\"send\",\"p-50\",{\"methargs\":{\"body\":\"#[]\",\"slots\":[]},\"result\":null}]",
    "[\"callNow\",\"d-70\",\"echo\",{\"body\":\"#[]\",\"slots\":[\"o-1\",\"d-70\"]}]",
    "[\"subscribe\",\"p-60\"]",
    "[\"resolve\",[[\"p-60\",false,{\"body\":\"#1\",\"slots\":[]}],[\"p+1\",true,{\"body\":\"#2\","
    "\"slots\":[\"o+2\"]}]]]",
    "[\"resolve\",[]]",
    "[\"exit\",true,{\"body\":\"#\\\"\\u0001\u00e9\\\"\",\"slots\":[]}]",
    "[\"vatstoreGet\",\"k\\\"\\\\\"]",
    "[\"vatstoreSet\",\"k\",\"\"]",
    "[\"vatstoreGetNextKey\",\"\"]",
    "[\"vatstoreDelete\",\"k\"]",
    "[\"dropImports\",[\"o-50\",\"o-51\"]]",
    "[\"retireImports\",[]]",
    "[\"retireExports\",[\"o+d10/3\"]]",
    "[\"abandonExports\",[\"o+1\"]]",
};
enum { SYSCALLS = sizeof syscalls / sizeof *syscalls };

Test(worker_protocol, syscalls_are_written_as_javascript_writes_them) {
    for (size_t i = 0; i < SYSCALLS; i++) {
        struct vk_syscall syscall;
        struct vk_buf buf;
        vk_buf_init(&buf, &arena);
        test_ok(vk_syscall_decode(&arena, vk_str(syscalls[i]), &syscall));
        cr_assert(syscall.type != VK_SYSCALL_MALFORMED, "%s", syscalls[i]);
        sim_syscall_write(&buf, &syscall);
        cr_assert(vk_str_eq(text_of(&buf), vk_str(syscalls[i])), "%.*s", VK_STR_ARG(text_of(&buf)));
    }
}

Test(worker_protocol, syscalls_come_out_as_they_went_in) {
    for (size_t i = 0; i < 2 * (size_t)SYSCALLS; i++) {
        bool waits = i < SYSCALLS;
        struct vk_syscall sent, received;
        struct vk_buf buf;
        vk_buf_init(&buf, &arena);
        test_ok(vk_syscall_decode(&arena, vk_str(syscalls[i % SYSCALLS]), &sent));
        test_ok(sim_protocol_write_syscall(&buf, &arena, &sent, waits));
        const struct sim_frame frame = read_frame(text_of(&buf));
        test_ok(sim_protocol_read_syscall(&arena, &frame, waits, &received));
        cr_assert(sim_protocol_read_syscall(&arena, &frame, !waits, &received) == VK_ERR_SYNTAX);
        test_ok(sim_protocol_read_syscall(&arena, &frame, waits, &received));
        cr_assert(received.type == sent.type && vk_str_eq(received.json, sent.json));
    }
}

Test(worker_protocol, a_syscall_of_no_kind_is_the_vats_fault_and_half_a_one_is_the_pipes) {
    struct vk_syscall syscall;
    const struct sim_frame unknown = {SIM_FRAME_COMMAND, VK_STR("[\"syscall\",[\"sneeze\"]]")};
    static const char *const bad[] = {"",
                                      "[\"syscall\",]",
                                      "[\"syscall\",[\"send\"",
                                      "[\"sysc",
                                      "[\"syscall\",",
                                      "[\"deliver\",[\"sneeze\"]]",
                                      "[\"syscall\",[\"vatstoreGet\",\"\xff\"]]"};
    test_ok(sim_protocol_read_syscall(&arena, &unknown, true, &syscall));
    cr_assert(syscall.type == VK_SYSCALL_MALFORMED);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const struct sim_frame frame = {SIM_FRAME_COMMAND, vk_str(bad[i])};
        cr_assert(sim_protocol_read_syscall(&arena, &frame, true, &syscall) == VK_ERR_SYNTAX, "%s",
                  bad[i]);
    }
}

/* ---- results of syscalls */

static void check_result(const char *json, bool ok, enum vk_payload_type payload,
                         const char *text) {
    struct vk_buf buf;
    struct vk_syscall_result result;
    vk_buf_init(&buf, &arena);
    sim_protocol_write_syscall_result(&buf, &(struct vk_syscall_result){.json = vk_str(json)});
    const struct sim_frame frame = read_frame(text_of(&buf));
    test_ok(sim_protocol_read_syscall_result(&arena, &frame, &result));
    cr_assert(result.ok == ok && result.payload == payload, "%s", json);
    cr_assert(vk_str_eq(result.text, vk_str(text)) && vk_str_eq(result.json, vk_str(json)));
}

Test(worker_protocol, results_of_syscalls_come_out_as_they_went_in) {
    check_result("[\"ok\",null]", true, VK_PAYLOAD_NULL, NULL);
    check_result("[\"ok\",\"\"]", true, VK_PAYLOAD_STRING, "");
    check_result("[\"ok\",\"v\\n\"]", true, VK_PAYLOAD_STRING, "v\n");
    check_result("[\"error\",\"prepare to die\"]", false, VK_PAYLOAD_NULL, "prepare to die");
    check_result("[\"ok\",{\"body\":\"#1\",\"slots\":[\"d-70\"]}]", true, VK_PAYLOAD_CAPDATA, NULL);
}

Test(worker_protocol, what_is_no_result_of_a_syscall_is_refused) {
    static const char *const bad[] = {
        "null",
        "[]",
        "[\"no\",null]",
        "[\"ok\"]",
        "[\"ok\",5]",
        "[\"ok\",[\"v\"]]",
        "[\"ok\",false]",
        "[\"ok\",{\"body\":1,\"slots\":[]}]",
        "[\"error\"]",
        "[\"error\",null]",
        "[\"error\",{\"body\":\"#1\",\"slots\":[]}]",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const struct sim_frame frame = {SIM_FRAME_ANSWER, vk_str(bad[i])};
        struct vk_syscall_result result;
        cr_expect(sim_protocol_read_syscall_result(&arena, &frame, &result) == VK_ERR_SYNTAX, "%s",
                  bad[i]);
    }
}

/* ---- completions with changes of the vatstore */

Test(worker_protocol, changes_of_the_vatstore_come_out_as_they_went_in) {
    const struct vk_vatstore_change changes[] = {{VK_STR("k.1"), VK_STR("a \"value\"\n")},
                                                 {VK_STR("gone"), VK_STR_NONE},
                                                 {VK_STR(""), VK_STR("")}};
    const struct vk_delivery_result sent = {.ok = true,
                                            .usage = VK_STR("{\"compute\":7}"),
                                            .changes = changes,
                                            .change_count = 3,
                                            .submitted = 12};
    struct vk_delivery_result received;
    struct vk_buf buf;
    vk_buf_init(&buf, &arena);
    test_ok(sim_protocol_write_done(&buf, &arena, &sent));
    const struct sim_frame frame = read_frame(text_of(&buf));
    test_ok(sim_protocol_read_done(&arena, &frame, &received));
    cr_assert(received.ok && received.change_count == 3 && received.submitted == 12);
    for (size_t i = 0; i < 3; i++) {
        cr_assert(vk_str_eq(received.changes[i].key, changes[i].key));
        cr_assert(vk_str_eq(received.changes[i].value, changes[i].value));
        cr_assert(vk_str_present(received.changes[i].value) == vk_str_present(changes[i].value));
    }
}

Test(worker_protocol, what_is_no_change_is_refused) {
    static const char *const replies[] = {
        "null\1[\"ok\",null,{}]",          "null\1[\"ok\",null,[[]]]",
        "null\1[\"ok\",null,[[\"k\",1]]]", "null\1[\"ok\",null,[[1,\"v\"]]]",
        "null\1[\"ok\",null,[],-1]",       "null\1[\"ok\",null,[],\"1\"]",
    };
    for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
        struct vk_delivery_result result;
        const struct sim_frame frame = {SIM_FRAME_DONE, vk_str(replies[i])};
        cr_assert(sim_protocol_read_done(&arena, &frame, &result) == VK_ERR_SYNTAX, "%s",
                  replies[i]);
    }
}

/* ---- deliveries */

Test(worker_protocol, deliveries_come_out_as_they_went_in) {
    static const struct {
        enum vk_delivery_type type;
        const char *json;
    } cases[] = {
        {VK_DELIVERY_MESSAGE, "[\"message\",\"o+0\",{\"methargs\":{\"body\":\"#[]\",\"slots\":"
                              "[\"o-50\"]},\"result\":\"p-60\"}]"},
        {VK_DELIVERY_MESSAGE, "[\"message\",\"p-61\",{\"methargs\":{\"body\":\"#[]\",\"slots\":[]},"
                              "\"result\":null}]"},
        {VK_DELIVERY_NOTIFY,
         "[\"notify\",[[\"p-60\",true,{\"body\":\"#1\",\"slots\":[\"o-51\"]}]]]"},
        {VK_DELIVERY_DROP_EXPORTS, "[\"dropExports\",[\"o+1\",\"o+2\"]]"},
        {VK_DELIVERY_RETIRE_EXPORTS, "[\"retireExports\",[\"o+1\"]]"},
        {VK_DELIVERY_RETIRE_IMPORTS, "[\"retireImports\",[]]"},
        {VK_DELIVERY_CHANGE_VAT_OPTIONS, "[\"changeVatOptions\",{\"reapInterval\":3}]"},
        {VK_DELIVERY_START_VAT, "[\"startVat\",{\"body\":\"#{}\",\"slots\":[]}]"},
        {VK_DELIVERY_BRING_OUT_YOUR_DEAD, "[\"bringOutYourDead\"]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vk_buf buf;
        struct vk_delivery delivery;
        vk_buf_init(&buf, &arena);
        test_ok(sim_protocol_write_deliver(&buf, &arena,
                                           &(struct vk_delivery){.json = vk_str(cases[i].json)}));
        const struct sim_frame frame = read_frame(text_of(&buf));
        test_ok(sim_protocol_read_deliver(&arena, &frame, &delivery));
        cr_assert(delivery.type == cases[i].type);
        cr_assert(vk_str_eq(delivery.json, vk_str(cases[i].json)));
    }
}

Test(worker_protocol, what_is_no_delivery_is_refused) {
    static const char *const bad[] = {
        "[\"sneeze\"]",
        "[]",
        "[\"message\"]",
        "[\"message\",\"o+0\",{\"methargs\":{\"body\":1,\"slots\":[]},\"result\":null}]",
        "[\"message\",\"o+0\",{\"methargs\":{\"body\":\"\",\"slots\":[]},\"result\":1}]",
        "[\"notify\",[[\"p-60\",0,{\"body\":\"#1\",\"slots\":[]}]]]",
        "[\"notify\",[[\"p-60\",true]]]",
        "[\"dropExports\",[1]]",
        "[\"dropExports\"]",
        "[\"startVat\"]",
        "[\"changeVatOptions\",[]]",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct vk_buf buf;
        struct vk_delivery delivery = {.json = vk_str(bad[i])};
        vk_buf_init(&buf, &arena);
        test_ok(sim_protocol_write_deliver(&buf, &arena, &delivery));
        const struct sim_frame frame = read_frame(text_of(&buf));
        cr_assert(sim_protocol_read_deliver(&arena, &frame, &delivery) == VK_ERR_SYNTAX, "%s",
                  bad[i]);
    }
}

/* ---- results of deliveries */

Test(worker_protocol, results_of_deliveries_come_out_as_they_went_in) {
    static const struct vk_delivery_result cases[] = {
        {.ok = true, .metered = true, .computrons = 12, .usage = {"{\"compute\":12}", 14}},
        {.ok = true, .value = {"[1]", 3}},
        {.ok = false, .problem = {"Error: \1", 8}, .usage = {"{\"allocate\":1}", 14}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vk_buf buf;
        struct vk_delivery_result result;
        vk_buf_init(&buf, &arena);
        test_ok(sim_protocol_write_done(&buf, &arena, &cases[i]));
        const struct sim_frame frame = read_frame(text_of(&buf));
        test_ok(sim_protocol_read_done(&arena, &frame, &result));
        cr_assert(result.ok == cases[i].ok && result.metered == cases[i].metered);
        cr_assert(result.computrons == cases[i].computrons);
        cr_assert(vk_str_eq(result.value, cases[i].value));
        cr_assert(vk_str_eq(result.problem, cases[i].problem));
        cr_assert(vk_str_eq(result.usage, cases[i].usage));
    }
}

Test(worker_protocol, what_is_no_result_of_a_delivery_is_refused) {
    static const char *const bad[] = {"[\"ok\",null]",    "{}\1",
                                      "{}\1[\"ok\",null", "{\1[\"ok\",null]",
                                      "{}\1[\"error\"]",  "{}\1[\"no\",\"x\"]",
                                      "{}\1\"ok\""};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const struct sim_frame frame = {SIM_FRAME_DONE, vk_str(bad[i])};
        struct vk_delivery_result result;
        cr_assert(sim_protocol_read_done(&arena, &frame, &result) == VK_ERR_SYNTAX, "%s", bad[i]);
    }
}

Test(worker_protocol, a_worker_says_that_it_is_ready) {
    struct vk_buf buf;
    struct vk_str vat, bundle;
    vk_buf_init(&buf, &arena);
    test_ok(sim_protocol_write_set_bundle(&buf, &arena, VK_STR("v2"), VK_STR("b1-00")));
    struct sim_frame frame = read_frame(text_of(&buf));
    cr_assert(vk_str_eq(frame.payload, VK_STR("[\"setBundle\",\"v2\",\"b1-00\",{}]")));
    test_ok(sim_protocol_read_set_bundle(&arena, &frame, &vat, &bundle));
    cr_assert(vk_str_eq(vat, VK_STR("v2")) && vk_str_eq(bundle, VK_STR("b1-00")));
    cr_assert(sim_protocol_read_ready(&arena, &frame) == VK_ERR_SYNTAX);
    vk_buf_init(&buf, &arena);
    test_ok(sim_protocol_write_ready(&buf, &arena));
    frame = read_frame(text_of(&buf));
    test_ok(sim_protocol_read_ready(&arena, &frame));
    cr_assert(sim_protocol_read_set_bundle(&arena, &frame, &vat, &bundle) == VK_ERR_SYNTAX);
}

Test(worker_protocol, exit_codes_mean_what_they_mean_to_swingset) {
    cr_assert(vk_str_eq(sim_worker_exit_problem(SIM_WORKER_EXIT_COMPUTE),
                        VK_STR("Compute meter exceeded")));
    cr_assert(
        vk_str_eq(sim_worker_exit_problem(SIM_WORKER_EXIT_STACK), VK_STR("Stack meter exceeded")));
    cr_assert(vk_str_eq(sim_worker_exit_problem(SIM_WORKER_EXIT_NO_MEMORY),
                        VK_STR("Allocate meter exceeded")));
}
