#!/usr/bin/env python3
"""Plants each bug of tests/fuzz/planted/*.patch in what its target covers and lets the target look for it.

A patch is compiled as the fuzz build compiles, put before the libraries, and the target linked anew. The checked-in seeds
must replay clean with the bug in place; from them alone libFuzzer then has SECONDS of CPU time (300) for a target. What it
finds must replay clean without the bug.

With --check nothing is built or run: each patch applies, and each target has one.

exit code: 0 all found, 1 not so, 2 a patch that does not apply or compile, a seed that shows the bug, a find that is none
"""
import argparse
import concurrent.futures
import json
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/mutants"))

import fuzz
import mutants

SECONDS = 300
SEED = 1
HEADERS = ("Bug", "Target")
OBJECTS = {"kernel": "vk_objects", "sim": "crankcase_sim", "faults": "crankcase_faults"}
EXAMPLES = """
examples:
  ./dev fuzz planted
  ./dev fuzz planted 60 json_fuzz slots_fuzz
  ./dev fuzz planted --json
"""


# --- a bug and its target ------------------------------------------------------------------------


def check(bugs):
    """That each of them applies."""
    for bug in bugs:
        try:
            mutants.run(["patch", "-p1", "-F0", "-s", "-t", "--dry-run", "-d", str(ROOT), "-i", str(bug.path)])
        except mutants.Broken as problem:
            raise mutants.Broken(f"{bug.name}: {problem}") from None


class Builder(mutants.Compiler):
    """Links targets with a bug in them."""

    def __init__(self, build, scratch):
        super().__init__(build, OBJECTS)
        self.scratch = scratch

    def link(self, name):
        """The command that links a target, in parts."""
        said = mutants.run(["ninja", "-C", str(self.build), "-t", "commands", f"fuzz/{name}"]).splitlines()
        return [part for part in shlex.split(said[-1]) if part not in (":", "&&")]

    def target(self, bug, name):
        """The target with the bug. Objects that come before the libraries are taken in their place."""
        folder = self.scratch / bug.name
        (folder / "tree").mkdir(parents=True)
        objects = self.objects(bug, folder / "tree").values()
        link = self.link(name)
        at = link.index("libcrankcase_parts.a")
        link[at:at] = objects
        target = fuzz.Target(name, self.build)
        target.binary = folder / name
        link[link.index("-o") + 1] = str(target.binary)
        mutants.run(link, cwd=self.build)
        shutil.rmtree(folder / "tree")
        return target


def replay(target, inputs, log):
    """Whether they run without a complaint."""
    return fuzz.run(target, fuzz.END_SECONDS_MAX, inputs, log, log.parent, "-runs=0")


# --- the hunt ------------------------------------------------------------------------------------


def hunt(builder, bug, options):
    """The row of a bug."""
    if fuzz.stopping.is_set():
        raise mutants.Broken(f"{bug.name}: interrupted")
    name = bug.headers["Target"]
    row = {"type": "bug", "name": bug.name, "target": name, "bug": bug.headers["Bug"]}
    try:
        target = builder.target(bug, name)
        folder = target.binary.parent
        if replay(target, [target.seeds], folder / "seeds.log").found:
            raise fuzz.Broken("its seeds show the bug")
        (folder / "learned").mkdir()
        outcome = fuzz.run(target, options.seconds, [folder / "learned", target.seeds], folder / "log", folder,
                           f"-seed={options.seed}", *target.words, *target.options)
        if outcome.found and not replay_clean(name, outcome.input, options, folder):
            kept = options.build / "findings" / name
            kept.mkdir(parents=True, exist_ok=True)
            shutil.copy(outcome.input, kept)
            raise fuzz.Broken(f"what it found is found without the bug, too: {kept / outcome.input.name}")
    except (mutants.Broken, fuzz.Broken) as problem:
        raise mutants.Broken(f"{bug.name}: {problem}") from None
    row.update(found=outcome.found, execs=outcome.execs, cpuSeconds=round(outcome.cpu, 2),
               execsPerCpuSecond=round(outcome.rate, 1))
    if outcome.found:
        row["bytes"] = outcome.input.stat().st_size
        row["how"] = complaint(outcome.log)
    return row


def replay_clean(name, found, options, folder):
    target = fuzz.Target(name, options.build)
    return subprocess.run([str(target.binary), str(found)], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL, cwd=folder).returncode == 0


def complaint(log):
    """What the target ended with, in a few words."""
    text = log.read_text(errors="replace")
    for pattern in (r"assertion failed: .+", r"runtime error: .+", r"AddressSanitizer: [\w-]+", r"libFuzzer: [\w ]+"):
        said = re.search(pattern, text)
        if said:
            return said.group(0)
    return "?"


# --- the command ---------------------------------------------------------------------------------


def parse():
    parser = argparse.ArgumentParser(prog="./dev fuzz planted", description=__doc__, epilog=EXAMPLES,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("arguments", nargs="*", metavar="[SECONDS] TARGET-OR-BUG",
                        help=f"seconds of CPU time for each ({SECONDS}); these alone")
    parser.add_argument("--seed", type=int, default=SEED, help=f"libFuzzer's ({SEED})")
    parser.add_argument("--jobs", type=int, default=1, help="so many side by side (1)")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--check", action="store_true", help="only see whether the patches apply")
    parser.add_argument("--build", type=Path, default=ROOT / "build/fuzz", help="where the targets were built")
    parser.add_argument("--patches", type=Path, default=Path(__file__).parent / "planted", help="where the patches are")
    options = parser.parse_args()
    options.seconds, options.names = fuzz.seconds_and_names(options.arguments, SECONDS)
    options.build = options.build.resolve()
    return options


def chosen(options):
    bugs = [mutants.Mutant(path, HEADERS) for path in sorted(options.patches.glob("*.patch"))]
    for bug in bugs:
        fuzz.chosen([bug.headers["Target"]])
    missing = [name for name in fuzz.targets() if name not in {bug.headers["Target"] for bug in bugs}]
    if missing and not options.names:
        raise mutants.Broken(f"no bug is planted for {' '.join(missing)}")
    for name in options.names:
        if not any(name in (bug.name, bug.headers["Target"]) for bug in bugs):
            raise mutants.Broken(f"no bug or target '{name}' in {options.patches}")
    return [bug for bug in bugs
            if not options.names or bug.name in options.names or bug.headers["Target"] in options.names]


def print_row(row, width):
    print(f"{row['target']:15} {row['name']:{width}} ", end="")
    if row["found"]:
        print(f"{row['execs']:9} {row['cpuSeconds']:7.1f} {row['execsPerCpuSecond']:8.0f} {row['bytes']:6}  {row['how']}",
              flush=True)
    else:
        print(f"{row['execs']:9} {row['cpuSeconds']:7.1f} {row['execsPerCpuSecond']:8.0f} {'-':>6}  "
              + fuzz.coloured("NOT FOUND", 31), flush=True)


def hunt_all(options, bugs):
    """The rows of all that could be hunted, and whether some could not."""
    rows, broken = [], False
    width = max(len(bug.name) for bug in bugs)
    if not options.json:
        print(f"{'target':15} {'planted bug':{width}} {'execs':>9} {'CPU s':>7} {'exec/s':>8} {'bytes':>6}  found by")
    with tempfile.TemporaryDirectory(prefix="planted-") as scratch:
        builder = Builder(options.build, Path(scratch))
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            for hunting in [pool.submit(hunt, builder, bug, options) for bug in bugs]:
                try:
                    rows.append(hunting.result())
                except mutants.Broken as problem:
                    if not fuzz.stopping.is_set():
                        print(f"planted: {problem}", file=sys.stderr)
                    broken = True
                    continue
                if options.json:
                    print(json.dumps(rows[-1]), flush=True)
                else:
                    print_row(rows[-1], width)
    return rows, broken


def main():
    options = parse()
    try:
        bugs = chosen(options)
        if options.check:
            check(bugs)
            print(f"{len(bugs)} planted bugs apply")
            return 0
    except (mutants.Broken, fuzz.Broken) as problem:
        print(f"planted: {problem}", file=sys.stderr)
        return 2
    fuzz.stop_on_interrupt()
    rows, broken = hunt_all(options, bugs)
    if fuzz.stopping.is_set():
        print("planted: interrupted", file=sys.stderr)
        return 130
    found = sum(row["found"] for row in rows)
    if not options.json:
        print(f"{found} of {len(rows)} found within {options.seconds} s of CPU time each")
    if broken:
        return 2
    return 0 if found == len(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
