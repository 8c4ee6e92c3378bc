/* oracle.h - what can fail a run: each oracle with what it demands and what it costs, and what a failure is.
 *
 * INV-ORACLE-1  An oracle only reads: with it or without it a run is the same.
 */
#ifndef SIM_ORACLE_H
#define SIM_ORACLE_H

#include "flight_tail.h"
#include "replica.h"

/* NAME, word of its switch, what it demands, what it costs. */
#define SIM_ORACLES(X)                                                                              \
    X(REPLICAS, "replicas",                                                                         \
      "every replica has the same hashes and costs at every point, its workers the same memory",    \
      "a comparison a crank")                                                                       \
    X(TWICE, "twice", "the same plan run again is the same run", "the whole run once more")         \
    X(MEMORY, "memory",                                                                             \
      "a live kernel remembers what a freshly opened one does, a worker what its vatstore is",      \
      "opening a kernel, at an aborted crank, each 16th point")                                     \
    X(ROLLBACK, "rollback",                                                                         \
      "an aborted crank leaves the declared survivors alone, any other one its counters right",     \
      "two hashes a write; the state, at an aborted crank")                                         \
    X(ACCOUNT, "account",                                                                           \
      "a crank shows what its vats did: failures are undone, costs counted and paid, results told", \
      "a few keys, a crank")                                                                        \
    X(HASH, "hash", "the incremental state hash is that of the whole state", "the state, a block")  \
    X(AUDIT, "audit", "the state agrees with itself",                                               \
      "the state, at an aborted crank, each 32nd point")                                            \
    X(LIVENESS, "liveness", "when faults stop the run comes to rest, with nothing left to do",      \
      "the blocks at the end")                                                                      \
    X(CLASS, "class",                                                                               \
      "a fault does to a node what its class says, and nothing else does; whoever did what ends "   \
      "a vat has ended with its crank",                                                             \
      "the state, where a vat may end")                                                             \
    X(RECORDING, "recording", "a recording's hashes are met", "a comparison a write")               \
    X(CRASH, "crash", "no assertion fails, no sanitizer finds anything", "a process a few seeds")

enum sim_oracle {
#define SIM_ORACLE_ENUM(name, word, demand, cost) SIM_ORACLE_##name,
    SIM_ORACLES(SIM_ORACLE_ENUM)
#undef SIM_ORACLE_ENUM
        SIM_ORACLE_COUNT
};

const char *sim_oracle_word(enum sim_oracle oracle);
const char *sim_oracle_demand(enum sim_oracle oracle);
const char *sim_oracle_cost(enum sim_oracle oracle);

enum { SIM_SIGNATURE_SIZE = 160 };

struct sim_failure {
    enum sim_oracle oracle;
    uint32_t replica;
    uint64_t point, block; /* where it was seen */
    char event[24];        /* of the crank: "send" ...; "inputs"; "none" */
    uint64_t vat;          /* that was delivered to, or VK_NO_VAT */
    uint64_t at_ns;        /* simulated */
    char what[1000];
    char signature
        [SIM_SIGNATURE_SIZE]; /* oracle, kind of crank, family of key: the same for the same bug */
    struct sim_flight_tail flight; /* of that replica, as the run fills it in */
};

/* Each of these checks a replica that is up and has come to `point`, and fills in *failure if its demand is not met. VK_OK
 * either way; an error is the testbed's own or the node's. */
enum vk_err sim_oracle_memory(struct sim_replica *replica, struct sim_failure *failure,
                              bool *failed) VK_MUST_CHECK;
enum vk_err sim_oracle_rollback(struct sim_replica *replica, struct sim_failure *failure,
                                bool *failed) VK_MUST_CHECK;
enum vk_err sim_oracle_account(struct sim_replica *replica, struct sim_failure *failure,
                               bool *failed) VK_MUST_CHECK;
enum vk_err sim_oracle_hash(struct sim_replica *replica, struct sim_failure *failure, bool *failed)
    VK_MUST_CHECK;
enum vk_err sim_oracle_audit(struct sim_replica *replica, struct sim_failure *failure, bool *failed)
    VK_MUST_CHECK;
/* Whoever did what is a vat's end is dead when its crank is over, or suspended and paused where its policy says so; and nothing
 * of that crank stands, unless it was an exit. */
enum vk_err sim_oracle_verdict(struct sim_replica *replica, struct sim_failure *failure,
                               bool *failed) VK_MUST_CHECK;
/* The run is over: all of the audit, and nothing left to do, or untold. */
enum vk_err sim_oracle_audit_whole(struct sim_replica *replica, struct sim_failure *failure,
                                   bool *failed) VK_MUST_CHECK;
enum vk_err sim_oracle_held(struct sim_replica *replica, struct sim_failure *failure, bool *failed)
    VK_MUST_CHECK;
enum vk_err sim_oracle_at_rest(struct sim_replica *replica, struct sim_failure *failure,
                               bool *failed) VK_MUST_CHECK;

/* Fills in what, and a signature of oracle, event and `family`. */
void sim_failure_set(struct sim_failure *failure, enum sim_oracle oracle,
                     const struct sim_replica *replica, const char *family, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* Fills in that the process of a run ended before its time (jobs.h says how). */
void sim_failure_set_crash(struct sim_failure *failure, const char *died);
/* The family of a key: "v1.c.o+5" and "v20.c.ko3" are "v*.c.*". */
void sim_key_family(struct vk_str key, char family[64]);

#endif
