#!/usr/bin/env python3
"""The include direction of the layers: arrows point down only.

    includes.py ROOT

Prints each #include that breaks a rule as FILE:LINE and exits 1 if there is one.

 1. A public header includes public headers and C's standard headers, nothing else.
 2. kernel/base sees base, store sees base, object sees base and store, core sees all four; all see
    the public headers.
 3. Each library has its home: SQLite and zlib are store's, yajl is base's, xxHash belongs to both, and
    libcrypto's EVP interface to all but object. Otherwise the kernel sees C's standard headers alone.
 4. sim, faults, reports and corpus see of the kernel its public headers alone.
 5. A header is included by a name that says which file it is, so file names are unique.
"""
import re
import sys
from collections import defaultdict
from pathlib import Path

STANDARD = {
    "assert.h", "complex.h", "ctype.h", "errno.h", "fenv.h", "float.h", "inttypes.h", "iso646.h",
    "limits.h", "locale.h", "math.h", "setjmp.h", "signal.h", "stdalign.h", "stdarg.h",
    "stdatomic.h", "stdbool.h", "stddef.h", "stdint.h", "stdio.h", "stdlib.h", "stdnoreturn.h",
    "string.h", "tgmath.h", "threads.h", "time.h", "uchar.h", "wchar.h", "wctype.h",
}
KERNEL_LAYERS = {
    "base": ("base",),
    "store": ("base", "store"),
    "object": ("base", "store", "object"),
    "core": ("base", "store", "object", "core"),
}
LIBRARIES = {
    "base": re.compile(r"yajl/|xxhash\.h$|openssl/evp\.h$"),
    "store": re.compile(r"sqlite3\.h$|zlib\.h$|xxhash\.h$|openssl/evp\.h$"),
    "object": None,
    "core": re.compile(r"openssl/evp\.h$"),
}
OUTSIDE = ("sim", "faults", "reports", "corpus")
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>|(\S.*))')


def includes_of(path):
    """Yields (line number, quoted name or None, angled name or None) for each #include."""
    text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group().count("\n"), path.read_text(), flags=re.S)
    for number, line in enumerate(text.split("\n"), 1):
        if match := INCLUDE.match(line):
            yield number, match.group(1), match.group(2) or match.group(3)


def layer_of(path, root):
    """'public', one of KERNEL_LAYERS, 'kernel' (its top folder), one of OUTSIDE, or None."""
    parts = path.relative_to(root).parts
    if parts[0] != "kernel":
        return parts[0] if parts[0] in OUTSIDE else None
    if parts[1] == "include":
        return "public"
    return parts[1] if parts[1] in KERNEL_LAYERS else "kernel"


def resolve(name, path, root, layer):
    """The file that a quoted name means, as the build's include folders would find it."""
    folders = [path.parent, root / "kernel/include"]
    folders += [root / "kernel"] if layer in KERNEL_LAYERS else [root]
    for folder in folders:
        if (folder / name).is_file():
            return (folder / name).resolve()
    return None


def problem_with(layer, quoted, angled, target_layer):
    """What is wrong with one include, or None."""
    if angled is not None:
        if angled.startswith("vk/"):
            return "a public header is included with quotes"
        if layer in OUTSIDE or angled in STANDARD:
            return None
        library = LIBRARIES.get(layer)
        return None if library and library.match(angled) else f"<{angled}> is not for {layer}"
    if target_layer == "public":
        return None if quoted.startswith("vk/") else "a public header is included as vk/NAME.h"
    if layer == "public":
        return "a public header may include public headers only"
    if target_layer is None:
        return "no such file in the include folders of this layer"
    if layer in OUTSIDE:
        return None if target_layer in OUTSIDE else f"{layer} may see kernel/include/vk only"
    return None if target_layer in KERNEL_LAYERS[layer] else f"{layer} may not see {target_layer}"


def violations(root):
    root = Path(root).resolve()
    found, homes = [], defaultdict(list)
    for top in ("kernel",) + OUTSIDE:
        for path in sorted((root / top).rglob("*.[ch]")):
            layer = layer_of(path, root)
            where = path.relative_to(root)
            homes[path.name].append(where)
            if layer == "kernel":
                if path.name != "banned.h":
                    found.append(f"{where}: kernel/ itself holds no sources but banned.h")
                continue
            for line, quoted, angled in includes_of(path):
                target = resolve(quoted, path, root, layer) if quoted else None
                problem = problem_with(layer, quoted, angled,
                                       layer_of(target, root) if target else None)
                if problem:
                    found.append(f"{where}:{line}: {quoted or angled}: {problem}")
    for paths in homes.values():
        if len(paths) > 1:
            found.append(f"{paths[1]}: {paths[0]} has the same file name")
    return found


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    broken = violations(sys.argv[1])
    print("\n".join(broken) or "include direction: sound")
    sys.exit(1 if broken else 0)
