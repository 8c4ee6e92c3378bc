/* oracle_words.h - the oracles, as the options of the command line name them. */
#ifndef SIM_ORACLE_WORDS_H
#define SIM_ORACLE_WORDS_H

#include "oracle.h"

/* Turns off those of a list with commas. NULL, or where in the list stands what is no oracle. */
const char *sim_oracle_words_turn_off(const char *list, bool off[SIM_ORACLE_COUNT]);
/* Prints each with what it demands and what it costs; as an object a line, or as text. */
void sim_oracle_words_print(bool json);

#endif
