/* testing_blocks.h - a small workload for the kernel's store, of blocks that each end with a commit and change everything, so that
 * half a block, or half of one and half of another, shows.
 */
#ifndef TESTING_BLOCKS_H
#define TESTING_BLOCKS_H

#include "testing_store.h"

enum { TEST_BLOCKS = 5 };

struct test_blocks {
    struct vk_ports ports; /* may be changed between the calls */
    struct vk_store_options options;
    struct vk_arena arena;
    enum vk_err err; /* why the newest run ended */
};

/* The database is to be in `vfs`, which must outlive it. */
void test_blocks_init(struct test_blocks *blocks, const char *vfs, enum vk_store_mode mode);
void test_blocks_release(struct test_blocks *blocks);
/* Opens the store, which has no block yet, and runs blocks until something fails or all are run; closes it. The last block
 * whose commit returned VK_OK. */
long long test_blocks_run(struct test_blocks *blocks);
/* The block that the database holds, every bit of it; -1 if there is no such. Asserts that it can be read. */
long long test_blocks_read(struct test_blocks *blocks);

#endif
