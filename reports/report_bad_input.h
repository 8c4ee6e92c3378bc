/* report_bad_input.h - what is wrong with a file that a command was given, as every command tells it.
 *
 * INV-REPORT-BAD-INPUT-1  It is one line on standard error. With --json standard output has an object for it as well: whoever
 *                         reads objects misses no file. (`replay`, `audit` and `corpus run` have one for each file anyway,
 *                         whose `error` it is.)
 */
#ifndef REPORTS_REPORT_BAD_INPUT_H
#define REPORTS_REPORT_BAD_INPUT_H

#include <stdbool.h>

/* `command`: "crankcase run". `text` names the file, and line and column where there are any: "a.plan:1:2: expected ..." */
void report_bad_input(const char *command, const char *file, const char *text, bool json);

#endif
