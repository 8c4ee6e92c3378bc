/* replay.h - bringing a worker back by its transcript, with the anachrophobia check. */
#ifndef VK_CORE_REPLAY_H
#define VK_CORE_REPLAY_H

#include "warehouse.h"

/* Gives the worker all deliveries of the current span and holds it to the recorded syscalls. */
enum vk_err vk_replay_transcript(struct vk_kernel *kernel, struct vk_vat_id vat,
                                 struct vk_worker *worker) VK_MUST_CHECK;

#endif
