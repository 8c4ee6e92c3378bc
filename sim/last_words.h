/* last_words.h - what a process that ended before its time said of the reason: which assertion failed, or what a sanitizer
 * found. The same bug has the same last words, wherever the program was built and whatever line it is in.
 */
#ifndef SIM_LAST_WORDS_H
#define SIM_LAST_WORDS_H

#include <stdio.h>

enum { SIM_LAST_WORDS_SIZE = 128 };

/* Looks for them in what it wrote to standard error, from where `said` is; "" if it said nothing of the kind. */
void sim_last_words(FILE *said, char words[SIM_LAST_WORDS_SIZE]);

#endif
