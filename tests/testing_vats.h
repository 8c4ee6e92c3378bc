/* testing_vats.h - a worker host whose vats are puppets: each does what the program in its delivery tells it.
 *
 * A program is a list of commands with ';' between them. A message is a program if its method begins with
 * '{'; startVat runs the text under "run" in the vatParameters' record; any other method or delivery runs
 * the standing order of its name, if one was given. Standing orders are all that a puppet remembers, and
 * what its snapshots are made of, so that it can be replayed as a real vat can.
 *
 *   send TARGET METHOD VALUE... [with SLOT...] [= RESULT]
 *   call NODE METHOD VALUE... [with SLOT...]
 *   fulfill P VALUE    reject P VALUE    settle P VALUE P VALUE ...   (one syscall)
 *   subscribe P        exit VALUE        exitfail VALUE
 *   get KEY   next KEY   delete KEY   set KEY VALUE
 *   drop V...   retire V...   retireexports V...   abandon V...
 *   raw JSON           a syscall as it stands
 *   on NAME {PROGRAM}  a standing order
 *   spend N            the computrons that the delivery will have cost
 *   keep KEY VALUE   lose KEY   a change of the vatstore that comes with the delivery's completion (also of one that fails)
 *   hasty JSON         a syscall as it stands, not waited for even if it has an answer
 *   miscount           the completion says of one syscall more than was sent
 *   fail TEXT          the delivery ends in an error; <garbled> stands for a text that is no UTF-8, here and in keep
 *   die                the worker is lost
 *
 * Words are separated by spaces; {...} is one word. In a command, $0 ... $9 are the slots that came with
 * the delivery (of a notify: those of its first resolution's data; of a GC delivery: its vrefs), $r is a
 * message's result promise and $p a notify's first promise. VALUE: a vref or kref is a slot; a word that begins
 * with [ or {" or is a number, true, false or null is JSON (its slots follow `with`); any other is a
 * string, so that +5 is the bigint 5, and @x the id of the bundle x.
 *
 * Syscalls of a vat with the option vatstore=completion are not waited for, if they have no answer; the journal has them as
 * "submit v2 [...]".
 *
 * The host keeps a journal of what its workers lived through, replays included, a line each:
 *   start v2 at 1 | start v2 at 7 from <state> | stop v2 | snapshot v2 | bundles
 *   deliver v2 ["message",...] | syscall v2 [...] -> [...]
 */
#ifndef TESTING_VATS_H
#define TESTING_VATS_H

#include "testing_store.h"

/* Lines of text, and a mark between what is old and what is new. */
struct test_journal {
    char *text;
    size_t length;
    size_t capacity;
    size_t mark;
};

void test_journal_init(struct test_journal *journal);
void test_journal_release(struct test_journal *journal);
void test_journal_line(struct test_journal *journal, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* How many of the lines of `text` begin with `start` and contain `part` (NULL: any). */
unsigned test_count_lines(const char *text, const char *start, const char *part);

/* How a worker is to differ from what it should be. */
enum test_sabotage {
    TEST_FAITHFUL,
    TEST_WRONG_SYSCALL,   /* its first syscall is another one */
    TEST_MISSING_SYSCALL, /* its first command is left out */
    TEST_EXTRA_SYSCALL,   /* it makes one more at the end */
};

struct test_vats {
    struct vk_worker_host port;
    struct test_journal journal;
    unsigned live;               /* workers that were started and not yet stopped */
    const char *bundle_ids;      /* the worker bundles of the day, JSON */
    const char *start_fails_for; /* a vat id, or NULL */
    enum vk_err start_error;     /* how */
    enum test_sabotage sabotage;
    unsigned
        arrive_each; /* after each so-manieth syscall in flight, all have arrived; 0: none does before the completion */
    unsigned arrived;
    bool swallow; /* workers hide what the refusal of a syscall told them */
    bool cannot_snapshot;
    enum vk_err snapshot_error;
    /* Called before each delivery if not NULL; an error is the delivery's. */
    enum vk_err (*watch)(void *impl, struct vk_str vat, const struct vk_delivery *delivery);
    void *watch_impl;
};

void test_vats_init(struct test_vats *vats);
/* Asserts that every worker was stopped. */
void test_vats_release(struct test_vats *vats);

/* "b1-" and 128 hex digits, for any short name. One of a few static buffers. */
const char *test_bundle_id(const char *name);
/* vatParameters that make a puppet run `program` when it starts; NULL: that have nothing in them. */
void test_parameters(struct vk_arena *arena, const char *program, struct vk_capdata *out);
/* [METHOD,[VALUE...]]; `text` is METHOD VALUE... [with SLOT...] as in a program. */
void test_methargs(struct vk_arena *arena, const char *text, struct vk_capdata *out);

#endif
