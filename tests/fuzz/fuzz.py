#!/usr/bin/env python3
"""Runs each fuzz target, or those named, under libFuzzer for SECONDS of CPU time each, whatever else the machine does.

What a target learns stays in build/fuzz/corpus/TARGET, what it finds in build/fuzz/findings/TARGET, what it says in
build/fuzz/TARGET.log.

exit code: 0 all clean, 1 findings, 2 a target that is not there or does not run, 130 Ctrl-C
"""
import argparse
import concurrent.futures
import configparser
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 60
POLL_SECONDS = 0.05
# Freed memory is held back for less: that of some runs, not of hundreds, and what is used again is still in the cache.
ENVIRONMENT = {"ASAN_OPTIONS": "quarantine_size_mb=16"}
LIMITS = ("-timeout=30", "-rss_limit_mb=2560")
END_SECONDS_MAX = 120  # from the wish to end to the end
TICKS = os.sysconf("SC_CLK_TCK")
EXAMPLES = """
examples:
  ./dev fuzz
  ./dev fuzz 1200 store_fuzz slog_fuzz
  ./dev fuzz planted
"""


stopping = threading.Event()


def stop_on_interrupt():
    """Ctrl-C: what runs is killed, what waits is not begun. Raised in the midst of a pool's own work it could be lost."""
    if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
        signal.signal(signal.SIGINT, lambda *unused: stopping.set())


class Broken(Exception):
    """A target cannot be run, or comes to no end."""


class Target:
    def __init__(self, name, build):
        self.name = name
        self.binary = build / "fuzz" / name
        self.seeds = ROOT / "corpus/fuzz" / name
        words = ROOT / "tests/fuzz" / f"{name}.dict"
        self.words = [f"-dict={words}"] if words.is_file() else []
        said = configparser.ConfigParser()
        said.read(ROOT / "tests/fuzz" / f"{name}.options")
        self.options = [f"-{key}={value}" for key, value in said.items("libfuzzer")] if said.has_section("libfuzzer") else []


def targets():
    return sorted(path.stem for path in (ROOT / "tests/fuzz").glob("*_fuzz.c"))


def chosen(names):
    known = targets()
    for name in names:
        if name not in known:
            raise Broken(f"no target '{name}' ({' '.join(known)})")
    return names or known


# --- one run -------------------------------------------------------------------------------------


def cpu_of(pid):
    """Seconds of CPU time of a process that was not yet waited for, its ended threads included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class Outcome:
    def __init__(self, target, code, cpu, log, artifacts):
        text = log.read_text(errors="replace")
        self.name, self.code, self.cpu, self.log = target.name, code, cpu, log
        executed = re.findall(r"stat::number_of_executed_units: (\d+)", text)
        edges = re.findall(r"\bcov: (\d+)", text)
        written = re.findall(r"Test unit written to (.+)", text)
        self.execs = int(executed[-1]) if executed else 0
        self.edges = int(edges[-1]) if edges else 0
        self.found = code != 0
        self.input = Path(written[-1]) if written else None
        if self.found and not self.input:
            raise Broken(f"{target.name} ended with {code} and no input; {log} says why")

    @property
    def rate(self):
        return self.execs / self.cpu if self.cpu else 0


def run(target, seconds, folders, log, artifacts, *options):
    """libFuzzer, asked to end (SIGUSR1) once the target has had its CPU time."""
    if stopping.is_set():
        raise Broken(f"{target.name} was interrupted")
    artifacts.mkdir(parents=True, exist_ok=True)
    command = [str(target.binary), *LIMITS, "-print_final_stats=1", *options, f"-artifact_prefix={artifacts}/",
               *map(str, folders)]
    with open(log, "wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL,
                                   env={**ENVIRONMENT, **os.environ})
    asked = None
    try:
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            if asked is None and cpu_of(process.pid) >= seconds:
                process.send_signal(signal.SIGUSR1)
                asked = time.monotonic()
            if stopping.is_set():
                raise Broken(f"{target.name} was interrupted")
            if asked and time.monotonic() > asked + END_SECONDS_MAX:
                raise Broken(f"{target.name} comes to no end")
            time.sleep(POLL_SECONDS)
    except BaseException:
        process.kill()
        process.wait()
        raise
    process.returncode = os.waitstatus_to_exitcode(status)
    return Outcome(target, process.returncode, usage.ru_utime + usage.ru_stime, log, artifacts)


def coloured(text, code):
    wanted = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return f"\x1b[{code}m{text}\x1b[0m" if wanted else text


# --- the command ---------------------------------------------------------------------------------


def fuzz(name, options):
    target = Target(name, options.build)
    learned = options.build / "corpus" / name
    learned.mkdir(parents=True, exist_ok=True)
    outcome = run(target, options.seconds, [learned, target.seeds], options.build / f"{name}.log",
                  options.build / "findings" / name, *target.words, *target.options)
    if not outcome.found and (outcome.cpu < options.seconds or not outcome.execs):
        raise Broken(f"{name} ended by itself: {outcome.execs} inputs in {outcome.cpu:.1f} s; {outcome.log} says why")
    return outcome


def print_outcome(outcome, as_json):
    if as_json:
        row = {"type": "target", "name": outcome.name, "execs": outcome.execs, "cpuSeconds": round(outcome.cpu, 2),
               "execsPerCpuSecond": round(outcome.rate, 1), "edges": outcome.edges, "clean": not outcome.found}
        if outcome.found:
            row["input"] = str(outcome.input)
        print(json.dumps(row), flush=True)
        return
    said = coloured(f"FOUND {outcome.input}", 31) if outcome.found else "clean"
    print(f"{outcome.name:15} {outcome.execs:10} {outcome.cpu:8.1f} {outcome.rate:8.0f} {outcome.edges:6}  {said}",
          flush=True)
    if outcome.found:
        print(*outcome.log.read_text(errors="replace").splitlines()[-60:], sep="\n", file=sys.stderr)


def parse():
    parser = argparse.ArgumentParser(prog="./dev fuzz", description=__doc__, epilog=EXAMPLES,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("arguments", nargs="*", metavar="[SECONDS] TARGET",
                        help=f"seconds of CPU time for each ({SECONDS}); the targets (all)")
    parser.add_argument("--jobs", type=int, default=1, help="so many targets side by side (1)")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--build", type=Path, default=ROOT / "build/fuzz", help="where the targets were built")
    options = parser.parse_args()
    options.seconds, options.names = seconds_and_names(options.arguments, SECONDS)
    options.build = options.build.resolve()
    return options


def seconds_and_names(arguments, seconds):
    if arguments and arguments[0].isdecimal():
        return int(arguments[0]), arguments[1:]
    return seconds, arguments


def fuzz_all(options, names):
    """How many targets ran, how many of them found something, how many did not run."""
    count = found = broken = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for running in [pool.submit(fuzz, name, options) for name in names]:
            try:
                outcome = running.result()
            except Broken as problem:  # the others' findings are told all the same
                if not stopping.is_set():
                    print(f"fuzz: {problem}", file=sys.stderr)
                broken += 1
                continue
            print_outcome(outcome, options.json)
            count, found = count + 1, found + outcome.found
    return count, found, broken


def main():
    options = parse()
    stop_on_interrupt()
    try:
        names = chosen(options.names)
        if not options.json:
            print(f"{'target':15} {'execs':>10} {'CPU s':>8} {'exec/s':>8} {'edges':>6}")
        count, found, broken = fuzz_all(options, names)
    except Broken as problem:
        print(f"fuzz: {problem}", file=sys.stderr)
        return 2
    if stopping.is_set():
        print("fuzz: interrupted", file=sys.stderr)
        return 130
    if not options.json:
        print(f"{count - found} targets clean, {found} with findings" + (f", {broken} not run" if broken else ""))
    return 2 if broken else 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
