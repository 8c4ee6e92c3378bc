#!/usr/bin/env python3
"""branches.py on coverage of a kernel of a few lines: what it counts, and each complaint can be had."""
import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

BRANCHES = Path(__file__).resolve().parent / "branches.py"
SOURCE = """int f(int a) {
    if (a)
        return 1;
    VK_TRY(g(a));
    VK_ASSERT(a > 0);
    return 0;
}
"""
UNREACHED = "the caller never does that\n    small.c: f: if (a)\nfails only without memory\n    small.c: f: VK_TRY(g(a));\n"


class Branches(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="branches-")
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)
        (self.folder / "small.c").write_text(SOURCE)
        (self.folder / "unreached.txt").write_text(UNREACHED)

    def measured(self, name, reached):
        """`reached`: {line: counts of its branches}."""
        lines = [{"line_number": number, "count": 1, "branches": [{"count": count} for count in counts]}
                 for number, counts in reached.items()]
        files = [{"file": "small.c", "lines": lines, "functions": [{"lineno": 1, "name": "f"}]}] if lines else []
        (self.folder / f"{name}.json").write_text(json.dumps({"files": files}))
        return f"{name}={name}.json"

    def call(self, *arguments):
        done = subprocess.run([sys.executable, "-B", str(BRANCHES), *arguments], cwd=self.folder,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return done.returncode, done.stdout

    def judged(self, *measured, least=50):
        return self.call(*measured, "--unreached", "unreached.txt", "--least", str(least))

    def test_what_one_run_missed_another_may_have_reached(self):
        code, said = self.judged(self.measured("tests", {2: [1, 0], 4: [0, 1], 5: [1, 0]}),
                                 self.measured("corpus", {2: [0, 3], 4: [0, 1], 5: [1, 0]}))
        self.assertEqual(code, 0)
        self.assertIn("4 branches, 1 of them reached by nothing; and 2 of assertions", said)
        self.assertIn("    1 fails only without memory", said)
        self.assertIn("    1 lines of the list were reached this time", said)

    def test_a_branch_without_a_reason_is_named(self):
        (self.folder / "unreached.txt").write_text(UNREACHED.replace("if (a)", "if (b)"))
        code, said = self.judged(self.measured("tests", {2: [1, 0], 4: [1, 1], 5: [1, 0]}))
        self.assertEqual(code, 1)
        self.assertIn("no reason is known: small.c:2: decision: if (a)", said)

    def test_too_few_are_too_few_whatever_the_reasons(self):
        measured = self.measured("tests", {2: [1, 0], 4: [1, 0], 5: [1, 0]})
        self.assertEqual(self.judged(measured, least=50)[0], 0)
        code, said = self.judged(measured, least=51)
        self.assertEqual(code, 1)
        self.assertIn("less than 51.0 % of the branches are reached", said)

    def test_nothing_measured_is_no_success(self):
        whole = self.measured("tests", {2: [1, 1], 4: [1, 1]})
        self.assertEqual(self.judged(whole)[0], 0)
        for measured in ({}, {2: []}):
            code, said = self.judged(whole, self.measured("corpus", measured))
            self.assertEqual((code, said), (1, "corpus.json: no branch was measured\n"))


if __name__ == "__main__":
    unittest.main()
