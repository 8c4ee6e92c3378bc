-- The result database: results.h says what is when in it. Whoever makes one runs this in a transaction of its own, which ends
-- with the row of the campaign in it: the command (the build puts this file into it) and tests/mutants/mutants.py.
-- Texts of kinds and states are those of results.h; a plan is whatever has a verdict of its own: a plan, a file of a corpus, a
-- recording, a mutant. Whatever changes here counts user_version up, as REPORT_RESULTS_VERSION.
PRAGMA application_id = 1668443755;
PRAGMA user_version = 3;
CREATE TABLE campaign (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  kind TEXT NOT NULL, command TEXT NOT NULL, kernel TEXT, started TEXT NOT NULL,
  state TEXT NOT NULL, error TEXT, code INTEGER, stable INTEGER NOT NULL DEFAULT 0,
  seconds REAL NOT NULL DEFAULT 0, unwritten INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE total (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
CREATE TABLE fault (
  word TEXT PRIMARY KEY, class TEXT NOT NULL, meaning TEXT NOT NULL,
  wanted INTEGER NOT NULL, hits INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE vat_end (
  words TEXT PRIMARY KEY, illegal INTEGER NOT NULL, times INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE probe (
  name TEXT PRIMARY KEY, file TEXT NOT NULL, line INTEGER NOT NULL,
  rare INTEGER NOT NULL, wanted INTEGER NOT NULL, hits INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE oracle (
  word TEXT PRIMARY KEY, off INTEGER NOT NULL, asked INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE timeline (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, failure INTEGER REFERENCES failure,
  json TEXT NOT NULL, difference TEXT
) STRICT;
CREATE TABLE sample (
  id INTEGER PRIMARY KEY, seconds REAL NOT NULL, seeds INTEGER NOT NULL,
  failures INTEGER NOT NULL, cranks INTEGER NOT NULL, features INTEGER NOT NULL
) STRICT;
CREATE TABLE plan (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, state TEXT NOT NULL,
  seconds REAL NOT NULL DEFAULT 0, error TEXT
) STRICT;
CREATE TABLE failure (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, plan INTEGER REFERENCES plan,
  oracle TEXT NOT NULL, signature TEXT NOT NULL, what TEXT NOT NULL,
  replica INTEGER NOT NULL, point INTEGER NOT NULL, block INTEGER NOT NULL,
  event TEXT NOT NULL, vat INTEGER, at_ns INTEGER NOT NULL,
  reproduce TEXT NOT NULL, path TEXT, seconds REAL NOT NULL, flight TEXT NOT NULL
) STRICT;
CREATE INDEX failure_signature ON failure (signature);
CREATE INDEX failure_plan ON failure (plan);
