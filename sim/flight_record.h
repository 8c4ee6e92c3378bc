/* flight_record.h - what stands in a flight recorder's ring: a head, then its texts.
 *
 * INV-FLIGHT-RECORD-1  A record's size is a multiple of 8, as the ring's is: its head's first word never lies across the
 *                      ring's end.
 */
#ifndef SIM_FLIGHT_RECORD_H
#define SIM_FLIGHT_RECORD_H

#include "vk/ports.h"

enum sim_flight_record_type {
    /* a vk_moment_type, or: */
    SIM_FLIGHT_KERNEL_START = 64,
    SIM_FLIGHT_KERNEL_HALT, /* json: members of an object, each after a comma */
};

struct sim_flight_record {
    uint32_t size; /* with the texts: name, target, json */
    uint8_t type;
    uint8_t is_routing; /* not 0: it is; no bool, for a file may have any byte here */
    uint16_t name_n;
    uint32_t target_n, json_n;
    uint64_t crank, vat, delivery, number;
};

#endif
