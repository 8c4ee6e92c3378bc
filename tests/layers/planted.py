#!/usr/bin/env python3
"""Shows that each layer check fails on a violation: a check that cannot fail checks nothing.

    planted.py includes
    planted.py banned CC BANNED.H
    planted.py draws
    planted.py abi
    planted.py symbols CC AR NM

Builds a tiny sound tree in a temporary folder, asserts that the check passes on it, then plants one
violation at a time and asserts that the check names it, and that one alone.
"""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import abi
import banned
import draws
import includes
import symbols

SOUND = {
    "kernel/include/vk/err.h": "#include <stddef.h>\n",
    "kernel/include/vk/store.h": '#include "vk/err.h"\n',
    "kernel/base/text.h": '#include "vk/err.h"\n',
    "kernel/base/text.c": '#include "text.h"\n#include <yajl/yajl_parse.h>\n',
    "kernel/store/table.h": '#include "vk/store.h"\n#include "base/text.h"\n',
    "kernel/store/table.c": '#include "table.h"\n#include <sqlite3.h>\n',
    "kernel/object/promise.h": '#include "store/table.h"\n',
    "kernel/object/promise.c": '#include "promise.h"\n#include <string.h>\n',
    "kernel/core/crank.c": '#include "object/promise.h"\n#include "base/text.h"\n',
    "sim/world.h": '#include "vk/store.h"\n',
    "sim/world.c": '#include "world.h"\n#include "reports/table_print.h"\n#include <archive.h>\n',
    "faults/torn_write.c": '#include "vk/store.h"\n',
    "reports/table_print.h": "#include <time.h>\n",
    "corpus/case_read.c": '#include "vk/err.h"\n',
}

# (file, text put at its end, what the check must say)
UPWARD = [
    ("kernel/base/text.c", '#include "store/table.h"\n', "base may not see store"),
    ("kernel/base/text.c", '#include "../store/table.h"\n', "base may not see store"),
    ("kernel/base/text.c", "#include <sqlite3.h>\n", "<sqlite3.h> is not for base"),
    ("kernel/store/table.c", '#include "object/promise.h"\n', "store may not see object"),
    ("kernel/object/promise.c", '#  include "core/crank.c"\n', "object may not see core"),
    ("kernel/object/promise.c", "#include <sqlite3.h>\n", "<sqlite3.h> is not for object"),
    ("kernel/core/crank.c", "#include <unistd.h>\n", "<unistd.h> is not for core"),
    ("kernel/core/crank.c", "#include <vk/err.h>\n", "with quotes"),
    ("kernel/core/crank.c", '#include "sim/world.h"\n', "no such file"),
    ("kernel/core/crank.c", "#include HEADER_BY_MACRO\n", "is not for core"),
    ("kernel/include/vk/store.h", "#include <sqlite3.h>\n", "<sqlite3.h> is not for public"),
    ("kernel/include/vk/store.h", '#include "../../base/text.h"\n', "public headers only"),
    ("sim/world.c", '#include "kernel/store/table.h"\n', "sim may see kernel/include/vk only"),
    ("sim/world.c", '#include "../kernel/base/text.h"\n', "sim may see kernel/include/vk only"),
    ("faults/torn_write.c", '#include "kernel/base/text.h"\n', "faults may see"),
    ("reports/table_print.h", '#include "kernel/core/crank.c"\n', "reports may see"),
    ("corpus/case_read.c", '#include "kernel/store/table.h"\n', "corpus may see"),
    ("kernel/utils.h", "\n", "no sources but banned.h"),
    ("faults/world.c", "\n", "same file name"),
]
SPOKEN = [
    ("kernel/base/text.c", "int draw(void) { return rand(); }\n", "rand is banned"),
    ("kernel/core/crank.c", "#if 0\nlong now = time(0);\n#endif\n", "time is banned"),
    ("kernel/store/table.h", "void f(void *p) { qsort (p, 0, 0, 0); }\n", "qsort is banned"),
    ("sim/world.c", "int me(void) { return getpid(); }\n", "getpid is banned"),
    ("kernel/core/crank.c", "void leave(jmp_buf out) { longjmp(out, 1); }\n", "longjmp is banned"),
    ("faults/torn_write.c", "void *door = &localtime;\n", "localtime is banned"),
    ("faults/torn_write.c", 'const char *built = __DATE__;\n', "__DATE__ is banned"),
    ("kernel/core/crank.c", 'const char *format = "at %p";\n', "%p prints an address"),
]
# What may be said: in reports/, in comments and texts, as a member.
UNSPOKEN = [
    ("reports/table_print.h", "long now(void) { return time(0) + rand(); }\n"),
    ("kernel/base/text.c", "/* not rand() */ const char *says = \"time(0)\"; // qsort\n"),
    ("kernel/base/text.c", "int f(struct s *s) { return s->clock(s) + s->time + s->rand; }\n"),
]
# Draws whose order is the compiler's, and draws whose order is C's.
UNORDERED = [
    ("sim/world.c", "void f(S *stream) { add(sim_random_u64(stream), sim_random_u64(stream)); }\n",
     "two draws in one list"),
    ("sim/world.c", "void f(S *stream) { add(coin(stream) ? 1 : 2, 3, 1 + dice(stream, 6)); }\n",
     "two draws in one list"),
    ("faults/torn_write.c",
     "void f(S *stream) { s = (T){.a = coin(&stream), .b = dice(&stream)}; }\n",
     "two draws in one list"),
    ("sim/world.c", "void f(S *stream) { if (x) at(d, later(d, stream))->n = dice(stream, 6); }\n",
     "draws on both sides of ="),
    ("sim/world.c",
     "void f(S *stream) { if (coin(stream)) a = coin(stream) ? dice(stream, 6) : 0; }\n", None),
    ("sim/world.c", "void f(S *stream) { a = coin(stream); add(stream, dice(stream, 6), 1); }\n",
     None),
    ("sim/world.c", "void f(S *stream) { for (i = dice(stream, 2); i < coin(stream); i++) g(); }\n",
     None),
]
# A tree whose public headers have a version, and what is done to them.
VERSIONED = {**SOUND, "kernel/include/vk/module.h": "#define VK_ABI_VERSION 3u\nint vk_f(int a);\n"}
ABI_CHANGES = [
    ("kernel/include/vk/module.h", "/* of a */ // sort\n\n", None),
    ("kernel/include/vk/module.h", "int vk_g(void);\n", "VK_ABI_VERSION is still 3"),
    ("kernel/include/vk/store.h", "struct vk_new {int a;};\n", "VK_ABI_VERSION is still 3"),
    ("kernel/include/vk/store.h", "#define VK_ABI_VERSION 4u\n", "no VK_ABI_VERSION, or more"),
    ("kernel/base/text.h", "int not_public;\n", None),
]
# (source of text.c in kernel/base, what symbols.py must say or None)
BUILT = [
    ("int vk_sound(int a) { static const int table[] = {1, 2}; return table[a & 1]; }", None),
    ("extern long time(long *); long vk_now(void); long vk_now(void) { return time(0); }",
     "time: the kernel may not call this here"),
    ("extern void *malloc(unsigned long); void *vk_new(void); void *vk_new(void)"
     " { return malloc(8); }", "malloc: the kernel may not call this here"),
    ("extern int sqlite3_initialize(void); int vk_up(void); int vk_up(void)"
     " { return sqlite3_initialize(); }", "sqlite3_initialize: the kernel may not call this here"),
    ("int vk_count(void); int vk_count(void) { static int calls; return ++calls; }",
     "writable data (.bss"),
    ("void vk_rare(void); void vk_rare(void) { static void *listed"
     " __attribute__((section(\"vk_probes\"), used)); }", "writable data (vk_probes"),
    ("int vk_level = 3;", "writable data (.data"),
    ("int vk_last(int a); int vk_last(int a) { static _Thread_local int last = 7;"
     " int was = last; last = a; return was; }", "writable data (.tdata"),
]


def write_tree(root, files):
    for name, text in files.items():
        path = Path(root, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def expect(found, wanted, what):
    """`found` is what a check printed; `wanted` the one thing that it should have, or None."""
    sound = not found if wanted is None else len(found) == 1 and wanted in found[0]
    print(f"{'ok' if sound else 'NOT OK'}: {what}: {found or 'nothing found'}")
    return 0 if sound else 1


def planted_in_tree(check, files, cases):
    failures = 0
    for name, text, wanted in [("kernel/base/text.c", "", None)] + cases:
        with tempfile.TemporaryDirectory() as root:
            write_tree(root, {**files, name: files.get(name, "") + text})
            failures += expect(check(root), wanted, f"{name} + {text.strip() or 'nothing'}")
    return failures


def refused_by_compiler(compiler, header):
    """Each name of banned.h, used in a source with banned.h in front, is a compile error."""
    text = Path(header).read_text()
    failures = 0
    for name in banned.poisoned_names(text) + banned.unavailable_names(text):
        for posix in ([], ["-D_POSIX_C_SOURCE=200809L"]):
            run = subprocess.run(
                [compiler, "-std=c17", *posix, "-include", header, "-fsyntax-only", "-x", "c", "-"],
                input=f"void *volatile used = (void *){name};\n", text=True,
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
            if run.returncode == 0 or not re.search("poisoned|unavailable", run.stderr):
                failures += 1
                print(f"NOT OK: {compiler} lets {name} pass\n{run.stderr}")
    sound = subprocess.run([compiler, "-std=c17", "-Wall", "-Wextra", "-Wpedantic", "-Werror",
                            "-include", header, "-fsyntax-only", "-x", "c", "-"],
                           input="int unused_name;\n", text=True, check=False)
    return failures + (sound.returncode != 0)


def planted_in_archive(compiler, ar, nm):
    failures = 0
    for source, wanted in BUILT:
        with tempfile.TemporaryDirectory() as root:
            write_tree(root, {"kernel/base/text.c": source})
            subprocess.run([compiler, "-O1", "-fPIC", "-w", "-c", "-o", f"{root}/text.c.o",
                            f"{root}/kernel/base/text.c"], check=True)
            subprocess.run([ar, "rc", f"{root}/libvk.a", f"{root}/text.c.o"], check=True)
            found = symbols.kernel_violations(nm, f"{root}/libvk.a", root)
            failures += expect(found, wanted, source)
    return failures


def planted_in_headers():
    failures = 0
    for name, text, wanted in [(None, None, None)] + ABI_CHANGES:
        with tempfile.TemporaryDirectory() as root:
            write_tree(root, VERSIONED)
            found = abi.accept(root)
            if name:
                with open(f"{root}/{name}", "a", encoding="utf-8") as file:
                    file.write(text)
                found += abi.violations(root)
            failures += expect(found, wanted, f"{name}: {text}")
            counted = Path(root, "kernel/include/vk/module.h")
            counted.write_text(counted.read_text().replace("3u", "5u"))
            if "more" not in (wanted or ""):
                failures += expect(abi.violations(root), "abi.txt says 3", "counted up")
                failures += expect(abi.accept(root) + abi.violations(root), None, "accepted")
    return failures


if __name__ == "__main__":
    what, arguments = (sys.argv[1] if sys.argv[1:] else ""), sys.argv[2:]
    if what == "includes" and not arguments:
        failed = planted_in_tree(includes.violations, SOUND, UPWARD)
    elif what == "banned" and len(arguments) == 2:
        tree = {**SOUND, "kernel/banned.h": Path(arguments[1]).read_text()}
        sound_cases = [(name, text, None) for name, text in UNSPOKEN]
        failed = planted_in_tree(banned.violations, tree, SPOKEN + sound_cases)
        failed += refused_by_compiler(*arguments)
    elif what == "draws" and not arguments:
        failed = planted_in_tree(draws.violations, SOUND, UNORDERED)
    elif what == "abi" and not arguments:
        failed = planted_in_headers()
    elif what == "symbols" and len(arguments) == 3:
        failed = planted_in_archive(*arguments)
    else:
        sys.exit(__doc__)
    print(f"{failed} planted violations missed or misread" if failed else "all caught")
    sys.exit(1 if failed else 0)
