/* diff_crank.h - one crank out of a log, in memory: its entries, its writes, and which syscall or kernel step made each.
 *
 *     startCrank, its event is taken off a queue       crank-start
 *     the delivery is translated                       deliver
 *     a syscall is translated                          syscall
 *     the syscall is done                              syscall-result       (again and again)
 *     the crank is brought to its end                  deliver-result ... crank-finish
 *
 * A slog shows no writes. Of some syscalls and c-list entries it is plain which key they change: these are its writes
 * then, and `is_inferred` says so.
 *
 * INV-DIFF-CRANK-1  Lines, and writes, stand in the order of the file; a crank that was begun anew is there once.
 */
#ifndef SIM_DIFF_CRANK_H
#define SIM_DIFF_CRANK_H

#include "array.h"
#include "log_line.h"
#include "log_scan.h"
#include "vk/json.h"

struct sim_crank_entry {
    enum sim_log_kind kind;
    struct vk_str text;
    size_t line;
    struct vk_str by;
};

struct sim_crank_write {
    struct vk_str key;
    struct vk_str value; /* VK_STR_NONE: deleted */
    size_t line;
    struct vk_str by; /* "syscall 3 (vatstoreSet) of v7's delivery 31" */
    bool is_undone;   /* by a roll-back */
};

struct sim_crank_log {
    struct vk_arena arena; /* holds all texts */
    struct {
        SIM_ARRAY(struct sim_crank_entry);
    } entries; /* of the slog, those that every node logs alike */
    struct {
        SIM_ARRAY(struct sim_crank_write);
    } writes;
    bool has_brackets;   /* startCrank ... endCrank around it */
    size_t first_hashed; /* write: those before it are the host's, and in no hash */
    bool is_inferred;
    struct vk_str crank_type, message_type, message; /* absent where the log does not say */
    bool has_delivery;
    struct vk_str vat; /* of the newest delivery */
    uint64_t delivery;
    struct vk_str kernel_delivery;
};

void sim_crank_log_init(struct sim_crank_log *crank);
void sim_crank_log_release(struct sim_crank_log *crank);
/* Reads what stands in the lines of the unit. */
enum vk_err sim_crank_log_read(struct sim_crank_log *crank, const char *path,
                               const struct sim_log_unit *unit, struct sim_input_error *error)
    VK_MUST_CHECK;
/* The same from a file that is open and has not come to the unit yet. */
enum vk_err sim_crank_log_read_on(struct sim_crank_log *crank, struct sim_log_file *file,
                                  const struct sim_log_unit *unit, struct sim_input_error *error)
    VK_MUST_CHECK;
/* The newest write of a key that no roll-back has undone, or NULL. */
const struct sim_crank_write *sim_crank_log_last(const struct sim_crank_log *crank,
                                                 struct vk_str key);
bool sim_key_is_local(struct vk_str key);

#endif
