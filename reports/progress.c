/* progress.c - see progress.h. */
#include "progress.h"

#include <stdio.h>
#include <unistd.h>

enum { BAR_COLUMNS = 30, NAME_COLUMNS = 34 };

void report_progress_begin(struct report_progress *progress, size_t total, bool wanted) {
    *progress =
        (struct report_progress){.enabled = wanted && total > 0 && isatty(STDERR_FILENO) == 1,
                                 .total = total};
}

void report_progress_draw(struct report_progress *progress, size_t done, const char *name) {
    if (!progress->enabled) return;
    char bar[BAR_COLUMNS + 1];
    size_t filled = done >= progress->total ? BAR_COLUMNS : done * BAR_COLUMNS / progress->total;
    for (size_t i = 0; i < BAR_COLUMNS; i++)
        bar[i] = i < filled ? '#' : '.';
    bar[BAR_COLUMNS] = '\0';
    fprintf(stderr, "\r\033[K[%s] %zu of %zu %.*s", bar, done, progress->total, NAME_COLUMNS,
            name ? name : "");
    fflush(stderr);
    progress->is_drawn = true;
}

void report_progress_clear(struct report_progress *progress) {
    if (!progress->is_drawn) return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    progress->is_drawn = false;
}
