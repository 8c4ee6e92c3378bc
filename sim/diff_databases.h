/* diff_databases.h - two swing-store databases of what should have been one run, side by side: keys, transcripts,
 * snapshots and bundles.
 *
 * INV-DIFF-DATABASES-1  The files are only read, and memory does not grow with them but for what differs.
 *
 * The hashes of transcript spans say which of them differ: only of the first of a vat that does are items read.
 */
#ifndef SIM_DIFF_DATABASES_H
#define SIM_DIFF_DATABASES_H

#include "divergence.h"
#include "line_reader.h"

/* On failure *side is the input that `error` is about. */
enum vk_err sim_diff_databases(const char *const paths[2], struct sim_divergence *divergence,
                               int *side, struct sim_input_error *error) VK_MUST_CHECK;

#endif
