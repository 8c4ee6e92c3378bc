/* banned.h - names that a deterministic source file may not say.
 *
 * The build puts this file in front of every source of kernel/, sim/ and faults/ (-include). What
 * varies from run to run (clocks, entropy, process ids, the order of equal elements under qsort) comes
 * in through the ports of vk/ports.h or not at all; the other names are traps of C that have a better
 * sibling in the standard.
 *
 * INV-BANNED-1  The poison lines and the BANNED lines below are the whole list: the layer tests
 *               read it from here, look for it in the sources and in the built objects, and show
 *               that the compiler refuses each name.
 *
 * The one door: reports/ is built without this file. A progress bar or a figure in cranks/s takes its
 * time from there; such a time may be printed, and may decide when to print, never what is computed.
 */
#ifndef CRANKCASE_BANNED_H
#define CRANKCASE_BANNED_H

/* The headers that declare the names come first, for a poisoned name is an error wherever it stands
 * afterwards, in a system header too. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifdef _POSIX_C_SOURCE
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>
#endif

/* Macros in glibc; a macro cannot be poisoned. */
#undef sigsetjmp
#ifndef VK_JUMPS_OUT_OF_YAJL
#undef setjmp
#endif

/* Clocks and calendars. */
#pragma GCC poison clock_gettime gettimeofday timespec_get ftime times
#pragma GCC poison localtime localtime_r gmtime gmtime_r mktime timegm
#pragma GCC poison strftime ctime ctime_r asctime asctime_r
#pragma GCC poison sleep usleep nanosleep clock_nanosleep alarm

/* Entropy and identity. */
#pragma GCC poison srand rand_r random srandom random_r initstate setstate
#pragma GCC poison drand48 erand48 lrand48 nrand48 mrand48 jrand48 srand48
#pragma GCC poison getrandom getentropy arc4random arc4random_buf arc4random_uniform
#pragma GCC poison getpid getppid gettid gethostname

/* Order left to the C library. */
#pragma GCC poison qsort qsort_r hcreate hsearch

/* Unbounded, stateful, or unable to report an error. */
#pragma GCC poison gets strcpy stpcpy strcat strncpy strncat sprintf vsprintf
#pragma GCC poison strtok strtok_r atoi atol atoll atof setlocale
#pragma GCC poison sigsetjmp siglongjmp alloca
#pragma GCC poison tmpnam tempnam mktemp system popen

/* A jump passes over releases. The build defines VK_JUMPS_OUT_OF_YAJL for json_parse.c alone: yajl goes
 * on with whatever its allocator gives it, so out of memory there is no other way out. */
#ifndef VK_JUMPS_OUT_OF_YAJL
#pragma GCC poison setjmp longjmp
#endif

/* Names that zlib, libcrypto or the kernel's own ports give to members and parameters: the word is
 * free, the call is not. */
#define BANNED __attribute__((unavailable("see kernel/banned.h")))
BANNED time_t time(time_t *);
BANNED clock_t clock(void);
BANNED int rand(void);
#undef BANNED

#endif
