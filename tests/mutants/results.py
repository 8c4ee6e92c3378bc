"""The result database of the command (reports/results.sql) as another program writes one, and the reports made of it.

A row is there when the call that adds it returns: whatever comes later, it is not lost; and until end() is called the file says
that it is partial. Between two calls no connection is open, so that any thread may call.
"""
import contextlib
import datetime
import os
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

SCHEMA = Path(__file__).resolve().parents[2] / "reports/results.sql"
OPTIONS = {  # as `crankcase run` has them
    "results": "a result database, written while it runs; see crankcase report",
    "junit": "JUnit XML, for GitHub, GitLab and Jenkins",
    "summary": "Markdown, added to the end of FILE: GitHub's $GITHUB_STEP_SUMMARY",
    "html": "one page with all of it, which needs no network",
}


def add_options(parser):
    group = parser.add_argument_group("what to leave")
    for name, text in OPTIONS.items():
        group.add_argument(f"--{name}", metavar="FILE", help=text)


class Results:
    """Does nothing unless one of the options is given."""

    def __init__(self, options, kind, command, crankcase):
        self.files = {name: path for name in OPTIONS if (path := getattr(options, name))}
        self.crankcase, self.begun, self.lock = crankcase, time.monotonic(), threading.Lock()
        self.path = self.files.get("results") or (next(iter(self.files.values())) + ".results.sqlite" if self.files else None)
        if not self.path:
            return
        if "results" not in self.files:
            with contextlib.suppress(FileNotFoundError):
                os.remove(self.path)
        elif os.path.exists(self.path):
            raise FileExistsError(f"{self.path}: is there already, and may hold results")
        started = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
        with contextlib.closing(sqlite3.connect(self.path)) as database:
            database.executescript("BEGIN IMMEDIATE;" + SCHEMA.read_text())
            database.execute("INSERT INTO campaign (id, kind, command, started, state) VALUES (1, ?, ?, ?, 'running')",
                             (kind, command, started))
            database.commit()

    def write(self, sql, values):
        if self.path:
            with self.lock, contextlib.closing(sqlite3.connect(self.path, timeout=5)) as database, database:
                database.execute(sql, values)

    def add(self, name, state, seconds, error=""):
        """`state`: passed, different or failed, as results.h has them."""
        self.write("INSERT INTO plan (name, state, seconds, error) VALUES (?, ?, ?, ?)", (name, state, seconds, error))

    def end(self, state, code):
        """Writes the reports; false if one could not be."""
        self.write("UPDATE campaign SET state = ?, code = ?, seconds = ?", (state, code, time.monotonic() - self.begun))
        wanted = [word for name in ("junit", "html") if name in self.files for word in (f"--{name}", self.files[name])]
        ok = not wanted or self.report(*wanted) is not None
        if "summary" in self.files:
            page = self.report("--markdown", "-")
            with open(self.files["summary"], "a", encoding="utf-8") as summary:
                summary.write(page or "")
            ok = ok and page is not None
        if ok and self.path and "results" not in self.files:
            os.remove(self.path)
        return ok

    def report(self, *words):
        done = subprocess.run([str(self.crankcase), "report", self.path, *words], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            print(done.stderr.strip(), file=sys.stderr)
            return None
        return done.stdout
