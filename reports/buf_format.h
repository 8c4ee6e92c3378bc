/* buf_format.h - printf into a text that grows, for what needs no escape. */
#ifndef REPORTS_BUF_FORMAT_H
#define REPORTS_BUF_FORMAT_H

#include "vk/arena.h"

/* At most REPORT_FORMAT_MAX - 1 bytes at a time: numbers and words of the project's own, never a run's text. */
enum { REPORT_FORMAT_MAX = 400 };
void report_format(struct vk_buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
