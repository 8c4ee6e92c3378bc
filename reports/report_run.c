/* report_run.c - see report_run.h. */
#include "report_run.h"

#include "colour.h"
#include "json_line.h"
#include "shell_words.h"
#include "sim/kept_node.h"

#include <inttypes.h>

static const char *vat_text(const struct sim_failure *failure, char text[32]) {
    if (failure->vat == VK_NO_VAT) return "";
    snprintf(text, 32, ", vat v%" PRIu64, failure->vat);
    return text;
}

const char *report_failure_flight(const struct report_failure *report,
                                  char text[SIM_FLIGHT_TAIL_TEXT]) {
    return report->flight ? report->flight : sim_flight_tail_text(&report->failure->flight, text);
}

static void print_flight(FILE *out, const char *text) {
    if (text[0]) fprintf(out, "  kernel:    %s\n", text);
}

void report_run_failure(FILE *out, const struct report_failure *report, bool colours) {
    const struct sim_failure *failure = report->failure;
    char vat[32], flight[SIM_FLIGHT_TAIL_TEXT];
    fprintf(out, "%s%s failed%s: oracle %s (%s)\n", report_colour(REPORT_RED, colours),
            report->name, report_colour(REPORT_PLAIN, colours), sim_oracle_word(failure->oracle),
            sim_oracle_demand(failure->oracle));
    fprintf(out, "  replica %" PRIu32 ", point %" PRIu64 " (block %" PRIu64 ", %s%s), %.3f s in\n",
            failure->replica, failure->point, failure->block, failure->event,
            vat_text(failure, vat), (double)failure->at_ns / 1e9);
    fprintf(out, "  %s\n", failure->what);
    print_flight(out, report_failure_flight(report, flight));
    fprintf(out, "  signature: %s\n", failure->signature);
    if (report->plan) fprintf(out, "  plan:      %s\n", report->plan);
    fprintf(out, "  reproduce: %s\n", report->reproduce);
    fflush(out);
}

/* "flight":{"crankNum":7890,"event":"send","finished":false,"vatID":"v56",...} */
static void flight_json(struct vk_buf *buf, const struct sim_flight_tail *flight) {
    if (!flight->any) return;
    report_json_name(buf, "flight");
    vk_buf_char(buf, '{');
    report_json_count(buf, "crankNum", flight->crank);
    report_json_text(buf, "event", flight->event);
    report_json_bool(buf, "finished", flight->crank_finished);
    if (flight->has_delivery) {
        report_json_text(buf, "vatID", flight->vat);
        report_json_count(buf, "deliveryNum", flight->delivery);
        report_json_bool(buf, "deliveryFinished", flight->delivery_finished);
        report_json_text(buf, "dispatch", flight->dispatch);
        if (flight->message[0]) report_json_text(buf, "message", flight->message);
        report_json_count(buf, "syscalls", flight->syscalls);
        if (flight->last_syscall[0]) report_json_text(buf, "lastSyscall", flight->last_syscall);
    }
    vk_buf_char(buf, '}');
}

static void panic_json(FILE *out, const struct report_panic *panic) {
    const struct sim_run_result *result = panic->result;
    struct report_json_line line;
    struct vk_buf *buf = report_json_begin(&line);
    report_json_text(buf, "type", "panic");
    report_json_text(buf, "name", panic->name);
    report_json_text(buf, "what", result->panic_text);
    if (panic->keep) report_json_text(buf, "kept", panic->keep);
    flight_json(buf, &result->panic_flight);
    report_json_count(buf, "point", result->panic_point);
    report_json_count(buf, "replicas", result->replicas);
    report_json_count(buf, "directed", result->replicas_directed);
    report_json_count(buf, "directedCranks", result->directed_cranks);
    report_json_count(buf, "halted", result->replicas_panicked);
    report_json_end(&line, out);
}

static void print_halted(FILE *out, const struct sim_run_result *result) {
    for (uint32_t i = 0; i < result->replicas; i++)
        if (result->replica_panicked[i] && result->replicas_directed)
            fprintf(out, "  replica %" PRIu32 " stays halted: %s\n", i,
                    result->replica_directed[i] ? "it panicked again, with directives"
                                                : "it has no directive");
    if (result->replicas_directed > 0)
        fprintf(out,
                "  %" PRIu32 " of %" PRIu32 " replicas were started again with directives; %" PRIu64
                " crank%s gave way to one\n",
                result->replicas_directed, result->replicas, result->directed_cranks,
                result->directed_cranks == 1 ? "" : "s");
}

/* What to type next. */
static void print_next(FILE *out, const struct report_panic *panic) {
    static const char *const kept[] = {"replica-0", "replica-0/" SIM_KEPT_SLOG};
    enum { KEPT_MAX = 1100 };
    char line[2 * REPORT_SHELL_MAX(KEPT_MAX) + 30] = "crankcase postmortem", path[KEPT_MAX];
    if (!panic->keep) {
        fprintf(out, "  to find out: %s --keep DIR\n", panic->reproduce);
        return;
    }
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        snprintf(path, sizeof path, "%s/%s", panic->keep, kept[i]);
        report_shell_path(line, sizeof line, path);
    }
    fprintf(out, "  post-mortem: %s\n", line);
}

void report_run_panic(FILE *out, const struct report_panic *panic, bool json) {
    const struct sim_run_result *result = panic->result;
    if (json) {
        panic_json(out, panic);
        return;
    }
    uint32_t panicked = 0;
    char flight[SIM_FLIGHT_TAIL_TEXT];
    for (uint32_t i = 0; i < result->replicas; i++)
        panicked += result->replica_panicked[i] || result->replica_directed[i];
    fprintf(out,
            "%s: the kernel panicked on %" PRIu32 " of %" PRIu32 " replicas, at point %" PRIu64
            "\n  %s\n",
            panic->name, panicked, result->replicas, result->panic_point, result->panic_text);
    print_flight(out, sim_flight_tail_text(&result->panic_flight, flight));
    print_halted(out, result);
    if (!result->replicas_directed) print_next(out, panic);
}

void report_run_failure_json(FILE *out, const struct report_failure *report) {
    const struct sim_failure *failure = report->failure;
    struct report_json_line line;
    char vat[32], text[SIM_FLIGHT_TAIL_TEXT];
    struct vk_buf *buf = report_json_begin(&line);
    report_json_text(buf, "type", "failure");
    report_json_text(buf, "name", report->name);
    report_json_text(buf, "oracle", sim_oracle_word(failure->oracle));
    report_json_text(buf, "signature", failure->signature);
    report_json_text(buf, "what", failure->what);
    report_json_count(buf, "replica", failure->replica);
    report_json_count(buf, "point", failure->point);
    report_json_count(buf, "block", failure->block);
    report_json_text(buf, "event", failure->event);
    snprintf(vat, sizeof vat, "v%" PRIu64, failure->vat);
    if (failure->vat != VK_NO_VAT) report_json_text(buf, "vat", vat);
    flight_json(buf, &failure->flight);
    const char *flight = report_failure_flight(report, text);
    if (flight[0]) report_json_text(buf, "flightText", flight);
    report_json_text(buf, "reproduce", report->reproduce);
    if (report->plan) report_json_text(buf, "plan", report->plan);
    report_json_end(&line, out);
}

/* ---- the summary */

static void figure(FILE *out, const char *name, uint64_t value, const char *note) {
    fprintf(out, "  %-22s %14" PRIu64 "  %s\n", name, value, note);
}

static double per(double value, double seconds) { return seconds > 0 ? value / seconds : 0; }

static const char *duration(double seconds, char text[48]) {
    if (seconds < 120)
        snprintf(text, 48, "%.1f s", seconds);
    else if (seconds < 2 * 3600)
        snprintf(text, 48, "%.1f minutes", seconds / 60);
    else if (seconds < 2 * 86400)
        snprintf(text, 48, "%.1f hours", seconds / 3600);
    else
        snprintf(text, 48, "%.1f days", seconds / 86400);
    return text;
}

static bool totals_are_few(const struct report_summary *summary) {
    return summary->totals->seeds < REPORT_SEEDS_TO_JUDGE_FAULTS;
}

static void print_faults(FILE *out, const struct report_summary *summary, bool colours) {
    bool any = false;
    int idle = 0;
    for (int k = 0; k < FAULT_KIND_COUNT; k++) {
        uint64_t hits = summary->totals->hits[k];
        if (!summary->faults[k] && !hits) continue;
        if (hits == 0 && totals_are_few(summary)) {
            idle++;
            continue;
        }
        if (!any) fprintf(out, "  %-32s %-12s %12s\n", "fault", "class", "struck");
        any = true;
        bool never = hits == 0;
        fprintf(out, "  %-32s %-12s %s%12" PRIu64 "%s\n", fault_word((enum fault_kind)k),
                fault_class_word(fault_class_of((enum fault_kind)k)),
                never ? report_colour(REPORT_YELLOW, colours) : "", hits,
                never ? report_colour(REPORT_PLAIN, colours) : "");
    }
    if (idle) fprintf(out, "  %d kinds of fault more did not strike\n", idle);
}

static void print_ends(FILE *out, const struct report_summary *summary, bool colours) {
    bool any = false;
    for (int end = 0; end < SIM_VAT_END_COUNT; end++) {
        uint64_t times = summary->totals->ends[end];
        if (times == 0 && totals_are_few(summary)) continue;
        if (!any) fprintf(out, "  %-45s %12s\n", "what may end a vat", "done");
        any = true;
        char words[80];
        snprintf(words, sizeof words, "%s%s", end < SIM_VAT_END_ILLEGAL ? "" : "illegal ",
                 sim_vat_end_words((enum sim_vat_end)end));
        fprintf(out, "  %-45s %s%12" PRIu64 "%s\n", words,
                times ? "" : report_colour(REPORT_YELLOW, colours), times,
                times ? "" : report_colour(REPORT_PLAIN, colours));
    }
}

size_t report_probes(const struct sim_campaign_totals *totals,
                     struct report_probe probes[SIM_PROBES_MAX]) {
    size_t count = sim_probe_count();
    for (size_t i = 0; i < count; i++)
        probes[i] = (struct report_probe){.name = sim_probe_name(i),
                                          .file = sim_probe_file(i),
                                          .line = sim_probe_line(i),
                                          .is_rare = sim_probe_is_rare(i),
                                          .hits = totals->probes[i]};
    return count;
}

static void print_probes(FILE *out, const struct report_summary *summary, bool colours) {
    size_t count = summary->probe_count, reached = 0;
    if (!count) return;
    for (size_t i = 0; i < count; i++)
        reached += summary->probes[i].hits > 0;
    fprintf(out, "  %-22s %14zu  of %zu reached\n", "probes", reached, count);
    for (size_t i = 0; i < count; i++) {
        const struct report_probe *probe = &summary->probes[i];
        if (probe->hits) continue;
        fprintf(out, "    %snever%s %s (%s:%d)%s\n",
                probe->is_rare ? "" : report_colour(REPORT_YELLOW, colours),
                probe->is_rare ? "" : report_colour(REPORT_PLAIN, colours), probe->name,
                probe->file, probe->line, probe->is_rare ? ", which is rare" : "");
    }
}

void report_run_summary(FILE *out, const struct report_summary *summary, bool colours) {
    const struct sim_campaign_totals *totals = summary->totals;
    double simulated = (double)totals->simulated_ns / 1e9;
    char simulated_text[48], real_text[48];
    if (summary->was_interrupted) fputs(REPORT_INTERRUPTED, out);
    if (summary->is_stable) fputs("stable: new seeds show nothing new\n", out);
    figure(out, summary->unit, summary->count, "");
    figure(out, "cranks", totals->cranks, "of one replica each");
    figure(out, "cranks run", totals->all_cranks, "by all replicas, again after restarts included");
    figure(out, "deliveries", totals->deliveries, "");
    figure(out, "syscalls", totals->syscalls, "by all replicas");
    if (totals->in_flight)
        figure(out, "  still in flight", totals->in_flight, "as their delivery's completion came");
    figure(out, "aborted cranks", totals->aborted, "");
    figure(out, "vats terminated", totals->terminated, "by cranks");
    figure(out, "node crashes", totals->crashes, "each started again from its last commit");
    figure(out, "nodes halted", totals->halted, "for good, as their faults demand");
    figure(out, "kernel panics", totals->panicked, "the same on every replica");
    figure(out, "divergences", totals->diverged, "noticed in the crank where they began");
    figure(out, "features", totals->covered, "of coverage");
    if (summary->faults) print_faults(out, summary, colours);
    print_ends(out, summary, colours);
    print_probes(out, summary, colours);
    fprintf(out, "  %s simulated in %s: %.0f simulated s/s, %.1f %s/s, %.0f cranks/s\n",
            duration(simulated, simulated_text), duration(summary->seconds, real_text),
            per(simulated, summary->seconds), per((double)totals->seeds, summary->seconds),
            summary->unit, per((double)totals->all_cranks, summary->seconds));
    fprintf(out, "  hash of all runs: %016" PRIx64 "%016" PRIx64 "\n", totals->hash.high,
            totals->hash.low);
    fprintf(out, "%s%" PRIu64 " of %" PRIu64 " %s failed%s\n",
            report_colour(summary->failed ? REPORT_RED : REPORT_GREEN, colours), summary->failed,
            summary->count, summary->unit, report_colour(REPORT_PLAIN, colours));
    fflush(out);
}

/* "probes":{"vat_paged_out":{"reached":3,"rare":false},...}; none at all in a build without probes. */
static void probes_json(struct vk_buf *buf, const struct report_summary *summary) {
    if (!summary->probe_count) return;
    report_json_name(buf, "probes");
    vk_buf_char(buf, '{');
    for (size_t i = 0; i < summary->probe_count; i++) {
        report_json_name(buf, summary->probes[i].name);
        vk_buf_char(buf, '{');
        report_json_count(buf, "reached", summary->probes[i].hits);
        report_json_bool(buf, "rare", summary->probes[i].is_rare);
        vk_buf_char(buf, '}');
    }
    vk_buf_char(buf, '}');
}

void report_faults_json(struct vk_buf *buf, const uint64_t hits[FAULT_KIND_COUNT],
                        const bool *wanted) {
    report_json_name(buf, "faults");
    vk_buf_char(buf, '{');
    for (int k = 0; k < FAULT_KIND_COUNT; k++)
        if (hits[k] || (wanted && wanted[k]))
            report_json_count(buf, fault_word((enum fault_kind)k), hits[k]);
    vk_buf_char(buf, '}');
}

static void ends_json(struct vk_buf *buf, const struct report_summary *summary) {
    report_json_name(buf, "ends");
    vk_buf_char(buf, '{');
    for (int end = 0; end < SIM_VAT_END_COUNT; end++)
        report_json_count(buf, sim_vat_end_words((enum sim_vat_end)end),
                          summary->totals->ends[end]);
    vk_buf_char(buf, '}');
}

static void totals_json(struct vk_buf *buf, const struct sim_campaign_totals *totals) {
    report_json_count(buf, "cranks", totals->cranks);
    report_json_count(buf, "allCranks", totals->all_cranks);
    report_json_count(buf, "deliveries", totals->deliveries);
    report_json_count(buf, "syscalls", totals->syscalls);
    report_json_count(buf, "inFlight", totals->in_flight);
    report_json_count(buf, "aborted", totals->aborted);
    report_json_count(buf, "terminated", totals->terminated);
    report_json_count(buf, "crashes", totals->crashes);
    report_json_count(buf, "halted", totals->halted);
    report_json_count(buf, "panicked", totals->panicked);
    report_json_count(buf, "diverged", totals->diverged);
    report_json_count(buf, "features", totals->covered);
    report_json_real(buf, "simulatedSeconds", (double)totals->simulated_ns / 1e9);
}

void report_run_summary_json(FILE *out, const struct report_summary *summary) {
    const struct sim_campaign_totals *totals = summary->totals;
    struct report_json_line line;
    struct vk_buf *buf = report_json_begin(&line);
    char hash[40];
    snprintf(hash, sizeof hash, "%016" PRIx64 "%016" PRIx64, totals->hash.high, totals->hash.low);
    report_json_text(buf, "type", "summary");
    report_json_count(buf, summary->unit, summary->count);
    report_json_count(buf, "failures", summary->failed);
    totals_json(buf, totals);
    report_json_real(buf, "seconds", summary->seconds);
    report_json_bool(buf, "interrupted", summary->was_interrupted);
    report_json_text(buf, "hash", hash);
    report_faults_json(buf, totals->hits, summary->faults);
    probes_json(buf, summary);
    ends_json(buf, summary);
    report_json_end(&line, out);
}
