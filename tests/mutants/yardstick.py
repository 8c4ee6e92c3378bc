#!/usr/bin/env python3
"""The yardstick itself: quick bugs are caught, what is no bug is not, and each of its complaints can be had.

    yardstick.py BUILD-FOLDER
"""
import argparse
import contextlib
import io
import json
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree
from pathlib import Path

import mutants
import results

HERE = Path(__file__).resolve().parent
BUILD = Path(sys.argv.pop(1))
HEADER = "Bug: none\nFrom: nobody\nShows: not at all\n\n"
FILE = "kernel/core/retirement.c"


def patch(old, new, header=HEADER):
    """A patch of the first line of FILE from `old` to `new`."""
    return f"{header}--- a/{FILE}\n+++ b/{FILE}\n@@ -1 +1 @@\n-{old}\n+{new}\n"


def first_line():
    return (mutants.ROOT / FILE).read_text().splitlines()[0]


class Yardstick(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory(prefix="yardstick-")
        self.addCleanup(self.scratch.cleanup)
        self.folder = Path(self.scratch.name)

    def call(self, *arguments):
        command = [sys.executable, "-B", str(HERE / "mutants.py"), "--build", str(BUILD), "--json", *arguments]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr

    def call_on(self, text, *arguments):
        (self.folder / "planted.patch").write_text(text)
        return self.call("--patches", self.scratch.name, "--seeds", "2", "--no-shrink", *arguments)

    def cases(self, junit):
        """What each test case came to, and what is said of it."""
        return {case.get("name"): (case[0].tag, case[0].text) if len(case) else ("passed", "")
                for case in xml.etree.ElementTree.parse(junit).iter("testcase")
                if case.get("classname") == "crankcase.mutants"}

    def results(self, **files):
        options = argparse.Namespace(**{name: files.get(name) for name in results.OPTIONS})
        return results.Results(options, "mutants", "./dev mutants", BUILD / "crankcase")

    def test_catches_quick_bugs_and_shrinks_their_plans(self):
        bugs = {"cursor-left-open": "crash", "exit-with-failure-keeps-changes": "account",
                "rollback-forgets-deletes": "rollback"}
        code, rows, said = self.call("--seeds", "10", *bugs)
        self.assertEqual((code, said), (0, ""))
        self.assertEqual({row["name"]: row.get("oracle") for row in rows}, bugs)
        for row in rows:
            self.assertLess(row["linesShrunk"], row["lines"])

    def test_has_quick_bugs_for_each_oracle(self):
        bugs = {"creation-costs-nothing": "account/create-vat/computrons",
                "device-error-panics": "class/send/panic",
                "first-delivery-in-memory": "replicas/",
                "late-subscriber-untold": "memory/none/promise",
                "meter-goes-below-zero": "account/send/meter",
                "queue-length-cached": "liveness/none/acceptanceQueue",
                "span-hash-starts-anew": "audit/none/transcript",
                "two-events-in-one-crank": "rollback/startVat/crankNumber"}
        code, rows, said = self.call("--seeds", "40", "--no-shrink", *bugs)
        self.assertEqual((code, said), (0, ""))
        for row in rows:
            self.assertTrue(row["signature"].startswith(bugs[row["name"]]), row)

    def test_does_not_catch_what_is_no_bug(self):
        code, rows, said = self.call_on(patch(first_line(), first_line() + " /* so it is */"))
        self.assertEqual((code, said), (1, ""))
        self.assertEqual([row["type"] for row in rows], ["mutant", "silence"])
        self.assertFalse(rows[0]["caught"])
        self.assertTrue(rows[1]["silent"])

    def test_complains_of_a_kernel_that_is_not_silent(self):
        builder = mutants.Builder(BUILD, self.folder)
        module = builder.module(mutants.Mutant(HERE / "rollback-forgets-deletes.patch"))
        module.rename(self.folder / "libvk.so")
        options = argparse.Namespace(build=self.folder, seeds=1, jobs=1, json=True)
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            self.assertFalse(mutants.silence(options, BUILD / "crankcase", self.folder, self.results()))
        self.assertFalse(json.loads(printed.getvalue())["silent"])

    def test_leaves_a_case_for_each_bug_and_for_the_kernel_without_one(self):
        junit, summary = self.folder / "j.xml", self.folder / "s.md"
        summary.write_text("before\n")
        code, _, said = self.call_on(patch(first_line(), first_line() + " /* so it is */"),
                                     "--junit", junit, "--summary", summary)
        self.assertEqual((code, said), (1, ""))
        found = self.cases(junit)
        self.assertEqual({name: tag for name, (tag, _) in found.items()}, {"planted": "failure", "(no bug)": "passed"})
        self.assertIn("\nreproduce: ./dev mutants planted --seeds 2", found["planted"][1])
        self.assertTrue(summary.read_text().startswith("before\n\n\n## crankcase: failed\n"))
        self.assertFalse(list(self.folder.glob("*.sqlite")), "nobody asked for it")

    def test_leaves_what_could_not_be_hunted_as_an_error(self):
        junit = self.folder / "j.xml"
        self.assertEqual(self.call_on(patch(first_line(), "nonsense;"), "--junit", junit, "--no-silence")[0], 2)
        self.assertEqual(self.cases(junit)["planted"][0], "error")

    def test_results_of_a_hunt_that_was_killed_are_there_and_partial(self):
        path = str(self.folder / "r.sqlite")
        self.results(results=path).add("caught", "passed", 1.5)
        told = subprocess.run([BUILD / "crankcase", "report", path], stdout=subprocess.PIPE, text=True, check=True).stdout
        self.assertIn("\npartial: It did not come to its end", told)
        self.assertIn("0 of 1 mutants failed", told)
        with self.assertRaises(FileExistsError):
            self.results(results=path)

    def test_complains_of_a_patch_that_does_not_apply(self):
        code, _, said = self.call_on(patch("a line that nobody wrote", "another"))
        self.assertEqual(code, 2)
        self.assertIn("planted: patch failed", said)

    def test_complains_of_a_patch_that_does_not_compile(self):
        code, _, said = self.call_on(patch(first_line(), "nonsense;"))
        self.assertEqual(code, 2)
        self.assertIn("error:", said)

    def test_complains_of_a_patch_outside_the_kernel(self):
        code, _, said = self.call_on(patch(first_line(), "x").replace(FILE, "sim/run.c"))
        self.assertEqual(code, 2)
        self.assertIn("planted: ", said)

    def test_complains_of_a_patch_without_header_and_of_an_unknown_name(self):
        code, _, said = self.call_on(patch(first_line(), "x", header="Bug: none\n\n"))
        self.assertEqual(code, 2)
        self.assertIn("no line 'From: ...'", said)
        code, _, said = self.call("no-such-bug")
        self.assertEqual(code, 2)
        self.assertIn("no patch 'no-such-bug'", said)


if __name__ == "__main__":
    unittest.main()
