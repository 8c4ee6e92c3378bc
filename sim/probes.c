/* probes.c - see probes.h. */
#include "probes.h"

#include "vk/err.h"
#include "vk/probe.h"

#ifdef VK_PROBES

#include <string.h>

/* The linker names the ends of a section after it. */
extern struct vk_probe *__start_vk_probes[] __attribute__((weak, visibility("hidden")));
extern struct vk_probe *__stop_vk_probes[] __attribute__((weak, visibility("hidden")));

size_t sim_probe_count(void) { return (size_t)(__stop_vk_probes - __start_vk_probes); }

/* The linker's order depends on which objects it met first. Sorted once, it stays so. */
static struct vk_probe **sorted(void) {
    struct vk_probe **at = __start_vk_probes;
    size_t count = sim_probe_count();
    for (size_t i = 1; i < count; i++) {
        struct vk_probe *probe = at[i];
        size_t place = i;
        for (; place > 0 && strcmp(at[place - 1]->name, probe->name) > 0; place--)
            at[place] = at[place - 1];
        at[place] = probe;
        VK_ASSERT(!place || strcmp(at[place - 1]->name, probe->name) != 0); /* INV-PROBE-1 */
    }
    VK_ASSERT(count <= SIM_PROBES_MAX);
    return at;
}

static const struct vk_probe *probe_at(size_t i) {
    VK_ASSERT(i < sim_probe_count());
    return sorted()[i];
}

const char *sim_probe_name(size_t i) { return probe_at(i)->name; }

const char *sim_probe_file(size_t i) {
    const char *slash = strrchr(probe_at(i)->file, '/');
    return slash ? slash + 1 : probe_at(i)->file;
}

int sim_probe_line(size_t i) { return probe_at(i)->line; }

bool sim_probe_is_rare(size_t i) { return probe_at(i)->is_rare; }

void sim_probes_take(uint64_t hits[SIM_PROBES_MAX]) {
    struct vk_probe **at = sorted();
    for (size_t i = 0; i < sim_probe_count(); i++) {
        hits[i] += at[i]->hits;
        at[i]->hits = 0;
    }
}

#else

size_t sim_probe_count(void) { return 0; }

const char *sim_probe_name(size_t i) {
    (void)i;
    return "";
}

const char *sim_probe_file(size_t i) {
    (void)i;
    return "";
}

int sim_probe_line(size_t i) {
    (void)i;
    return 0;
}

bool sim_probe_is_rare(size_t i) {
    (void)i;
    return true;
}

void sim_probes_take(uint64_t hits[SIM_PROBES_MAX]) { (void)hits; }

#endif

size_t sim_probes_missed(const uint64_t hits[SIM_PROBES_MAX]) {
    size_t missed = 0;
    for (size_t i = 0; i < sim_probe_count(); i++)
        missed += !hits[i] && !sim_probe_is_rare(i);
    return missed;
}
