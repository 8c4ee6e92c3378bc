/* event_test.c - reading what a queue held: every event that a kernel or a host queues, and nothing else. */
#include <core/event.h>
#include <criterion/criterion.h>

#include "testing_store.h"

#define CAPDATA "{\"body\":\"#[]\",\"slots\":[\"ko20\"]}"
#define BAD_CAPDATA "{\"body\":\"#[]\",\"slots\":[\"x\"]}"

static struct vk_arena arena;

static enum vk_err parse(const char *text, struct vk_event *event) {
    vk_arena_clear(&arena);
    return vk_event_parse(&arena, vk_str(text), event);
}

Test(event, what_is_queued_is_read) {
    static const char *const events[] = {
        "{\"type\":\"send\",\"target\":\"ko20\",\"msg\":{\"methargs\":" CAPDATA
        ",\"result\":\"kp40\"}}",
        "{\"type\":\"send\",\"target\":\"kp41\",\"msg\":{\"methargs\":" CAPDATA
        ",\"result\":null}}",
        "{\"type\":\"notify\",\"vatID\":\"v2\",\"kpid\":\"kp40\"}",
        "{\"type\":\"startVat\",\"vatID\":\"v2\",\"vatParameters\":" CAPDATA "}",
        "{\"type\":\"create-vat\",\"vatID\":\"v2\",\"source\":{\"bundleID\":\"b\"},"
        "\"vatParameters\":" CAPDATA ",\"dynamicOptions\":{}}",
        "{\"type\":\"upgrade-vat\",\"vatID\":\"v2\",\"upgradeID\":\"up1\",\"bundleID\":\"b\","
        "\"vatParameters\":" CAPDATA ",\"upgradeMessage\":\"why\"}",
        "{\"type\":\"changeVatOptions\",\"vatID\":\"v2\",\"options\":{}}",
        "{\"type\":\"suspend-vat\",\"vatID\":\"v2\"}",
        "{\"type\":\"unsuspend-vat\",\"vatID\":\"v2\"}",
        "{\"type\":\"dropExports\",\"vatID\":\"v2\",\"krefs\":[\"ko20\",\"ko21\"]}",
        "{\"type\":\"retireExports\",\"vatID\":\"v2\",\"krefs\":[]}",
        "{\"type\":\"retireImports\",\"vatID\":\"v2\",\"krefs\":[\"ko20\"]}",
        "{\"type\":\"bringOutYourDead\",\"vatID\":\"v2\"}",
        "{\"type\":\"negated-gc-action\"}",
    };
    vk_arena_init(&arena, vk_heap_system());
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        struct vk_event event;
        test_ok(parse(events[i], &event));
        cr_assert(strstr(events[i], vk_event_name(event.type)), "%s", events[i]);
        bool has_vat = strstr(events[i], "vatID") != NULL;
        cr_assert(event.vat.n == (has_vat ? 2 : 0), "%s", events[i]);
    }
    vk_arena_release(&arena);
}

Test(event, anything_else_is_a_corrupt_queue) {
    static const struct {
        const char *text, *part; /* and what is wrong with it */
    } events[] = {
        {"", "not JSON"},
        {"{", "not JSON"},
        {"[]", "unknown type"},
        {"{\"type\":\"\"}", "unknown type"},
        {"{\"type\":\"sent\"}", "unknown type"},
        {"{\"type\":\"send\"}", "target"},
        {"{\"type\":\"send\",\"target\":\"v2\"}", "target"},
        {"{\"type\":\"send\",\"target\":\"ko20\"}", "methargs"},
        {"{\"type\":\"send\",\"target\":\"ko20\",\"msg\":{\"methargs\":" BAD_CAPDATA "}}",
         "methargs"},
        {"{\"type\":\"send\",\"target\":\"ko20\",\"msg\":{\"methargs\":" CAPDATA
         ",\"result\":\"x\"}}",
         "result"},
        {"{\"type\":\"send\",\"target\":\"ko20\",\"msg\":{\"methargs\":" CAPDATA
         ",\"result\":\"ko20\"}}",
         "result"},
        {"{\"type\":\"notify\",\"kpid\":\"kp40\"}", "vatID"},
        {"{\"type\":\"notify\",\"vatID\":\"x2\",\"kpid\":\"kp40\"}", "vatID"},
        {"{\"type\":\"notify\",\"vatID\":\"v2\"}", "kpid"},
        {"{\"type\":\"notify\",\"vatID\":\"v2\",\"kpid\":\"ko40\"}", "kpid"},
        {"{\"type\":\"startVat\",\"vatID\":\"v2\"}", "vatParameters"},
        {"{\"type\":\"startVat\",\"vatID\":\"v2\",\"vatParameters\":" BAD_CAPDATA "}",
         "vatParameters"},
        {"{\"type\":\"create-vat\",\"vatID\":\"v2\",\"dynamicOptions\":{}}", "create-vat"},
        {"{\"type\":\"create-vat\",\"vatID\":\"v2\",\"source\":{},\"dynamicOptions\":[]}",
         "create-vat"},
        {"{\"type\":\"create-vat\",\"vatID\":\"v2\",\"source\":{},\"dynamicOptions\":{}}",
         "vatParameters"},
        {"{\"type\":\"upgrade-vat\",\"vatID\":\"v2\",\"bundleID\":\"b\",\"upgradeMessage\":\"\"}",
         "upgrade-vat"},
        {"{\"type\":\"upgrade-vat\",\"vatID\":\"v2\",\"upgradeID\":\"u\",\"upgradeMessage\":\"\"}",
         "upgrade-vat"},
        {"{\"type\":\"upgrade-vat\",\"vatID\":\"v2\",\"upgradeID\":\"u\",\"bundleID\":\"b\"}",
         "upgrade-vat"},
        {"{\"type\":\"changeVatOptions\",\"vatID\":\"v2\",\"options\":1}", "options"},
        {"{\"type\":\"dropExports\",\"vatID\":\"v2\"}", "krefs"},
        {"{\"type\":\"dropExports\",\"vatID\":\"v2\",\"krefs\":[\"ko20\",\"o+1\"]}", "krefs"},
        {"{\"type\":\"cleanup-terminated-vat\",\"vatID\":\"v2\"}", "never stands in a queue"},
    };
    vk_arena_init(&arena, vk_heap_system());
    for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
        struct vk_event event;
        cr_assert(parse(events[i].text, &event) == VK_ERR_CORRUPT, "%s", events[i].text);
        cr_assert(strstr(vk_err_origin()->text, events[i].part), "%s: %s", events[i].text,
                  vk_err_origin()->text);
    }
    vk_arena_release(&arena);
}
