#!/usr/bin/env python3
"""fuzz.py on a stand-in for libFuzzer: the budget is one of CPU time, what is found is told, and each complaint can be had."""
import json
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
STAND_IN = """#!/usr/bin/env python3
import os, signal, sys, time
artifacts = next(part.split("=", 1)[1] for part in sys.argv if part.startswith("-artifact_prefix="))
def end(*unused):
    print("stat::number_of_executed_units: 1000", flush=True)
    os._exit(CODE)
signal.signal(signal.SIGUSR1, end)
print("#1 INITED cov: 7 ft: 9", flush=True)
BODY
"""
IDLES = "time.sleep(1)\nwhile True: pass"
FINDS = """open(artifacts + "crash-1", "w").write("x")
print("Test unit written to " + artifacts + "crash-1")
end()"""


class Driver(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="driver-")
        self.addCleanup(scratch.cleanup)
        self.build = Path(scratch.name)
        (self.build / "fuzz").mkdir()

    def stand_in(self, name, body, code=0):
        target = self.build / "fuzz" / name
        target.write_text(STAND_IN.replace("CODE", str(code)).replace("BODY", body))
        target.chmod(0o755)

    def call(self, body, *arguments, code=0, name="json_fuzz"):
        self.stand_in(name, body, code)
        command = [sys.executable, "-B", str(HERE / "fuzz.py"), "--build", str(self.build), "--json", *arguments]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr

    def test_time_that_the_target_does_not_get_is_not_counted(self):
        begun = time.monotonic()
        code, rows, said = self.call(IDLES, "1", "json_fuzz")
        self.assertEqual((code, said), (0, ""))
        self.assertGreater(time.monotonic() - begun, 2)
        self.assertGreaterEqual(rows[0]["cpuSeconds"], 1)
        self.assertLess(rows[0]["cpuSeconds"], 1.9)
        self.assertEqual((rows[0]["execs"], rows[0]["edges"], rows[0]["clean"]), (1000, 7, True))
        self.assertAlmostEqual(rows[0]["execsPerCpuSecond"], 1000 / rows[0]["cpuSeconds"], delta=10)

    def test_what_is_found_is_told_and_kept(self):
        code, rows, said = self.call(FINDS, "1", "json_fuzz", code=77)
        self.assertEqual((code, rows[0]["clean"]), (1, False))
        self.assertEqual(Path(rows[0]["input"]).read_text(), "x")
        self.assertEqual(Path(rows[0]["input"]).parent, self.build / "findings/json_fuzz")

    def test_a_target_that_ends_with_nothing_found_is_broken(self):
        code, rows, said = self.call("sys.exit(3)", "1", "json_fuzz")
        self.assertEqual((code, rows), (2, []))
        self.assertIn("json_fuzz ended with 3 and no input", said)

    def test_a_target_that_ends_before_its_time_is_broken_and_not_clean(self):
        for body in ("end()", "sys.exit(0)"):
            code, rows, said = self.call(body, "1", "json_fuzz")
            self.assertEqual((code, rows), (2, []))
            self.assertIn("json_fuzz ended by itself", said)

    def test_a_target_that_ran_nothing_is_broken_and_not_clean(self):
        code, rows, said = self.call("signal.signal(signal.SIGUSR1, lambda *unused: os._exit(0))\nwhile True: pass", "1", "json_fuzz")
        self.assertEqual((code, rows), (2, []))
        self.assertIn("json_fuzz ended by itself: 0 inputs", said)

    def test_a_broken_target_hides_no_finding_of_another(self):
        self.stand_in("slots_fuzz", FINDS, code=77)
        code, rows, said = self.call("sys.exit(3)", "1", "json_fuzz", "slots_fuzz")
        self.assertEqual((code, [row["name"] for row in rows]), (2, ["slots_fuzz"]))
        self.assertFalse(rows[0]["clean"])
        self.assertIn("json_fuzz ended with 3", said)

    def test_ctrl_c_ends_what_runs_and_begins_nothing_more(self):
        for name in ("json_fuzz", "slots_fuzz"):
            self.stand_in(name, "while True: time.sleep(1)")
        command = [sys.executable, "-B", str(HERE / "fuzz.py"), "--build", str(self.build), "1200", "json_fuzz", "slots_fuzz"]
        # Whoever runs this in the background may have SIGINT ignored, which is inherited.
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        self.addCleanup(process.kill)
        while not (self.build / "json_fuzz.log").exists():
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, said = process.communicate(timeout=60)
        self.assertEqual((process.returncode, said), (130, "fuzz: interrupted\n"))
        self.assertFalse((self.build / "slots_fuzz.log").exists())

    def test_an_unknown_target_is_refused(self):
        code, rows, said = self.call(IDLES, "1", "jsonfuzz")
        self.assertEqual((code, rows), (2, []))
        self.assertIn("no target 'jsonfuzz'", said)


if __name__ == "__main__":
    unittest.main()
