#!/usr/bin/env python3
"""What the built kernel takes from outside, and what it keeps between calls.

    symbols.py kernel NM LIBVK.A ROOT
    symbols.py shared NM LIBVK.SO
    symbols.py deterministic NM ROOT OBJECT...

kernel: every undefined symbol of the archive is on the list below, in an object that may have it; no
object holds writable data, for two kernels in one process must not meet. shared: only vk_* is seen
from outside. deterministic: no object refers to a name of kernel/banned.h.

Prints OBJECT: SYMBOL and exits 1 if a rule is broken.
"""
import re
import subprocess
import sys
from pathlib import Path

from banned import poisoned_names, unavailable_names

# Pure functions of their arguments, and what the compiler itself calls for.
ANYWHERE = re.compile(
    r"mem(cpy|move|set|cmp|chr|rchr)"
    r"|str(len|nlen|cmp|ncmp|chr|rchr|str|spn|cspn|pbrk|tod|toll?|toull?)"
    r"|v?snprintf|__errno_location|__ctype_b_loc"
    r"|floor|ceil|trunc|round|fmod|modf|ldexp|frexp|nextafter"
    r"|__stack_chk_fail|__tls_get_addr|_GLOBAL_OFFSET_TABLE_"
    r"|__(u?div|u?mod|mul|ashl|ashr|lshr|popcount|parity|clz|ctz|bswap)[sdt]i[234]")
# The one file that may: the heap port on malloc, the last words of a failed assertion, and the way out
# of yajl (see banned.h).
IN_FILE = {
    "arena.c.o": re.compile(r"malloc|calloc|realloc|free"),
    "err.c.o": re.compile(r"abort|fprintf|fwrite|fputs|fputc|stderr"),
    "json_parse.c.o": re.compile(r"_setjmp|longjmp"),
}
# Libraries by their home; includes.py says the same of their headers.
IN_LAYER = {
    "base": re.compile(r"yajl_\w+|EVP_\w+"),
    "store": re.compile(r"sqlite3_\w+|(in|de)flate\w*|compressBound|crc32|EVP_\w+"),
    "core": re.compile(r"EVP_\w+"),
}
# Per-thread, like errno, and no kernel's own; and where a host that loads the library wants to have it.
WRITABLE_ALLOWED = {("err.c.o", "origin"), ("err.c.o", "origin_of_thread")}
WRITABLE_SECTION = re.compile(r"\.(t?data|t?bss)(\.|$)|\*COM\*|COMMON|vk_probes$")


class Symbol:
    """One line of nm --format=sysv: name|value|class|type|size|line|section."""

    def __init__(self, line):
        fields = [field.strip() for field in line.split("|")]
        self.name, self.kind, self.section = fields[0], fields[2], fields[6]


def symbols_of(nm, *files):
    """[(object name, Symbol)] for archives and objects."""
    output = subprocess.run([nm, "--format=sysv", *files], check=True, text=True,
                            stdout=subprocess.PIPE).stdout
    found, member = [], Path(files[0]).name
    for line in output.splitlines():
        if match := re.match(r"(?:Symbols|Undefined symbols) from (.*?):$", line):
            name = match.group(1)
            member = re.sub(r"^.*\[(.*)\]$", r"\1", name).rsplit("/", 1)[-1]
        elif line.count("|") == 6 and not line.startswith("Name "):
            found.append((member, Symbol(line)))
    return found


def layer_of_object(root):
    """The kernel layer of each object file name; file names are unique (includes.py)."""
    return {path.name + ".o": path.parent.name for path in Path(root, "kernel").glob("*/*.c")}


def kernel_violations(nm, archive, root):
    symbols = symbols_of(nm, archive)
    layers = layer_of_object(root)
    defined = {symbol.name for _, symbol in symbols if symbol.kind != "U"}
    if not symbols:
        return [f"{archive}: no symbols to judge"]
    found = []
    for member, symbol in symbols:
        if symbol.kind == "U":
            allowed = [ANYWHERE, IN_FILE.get(member), IN_LAYER.get(layers.get(member))]
            if symbol.name not in defined and \
                    not any(names and names.fullmatch(symbol.name) for names in allowed):
                found.append(f"{member}: {symbol.name}: the kernel may not call this here")
        elif WRITABLE_SECTION.match(symbol.section) and \
                not symbol.section.startswith(".data.rel.ro") and \
                (member, symbol.name) not in WRITABLE_ALLOWED:
            found.append(f"{member}: {symbol.name}: writable data ({symbol.section}) outlives a call")
    return found


def shared_violations(nm, library):
    output = subprocess.run([nm, "--dynamic", "--defined-only", "--format=posix", library],
                            check=True, text=True, stdout=subprocess.PIPE).stdout
    names = [line.split()[0] for line in output.splitlines()]
    if not any(name.startswith("vk_") for name in names):
        return [f"{library}: exports nothing"]
    return [f"{Path(library).name}: {name}: exported, and no vk_ name" for name in names
            if not name.startswith("vk_")]


def deterministic_violations(nm, root, *objects):
    header = Path(root, "kernel/banned.h").read_text()
    banned = set(poisoned_names(header) + unavailable_names(header))
    return [f"{member}: {symbol.name}: banned" for member, symbol in symbols_of(nm, *objects)
            if symbol.kind == "U" and symbol.name in banned]


if __name__ == "__main__":
    checks = {"kernel": (kernel_violations, 3), "shared": (shared_violations, 2),
              "deterministic": (deterministic_violations, 3)}
    check, argument_count_min = checks.get(sys.argv[1] if sys.argv[1:] else "", (None, 0))
    if check is None or len(sys.argv) - 2 < argument_count_min:
        sys.exit(__doc__)
    broken = check(*sys.argv[2:])
    print("\n".join(broken) or f"{sys.argv[1]} symbols: sound")
    sys.exit(1 if broken else 0)
