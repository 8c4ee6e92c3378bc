/* capdata_test.c - marshalled values, in both directions. The expected results are those of
 * @agoric/kmarshal 0.2.0 over @endo/marshal 1.10.0 on Node 20. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "testing_heap.h"
#include <vk/capdata.h>

/* Slots are written as one text, with blanks between them. */
enum { SLOTS_MAX = 8 };

static struct vk_capdata capdata(const char *body, const char *slots,
                                 struct vk_str list[SLOTS_MAX]) {
    struct vk_capdata data = {.body = vk_str(body), .slots = list};
    for (const char *p = slots, *end; *slots && p; p = *end ? end + 1 : NULL) {
        end = strchr(p, ' ');
        if (!end) end = p + strlen(p);
        list[data.slot_count++] = (struct vk_str){p, (size_t)(end - p)};
    }
    return data;
}

static bool same(const struct vk_capdata *a, const struct vk_capdata *b) {
    if (!vk_str_eq(a->body, b->body) || a->slot_count != b->slot_count) return false;
    for (size_t i = 0; i < a->slot_count; i++)
        if (!vk_str_eq(a->slots[i], b->slots[i])) return false;
    return true;
}

static struct vk_value *decode(struct vk_arena *arena, const char *body, const char *slots) {
    struct vk_str list[SLOTS_MAX];
    struct vk_capdata data = capdata(body, slots, list);
    struct vk_value *value;
    bool legal;
    cr_assert(vk_capdata_decode(arena, &data, &legal, &value) == VK_OK);
    cr_assert(legal, "%s", body);
    return value;
}

static struct vk_capdata encode(struct vk_arena *arena, const struct vk_value *value) {
    struct vk_capdata data;
    cr_assert(vk_capdata_encode(arena, value, &data) == VK_OK);
    return data;
}

/* kser(kunser(body)) over the slots ko1 ko2 ko3 kp4: its body and slots, and what
 * extractSingleSlot() finds; or NULL where kunser() throws. */
static const struct {
    const char *body, *encoded, *slots, *single;
} bodies[] = {
    {"#null", "#null", "", NULL},
    {"#true", "#true", "", NULL},
    {"#0", "#0", "", NULL},
    {"#-0", "#0", "", NULL},
    {"#1.50", "#1.5", "", NULL},
    {"#1e400", "#\"#Infinity\"", "", NULL},
    {"#-1e400", "#\"#-Infinity\"", "", NULL},
    {"#[]", "#[]", "", NULL},
    {"#{}", "#{}", "", NULL},
    {"#\"foo\"", "#\"foo\"", "", NULL},
    {"#\"\"", "#\"\"", "", NULL},
    {"#[1,[2,{\"a\":[]}]]", "#[1,[2,{\"a\":[]}]]", "", NULL},
    {"#{\"b\":1,\"a\":2}", "#{\"a\":2,\"b\":1}", "", NULL},
    {"#{\"b\":1,\"a\":2,\"b\":3}", "#{\"a\":2,\"b\":3}", "", NULL},
    {"#{\"10\":1,\"9\":2,\"b\":3,\"a\":4,\"01\":5,\"4294967294\":6,\"4294967295\":7}",
     "#{\"9\":2,\"10\":1,\"4294967294\":6,\"01\":5,\"4294967295\":7,\"a\":4,\"b\":3}", "", NULL},
    {"#{\"\357\277\277\":1,\"\360\237\230\200\":2,\"\303\251\":3,\"z\":4}",
     "#{\"z\":4,\"\303\251\":3,\"\360\237\230\200\":2,\"\357\277\277\":1}", "", NULL},
    {" #null", NULL, NULL, NULL},
    {"#", NULL, NULL, NULL},
    {"", NULL, NULL, NULL},
    {"null", "#null", "", NULL},
    {"#null ", "#null", "", NULL},
    {"#\"!foo\"", "#\"foo\"", "", NULL},
    {"#\"!\"", "#\"\"", "", NULL},
    {"#\"!!\"", "#\"!!\"", "", NULL},
    {"#\"!$0\"", "#\"!$0\"", "", NULL},
    {"#\".\"", "#\".\"", "", NULL},
    {"#\" x\"", "#\" x\"", "", NULL},
    {"#\"\\\"\"", NULL, NULL, NULL},
    {"#\"'x\"", NULL, NULL, NULL},
    {"#\"(x\"", NULL, NULL, NULL},
    {"#\"*\"", NULL, NULL, NULL},
    {"#\",x\"", NULL, NULL, NULL},
    {"#\"a,b\"", "#\"a,b\"", "", NULL},
    {"#\"!\\u0000\\n\\\\\\\"\\u007f\303\251\"", "#\"\\u0000\\n\\\\\\\"\177\303\251\"", "", NULL},
    {"#\"~\"", "#\"~\"", "", NULL},
    {"#\"#undefined\"", "#\"#undefined\"", "", NULL},
    {"#\"#NaN\"", "#\"#NaN\"", "", NULL},
    {"#\"#Infinity\"", "#\"#Infinity\"", "", NULL},
    {"#\"#-Infinity\"", "#\"#-Infinity\"", "", NULL},
    {"#\"#foo\"", NULL, NULL, NULL},
    {"#\"#\"", NULL, NULL, NULL},
    {"#\"#nan\"", NULL, NULL, NULL},
    {"#\"+0\"", "#\"+0\"", "", NULL},
    {"#\"-0\"", "#\"+0\"", "", NULL},
    {"#\"+12\"", "#\"+12\"", "", NULL},
    {"#\"-12\"", "#\"-12\"", "", NULL},
    {"#\"+0012\"", "#\"+12\"", "", NULL},
    {"#\"-007\"", "#\"-7\"", "", NULL},
    {"#\"+\"", NULL, NULL, NULL},
    {"#\"-\"", NULL, NULL, NULL},
    {"#\"+0x10\"", NULL, NULL, NULL},
    {"#\"+5 \"", "#\"+5\"", "", NULL},
    {"#\"+ 5\"", NULL, NULL, NULL},
    {"#\"+1n\"", NULL, NULL, NULL},
    {"#\"-123456789012345678901234567890\"", "#\"-123456789012345678901234567890\"", "", NULL},
    {"#\"%foo\"", "#\"%foo\"", "", NULL},
    {"#\"%\"", "#\"%\"", "", NULL},
    {"#\"%@@iterator\"", "#\"%@@iterator\"", "", NULL},
    {"#\"%@@asyncIterator\"", "#\"%@@asyncIterator\"", "", NULL},
    {"#\"%@@foo\"", NULL, NULL, NULL},
    {"#\"%@@\"", NULL, NULL, NULL},
    {"#\"%@@@@foo\"", "#\"%@@@@foo\"", "", NULL},
    {"#\"%@@a\\nb\"", "#\"%@@@@a\\nb\"", "", NULL},
    {"#\"%@@prototype\"", NULL, NULL, NULL},
    {"#\"%@@dispose\"", "#\"%nodejs.dispose\"", "", NULL},
    {"#\"%@@asyncDispose\"", "#\"%nodejs.asyncDispose\"", "", NULL},
    {"#\"%@@iterator \"", NULL, NULL, NULL},
    {"#\"$0\"", "#\"$0.Alleged: undefined\"", "ko1", "ko1"},
    {"#\"$0.Alleged: foo\"", "#\"$0.Alleged: foo\"", "ko1", "ko1"},
    {"#\"$0.foo\"", "#\"$0.Alleged: foo\"", "ko1", "ko1"},
    {"#\"$0.Alleged: Alleged: x\"", "#\"$0.Alleged: Alleged: x\"", "ko1", "ko1"},
    {"#\"$0.\"", "#\"$0.Alleged: \"", "ko1", "ko1"},
    {"#\"$0.Remotable\"", "#\"$0.Alleged: Remotable\"", "ko1", "ko1"},
    {"#\"&3\"", "#\"&0\"", "kp4", "kp4"},
    {"#\"&3.Alleged: x\"", "#\"&0\"", "kp4", "kp4"},
    {"#\"$3\"", NULL, NULL, NULL},
    {"#\"&0\"", NULL, NULL, NULL},
    {"#\"$4\"", NULL, NULL, NULL},
    {"#\"$\"", "#\"$0.Alleged: undefined\"", "ko1", "ko1"},
    {"#\"$.x\"", "#\"$0.Alleged: x\"", "ko1", "ko1"},
    {"#\"$ 1 \"", "#\"$0.Alleged: undefined\"", "ko2", "ko2"},
    {"#\"$0x2\"", "#\"$0.Alleged: undefined\"", "ko3", "ko3"},
    {"#\"$1e0\"", "#\"$0.Alleged: undefined\"", "ko2", "ko2"},
    {"#\"$1.5\"", "#\"$0.Alleged: 5\"", "ko2", "ko2"},
    {"#\"$-0\"", "#\"$0.Alleged: undefined\"", "ko1", "ko1"},
    {"#\"$-1\"", NULL, NULL, NULL},
    {"#\"$+1\"", "#\"$0.Alleged: undefined\"", "ko2", "ko2"},
    {"#\"$NaN\"", NULL, NULL, NULL},
    {"#\"$x\"", NULL, NULL, NULL},
    {"#\"\\u00240\"", "#\"$0.Alleged: undefined\"", "ko1", "ko1"},
    {"#\"$0.\\u00e9\\\"\"", "#\"$0.Alleged: \303\251\\\"\"", "ko1", "ko1"},
    {"#\"$0.\303\251\"", "#\"$0.Alleged: \303\251\"", "ko1", "ko1"},
    {"#\"$0.a.b\"", "#\"$0.Alleged: a.b\"", "ko1", "ko1"},
    {"#\"$0.a\001\"", NULL, NULL, NULL},
    {"#\"$0\",\"$1\"", NULL, NULL, NULL},
    {"#[\"$0.Alleged: a\",\"$0.Alleged: b\",\"$1\",\"$0\",\"&3\",\"&3\"]",
     "#[\"$0.Alleged: a\",\"$0\",\"$1.Alleged: undefined\",\"$0\",\"&2\",\"&2\"]", "ko1 ko2 kp4",
     NULL},
    {"#[\"$1\",\"$0\"]", "#[\"$0.Alleged: undefined\",\"$1.Alleged: undefined\"]", "ko2 ko1", NULL},
    {"#{\"b\":\"$0\",\"a\":\"$1\"}",
     "#{\"a\":\"$0.Alleged: undefined\",\"b\":\"$1.Alleged: undefined\"}", "ko2 ko1", NULL},
    {"#{\"9\":\"$0\",\"10\":\"$1\"}",
     "#{\"9\":\"$1.Alleged: undefined\",\"10\":\"$0.Alleged: undefined\"}", "ko2 ko1", NULL},
    {"#{\"#tag\":\"x\",\"payload\":1}", "#{\"#tag\":\"x\",\"payload\":1}", "", NULL},
    {"#{\"payload\":[\"$0\"],\"#tag\":\"!#x\"}",
     "#{\"#tag\":\"!#x\",\"payload\":[\"$0.Alleged: undefined\"]}", "ko1", NULL},
    {"#{\"#tag\":\"x\"}", NULL, NULL, NULL},
    {"#{\"#tag\":5,\"payload\":1}", NULL, NULL, NULL},
    {"#{\"#tag\":\"%x\",\"payload\":1}", NULL, NULL, NULL},
    {"#{\"#tag\":\"x\",\"payload\":1,\"y\":2}", NULL, NULL, NULL},
    {"#{\"#tag\":\"#undefined\",\"payload\":1}", NULL, NULL, NULL},
    {"#{\"#tag\":\"x\",\"payload\":\"#undefined\"}", "#{\"#tag\":\"x\",\"payload\":\"#undefined\"}",
     "", NULL},
    {"#{\"#error\":\"msg\",\"name\":\"TypeError\"}", "#{\"#error\":\"msg\",\"name\":\"TypeError\"}",
     "", NULL},
    {"#{\"name\":\"FooError\",\"#error\":\"msg\"}", "#{\"#error\":\"msg\",\"name\":\"Error\"}", "",
     NULL},
    {"#{\"#error\":\"!#m\",\"name\":\"!Error\"}", "#{\"#error\":\"!#m\",\"name\":\"Error\"}", "",
     NULL},
    {"#{\"#error\":\"m\",\"name\":\"Error\",\"errorId\":\"error:x#1\"}",
     "#{\"#error\":\"m\",\"name\":\"Error\"}", "", NULL},
    {"#{\"#error\":\"m\"}", NULL, NULL, NULL},
    {"#{\"#error\":5,\"name\":\"Error\"}", NULL, NULL, NULL},
    {"#{\"#error\":\"m\",\"name\":\"#undefined\"}", NULL, NULL, NULL},
    {"#{\"#error\":\"m\",\"name\":\"Error\",\"message\":\"x\"}", NULL, NULL, NULL},
    {"#{\"#error\":\"m\",\"name\":\"Error\",\"foo\":\"$0.Alleged: z\",\"#bar\":1}",
     "#{\"#error\":\"m\",\"name\":\"Error\"}", "", NULL},
    {"#{\"#error\":\"m\",\"name\":\"Error\",\"foo\":\"#bar\"}", NULL, NULL, NULL},
    {"#{\"#error\":\"m\",\"name\":\"AggregateError\",\"errors\":[{\"#error\":\"n\",\"name\":\"URIError\"}]}",
     "#{\"#error\":\"m\",\"name\":\"AggregateError\"}", "", NULL},
    {"#{\"#error\":\"m\",\"name\":\"AggregateError\",\"errors\":5}", NULL, NULL, NULL},
    {"#{\"#error\":\"m\",\"name\":\"Error\",\"errors\":5}",
     "#{\"#error\":\"m\",\"name\":\"Error\"}", "", NULL},
    {"#{\"#error\":\"m\",\"name\":\"AggregateError\",\"errors\":\"+0\"}",
     "#{\"#error\":\"m\",\"name\":\"AggregateError\"}", "", NULL},
    {"#{\"#error\":\"m\",\"name\":\"AggregateError\",\"errors\":{}}", NULL, NULL, NULL},
    {"#{\"#error\":\"m\",\"name\":\"AggregateError\",\"errors\":\"#NaN\"}",
     "#{\"#error\":\"m\",\"name\":\"AggregateError\"}", "", NULL},
    {"#{\"#error\":\"m\",\"name\":\"AggregateError\",\"errors\":\"#Infinity\"}", NULL, NULL, NULL},
    {"#{\"#error\":\"m\",\"name\":\"AggregateError\",\"errors\":\"+1\"}", NULL, NULL, NULL},
    {"#{\"#error\":\"m\",\"name\":\"AggregateError\",\"errors\":\"!\"}",
     "#{\"#error\":\"m\",\"name\":\"AggregateError\"}", "", NULL},
    {"#{\"#error\":\"m\",\"name\":\"AggregateError\",\"errors\":\"#undefined\"}",
     "#{\"#error\":\"m\",\"name\":\"AggregateError\"}", "", NULL},
    {"#{\"#error\":\"m\",\"name\":\"AggregateError\",\"errors\":true}", NULL, NULL, NULL},
    {"#{\"#error\":\"m\",\"name\":\"AggregateError\",\"errors\":\"%x\"}", NULL, NULL, NULL},
    {"#{\"#error\":\"m\",\"name\":\"AggregateError\",\"errors\":\"$0\"}", NULL, NULL, NULL},
    {"#{\"#error\":\"m\",\"name\":\"AggregateError\",\"errors\":{\"#tag\":\"x\",\"payload\":1}}",
     NULL, NULL, NULL},
    {"#{\"#error\":\"m\",\"name\":\"AggregateError\",\"errors\":{\"#error\":\"n\",\"name\":\"Error\"}}",
     NULL, NULL, NULL},
    {"#{\"#error\":\"m\",\"name\":\"Error\",\"cause\":\"$9\"}", NULL, NULL, NULL},
    {"#{\"#error\":\"m\",\"name\":\"Error\",\"errorId\":\"$9\"}", NULL, NULL, NULL},
    {"#{\"#error\":\"m\",\"name\":\"Error\",\"errors\":\"$9\"}", NULL, NULL, NULL},
    {"#{\"#error\":\"m\",\"name\":\"Error\",\"errorId\":\"%x\"}", NULL, NULL, NULL},
    {"#{\"#error\":\"m\",\"name\":\"Error\",\"errorId\":{\"toString\":1}}", NULL, NULL, NULL},
    {"#{\"#error\":\"m\",\"name\":\"Error\",\"errorId\":[1,[\"%x\"]]}", NULL, NULL, NULL},
    {"#{\"#error\":\"m\",\"name\":\"Error\",\"errorId\":[\"a\",[\"b\"],5]}",
     "#{\"#error\":\"m\",\"name\":\"Error\"}", "", NULL},
    {"#{\"#error\":\"m\",\"name\":\"Error\",\"errorId\":\"\",\"cause\":null,\"errors\":false}",
     "#{\"#error\":\"m\",\"name\":\"Error\"}", "", NULL},
    {"#{\"#error\":\"m\",\"name\":\"Error\",\"stack\":\"s\"}",
     "#{\"#error\":\"m\",\"name\":\"Error\"}", "", NULL},
    {"#[{\"#error\":\"m\",\"name\":\"Error\",\"x\":\"$0.Alleged: z\"},\"$0\"]",
     "#[{\"#error\":\"m\",\"name\":\"Error\"},\"$0.Alleged: z\"]", "ko1", NULL},
    {"#{\"!#x\":1,\"!a\":2,\"!\":3}", "#{\"\":3,\"!#x\":1,\"a\":2}", "", NULL},
    {"#{\"#x\":1}", NULL, NULL, NULL},
    {"#{\"%x\":1}", NULL, NULL, NULL},
    {"#{\"$0\":1}", NULL, NULL, NULL},
    {"#{\"+1\":1}", NULL, NULL, NULL},
    {"#{\"(\":1}", NULL, NULL, NULL},
    {"#{\"!a\":1,\"a\":2}", "#{\"a\":2}", "", NULL},
    {"#{\"!2\":1,\"!1\":2,\"x\":3}", "#{\"1\":2,\"2\":1,\"x\":3}", "", NULL},
    {"#{\"__proto__\":1}", "#{\"__proto__\":1}", "", NULL},
    {"#{\"__proto__\":{\"a\":1},\"toString\":2,\"constructor\":3}",
     "#{\"__proto__\":{\"a\":1},\"constructor\":3,\"toString\":2}", "", NULL},
    {"#{\"@qclass\":\"slot\"}", "#{\"@qclass\":\"slot\"}", "", NULL},
    {"#{\"then\":1,\"toJSON\":2}", "#{\"then\":1,\"toJSON\":2}", "", NULL},
    {"#[1,]", NULL, NULL, NULL},
    {"#{\"a\"}", NULL, NULL, NULL},
    {"#nul", NULL, NULL, NULL},
    {"#\"x", NULL, NULL, NULL},
    {"#1 2", NULL, NULL, NULL},
    {"#\"$0\"x", NULL, NULL, NULL},
    {"#'x'", NULL, NULL, NULL},
    {"true", "#true", "", NULL},
    {"-0", "#0", "", NULL},
    {"1.0", "#1", "", NULL},
    {"\"$0\"", "#\"!$0\"", "", NULL},
    {"\"#foo\"", "#\"!#foo\"", "", NULL},
    {"[\"a\",{\"b\":\"!c\"}]", "#[\"a\",{\"b\":\"!!c\"}]", "", NULL},
    {"{\"10\":1,\"9\":2,\"a\":{\"b\":\"+1\"}}", "#{\"9\":2,\"10\":1,\"a\":{\"b\":\"!+1\"}}", "",
     NULL},
    {"{\"@qclass\":\"undefined\"}", "#\"#undefined\"", "", NULL},
    {"{\"@qclass\":\"NaN\"}", "#\"#NaN\"", "", NULL},
    {"{\"@qclass\":\"Infinity\"}", "#\"#Infinity\"", "", NULL},
    {"{\"@qclass\":\"-Infinity\"}", "#\"#-Infinity\"", "", NULL},
    {"{\"@qclass\":\"foo\"}", NULL, NULL, NULL},
    {"{\"@qclass\":\"ibid\",\"index\":0}", NULL, NULL, NULL},
    {"{\"@qclass\":5}", NULL, NULL, NULL},
    {"{\"@qclass\":null}", NULL, NULL, NULL},
    {"{\"@qclass\":\"bigint\",\"digits\":\"123\"}", "#\"+123\"", "", NULL},
    {"{\"@qclass\":\"bigint\",\"digits\":\"-0\"}", "#\"+0\"", "", NULL},
    {"{\"@qclass\":\"bigint\",\"digits\":\"\"}", "#\"+0\"", "", NULL},
    {"{\"@qclass\":\"bigint\",\"digits\":\" 0x1F \"}", "#\"+31\"", "", NULL},
    {"{\"@qclass\":\"bigint\",\"digits\":\"0b101\"}", "#\"+5\"", "", NULL},
    {"{\"@qclass\":\"bigint\",\"digits\":\"0o17\"}", "#\"+15\"", "", NULL},
    {"{\"@qclass\":\"bigint\",\"digits\":\"-0x1\"}", NULL, NULL, NULL},
    {"{\"@qclass\":\"bigint\",\"digits\":\"1_0\"}", NULL, NULL, NULL},
    {"{\"@qclass\":\"bigint\",\"digits\":5}", NULL, NULL, NULL},
    {"{\"@qclass\":\"bigint\",\"digits\":\"0xffffffffffffffffffffffffffffffff\"}",
     "#\"+340282366920938463463374607431768211455\"", "", NULL},
    {"{\"@qclass\":\"bigint\",\"digits\":\"\302\240-00120\342\200\250\"}", "#\"-120\"", "", NULL},
    {"{\"@qclass\":\"bigint\",\"digits\":\"\341\240\2161\"}", NULL, NULL, NULL},
    {"{\"@qclass\":\"symbol\",\"name\":\"x\"}", "#\"%x\"", "", NULL},
    {"{\"@qclass\":\"symbol\",\"name\":\"@@hasInstance\"}", "#\"%@@hasInstance\"", "", NULL},
    {"{\"@qclass\":\"symbol\",\"name\":\"@@x\"}", NULL, NULL, NULL},
    {"{\"@qclass\":\"symbol\"}", NULL, NULL, NULL},
    {"{\"@qclass\":\"@@asyncIterator\"}", "#\"%@@asyncIterator\"", "", NULL},
    {"{\"@qclass\":\"tagged\",\"tag\":\"x\",\"payload\":{\"@qclass\":\"undefined\"}}",
     "#{\"#tag\":\"x\",\"payload\":\"#undefined\"}", "", NULL},
    {"{\"@qclass\":\"tagged\",\"tag\":\"x\"}", "#{\"#tag\":\"x\",\"payload\":\"#undefined\"}", "",
     NULL},
    {"{\"@qclass\":\"tagged\",\"tag\":\"#x\",\"payload\":1,\"extra\":2}",
     "#{\"#tag\":\"!#x\",\"payload\":1}", "", NULL},
    {"{\"@qclass\":\"tagged\",\"tag\":5,\"payload\":1}", NULL, NULL, NULL},
    {"{\"@qclass\":\"slot\",\"index\":0}", "#\"$0.Alleged: undefined\"", "ko1", "ko1"},
    {"{\"@qclass\":\"slot\",\"iface\":\"Alleged: foo\",\"index\":0}", "#\"$0.Alleged: foo\"", "ko1",
     "ko1"},
    {"{\"@qclass\":\"slot\",\"iface\":\"foo\",\"index\":0}", "#\"$0.Alleged: foo\"", "ko1", "ko1"},
    {"{\"@qclass\":\"slot\",\"index\":3}", "#\"&0\"", "kp4", "kp4"},
    {"{\"@qclass\":\"slot\",\"index\":4}", NULL, NULL, NULL},
    {"{\"@qclass\":\"slot\",\"index\":-0}", "#\"$0.Alleged: undefined\"", "ko1", "ko1"},
    {"{\"@qclass\":\"slot\",\"index\":1.5}", NULL, NULL, NULL},
    {"{\"@qclass\":\"slot\",\"index\":\"0\"}", NULL, NULL, NULL},
    {"{\"@qclass\":\"slot\",\"index\":null}", NULL, NULL, NULL},
    {"{\"@qclass\":\"slot\"}", NULL, NULL, NULL},
    {"{\"@qclass\":\"slot\",\"index\":0,\"x\":1}", NULL, NULL, NULL},
    {"{\"@qclass\":\"slot\",\"iface\":null,\"index\":0}", "#\"$0.Alleged: null\"", "ko1", "ko1"},
    {"{\"@qclass\":\"slot\",\"iface\":false,\"index\":0}", "#\"$0.Alleged: false\"", "ko1", "ko1"},
    {"{\"@qclass\":\"slot\",\"iface\":0,\"index\":0}", "#\"$0.Alleged: 0\"", "ko1", "ko1"},
    {"{\"@qclass\":\"slot\",\"iface\":\"\",\"index\":0}", "#\"$0.Alleged: \"", "ko1", "ko1"},
    {"{\"@qclass\":\"slot\",\"iface\":true,\"index\":0}", NULL, NULL, NULL},
    {"{\"@qclass\":\"slot\",\"iface\":5,\"index\":3}", NULL, NULL, NULL},
    {"{\"@qclass\":\"slot\",\"iface\":[],\"index\":0}", NULL, NULL, NULL},
    {"[{\"@qclass\":\"slot\",\"index\":0},{\"@qclass\":\"slot\",\"iface\":5,\"index\":0}]",
     "#[\"$0.Alleged: undefined\",\"$0\"]", "ko1", NULL},
    {"[{\"@qclass\":\"slot\",\"index\":9007199254740993}]", NULL, NULL, NULL},
    {"{\"@qclass\":\"error\",\"message\":\"m\",\"name\":\"RangeError\"}",
     "#{\"#error\":\"m\",\"name\":\"RangeError\"}", "", NULL},
    {"{\"@qclass\":\"error\",\"message\":\"#m\",\"name\":\"x\",\"errorId\":\"e\"}",
     "#{\"#error\":\"!#m\",\"name\":\"Error\"}", "", NULL},
    {"{\"@qclass\":\"error\",\"message\":\"m\"}", NULL, NULL, NULL},
    {"{\"@qclass\":\"error\",\"message\":5,\"name\":\"x\"}", NULL, NULL, NULL},
    {"{\"@qclass\":\"error\",\"message\":\"m\",\"name\":\"Error\",\"cause\":{\"@qclass\":\"slot\",\"index\":7}}",
     NULL, NULL, NULL},
    {"{\"@qclass\":\"error\",\"message\":\"m\",\"name\":\"Error\",\"#error\":1}",
     "#{\"#error\":\"m\",\"name\":\"Error\"}", "", NULL},
    {"{\"@qclass\":\"error\",\"message\":\"m\",\"name\":\"AggregateError\",\"errors\":true}", NULL,
     NULL, NULL},
    {"{\"@qclass\":\"hilbert\",\"original\":1}", "#{\"@qclass\":1}", "", NULL},
    {"{\"@qclass\":\"hilbert\",\"original\":\"x\",\"rest\":{\"b\":1,\"2\":3,\"1\":4}}",
     "#{\"1\":4,\"2\":3,\"@qclass\":\"x\",\"b\":1}", "", NULL},
    {"{\"@qclass\":\"hilbert\"}", NULL, NULL, NULL},
    {"{\"@qclass\":\"hilbert\",\"original\":1,\"rest\":{}}", NULL, NULL, NULL},
    {"{\"@qclass\":\"hilbert\",\"original\":1,\"rest\":[]}", NULL, NULL, NULL},
    {"{\"@qclass\":\"hilbert\",\"original\":1,\"rest\":null}", NULL, NULL, NULL},
    {"{\"@qclass\":\"hilbert\",\"original\":1,\"rest\":{\"@qclass\":\"NaN\"}}", "#{\"@qclass\":1}",
     "", NULL},
    {"{\"@qclass\":\"hilbert\",\"original\":1,\"rest\":{\"@qclass\":\"undefined\"}}", NULL, NULL,
     NULL},
    {"{\"@qclass\":\"hilbert\",\"original\":1,\"rest\":{\"@qclass\":\"slot\",\"index\":0}}", NULL,
     NULL, NULL},
    {"{\"@qclass\":\"hilbert\",\"original\":1,\"rest\":{\"@qclass\":\"hilbert\",\"original\":2}}",
     NULL, NULL, NULL},
    {"{\"@qclass\":\"error\",\"message\":\"m\",\"name\":\"Error\",\"x\":{\"@qclass\":\"hilbert\",\"original\":1,\"rest\":[]}}",
     "#{\"#error\":\"m\",\"name\":\"Error\"}", "", NULL},
    {"{\"@qclass\":\"error\",\"message\":\"m\",\"name\":\"Error\",\"errors\":[{\"@qclass\":\"hilbert\",\"original\":1,\"rest\":[]}]}",
     NULL, NULL, NULL},
    {"{\"@qclass\":\"tagged\",\"tag\":\"x\",\"payload\":{\"@qclass\":\"hilbert\",\"original\":1,\"rest\":[]}}",
     NULL, NULL, NULL},
};

Test(capdata, is_decoded_and_encoded_as_kmarshal_does) {
    struct vk_arena arena;
    struct vk_str list[SLOTS_MAX], expected_list[SLOTS_MAX];
    vk_arena_init(&arena, vk_heap_system());
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct vk_capdata data = capdata(bodies[i].body, "ko1 ko2 ko3 kp4", list);
        struct vk_value *value;
        bool legal;
        cr_assert(vk_capdata_decode(&arena, &data, &legal, &value) == VK_OK);
        cr_assert(legal == (bodies[i].encoded != NULL), "%s", bodies[i].body);
        cr_assert(legal == (value != NULL));
        if (!legal) continue;
        struct vk_capdata got = encode(&arena, value);
        struct vk_capdata expected = capdata(bodies[i].encoded, bodies[i].slots, expected_list);
        cr_assert(same(&got, &expected), "%s gives %.*s", bodies[i].body, VK_STR_ARG(got.body));
    }
    vk_arena_release(&arena);
}

Test(capdata, single_slot_is_found_as_extract_single_slot_does) {
    struct vk_arena arena;
    struct vk_str list[SLOTS_MAX];
    vk_arena_init(&arena, vk_heap_system());
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct vk_capdata data = capdata(bodies[i].body, "ko1 ko2 ko3 kp4", list);
        struct vk_str slot;
        bool legal;
        cr_assert(vk_capdata_single_slot(&arena, &data, &legal, &slot) == VK_OK);
        cr_assert(legal == (bodies[i].encoded != NULL), "%s", bodies[i].body);
        cr_assert(vk_str_present(slot) == (bodies[i].single != NULL), "%s", bodies[i].body);
        cr_assert(vk_str_eq(slot, vk_str(bodies[i].single)), "%s", bodies[i].body);
    }
    vk_arena_release(&arena);
}

/* Which krefs are promises: body, its slots, and both again after decoding and encoding. */
static const char *const krefs[][4] = {
    {"#[\"$0\",\"&1\"]", "o+1 p-2", "#[\"$0.Alleged: undefined\",\"&1\"]", "o+1 p-2"},
    {"#[\"&0\",\"&1\",\"$2\",\"$3\"]", "kp1 kp1 ko5 ko5",
     "#[\"&0\",\"&1\",\"$2.Alleged: undefined\",\"$3.Alleged: undefined\"]", "kp1 kp1 ko5 ko5"},
    {"#[\"&0\",\"&1\",\"$2\",\"$3\"]", "rp1 lp2 lo3 ro4",
     "#[\"&0\",\"&1\",\"$2.Alleged: undefined\",\"$3.Alleged: undefined\"]", "rp1 lp2 lo3 ro4"},
    {"#[\"$0\",\"$1\",\"$2\",\"$3\"]", "d-1 kd2 k ",
     "#[\"$0.Alleged: undefined\",\"$1.Alleged: undefined\",\"$2.Alleged: undefined\",\"$3.Alleged: undefined\"]",
     "d-1 kd2 k "},
    {"#[\"&0\",\"&1\",\"&2\",\"&3\"]", "pass kpx p rpx", "#[\"&0\",\"&1\",\"&2\",\"&3\"]",
     "pass kpx p rpx"},
};

Test(capdata, kref_says_what_is_a_promise) {
    struct vk_arena arena;
    struct vk_str list[SLOTS_MAX];
    vk_arena_init(&arena, vk_heap_system());
    for (size_t i = 0; i < sizeof krefs / sizeof *krefs; i++) {
        struct vk_capdata got = encode(&arena, decode(&arena, krefs[i][0], krefs[i][1]));
        struct vk_capdata expected = capdata(krefs[i][2], krefs[i][3], list);
        cr_assert(same(&got, &expected), "%s gives %.*s", krefs[i][1], VK_STR_ARG(got.body));
    }
    vk_arena_release(&arena);
}

/* extractMethod() */
static const char *const methods[][2] = {
    {"#[\"foo\",[]]", "foo"},
    {"#[\"%foo\",[]]", "[foo]"},
    {"#[\"%@@asyncIterator\",[]]", "[@@asyncIterator]"},
    {"#[\"#undefined\",[]]", "<funcall>"},
    {"#[\"#NaN\",[]]", "<unintelligible method>"},
    {"#[\"!-x\",[]]", "-x"},
    {"#[\"+1\",[]]", "<unintelligible method>"},
    {"#[\"-1\",[]]", "<unintelligible method>"},
    {"#[\"$0\",[]]", "<unintelligible method>"},
    {"#[\"&0\",[]]", "<unintelligible method>"},
    {"#[\"(x\",[]]", "(x"},
    {"#[\"\",[]]", ""},
    {"#[null]", "<unintelligible method>"},
    {"#[{}]", "<unintelligible method>"},
    {"#[[]]", "<unintelligible method>"},
    {"#[5]", "<unintelligible method>"},
    {"#[true]", "<unintelligible method>"},
    {"#[]", "<funcall>"},
    {"#{}", "<funcall>"},
    {"#5", "<funcall>"},
    {"#null", "<unknown>"},
    {"#\"%x\"", "[]"},
    {"#\"\360\237\230\200\"", "\357\277\275"},
    {"#x", "<unknown>"},
    {"", "<unknown>"},
    {"[\"foo\"]", "foo"},
    {"[\"%foo\"]", "%foo"},
    {"[{\"@qclass\":\"undefined\"}]", "<funcall>"},
    {"[{\"@qclass\":\"symbol\",\"name\":\"foo\"}]", "[foo]"},
    {"[{\"@qclass\":\"symbol\",\"name\":\"@@iterator\"}]", "[@@iterator]"},
    {"[{\"@qclass\":\"symbol\"}]", "[undefined]"},
    {"[{\"@qclass\":\"symbol\",\"name\":[1,null,[\"x\",{}],true]}]", "[1,,x,[object Object],true]"},
    {"[{\"@qclass\":\"symbol\",\"name\":{\"toString\":1}}]", "<unintelligible method>"},
    {"[{\"@qclass\":\"symbol\",\"name\":1e400}]", "[Infinity]"},
    {"[{\"@qclass\":\"symbol\",\"name\":-1e400}]", "[-Infinity]"},
    {"[{\"@qclass\":\"symbol\",\"name\":[false,[{\"toString\":1}]]}]", "<unintelligible method>"},
    {"[{\"@qclass\":\"symbol\",\"name\":false}]", "[false]"},
    {"#\"\"", "<funcall>"},
    {"[{\"@qclass\":\"@@asyncIterator\"}]", "[Symbol.asyncIterator]"},
    {"[{\"@qclass\":\"bigint\",\"digits\":\"1\"}]", "<invalid method type>"},
    {"[[]]", "<invalid method type>"},
    {"[null]", "<unintelligible method>"},
    {"[5]", "<unintelligible method>"},
    {"null", "<unknown>"},
    {"{\"0\":\"x\"}", "x"},
};

Test(capdata, method_is_printed_as_extract_method_does) {
    struct vk_arena arena;
    vk_arena_init(&arena, vk_heap_system());
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        struct vk_capdata data = {.body = vk_str(methods[i][0])};
        struct vk_str got;
        cr_assert(vk_capdata_method(&arena, &data, &got) == VK_OK);
        cr_assert(vk_str_eq(got, vk_str(methods[i][1])), "%s gives %.*s", methods[i][0],
                  VK_STR_ARG(got));
    }
    vk_arena_release(&arena);
}

Test(capdata, identity_follows_the_slot_index) {
    struct vk_arena arena;
    vk_arena_init(&arena, vk_heap_system());
    struct vk_value *list = decode(&arena, "#[\"$0\",\"$1\",\"$0\",\"&2\",\"&2\"]", "ko7 ko7 kp7");
    const void *first = vk_value_at(list, 0)->identity;
    cr_assert(first != NULL);
    cr_assert(vk_value_at(list, 2)->identity == first);
    cr_assert(vk_value_at(list, 1)->identity != first, "equal krefs, two slots");
    cr_assert(vk_value_at(list, 3)->identity == vk_value_at(list, 4)->identity);
    cr_assert(vk_value_at(list, 3)->is_promise && !vk_value_at(list, 0)->is_promise);
    vk_arena_release(&arena);
}

Test(capdata, decoded_values_have_their_parts) {
    struct vk_arena arena;
    vk_arena_init(&arena, vk_heap_system());
    struct vk_value *value =
        decode(&arena,
               "#{\"n\":1.50,\"inf\":\"#Infinity\",\"big\":\"-0012\",\"s\":\"!#s\",\"y\":\"%sym\","
               "\"e\":{\"#error\":\"!!m\",\"name\":\"TypeError\"},\"u\":\"#undefined\",\"t\":true,"
               "\"g\":{\"#tag\":\"tag\",\"payload\":[]},\"o\":\"$0.Alleged: x\",\"l\":[1,2,3]}",
               "ko1");
    cr_assert(value->type == VK_VALUE_RECORD && value->count == 11);
    cr_assert(vk_str_eq(vk_value_get(value, "n")->text, VK_STR("1.5")));
    cr_assert(vk_str_eq(vk_value_get(value, "inf")->text, VK_STR("Infinity")));
    cr_assert(vk_str_eq(vk_value_get(value, "big")->text, VK_STR("-12")));
    cr_assert(vk_str_eq(vk_value_get(value, "s")->text, VK_STR("#s")));
    cr_assert(vk_str_eq(vk_value_get(value, "y")->text, VK_STR("sym")));
    cr_assert(vk_str_eq(vk_value_get(value, "e")->text, VK_STR("!m")));
    cr_assert(vk_str_eq(vk_value_get(value, "e")->name, VK_STR("TypeError")));
    cr_assert(vk_value_get(value, "u")->type == VK_VALUE_UNDEFINED);
    cr_assert(vk_value_get(value, "t")->truth);
    cr_assert(vk_value_get(value, "g")->first->type == VK_VALUE_ARRAY);
    cr_assert(vk_str_eq(vk_value_get(value, "o")->name, VK_STR("Alleged: x")));
    cr_assert(vk_str_eq(vk_value_get(value, "o")->text, VK_STR("ko1")));
    cr_assert(vk_str_eq(vk_value_at(vk_value_get(value, "l"), 2)->text, VK_STR("3")));
    cr_assert(vk_value_at(vk_value_get(value, "l"), 3) == NULL);
    cr_assert(vk_value_get(value, "none") == NULL && vk_value_at(value, 0) == NULL);
    vk_arena_release(&arena);
}

static struct vk_value *text(struct vk_arena *arena, enum vk_value_type type, const char *content) {
    struct vk_value *value;
    cr_assert(vk_value_text(arena, type, vk_str(content), &value) == VK_OK);
    return value;
}

Test(capdata, built_values_are_encoded) {
    struct vk_arena arena;
    struct vk_value *list, *record, *slot, *promise;
    vk_arena_init(&arena, vk_heap_system());
    cr_assert(vk_value_new(&arena, VK_VALUE_ARRAY, &list) == VK_OK);
    cr_assert(vk_value_new(&arena, VK_VALUE_RECORD, &record) == VK_OK);
    cr_assert(vk_value_kslot(&arena, VK_STR("ko5"), &slot) == VK_OK);
    cr_assert(vk_value_kslot(&arena, VK_STR("kp6"), &promise) == VK_OK);
    struct vk_value again = *slot;
    vk_value_append(list, VK_STR_NONE, text(&arena, VK_VALUE_STRING, "-x"));
    vk_value_append(list, VK_STR_NONE, slot);
    vk_value_append(record, VK_STR("z"), text(&arena, VK_VALUE_BIGINT, "3"));
    vk_value_append(record, VK_STR("a"), promise);
    vk_value_append(record, VK_STR("#m"), text(&arena, VK_VALUE_NUMBER, "NaN"));
    vk_value_append(list, VK_STR_NONE, record);
    vk_value_append(list, VK_STR_NONE, &again);
    struct vk_value *nameless = text(&arena, VK_VALUE_SLOT, "ko7");
    struct vk_value *named = text(&arena, VK_VALUE_SLOT, "ko7");
    named->name = VK_STR("x");
    vk_value_append(list, VK_STR_NONE, nameless);
    vk_value_append(list, VK_STR_NONE, named);
    struct vk_capdata got = encode(&arena, list);
    cr_assert(vk_str_eq(got.body, VK_STR("#[\"!-x\",\"$0.Alleged: undefined\",{\"!#m\":\"#NaN\","
                                         "\"a\":\"&1\",\"z\":\"+3\"},\"$0\","
                                         "\"$2.Alleged: undefined\",\"$3.Alleged: x\"]")),
              "%.*s", VK_STR_ARG(got.body));
    cr_assert(got.slot_count == 4 && vk_str_eq(got.slots[1], VK_STR("kp6")));
    cr_assert(vk_str_eq(got.slots[3], VK_STR("ko7")), "two values without identity are two");
    vk_arena_release(&arena);
}

Test(capdata, make_error_is_an_error_with_that_message) {
    struct vk_arena arena;
    struct vk_capdata got;
    vk_arena_init(&arena, vk_heap_system());
    cr_assert(vk_capdata_error(&arena, VK_STR("vat \"x\" gone"), &got) == VK_OK);
    cr_assert(
        vk_str_eq(got.body, VK_STR("#{\"#error\":\"vat \\\"x\\\" gone\",\"name\":\"Error\"}")));
    cr_assert(got.slot_count == 0);
    cr_assert(vk_capdata_error(&arena, VK_STR("!"), &got) == VK_OK);
    cr_assert(vk_str_eq(got.body, VK_STR("#{\"#error\":\"!!\",\"name\":\"Error\"}")));
    vk_arena_release(&arena);
}

/* Each slot twice: the table of identities grows many times over, and answers for all of them. */
Test(capdata, many_slots_keep_their_numbers) {
    enum { COUNT = 5000 };
    struct vk_arena arena;
    struct vk_value *list;
    vk_arena_init(&arena, vk_heap_system());
    cr_assert(vk_value_new(&arena, VK_VALUE_ARRAY, &list) == VK_OK);
    struct vk_buf expected;
    vk_buf_init(&expected, &arena);
    vk_buf_lit(&expected, "#[");
    for (unsigned i = 0; i < COUNT; i++) {
        struct vk_value *slot, *again;
        struct vk_str kref;
        cr_assert(vk_arena_format(&arena, &kref, "kp%u", i) == VK_OK);
        cr_assert(vk_value_kslot(&arena, kref, &slot) == VK_OK);
        cr_assert(VK_NEW(&arena, &again) == VK_OK);
        *again = *slot;
        vk_value_append(list, VK_STR_NONE, slot);
        vk_value_append(list, VK_STR_NONE, again);
        struct vk_str pair;
        cr_assert(vk_arena_format(&arena, &pair, "%s\"&%u\",\"&%u\"", i ? "," : "", i, i) == VK_OK);
        vk_buf_add(&expected, pair);
    }
    vk_buf_char(&expected, ']');
    struct vk_str body;
    cr_assert(vk_buf_finish(&expected, &body) == VK_OK);
    struct vk_capdata got = encode(&arena, list);
    cr_assert(vk_str_eq(got.body, body));
    cr_assert(got.slot_count == COUNT && vk_str_eq(got.slots[COUNT - 1], VK_STR("kp4999")));
    vk_arena_release(&arena);
}

Test(capdata, is_written_and_read_as_json) {
    static const char *const refused[] = {
        "null",
        "5",
        "[]",
        "\"x\"",
        "{}",
        "{\"body\":\"x\"}",
        "{\"slots\":[]}",
        "{\"body\":5,\"slots\":[]}",
        "{\"body\":\"x\",\"slots\":{}}",
        "{\"body\":\"x\",\"slots\":\"\"}",
        "{\"body\":\"x\",\"slots\":[\"a\",5]}",
        "{\"body\":null,\"slots\":[]}",
    };
    static const char text[] = "{\"body\":\"#\\\"$0\\\"\",\"slots\":[\"ko1\",\"kp2\"]}";
    struct vk_arena arena;
    const struct vk_json *json;
    struct vk_capdata data;
    struct vk_buf buf;
    struct vk_str out;
    bool legal;
    vk_arena_init(&arena, vk_heap_system());
    cr_assert(vk_json_parse(&arena, vk_str(text), &json) == VK_OK);
    cr_assert(vk_capdata_read(&arena, json, &legal, &data) == VK_OK && legal);
    cr_assert(vk_str_eq(data.body, VK_STR("#\"$0\"")) && data.slot_count == 2);
    vk_buf_init(&buf, &arena);
    vk_capdata_write(&buf, &data);
    cr_assert(vk_buf_finish(&buf, &out) == VK_OK && vk_str_eq(out, vk_str(text)));
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        cr_assert(vk_json_parse(&arena, vk_str(refused[i]), &json) == VK_OK);
        cr_assert(vk_capdata_read(&arena, json, &legal, &data) == VK_OK);
        cr_assert(!legal, "%s", refused[i]);
    }
    cr_assert(vk_capdata_read(&arena, NULL, &legal, &data) == VK_OK && !legal);
    vk_arena_release(&arena);
}

Test(capdata, values_too_deep_to_encode_are_refused) {
    struct vk_arena arena;
    struct vk_capdata data;
    vk_arena_init(&arena, vk_heap_system());
    struct vk_value *inner = text(&arena, VK_VALUE_STRING, "x");
    for (int i = 0; i < 2 * VK_JSON_DEPTH_MAX + 1; i++) {
        enum vk_err expected = i <= 2 * VK_JSON_DEPTH_MAX ? VK_OK : VK_ERR_SYNTAX;
        cr_assert(vk_capdata_encode(&arena, inner, &data) == expected, "%d", i);
        struct vk_value *outer = text(&arena, i % 2 ? VK_VALUE_TAGGED : VK_VALUE_ARRAY, "tag");
        vk_value_append(outer, VK_STR_NONE, inner);
        inner = outer;
    }
    cr_assert(vk_capdata_encode(&arena, inner, &data) == VK_ERR_SYNTAX);
    vk_arena_release(&arena);
}

static void decode_and_encode(struct vk_arena *arena, enum vk_err *err) {
    static const char *const texts[] = {
        "#{\"b\":[\"$0.foo\",\"$1\",\"$0\"],\"!1\":{\"#tag\":\"x\",\"payload\":\"-0012\"},\"c\":1.50,"
        "\"e\":{\"#error\":\"m\",\"name\":\"URIError\",\"cause\":\"$1\"},\"y\":\"%@@a\\nb\"}",
        "{\"@qclass\":\"hilbert\",\"original\":{\"@qclass\":\"bigint\",\"digits\":\"0xffffffffffff\"},"
        "\"rest\":{\"1\":{\"@qclass\":\"slot\",\"index\":1}}}",
    };
    struct vk_str list[SLOTS_MAX], name;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct vk_capdata data = capdata(texts[i], "ko1 ko2", list), out;
        struct vk_value *value;
        bool legal;
        *err = vk_capdata_decode(arena, &data, &legal, &value);
        if (*err != VK_OK) return;
        cr_assert(legal, "out of memory is not the body's fault");
        *err = vk_capdata_encode(arena, value, &out);
        if (*err == VK_OK) *err = vk_capdata_method(arena, &data, &name);
        if (*err != VK_OK) return;
    }
}

Test(capdata, out_of_memory_is_an_error_wherever_it_strikes) {
    test_sweep_arena(decode_and_encode, 50);
}
