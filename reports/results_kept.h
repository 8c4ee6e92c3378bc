/* results_kept.h - rows that a result database could not take yet, in the order in which they are to be written.
 *
 * It has copies of all that a row names. It is no place for much: what is beyond KEPT_MAX it does not take, for the memory
 * is the campaign's.
 */
#ifndef REPORTS_RESULTS_KEPT_H
#define REPORTS_RESULTS_KEPT_H

#include "results_write.h"

struct report_results_kept {
    struct report_results_kept *next;
    struct report_row row;
};

/* False: there is no memory for it, or there are too many. */
bool report_results_kept_add(struct report_results_kept_list *list, const struct report_row *row);
/* `at`: where the list has it. */
void report_results_kept_remove(struct report_results_kept_list *list,
                                struct report_results_kept **at);
void report_results_kept_clear(struct report_results_kept_list *list);

#endif
