/* probes.h - the probes of vk/probe.h that this program was linked with, and what they counted.
 *
 * A process counts for itself. What a job's process counted it takes and sends, and the parent adds it up: so the sums of a
 * campaign do not depend on how many processes there were. Without VK_PROBES there are no probes, and all of this is
 * empty.
 */
#ifndef SIM_PROBES_H
#define SIM_PROBES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SIM_PROBES_MAX = 256 };

/* In the order of their names. */
size_t sim_probe_count(void);
const char *sim_probe_name(size_t i);
/* Where it stands: the file's name without its folders. */
const char *sim_probe_file(size_t i);
int sim_probe_line(size_t i);
bool sim_probe_is_rare(size_t i);

/* Adds what was counted since the last call to hits[i], and counts anew. */
void sim_probes_take(uint64_t hits[SIM_PROBES_MAX]);

/* How many are not rare and were never reached. */
size_t sim_probes_missed(const uint64_t hits[SIM_PROBES_MAX]);

#endif
