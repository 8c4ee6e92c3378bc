/* xxh3.h - xxHash's functions, inlined, and with no way to a heap: the kernel's memory comes from
 * its heap port.
 *
 * What of xxHash allocates (making its streaming states) is not called here; but an unoptimised
 * build keeps it in the object, as a reference to malloc.
 */
#ifndef VK_STORE_XXH3_H
#define VK_STORE_XXH3_H

#include <stdlib.h>

#define XXH_INLINE_ALL
#define malloc(size) NULL
#define free(block) ((void)(block))
#include <xxhash.h>
#undef malloc
#undef free

#endif
