/* fault_words.h - which kinds of faults may be drawn, as a user says it.
 *
 * A list with commas: `all` (but vat-kill, which no generator draws), `none`, a class (`invisible`, `halt`, ...), a kind (`disk-full`); -WORD takes out what it
 * stands for. From left to right; a list that begins with -WORD begins with the default.
 */
#ifndef SIM_FAULT_WORDS_H
#define SIM_FAULT_WORDS_H

#include "faults/fault.h"

enum { SIM_FAULT_WORDS_ERROR_SIZE = 128 };

/* What is drawn if nobody says anything: what strikes one replica, and leaves it equal to the others or stops it. */
void sim_fault_words_default(bool faults[FAULT_KIND_COUNT]);
/* False, with one line in `error`, if the text is no such list; `faults` is then as it was. */
bool sim_fault_words_parse(const char *text, bool faults[FAULT_KIND_COUNT],
                           char error[SIM_FAULT_WORDS_ERROR_SIZE]);

#endif
