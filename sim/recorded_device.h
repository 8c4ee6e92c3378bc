/* recorded_device.h - a device host that takes what a device decided from a recording.
 *
 * For every device but vatAdmin, which is the kernel's own. The decisions (new state, vatstore
 * writes, messages sent, the result) are read off the recorded events of the call in hand and made
 * through the device's powers, so that the writes are the kernel's. What a device read from its
 * vatstore shows nowhere but in the statistics; see replay_check.c.
 *
 * INV-DEVICE-1  A device does between two syscalls of a vat exactly what it did in the recording.
 */
#ifndef SIM_RECORDED_DEVICE_H
#define SIM_RECORDED_DEVICE_H

#include "vk/ports.h"

struct sim_replay;

void recorded_device_host_init(struct vk_device_host *host, struct sim_replay *replay);

#endif
