#!/usr/bin/env python3
"""The yardstick: plants each bug of tests/mutants/*.patch in the kernel and lets the ordinary campaign hunt it.

Each patch is built as a kernel module: the build's own objects, but those compiled anew that the patch reaches. A bug
is caught when the campaign fails; the plan that failed is then shrunk. Last, the kernel without a bug must pass ten
times as many seeds. What corpus/regressions holds of plans from earlier hunts is run on each mutant, too: `kept` says how
many of them fail, as a regression suite is to.

exit code: 0 all caught and the kernel without a bug silent, 1 not so, 2 a patch that does not apply or compile, or has
no header, or a campaign that comes to no end
"""
import argparse
import concurrent.futures
import contextlib
import json
import os
import re
import shlex
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from results import Results, add_options

ROOT = Path(__file__).resolve().parents[2]
FLAGS = ["--states"]  # the same for all
SEEDS = 500
SILENT_TIMES = 10
HUNT_SECONDS_MAX = 300
SHRINK_SECONDS_MAX = 20
SHRINK_SECONDS_MAX_KEPT = 600  # of what stays
HEADERS = ("Bug", "From", "Shows")  # lines before the diff: what is wrong, whose history it is from, how it shows
EXAMPLES = """
examples:
  ./dev mutants
  ./dev mutants upgrade-half-done exit-with-failure-keeps-changes
  ./dev mutants --no-shrink --json
  ./dev mutants --junit mutants.xml --html mutants.html
  ./dev mutants --keep corpus a-new-bug
"""


class Broken(Exception):
    """The yardstick itself cannot be read, built or run."""


def run(command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode != 0:
        raise Broken(f"{Path(command[0]).name} failed:\n{done.stdout.strip()}")
    return done.stdout


# --- a mutant and its module ---------------------------------------------------------------------


class Mutant:
    def __init__(self, path, headers=HEADERS):
        self.name = path.stem
        self.path = path
        head = path.read_text().split("--- a/", 1)[0]
        self.headers = dict(re.findall(r"^(\w+): (.+)$", head, re.MULTILINE))
        for header in headers:
            if header not in self.headers:
                raise Broken(f"{path.name}: no line '{header}: ...' before the diff")


class Compiler:
    """Knows how the build compiles each file of `objects`, folders with the library they are compiled into."""

    def __init__(self, build, objects):
        self.build = build
        self.folders = tuple(objects)
        self.commands = {}
        for entry in json.loads((build / "compile_commands.json").read_text()):
            source, command = Path(entry["file"]), shlex.split(entry["command"])
            target = command[command.index("-o") + 1]
            for folder, library in objects.items():
                if source.is_relative_to(ROOT / folder) and f"{library}.dir" in target:
                    self.commands[str(source.relative_to(ROOT))] = (command, target)

    def apply(self, mutant, tree):
        """A copy of the folders with the patch in it; returns the files that it changes."""
        for folder in self.folders:
            shutil.copytree(ROOT / folder, tree / folder)
        run(["patch", "-p1", "-F0", "-s", "-t", "-d", str(tree), "-i", str(mutant.path)])
        files = re.findall(r"^\+\+\+ b/(\S+)", mutant.path.read_text(), re.MULTILINE)
        stray = [file for file in files if not file.startswith(tuple(f"{folder}/" for folder in self.folders))]
        if stray or not files:
            raise Broken(f"it changes {stray[0] if stray else 'nothing'}")
        return files

    def reached(self, tree, changed):
        """The .c files to be compiled anew: those changed, and whoever includes a header that is."""
        reached, grows = set(changed), True
        while grows:
            grows = False
            names = {Path(file).name for file in reached if file.endswith(".h")}
            for path in tree.rglob("*.[ch]") if names else ():
                file = str(path.relative_to(tree))
                included = re.findall(r'^#include "(?:.*/)?([^/"]+)"', path.read_text(), re.MULTILINE)
                if file not in reached and names.intersection(included):
                    reached.add(file)
                    grows = True
        return sorted(file for file in reached if file.endswith(".c"))

    def compile(self, tree, file):
        command, target = self.commands[file]
        output = tree / (file.replace("/", "-") + ".o")
        moved = [re.sub(f"{re.escape(str(ROOT))}(?=/|$)", str(tree), part) for part in command]
        moved[moved.index("-o") + 1] = str(output)
        run(moved, cwd=self.build)
        return target, str(output)

    def objects(self, mutant, tree):
        """What the patch reaches, compiled: where the build has its object, and where the new one is."""
        return dict(self.compile(tree, file) for file in self.reached(tree, self.apply(mutant, tree)))


class Builder(Compiler):
    """Knows as well how the build links libvk.so."""

    def __init__(self, build, scratch):
        super().__init__(build, {"kernel": "vk_objects"})
        self.scratch = scratch
        links = run(["ninja", "-C", str(build), "-t", "commands", "libvk.so"]).splitlines()
        self.link = shlex.split(next(line for line in links if " -shared " in line))

    def module(self, mutant):
        tree = self.scratch / mutant.name
        output = self.scratch / f"{mutant.name}.so"
        tree.mkdir()
        try:
            objects = self.objects(mutant, tree)
            link = [objects.get(part, part) for part in self.link if part not in (":", "&&")]
            link[link.index("-o") + 1] = str(output)
            run(link, cwd=self.build)
        except Broken as broken:
            raise Broken(f"{mutant.name}: {broken}") from None
        shutil.rmtree(tree)
        return output


# --- the hunt ------------------------------------------------------------------------------------


class Hunt:
    """One campaign, up to its first failure."""

    def __init__(self, crankcase, module, seeds, jobs, out):
        self.failure = self.said = None
        command = [str(crankcase), "run", "--seeds", str(seeds), *FLAGS, "--json", "--jobs", str(jobs)]
        command += ["--out", str(out), "--kernel", str(module)]
        begun = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   start_new_session=True)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            reading = pool.submit(self.read, process)
            try:
                reading.result(timeout=HUNT_SECONDS_MAX)
            except concurrent.futures.TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)  # its own group, which no other process is in
        self.seconds = time.monotonic() - begun
        self.code = process.wait()
        if self.failure is None and self.code < 0:
            raise Broken(f"the campaign comes to no end in {HUNT_SECONDS_MAX} s")

    def read(self, process):
        for line in process.stdout:
            told = json.loads(line)
            if told["type"] != "failure":
                continue
            self.failure = told
            self.seed = int(told["name"].split()[1])
            self.plan = told.get("plan")
            process.terminate()  # it ends with the seeds in hand
            break
        process.stdout.read()
        self.said = process.stderr.read().strip()


def shrink(crankcase, module, plan, seconds_max):
    """What `crankcase shrink --json` says, or None: it could not."""
    command = [str(crankcase), "shrink", "--json", "--quiet", "--deadline", str(seconds_max)]
    command += ["--kernel", str(module), "--out", str(plan) + ".shrunk", str(plan)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return json.loads(done.stdout) if done.returncode == 0 else None


def kept_that_fail(crankcase, module, folder):
    """How many of the plans in the folder do on this kernel what they did before a bug was out."""
    command = [str(crankcase), "corpus", "run", "--plans", "--json", "--kernel", str(module), str(folder)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode not in (0, 1):
        raise Broken(f"the regressions cannot be run: {done.stderr.strip()}")
    return sum(row["type"] == "plan" and row["verdict"] == "not met" for row in rows)


def keep(crankcase, scratch, rows, folder):
    """Adds the shrunk plans to the corpus, the smallest first, but those whose failure is there already."""
    for row in sorted((row for row in rows if "linesShrunk" in row), key=lambda row: row["linesShrunk"]):
        name = row["name"]
        module, [plan] = scratch / f"{name}.so", (scratch / f"{name}.plans").glob("*.shrunk")
        # Its origin is the patch; where that was built does not matter.
        plan.write_text(plan.read_text().replace(str(module), f"{name}.so"))
        command = [str(crankcase), "corpus", "add", "--kernel", str(module), str(plan), str(folder)]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode == 0:
            print(done.stdout.splitlines()[1].strip())
        elif not done.stderr.rstrip().endswith((" already", ": is the same plan")):
            raise Broken(f"{name} cannot be kept: {done.stderr.strip()}")


def hunt_down(builder, crankcase, mutant, options):
    """The row of a mutant."""
    row = {"type": "mutant", "name": mutant.name, **{k.lower(): mutant.headers[k] for k in HEADERS}}
    begun = time.monotonic()
    module = builder.module(mutant)
    row["buildSeconds"] = round(time.monotonic() - begun, 2)
    try:
        hunt = Hunt(crankcase, module, options.seeds, 1, builder.scratch / f"{mutant.name}.plans")
    except Broken as broken:
        raise Broken(f"{mutant.name}: {broken}") from None
    row["caught"] = hunt.failure is not None
    row["seconds"] = round(hunt.seconds, 2)
    if hunt.failure is None:
        if hunt.code != 0:
            raise Broken(f"{mutant.name}: the campaign ended with {hunt.code}: {hunt.said}")
        return row
    row["seeds"] = hunt.seed
    for member in ("oracle", "signature", "what"):
        row[member] = hunt.failure[member]
    if options.regressions.is_dir():
        row["kept"] = kept_that_fail(crankcase, module, options.regressions)
    seconds_max = SHRINK_SECONDS_MAX_KEPT if options.keep else SHRINK_SECONDS_MAX
    shrunk = shrink(crankcase, module, hunt.plan, seconds_max) if options.shrink and hunt.plan else None
    if shrunk:
        row["lines"], row["linesShrunk"] = shrunk["linesBefore"], shrunk["lines"]
        row["shrinkRuns"], row["shrinkSeconds"] = shrunk["runs"], round(shrunk["seconds"], 2)
    return row


# --- what is printed -----------------------------------------------------------------------------


def coloured(text, code):
    wanted = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return f"\x1b[{code}m{text}\x1b[0m" if wanted else text


def print_row(row, width):
    if not row["caught"]:
        print(f"{row['name']:{width}}  " + coloured("NOT CAUGHT", 31), flush=True)
        return
    lines, runs, seconds = "-", "-", "-"
    if "lines" in row:
        lines = f"{row['lines']}>{row['linesShrunk']}"
        runs, seconds = row["shrinkRuns"], f"{row['shrinkSeconds']:.1f}"
    print(f"{row['name']:{width}}  {row['oracle']:9} {row['seeds']:5} {row['seconds']:6.1f} {lines:>8} {runs:>5} {seconds:>5}"
          f" {row.get('kept', '-'):>4}  {row['signature']}", flush=True)


def print_total(rows, seeds):
    caught = [row for row in rows if row["caught"]]
    shrunk = [row["linesShrunk"] for row in caught if "linesShrunk" in row]
    kept = [row["kept"] for row in caught if "kept" in row]
    text = f"{len(caught)} of {len(rows)} caught within {seeds} seeds"
    if caught:
        text += f", half of them within {statistics.median(row['seeds'] for row in caught):g}"
    if shrunk:
        text += f"; half of the shrunk plans have {statistics.median(shrunk):g} lines or fewer"
    if kept:
        text += f"; the regression suite fails on {sum(n > 0 for n in kept)}"
    print(text)


def silence(options, crankcase, scratch, results):
    """True if the kernel without a bug passes."""
    seeds = options.seeds * SILENT_TIMES
    hunt = Hunt(crankcase, options.build / "libvk.so", seeds, options.jobs, scratch / "silence.plans")
    row = {"type": "silence", "seeds": seeds, "silent": hunt.code == 0 and hunt.failure is None,
           "seconds": round(hunt.seconds, 2)}
    if hunt.failure:
        row["signature"], row["what"] = hunt.failure["signature"], hunt.failure["what"]
    said = row.get("signature", hunt.said)
    results.add("(no bug)", "passed" if row["silent"] else "different", row["seconds"],
                "" if row["silent"] else f"not silent: {said}\n{row.get('what', '')}\n"
                f"reproduce: crankcase run --seeds {seeds} {' '.join(FLAGS)}")
    if options.json:
        print(json.dumps(row), flush=True)
    elif row["silent"]:
        print(f"no bug: silent over {seeds} seeds ({row['seconds']:.1f} s)")
    else:
        print(coloured("no bug, and NOT SILENT", 31) + f": {said}")
    return row["silent"]


def parse():
    parser = argparse.ArgumentParser(prog="./dev mutants", description=__doc__, epilog=EXAMPLES,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="these alone, and no silence")
    parser.add_argument("--no-shrink", dest="shrink", action="store_false", help="do not shrink what was found")
    parser.add_argument("--no-silence", dest="silence", action="store_false",
                        help="do not try the kernel without a bug")
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"seeds of a campaign ({SEEDS})")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="so many side by side (one a core)")
    parser.add_argument("--keep", type=Path, metavar="CORPUS", help="add the shrunk plans to this corpus, a failure once")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--build", type=Path, default=ROOT / "build/release", help="where the kernel was built")
    add_options(parser)
    parser.add_argument("--regressions", type=Path, default=ROOT / "corpus/regressions",
                        help="plans that are run on each")
    parser.add_argument("--patches", type=Path, default=Path(__file__).parent, help="where the patches are")
    return parser.parse_args()


def chosen(options):
    paths = {path.stem: path for path in sorted(options.patches.glob("*.patch"))}
    unknown = [name for name in options.names if name not in paths]
    if unknown or not paths:
        raise Broken(f"no patch '{unknown[0]}' in {options.patches}" if unknown else f"no patches in {options.patches}")
    return [Mutant(paths[name]) for name in options.names or paths]


def hunt_reported(builder, crankcase, mutant, options, results):
    """The same; its result is in the database as soon as there is one."""
    reproduce = f"reproduce: ./dev mutants {mutant.name}" + (f" --seeds {options.seeds}" if options.seeds != SEEDS else "")
    begun = time.monotonic()
    try:
        row = hunt_down(builder, crankcase, mutant, options)
    except Broken as broken:
        results.add(mutant.name, "failed", time.monotonic() - begun, f"{broken}\n{reproduce}")
        raise
    results.add(mutant.name, "passed" if row["caught"] else "different", time.monotonic() - begun,
                "" if row["caught"] else f"not caught within {options.seeds} seeds: {row['bug']}\n{reproduce}")
    return row


def hunt_all(options, mutants, scratch, results):
    """The rows of all that could be hunted, and whether some could not."""
    rows, broken, width = [], False, max(len(mutant.name) for mutant in mutants)
    crankcase = options.build / "crankcase"
    builder = Builder(options.build, scratch)
    if not options.json:
        print(f"{'planted bug':{width}}  {'oracle':9} {'seeds':>5} {'s':>6} {'lines':>8} {'runs':>5} {'s':>5} {'kept':>4}  signature")
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for hunt in [pool.submit(hunt_reported, builder, crankcase, mutant, options, results) for mutant in mutants]:
            try:
                rows.append(hunt.result())
            except KeyboardInterrupt:
                pool.shutdown(wait=False, cancel_futures=True)  # it ends with the hunts in hand
                raise
            except Broken as problem:
                print(f"mutants: {problem}", file=sys.stderr)
                broken = True
                continue
            if options.json:
                print(json.dumps(rows[-1]), flush=True)
            else:
                print_row(rows[-1], width)
    if not options.json:
        print_total(rows, options.seeds)
    return rows, broken


def hunt_and_judge(options, mutants, results):
    """The exit code."""
    crankcase = options.build / "crankcase"
    with tempfile.TemporaryDirectory(prefix="mutants-") as name:
        rows, broken = hunt_all(options, mutants, Path(name), results)
        if options.keep:
            keep(crankcase, Path(name), rows, options.keep)
        silent = not options.silence or options.names or silence(options, crankcase, Path(name), results)
    if broken:
        return 2
    return 0 if silent and all(row["caught"] for row in rows) else 1


def main():
    options = parse()
    options.build, options.patches = options.build.resolve(), options.patches.resolve()
    command, state, code = shlex.join(["./dev", "mutants", *sys.argv[1:]]), "failed", 2
    try:
        mutants = chosen(options)
        results = Results(options, "mutants", command, options.build / "crankcase")
    except (Broken, OSError, sqlite3.Error) as problem:
        print(f"mutants: {problem}", file=sys.stderr)
        return 2
    try:
        code = hunt_and_judge(options, mutants, results)
        state = "finished"
    except Broken as problem:
        print(f"mutants: {problem}", file=sys.stderr)
    except KeyboardInterrupt:
        state, code = "interrupted", 130
    finally:
        code = code if results.end(state, code) else 2
    return code


if __name__ == "__main__":
    sys.exit(main())
