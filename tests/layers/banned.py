#!/usr/bin/env python3
"""Names that the deterministic part of the tree may not say.

    banned.py ROOT

The compiler refuses them already where kernel/banned.h is in force; this check reads the list from
there and holds the sources to it whatever a build does, so that a file built without banned.h, or one
behind an #if that no build takes, is found too. Prints FILE:LINE and exits 1 if there is one.

 1. No name of the list in kernel/, sim/ and faults/: poisoned names anywhere, the others as calls.
 2. Nothing that reads a clock or an address behind the list's back: cycle counters, __DATE__, %p.
"""
import re
import sys
from pathlib import Path

FOLDERS = ("kernel", "sim", "faults")
ALSO_BANNED = ("__DATE__", "__TIME__", "__TIMESTAMP__", "_rdtsc", "__rdtsc", "__builtin_ia32_rdtsc",
               "__builtin_ia32_rdtscp", "__builtin_readcyclecounter", "_rdrand64_step")
# The build lifts the ban for the same file; kernel/banned.h says why.
EXEMPT = {"kernel/base/json_parse.c": ("setjmp", "longjmp")}
COMMENT_OR_TEXT = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def poisoned_names(header):
    """The names after #pragma GCC poison."""
    return re.findall(r"\w+", " ".join(re.findall(r"^#pragma GCC poison (.*)$", header, re.M)))


def unavailable_names(header):
    """The functions declared BANNED."""
    return re.findall(r"^BANNED\s.*?(\w+)\(", header, re.M)


def code_only(text):
    """The text with comments and the insides of literals blanked, line by line as before."""
    return COMMENT_OR_TEXT.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def violations(root):
    root = Path(root)
    header = (root / "kernel/banned.h").read_text()
    poisoned, unavailable = poisoned_names(header), unavailable_names(header)
    if len(poisoned) < 20 or not unavailable:
        return ["kernel/banned.h: the list of banned names cannot be read"]
    names = "|".join(poisoned + list(ALSO_BANNED))
    calls = "|".join(unavailable)
    banned = re.compile(rf"\b({names})\b|(?<![\w.>])({calls})\s*\(")
    found = []
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*.[ch]")):
            if path == root / "kernel/banned.h":
                continue
            text = path.read_text()
            exempt = EXEMPT.get(str(path.relative_to(root)), ())
            for number, line in enumerate(code_only(text).split("\n"), 1):
                for match in banned.finditer(line):
                    name = match.group(1) or match.group(2)
                    if name not in exempt:
                        found.append(f"{path.relative_to(root)}:{number}: {name} is banned here")
            for match in re.finditer(r'"(?:\\.|[^"\\\n])*%p(?:\\.|[^"\\\n])*"', text):
                number = text.count("\n", 0, match.start()) + 1
                found.append(f"{path.relative_to(root)}:{number}: %p prints an address")
    return found


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    broken = violations(sys.argv[1])
    print("\n".join(broken) or "banned names: none")
    sys.exit(1 if broken else 0)
