#!/usr/bin/env python3
"""The table of ./dev coverage: lines and branches of kernel/, by what reached them, and what nobody did.

    branches.py NAME=GCOVR.json... [--list OUT] [--unreached FILE] [--least PERCENT]

Each GCOVR.json is what gcovr --json wrote after one thing ran (tests, corpus, campaign). A branch is one way out of a
condition, as gcc compiled it without optimisation: an `a && b` has four, a switch one a case and one past them all. Two
kinds are counted apart, by the source line they are on:

    assertions   what is on a VK_ASSERT: nothing ever goes the way into the failure, or there is a bug. Left out, and it is
                 said how many these are.
    hand-overs   VK_TRY, VK_RAISE and what follows them on their line: a host's failure handed up to the caller. Fault
                 sweeps fail the n-th operation of a run and so reach many; the figure is given with and without.

--list writes each branch that nothing reached, as FILE:LINE with its source, for whoever wants to close the gap.

--unreached is the list of those that need not be reached: reasons, in lines that begin at the margin, and under each the
branches that it is the reason of, as indented lines

    FILE: FUNCTION: the source of the line

which hold wherever the line moves to within its function. Exit code 1 if a branch that is in no such line is reached by
nothing, if less than PERCENT of all branches are reached, or if a GCOVR.json has none at all.
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
    """{file: ({line: hit}, {(line, branch): hit}, [(line, function)])}"""
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
        functions = sorted((f["lineno"], f["name"]) for f in file["functions"])
        found[file["file"]] = (lines, branches, functions)
    if not any(branches for _, branches, _ in found.values()):
        sys.exit(f"{path}: no branch was measured")
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
        for number in set().union(*(of[0] for of in of_file)):
            count.add("line", any(of[0].get(number) for of in of_file))
        for branch in set().union(*(of[1] for of in of_file)):
            kind = kinds.setdefault(branch[0], kind_of(source, branch[0]))
            count.add(kind, any(of[1].get(branch) for of in of_file))
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


class Missed:
    """A line with branches that nothing reached."""

    def __init__(self, file, number, function, source, kind):
        self.place = f"{file}:{number}: {kind}"
        self.source = " ".join(source.lines[number - 1].split())
        self.key = f"{file}: {function}: {self.source}"
        self.branches = 0


def function_at(functions, number):
    return max((f for f in functions if f[0] <= number), default=(0, "-"))[1]


def missed_of(runs, files):
    """All Missed but assertions, in order."""
    missed = []
    for file, (source, kinds) in sorted(files.items()):
        of_file = [run[file] for run in runs if file in run]
        lines = {}
        for number, index in sorted(set().union(*(of[1] for of in of_file))):
            if kinds[number] == "assertion" or any(of[1].get((number, index)) for of in of_file):
                continue
            if number not in lines:
                function = function_at(of_file[0][2], number)
                lines[number] = Missed(file, number, function, source, kinds[number])
            lines[number].branches += 1
        missed += lines.values()
    return missed


def read_unreached(path):
    """{key: reason}"""
    reasons, reason, open_reason = {}, "", False
    for line in Path(path).read_text(encoding="utf-8").split("\n"):
        if line.startswith(" "):
            reasons[" ".join(line.split())] = reason
            open_reason = False
        elif line and not line.startswith("#"):
            reason = f"{reason} {line}" if open_reason else line
            open_reason = True
    return reasons


def judge(missed, reasons, total, least):
    """Prints why what was missed was missed; whether all is well."""
    kinds = ("decision", "hand-over")
    branches, reached = (sum(of[kind] for kind in kinds) for of in (total.all, total.hit))
    print(f"\n{branches} branches, {branches - reached} of them reached by nothing; "
          f"and {total.all['assertion']} of assertions, which are left out")
    by_reason = defaultdict(int)
    for line in missed:
        by_reason[reasons.get(line.key)] += line.branches
    for reason, count in sorted(by_reason.items(), key=lambda item: -item[1]):
        if reason:
            print(f"{count:5} {reason}")
    keys = {line.key for line in missed}
    spare = sum(key not in keys for key in reasons)
    if spare:
        print(f"{spare:5} lines of the list were reached this time")
    for line in missed:
        if line.key not in reasons:
            print(f"no reason is known: {line.place}: {line.source}")
    if 100 * reached < least * branches:
        print(f"less than {least} % of the branches are reached")
    return None not in by_reason and 100 * reached >= least * branches


def option(arguments, name):
    if name not in arguments:
        return None
    at = arguments.index(name)
    value = arguments[at + 1] if at + 1 < len(arguments) else sys.exit(__doc__)
    del arguments[at:at + 2]
    return value


def main(arguments):
    out, unreached, least = (option(arguments, name) for name in ("--list", "--unreached", "--least"))
    named = [argument.split("=", 1) for argument in arguments]
    if not named or any(len(pair) != 2 for pair in named):
        sys.exit(__doc__)
    runs = {name: read(path) for name, path in named}
    files = {file: (Source(file), {}) for run in runs.values() for file in run}
    head = f"{'':34} {'lines':>7}   {'branches':>7}  {'decisions':>9}   decisions  hand-overs"
    print(f"{head}\n{'':34} {'':7}   {'':7}   {'':7}   {'missed':>9} {'missed':>10}")
    for name, run in runs.items():
        print(row(f"by {name}", total_of(counts_of([run], files))))
    counts = counts_of(list(runs.values()), files)
    total = total_of(counts)
    print(row("by all of them", total))
    print("\nfiles with decisions that nothing reached:")
    for file, count in sorted(counts.items(), key=lambda item: -item[1].missing("decision")):
        if count.missing("decision"):
            print(row(file, count))
    missed = missed_of(list(runs.values()), files)
    if out:
        Path(out).write_text("".join(f"{line.place}: {line.source}\n" for line in missed),
                             encoding="utf-8")
        print(f"\neach branch: {out}")
    reasons = read_unreached(unreached) if unreached else {}
    if not judge(missed, reasons, total, float(least or 0)) and unreached:
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
