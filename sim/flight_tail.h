/* flight_tail.h - the end of a flight recorder's ring, short enough for a failure's report: what the kernel was in the
 * midst of, or had done last.
 */
#ifndef SIM_FLIGHT_TAIL_H
#define SIM_FLIGHT_TAIL_H

#include "vk/str.h"

#include <stddef.h>

struct sim_flight_tail {
    bool any; /* a crank is named */
    bool crank_finished;
    uint64_t crank;
    char event[24]; /* "send"; empty: the ring does not go back so far */
    bool has_delivery, delivery_finished;
    char vat[24]; /* "v3" */
    uint64_t delivery;
    char dispatch[24]; /* "message" */
    char message[120]; /* "ko22.say", or empty */
    uint64_t syscalls;
    char last_syscall[120]; /* or empty */
};

/* Of header and ring, as sim_flight_bytes gives them. What cannot be read is left empty. */
void sim_flight_tail_read(struct vk_str ring, struct sim_flight_tail *tail);

enum { SIM_FLIGHT_TAIL_TEXT = 512 };
/* In one line, or "" where no crank is named. */
const char *sim_flight_tail_text(const struct sim_flight_tail *tail,
                                 char text[SIM_FLIGHT_TAIL_TEXT]);

#endif
