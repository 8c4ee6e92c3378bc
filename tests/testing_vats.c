/* testing_vats.c - see testing_vats.h. */
#include "testing_vats.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- the journal */

static void journal_append(struct test_journal *journal, const char *bytes, size_t n) {
    if (journal->length + n + 1 > journal->capacity) {
        journal->capacity = (journal->capacity + n + 1) * 2;
        journal->text = realloc(journal->text, journal->capacity);
        cr_assert(journal->text);
    }
    memcpy(journal->text + journal->length, bytes, n);
    journal->length += n;
    journal->text[journal->length] = '\0';
}

void test_journal_init(struct test_journal *journal) {
    *journal = (struct test_journal){0};
    journal_append(journal, "", 0);
}

void test_journal_release(struct test_journal *journal) {
    free(journal->text);
    *journal = (struct test_journal){0};
}

void test_journal_line(struct test_journal *journal, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *line = malloc((size_t)n + 2);
    cr_assert(line);
    vsnprintf(line, (size_t)n + 1, format, again);
    va_end(again);
    line[n] = '\n';
    journal_append(journal, line, (size_t)n + 1);
    free(line);
}

static bool line_has(const char *line, size_t n, const char *part) {
    size_t length = strlen(part);
    for (size_t i = 0; i + length <= n; i++)
        if (memcmp(line + i, part, length) == 0) return true;
    return false;
}

unsigned test_count_lines(const char *text, const char *start, const char *part) {
    unsigned count = 0;
    while (*text) {
        size_t n = strcspn(text, "\n");
        if (strncmp(text, start, strlen(start)) == 0 && (!part || line_has(text, n, part))) count++;
        text += n + (text[n] == '\n');
    }
    return count;
}

/* ---- words */

struct words {
    struct vk_str items[64];
    size_t count;
};

static bool is_space(char c) { return c == ' ' || c == '\n'; }

/* A word that begins with '{' ends with the brace that closes it. */
static size_t word_length(const char *p, size_t n) {
    size_t depth = 0, i = 0;
    for (; i < n; i++) {
        if (depth == 0 && i > 0 && (is_space(p[i]) || p[i] == ';')) break;
        depth += p[i] == '{';
        depth -= p[i] == '}' && depth > 0;
    }
    cr_assert(depth == 0, "unbalanced braces: %.*s", (int)n, p);
    return i;
}

/* The words of the first command; *rest is what follows it. */
static void split_command(struct vk_str program, struct words *words, struct vk_str *rest) {
    size_t i = 0;
    words->count = 0;
    while (i < program.n && program.p[i] != ';') {
        if (is_space(program.p[i])) {
            i++;
            continue;
        }
        size_t n = word_length(program.p + i, program.n - i);
        cr_assert(words->count < sizeof words->items / sizeof *words->items);
        words->items[words->count++] = (struct vk_str){program.p + i, n};
        i += n;
    }
    *rest = vk_str_from(program, i < program.n ? i + 1 : i);
}

static bool is(struct vk_str word, const char *text) { return vk_str_eq(word, vk_str(text)); }

/* ---- values */

struct values {
    struct vk_arena *arena;
    struct vk_buf body;
    struct vk_str slots[32];
    size_t slot_count;
};

static struct vk_str finish(const struct vk_buf *buf) {
    struct vk_str text;
    test_ok(vk_buf_finish(buf, &text));
    return text;
}

static size_t slot_index(struct values *values, struct vk_str slot) {
    for (size_t i = 0; i < values->slot_count; i++)
        if (vk_str_eq(values->slots[i], slot)) return i;
    cr_assert(values->slot_count < sizeof values->slots / sizeof *values->slots);
    values->slots[values->slot_count] = slot;
    return values->slot_count++;
}

/* o+5, p-60, d-70, ko20, kp40, kd30 */
static bool is_slot(struct vk_str word) {
    size_t at = word.n && word.p[0] == 'k';
    if (word.n < at + 2 || !strchr("opd", word.p[at])) return false;
    char next = word.p[at + 1];
    if (!at) return next == '+' || next == '-';
    return next >= '0' && next <= '9';
}

static void write_slot(struct values *values, struct vk_str word) {
    bool is_promise = word.p[word.p[0] == 'k'] == 'p';
    vk_buf_add(&values->body, is_promise ? VK_STR("\"&") : VK_STR("\"$"));
    vk_buf_u64(&values->body, slot_index(values, word));
    vk_buf_add(&values->body, is_promise ? VK_STR("\"") : VK_STR(".Alleged: x\""));
}

static bool is_json(struct vk_str word) {
    return vk_str_starts(word, VK_STR("[")) || vk_str_starts(word, VK_STR("{\"")) ||
           is(word, "{}") || is(word, "true") || is(word, "false") || is(word, "null") ||
           (word.n && word.p[0] >= '0' && word.p[0] <= '9');
}

static void write_value(struct values *values, struct vk_str word) {
    char name[64];
    if (is_slot(word)) {
        write_slot(values, word);
    } else if (is_json(word)) {
        vk_buf_add(&values->body, word);
    } else if (is(word, "undefined")) {
        vk_buf_lit(&values->body, "\"#undefined\"");
    } else if (word.n && word.p[0] == '@') {
        snprintf(name, sizeof name, "%.*s", (int)word.n - 1, word.p + 1);
        vk_json_quote(&values->body, vk_str(test_bundle_id(name)));
    } else {
        vk_json_quote(&values->body, word);
    }
}

static void values_begin(struct values *values, struct vk_arena *arena) {
    values->arena = arena;
    values->slot_count = 0;
    vk_buf_init(&values->body, arena);
    vk_buf_char(&values->body, '#');
}

static struct vk_capdata values_end(struct values *values) {
    struct vk_str *slots;
    test_ok(VK_NEW_ARRAY(values->arena, &slots, values->slot_count + 1));
    for (size_t i = 0; i < values->slot_count; i++)
        slots[i] = values->slots[i];
    return (struct vk_capdata){finish(&values->body), slots, values->slot_count};
}

/* VALUE... [with SLOT...], as an array's elements. */
static void write_values(struct values *values, const struct vk_str *words, size_t count) {
    size_t i = 0;
    for (; i < count && !is(words[i], "with"); i++) {
        if (i) vk_buf_char(&values->body, ',');
        write_value(values, words[i]);
    }
    for (i++; i < count; i++)
        slot_index(values, words[i]);
}

static struct vk_capdata methargs_of(struct vk_arena *arena, const struct vk_str *words,
                                     size_t count) {
    struct values values;
    values_begin(&values, arena);
    vk_buf_char(&values.body, '[');
    vk_json_quote(&values.body, words[0]);
    vk_buf_lit(&values.body, ",[");
    write_values(&values, words + 1, count - 1);
    vk_buf_lit(&values.body, "]]");
    return values_end(&values);
}

void test_methargs(struct vk_arena *arena, const char *text, struct vk_capdata *out) {
    struct words words;
    struct vk_str rest;
    split_command(vk_str(text), &words, &rest);
    cr_assert(words.count > 0 && rest.n == 0);
    *out = methargs_of(arena, words.items, words.count);
}

void test_parameters(struct vk_arena *arena, const char *program, struct vk_capdata *out) {
    struct vk_buf buf;
    vk_buf_init(&buf, arena);
    vk_buf_lit(&buf, "#{");
    if (program) {
        vk_buf_lit(&buf, "\"run\":");
        vk_json_quote(&buf, vk_str(program));
    }
    vk_buf_char(&buf, '}');
    *out = (struct vk_capdata){.body = finish(&buf)};
}

const char *test_bundle_id(const char *name) {
    static char ids[8][132];
    static unsigned next;
    char *id = ids[next++ % 8];
    size_t n = strlen(name);
    memcpy(id, "b1-", 3);
    for (size_t i = 0; i < 64; i++)
        snprintf(id + 3 + 2 * i, 3, "%02x", i < n ? (unsigned char)name[i] : 0);
    return id;
}

/* ---- workers */

struct vk_worker {
    struct test_vats *vats;
    char vat[24];
    bool in_completion;
    struct test_journal orders; /* NAME{PROGRAM} a line: all that it remembers */
    struct vk_arena arena;      /* cleared at each delivery */
    /* the delivery in hand */
    const struct vk_syscall_port *port;
    const struct vk_delivery *delivery;
    struct vk_delivery_result *result;
    struct vk_arena *result_arena;
    const struct vk_str *slots;
    size_t slot_count;
    bool first_command;
    struct vk_vatstore_change changes[16];
};

static bool has_answer(enum vk_syscall_type type) {
    return type == VK_SYSCALL_CALL_NOW || type == VK_SYSCALL_VATSTORE_GET ||
           type == VK_SYSCALL_VATSTORE_GET_NEXT_KEY;
}

static enum vk_err sent(struct vk_worker *worker) {
    struct test_vats *vats = worker->vats;
    worker->result->submitted++;
    if (!vats->arrive_each || worker->result->submitted % vats->arrive_each) return VK_OK;
    vats->arrived += vats->arrive_each;
    return worker->port->settle(worker->port->impl, vats->arrive_each);
}

static enum vk_err perform(struct vk_worker *worker, struct vk_str json) {
    struct vk_syscall syscall;
    struct vk_syscall_result result = {0};
    test_ok(vk_syscall_decode(&worker->arena, json, &syscall));
    if (worker->in_completion && !has_answer(syscall.type)) {
        VK_TRY(worker->port->submit(worker->port->impl, &syscall));
        test_journal_line(&worker->vats->journal, "submit %s %.*s", worker->vat,
                          VK_STR_ARG(syscall.json));
        return sent(worker);
    }
    enum vk_err err = worker->port->make(worker->port->impl, &syscall, &result);
    if (err != VK_OK) return worker->vats->swallow ? VK_OK : err;
    test_journal_line(&worker->vats->journal, "syscall %s %.*s -> %.*s", worker->vat,
                      VK_STR_ARG(syscall.json), VK_STR_ARG(result.json));
    return VK_OK;
}

/* "$0" and its like */
static struct vk_str substitute(const struct vk_worker *worker, struct vk_str word) {
    if (word.n != 2 || word.p[0] != '$') return word;
    if (word.p[1] == 'r') return worker->delivery->result;
    if (word.p[1] == 'p') {
        cr_assert(worker->delivery->resolution_count > 0);
        return worker->delivery->resolutions[0].promise;
    }
    size_t index = (size_t)(word.p[1] - '0');
    cr_assert(index < worker->slot_count, "%s has no %.*s", worker->vat, VK_STR_ARG(word));
    return worker->slots[index];
}

static struct vk_str value_capdata(struct vk_worker *worker, struct vk_str word) {
    struct values values;
    struct vk_buf buf;
    values_begin(&values, &worker->arena);
    write_value(&values, word);
    struct vk_capdata data = values_end(&values);
    vk_buf_init(&buf, &worker->arena);
    vk_capdata_write(&buf, &data);
    return finish(&buf);
}

/* send TARGET METHOD VALUE... [with SLOT...] [= RESULT] */
static enum vk_err command_send(struct vk_worker *worker, const struct words *words) {
    struct vk_buf buf;
    size_t count = words->count;
    bool has_result = count > 3 && is(words->items[count - 2], "=");
    vk_buf_init(&buf, &worker->arena);
    vk_buf_lit(&buf, "[\"send\",");
    vk_json_quote(&buf, words->items[1]);
    vk_buf_lit(&buf, ",{\"methargs\":");
    struct vk_capdata methargs =
        methargs_of(&worker->arena, words->items + 2, count - 2 - (has_result ? 2 : 0));
    vk_capdata_write(&buf, &methargs);
    vk_buf_lit(&buf, ",\"result\":");
    if (has_result)
        vk_json_quote(&buf, words->items[count - 1]);
    else
        vk_buf_lit(&buf, "null");
    vk_buf_lit(&buf, "}]");
    return perform(worker, finish(&buf));
}

/* call NODE METHOD VALUE... [with SLOT...] */
static enum vk_err command_call(struct vk_worker *worker, const struct words *words) {
    struct vk_buf buf;
    struct values values;
    values_begin(&values, &worker->arena);
    vk_buf_char(&values.body, '[');
    write_values(&values, words->items + 3, words->count - 3);
    vk_buf_char(&values.body, ']');
    vk_buf_init(&buf, &worker->arena);
    vk_buf_lit(&buf, "[\"callNow\",");
    vk_json_quote(&buf, words->items[1]);
    vk_buf_char(&buf, ',');
    vk_json_quote(&buf, words->items[2]);
    vk_buf_char(&buf, ',');
    struct vk_capdata args = values_end(&values);
    vk_capdata_write(&buf, &args);
    vk_buf_char(&buf, ']');
    return perform(worker, finish(&buf));
}

/* settle P VALUE P VALUE ..., and the other two */
static enum vk_err command_resolve(struct vk_worker *worker, const struct words *words) {
    struct vk_buf buf;
    bool rejected = is(words->items[0], "reject");
    vk_buf_init(&buf, &worker->arena);
    vk_buf_lit(&buf, "[\"resolve\",[");
    for (size_t i = 1; i + 1 < words->count; i += 2) {
        vk_buf_add(&buf, i > 1 ? VK_STR(",[") : VK_STR("["));
        vk_json_quote(&buf, words->items[i]);
        vk_buf_add(&buf, rejected ? VK_STR(",true,") : VK_STR(",false,"));
        vk_buf_add(&buf, value_capdata(worker, words->items[i + 1]));
        vk_buf_char(&buf, ']');
    }
    vk_buf_lit(&buf, "]]");
    return perform(worker, finish(&buf));
}

static enum vk_err command_exit(struct vk_worker *worker, const struct words *words) {
    struct vk_buf buf;
    vk_buf_init(&buf, &worker->arena);
    vk_buf_add(&buf, is(words->items[0], "exitfail") ? VK_STR("[\"exit\",true,")
                                                     : VK_STR("[\"exit\",false,"));
    vk_buf_add(&buf, value_capdata(worker, words->items[1]));
    vk_buf_char(&buf, ']');
    return perform(worker, finish(&buf));
}

/* A syscall whose arguments are strings, in an array of their own or not. */
static enum vk_err command_strings(struct vk_worker *worker, const struct words *words,
                                   const char *syscall, bool in_array) {
    struct vk_buf buf;
    vk_buf_init(&buf, &worker->arena);
    vk_buf_lit(&buf, "[\"");
    vk_buf_add(&buf, vk_str(syscall));
    vk_buf_add(&buf, in_array ? VK_STR("\",[") : VK_STR("\","));
    for (size_t i = 1; i < words->count; i++) {
        if (i > 1) vk_buf_char(&buf, ',');
        vk_json_quote(&buf, words->items[i]);
    }
    vk_buf_add(&buf, in_array ? VK_STR("]]") : VK_STR("]"));
    return perform(worker, finish(&buf));
}

static struct vk_str unbraced(struct vk_str word) {
    if (word.n < 2 || word.p[0] != '{') return word;
    return (struct vk_str){word.p + 1, word.n - 2};
}

/* What the worker says for this word. */
static enum vk_err say(struct vk_worker *worker, struct vk_str word, struct vk_str *out) {
    struct vk_str text = is(word, "<garbled>") ? VK_STR("no \x81 UTF-8") : word;
    return vk_arena_copy(worker->result_arena, text, out);
}

static enum vk_err command_fail(struct vk_worker *worker, const struct words *words) {
    worker->result->ok = false;
    return say(worker, unbraced(words->items[1]), &worker->result->problem);
}

static enum vk_err command_spend(struct vk_worker *worker, const struct words *words) {
    struct vk_delivery_result *result = worker->result;
    cr_assert(vk_str_to_u64(words->items[1], &result->computrons));
    result->metered = true;
    return vk_arena_format(worker->result_arena, &result->usage, "{\"compute\":%.*s}",
                           VK_STR_ARG(words->items[1]));
}

static enum vk_err command_hasty(struct vk_worker *worker, struct vk_str json) {
    const struct vk_syscall syscall = {.json = json};
    VK_TRY(worker->port->submit(worker->port->impl, &syscall));
    return sent(worker);
}

/* keep KEY VALUE, lose KEY */
static enum vk_err command_change(struct vk_worker *worker, const struct words *words) {
    struct vk_delivery_result *result = worker->result;
    struct vk_vatstore_change *change = &worker->changes[result->change_count++];
    cr_assert(result->change_count <= sizeof worker->changes / sizeof *worker->changes);
    *change = (struct vk_vatstore_change){0};
    VK_TRY(say(worker, words->items[1], &change->key));
    if (words->count > 2) VK_TRY(say(worker, words->items[2], &change->value));
    result->changes = worker->changes;
    return VK_OK;
}

static const struct {
    const char *command, *syscall;
    bool in_array;
} string_commands[] = {
    {"subscribe", "subscribe", false},     {"get", "vatstoreGet", false},
    {"next", "vatstoreGetNextKey", false}, {"set", "vatstoreSet", false},
    {"delete", "vatstoreDelete", false},   {"drop", "dropImports", true},
    {"retire", "retireImports", true},     {"retireexports", "retireExports", true},
    {"abandon", "abandonExports", true},
};

static enum vk_err run_command(struct vk_worker *worker, const struct words *words) {
    struct vk_str command = words->items[0];
    if (is(command, "send")) return command_send(worker, words);
    if (is(command, "call")) return command_call(worker, words);
    if (is(command, "fulfill") || is(command, "reject") || is(command, "settle"))
        return command_resolve(worker, words);
    if (is(command, "exit") || is(command, "exitfail")) return command_exit(worker, words);
    if (is(command, "raw")) return perform(worker, words->items[1]);
    if (is(command, "spend")) return command_spend(worker, words);
    if (is(command, "fail")) return command_fail(worker, words);
    if (is(command, "keep") || is(command, "lose")) return command_change(worker, words);
    if (is(command, "hasty")) return command_hasty(worker, words->items[1]);
    if (is(command, "miscount")) {
        worker->result->submitted++;
        return VK_OK;
    }
    if (is(command, "die")) return VK_RAISE(VK_ERR_WORKER_LOST, "%s died", worker->vat);
    if (is(command, "on")) {
        test_journal_line(&worker->orders, "%.*s%.*s", VK_STR_ARG(words->items[1]),
                          VK_STR_ARG(words->items[2]));
        return VK_OK;
    }
    for (size_t i = 0; i < sizeof string_commands / sizeof *string_commands; i++)
        if (is(command, string_commands[i].command))
            return command_strings(worker, words, string_commands[i].syscall,
                                   string_commands[i].in_array);
    cr_assert(false, "%s does not know '%.*s'", worker->vat, VK_STR_ARG(command));
    return VK_OK;
}

static enum vk_err run_program(struct vk_worker *worker, struct vk_str program) {
    struct words words;
    enum test_sabotage sabotage = worker->vats->sabotage;
    while (program.n) {
        split_command(program, &words, &program);
        if (!words.count) continue;
        for (size_t i = 0; i < words.count; i++)
            words.items[i] = substitute(worker, words.items[i]);
        bool first = worker->first_command;
        worker->first_command = false;
        if (first && sabotage == TEST_MISSING_SYSCALL) continue;
        if (first && sabotage == TEST_WRONG_SYSCALL)
            VK_TRY(perform(worker, VK_STR("[\"vatstoreGet\",\"sabotage\"]")));
        else
            VK_TRY(run_command(worker, &words));
    }
    return VK_OK;
}

/* The newest standing order of that name. */
static struct vk_str standing_order(const struct vk_worker *worker, struct vk_str name) {
    struct vk_str found = VK_STR_NONE;
    const char *line = worker->orders.text;
    while (*line) {
        size_t n = strcspn(line, "\n");
        if (n > name.n && line[name.n] == '{' && memcmp(line, name.p, name.n) == 0)
            found = unbraced((struct vk_str){line + name.n, n - name.n});
        line += n + 1;
    }
    return found;
}

static const struct vk_json *parse_body(struct vk_worker *worker, struct vk_str body) {
    const struct vk_json *json;
    if (!vk_str_starts(body, VK_STR("#"))) return NULL;
    test_ok(vk_json_parse(&worker->arena, vk_str_from(body, 1), &json));
    return json;
}

static void take_slots(struct vk_worker *worker, const struct vk_delivery *delivery) {
    const struct vk_capdata *data = &delivery->methargs;
    if (delivery->resolution_count) data = &delivery->resolutions[0].data;
    worker->slots = delivery->vref_count ? delivery->vrefs : data->slots;
    worker->slot_count = delivery->vref_count ? delivery->vref_count : data->slot_count;
}

static struct vk_str program_of(struct vk_worker *worker, const struct vk_delivery *delivery) {
    struct vk_str name = vk_str(vk_delivery_name(delivery->type));
    if (delivery->type == VK_DELIVERY_START_VAT) {
        struct vk_str run =
            vk_json_string(vk_json_get(parse_body(worker, delivery->methargs.body), "run"));
        if (run.p) return run;
    }
    if (delivery->type == VK_DELIVERY_MESSAGE) {
        name = vk_json_string(vk_json_at(parse_body(worker, delivery->methargs.body), 0));
        if (vk_str_starts(name, VK_STR("{"))) return unbraced(name);
        if (!name.p) return VK_STR_NONE;
    }
    return standing_order(worker, name);
}

static enum vk_err host_deliver(void *impl, struct vk_worker *worker, struct vk_arena *arena,
                                const struct vk_delivery *delivery,
                                const struct vk_syscall_port *syscalls,
                                struct vk_delivery_result *result) {
    struct test_vats *vats = impl;
    test_journal_line(&vats->journal, "deliver %s %.*s", worker->vat, VK_STR_ARG(delivery->json));
    if (vats->watch) VK_TRY(vats->watch(vats->watch_impl, vk_str(worker->vat), delivery));
    vk_arena_clear(&worker->arena);
    worker->port = syscalls;
    worker->delivery = delivery;
    worker->result = result;
    worker->result_arena = arena;
    worker->first_command = true;
    *result = (struct vk_delivery_result){.ok = true};
    take_slots(worker, delivery);
    VK_TRY(run_program(worker, program_of(worker, delivery)));
    if (vats->sabotage == TEST_EXTRA_SYSCALL)
        return perform(worker, VK_STR("[\"vatstoreGet\",\"sabotage\"]"));
    return VK_OK;
}

static enum vk_err host_start(void *impl, const struct vk_worker_spec *spec,
                              struct vk_worker **out) {
    struct test_vats *vats = impl;
    if (vats->start_fails_for && is(spec->vat, vats->start_fails_for))
        return VK_RAISE(vats->start_error, "%s cannot be started", vats->start_fails_for);
    struct vk_worker *worker = calloc(1, sizeof *worker);
    cr_assert(worker);
    worker->vats = vats;
    worker->in_completion = spec->vatstore_in_completion;
    snprintf(worker->vat, sizeof worker->vat, "%.*s", VK_STR_ARG(spec->vat));
    test_journal_init(&worker->orders);
    vk_arena_init(&worker->arena, vk_heap_system());
    if (spec->snapshot) {
        journal_append(&worker->orders, spec->snapshot->bytes.p, spec->snapshot->bytes.n);
        test_journal_line(&vats->journal, "start %s at %llu from %zu bytes", worker->vat,
                          (unsigned long long)spec->position, spec->snapshot->bytes.n);
    } else {
        test_journal_line(&vats->journal, "start %s at %llu", worker->vat,
                          (unsigned long long)spec->position);
    }
    vats->live++;
    *out = worker;
    return VK_OK;
}

static enum vk_err host_snapshot(void *impl, struct vk_worker *worker, struct vk_arena *arena,
                                 bool restart, struct vk_snapshot_image *image) {
    struct test_vats *vats = impl;
    test_journal_line(&vats->journal, "snapshot %s%s", worker->vat, restart ? " and restart" : "");
    if (vats->snapshot_error != VK_OK) return VK_RAISE(vats->snapshot_error, "no snapshot");
    if (vats->cannot_snapshot) return VK_OK;
    return vk_arena_copy(arena, (struct vk_str){worker->orders.text, worker->orders.length},
                         &image->bytes);
}

static void host_stop(void *impl, struct vk_worker *worker) {
    struct test_vats *vats = impl;
    test_journal_line(&vats->journal, "stop %s", worker->vat);
    cr_assert(vats->live > 0);
    vats->live--;
    test_journal_release(&worker->orders);
    vk_arena_release(&worker->arena);
    free(worker);
}

static enum vk_err host_bundle_ids(void *impl, struct vk_store *store, struct vk_arena *arena,
                                   struct vk_str *json) {
    struct test_vats *vats = impl;
    (void)store;
    test_journal_line(&vats->journal, "bundles");
    return vk_arena_copy(arena, vk_str(vats->bundle_ids), json);
}

void test_vats_init(struct test_vats *vats) {
    *vats = (struct test_vats){
        .port = {.impl = vats,
                 .worker_bundle_ids = host_bundle_ids,
                 .start = host_start,
                 .deliver = host_deliver,
                 .snapshot = host_snapshot,
                 .stop = host_stop},
        .bundle_ids = "[\"b0-1\",\"b0-2\"]",
    };
    test_journal_init(&vats->journal);
}

void test_vats_release(struct test_vats *vats) {
    cr_assert(vats->live == 0, "%u workers were not stopped", vats->live);
    test_journal_release(&vats->journal);
}
