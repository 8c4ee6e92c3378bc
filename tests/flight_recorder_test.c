/* flight_recorder_test.c - the flight recorder: its ring, what it is read as, and that it is always on and moves nothing.
 */
#include "sim/fault_words.h"
#include "sim/flight_rings.h"
#include "sim/flight_tail.h"
#include "sim/plan_generate.h"
#include "sim/run.h"
#include "testing_command.h"
#include "testing_flight.h"
#include "vk/json.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static struct test_folder folder;
static struct vk_arena arena;

static void set_up(void) {
    test_folder_make(&folder);
    vk_arena_init(&arena, vk_heap_system());
}

static void tear_down(void) {
    vk_arena_release(&arena);
    test_folder_remove(&folder);
}

TestSuite(flight_recorder, .init = set_up, .fini = tear_down);

static struct vk_str unrolled(struct vk_str bytes) {
    struct vk_str text;
    test_ok(sim_flight_unroll(&arena, bytes, &text));
    return text;
}

static struct vk_str recorded(const struct sim_flight *flight) {
    return unrolled(sim_flight_bytes(flight));
}

static void syscall(struct sim_flight *flight, int i, int zeros) {
    char json[2000];
    snprintf(json, sizeof json, "[\"x\",%d,\"%0*d\"]", i, zeros, 0);
    test_flight_moment(flight, VK_MOMENT_SYSCALL, "vatstoreGet", (uint64_t)i, NULL, json);
}

static bool is_end_of(struct vk_str text, struct vk_str whole) {
    return text.n <= whole.n && memcmp(whole.p + whole.n - text.n, text.p, text.n) == 0;
}

static void expect_whole_lines(struct vk_str text) {
    cr_assert(vk_str_starts(text, VK_STR("{\"type\":\"syscall\"")), "%.60s", text.p);
    cr_assert_eq(text.p[text.n - 1], '\n');
}

/* ---- the ring */

Test(flight_recorder, the_ring_holds_the_newest_records_and_only_whole_ones) {
    struct sim_flight *flight = sim_flight_new(NULL, SIM_FLIGHT_BYTES_MIN);
    struct sim_flight *all = sim_flight_new(NULL, (size_t)16 * SIM_FLIGHT_FILE_BYTES);
    uint64_t random = 7;
    for (int i = 0; i < 3000; i++) {
        int zeros = 1 + (int)test_random_below(&random, 200);
        syscall(flight, i, zeros);
        syscall(all, i, zeros);
        if (i > 100 && i % 100) continue;
        struct sim_flight_header header;
        memcpy(&header, sim_flight_bytes(flight).p, sizeof header);
        struct vk_str text = recorded(flight);
        expect_whole_lines(text);
        cr_assert(is_end_of(text, recorded(all)), "after %d", i);
        if (i < 10) cr_assert_eq(text.n, recorded(all).n);
        if (i > 100) cr_assert_gt(header.written - header.oldest, SIM_FLIGHT_BYTES_MIN - 400);
        vk_arena_clear(&arena);
    }
    sim_flight_close(all);
    sim_flight_close(flight);
}

/* Its bytes are there, and the process died before it said so: the oldest that they were written over are gone. */
Test(flight_recorder, a_record_that_was_being_written_is_not_seen) {
    struct sim_flight *flight = sim_flight_new(NULL, SIM_FLIGHT_BYTES_MIN);
    for (int i = 0; i < 500; i++)
        syscall(flight, i, 1 + i % 90);
    for (int i = 0; i < 100; i++) {
        struct sim_flight_header header, after;
        struct vk_str before = recorded(flight);
        memcpy(&header, sim_flight_bytes(flight).p, sizeof header);
        syscall(flight, 500 + i, 1 + i % 90);
        char *bytes = (char *)(uintptr_t)sim_flight_bytes(flight).p;
        memcpy(&after, bytes, sizeof after);
        cr_assert(header.written != after.written);
        uint64_t written = after.written;
        after.written = header.written;
        memcpy(bytes, &after, sizeof after);
        struct vk_str text = recorded(flight);
        expect_whole_lines(text);
        cr_assert(is_end_of(text, before));
        after.written = written;
        memcpy(bytes, &after, sizeof after);
        vk_arena_clear(&arena);
    }
    sim_flight_close(flight);
}

Test(flight_recorder, a_text_that_is_too_long_is_left_out_and_its_record_stays) {
    struct sim_flight *flight = sim_flight_new(NULL, SIM_FLIGHT_BYTES_MIN);
    syscall(flight, 1, SIM_FLIGHT_BYTES_MIN / 8);
    cr_assert(
        vk_str_eq(recorded(flight), VK_STR("{\"type\":\"syscall\",\"crankNum\":0,\"vatID\":\"v56\","
                                           "\"deliveryNum\":0,\"replay\":false,\"syscallNum\":1,"
                                           "\"syscall\":\"vatstoreGet\"}\n")));
    sim_flight_close(flight);
}

static struct vk_str in_file(const char *path) {
    struct vk_str bytes = test_file_read(path), text = unrolled(bytes);
    free((void *)(uintptr_t)bytes.p);
    return text;
}

Test(flight_recorder, a_new_process_goes_on_where_the_one_before_it_ended) {
    struct sim_flight *flight;
    const char *path = test_folder_file(&folder, "slog");
    test_ok(sim_flight_open(path, SIM_FLIGHT_BYTES_MIN, &flight));
    sim_flight_start(flight);
    test_flight_delivery(flight);
    struct vk_str before = recorded(flight);
    sim_flight_close(flight);
    test_ok(sim_flight_open(path, SIM_FLIGHT_BYTES_MIN, &flight));
    cr_assert(vk_str_eq(in_file(path), before));
    sim_flight_start(flight);
    struct vk_str after = in_file(path);
    cr_assert(vk_str_starts(after, before) && after.n > before.n);
    sim_flight_close(flight);
    test_ok(sim_flight_open(path, SIM_FLIGHT_BYTES_MIN + 8, &flight));
    cr_assert_eq(in_file(path).n, 0);
    sim_flight_close(flight);
}

Test(flight_recorder, a_damaged_ring_is_refused_and_never_read_beyond) {
    struct sim_flight *flight = sim_flight_new(NULL, SIM_FLIGHT_BYTES_MIN);
    for (int i = 0; i < 100; i++)
        syscall(flight, i, 1 + i);
    struct vk_str bytes = sim_flight_bytes(flight), copy;
    uint64_t random = 3, refused = 0;
    for (int i = 0; i < 3000; i++) {
        struct vk_str text;
        vk_arena_clear(&arena);
        test_ok(vk_arena_copy(&arena, bytes, &copy));
        size_t at = 16 + (size_t)test_random_below(&random, copy.n - 16);
        char *byte = (char *)(uintptr_t)copy.p + at;
        *byte = (char)(*byte + (char)(1 + test_random_below(&random, 255)));
        enum vk_err err = sim_flight_unroll(&arena, copy, &text);
        cr_assert(err == VK_OK || err == VK_ERR_SYNTAX);
        refused += err != VK_OK;
    }
    cr_assert_gt(refused, 0);
    sim_flight_close(flight);
}

/* ---- what it is read as */

Test(flight_recorder, what_had_begun_and_what_had_not_ended_is_told_in_a_line) {
    char text[SIM_FLIGHT_TAIL_TEXT];
    struct sim_flight_tail tail;
    struct sim_flight *flight = sim_flight_new(NULL, SIM_FLIGHT_BYTES_MIN);
    sim_flight_tail_read(sim_flight_bytes(flight), &tail);
    cr_assert_str_eq(sim_flight_tail_text(&tail, text), "");
    test_flight_delivery(flight);
    sim_flight_tail_read(sim_flight_bytes(flight), &tail);
    cr_assert_str_eq(sim_flight_tail_text(&tail, text),
                     "crank 7890 (send) started and never finished: v56, delivery 1234, message "
                     "ko9.pay, 0 syscalls so far");
    /* So many that the ring has lost where the crank began, and the delivery. */
    for (int i = 0; i < 1000; i++)
        syscall(flight, i, 1);
    sim_flight_tail_read(sim_flight_bytes(flight), &tail);
    cr_assert_str_eq(sim_flight_tail_text(&tail, text),
                     "crank 7890 started and never finished: v56, delivery 1234, 1000 syscalls so "
                     "far, the last [\"x\",999,\"0\"]");
    test_flight_moment(flight, VK_MOMENT_DELIVERY_DONE, "message", 1234, NULL, NULL);
    test_flight_moment(flight, VK_MOMENT_CRANK_DONE, "send", 7890, NULL, NULL);
    sim_flight_tail_read(sim_flight_bytes(flight), &tail);
    cr_assert(tail.crank_finished && tail.delivery_finished);
    cr_assert_eq(sim_flight_crank(flight), 7891);
    sim_flight_close(flight);
}

/* ---- runs */

#define SEEDS UINT64_C(12)

static struct sim_run_result run_seed(uint64_t seed, const char *faults,
                                      struct sim_run_options *options) {
    struct sim_generate_options generate = {.states = true};
    struct sim_run_result result;
    struct sim_plan plan;
    char error[SIM_FAULT_WORDS_ERROR_SIZE];
    cr_assert(sim_fault_words_parse(faults, generate.faults, error), "%s", error);
    options->off[SIM_ORACLE_TWICE] = true;
    test_ok(sim_plan_generate(&plan, vk_heap_system(), seed, &generate));
    test_ok(sim_run(&plan, options, &result));
    sim_plan_release(&plan);
    return result;
}

static uint64_t number(const struct vk_json *entry, const char *field) {
    uint64_t n = UINT64_MAX;
    (void)vk_str_to_u64(vk_json_get(entry, field) ? vk_json_get(entry, field)->text : VK_STR_NONE,
                        &n);
    return n;
}

struct seen {
    uint64_t points, cranks, deliveries;
};

static struct vk_str text_of(const struct vk_json *json) {
    struct vk_buf buf;
    struct vk_str text;
    vk_buf_init(&buf, &arena);
    vk_json_write(&buf, json);
    test_ok(vk_buf_finish(&buf, &text));
    return text;
}

/* The item of that number in the vat's transcript is that delivery, unless the crank was given up or a new span begun. */
static void check_delivery(struct sim_replica *replica, const struct vk_json *entry,
                           struct seen *seen) {
    struct vk_str vat = vk_json_string(vk_json_get(entry, "vatID")), item;
    uint64_t delivery = number(entry, "deliveryNum");
    struct vk_store *store = sim_replica_store(replica);
    const struct vk_json *json;
    struct vk_span span;
    if (!vk_json_get(entry, "vd")) return; /* too long for the ring */
    if (vk_transcript_current(store, vat, &span) != VK_OK || delivery < span.start) return;
    cr_assert_lt(delivery, span.end, "%.*s", VK_STR_ARG(vat));
    test_ok(vk_transcript_item(store, &arena, vat, delivery, &item));
    test_ok(vk_json_parse(&arena, item, &json));
    cr_assert(vk_str_eq(text_of(vk_json_get(json, "d")), text_of(vk_json_get(entry, "vd"))),
              "%.*s delivery %d", VK_STR_ARG(vat), (int)delivery);
    seen->deliveries++;
}

/* The crank's number is the recorder's own count before a crank, and the kernel's after it. */
static void check_newest(struct vk_str text, struct sim_replica *replica, struct seen *seen) {
    uint64_t started = UINT64_MAX, finished = 0;
    const struct vk_json *delivery = NULL;
    while (text.n) {
        const char *newline = memchr(text.p, '\n', text.n);
        const struct vk_json *entry;
        size_t n = (size_t)(newline - text.p);
        test_ok(vk_json_parse(&arena, (struct vk_str){text.p, n}, &entry));
        text = vk_str_from(text, n + 1);
        struct vk_str type = vk_json_string(vk_json_get(entry, "type"));
        if (vk_str_eq(type, VK_STR("crank-start"))) {
            started = number(entry, "crankNum");
            delivery = NULL;
        }
        if (vk_str_eq(type, VK_STR("deliver"))) delivery = entry;
        if (vk_str_eq(type, VK_STR("crank-finish"))) {
            finished = number(entry, "crankNum");
            if (started != UINT64_MAX) cr_assert_eq(started, finished);
            seen->cranks++;
        }
    }
    const struct vk_crank_result *crank = &sim_replica_point(replica)->crank;
    bool stands = !crank->aborted && !crank->terminated && finished == started;
    if (delivery && stands) check_delivery(replica, delivery, seen);
}

static void look(void *impl, struct sim_replica *replica) {
    struct seen *seen = impl;
    if (!sim_replica_point(replica)->is_crank || seen->points++ % 5) return;
    vk_arena_clear(&arena);
    check_newest(recorded(sim_replica_flight(replica)), replica, seen);
}

Test(flight_recorder, its_numbers_are_the_kernels_on_every_replica_through_every_restart) {
    struct seen seen = {0};
    uint64_t starts = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct sim_run_options options = {.at_point = look, .impl = &seen};
        struct sim_run_result result = run_seed(seed, "invisible", &options);
        cr_assert(!result.failed, "%s", result.failure.what);
        starts += result.starts;
    }
    cr_assert(seen.cranks > 1000 && seen.deliveries > 100 && starts > 2 * SEEDS, "%d %d",
              (int)seen.cranks, (int)seen.deliveries);
}

/* Faults that count allocations among them: wherever the ring is, none of it is the kernel's memory. */
Test(flight_recorder, where_its_ring_is_moves_nothing) {
    struct sim_flight_rings *rings = sim_flight_rings_new();
    cr_assert(rings);
    for (uint64_t seed = 1; seed <= 2 * SEEDS; seed++) {
        struct sim_run_options options = {0};
        uint32_t replica;
        struct vk_state_hash hash = run_seed(seed, "heap-fails", &options).hash;
        options.rings = rings;
        sim_flight_rings_clear(rings);
        cr_assert(!vk_str_present(sim_flight_rings_last(rings, &replica)));
        struct vk_state_hash shared = run_seed(seed, "heap-fails", &options).hash;
        cr_assert(hash.low == shared.low && hash.high == shared.high, "seed %d", (int)seed);
        cr_assert_gt(unrolled(sim_flight_rings_last(rings, &replica)).n, 1000);
        vk_arena_clear(&arena);
    }
    sim_flight_rings_free(rings);
}

/* ---- aborts */

enum { HEARD = 5 };

static void hear(int signal_number) {
    (void)signal_number;
    _exit(HEARD);
}

/* A fuzzer's handler keeps the input that it was. */
Test(flight_recorder, an_abort_is_passed_on_to_who_listened_first) {
    int status;
    pid_t child = fork();
    cr_assert(child >= 0);
    if (child == 0) {
        signal(SIGABRT, hear);
        struct sim_flight *flight = sim_flight_new(NULL, SIM_FLIGHT_BYTES);
        sim_flight_use(flight);
        VK_ASSERT(!flight); /* INV-TEST: fails */
        _exit(0);
    }
    cr_assert(waitpid(child, &status, 0) == child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == HEARD);
}
