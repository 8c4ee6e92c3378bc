/* scratch_folder.h - a new folder for what is needed only while a command runs. */
#ifndef SIM_SCRATCH_FOLDER_H
#define SIM_SCRATCH_FOLDER_H

#include "vk/err.h"

enum { SIM_SCRATCH_PATH = 4096 };

/* Under TMPDIR, or /tmp; whoever makes it removes it. The name leaves room for files in it. */
enum vk_err sim_scratch_folder_make(char path[SIM_SCRATCH_PATH]) VK_MUST_CHECK;

#endif
