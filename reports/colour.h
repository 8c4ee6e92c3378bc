/* colour.h - whether to colour an output, and with what.
 *
 * Colours are for people at a terminal: never in a pipe or a file, and not where NO_COLOR is set.
 */
#ifndef REPORT_COLOUR_H
#define REPORT_COLOUR_H

#include <stdbool.h>
#include <stdio.h>

enum report_colour {
    REPORT_PLAIN, /* ends any other */
    REPORT_BOLD,
    REPORT_DIM,
    REPORT_RED,
    REPORT_GREEN,
    REPORT_YELLOW,
};

/* Whether `out` is a terminal whose user has nothing against colours. */
bool report_colour_wanted(FILE *out);
/* The escape sequence, or "" if not `enabled`. */
const char *report_colour(enum report_colour colour, bool enabled);

#endif
