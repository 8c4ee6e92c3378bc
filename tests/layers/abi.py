#!/usr/bin/env python3
"""The public headers change only together with VK_ABI_VERSION (INV-MODULE-2).

    abi.py ROOT [--accept]

kernel/abi.txt holds the version and a digest of what kernel/include/vk/*.h declare: their text without
comments, blanks and line ends. A host loads only modules of its own version, so a change that nobody counted
would have two builds take each other for the same. --accept writes the file anew, and refuses to with a version
that it knows already. Prints what is wrong and exits 1.
"""
import hashlib
import re
import sys
from pathlib import Path

NOT_EXPORTED = {"probe.h"}  # counts for whoever links it; a module's table does not know of it
HEADERS, RECORD = "kernel/include/vk", "kernel/abi.txt"
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
VERSION = re.compile(r"#define VK_ABI_VERSION (\d+)u\b")


def declared(root):
    """(version, digest)"""
    texts = [path.read_text() for path in sorted((Path(root) / HEADERS).glob("*.h"))
             if path.name not in NOT_EXPORTED]
    found = [int(n) for text in texts for n in VERSION.findall(text)]
    if len(found) != 1:
        return None, ""
    bare = [VERSION.sub("", COMMENT.sub(" ", text)) for text in texts]
    code = "\n".join(re.sub(r"[\s\\]+", "", text) for text in bare)
    return found[0], hashlib.sha256(code.encode()).hexdigest()[:32]


def violations(root):
    version, digest = declared(root)
    if version is None:
        return [f"{HEADERS}: no VK_ABI_VERSION, or more than one"]
    record = Path(root) / RECORD
    if not record.exists():
        return [f"{RECORD} is missing"]
    known_version, known_digest = record.read_text().split()
    if (str(version), digest) == (known_version, known_digest):
        return []
    if str(version) == known_version:
        return [f"{HEADERS} declares something else, and VK_ABI_VERSION is still {version}: count it up, "
                "then run tests/layers/abi.py . --accept"]
    return [f"VK_ABI_VERSION is {version}, {RECORD} says {known_version}: "
            "run tests/layers/abi.py . --accept"]


def accept(root):
    version, digest = declared(root)
    record = Path(root) / RECORD
    known = record.read_text().split() if record.exists() else ["", ""]
    if version is None or (known[0] == str(version) and known[1] != digest):
        return violations(root)
    record.write_text(f"{version} {digest}\n")
    return []


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3) or sys.argv[2:] not in ([], ["--accept"]):
        sys.exit(__doc__)
    found = (accept if sys.argv[2:] else violations)(sys.argv[1])
    for line in found:
        print(line)
    sys.exit(1 if found else 0)
