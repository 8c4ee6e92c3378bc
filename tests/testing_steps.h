/* testing_steps.h - a plan's run in steps, or that of puppets, each of which can be tried any number of times on the very same database with another
 * thing wrong every time, before it is taken for good.
 *
 * A step is one crank, or the inputs of a block. A try opens the store and the kernel anew, makes the step and closes both
 * without a commit. Whatever went wrong:
 *
 * - nothing leaks, and no worker is left over;
 * - a kernel whose crank failed has halted, and says why;
 * - nothing has been committed.
 */
#ifndef TESTING_STEPS_H
#define TESTING_STEPS_H

#include <sim/plan.h>
#include <sim/plan_host.h>
#include <sim/sim_worker.h>

#include "testing_kernel.h"

struct sqlite3;

/* A message to a puppet, in the words of testing_kernel.h; NULL: the kernel's own beginning. */
struct test_act {
    const char *kref, *words;
};

struct test_steps {
    const struct sim_plan *plan; /* or */
    const struct test_act *acts;
    size_t act_count;
    struct test_vats vats; /* who act */
    struct vk_store_options options;
    struct vk_kernel_options kernel_options;
    struct test_heap heap;
    struct vk_trace trace;
    uint64_t events,
        refused_event; /* of the trace: the first that is refused, and all after it; 0: none */
    struct sim_clock clock;
    struct sim_workers *workers;
    struct vk_device_host devices;
    struct vk_ports ports;
    struct sim_host host;
    struct sim_disk *disk;
    struct sqlite3 *database; /* a connection of the test's own */
    char *content;            /* all that is committed; NULL: not known */
    struct vk_store *store;   /* of the try in hand */
    struct vk_kernel *kernel;
    uint64_t block;
    bool inputs_due;
    struct vk_crank_result crank; /* the newest */
};

/* A new kernel, committed; the first step is block 0's inputs. The caller may change the options then. */
void test_steps_open(struct test_steps *steps, const struct sim_plan *plan,
                     enum vk_store_mode mode);
/* The same with a world of puppets (testing_kernel.h), and messages that are sent when all that came of the one before is
 * done. */
void test_steps_open_puppets(struct test_steps *steps, const struct test_setup *setup,
                             const struct test_act *acts, size_t act_count,
                             enum vk_store_mode mode);
void test_steps_close(struct test_steps *steps);

/* What is to be wrong: called when store and kernel are open, before the step. */
typedef void (*test_wrong)(struct test_steps *steps, uint64_t n);

/* Tries the step with the n-th thing wrong; what it came to. */
enum vk_err test_steps_try(struct test_steps *steps, test_wrong wrong, uint64_t n);
/* The same of a call of the host's in the step's place. A call that fails for another reason than VK_ERR_USAGE halts the
 * kernel. */
typedef enum vk_err (*test_call)(struct test_steps *steps);
enum vk_err test_steps_try_call(struct test_steps *steps, test_call call, test_wrong wrong,
                                uint64_t n);
/* Opens, makes the step, asks all vats for what a host may ask of them, makes as many cranks as there are to it, `cranks` at
 * most, and closes: what a damaged database comes to. */
enum vk_err test_steps_try_on(struct test_steps *steps, unsigned cranks);
/* Takes the step and commits. False: that was the last one, or the kernel panicked as the plan wants it. */
bool test_steps_take(struct test_steps *steps);

/* A sweep makes one try of so many; of an eighth of that where CRANKCASE_THOROUGH is set, as ./dev coverage does. */
uint64_t test_each(uint64_t so_many);

/* The plan of a seed with everything in it that a generator knows. */
void test_plan_with_everything(struct sim_plan *plan, uint64_t seed);

#endif
