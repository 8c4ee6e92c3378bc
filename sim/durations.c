/* durations.c - see durations.h. */
#include "durations.h"

#include "vk/str.h"

bool sim_duration_seconds(const char *text, uint64_t *seconds) {
    static const struct {
        char letter;
        uint64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    struct vk_str number = vk_str(text);
    uint64_t unit = 1;
    for (size_t i = 0; i < sizeof units / sizeof *units && number.n > 0; i++)
        if (number.p[number.n - 1] == units[i].letter && number.n == strlen(text)) {
            unit = units[i].seconds;
            number.n--;
        }
    if (!vk_str_to_u64(number, seconds) || *seconds > SIM_DURATION_SECONDS_MAX / unit) return false;
    *seconds *= unit;
    return *seconds > 0;
}
