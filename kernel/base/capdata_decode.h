/* capdata_decode.h - what the decoders of the two body formats share.
 *
 * Inside, a body that JavaScript would refuse travels as VK_ERR_SYNTAX with its reason;
 * vk_capdata_decode turns that into a result.
 */
#ifndef VK_BASE_CAPDATA_DECODE_H
#define VK_BASE_CAPDATA_DECODE_H

#include "vk/capdata.h"

struct vk_capdata_decoder {
    struct vk_arena *arena;
    const struct vk_capdata *data;
    bool smallcaps;
    /* By slot index: the first value made of it. It decides on the interface of all others. */
    const struct vk_value **seen;
    size_t seen_count;
    /* How many objects came out so far that are not passable, and are still reachable from the
     * result. */
    size_t unpassable;
};

#define VK_REFUSE(...) VK_RAISE(VK_ERR_SYNTAX, "capdata: " __VA_ARGS__)

/* Decodes any encoding in the body's format. `json` may be NULL, for JavaScript's undefined. */
enum vk_err vk_capdata_decode_any(struct vk_capdata_decoder *decoder, const struct vk_json *json,
                                  struct vk_value **out) VK_MUST_CHECK;
enum vk_err vk_capdata_decode_smallcaps(struct vk_capdata_decoder *decoder,
                                        const struct vk_json *json, struct vk_value **out)
    VK_MUST_CHECK;
enum vk_err vk_capdata_decode_qclass(struct vk_capdata_decoder *decoder, const struct vk_json *json,
                                     struct vk_value **out) VK_MUST_CHECK;

/* Brings a record that was put together in JavaScript's order, and drops what a later property of
 * the same name replaces. */
enum vk_err vk_capdata_record_settle(struct vk_arena *arena, struct vk_value *record) VK_MUST_CHECK;

/* What both formats write alike: anything but objects, and in smallcaps but strings. */
enum vk_err vk_capdata_decode_plain(struct vk_capdata_decoder *decoder, const struct vk_json *json,
                                    struct vk_value **out) VK_MUST_CHECK;
enum vk_err vk_capdata_decode_array(struct vk_capdata_decoder *decoder, const struct vk_json *json,
                                    struct vk_value **out) VK_MUST_CHECK;
enum vk_err vk_capdata_decode_bigint(struct vk_capdata_decoder *decoder, struct vk_str digits,
                                     struct vk_value **out) VK_MUST_CHECK;
enum vk_err vk_capdata_decode_symbol(struct vk_capdata_decoder *decoder, struct vk_str name,
                                     struct vk_value **out) VK_MUST_CHECK;
/* `iface` is absent if the encoding has none. */
enum vk_err vk_capdata_decode_slot(struct vk_capdata_decoder *decoder, double index,
                                   struct vk_str iface, struct vk_value **out) VK_MUST_CHECK;
/* `json` is the error's encoding, `message` its message. */
enum vk_err vk_capdata_decode_error(struct vk_capdata_decoder *decoder, const struct vk_json *json,
                                    const struct vk_json *message, struct vk_value **out)
    VK_MUST_CHECK;
/* makeTagged(): the payload must be passable. */
enum vk_err vk_capdata_decode_tagged(struct vk_capdata_decoder *decoder, struct vk_str tag,
                                     const struct vk_json *payload, struct vk_value **out)
    VK_MUST_CHECK;

#endif
