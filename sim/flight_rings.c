/* flight_rings.c - see flight_rings.h. */
#include "flight_rings.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct ring {
    struct sim_flight_header header;
    char bytes[SIM_FLIGHT_BYTES];
};

/* Shared. */
struct shared {
    uint64_t last; /* the replica's index, plus one; 0: none has run */
    struct ring rings[SIM_REPLICAS_MAX];
};

struct sim_flight_rings {
    struct shared *shared;
};

struct sim_flight_rings *sim_flight_rings_new(void) {
    struct sim_flight_rings *rings = calloc(1, sizeof *rings);
    int file = rings ? open("/dev/zero", O_RDWR) : -1;
    void *memory =
        file < 0 ? MAP_FAILED
                 : mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (file >= 0) close(file);
    if (memory == MAP_FAILED) {
        free(rings);
        return NULL;
    }
    rings->shared = memory;
    return rings;
}

void sim_flight_rings_free(struct sim_flight_rings *rings) {
    if (!rings) return;
    munmap(rings->shared, sizeof *rings->shared);
    free(rings);
}

struct sim_flight *sim_flight_rings_recorder(struct sim_flight_rings *rings, uint32_t replica) {
    VK_ASSERT(replica < SIM_REPLICAS_MAX); /* INV-PLAN-2 */
    return sim_flight_new(&rings->shared->rings[replica], SIM_FLIGHT_BYTES);
}

void sim_flight_rings_use(struct sim_flight_rings *rings, uint32_t replica) {
    rings->shared->last = (uint64_t)replica + 1;
}

void sim_flight_rings_clear(struct sim_flight_rings *rings) { rings->shared->last = 0; }

struct vk_str sim_flight_rings_last(const struct sim_flight_rings *rings, uint32_t *replica) {
    uint64_t last = rings->shared->last;
    if (last == 0 || last > SIM_REPLICAS_MAX) return VK_STR_NONE;
    *replica = (uint32_t)(last - 1);
    return (struct vk_str){(const char *)&rings->shared->rings[last - 1], sizeof(struct ring)};
}
