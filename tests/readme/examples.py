#!/usr/bin/env python3
"""README shows what is printed: its examples are typed here, and print that.

    examples.py BUILD       with the programs of a build

Of the blocks that can be typed in any folder with the corpus in it (README's own order, one folder for all) every line that
is shown must come, in order; `...` stands for lines that are left out, and times are whatever they are. That the check can
fail is shown first, on a README with a mistake.
"""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TYPED = ("changed.jsonl", "--seeds 40 --shrink", "diff crankcase-failures/seed-11", "corpus/stories/panic")
MISTAKE = ("v3 (bob)", "v3 (rob)")


def examples(text):
    """Of each block that is typed, the pairs of a command and the lines shown after it."""
    for _, block in re.findall(r"^(`{3,})[a-z]*\n(.*?)^\1$", text, re.M | re.S):
        if not any(mark in block for mark in TYPED):
            continue
        for example in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, shown = example.partition("\n")
            yield command, [line.rstrip() for line in shown.splitlines()]


def plain(line):
    """Without what takes its time: seconds, and a replay's column of cranks a second."""
    line = re.sub(r" +\d+  (?=DIFFERS|\d+ met)", " # ", line.rstrip())
    return re.sub(r"\b\d+(\.\d+)? s\b", "# s", line)


def is_shown(shown, printed):
    """Whether the lines shown are those printed, but for `...`."""
    if not shown:
        return not printed
    if shown[0].strip() == "...":
        return any(is_shown(shown[1:], printed[i:]) for i in range(len(printed) + 1))
    return bool(printed) and plain(shown[0]) == plain(printed[0]) and is_shown(shown[1:], printed[1:])


def check(text, results):
    """What is wrong; `results` has what was printed, by command."""
    found = []
    for command, shown in examples(text):
        if not is_shown(shown, results[command]):
            found.append(f"$ {command}\n" + "\n".join(results[command]) + "\n-- is not what README shows:\n"
                         + "\n".join(shown) + "\n")
    return found


def run_all(text, build):
    environment = {**os.environ, "PATH": f"{build}:{os.environ['PATH']}", "NO_COLOR": "1"}
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "corpus").symlink_to(ROOT / "corpus")
        for command, _ in examples(text):
            run = subprocess.run(["bash", "-c", command], cwd=folder, env=environment, text=True, check=False,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            results[command] = [line.rstrip() for line in run.stdout.splitlines()]
    return results


def main(arguments):
    if len(arguments) != 1:
        sys.exit(__doc__)
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    results = run_all(text, Path(arguments[0]).resolve())
    found = check(text, results)
    missing = [mark for mark in TYPED if not any(mark in command for command in results)]
    found += [f"no example with {mark}" for mark in missing]
    if not check(text.replace(*MISTAKE), results):
        found.append(f"not found: {MISTAKE[1]} in the place of {MISTAKE[0]}")
    print("\n".join(found) or f"{len(results)} commands print what README shows")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
