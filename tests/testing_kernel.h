/* testing_kernel.h - a small world with a whole kernel in it: a store in memory, puppets as vats
 * (testing_vats.h), a device that does as it is told, and a trace of all that happened as lines.
 *
 * Every world starts like this, with all startVats and the bootstrap done and nothing left to do:
 *
 *   v1 vatAdmin  root ko20   imports o-50 alice, o-51 bob, o-52 carol, d-70 dev, d-71 vatAdmin
 *   v2 alice     root ko21   \
 *   v3 bob       root ko22    > import nothing; their roots have counts 1,1
 *   v4 carol     root ko23   /
 *   d7 vatAdmin  root kd31
 *   d8 dev       root kd30
 *   next are ko24, kp41, v5, m1, up1
 *
 * The device dev has the methods echo, fail, send, get, set, delete, state, node, stranger, strange_send and
 * crash; see testing_kernel.c.
 *
 * A scenario is a function that drives such a world and looks at it. test_scenario plays it several times over:
 * in both modes of the store, with the kernel closed and opened anew after every crank, and with no more
 * than one vat online; every time all writes, roll-backs, transcript items and hashes must be the same,
 * the incremental state hash must be the recomputed one after each crank, and the auditor must find nothing in the end.
 */
#ifndef TESTING_KERNEL_H
#define TESTING_KERNEL_H

#include <vk/kernel.h>

#include "testing_vats.h"

enum test_vat { TEST_ADMIN, TEST_ALICE, TEST_BOB, TEST_CAROL, TEST_VATS };

struct test_setup {
    const char *options[TEST_VATS]; /* creationOptions; NULL: {} */
    const char *start[TEST_VATS];   /* programs for startVat; vatAdmin has one of its own */
    bool xsnap;                     /* vats can make snapshots */
    bool slog;
    /* 0 in these: never */
    uint64_t reap_interval, reap_gc_krefs, snapshot_initial, snapshot_interval;
    uint32_t vats_online_max; /* 0: SwingSet's default */
    bool keep_worker;         /* over a snapshot */
    bool plain; /* both modes and no more: the scenario looks at workers, or at a halted kernel */
};

/* Something that refers to a kref and is not in the store. */
struct world_reference {
    char kref[VK_KREF_TEXT];
    uint64_t count;
};

struct test_world {
    const struct test_setup *setup;
    struct test_heap heap;
    struct test_trace trace;
    size_t trace_mark;
    struct test_vats vats;
    struct vk_device_host devices;
    struct vk_ports ports;
    struct vk_arena arena; /* for what is read; on the system's heap */
    struct vk_kernel_options options;
    struct vk_store *store;
    struct vk_kernel *kernel;
    struct vk_crank_result crank; /* the newest */
    const struct vk_run_policy *policy;
    bool restarts;  /* a new kernel after each crank */
    bool unaudited; /* this state is known not to be consistent, as SwingSet's is not */
    struct world_reference references[16];
    size_t reference_count;
};

void test_scenario(const struct test_setup *setup, void (*scenario)(struct test_world *w));

/* Asserts that two texts have the same lines, and shows the first that differ. */
void test_same_lines(const char *expected, const char *found, const char *how);

/* A Criterion test that is a scenario. */
#define SCENARIO(suite, name, setup)                                                               \
    static void name(struct test_world *w);                                                        \
    Test(suite, name) { test_scenario(&(setup), name); }                                           \
    static void name(struct test_world *w)

/* For those who play themselves. `path`: ":memory:", or a file. */
void world_open(struct test_world *w, const struct test_setup *setup, enum vk_store_mode mode,
                const char *path);
/* As far as an open store; nothing initialised. */
void world_open_store(struct test_world *w, const struct test_setup *setup, enum vk_store_mode mode,
                      const char *path);
/* What is done to an open store then: bundles, and vk_kernel_initialize. */
void world_add_bundles(struct test_world *w);
enum vk_err world_try_initialize(struct test_world *w);
/* The device dev. */
enum vk_err world_dev_invoke(void *impl, struct vk_arena *arena, const struct vk_device_call *call,
                             const struct vk_device_powers *powers,
                             struct vk_device_result *result);
/* Audits, closes, and asserts that nothing is left over. */
void world_close(struct test_world *w);
/* Closes the kernel and opens another on the same store. */
void world_restart(struct test_world *w);
enum vk_err world_try_open_kernel(struct test_world *w);

/* ---- what the host does. `target`: a static vat's name, for its root, or a kref. */

/* Sends `words` (METHOD VALUE... [with SLOT...]; printf's format) and wants no result. */
void world_tell(struct test_world *w, const char *target, const char *words, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with a result promise, which the host goes on referring to. */
const char *world_ask(struct test_world *w, const char *target, const char *words,
                      enum vk_result_policy policy);
/* The resolution of what was asked: "fulfilled BODY SLOT SLOT", "rejected ...", or "unresolved". */
const char *world_take(struct test_world *w, const char *kpid);
/* Makes vatAdmin create a vat from bundle "vat", with further options ("" or ",\"name\":..."), and runs to idle. */
void world_create_vat(struct test_world *w, const char *options, const char *start);
/* The auditor is to count this too. */
void world_refer(struct test_world *w, const char *kref, uint64_t count);

/* One crank, which must succeed. */
enum vk_crank_kind world_crank(struct test_world *w);
/* Cranks until there is nothing to do, all of which must succeed; how many. */
unsigned world_run(struct test_world *w);
/* Cranks until one fails, which it must, with that error and a reason that contains `reason`; and then the kernel must be
 * halted. */
void world_run_halts(struct test_world *w, enum vk_err expected, const char *reason);

/* ---- what is there to see */

/* NUL-terminated, in the world's arena; NULL if there is no such key. */
const char *world_key(struct test_world *w, const char *key);
#define world_is(w, key, value) world_is_at((w), (key), (value), __FILE__, __LINE__)
void world_is_at(struct test_world *w, const char *key, const char *value, const char *file,
                 int line);
#define world_absent(w, key) world_is_at((w), (key), NULL, __FILE__, __LINE__)
/* A member of kernelStats or local.kernelStats. */
long long world_stat(struct test_world *w, const char *name);
/* The newest transcript item of the vat's current span. */
const char *world_newest_item(struct test_world *w, const char *vat);
/* How many keys begin with that. */
unsigned world_keys(struct test_world *w, const char *prefix);

/* From now on only what follows is counted. */
void world_forget(struct test_world *w);
/* Lines of the trace since then that begin with `start` and contain `part` (NULL: any). */
unsigned world_traced(const struct test_world *w, const char *start, const char *part);
/* The same of the workers' journal. */
unsigned world_lived(const struct test_world *w, const char *start, const char *part);
/* The trace since then is exactly this, line by line. */
#define world_wrote(w, ...) world_wrote_at((w), __FILE__, __LINE__, __VA_ARGS__, (const char *)NULL)
#define world_wrote_nothing(w) world_wrote_at((w), __FILE__, __LINE__, (const char *)NULL)
void world_wrote_at(struct test_world *w, const char *file, int line, ...);

#endif
