/* err_test.c - error codes, their texts, and how an error remembers where it was born. */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <threads.h>

#include "vk/err.h"

Test(err, every_code_has_a_name_and_a_sentence_of_its_own) {
    cr_assert(VK_OK == 0);
    for (int a = 0; a < VK_ERR_COUNT; a++) {
        const char *name = vk_err_name((enum vk_err)a), *text = vk_err_text((enum vk_err)a);
        cr_assert(strncmp(name, "VK_", 3) == 0 && strlen(text) > 4);
        for (int b = 0; b < a; b++) {
            cr_assert(strcmp(name, vk_err_name((enum vk_err)b)) != 0);
            cr_assert(strcmp(text, vk_err_text((enum vk_err)b)) != 0);
        }
    }
    cr_assert_str_eq(vk_err_name(VK_OK), "VK_OK");
    cr_assert_str_eq(vk_err_name(VK_ERR_CORRUPT), "VK_ERR_CORRUPT");
    cr_assert_str_eq(vk_err_text(VK_ERR_DISK_FULL), "the disk is full");
}

Test(err, a_code_that_is_none_has_a_text_all_the_same) {
    cr_assert_str_eq(vk_err_name(VK_ERR_COUNT), "VK_ERR_?");
    cr_assert_str_eq(vk_err_text(VK_ERR_COUNT), "unknown error");
}

Test(err, before_the_first_error_the_origin_is_all_zero) {
    const struct vk_err_origin *origin = vk_err_origin();
    cr_assert(origin->err == VK_OK && !origin->file && origin->line == 0 &&
              origin->text[0] == '\0');
}

Test(err, raise_remembers_code_place_and_sentence) {
    int line = __LINE__ + 1;
    enum vk_err err = VK_RAISE(VK_ERR_BUSY, "waited %d times for %s", 3, "it");
    const struct vk_err_origin *origin = vk_err_origin();
    cr_assert(err == VK_ERR_BUSY && origin->err == VK_ERR_BUSY && origin->line == line);
    cr_assert_str_eq(origin->file, __FILE__);
    cr_assert_str_eq(origin->text, "waited 3 times for it");
    err = VK_RAISE(VK_ERR_DISK, "x");
    cr_assert(err == VK_ERR_DISK && vk_err_origin()->err == VK_ERR_DISK);
    cr_assert_str_eq(vk_err_origin()->text, "x");
}

Test(err, long_sentences_are_cut) {
    char text[600];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    enum vk_err err = VK_RAISE(VK_ERR_USAGE, "%s", text);
    const struct vk_err_origin *origin = vk_err_origin();
    cr_assert(err == VK_ERR_USAGE && strlen(origin->text) == sizeof origin->text - 1);
    cr_assert(strspn(origin->text, "a") == sizeof origin->text - 1);
}

static int tries;

static enum vk_err fails(enum vk_err err) {
    tries++;
    return err == VK_OK ? VK_OK : VK_RAISE(err, "born here");
}

static enum vk_err hands_on(enum vk_err first, enum vk_err second) {
    VK_TRY(fails(first));
    VK_TRY(fails(second));
    return VK_OK;
}

Test(err, try_hands_the_first_error_on_with_its_origin) {
    cr_assert(hands_on(VK_OK, VK_OK) == VK_OK && tries == 2);
    cr_assert(hands_on(VK_ERR_DISK, VK_ERR_BUSY) == VK_ERR_DISK && tries == 3);
    cr_assert(vk_err_origin()->err == VK_ERR_DISK);
    cr_assert(hands_on(VK_OK, VK_ERR_BUSY) == VK_ERR_BUSY && tries == 5);
    cr_assert_str_eq(vk_err_origin()->text, "born here");
}

static int other_thread(void *impl) {
    (void)impl;
    bool untouched = vk_err_origin()->err == VK_OK;
    enum vk_err err = VK_RAISE(VK_ERR_SCHEMA, "there");
    return untouched && err == VK_ERR_SCHEMA ? 0 : 1;
}

Test(err, each_thread_has_its_own_origin) {
    thrd_t thread;
    int result = 1;
    enum vk_err err = VK_RAISE(VK_ERR_TRACE, "here");
    cr_assert(thrd_create(&thread, other_thread, NULL) == thrd_success);
    cr_assert(thrd_join(thread, &result) == thrd_success && result == 0);
    cr_assert(err == VK_ERR_TRACE && vk_err_origin()->err == VK_ERR_TRACE);
    cr_assert_str_eq(vk_err_origin()->text, "here");
}

Test(err, success_is_never_raised, .signal = SIGABRT) {
    cr_redirect_stderr();
    vk_err_raise(VK_OK, __FILE__, __LINE__, "fine");
}

Test(err, assertion_that_holds_does_nothing) {
    int evaluated = 0;
    VK_ASSERT(++evaluated == 1);
    cr_assert(evaluated == 1);
}

Test(err, assertion_that_fails_ends_the_process, .signal = SIGABRT) {
    cr_redirect_stderr();
    VK_ASSERT(1 + 1 == 3);
}
