/* colour.c - see colour.h. */
#include "colour.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool report_colour_wanted(FILE *out) {
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    if (no_color && no_color[0]) return false;
    if (!term || strcmp(term, "dumb") == 0) return false;
    return isatty(fileno(out)) == 1;
}

const char *report_colour(enum report_colour colour, bool enabled) {
    if (!enabled) return "";
    switch (colour) {
    case REPORT_PLAIN: return "\033[0m";
    case REPORT_BOLD: return "\033[1m";
    case REPORT_DIM: return "\033[2m";
    case REPORT_RED: return "\033[31m";
    case REPORT_GREEN: return "\033[32m";
    case REPORT_YELLOW: return "\033[33m";
    }
    return "";
}
