/* interrupt.c - see interrupt.h. */
#include "interrupt.h"

#include "command.h"

#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

static volatile sig_atomic_t of_process;
static volatile sig_atomic_t *interrupted = &of_process;

static void on_interrupt(int signal_number) {
    if (!*interrupted) *interrupted = signal_number;
}

/* INV-INTERRUPT-2; without such memory each process has its own note. */
static void share_note(void) {
    int file = interrupted == &of_process ? open("/dev/zero", O_RDWR) : -1;
    if (file < 0) return;
    void *memory = mmap(NULL, sizeof of_process, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (memory != MAP_FAILED) interrupted = memory;
}

void sim_interrupt_heed(void) {
    share_note();
    /* INV-INTERRUPT-1 */
    const struct sigaction on_signal = {.sa_handler = on_interrupt,
                                        .sa_flags = (int)(SA_RESTART | SA_RESETHAND)};
    sigaction(SIGINT, &on_signal, NULL);
    sigaction(SIGTERM, &on_signal, NULL);
}

bool sim_interrupted(void) { return *interrupted != 0; }

int sim_interrupt_code(int code) {
    int signal_number = *interrupted; /* looked at once: it may come now */
    bool is_success = code == SIM_EXIT_OK && signal_number != 0;
    return is_success ? SIM_EXIT_INTERRUPTED + signal_number : code; /* INV-INTERRUPT-3 */
}

bool sim_interrupt_is_enough(void *impl) {
    (void)impl;
    return sim_interrupted();
}
