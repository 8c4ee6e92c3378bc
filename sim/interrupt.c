/* interrupt.c - see interrupt.h. */
#include "interrupt.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number) {
    (void)signal_number;
    interrupted = 1;
}

void sim_interrupt_heed(void) {
    /* INV-INTERRUPT-1 */
    const struct sigaction on_signal = {.sa_handler = on_interrupt,
                                        .sa_flags = (int)(SA_RESTART | SA_RESETHAND)};
    sigaction(SIGINT, &on_signal, NULL);
    sigaction(SIGTERM, &on_signal, NULL);
}

bool sim_interrupted(void) { return interrupted; }

bool sim_interrupt_is_enough(void *impl) {
    (void)impl;
    return interrupted;
}
