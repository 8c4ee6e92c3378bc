/* flight_tail.c - see flight_tail.h. */
#include "flight_tail.h"

#include "postmortem.h"

#include <stdio.h>

/* What fits, and nothing that a terminal obeys. */
static void copy(char *to, size_t size, struct vk_str from) {
    size_t n = 0;
    for (; n + 1 < size && n < from.n; n++)
        to[n] = from.p[n] >= ' ' && from.p[n] < 0x7f ? from.p[n] : '?';
    to[n] = '\0';
}

static void read_message(struct sim_flight_tail *tail, const struct sim_postmortem *seen) {
    struct vk_str method = vk_str_present(seen->method) ? seen->method : VK_STR("(?)");
    char target[32], name[64];
    if (!vk_str_present(seen->target)) return;
    copy(target, sizeof target, seen->target);
    copy(name, sizeof name, method);
    snprintf(tail->message, sizeof tail->message, "%s.%s", target, name);
}

void sim_flight_tail_read(struct vk_str ring, struct sim_flight_tail *tail) {
    struct sim_postmortem seen;
    struct sim_postmortem_error error;
    *tail = (struct sim_flight_tail){0};
    sim_postmortem_init(&seen);
    if (sim_postmortem_read_ring(&seen, ring, &error) == VK_OK && seen.has_crank) {
        tail->any = true;
        tail->crank_finished = seen.crank_finished;
        tail->crank = seen.crank;
        copy(tail->event, sizeof tail->event, seen.message_type);
        tail->has_delivery = seen.has_delivery;
        tail->delivery_finished = seen.delivery_finished;
        copy(tail->vat, sizeof tail->vat, seen.vat);
        tail->delivery = seen.delivery;
        copy(tail->dispatch, sizeof tail->dispatch, seen.dispatch);
        read_message(tail, &seen);
        tail->syscalls = seen.syscalls_made;
        if (seen.syscalls.count)
            copy(tail->last_syscall, sizeof tail->last_syscall,
                 seen.syscalls.at[seen.syscalls.count - 1].json);
    }
    sim_postmortem_release(&seen);
}

const char *sim_flight_tail_text(const struct sim_flight_tail *tail,
                                 char text[SIM_FLIGHT_TAIL_TEXT]) {
    const size_t size = SIM_FLIGHT_TAIL_TEXT;
    text[0] = '\0';
    if (!tail->any) return text;
    int n = snprintf(text, size, "crank %llu%s%s%s %s", (unsigned long long)tail->crank,
                     tail->event[0] ? " (" : "", tail->event, tail->event[0] ? ")" : "",
                     tail->crank_finished ? "had just finished" : "started and never finished");
    VK_ASSERT(n > 0 && (size_t)n < size); /* its parts are short */
    if (tail->has_delivery)
        snprintf(text + n, size - (size_t)n, ": %s, delivery %llu%s%s%s%s, %llu syscall%s%s%s%s",
                 tail->vat, (unsigned long long)tail->delivery, tail->dispatch[0] ? ", " : "",
                 tail->dispatch, tail->message[0] ? " " : "", tail->message,
                 (unsigned long long)tail->syscalls, tail->syscalls == 1 ? "" : "s",
                 tail->crank_finished ? "" : " so far", tail->last_syscall[0] ? ", the last " : "",
                 tail->last_syscall);
    return text;
}
