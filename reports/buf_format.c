/* buf_format.c - see buf_format.h. */
#include "buf_format.h"

#include <stdarg.h>
#include <stdio.h>

void report_format(struct vk_buf *buf, const char *format, ...) {
    char text[REPORT_FORMAT_MAX];
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    VK_ASSERT(n >= 0 && n < REPORT_FORMAT_MAX); /* whoever calls knows how long it gets */
    vk_buf_add(buf, vk_str(text));
}
