/* testing_state.h - what the tests of kernel/object share: the state of a new kernel on a store in memory,
 * and the words to say what was written to it and why it refused.
 *
 * The checks are macros so that a failure names the line that made it.
 */
#ifndef TESTING_STATE_H
#define TESTING_STATE_H

#include "testing_store.h"

#include "../kernel/object/state.h"
#include "../kernel/object/vat_fault.h"

/* A world for one state: all its memory comes from store.heap, which is checked when it is closed. */
struct test_state {
    struct test_store store;
    struct vk_arena arena; /* the crank's */
    struct vk_state state;
};

/* A new kernel's keys, as SwingSet's createStartingKernelState() leaves them, and nothing traced yet. */
void test_state_open(struct test_state *test);
/* Closes, and asserts that the heap has everything back. */
void test_state_close(struct test_state *test);

/* Sets keys, given as key, value, key, value; the trace shows none of it. */
#define test_given(test, ...) test_given_pairs((test), (const char *const[]){__VA_ARGS__, NULL})
void test_given_pairs(struct test_state *test, const char *const *pairs);
/* The id spaces of a vat, which make it alive. */
void test_given_vat(struct test_state *test, uint64_t number);

/* Asserts what was traced since the last such check, line by line: "set KEY = VALUE", "del KEY". */
#define test_wrote(test, ...)                                                                      \
    test_wrote_lines((test), __FILE__, __LINE__, (const char *const[]){__VA_ARGS__, NULL})
#define test_wrote_nothing(test)                                                                   \
    test_wrote_lines((test), __FILE__, __LINE__, (const char *const[]){NULL})
void test_wrote_lines(struct test_state *test, const char *file, int line,
                      const char *const *expected);
/* Forgets what was traced. */
void test_wrote_whatever(struct test_state *test);

/* Asserts what a key holds; NULL: there is no such key. */
#define test_holds(test, key, value) test_holds_at((test), __FILE__, __LINE__, (key), (value))
void test_holds_at(struct test_state *test, const char *file, int line, const char *key,
                   const char *value);

/* Asserts the work list, in order: "ko20 kp40". */
#define test_maybe_free(test, krefs) test_maybe_free_at((test), __FILE__, __LINE__, (krefs))
void test_maybe_free_at(struct test_state *test, const char *file, int line, const char *krefs);

/* Asserts that `call` gives VK_ERR_CORRUPT and that the sentence about it has `part` in it. */
#define test_corrupt(call, part) test_refused_at(__FILE__, __LINE__, VK_ERR_CORRUPT, (call), (part))
#define test_refused(expected, call, part)                                                         \
    test_refused_at(__FILE__, __LINE__, (expected), (call), (part))
void test_refused_at(const char *file, int line, enum vk_err expected, enum vk_err err,
                     const char *part);

/* Asserts success of `call`, and the fault that it raised; `reason` NULL: none. Readies the fault for the next. */
#define test_judged(call, fault, reason)                                                           \
    test_judged_at(__FILE__, __LINE__, (call), (fault), (reason))
void test_judged_at(const char *file, int line, enum vk_err err, struct vk_fault *fault,
                    const char *reason);

/* Asserts that a slice is this text; NULL: absent. */
#define test_is(slice, text) test_is_at(__FILE__, __LINE__, (slice), (text))
void test_is_at(const char *file, int line, struct vk_str slice, const char *text);

/* Asserts a kref by its name. */
#define test_is_kref(kref, text) test_is_kref_at(__FILE__, __LINE__, (kref), (text))
void test_is_kref_at(const char *file, int line, struct vk_kref kref, const char *text);

/* The value of a statistic. */
int64_t test_stat(const struct test_state *test, enum vk_stat stat);

/* Runs `operation` again and again, each time in a crank that is rolled back: in arenas with no room, with 16
 * bytes, 32 ...; then with its first write refused by the trace sink, its second .... Each run must hand the
 * host's failure on, until one succeeds; `writes` of the second kind must fail. */
void test_sweep_state(struct test_state *test, enum vk_err (*operation)(struct vk_state *state),
                      unsigned writes);

/* Defines a test between the file's own open_it() and close_it(), as parts of the test: what an assertion finds in
 * a fini, Criterion prints and passes over. */
#define TEST_OPEN(suite, name)                                                                     \
    static void suite##_##name##_opened(void);                                                     \
    Test(suite, name) {                                                                            \
        open_it();                                                                                 \
        suite##_##name##_opened();                                                                 \
        close_it();                                                                                \
    }                                                                                              \
    static void suite##_##name##_opened(void)

static inline struct vk_kref ko(uint64_t id) { return (struct vk_kref){VK_SLOT_OBJECT, id}; }
static inline struct vk_kref kp(uint64_t id) { return (struct vk_kref){VK_SLOT_PROMISE, id}; }
static inline struct vk_kref kd(uint64_t id) { return (struct vk_kref){VK_SLOT_DEVICE, id}; }
static inline struct vk_vat_id v(uint64_t n) { return (struct vk_vat_id){n}; }
static inline struct vk_device_id d(uint64_t n) { return (struct vk_device_id){n}; }

#endif
