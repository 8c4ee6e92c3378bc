/* testing_flight.c - see testing_flight.h. */
#include "testing_flight.h"

void test_flight_moment(struct sim_flight *flight, enum vk_moment_type type, const char *name,
                        uint64_t number, const char *target, const char *json) {
    const struct vk_moment moment = {.type = type,
                                     .name = name,
                                     .vat = 56,
                                     .number = number,
                                     .target = target ? vk_str(target) : VK_STR_NONE,
                                     .json = json ? vk_str(json) : VK_STR_NONE};
    sim_flight_moment(flight, &moment);
}

void test_flight_delivery(struct sim_flight *flight) {
    sim_flight_goes_on(flight, 7890);
    test_flight_moment(flight, VK_MOMENT_CRANK, "send", 0, "ko9",
                       "{\"type\":\"send\",\"target\":\"ko9\",\"msg\":{\"methargs\":"
                       "{\"body\":\"#[\\\"pay\\\",[]]\",\"slots\":[]},\"result\":\"kp5\"}}");
    test_flight_moment(flight, VK_MOMENT_DELIVERY, "message", 1234, "ko9",
                       "[\"message\",\"o+0\",{\"methargs\":{\"body\":\"#[\\\"pay\\\",[]]\","
                       "\"slots\":[]},\"result\":\"p-60\"}]");
}
