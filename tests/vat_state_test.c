/* vat_state_test.c - the table of vat states (object/vat_state.h), pair by pair: what a kernel does when the event
 * comes up for a vat in that state, and what the vat is afterwards.
 *
 * The vat is v5 (root ko24), with a meter and both policies. alice has its export o+d7 (her o-51); it has alice's promise
 * p+5 and is subscribed to it.
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "object/side_queue.h"
#include "object/vat_state.h"
#include "testing_kernel.h"

static const struct test_setup ordinary = {0};
static const struct vk_str v5 = {"v5", 2};

struct pair {
    enum vk_vat_event event;
    enum vk_vat_state before, after;
    enum vk_vat_action action; /* as the table is to say; TERMINATE: the vat is dead afterwards */
    const char *delivered;     /* the items that came into its transcript, rolled back or not */
    unsigned waits;            /* how many events in its side queue */
};

/* The beginning and the end of incarnations, in the transcript. */
#define BEGIN "initialize-worker startVat "
#define END "bringOutYourDead shutdown-worker "
#define CUT "shutdown-worker "

#define ROW(event, before, action, after, delivered, waits)                                        \
    { VK_VAT_EVENT_##event, VK_VAT_##before, VK_VAT_##after, VK_VAT_##action, delivered, waits }
#define NEVER(event, before) ROW(event, before, IMPOSSIBLE, RUNNING, NULL, 0)

static const struct pair pairs[] = {
    ROW(MESSAGE, RUNNING, DELIVER, RUNNING, "message ", 0),
    ROW(MESSAGE, SUSPENDED, BEGIN_AND_DELIVER, RUNNING, BEGIN "message ", 0),
    ROW(MESSAGE, STALLED, SET_ASIDE, STALLED, "", 1),
    ROW(MESSAGE, PAUSED, SET_ASIDE, PAUSED, "", 1),
    ROW(NOTIFY, RUNNING, DELIVER, RUNNING, "notify ", 0),
    ROW(NOTIFY, SUSPENDED, BEGIN_AND_DELIVER, RUNNING, BEGIN "notify ", 0),
    ROW(NOTIFY, STALLED, SET_ASIDE, STALLED, "", 1),
    ROW(NOTIFY, PAUSED, SET_ASIDE, PAUSED, "", 1),
    ROW(GC, RUNNING, DELIVER, RUNNING, "dropExports ", 0),
    ROW(GC, SUSPENDED, BEGIN_AND_DELIVER, RUNNING, BEGIN "dropExports ", 0),
    ROW(GC, STALLED, SET_ASIDE, STALLED, "", 1),
    ROW(GC, PAUSED, SET_ASIDE, PAUSED, "", 1),
    ROW(OPTIONS, RUNNING, DELIVER, RUNNING, "changeVatOptions ", 0),
    ROW(OPTIONS, SUSPENDED, BEGIN_AND_DELIVER, RUNNING, BEGIN "changeVatOptions ", 0),
    ROW(OPTIONS, STALLED, SET_ASIDE, STALLED, "", 1),
    ROW(OPTIONS, PAUSED, SET_ASIDE, PAUSED, "", 1),
    ROW(BOYD, RUNNING, DELIVER, RUNNING, "bringOutYourDead ", 0),
    ROW(BOYD, SUSPENDED, DROP, SUSPENDED, "", 0),
    ROW(BOYD, STALLED, DROP, STALLED, "", 0),
    ROW(BOYD, PAUSED, SET_ASIDE, PAUSED, "", 1),
    ROW(START_VAT, RUNNING, DELIVER, RUNNING, "startVat ", 0),
    ROW(START_VAT, SUSPENDED, DELIVER, RUNNING, BEGIN, 0),
    ROW(START_VAT, STALLED, SET_ASIDE, STALLED, "", 1),
    ROW(START_VAT, PAUSED, SET_ASIDE, PAUSED, "", 1),
    ROW(SUSPEND, RUNNING, END, SUSPENDED, END, 0),
    ROW(SUSPEND, SUSPENDED, NOTHING, SUSPENDED, "", 0),
    ROW(SUSPEND, STALLED, NOTHING, STALLED, "", 0),
    ROW(SUSPEND, PAUSED, END, STALLED, END, 0),
    ROW(UNSUSPEND, RUNNING, NOTHING, RUNNING, "", 0),
    ROW(UNSUSPEND, SUSPENDED, BEGIN, RUNNING, BEGIN, 0),
    ROW(UNSUSPEND, STALLED, BEGIN, PAUSED, BEGIN, 0),
    ROW(UNSUSPEND, PAUSED, NOTHING, PAUSED, "", 0),
    ROW(PAUSE, RUNNING, NOTHING, PAUSED, "", 0),
    ROW(PAUSE, SUSPENDED, NOTHING, STALLED, "", 0),
    ROW(PAUSE, STALLED, NOTHING, STALLED, "", 0),
    ROW(PAUSE, PAUSED, NOTHING, PAUSED, "", 0),
    ROW(RESUME, RUNNING, NOTHING, RUNNING, "", 0),
    ROW(RESUME, SUSPENDED, NOTHING, SUSPENDED, "", 0),
    ROW(RESUME, STALLED, NOTHING, SUSPENDED, "", 0),
    ROW(RESUME, PAUSED, NOTHING, RUNNING, "", 0),
    ROW(UPGRADE, RUNNING, END_AND_BEGIN, RUNNING, END BEGIN, 0),
    ROW(UPGRADE, SUSPENDED, BEGIN, RUNNING, BEGIN, 0),
    ROW(UPGRADE, STALLED, BEGIN, RUNNING, BEGIN, 0),
    ROW(UPGRADE, PAUSED, END_AND_BEGIN, RUNNING, END BEGIN, 0),
    ROW(CUT, RUNNING, CUT, SUSPENDED, CUT, 0),
    ROW(CUT, SUSPENDED, NOTHING, SUSPENDED, "", 0),
    ROW(CUT, STALLED, NOTHING, STALLED, "", 0),
    ROW(CUT, PAUSED, CUT, STALLED, CUT, 0),
    ROW(TERMINATE, RUNNING, BURY, RUNNING, "", 0),
    ROW(TERMINATE, SUSPENDED, BURY, RUNNING, "", 0),
    ROW(TERMINATE, STALLED, BURY, RUNNING, "", 0),
    ROW(TERMINATE, PAUSED, BURY, RUNNING, "", 0),
    NEVER(START_FAILED, RUNNING),
    ROW(START_FAILED, SUSPENDED, SET_ASIDE, STALLED, BEGIN, 1),
    ROW(START_FAILED, STALLED, NOTHING, STALLED, BEGIN, 0),
    NEVER(START_FAILED, PAUSED),
    ROW(UNDERFLOW, RUNNING, SET_ASIDE, PAUSED, "message ", 1),
    ROW(UNDERFLOW, SUSPENDED, SET_ASIDE, STALLED, BEGIN "message ", 1),
    NEVER(UNDERFLOW, STALLED),
    NEVER(UNDERFLOW, PAUSED),
    ROW(FATAL, RUNNING, CUT_AND_SET_ASIDE, STALLED, "message shutdown-worker ", 1),
    ROW(FATAL, SUSPENDED, SET_ASIDE, STALLED, BEGIN "message ", 1),
    NEVER(FATAL, STALLED),
    NEVER(FATAL, PAUSED),
};
enum { PAIRS = sizeof pairs / sizeof *pairs };

static const struct pair *pair; /* in hand; a scenario has no argument */

/* ---- the vat, brought into its state */

static void to_state(struct test_world *w, enum vk_vat_state state) {
    if (vk_vat_state_is_suspended(state)) test_ok(vk_host_suspend_vat(w->kernel, v5));
    world_run(w);
    if (vk_vat_state_is_paused(state)) test_ok(vk_host_pause_vat(w->kernel, v5));
    world_run(w);
}

static void make_vat(struct test_world *w) {
    world_tell(w, "vatAdmin", "{call d-71 createMeter +1000 +10}");
    world_create_vat(w, ",\"meterID\":\"m1\",\"pauseOnUnderflow\":true,\"suspendOnFatal\":true",
                     "");
    world_tell(w, "alice", "{send $0 {send $0 here o+d7} o+0; send $0 {subscribe $0} p+5} ko24");
    world_run(w);
    world_is(w, "v5.c.o+d7", "ko25");
    world_is(w, "v2.c.o-51", "ko25");
}

static enum vk_vat_state state_of(struct test_world *w) {
    bool suspended = world_key(w, "v5.suspended") != NULL, paused = world_key(w, "v5.paused");
    if (suspended) return paused ? VK_VAT_STALLED : VK_VAT_SUSPENDED;
    return paused ? VK_VAT_PAUSED : VK_VAT_RUNNING;
}

/* ---- the events */

static void set_key(struct test_world *w, const char *key, const char *value) {
    test_ok(vk_store_set(w->store, vk_str(key), vk_str(value)));
}

static void inject_start_vat(struct test_world *w) {
    set_key(w, "upgradeEvents",
            "[{\"type\":\"startVat\",\"vatID\":\"v5\",\"vatParameters\":{\"body\":\"#{}\","
            "\"slots\":[]}}]");
    test_ok(vk_host_inject_upgrade_events(w->kernel));
}

static void fail_to_start(struct test_world *w) {
    set_key(w, "v5.vatParameters", "{\"body\":\"#{\\\"run\\\":\\\"fail oops\\\"}\",\"slots\":[]}");
    if (pair->before == VK_VAT_STALLED)
        test_ok(vk_host_unsuspend_vat(w->kernel, v5));
    else
        world_tell(w, "ko24", "{set got it}");
}

static void happen(struct test_world *w) {
    const struct vk_capdata reason = {.body = VK_STR("#\"enough\"")};
    switch (pair->event) {
    case VK_VAT_EVENT_MESSAGE: world_tell(w, "ko24", "{set got it}"); break;
    case VK_VAT_EVENT_NOTIFY: world_tell(w, "alice", "{fulfill p+5 1}"); break;
    case VK_VAT_EVENT_GC: world_tell(w, "alice", "{drop o-51}"); break;
    case VK_VAT_EVENT_OPTIONS:
        world_tell(w, "vatAdmin", "{call d-71 changeOptions v5 {\"virtualObjectCacheSize\":9}}");
        break;
    case VK_VAT_EVENT_BOYD: set_key(w, "reapQueue", "[\"v5\"]"); break;
    case VK_VAT_EVENT_START_VAT: inject_start_vat(w); break;
    case VK_VAT_EVENT_SUSPEND: test_ok(vk_host_suspend_vat(w->kernel, v5)); break;
    case VK_VAT_EVENT_UNSUSPEND: test_ok(vk_host_unsuspend_vat(w->kernel, v5)); break;
    case VK_VAT_EVENT_PAUSE: test_ok(vk_host_pause_vat(w->kernel, v5)); break;
    case VK_VAT_EVENT_RESUME: test_ok(vk_host_resume_vat(w->kernel, v5)); break;
    case VK_VAT_EVENT_UPGRADE:
        world_tell(w, "vatAdmin", "{call d-71 upgradeVat v5 @vat {} why}");
        break;
    case VK_VAT_EVENT_CUT: test_ok(vk_host_restart_all_vats(w->kernel)); break;
    case VK_VAT_EVENT_TERMINATE: test_ok(vk_host_terminate_vat(w->kernel, v5, &reason)); break;
    case VK_VAT_EVENT_START_FAILED: fail_to_start(w); break;
    case VK_VAT_EVENT_UNDERFLOW: world_tell(w, "ko24", "{spend 5000}"); break;
    case VK_VAT_EVENT_FATAL: world_tell(w, "ko24", "{subscribe p-99}"); break;
    }
}

/* ---- what came of it */

/* "message notify ": the newest items of v5's transcript, by their delivery's name. */
static const char *delivered(struct test_world *w) {
    static const char start[] = "titem v5 = {\"d\":[\"";
    static char text[512];
    size_t n = 0;
    for (const char *line = w->trace.text + w->trace_mark; *line;
         line += strcspn(line, "\n"), line += *line == '\n') {
        if (strncmp(line, start, sizeof start - 1) != 0) continue;
        const char *name = line + sizeof start - 1;
        int length = (int)strcspn(name, "\"");
        cr_assert(n + (size_t)length + 2 < sizeof text);
        n += (size_t)snprintf(text + n, sizeof text - n, "%.*s ", length, name);
    }
    text[n] = '\0';
    return text;
}

static unsigned waiting(struct test_world *w) {
    unsigned keys = world_keys(w, "sideQueue.v5.");
    cr_assert((world_key(w, "sideQueue.v5") != NULL) == (keys > 0)); /* INV-SIDE-1 */
    return keys;
}

static const char *says(void) {
    static char text[128];
    snprintf(text, sizeof text, "%s, %s", vk_vat_state_name(pair->before),
             vk_vat_event_name(pair->event));
    return text;
}

static void play_pair(struct test_world *w) {
    make_vat(w);
    to_state(w, pair->before);
    cr_assert(state_of(w) == pair->before, "%s: was not brought there", says());
    world_forget(w);
    happen(w);
    /* The others are restarted as well, and what alice's end does to her promise is news for v5. */
    if (pair->event != VK_VAT_EVENT_CUT) world_run(w);
    cr_assert(state_of(w) == pair->after, "%s: is %s", says(), vk_vat_state_name(state_of(w)));
    cr_assert_str_eq(delivered(w), pair->delivered, "%s: delivered %s", says(), delivered(w));
    cr_assert(waiting(w) == pair->waits, "%s: %u wait", says(), waiting(w));
    bool dead = pair->event == VK_VAT_EVENT_TERMINATE;
    cr_assert((world_keys(w, "v5.") == 0) == dead, "%s", says());
    cr_assert(world_key(w, "sideQueues.ready") == NULL, "%s", says());
}

Test(vat_state, the_table_says_what_the_pairs_say) {
    bool seen[VK_VAT_EVENTS][VK_VAT_STATES] = {{false}};
    cr_assert(PAIRS == VK_VAT_EVENTS * VK_VAT_STATES);
    for (size_t i = 0; i < PAIRS; i++) {
        pair = &pairs[i];
        struct vk_vat_transition found = vk_vat_transition(pair->before, pair->event);
        cr_assert(!seen[pair->event][pair->before], "%s: twice", says());
        seen[pair->event][pair->before] = true;
        cr_assert(found.action == pair->action && found.next == pair->after, "%s", says());
    }
}

static void play_pairs_of(enum vk_vat_state state) {
    for (size_t i = 0; i < PAIRS; i++) {
        pair = &pairs[i];
        if (pair->before == state && pair->action != VK_VAT_IMPOSSIBLE)
            test_scenario(&ordinary, play_pair);
    }
}

Test(vat_state, every_event_of_a_running_vat) { play_pairs_of(VK_VAT_RUNNING); }
Test(vat_state, every_event_of_a_suspended_vat) { play_pairs_of(VK_VAT_SUSPENDED); }
Test(vat_state, every_event_of_a_stalled_vat) { play_pairs_of(VK_VAT_STALLED); }
Test(vat_state, every_event_of_a_paused_vat) { play_pairs_of(VK_VAT_PAUSED); }
