#!/usr/bin/env python3
"""Each recording replayed with `replay --keep` leaves its final database behind.

    kept_databases.py CRANKCASE RECORDINGS

One database for each row of RECORDINGS/MANIFEST.tsv and no other file, with the row's activityhash in
it; and `crankcase audit` finds nothing in any of them.

Prints NAME: WHAT and exits 1 if something else is found.
"""
import csv
import re
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path


def manifest_read(recordings):
    """Name of a recording -> its final activityhash."""
    with open(recordings / "MANIFEST.tsv", newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {re.sub(r"\.jsonl.*", "", Path(row["file"]).name): row["activityhash"] for row in rows}


def activityhash_read(database):
    # Not mode=ro: a database in WAL mode could then not be opened where its folder is read-only.
    with closing(sqlite3.connect(database)) as connection:
        row = connection.execute("SELECT value FROM kvStore WHERE key = 'activityhash'").fetchone()
    return row[0] if row else None


def compare(folder, manifest):
    """What is wrong in the folder, as lines."""
    found = {path.name for path in folder.iterdir()}
    wanted = {f"{name}.sqlite" for name in manifest}
    for name in sorted(wanted - found):
        yield f"{name}: was not left behind"
    for name in sorted(found - wanted):
        yield f"{name}: belongs to no recording"
    for name in sorted(wanted & found):
        expected, got = manifest[name.removesuffix(".sqlite")], activityhash_read(folder / name)
        if got != expected:
            yield f"{name}: activityhash {got}, expected {expected}"


def main():
    crankcase, recordings = sys.argv[1], Path(sys.argv[2])
    manifest = manifest_read(recordings)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "kept"
        replay = subprocess.run([crankcase, "replay", "--quiet", "--keep", folder, recordings])
        problems = list(compare(folder, manifest))
        databases = sorted(folder.glob("*.sqlite"))
        audit = subprocess.run([crankcase, "audit", *databases], stdout=subprocess.PIPE, text=True)
    for line in audit.stdout.splitlines():
        if "nothing found" not in line:
            problems.append(f"audit: {line.removeprefix(f'{folder}/')}")
    print(*problems, sep="\n", end="\n" if problems else "")
    print(f"{len(databases)} databases kept of {len(manifest)} recordings; "
          f"replay exits {replay.returncode}, audit {audit.returncode}")
    return bool(problems or not manifest or replay.returncode or audit.returncode)


if __name__ == "__main__":
    sys.exit(main())
