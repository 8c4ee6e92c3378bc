/* progress.h - a progress bar on stderr, for people who wait at a terminal.
 *
 * One line, drawn over itself. Clear it before anything else is printed. Where stderr is no
 * terminal, all of it does nothing.
 */
#ifndef REPORT_PROGRESS_H
#define REPORT_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

struct report_progress {
    bool enabled;
    bool is_drawn;
    size_t total;
};

/* `wanted` false: no bar even on a terminal. */
void report_progress_begin(struct report_progress *progress, size_t total, bool wanted);
/* `done` of the total are done, `name` is next (may be NULL). */
void report_progress_draw(struct report_progress *progress, size_t done, const char *name);
void report_progress_clear(struct report_progress *progress);

#endif
