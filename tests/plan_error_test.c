/* plan_error_test.c - what is said of a text that is no plan, and of which word.
 */
#include "sim/plan.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define HEAD "crankcase-plan 1\n"

struct bad {
    const char *text, *wanted; /* "line:column: what" */
};

static void expect_error(struct vk_str text, const char *wanted) {
    struct sim_plan plan;
    struct sim_plan_error error;
    char found[300];
    enum vk_err err = sim_plan_read(&plan, vk_heap_system(), text, &error);
    snprintf(found, sizeof found, "%zu:%zu: %s", error.line, error.column, error.what);
    cr_expect_eq(err, VK_ERR_SYNTAX, "%s: of\n%.*s", vk_err_name(err), VK_STR_ARG(text));
    cr_expect_str_eq(found, wanted, "\n%s\nnot\n%s\nof\n%.*s", found, wanted, VK_STR_ARG(text));
    if (err == VK_OK) sim_plan_release(&plan);
}

static void expect_errors(const struct bad *bad, size_t count) {
    for (size_t i = 0; i < count; i++)
        expect_error(vk_str(bad[i].text), bad[i].wanted);
}
#define EXPECT_ERRORS(bad) expect_errors((bad), sizeof(bad) / sizeof *(bad))

Test(plan_error, of_the_first_line) {
    static const struct bad bad[] = {
        {"", "1:1: expected crankcase-plan 1, found the end of the text"},
        {"# only\n\n  # this", "1:1: expected crankcase-plan 1, found the end of the text"},
        {"\n block", "2:2: expected crankcase-plan 1, found 'block'"},
        {"crankcase-plan", "1:15: expected version 1 of the format, found the end of the line"},
        {"crankcase-plan 2\nnew", "1:16: expected version 1 of the format, found '2'"},
        {"crankcase-plan one", "1:16: expected version 1 of the format, found 'one'"},
        {HEAD HEAD, "2:1: expected a section, found 'crankcase-plan'"},
        {"crankcase-plan 1 x", "1:18: expected the end of the line, found 'x'"},
    };
    EXPECT_ERRORS(bad);
}

Test(plan_error, of_bytes_that_are_no_text) {
    static const char *const bytes[] = {"\x80",         "\xc1\xbf",         "\xe0\x9f\xbf",
                                        "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
                                        "\xf8",         "\xe2\x82"};
    char text[64], wanted[80];
    for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++) {
        snprintf(text, sizeof text, HEAD "# \xc3\xbc %s", bytes[i]);
        snprintf(wanted, sizeof wanted, "2:6: expected text in UTF-8, found the byte 0x%02x",
                 (unsigned)(unsigned char)bytes[i][0]);
        expect_error(vk_str(text), wanted);
    }
    expect_error(VK_STR(HEAD "seed 1\0"), "2:7: expected text in UTF-8, found the byte 0x00");
    expect_error(VK_STR(HEAD "\xf0\x9f\x8c\x8d\x1b"),
                 "2:1: expected a section, found '\\xf0\\x9f\\x8c\\x8d\\x1b'");
}

Test(plan_error, of_sections) {
    static const struct bad bad[] = {
        {HEAD "sned 1", "2:1: expected a section, found 'sned' (did you mean 'seed'?)"},
        {HEAD "no-drian", "2:1: expected a section, found 'no-drian' (did you mean 'no-drain'?)"},
        {HEAD "frobnicate", "2:1: expected a section, found 'frobnicate'"},
        {HEAD "  drop i0", "2:3: expected a section (operations belong in a turn), found 'drop'"},
        {HEAD "reap-all", "2:1: expected a section (inputs belong in a block), found 'reap-all'"},
        {HEAD "seed", "2:5: expected a seed, a number from 0 to 18446744073709551615, found the "
                      "end of the line"},
        {HEAD "seed 18446744073709551616",
         "2:6: expected a seed, a number from 0 to 18446744073709551615, found "
         "'18446744073709551616'"},
        {HEAD "expect", "2:7: expected an outcome, found the end of the line"},
        {HEAD "expect panics", "2:8: expected an outcome, found 'panics' (did you mean 'panic'?)"},
        {HEAD "expect ok then", "2:11: expected after, or the end of the line, found 'then'"},
        {HEAD "expect ok after", "2:16: expected a failure's signature, found the end of the line"},
        {HEAD "expect failure #",
         "2:15: expected a failure's signature, found the end of the line"},
        {HEAD "expect ok\nexpect ok", "3:1: expected 1 line of this kind at most, found 'expect'"},
        {HEAD "seed 1 2", "2:8: expected the end of the line, found '2'"},
        {HEAD "seed 1\nseed 1", "3:1: expected 1 line of this kind at most, found 'seed'"},
        {HEAD "no-drain\nno-drain", "3:1: expected 1 line of this kind at most, found 'no-drain'"},
        {HEAD "bootstrap vatAdmin\nbootstrap vatAdmin",
         "3:1: expected 1 line of this kind at most, found 'bootstrap'"},
        {HEAD "kernel reap-interval=soon",
         "2:8: expected reap-interval=N with a number from 1 on or never, found "
         "'reap-interval=soon'"},
        {HEAD "kernel snapshot=4", "2:8: expected one of snapshot-initial= snapshot-interval= "
                                   "reap-interval= reap-gc-krefs=, found 'snapshot=4'"},
        {HEAD "policy cleanup=1 no-cleanup",
         "2:18: expected no-cleanup once in a line, found 'no-cleanup'"},
        {HEAD "replica slowness=0",
         "2:9: expected slowness=N with a number from 1 to 4294967295, found 'slowness=0'"},
        {HEAD "replica slowness=4294967296",
         "2:9: expected slowness=N with a number from 1 to 4294967295, found "
         "'slowness=4294967296'"},
        {HEAD "replica frame",
         "2:9: expected one of vats-online= commit-every= slowness= no-preload "
         "no-restart-after-snapshot direct frames, found 'frame' (did you mean 'frames'?)"},
        {HEAD "replica\nreplica\nreplica\nreplica\nreplica\nreplica\nreplica\nreplica",
         "9:1: expected 7 lines of this kind at most, found 'replica'"},
    };
    EXPECT_ERRORS(bad);
}

Test(plan_error, of_names) {
    static const struct bad bad[] = {
        {HEAD "program", "2:8: expected a name for a program, found the end of the line"},
        {HEAD "program 1st", "2:9: expected a name for a program, found '1st'"},
        {HEAD "program a23456789012345678901234567890123",
         "2:9: expected a name for a program, found 'a23456789012345678901234567890123'"},
        {HEAD "program p q", "2:11: expected the end of the line, found 'q'"},
        {HEAD "program p\nprogram p",
         "3:9: expected a name for a program that line 2 does not have, found 'p'"},
        {HEAD "program p\nvat v p\n\nvat v p",
         "5:5: expected a name for a vat that line 3 does not have, found 'v'"},
        {HEAD "vat v", "2:6: expected the name of a program, found the end of the line"},
        {HEAD "vat v prog\nprogram p", "2:7: expected the name of a program, found 'prog'"},
        {HEAD "program alice\nvat v alcie",
         "3:7: expected the name of a program, found 'alcie' (did you mean 'alice'?)"},
        {HEAD "program p\nbootstrap p", "3:11: expected the name of a vat, found 'p'"},
        {HEAD "block\n send x\nblock\n send y\nprogram p\nturn\nupgrade-vat v0 z\nvat y p",
         "3:7: expected the name of a vat, found 'x'"},
        {HEAD "program p\nturn\nupgrade-vat v0 z\nblock\nsend y",
         "4:16: expected the name of a program, found 'z'"},
        {HEAD "vat vatAdmin vatAdmin", "2:14: expected the name of a program, found 'vatAdmin'"},
        {HEAD "fault 1 disk-full\nreplica",
         "2:7: expected 0, the index of the one replica, found '1'"},
        {HEAD "fault 1 disk-full\nfault 4 disk-full\nfault 2 disk-full\nreplica\nreplica",
         "3:7: expected the index of a replica (0 to 1), found '4'"},
        {HEAD "fault disk-full",
         "2:7: expected the index of a replica (0 to 6), found 'disk-full'"},
        {HEAD "fault 7 disk-full", "2:7: expected the index of a replica (0 to 6), found '7'"},
        {HEAD "fault 0", "2:8: expected a kind of fault, found the end of the line"},
        {HEAD "fault 0 disk-ful",
         "2:9: expected a kind of fault, found 'disk-ful' (did you mean 'disk-full'?)"},
        {HEAD "fault 0 disk-full at=0",
         "2:19: expected at=N with a number from 1 on, found 'at=0'"},
        {HEAD "fault 0 disk-full at=+1",
         "2:19: expected at=N with a number from 1 on, found 'at=+1'"},
        {HEAD "fault 0 disk-full repeat=0",
         "2:19: expected repeat=N with a number from 1 on or ever, found 'repeat=0'"},
        {HEAD "fault 0 disk-full vat=5", "2:19: expected vat=vN, such as vat=v5, found 'vat=5'"},
        {HEAD "fault 0 disk-full at=2 at=3", "2:24: expected at once in a line, found 'at=3'"},
    };
    EXPECT_ERRORS(bad);
}

#define TURN HEAD "program p\nturn\n"
Test(plan_error, of_programs) {
    static const struct bad bad[] = {
        {HEAD "program p\ndrop i0", "3:1: expected start, boyd, turn or a section (operations "
                                    "belong in a turn), found 'drop'"},
        {HEAD "program p\ntrun", "3:1: expected start, boyd, turn or a section, found 'trun' (did "
                                 "you mean 'turn'?)"},
        {HEAD "program p\nboyd\nturn\nboyd", "5:1: expected one boyd in a program, found 'boyd'"},
        {HEAD "program p\nstart\nstart", "4:1: expected one start in a program, found 'start'"},
        {TURN "sned i0", "4:1: expected an operation, a turn or a section, found 'sned' (did you "
                         "mean 'send'?)"},
        {TURN "reap-all", "4:1: expected an operation, a turn or a section (inputs belong in a "
                          "block), found 'reap-all'"},
        {TURN "turn 2", "4:6: expected the end of the line, found '2'"},
        {TURN "send", "4:5: expected a target (i0 e0 p0 d0 a0 r root), found the end of the line"},
        {TURN "send bytes=1", "4:6: expected a target (i0 e0 p0 d0 a0 r root), found 'bytes=1'"},
        {TURN "  send new", "4:8: expected a target (i0 e0 p0 d0 a0 r root), found 'new'"},
        {TURN "send i0 x3",
         "4:9: expected an operand (i0 e0 p0 d0 a0 dev0 new newp r root), found 'x3'"},
        {TURN "send i0 v0",
         "4:9: expected an operand (i0 e0 p0 d0 a0 dev0 new newp r root), found 'v0'"},
        {TURN "send i0 i", "4:9: expected an operand (i0 e0 p0 d0 a0 dev0 new newp r root), found "
                           "'i'"},
        {TURN "send i0 i01", "4:9: expected an operand (i0 e0 p0 d0 a0 dev0 new newp r root), "
                             "found 'i01'"},
        {TURN "send i4294967296", "4:6: expected a target (i0 e0 p0 d0 a0 r root), found "
                                  "'i4294967296'"},
        {TURN "send i0 reslut", "4:9: expected an operand (i0 e0 p0 d0 a0 dev0 new newp r root), "
                                "found 'reslut' (did you mean 'result'?)"},
        {TURN "send i0 byte=4",
         "4:9: expected one of result bytes=, found 'byte=4' (did you mean 'bytes'?)"},
        {TURN "send i0 bytes=16777217",
         "4:9: expected bytes=N with a number from 0 to 16777216, found 'bytes=16777217'"},
        {TURN "send i0 bytes=", "4:9: expected bytes=N with a number from 0 to 16777216, found "
                                "'bytes='"},
        {TURN "send i0 result result", "4:16: expected result once in a line, found 'result'"},
        {TURN "send i0 1 2", "4:9: expected an operand (i0 e0 p0 d0 a0 dev0 new newp r root), "
                             "found '1'"},
        {TURN "send r r r r r r r r r r r r r r r r r",
         "4:38: expected 16 operands at most, found 'r'"},
        {TURN "resolve p0", "4:9: expected a target (d0 newp r), found 'p0'"},
        {TURN "reject d0 bytes=2", "4:11: expected the end of the line, found 'bytes=2'"},
        {TURN "subscribe d0", "4:11: expected a target (p0 a0), found 'd0'"},
        {TURN "drop e0", "4:6: expected a target (i0 a0), found 'e0'"},
        {TURN "drop i0 i1", "4:9: expected the end of the line, found 'i1'"},
        {TURN "retire-export i0", "4:15: expected a target (e0), found 'i0'"},
        {TURN "abandon a0", "4:9: expected a target (e0), found 'a0'"},
        {TURN "call i0", "4:6: expected a target (dev0), found 'i0'"},
        {TURN "call dev0 newp", "4:11: expected an operand (i0 e0 a0 dev0 new root), found 'newp'"},
        {TURN "hold r", "4:6: expected the end of the line, found 'r'"},
        {TURN "store-set bytes=2", "4:18: expected key=N, found the end of the line"},
        {TURN "compute 5", "4:9: expected n=, found '5'"},
        {TURN "exit failure=1", "4:6: expected failure, found 'failure=1'"},
        {TURN "compute n", "4:9: expected n=, found 'n'"},
        {TURN "exit now", "4:6: expected failure, found 'now'"},
        {TURN "overrun stack allocation",
         "4:15: expected allocation once in a line, found 'allocation'"},
        {TURN "create-vat m0 p", "4:15: expected a target (m0), found 'p'"},
        {TURN "create-vat p m0 m1",
         "4:17: expected one of critical pipelining vatstore=completion restart-critical "
         "pause-on-underflow suspend-on-fatal, found 'm1'"},
        {TURN "upgrade-vat p v0", "4:13: expected a target (v0), found 'p'"},
        {TURN "upgrade-vat v0", "4:15: expected the name of a program, found the end of the line"},
        {TURN "terminate-vat", "4:14: expected a target (v0), found the end of the line"},
        {TURN "change-options v0", "4:18: expected reap-interval=N, found the end of the line"},
        {TURN "add-meter v0 n=2", "4:11: expected a target (m0), found 'v0'"},
    };
    EXPECT_ERRORS(bad);
}

Test(plan_error, of_blocks) {
    static const struct bad bad[] = {
        {HEAD "block after=-1", "2:7: expected after=N with a number from 0 on, found 'after=-1'"},
        {HEAD "block 5000", "2:7: expected after=, found '5000'"},
        {HEAD "block after=3155760000000\nblock after=1",
         "3:7: expected blocks of 3155760000000 ms together at most, found 'after=1'"},
        {HEAD "block after=18446744073709551615",
         "2:7: expected blocks of 3155760000000 ms together at most, found "
         "'after=18446744073709551615'"},
        {HEAD "block\n reap-al", "3:2: expected an input, block or another section, found "
                                 "'reap-al' (did you mean 'reap-all'?)"},
        {HEAD "block\n drop i0", "3:2: expected an input, block or another section (operations "
                                 "belong in a turn), found 'drop'"},
        {HEAD "block\n send", "3:6: expected the name of a vat, found the end of the line"},
        {HEAD "block\n send vatAdmin bytes=x",
         "3:16: expected bytes=N with a number from 0 to 16777216, found 'bytes=x'"},
        {HEAD "block\n terminate",
         "3:11: expected the name of a vat, or dynamic=N, found the end of the line"},
        {HEAD "block\n terminate dynamic=x",
         "3:12: expected dynamic=N with a number from 0 on, found 'dynamic=x'"},
        {HEAD "block\n terminate vatAdmin dynamic=1",
         "3:21: expected the end of the line, found 'dynamic=1'"},
        {HEAD "block\n install", "3:9: expected n=N, found the end of the line"},
        {HEAD "block\n take-results vatAdmin",
         "3:15: expected the end of the line, found 'vatAdmin'"},
        {HEAD "block\n change-options snapshot-interval=never",
         "3:17: expected snapshot-interval=N with a number from 1 on, found "
         "'snapshot-interval=never'"},
    };
    EXPECT_ERRORS(bad);
}

Test(plan_error, of_too_much) {
    size_t n = SIM_PLAN_TEXT_MAX + 1;
    char *text = malloc(n);
    cr_assert(text != NULL);
    memset(text, ' ', n);
    expect_error((struct vk_str){text, n}, "0:0: expected 67108864 bytes at most, found 67108865");
    memcpy(text, HEAD, strlen(HEAD));
    memset(text + strlen(HEAD), '\n', SIM_PLAN_LINES_MAX - 1);
    memcpy(text + strlen(HEAD) + SIM_PLAN_LINES_MAX - 1, "block", 5);
    expect_error((struct vk_str){text, strlen(HEAD) + SIM_PLAN_LINES_MAX + 4},
                 "1048577:1: expected 1048576 lines at most, found 'block'");
    free(text);
}

Test(plan_error, is_one_line_of_ascii_however_long_a_word) {
    char text[2000] = HEAD "block\n change-options ", *end = text + strlen(text);
    struct sim_plan plan;
    struct sim_plan_error error;
    memset(end, '\a', 1900);
    cr_assert_eq(sim_plan_read(&plan, vk_heap_system(), vk_str(text), &error), VK_ERR_SYNTAX);
    cr_expect(strlen(error.what) > 150 && strlen(error.what) < sizeof error.what);
    for (const char *c = error.what; *c; c++)
        cr_expect(*c >= ' ' && *c <= '~');
}
