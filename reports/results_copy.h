/* results_copy.h - a result database as it would be if all could have been written: in memory. */
#ifndef REPORTS_RESULTS_COPY_H
#define REPORTS_RESULTS_COPY_H

#include "results.h"

#include <sqlite3.h>

/* After report_results_end(); to be closed. VK_ERR_DISK if the file cannot even be read. */
enum vk_err report_results_copy(const struct report_results *results,
                                const struct report_results_end *ends, sqlite3 **copy)
    VK_MUST_CHECK;

#endif
