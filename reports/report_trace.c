/* report_trace.c - see report_trace.h. */
#include "report_trace.h"

#include "buf_format.h"
#include "json_line.h"

#include <inttypes.h>
#include <stdio.h>

/* Of an event without any length: a sliver, or a viewer would not show it. */
enum { SLIVER_NS = 1000 };

struct trace {
    struct vk_buf *buf;
    size_t replica;
    uint64_t flows;
    bool any;
};

/* Microseconds, as the format has them, to the nanosecond. */
static void put_time(struct trace *trace, const char *member, uint64_t ns) {
    report_format(trace->buf, ",\"%s\":%" PRIu64 ".%03" PRIu64, member, ns / 1000, ns % 1000);
}

/* Everything but the closing brace. */
static void begin_event(struct trace *trace, const char *phase, const char *name, uint64_t thread) {
    vk_buf_add(trace->buf, trace->any ? VK_STR(",\n") : VK_STR("\n"));
    trace->any = true;
    report_format(trace->buf, "{\"ph\":\"%s\",\"pid\":%zu,\"tid\":%" PRIu64 ",\"name\":", phase,
                  trace->replica, thread);
    vk_json_quote(trace->buf, vk_str(name));
}

static void end_event(struct trace *trace) { vk_buf_char(trace->buf, '}'); }

/* ---- names */

static void name_process(struct trace *trace, const char *plan) {
    char name[80];
    snprintf(name, sizeof name, "replica %zu", trace->replica);
    begin_event(trace, "M", "process_name", 0);
    vk_buf_lit(trace->buf, ",\"args\":{\"name\":");
    vk_json_quote(trace->buf, vk_str(name));
    vk_buf_lit(trace->buf, ",\"labels\":");
    report_json_quote(trace->buf, vk_str(plan));
    vk_buf_char(trace->buf, '}');
    end_event(trace);
    begin_event(trace, "M", "process_sort_index", 0);
    report_format(trace->buf, ",\"args\":{\"sort_index\":%zu}", trace->replica);
    end_event(trace);
}

static void name_thread(struct trace *trace, uint64_t thread) {
    begin_event(trace, "M", "thread_name", thread);
    if (thread == 0)
        vk_buf_lit(trace->buf, ",\"args\":{\"name\":\"kernel\"}");
    else
        report_format(trace->buf, ",\"args\":{\"name\":\"v%" PRIu64 "\"}", thread);
    end_event(trace);
    begin_event(trace, "M", "thread_sort_index", thread);
    report_format(trace->buf, ",\"args\":{\"sort_index\":%" PRIu64 "}", thread);
    end_event(trace);
}

static void name_threads(struct trace *trace, const struct sim_timeline_replica *replica) {
    uint64_t vat = 0; /* the largest that has been named */
    name_thread(trace, 0);
    for (;;) {
        uint64_t next = UINT64_MAX;
        for (size_t i = 0; i < replica->deliveries.count; i++)
            if (replica->deliveries.at[i].vat > vat && replica->deliveries.at[i].vat < next)
                next = replica->deliveries.at[i].vat;
        if (next == UINT64_MAX) return;
        name_thread(trace, next);
        vat = next;
    }
}

/* ---- slices */

static void put_slice(struct trace *trace, const char *name, uint64_t thread, uint64_t start_ns,
                      uint64_t end_ns) {
    begin_event(trace, "X", name, thread);
    put_time(trace, "ts", start_ns);
    put_time(trace, "dur", end_ns > start_ns ? end_ns - start_ns : SLIVER_NS);
}

static void put_crank(struct trace *trace, const struct sim_timeline_step *step) {
    put_slice(trace, step->event, 0, step->start_ns, step->end_ns);
    report_format(trace->buf, ",\"cat\":\"%s\",\"args\":{\"point\":%" PRIu64 ",\"block\":%" PRIu64,
                  step->is_crank ? "crank" : "host", step->point, step->block);
    if (step->vat != VK_NO_VAT) report_format(trace->buf, ",\"vat\":\"v%" PRIu64 "\"", step->vat);
    if (step->computrons) report_format(trace->buf, ",\"computrons\":%" PRIu64, step->computrons);
    if (step->flags & SIM_TIMELINE_ABORTED) vk_buf_lit(trace->buf, ",\"aborted\":true");
    if (step->flags & SIM_TIMELINE_TERMINATED) vk_buf_lit(trace->buf, ",\"terminated\":true");
    if (step->flags & SIM_TIMELINE_DIFFERS) vk_buf_lit(trace->buf, ",\"differs\":true");
    report_format(trace->buf, ",\"stateHash\":\"%016" PRIx64 "%016" PRIx64 "\"}",
                  step->state_hash.high, step->state_hash.low);
    if (step->flags & SIM_TIMELINE_DIFFERS) vk_buf_lit(trace->buf, ",\"cname\":\"terrible\"");
    end_event(trace);
}

static void put_delivery(struct trace *trace, const struct sim_timeline_delivery *delivery) {
    put_slice(trace, delivery->name, delivery->vat, delivery->start_ns, delivery->end_ns);
    report_format(trace->buf, ",\"cat\":\"delivery\",\"args\":{\"syscalls\":%" PRIu64 "}",
                  delivery->syscalls);
    end_event(trace);
}

/* ---- what has no length */

static void put_flow(struct trace *trace, const struct sim_timeline_flow *flow) {
    uint64_t from = flow->from_vat == VK_NO_VAT ? 0 : flow->from_vat;
    uint64_t id = trace->flows++;
    begin_event(trace, "s", "message", from);
    put_time(trace, "ts", flow->from_ns);
    report_format(trace->buf, ",\"cat\":\"message\",\"id\":%" PRIu64, id);
    end_event(trace);
    begin_event(trace, "f", "message", flow->to_vat);
    put_time(trace, "ts", flow->to_ns);
    report_format(trace->buf, ",\"cat\":\"message\",\"id\":%" PRIu64 ",\"bp\":\"e\"", id);
    end_event(trace);
}

static void put_instant(struct trace *trace, const char *name, const char *category,
                        uint64_t at_ns) {
    begin_event(trace, "i", name, 0);
    put_time(trace, "ts", at_ns);
    report_format(trace->buf, ",\"cat\":\"%s\",\"s\":\"p\"", category);
    end_event(trace);
}

static void put_queues(struct trace *trace, const struct sim_timeline_queues *queues) {
    begin_event(trace, "C", "queues", 0);
    put_time(trace, "ts", queues->at_ns);
    report_format(trace->buf, ",\"args\":{\"run\":%" PRIu64 ",\"acceptance\":%" PRIu64 "}",
                  queues->run, queues->acceptance);
    end_event(trace);
}

/* From here on there was no memory for it. */
static void put_cut(struct trace *trace, const struct sim_timeline_replica *replica) {
    size_t count = replica->steps.count;
    put_instant(trace, "cut: no memory", "cut", count ? replica->steps.at[count - 1].end_ns : 0);
}

/* ---- all of it */

static void put_replica(struct trace *trace, const struct sim_timeline_replica *replica,
                        const char *name) {
    name_process(trace, name);
    name_threads(trace, replica);
    for (size_t i = 0; i < replica->lives.count; i++) {
        const struct sim_timeline_life *life = &replica->lives.at[i];
        put_slice(trace, "start", 0, life->start_ns, life->ready_ns);
        vk_buf_lit(trace->buf, ",\"cat\":\"life\"");
        end_event(trace);
        if (life->end) put_instant(trace, life->end, "life", life->end_ns);
    }
    for (size_t i = 0; i < replica->steps.count; i++)
        put_crank(trace, &replica->steps.at[i]);
    for (size_t i = 0; i < replica->deliveries.count; i++)
        put_delivery(trace, &replica->deliveries.at[i]);
    for (size_t i = 0; i < replica->flows.count; i++)
        put_flow(trace, &replica->flows.at[i]);
    for (size_t i = 0; i < replica->faults.count; i++)
        put_instant(trace, fault_word(replica->faults.at[i].kind), "fault",
                    replica->faults.at[i].at_ns);
    for (size_t i = 0; i < replica->queues.count; i++)
        put_queues(trace, &replica->queues.at[i]);
}

void report_trace(struct vk_buf *buf, const struct sim_timeline *timeline, const char *name) {
    struct trace trace = {.buf = buf};
    vk_buf_lit(buf, "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[");
    for (size_t r = 0; r < sim_timeline_replicas(timeline); r++) {
        trace.replica = r;
        put_replica(&trace, sim_timeline_replica(timeline, r), name);
        if (sim_timeline_is_cut(timeline)) put_cut(&trace, sim_timeline_replica(timeline, r));
    }
    vk_buf_lit(buf, "\n]}\n");
}
