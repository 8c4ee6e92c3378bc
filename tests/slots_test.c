/* slots_test.c - the names of things: krefs, vat and device ids, and the vrefs that a vat may say. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "../kernel/base/slots.h"
#include "testing_store.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

Test(slots, kref_is_a_letter_and_a_canonical_number) {
    static const struct {
        const char *text;
        enum vk_slot_type type;
        uint64_t id;
    } legal[] = {
        {"ko0", VK_SLOT_OBJECT, 0},
        {"ko20", VK_SLOT_OBJECT, 20},
        {"kp40", VK_SLOT_PROMISE, 40},
        {"kd30", VK_SLOT_DEVICE, 30},
        {"ko18446744073709551615", VK_SLOT_OBJECT, UINT64_MAX},
    };
    for (size_t i = 0; i < COUNT(legal); i++) {
        struct vk_kref kref;
        char text[VK_SLOT_TEXT_MAX];
        cr_assert(vk_kref_parse(vk_str(legal[i].text), &kref), "%s", legal[i].text);
        cr_assert(kref.type == legal[i].type && kref.id == legal[i].id, "%s", legal[i].text);
        cr_assert(vk_str_eq(vk_kref_str(kref, text), vk_str(legal[i].text)), "%s", legal[i].text);
    }
    static const char *const illegal[] = {
        "",      "k",    "ko",   "kp",    "o20",
        "xo20",  "Ko20", "kx20", "ko007", "ko 1",
        "ko1 ",  "ko+1", "ko-1", "ko0x1", "ko18446744073709551616",
        "ko1.0", "ko1,", "o+20", "v20",   "kokp1",
        "k20",   "ko:",  "ko/",  "ko00",
    };
    for (size_t i = 0; i < COUNT(illegal); i++) {
        struct vk_kref kref;
        cr_assert(!vk_kref_parse(vk_str(illegal[i]), &kref), "'%s'", illegal[i]);
    }
}

Test(slots, vat_and_device_ids_are_canonical_too) {
    static const char *const illegal[] = {"", "v1", "01", "-1", "+1", " 1", "1 ", "x1", "1a"};
    struct vk_vat_id vat;
    struct vk_device_id device;
    char text[VK_SLOT_TEXT_MAX];
    cr_assert(vk_vat_id_parse(VK_STR("v0"), &vat) && vat.n == 0);
    cr_assert(vk_vat_id_parse(VK_STR("v12"), &vat) && vat.n == 12);
    cr_assert(vk_str_eq(vk_vat_id_str(vat, text), VK_STR("v12")));
    cr_assert(vk_device_id_parse(VK_STR("d7"), &device) && device.n == 7);
    cr_assert(!vk_vat_id_parse(VK_STR("d7"), &vat) && !vk_device_id_parse(VK_STR("v12"), &device));
    cr_assert(!vk_vat_id_parse(VK_STR("v18446744073709551615"), &vat), "VK_NO_VAT");
    cr_assert(vk_vat_id_parse(VK_STR("v18446744073709551614"), &vat) && vat.n == UINT64_MAX - 1);
    cr_assert(!vk_vat_id_parse(VK_STR(""), &vat) && !vk_device_id_parse(VK_STR(""), &device));
    for (size_t i = 0; i < COUNT(illegal); i++) {
        char id[8];
        snprintf(id, sizeof id, "v%s", illegal[i]);
        cr_assert(!vk_vat_id_parse(vk_str(id), &vat), "%s", id);
        id[0] = 'd';
        cr_assert(!vk_device_id_parse(vk_str(id), &device), "%s", id);
    }
}

/* parseVatSlot's verdicts: a type and who allocated it, or nothing. Its numbers go through BigInt(), which passes over
 * white space, takes nothing for 0, and knows 0x, 0o and 0b. */
static const struct {
    const char *vref;
    const char *verdict;
} verdicts[] = {
    {"o+0", "o+"},
    {"o-50", "o-"},
    {"p+5", "p+"},
    {"p-60", "p-"},
    {"d+1", "d+"},
    {"d-70", "d-"},
    {"o+007", "o+"},
    {"o+", "o+"},
    {"o-", "o-"},
    {"p+", "p+"},
    {"d-", "d-"},
    {"o+ 5", "o+"},
    {"o+5 ", "o+"},
    {"o+\t5\r\n", "o+"},
    {"o+ ", "o+"},
    {"o+\v\f", "o+"},
    {"o+0x1f", "o+"},
    {"o+0X1F", "o+"},
    {"o+0o17", "o+"},
    {"o+0O17", "o+"},
    {"o+0b101", "o+"},
    {"o+0B1", "o+"},
    {"o++5", "o+"},
    {"o+-0", "o+"},
    {"o+-00", "o+"},
    {"o+ -0 ", "o+"},
    {"o+ 0x1f ", "o+"},
    {"o+123456789012345678901234567890", "o+"},
    {"o+0x", NULL},
    {"o+0o18", NULL},
    {"o+0b2", NULL},
    {"o+0xfg", NULL},
    {"o+-1", NULL},
    {"o-+-1", NULL},
    {"o++", NULL},
    {"o+-", NULL},
    {"o++0x1f", NULL},
    {"o+-0x0", NULL},
    {"o+5 5", NULL},
    {"o+1.5", NULL},
    {"o+1e3", NULL},
    {"o+1n", NULL},
    {"o+1_0", NULL},
    {"o+abc", NULL},
    {"o+ff", NULL},
    {"o+5\x01", NULL},
    {"o+\x1b", NULL},
    {"o+- 0", NULL},

    /* durable and merely virtual ones; the letter is allowed, and passed over, everywhere */
    {"o+d5", "o+"},
    {"o+v5", "o+"},
    {"o+d", "o+"},
    {"o-d5", "o-"},
    {"p+d1", "p+"},
    {"p-v1", "p-"},
    {"d+d1", "d+"},
    {"d-v5", "d-"},
    {"o+dv5", NULL},
    {"o+vd5", NULL},
    {"o+D5", NULL},
    {"o+5d", NULL},

    /* subids: of virtual objects that the vat allocated */
    {"o+d5/1", "o+"},
    {"o+v5/1", "o+"},
    {"o+d5/", "o+"},
    {"o+d5/ 1 ", "o+"},
    {"o+d5/0x1", "o+"},
    {"o+d 5/1", "o+"},
    {"o+d5/-0", "o+"},
    {"o+d0x5/1", "o+"},
    {"o+5/1", NULL},
    {"o-d5/1", NULL},
    {"p+d5/1", NULL},
    {"d+d5/1", NULL},
    {"o+d/1", NULL},
    {"o+/1", NULL},
    {"o+d5/1/2", NULL},
    {"o+d5/-1", NULL},
    {"o+dx/1", NULL},
    {"o+d5/x", NULL},
    {"o-/5", NULL},
    {"o+d-5/1", NULL},

    /* facets: of subids; without one nobody looks */
    {"o+d5/1:2", "o+"},
    {"o+d5/1:", "o+"},
    {"o+d5/:", "o+"},
    {"o+d5/1:0x2", "o+"},
    {"o+5:x", "o+"},
    {"o+d5:x", "o+"},
    {"o+5:", "o+"},
    {"o+:5", "o+"},
    {"o+5:a,b", "o+"},
    {"p-5:1/2", "p-"},
    {"o+d5/1:x", NULL},
    {"o+d5/1:-1", NULL},
    {"o+d5/1:2:3", NULL},
    {"o+5:1:2", NULL},
    {"o+5::", NULL},
    {"o+d5/1:2/3", NULL},
    {"o+x:5", NULL},

    {"", NULL},
    {"o", NULL},
    {"+", NULL},
    {"+o5", NULL},
    {"o5", NULL},
    {"o*5", NULL},
    {"o,5", NULL},
    {"x+5", NULL},
    {"O+5", NULL},
    {" o+5", NULL},
    {"o +5", NULL},
    {"ko20", NULL},
    {"kp40", NULL},
    {"v1", NULL},
    {":", NULL},
    {"o:+5", NULL},
    {"o+\xef\xbc\x95", NULL},
};

Test(slots, vref_is_legal_where_javascript_says_so) {
    for (size_t i = 0; i < COUNT(verdicts); i++) {
        struct vk_vref vref;
        const char *text = verdicts[i].vref, *verdict = verdicts[i].verdict;
        bool legal = vk_vref_parse(vk_str(text), &vref);
        cr_assert(legal == (verdict != NULL), "'%s' is %s", text, legal ? "legal" : "illegal");
        if (!legal) continue;
        cr_assert("opd"[vref.type] == verdict[0], "type of '%s'", text);
        cr_assert(vref.allocated_by_vat == (verdict[1] == '+'), "who allocated '%s'", text);
    }
}

/* "o+7" and "o+007" are two names, as they are two keys of a c-list. */
Test(slots, vref_keeps_its_text) {
    static const char *const texts[] = {"o+7", "o+007", "o+", "o+d5/1:2", "p+ 5 "};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct vk_vref vref;
        cr_assert(vk_vref_parse(vk_str(texts[i]), &vref));
        cr_assert(vref.text.p == texts[i] && vref.text.n == strlen(texts[i]), "%s", texts[i]);
    }
}

/* A NUL is a character like another: it ends no text, and no number holds one. */
Test(slots, a_nul_is_in_no_name) {
    struct vk_vref vref;
    struct vk_kref kref;
    struct vk_vat_id vat;
    cr_assert(!vk_vref_parse(VK_STR("o+5\0"), &vref) && !vk_vref_parse(VK_STR("o+\0"), &vref));
    cr_assert(vk_vref_parse(VK_STR("o+5:\0"), &vref), "a facet that nobody looks at");
    cr_assert(!vk_kref_parse(VK_STR("ko2\0"), &kref));
    cr_assert(!vk_vat_id_parse(VK_STR("v2\0"), &vat));
    cr_assert(!vk_vref_parse(VK_STR_NONE, &vref) && !vk_kref_parse(VK_STR_NONE, &kref));
}

Test(slots, names_sort_as_texts_do) {
    static const char *const krefs[] = {"kd1",  "kd9", "ko1", "ko10", "ko100", "ko2",
                                        "ko20", "ko9", "kp0", "kp10", "kp9"};
    static const char *const vats[] = {"v1", "v10", "v11", "v2", "v20", "v3", "v9"};
    for (size_t i = 0; i < COUNT(krefs); i++) {
        for (size_t j = 0; j < COUNT(krefs); j++) {
            struct vk_kref a, b;
            cr_assert(vk_kref_parse(vk_str(krefs[i]), &a) && vk_kref_parse(vk_str(krefs[j]), &b));
            int order = vk_kref_cmp(a, b);
            cr_assert((order < 0) == (i < j) && (order > 0) == (i > j), "%s %s", krefs[i],
                      krefs[j]);
            cr_assert(vk_kref_eq(a, b) == (i == j), "%s %s", krefs[i], krefs[j]);
        }
    }
    for (size_t i = 0; i < COUNT(vats); i++) {
        for (size_t j = 0; j < COUNT(vats); j++) {
            struct vk_vat_id a, b;
            cr_assert(vk_vat_id_parse(vk_str(vats[i]), &a) && vk_vat_id_parse(vk_str(vats[j]), &b));
            int order = vk_vat_id_cmp(a, b);
            cr_assert((order < 0) == (i < j) && (order > 0) == (i > j), "%s %s", vats[i], vats[j]);
            cr_assert(vk_vat_id_eq(a, b) == (i == j), "%s %s", vats[i], vats[j]);
        }
    }
    cr_assert(
        !vk_kref_eq((struct vk_kref){VK_SLOT_OBJECT, 1}, (struct vk_kref){VK_SLOT_PROMISE, 1}));
}

Test(slots, names_are_written_whole) {
    struct vk_arena arena;
    struct vk_str text, copy;
    struct vk_buf buf;
    char room[VK_SLOT_TEXT_MAX];
    struct vk_kref largest = {VK_SLOT_DEVICE, UINT64_MAX};
    cr_assert(vk_str_eq(vk_u64_str(0, room), VK_STR("0")));
    cr_assert(vk_str_eq(vk_u64_str(10, room), VK_STR("10")));
    cr_assert(vk_str_eq(vk_u64_str(UINT64_MAX, room), VK_STR("18446744073709551615")));
    cr_assert(vk_str_eq(vk_kref_str(largest, room), VK_STR("kd18446744073709551615")));
    vk_arena_init(&arena, vk_heap_system());
    test_ok(vk_kref_text(&arena, largest, &copy));
    room[0] = '?';
    cr_assert(vk_str_eq(copy, VK_STR("kd18446744073709551615")), "the arena's is a copy");
    test_ok(vk_vat_id_text(&arena, (struct vk_vat_id){305}, &copy));
    cr_assert(vk_str_eq(copy, VK_STR("v305")));
    vk_buf_init(&buf, &arena);
    vk_buf_vat_id(&buf, (struct vk_vat_id){4});
    vk_buf_kref(&buf, (struct vk_kref){VK_SLOT_PROMISE, 40});
    test_ok(vk_buf_finish(&buf, &text));
    cr_assert(vk_str_eq(text, VK_STR("v4kp40")));
    vk_arena_release(&arena);
}

Test(slots, numbers_fit_64_bits_and_have_one_form) {
    static const char *const illegal[] = {"",
                                          "00",
                                          "01",
                                          "-1",
                                          "+1",
                                          " 1",
                                          "1 ",
                                          "1a",
                                          "a",
                                          "/",
                                          ":",
                                          "18446744073709551616",
                                          "99999999999999999999",
                                          "100000000000000000000",
                                          "18446744073709551625"};
    uint64_t value = 77;
    cr_assert(vk_str_to_u64(VK_STR("0"), &value) && value == 0);
    cr_assert(vk_str_to_u64(VK_STR("18446744073709551615"), &value) && value == UINT64_MAX);
    cr_assert(vk_str_to_u64(VK_STR("9876543210"), &value) && value == 9876543210);
    for (size_t i = 0; i < COUNT(illegal); i++)
        cr_assert(!vk_str_to_u64(vk_str(illegal[i]), &value), "'%s'", illegal[i]);
    cr_assert(value == 9876543210, "what cannot be read changes nothing");
}

Test(slots, slices_compare_by_bytes_and_length) {
    struct vk_str none = VK_STR_NONE;
    cr_assert(vk_str_cmp(VK_STR("a"), VK_STR("ab")) < 0 &&
              vk_str_cmp(VK_STR("ab"), VK_STR("a")) > 0);
    cr_assert(vk_str_cmp(VK_STR("b"), VK_STR("ab")) > 0 &&
              vk_str_cmp(VK_STR("a"), VK_STR("a")) == 0);
    cr_assert(vk_str_cmp(VK_STR("\xff"), VK_STR("a")) > 0, "bytes are unsigned");
    cr_assert(vk_str_cmp(none, VK_STR("")) == 0 && vk_str_cmp(none, VK_STR("a")) < 0);
    cr_assert(vk_str_eq(VK_STR("ab"), VK_STR("ab")) && !vk_str_eq(VK_STR("ab"), VK_STR("a")));
    cr_assert(vk_str_eq(none, VK_STR("")) && !vk_str_present(none) && vk_str_present(VK_STR("")));
    cr_assert(vk_str_starts(VK_STR("v1.c."), VK_STR("v1.")) && vk_str_starts(VK_STR("v1"), none));
    cr_assert(!vk_str_starts(VK_STR("v1"), VK_STR("v1.")) && !vk_str_starts(none, VK_STR("v")));
    cr_assert(vk_str_eq(vk_str_from(VK_STR("v1.c"), 3), VK_STR("c")));
    cr_assert(vk_str_from(VK_STR("v1"), 2).n == 0 && vk_str_from(VK_STR("v1"), 2).p);
    cr_assert(!vk_str(NULL).p && vk_str("ab").n == 2);
}
