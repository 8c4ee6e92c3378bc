/* device_model.h - what the devices that come with SwingSet do when they are called: their new state.
 *
 * A slog shows how a device was called and what it answered, but not what it wrote down. For SwingSet's own devices
 * that follows from their state before: bridge, command, mailbox, timer, loopbox and plugin
 * (packages/SwingSet/src/devices). They are told by what they were asked and by what their state looks like, for a
 * device's name is its host's choice.
 *
 * INV-DEVICE-MODEL-1  A model only proposes; whoever asks holds what comes of it to a hash.
 */
#ifndef SIM_DEVICE_MODEL_H
#define SIM_DEVICE_MODEL_H

#include "vk/capdata.h"

struct sim_device_call {
    struct vk_str target; /* "d+0" */
    struct vk_str method;
    struct vk_value *args;            /* an array */
    struct vk_value *state;           /* NULL: it has none yet. The model changes it */
    const struct vk_json *parameters; /* deviceParameters, or NULL */
    uint64_t polled; /* the newest time that the host is known to have polled the timer with */
    size_t sent;     /* messages that this call sent */
    bool again;      /* plugin: its process was restarted since it connected */
};

enum sim_device_word {
    SIM_DEVICE_UNKNOWN, /* no such device of SwingSet's */
    SIM_DEVICE_KEEPS,   /* it writes nothing */
    SIM_DEVICE_WRITES,  /* *state */
};

struct sim_device_answer {
    enum sim_device_word word;
    const char *device; /* "timer" */
    struct vk_value *state;
};

enum vk_err sim_device_model(struct vk_arena *arena, const struct sim_device_call *call,
                             struct sim_device_answer *answer) VK_MUST_CHECK;
/* Whether this is the plugin, and a call that connects again to a module if its process was restarted since. */
bool sim_device_may_reconnect(const struct vk_value *state, struct vk_str method);
/* Takes the loopbox's oldest message off its queue, if it is this one. */
bool sim_device_passes(struct vk_value *state, struct vk_str handler, const struct vk_value *args);

#endif
