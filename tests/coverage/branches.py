#!/usr/bin/env python3
"""The table of ./dev coverage: lines and branches of kernel/, by what reached them, and what nobody did.

    branches.py NAME=GCOVR.json... [--list OUT]

Each GCOVR.json is what gcovr --json wrote after one thing ran (tests, corpus, campaign). A branch is one way out of a
condition, as gcc compiled it. Two kinds are counted apart, by the source line they are on:

    assertions   VK_ASSERT's way out into the failure: nothing ever goes there, or there is a bug. Left out.
    hand-overs   VK_TRY, VK_RAISE and what follows them on their line: a host's failure handed up to the caller. Fault
                 sweeps fail the n-th operation of a run and so reach many; the figure is given with and without.

--list writes each branch that nothing reached, as FILE:LINE with its source, for whoever wants to close the gap.
"""
import json
import re
import sys
from collections import defaultdict
from pathlib import Path

ASSERTION = re.compile(r"\bVK_ASSERT\s*\(|\bvk_assert_failed\b|\b__builtin_unreachable\b")
HAND_OVER = re.compile(r"\bVK_TRY\s*\(|\bVK_RAISE\s*\(")


class Source:
    """The lines of a file, and which statement each one belongs to: macros spread over lines."""

    def __init__(self, path):
        self.lines = Path(path).read_text(encoding="utf-8").split("\n")

    def statement(self, number):
        """The line, with those before it up to the last statement's or block's end."""
        first = number - 1
        while first > 0 and not re.search(r"[;{}:]\s*(/\*.*\*/)?\s*$", self.lines[first - 1]):
            first -= 1
        return " ".join(line.strip() for line in self.lines[first:number])


def read(path):
    """{file: ({line: hit}, {(line, branch): hit})}"""
    found = {}
    for file in json.loads(Path(path).read_text(encoding="utf-8"))["files"]:
        lines, branches = {}, {}
        for line in file["lines"]:
            if line.get("gcovr/noncode"):
                continue
            number = line["line_number"]
            lines[number] = lines.get(number, False) or line["count"] > 0
            for i, branch in enumerate(line["branches"]):
                branches[number, i] = branches.get((number, i), False) or branch["count"] > 0
        found[file["file"]] = (lines, branches)
    return found


def kind_of(source, number):
    statement = source.statement(number)
    if ASSERTION.search(statement):
        return "assertion"
    return "hand-over" if HAND_OVER.search(statement) else "decision"


class Count:
    def __init__(self):
        self.hit = defaultdict(int)
        self.all = defaultdict(int)

    def add(self, kind, hit):
        self.all[kind] += 1
        self.hit[kind] += hit

    def of(self, *kinds):
        total = sum(self.all[kind] for kind in kinds)
        hit = sum(self.hit[kind] for kind in kinds)
        return f"{100 * hit / total:5.1f} %" if total else "    - "

    def missing(self, kind):
        return self.all[kind] - self.hit[kind]


def counts_of(runs, files):
    """{file: Count} over several runs together."""
    counts = {}
    for file, (source, kinds) in files.items():
        count = counts[file] = Count()
        of_file = [run[file] for run in runs if file in run]
        for number in set().union(*(lines for lines, _ in of_file)):
            count.add("line", any(lines.get(number) for lines, _ in of_file))
        for branch in set().union(*(branches for _, branches in of_file)):
            kind = kinds.setdefault(branch[0], kind_of(source, branch[0]))
            count.add(kind, any(branches.get(branch) for _, branches in of_file))
    return counts


def total_of(counts):
    total = Count()
    for count in counts.values():
        for kind in count.all:
            total.all[kind] += count.all[kind]
            total.hit[kind] += count.hit[kind]
    return total


def row(name, count):
    return (f"{name:34} {count.of('line')}   {count.of('decision', 'hand-over')}   "
            f"{count.of('decision')}   {count.missing('decision'):9} {count.missing('hand-over'):10}")


def write_list(path, runs, files):
    with open(path, "w", encoding="utf-8") as out:
        for file, (source, kinds) in sorted(files.items()):
            of_file = [run[file][1] for run in runs if file in run]
            missed = sorted({b[0] for b in set().union(*of_file)
                             if not any(branches.get(b) for branches in of_file)})
            for number in missed:
                if kinds[number] != "assertion":
                    out.write(f"{file}:{number}: {kinds[number]}: "
                              f"{source.lines[number - 1].strip()}\n")


def main(arguments):
    out = arguments.pop(arguments.index("--list") + 1) if "--list" in arguments else None
    named = [argument.split("=", 1) for argument in arguments if argument != "--list"]
    if not named or any(len(pair) != 2 for pair in named):
        sys.exit(__doc__)
    runs = {name: read(path) for name, path in named}
    files = {file: (Source(file), {}) for run in runs.values() for file in run}
    head = f"{'':34} {'lines':>7}   {'branches':>7}  {'decisions':>9}   decisions  hand-overs"
    print(f"{head}\n{'':34} {'':7}   {'':7}   {'':7}   {'missed':>9} {'missed':>10}")
    for name, run in runs.items():
        print(row(f"by {name}", total_of(counts_of([run], files))))
    counts = counts_of(list(runs.values()), files)
    print(row("by all of them", total_of(counts)))
    print("\nfiles with decisions that nothing reached:")
    for file, count in sorted(counts.items(), key=lambda item: -item[1].missing("decision")):
        if count.missing("decision"):
            print(row(file, count))
    if out:
        write_list(out, list(runs.values()), files)
        print(f"\neach branch: {out}")


if __name__ == "__main__":
    main(sys.argv[1:])
