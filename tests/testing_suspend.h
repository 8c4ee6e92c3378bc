/* testing_suspend.h - what the tests of suspended and paused vats share: v5, a dynamic vat of a test_world's (root ko24),
 * asked for this and that, and looked at.
 */
#ifndef TESTING_SUSPEND_H
#define TESTING_SUSPEND_H

#include "testing_kernel.h"

#define V5 VK_STR("v5")

/* Suspends it, and runs to idle: it must be suspended then. */
void v5_suspend(struct test_world *w);
void v5_pause(struct test_world *w);
void v5_resume(struct test_world *w);
void v5_terminate(struct test_world *w);
/* From now on its startVat runs that program. */
void v5_starts_with(struct test_world *w, const char *program);

uint64_t v5_incarnation(struct test_world *w);
/* That it was given these messages since the mark, by their methods, in this order, and no others. NULL ends them. */
void v5_given(struct test_world *w, const char *first, ...);
/* How often vat-admin was told something since the mark. */
unsigned admin_told(struct test_world *w, const char *part);

#endif
