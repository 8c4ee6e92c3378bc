/* testing_flight.h - moments as a kernel tells them, for tests of the flight recorder. */
#ifndef TESTING_FLIGHT_H
#define TESTING_FLIGHT_H

#include "sim/flight_recorder.h"

/* Of vat v56; texts may be NULL. */
void test_flight_moment(struct sim_flight *flight, enum vk_moment_type type, const char *name,
                        uint64_t number, const char *target, const char *json);
/* Crank 7890 begins, of the message ko9.pay(), result kp5, and with it delivery 1234 to v56. */
void test_flight_delivery(struct sim_flight *flight);

#endif
