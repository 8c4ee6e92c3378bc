/* vat_illegal.c - syscalls that a kernel kills a vat for. See vat_run.h.
 *
 * Each kind is fatal whatever the vat holds. None of them panics the kernel, as resolving a promise that is somebody else's
 * does, in SwingSet too. Answers to vatTranslator.js and to insistVatSyscallObject() in message.js. */
#include "vat_run.h"

/* Vrefs that nobody was ever given or gave. */
#define NO_IMPORT "o-999999999"
#define NO_EXPORT "o+999999999"
#define NO_PROMISE "p-999999999"

/* What a kind is made of: a syscall as it stands, in which $x is put in from what the vat holds.
 *   $import    a reachable import       $dropped   one that was dropped     $export  a reachable export
 *   $known     a promise that somebody else decides                         $newp, $newq  promises of its own
 *   $device    a device node
 * or, where it holds none, a vref that nobody knows. */
static const struct {
    const char *word, *json;
} kinds[] = {
    {"send to an unknown import",
     "[\"send\",\"" NO_IMPORT "\",{\"methargs\":{\"body\":\"#[\\\"x\\\",[]]\",\"slots\":[]},"
     "\"result\":null}]"},
    {"send of an unknown import",
     "[\"send\",\"o+0\",{\"methargs\":{\"body\":\"#[\\\"x\\\",[\\\"$0\\\"]]\",\"slots\":"
     "[\"" NO_IMPORT "\"]},\"result\":null}]"},
    {"send to what is no vref",
     "[\"send\",\"nobody\",{\"methargs\":{\"body\":\"#[\\\"x\\\",[]]\",\"slots\":[]},"
     "\"result\":null}]"},
    {"send to a dropped import",
     "[\"send\",\"$dropped\",{\"methargs\":{\"body\":\"#[\\\"x\\\",[]]\",\"slots\":[]},"
     "\"result\":null}]"},
    {"send with an object as result",
     "[\"send\",\"o+0\",{\"methargs\":{\"body\":\"#[\\\"x\\\",[]]\",\"slots\":[]},"
     "\"result\":\"o+0\"}]"},
    {"send with a result that is somebody else's",
     "[\"send\",\"o+0\",{\"methargs\":{\"body\":\"#[\\\"x\\\",[]]\",\"slots\":[]},"
     "\"result\":\"$known\"}]"},
    {"send of a device node of its own",
     "[\"send\",\"o+0\",{\"methargs\":{\"body\":\"#[\\\"x\\\",[\\\"$0\\\"]]\",\"slots\":"
     "[\"d+1\"]},\"result\":null}]"},
    {"send without methargs", "[\"send\",\"o+0\",{\"result\":null}]"},
    {"subscribe to an object", "[\"subscribe\",\"o+0\"]"},
    {"subscribe to an unknown promise", "[\"subscribe\",\"" NO_PROMISE "\"]"},
    {"resolve of an unknown promise",
     "[\"resolve\",[[\"" NO_PROMISE "\",false,{\"body\":\"#1\",\"slots\":[]}]]]"},
    {"resolve of an object", "[\"resolve\",[[\"o+0\",false,{\"body\":\"#1\",\"slots\":[]}]]]"},
    {"resolve to a promise", "[\"resolve\",[[\"$newp\",false,{\"body\":\"#\\\"&0\\\"\",\"slots\":"
                             "[\"$newq\"]}]]]"},
    {"resolve to no value", "[\"resolve\",[[\"$newp\",false,{\"body\":\"#{\",\"slots\":[]}]]]"},
    {"callNow of an object", "[\"callNow\",\"o+0\",\"echo\",{\"body\":\"#[]\",\"slots\":[]}]"},
    {"callNow with a promise", "[\"callNow\",\"$device\",\"echo\",{\"body\":\"#[\\\"&0\\\"]\","
                               "\"slots\":[\"$newp\"]}]"},
    {"dropImports of an export", "[\"dropImports\",[\"o+0\"]]"},
    {"dropImports of an unknown import", "[\"dropImports\",[\"" NO_IMPORT "\"]]"},
    {"retireImports of a reachable import", "[\"retireImports\",[\"$import\"]]"},
    {"retireExports of a reachable export", "[\"retireExports\",[\"$export\"]]"},
    {"retireExports of an import", "[\"retireExports\",[\"" NO_IMPORT "\"]]"},
    {"abandonExports of an unknown export", "[\"abandonExports\",[\"" NO_EXPORT "\"]]"},
    {"exit with an unknown import",
     "[\"exit\",false,{\"body\":\"#\\\"$0\\\"\",\"slots\":[\"" NO_IMPORT "\"]}]"},
    {"exit without info", "[\"exit\",true]"},
    {"vatstoreSet of a number", "[\"vatstoreSet\",\"k.0\",1]"},
    {"an unknown syscall", "[\"sneeze\",\"o+0\"]"},
};
_Static_assert(sizeof kinds / sizeof *kinds == SIM_ILLEGAL_KINDS, "as vat_program.h says");

const char *sim_vat_end_words(enum sim_vat_end end) {
    static const char *const words[] = {
#define SIM_VAT_END_WORDS(name, text) text,
        SIM_VAT_ENDS(SIM_VAT_END_WORDS)
#undef SIM_VAT_END_WORDS
    };
    VK_ASSERT(end < SIM_VAT_END_COUNT); /* INV-VAT-4 */
    return end < SIM_VAT_END_ILLEGAL ? words[end] : kinds[end - SIM_VAT_END_ILLEGAL].word;
}

static const struct {
    const char *name;
    enum sim_held list;
    const char *otherwise;
} holes[] = {
    {"$import", SIM_HELD_IMPORTS, NO_IMPORT},     {"$dropped", SIM_HELD_DROPPED_IMPORTS, NO_IMPORT},
    {"$export", SIM_HELD_EXPORTS, NO_EXPORT},     {"$known", SIM_HELD_PROMISES, NO_PROMISE},
    {"$device", SIM_HELD_DEVICES, "d-999999999"},
};

static void write_ref(struct vk_buf *buf, struct sim_ref ref) {
    char text[SIM_REF_TEXT_MAX];
    vk_buf_add(buf, sim_ref_text(ref, text));
}

/* Fills in the hole that `text` begins with; how long its name is, or 0. */
static size_t fill(struct sim_run *run, struct vk_buf *buf, struct vk_str text) {
    struct sim_holdings *held = &run->vat->held;
    for (size_t i = 0; i < sizeof holes / sizeof *holes; i++) {
        const struct sim_ref_list *list = &held->lists[holes[i].list];
        if (!vk_str_starts(text, vk_str(holes[i].name))) continue;
        if (list->count)
            write_ref(buf, list->at[0]);
        else
            vk_buf_add(buf, vk_str(holes[i].otherwise));
        return strlen(holes[i].name);
    }
    if (!vk_str_starts(text, VK_STR("$new"))) return 0;
    write_ref(buf, (struct sim_ref){SIM_REF_OWN_PROMISE, held->next_promise++});
    return VK_STR("$newp").n;
}

enum vk_err sim_make_illegal(struct sim_run *run, uint64_t kind) {
    struct vk_str text = vk_str(kinds[kind % SIM_ILLEGAL_KINDS].json), json;
    struct vk_syscall syscall;
    struct vk_buf buf;
    vk_buf_init(&buf, run->arena);
    while (text.n) {
        size_t n = text.p[0] == '$' ? fill(run, &buf, text) : 0;
        if (!n) vk_buf_char(&buf, text.p[0]);
        text = vk_str_from(text, n ? n : 1);
    }
    VK_TRY(vk_buf_finish(&buf, &json));
    VK_TRY(vk_syscall_decode(run->arena, json, &syscall));
    VK_TRY(sim_make_syscall(run, &syscall, NULL));
    run->ended = sim_waits_for(run, syscall.type); /* whoever is told to prepare to die does so */
    return VK_OK;
}
