/* report_postmortem.c - see report_postmortem.h. */
#include "report_postmortem.h"

#include "colour.h"
#include "json_line.h"

#include <inttypes.h>

enum { SHOWN_MAX = 96, LINE_SHOWN_MAX = 192, REASON_SHOWN_MAX = 384, SYSCALLS_SHOWN_MAX = 20 };

static const char *const end_words[] = {
    [SIM_POSTMORTEM_NOTHING] = "nothing",
    [SIM_POSTMORTEM_AT_REST] = "at-rest",
    [SIM_POSTMORTEM_UNKNOWN] = "unknown",
    [SIM_POSTMORTEM_CUT_SHORT] = "cut-short",
    [SIM_POSTMORTEM_PANIC] = "panic",
    [SIM_POSTMORTEM_ASSERTION] = "assertion",
    [SIM_POSTMORTEM_HOST_FAILED] = "host-failed",
};

/* ---- as text */

/* On one line, not all of a long one, and nothing that a terminal obeys. */
static void print_text(FILE *out, struct vk_str text, size_t most) {
    size_t shown = text.n < most ? text.n : most;
    for (size_t i = 0; i < shown; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (c < 0x20 || c == 0x7f)
            fprintf(out, "\\x%02x", c);
        else
            fputc(c, out);
    }
    if (shown < text.n) fprintf(out, "... (%zu bytes)", text.n);
}

/* Where the project's folders are is of no interest. */
static struct vk_str short_file(struct vk_str file) {
    static const char *const folders[] = {"/kernel/", "/sim/", "/faults/"};
    for (size_t f = 0; f < sizeof folders / sizeof *folders; f++) {
        size_t n = strlen(folders[f]);
        for (size_t i = 0; i + n <= file.n; i++)
            if (memcmp(file.p + i, folders[f], n) == 0) return vk_str_from(file, i + 1);
    }
    return file;
}

static void print_headline(FILE *out, const struct sim_postmortem *postmortem) {
    uint64_t crank = postmortem->crank;
    const char *how = postmortem->crank_finished ? "was run to its end, and given up there"
                                                 : "started and never finished";
    switch (postmortem->end) {
    case SIM_POSTMORTEM_NOTHING:
        fputs("nothing is unfinished: the kernel was started, and has run no crank", out);
        break;
    case SIM_POSTMORTEM_AT_REST:
        fprintf(out, "nothing is unfinished: crank %" PRIu64 " was the last, and it finished",
                crank);
        break;
    case SIM_POSTMORTEM_UNKNOWN:
        fputs("how it ended is not known: the slog is cut off", out);
        if (postmortem->has_crank) fprintf(out, "; crank %" PRIu64 " had finished", crank);
        break;
    case SIM_POSTMORTEM_CUT_SHORT:
        fprintf(out, "crank %" PRIu64 " %s; nobody noted why: the process was ended from outside",
                crank, how);
        break;
    case SIM_POSTMORTEM_PANIC: fputs("the kernel panicked", out); break;
    case SIM_POSTMORTEM_ASSERTION: fputs("an invariant of the kernel broke", out); break;
    case SIM_POSTMORTEM_HOST_FAILED: fputs("the kernel was failed by its host", out); break;
    }
    bool halted = postmortem->end >= SIM_POSTMORTEM_PANIC;
    if (halted && postmortem->has_crank)
        fprintf(out, ": crank %" PRIu64 " %s", crank, how);
    else if (halted)
        fputs(", in no crank that the slog names", out);
    fputc('\n', out);
}

static void print_delivery(FILE *out, const struct sim_postmortem *postmortem) {
    fprintf(out, "  vat        %.*s", VK_STR_ARG(postmortem->vat));
    if (vk_str_present(postmortem->vat_name)) {
        fputs(" (", out);
        print_text(out, postmortem->vat_name, SHOWN_MAX);
        fputc(')', out);
    }
    fprintf(out, "\n  delivery   %" PRIu64 ", %.*s, %s\n", postmortem->delivery,
            VK_STR_ARG(postmortem->dispatch),
            postmortem->delivery_finished ? "which the vat had ended"
                                          : "which the vat had not ended");
    if (vk_str_present(postmortem->target)) {
        fprintf(out, "  message    %.*s.", VK_STR_ARG(postmortem->target));
        print_text(out, vk_str_present(postmortem->method) ? postmortem->method : VK_STR("(?)"),
                   SHOWN_MAX);
        fputs("(...)", out);
        if (vk_str_present(postmortem->result))
            fprintf(out, ", its result is %.*s", VK_STR_ARG(postmortem->result));
        fputc('\n', out);
    }
    fputs("  delivered  ", out);
    print_text(out, postmortem->made, LINE_SHOWN_MAX);
    fputc('\n', out);
}

static void print_syscalls(FILE *out, const struct sim_postmortem *postmortem) {
    size_t count = postmortem->syscalls.count;
    size_t first = count > SYSCALLS_SHOWN_MAX ? count - SYSCALLS_SHOWN_MAX : 0;
    uint64_t before = postmortem->syscalls_made - count;
    fprintf(out, "  syscalls   %" PRIu64 " so far%s\n", postmortem->syscalls_made,
            first + before ? ", of which the last are" : "");
    for (size_t i = first; i < count; i++) {
        const struct sim_postmortem_syscall *syscall = &postmortem->syscalls.at[i];
        fprintf(out, "    %6" PRIu64 " ", before + i);
        print_text(out, syscall->json, SHOWN_MAX);
        if (vk_str_present(syscall->target)) fprintf(out, " to %.*s", VK_STR_ARG(syscall->target));
        fputs(" -> ", out);
        print_text(out,
                   vk_str_present(syscall->result) ? syscall->result : VK_STR("never answered"),
                   SHOWN_MAX);
        fputc('\n', out);
    }
}

static void print_reason(FILE *out, const struct sim_postmortem *postmortem) {
    if (!vk_str_present(postmortem->what)) return;
    fputs("  because    ", out);
    print_text(out, postmortem->what, REASON_SHOWN_MAX);
    fprintf(out, " (%.*s)\n  where      %.*s:%" PRIu64 "\n", VK_STR_ARG(postmortem->error),
            VK_STR_ARG(short_file(postmortem->file)), postmortem->line);
    if (!vk_str_present(postmortem->source)) return;
    fputs("             ", out);
    print_text(out, postmortem->source, LINE_SHOWN_MAX);
    fputc('\n', out);
}

static void print_state(FILE *out, const struct sim_postmortem *postmortem) {
    uint64_t next = postmortem->next_crank;
    if (!postmortem->has_state) return;
    fprintf(out, "  database   the next start goes on with crank %" PRIu64, next);
    if (postmortem->end > SIM_POSTMORTEM_AT_REST && sim_postmortem_is_past(postmortem))
        fputs(": this slog is of an earlier life, and what it tells of is over", out);
    else if (postmortem->has_crank && postmortem->crank > next)
        fprintf(out, ", which brings it to crank %" PRIu64 " again after %" PRIu64 " more",
                postmortem->crank, postmortem->crank - next);
    fputc('\n', out);
}

static void print_notes(FILE *out, const struct sim_postmortem_log *log) {
    if (log->is_cut) fprintf(out, "  note       the slog is cut off after line %zu\n", log->lines);
    if (log->unreadable)
        fprintf(out, "  note       %" PRIu64 " lines are no entries, the first is %zu\n",
                log->unreadable, log->first_unreadable);
}

/* What one may write into a file of directives now. */
static void print_directives(FILE *out, const struct sim_postmortem *postmortem) {
    bool is_kernels =
        postmortem->end == SIM_POSTMORTEM_PANIC || postmortem->end == SIM_POSTMORTEM_ASSERTION;
    if (sim_postmortem_is_past(postmortem)) return;
    if (postmortem->end == SIM_POSTMORTEM_HOST_FAILED ||
        postmortem->end == SIM_POSTMORTEM_CUT_SHORT)
        fputs("  next       start the node again: it runs the crank once more\n", out);
    if (!is_kernels || !postmortem->has_crank) return;
    fprintf(out,
            "  next       every start comes to this again, unless a directive says otherwise:\n");
    fprintf(out, "               crank-%" PRIu64 ": debug\n", postmortem->crank);
    fprintf(out, "               crank-%" PRIu64 ": skip\n", postmortem->crank);
    if (postmortem->has_delivery)
        fprintf(out, "               crank-%" PRIu64 ": terminate %.*s\n", postmortem->crank,
                VK_STR_ARG(postmortem->vat));
}

void report_postmortem(FILE *out, const struct sim_postmortem *postmortem, bool colours) {
    bool is_well = postmortem->end <= SIM_POSTMORTEM_AT_REST || sim_postmortem_is_past(postmortem);
    fputs(report_colour(is_well ? REPORT_GREEN : REPORT_RED, colours), out);
    print_headline(out, postmortem);
    fputs(report_colour(REPORT_PLAIN, colours), out);
    print_notes(out, &postmortem->log);
    if (postmortem->has_crank) {
        fprintf(out, "  crank      %" PRIu64 ", %.*s of %.*s\n", postmortem->crank,
                VK_STR_ARG(postmortem->crank_type), VK_STR_ARG(postmortem->message_type));
        if (!postmortem->has_delivery && vk_str_present(postmortem->message)) {
            fputs("  event      ", out);
            print_text(out, postmortem->message, LINE_SHOWN_MAX);
            fputs("\n  vat        none: it had come to no delivery\n", out);
        }
    }
    if (postmortem->has_delivery) {
        print_delivery(out, postmortem);
        print_syscalls(out, postmortem);
    }
    print_reason(out, postmortem);
    print_state(out, postmortem);
    print_directives(out, postmortem);
}

/* ---- as JSON */

static void json_delivery(struct vk_buf *buf, const struct sim_postmortem *postmortem) {
    report_json_str(buf, "vatID", postmortem->vat);
    report_json_str(buf, "vatName", postmortem->vat_name);
    report_json_count(buf, "deliveryNum", postmortem->delivery);
    report_json_bool(buf, "deliveryFinished", postmortem->delivery_finished);
    report_json_str(buf, "dispatch", postmortem->dispatch);
    report_json_str(buf, "target", postmortem->target);
    report_json_str(buf, "method", postmortem->method);
    report_json_str(buf, "result", postmortem->result);
    report_json_raw(buf, "delivered", postmortem->made);
    report_json_count(buf, "syscallsMade", postmortem->syscalls_made);
    report_json_name(buf, "syscalls");
    for (size_t i = 0; i < postmortem->syscalls.count; i++) {
        const struct sim_postmortem_syscall *syscall = &postmortem->syscalls.at[i];
        vk_buf_add(buf, i ? VK_STR(",{") : VK_STR("[{"));
        report_json_str(buf, "syscall", syscall->name);
        report_json_raw(buf, "made", syscall->json);
        report_json_str(buf, "target", syscall->target);
        report_json_raw(buf, "vsr", syscall->result);
        vk_buf_char(buf, '}');
    }
    vk_buf_add(buf, postmortem->syscalls.count ? VK_STR("]") : VK_STR("[]"));
}

static void json_reason(struct vk_buf *buf, const struct sim_postmortem *postmortem) {
    report_json_str(buf, "error", postmortem->error);
    report_json_str(buf, "what", postmortem->what);
    report_json_str(buf, "file", short_file(postmortem->file));
    if (vk_str_present(postmortem->file)) report_json_count(buf, "line", postmortem->line);
    report_json_str(buf, "source", postmortem->source);
}

void report_postmortem_json(FILE *out, const char *slog, const struct sim_postmortem *postmortem) {
    struct report_json_line line;
    struct vk_buf *buf = report_json_begin(&line);
    report_json_text(buf, "type", "postmortem");
    report_json_str(buf, "slog", vk_str(slog));
    report_json_str(buf, "end", vk_str(end_words[postmortem->end]));
    report_json_count(buf, "entries", postmortem->log.entries);
    if (postmortem->log.is_cut) report_json_count(buf, "cutAfterLine", postmortem->log.lines);
    if (postmortem->log.unreadable) {
        report_json_count(buf, "unreadable", postmortem->log.unreadable);
        report_json_count(buf, "firstUnreadable", postmortem->log.first_unreadable);
    }
    if (postmortem->has_crank) {
        report_json_count(buf, "crankNum", postmortem->crank);
        report_json_bool(buf, "crankFinished", postmortem->crank_finished);
        report_json_str(buf, "crankType", postmortem->crank_type);
        report_json_str(buf, "messageType", postmortem->message_type);
        report_json_raw(buf, "message", postmortem->message);
    }
    if (postmortem->has_delivery) json_delivery(buf, postmortem);
    if (vk_str_present(postmortem->error)) json_reason(buf, postmortem);
    if (postmortem->has_state) {
        report_json_count(buf, "nextCrank", postmortem->next_crank);
        report_json_bool(buf, "isPast", sim_postmortem_is_past(postmortem));
    }
    report_json_end(&line, out);
}
