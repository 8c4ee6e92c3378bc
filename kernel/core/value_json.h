/* value_json.h - JSON.stringify of an unmarshalled value, for options that go into queue entries. */
#ifndef VK_CORE_VALUE_JSON_H
#define VK_CORE_VALUE_JSON_H

#include "vk/capdata.h"

/* Appends the text. false: JavaScript would throw (a bigint is in it); `buf` is then half written. */
bool vk_value_json(struct vk_buf *buf, const struct vk_value *value);

#endif
