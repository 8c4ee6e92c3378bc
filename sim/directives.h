/* directives.h - a file of directives, as agoric-sdk #1677 has them: a line for each crank or delivery that somebody has
 * decided about. What each does is said in vk/directive.h.
 *
 *     crank-7890: debug
 *     crank-12345: terminate v12
 *     crank-12346: skip                   # what follows '#' is for people
 *     v56 delivery-1234: skip             # or terminate, or debug
 *     block-88: replace-kernel PATH       # a libvk.so; with a '#' or blanks in its name it cannot be named here
 *
 * INV-DIRECTIVES-1  A file is taken as a whole or not at all, and before anything is run.
 * INV-DIRECTIVES-2  No two say what is to become of the same crank or delivery, nor end the same vat.
 */
#ifndef SIM_DIRECTIVES_H
#define SIM_DIRECTIVES_H

#include "array.h"
#include "plan_lex.h"
#include "vk/directive.h"

struct sim_directive_kernel {
    size_t index; /* into `all` */
    char *path;
    struct sim_plan_place place; /* of the path */
};

struct sim_directives {
    struct {
        SIM_ARRAY(struct vk_directive);
    } all;
    struct {
        SIM_ARRAY(struct sim_plan_place); /* of each one's target */
    } places;
    struct {
        SIM_ARRAY(struct sim_directive_kernel);
    } kernels; /* of those that say replace-kernel */
};

/* VK_ERR_SYNTAX with *error set if the text is none; *directives is then empty and released. */
enum vk_err sim_directives_read(struct sim_directives *directives, struct vk_str text,
                                struct sim_plan_error *error) VK_MUST_CHECK;
void sim_directives_release(struct sim_directives *directives);
/* Loads the kernels that are named. Before they are given to anybody. VK_ERR_SYNTAX with *error set if one is none. */
enum vk_err sim_directives_load(struct sim_directives *directives, struct sim_plan_error *error)
    VK_MUST_CHECK;
/* As vk_directives_check does: VK_ERR_SYNTAX with *error set if one of them lies in the past of `store`, whose host will
 * begin `block` next. */
enum vk_err sim_directives_check(const struct sim_directives *directives, struct vk_store *store,
                                 const struct vk_ports *ports, uint64_t block,
                                 struct sim_plan_error *error) VK_MUST_CHECK;

#endif
