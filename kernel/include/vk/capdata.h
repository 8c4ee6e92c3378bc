/* capdata.h - marshalled values: a body and the slots that it names.
 *
 * The kernel never looks into a body but here: to find the single slot a promise resolves to, to
 * read the arguments of a vat-admin device call, and to build the few messages it sends itself. It answers to
 * @agoric/kmarshal (kser, kunser) over @endo/marshal, with smallcaps bodies ("#...") written and both
 * smallcaps and the older "@qclass" bodies read.
 */
#ifndef VK_CAPDATA_H
#define VK_CAPDATA_H

#include "vk/json.h"

struct vk_capdata {
    struct vk_str body;
    const struct vk_str *slots; /* krefs, vrefs or device slots, as the context says */
    size_t slot_count;
};

/* A decoded value, as kunser() would give it. Lives in an arena. */
enum vk_value_type {
    VK_VALUE_UNDEFINED,
    VK_VALUE_NULL,
    VK_VALUE_BOOL,
    VK_VALUE_NUMBER, /* text: JavaScript's Number::toString, or NaN, Infinity, -Infinity */
    VK_VALUE_BIGINT, /* text: canonical decimal digits, with a leading '-' if negative */
    VK_VALUE_STRING, /* text */
    VK_VALUE_SYMBOL, /* text: the passable symbol's name */
    VK_VALUE_ARRAY,  /* children */
    VK_VALUE_RECORD, /* children with keys */
    VK_VALUE_TAGGED, /* text: the tag; one child: the payload */
    VK_VALUE_ERROR,  /* name and text (the message) */
    VK_VALUE_SLOT,   /* text: the kref; name: the interface; is_promise */
};

struct vk_value {
    enum vk_value_type type;
    bool truth;
    bool is_promise;
    struct vk_str text;
    struct vk_str name;
    struct vk_str key; /* as a member of a record */
    struct vk_value *first;
    struct vk_value *next;
    struct vk_value *last; /* the newest child, where vk_value_append goes on */
    size_t count;
    const void *identity; /* SLOT: the object's: kser gives one slot to each identity */
};

/* Decodes `data`. A body that @endo/marshal would refuse (or that is not JSON) sets *legal to false and is no error:
 * whether it is a vat's fault or a kernel panic is the caller's to say. */
enum vk_err vk_capdata_decode(struct vk_arena *arena, const struct vk_capdata *data, bool *legal,
                              struct vk_value **out) VK_MUST_CHECK;
/* Encodes as kser() does (smallcaps, errorTagging off). */
enum vk_err vk_capdata_encode(struct vk_arena *arena, const struct vk_value *value,
                              struct vk_capdata *out) VK_MUST_CHECK;

/* extractSingleSlot(): the slot if the whole value is one remotable or promise, else VK_STR_NONE.
 * *legal as for vk_capdata_decode. */
enum vk_err vk_capdata_single_slot(struct vk_arena *arena, const struct vk_capdata *data,
                                   bool *legal, struct vk_str *slot) VK_MUST_CHECK;
/* extractMethod(): the method's printable name for "data is not callable, has no method ...". */
enum vk_err vk_capdata_method(struct vk_arena *arena, const struct vk_capdata *methargs,
                              struct vk_str *out) VK_MUST_CHECK;
/* makeError(message): kser(Error(message)). */
enum vk_err vk_capdata_error(struct vk_arena *arena, struct vk_str message, struct vk_capdata *out)
    VK_MUST_CHECK;

/* Building values. `children` may be NULL-terminated by count. All copy nothing: texts must outlive the value. */
enum vk_err vk_value_new(struct vk_arena *arena, enum vk_value_type type, struct vk_value **out)
    VK_MUST_CHECK;
enum vk_err vk_value_text(struct vk_arena *arena, enum vk_value_type type, struct vk_str text,
                          struct vk_value **out) VK_MUST_CHECK;
/* kslot(kref): a remotable "Alleged: undefined", or a promise if the kref says kp. */
enum vk_err vk_value_kslot(struct vk_arena *arena, struct vk_str kref, struct vk_value **out)
    VK_MUST_CHECK;
/* Appends `child` to an ARRAY, or to a RECORD under `key` (VK_STR_NONE for arrays). */
void vk_value_append(struct vk_value *parent, struct vk_str key, struct vk_value *child);
/* The member `key` of a record, or NULL. */
struct vk_value *vk_value_get(const struct vk_value *record, const char *key);
/* Element `index` of an array, or NULL. */
struct vk_value *vk_value_at(const struct vk_value *array, size_t index);

/* {"body":...,"slots":[...]} as JSON.stringify writes it. */
void vk_capdata_write(struct vk_buf *buf, const struct vk_capdata *data);
/* Reads such an object; *legal false when body is no string or slots no array of strings (insistCapData). */
enum vk_err vk_capdata_read(struct vk_arena *arena, const struct vk_json *json, bool *legal,
                            struct vk_capdata *out) VK_MUST_CHECK;

#endif
