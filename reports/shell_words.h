/* shell_words.h - command lines that are printed to be typed in again, whatever is in the names of files.
 *
 * INV-SHELL-WORDS-1  A shell that reads the line has the very words. One that needs no quotes has none.
 *
 * A newline in a word stays one, within quotes: such a command is on two lines.
 */
#ifndef REPORTS_SHELL_WORDS_H
#define REPORTS_SHELL_WORDS_H

#include <stddef.h>

/* The most bytes that a word of `n` bytes adds to a line, or is a line. */
#define REPORT_SHELL_MAX(n) (4 * (n) + 6)

/* Add a word to the end of a line, for which there is room in its `size` bytes; after a space, if anything is there. */
void report_shell_word(char *line, size_t size, const char *word);
/* The same of a path that stands where an option could: one that begins with a dash is told from those. */
void report_shell_path(char *line, size_t size, const char *path);

#endif
