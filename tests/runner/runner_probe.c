/* runner_probe.c - tests that tests/runner/planted expects run_criterion to tell apart.
 * They test nothing of the project's; only `planted` runs them. */
#include <criterion/criterion.h>

#include <stdlib.h>

Test(sound, passes) { cr_assert(true); }

Test(broken, fails) { cr_assert(false, "meant to fail"); }

Test(broken, leaks) {
    char *volatile lost = malloc(16);
    cr_assert(lost != NULL);
    lost[0] = 1;
    lost = NULL;
}

Test(broken, reads_past_the_end) {
    char *volatile bytes = calloc(16, 1);
    cr_assert(bytes != NULL);
    size_t volatile past = 16;
    int volatile found = bytes[past];
    free(bytes);
    cr_assert_neq(found, -1000);
}
