#!/usr/bin/env python3
"""Traces of runs, held to the Trace Event Format as its importers need it, and opened in a viewer.

    trace.py CRANKCASE
    trace.py --viewer FOLDER CRANKCASE

The importers of Perfetto and of chrome://tracing drop, or draw wrongly, what is not as here: slices of a thread that overlap,
flows that do not begin and end within a slice, numbers that are none. Each of these checks is shown that it can fail.
With --viewer, speedscope (npm) loads a trace in a headless Chromium: it is installed into FOLDER, where the screenshot is
left, too. Exit code 77: it, or the browser, is not to be had.
"""
import base64
import collections
import copy
import json
import subprocess
import sys
import tempfile
import time
from decimal import Decimal
from pathlib import Path

from webdriver import Browser

HERE = Path(__file__).resolve().parent
PLANS = HERE.parents[1] / "corpus/plans"
SEEDS = range(1, 9)  # whose plans are run, too: nodes crash in them
NAMES = {"process_name": "name", "thread_name": "name", "process_sort_index": "sort_index", "thread_sort_index": "sort_index"}


# ---- the format

def no_duplicates(pairs):
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise ValueError(f"a member comes twice: {names}")
    return dict(pairs)


def no_constant(word):
    raise ValueError(f"{word} is no JSON")


def load(text):
    """Times stay exact: a double would round them, as a viewer may, but a check may not."""
    return json.loads(text, parse_float=Decimal, parse_constant=no_constant, object_pairs_hook=no_duplicates)


def is_number(value):
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)


def is_id(value):
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2 ** 32


def check_event(event):
    """What is wrong with it by itself."""
    phase, args = event.get("ph"), event.get("args", {})
    if phase not in ("M", "X", "s", "f", "i", "C"):
        return "of no phase"
    if not (is_id(event.get("pid")) and is_id(event.get("tid"))):
        return "pid and tid are numbers of 32 bits"
    if not isinstance(event.get("name"), str) or not event["name"] or not isinstance(args, dict):
        return "it has no name, or its args are no object"
    if phase == "M":
        wanted = NAMES.get(event["name"])
        return None if wanted in args else "metadata of no known kind, or without its value"
    if not is_number(event.get("ts")) or event["ts"] < 0:
        return "it has no time"
    if phase == "X" and not (is_number(event.get("dur")) and event["dur"] > 0):
        return "a slice has a length"
    if phase in "sf" and not (is_id(event.get("id")) and event.get("cat")):
        return "a flow has an id and a category"
    if phase == "f" and event.get("bp") != "e":
        return "a flow's end binds to the slice around it"
    if phase == "i" and event.get("s") not in ("g", "p", "t"):
        return "an instant has a scope"
    if phase == "C" and not (args and all(is_number(value) for value in args.values())):
        return "a counter's values are numbers"
    return None


def check_nesting(slices):
    """Of one thread: each is within the one that is open, or begins when it has ended."""
    open_slices = []
    for start, end in sorted(slices, key=lambda one: (one[0], -one[1])):
        while open_slices and open_slices[-1] <= start:
            open_slices.pop()
        if open_slices and end > open_slices[-1]:
            return f"the slice {start} to {end} overlaps one that ends at {open_slices[-1]}"
        open_slices.append(end)
    return None


def check_flows(flows, threads):
    found = []
    for key, ends in flows.items():
        if [event["ph"] for event in ends] != ["s", "f"]:
            found.append(f"flow {key}: it does not begin once and then end once")
            continue
        if ends[0]["ts"] > ends[1]["ts"]:
            found.append(f"flow {key}: it ends before it begins")
        for event in ends:
            around = threads.get((event["pid"], event["tid"]), [])
            if not any(start <= event["ts"] < end for start, end in around):
                found.append(f"flow {key}: no slice is around its {event['ph']}")
    return found


def check(trace):
    """All that is wrong with it."""
    events = trace.get("traceEvents")
    if not isinstance(events, list) or trace.get("displayTimeUnit") not in ("ms", "ns"):
        return ["it is no trace"]
    found = [f"{wrong}: {event}" for event in events if (wrong := check_event(event))]
    if found:
        return found
    threads, flows = collections.defaultdict(list), collections.defaultdict(list)
    named = {(event["name"], event["pid"], event["tid"]) for event in events if event["ph"] == "M"}
    for event in events:
        if event["ph"] == "X":
            threads[event["pid"], event["tid"]].append((event["ts"], event["ts"] + event["dur"]))
        if event["ph"] in "sf":
            flows[event["cat"], event["name"], event["id"]].append(event)
    for pid, tid in threads:
        if ("process_name", pid, 0) not in named or ("thread_name", pid, tid) not in named:
            found.append(f"thread {tid} of process {pid} has no name")
        if wrong := check_nesting(threads[pid, tid]):
            found.append(f"thread {tid} of process {pid}: {wrong}")
    return found + check_flows(flows, threads)


# ---- that the checks can fail

def first(trace, phase):
    return next(event for event in trace["traceEvents"] if event["ph"] == phase)


def overlap(trace):
    """A slice of the kernel's goes on to the midst of the one after it."""
    slices = sorted((event for event in trace["traceEvents"] if event["ph"] == "X" and event["pid"] == event["tid"] == 0),
                    key=lambda event: event["ts"])
    slices[0]["dur"] = slices[1]["ts"] + slices[1]["dur"] / 2 - slices[0]["ts"]


MISTAKES = {
    "a phase": lambda trace: first(trace, "i").update(ph="I!"),
    "a time": lambda trace: first(trace, "X").update(ts="0"),
    "a length": lambda trace: first(trace, "X").pop("dur"),
    "a process": lambda trace: first(trace, "X").update(pid="0"),
    "a scope": lambda trace: first(trace, "i").update(s="x"),
    "a counter": lambda trace: first(trace, "C")["args"].update(run="1"),
    "a flow's id": lambda trace: first(trace, "s").update(id=2 ** 31),
    "a flow's place": lambda trace: first(trace, "s").update(tid=77),
    "a flow's order": lambda trace: first(trace, "f").update(ts=Decimal(0)),
    "a name": lambda trace: trace["traceEvents"].remove(first(trace, "M")),
    "slices that overlap": overlap,
}


def unseen_mistakes(trace):
    found = []
    for what, make in MISTAKES.items():
        broken = copy.deepcopy(trace)
        make(broken)
        if not check(broken):
            found.append(f"a mistake is not seen: {what}")
    return found


# ---- what is in it

def check_content(trace):
    """Replicas, vats, cranks, deliveries, messages, faults and queues, each as what it is to be."""
    events = trace["traceEvents"]
    have = {(event["ph"], event.get("cat", event["name"])) for event in events}
    wanted = {("X", "crank"), ("X", "delivery"), ("X", "life"), ("s", "message"), ("f", "message"), ("i", "fault"), ("C", "queues")}
    found = [f"it has no {missing}" for missing in wanted - have]
    names = [event["args"]["name"] for event in events if event["ph"] == "M" and event["name"] == "process_name"]
    if names != [f"replica {i}" for i in range(len(names))]:
        found.append(f"its processes are {names}")
    return found


# ---- a viewer

def show(trace, viewer, folder):
    """What is wrong with what speedscope makes of it: as many profiles as there are threads with slices."""
    page = viewer / "node_modules/speedscope/dist/release/index.html"
    script = Path(folder) / "trace.js"
    content = base64.b64encode(Path(trace).read_bytes()).decode()
    script.write_text(f"speedscope.loadFileFromBase64({json.dumps(Path(trace).name)}, {json.dumps(content)})")
    threads = {(event["pid"], event["tid"]) for event in load(Path(trace).read_text())["traceEvents"] if event["ph"] == "X"}
    with Browser() as browser:
        browser.ask("POST", "/url", {"url": f"file://{page}#localProfilePath={script}"})
        for _ in range(200):
            shown = browser.run("return document.body.innerText")
            if f"(1/{len(threads)})" in shown:
                break
            time.sleep(0.05)
        else:
            return [f"speedscope does not show {len(threads)} threads: {shown} {browser.complaints()}"]
        browser.screenshot(viewer.parent / "trace-viewer.png")
        complaints = browser.complaints()
    print(f"speedscope shows {len(threads)} threads")
    return [f"speedscope complains: {complaints}"] if complaints or "replica 0" not in shown else []


def main_viewer(build, crankcase):
    viewer = Path(build).resolve() / "trace_viewer"
    if Browser.missing():
        print(f"skipped: {Browser.missing()}")
        return 77
    done = subprocess.run([HERE.parent / "runner/npm_packages", HERE / "viewer/package.json", viewer, "--ignore-scripts"])
    if done.returncode:
        return done.returncode
    with tempfile.TemporaryDirectory() as scratch:
        trace = Path(scratch, "trace.json")
        subprocess.run([crankcase, "run", "--quiet", PLANS / "three-replicas.plan", "--trace", trace], check=True)
        found = show(trace, viewer, scratch)
    print("\n".join(found) or "a viewer shows a trace")
    return 1 if found else 0


def main(crankcase):
    found, struck = [], None
    with tempfile.TemporaryDirectory() as scratch:
        plans = sorted(PLANS.glob("*.plan"))
        for seed in SEEDS:
            plan = Path(scratch, f"seed-{seed}.plan")
            plan.write_text(subprocess.run([crankcase, "plan", "--seed", str(seed)], stdout=subprocess.PIPE, text=True,
                                           check=True).stdout)
            plans.append(plan)
        for plan in plans:
            out = Path(scratch, plan.stem + ".json")
            subprocess.run([crankcase, "run", "--quiet", plan, "--trace", out], check=True)
            trace = load(out.read_text())
            found += [f"{plan.name}: {wrong}" for wrong in check(trace)]
            struck = out if any(event["ph"] == "i" for event in trace["traceEvents"]) else struck
        if not found:
            found = check_content(load(struck.read_text())) + unseen_mistakes(load(struck.read_text()))
    print("\n".join(found[:20]) or f"{len(plans)} traces are as importers need them")
    return 1 if found else 0


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1] == "--viewer":
        sys.exit(main_viewer(*sys.argv[2:]))
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
