-- A journal as version 2 wrote it. Never edited: later versions are tested against it.
PRAGMA journal_mode = WAL;
BEGIN;
CREATE TABLE runs (
  key        INTEGER PRIMARY KEY CHECK (key BETWEEN 1 AND 2147483647),  -- 1, 2, … in the order of creation
  id         TEXT NOT NULL UNIQUE,  -- UUID version 7
  parent     TEXT NOT NULL,         -- id of the run that began it, or ''
  task_hash  TEXT NOT NULL,         -- SHA-256 of the request or the task file
  title      TEXT NOT NULL,         -- head of the request
  status     TEXT NOT NULL,         -- running, paused, done, failed, cancelled, refused, limit, unknown
  created    INTEGER NOT NULL,      -- milliseconds since 1970-01-01 UTC
  updated    INTEGER NOT NULL,      -- time of the last event, or created
  last_event INTEGER NOT NULL       -- number of the last event, 0 before the first
) STRICT;
CREATE TRIGGER runs_keep_identity BEFORE UPDATE OF key, id, parent, task_hash, title, created ON runs
  BEGIN SELECT RAISE(ABORT, 'what a run is does not change'); END;
CREATE TRIGGER runs_no_delete BEFORE DELETE ON runs
  BEGIN SELECT RAISE(ABORT, 'runs are not deleted'); END;
CREATE TRIGGER runs_no_replace BEFORE INSERT ON runs WHEN EXISTS (SELECT 1 FROM runs WHERE id = new.id OR key = new.key)
  BEGIN SELECT RAISE(ABORT, 'runs are not replaced'); END;

CREATE TABLE leases (
  run      INTEGER PRIMARY KEY REFERENCES runs (key),
  fence    INTEGER NOT NULL,  -- grows by 1 with each owner; every append checks it
  pid      INTEGER NOT NULL,  -- the owner's process, 0 when released
  started  INTEGER NOT NULL,  -- its start time: field 22 of /proc/PID/stat
  machine  TEXT NOT NULL,     -- boot id and pid namespace
  instance TEXT NOT NULL      -- the open journal in that process
) STRICT;

CREATE TABLE blobs (
  sha256 TEXT PRIMARY KEY,  -- of body, 64 lower-case digits
  bytes  INTEGER NOT NULL,
  body   TEXT NOT NULL      -- JSON
) STRICT, WITHOUT ROWID;
CREATE TRIGGER blobs_no_update BEFORE UPDATE ON blobs
  BEGIN SELECT RAISE(ABORT, 'blobs are not changed'); END;
CREATE TRIGGER blobs_no_delete BEFORE DELETE ON blobs
  BEGIN SELECT RAISE(ABORT, 'blobs are not deleted'); END;
CREATE TRIGGER blobs_no_replace BEFORE INSERT ON blobs WHEN EXISTS (SELECT 1 FROM blobs WHERE sha256 = new.sha256)
  BEGIN SELECT RAISE(ABORT, 'blobs are not replaced'); END;

CREATE TABLE events (
  id      INTEGER PRIMARY KEY,  -- run * 4294967296 + number: one b-tree keeps a run's events together and in order
  run     INTEGER GENERATED ALWAYS AS (id >> 32) VIRTUAL,         -- runs.key
  number  INTEGER GENERATED ALWAYS AS (id & 4294967295) VIRTUAL,  -- 1, 2, … without gaps
  time    INTEGER NOT NULL,  -- milliseconds since 1970-01-01 UTC
  kind    TEXT NOT NULL,
  version INTEGER NOT NULL,  -- of the body's shape
  step    INTEGER NOT NULL,
  call    TEXT NOT NULL,     -- id of the tool call that it is about, or ''
  cause   INTEGER NOT NULL,  -- number of the event that led to it, or 0
  trust   TEXT NOT NULL,     -- system, user, tool, untrusted
  body    TEXT,              -- JSON of at most 4,096 bytes, else NULL and
  blob    TEXT REFERENCES blobs (sha256),
  text    TEXT,              -- what the full-text index reads, or NULL
  CHECK ((body IS NULL) <> (blob IS NULL))
) STRICT;
CREATE TRIGGER events_no_update BEFORE UPDATE ON events
  BEGIN SELECT RAISE(ABORT, 'events are not changed'); END;
CREATE TRIGGER events_no_delete BEFORE DELETE ON events
  BEGIN SELECT RAISE(ABORT, 'events are not deleted'); END;
CREATE TRIGGER events_no_replace BEFORE INSERT ON events WHEN EXISTS (SELECT 1 FROM events WHERE id = new.id)
  BEGIN SELECT RAISE(ABORT, 'events are not replaced'); END;
CREATE VIEW event_texts AS  -- exactly the rows that the index has, so that its integrity check holds
  SELECT id, text FROM events WHERE text IS NOT NULL;
CREATE VIRTUAL TABLE events_fts USING fts5 (
  text, content='event_texts', content_rowid='id', tokenize='unicode61 remove_diacritics 2'
);

CREATE TABLE facts (
  id    INTEGER PRIMARY KEY,  -- the fact of a key with the highest id is the current one
  key   TEXT NOT NULL,
  value TEXT NOT NULL,
  trust TEXT NOT NULL,        -- system, user, tool, untrusted
  run   TEXT NOT NULL,        -- id of the run in which it was said, or ''
  time  INTEGER NOT NULL      -- milliseconds since 1970-01-01 UTC
) STRICT;
CREATE INDEX facts_by_key ON facts (key, id);
CREATE TRIGGER facts_no_update BEFORE UPDATE ON facts
  BEGIN SELECT RAISE(ABORT, 'facts are superseded, not changed'); END;
CREATE TRIGGER facts_no_delete BEFORE DELETE ON facts
  BEGIN SELECT RAISE(ABORT, 'facts are superseded, not deleted'); END;
CREATE TRIGGER facts_no_replace BEFORE INSERT ON facts WHEN EXISTS (SELECT 1 FROM facts WHERE id = new.id)
  BEGIN SELECT RAISE(ABORT, 'facts are superseded, not replaced'); END;
CREATE VIRTUAL TABLE facts_fts USING fts5 (
  key, value, content='facts', content_rowid='id', tokenize='unicode61 remove_diacritics 2'
);

CREATE VIEW timeline AS  -- for people: one row an event, with its body wherever it is kept
  SELECT runs.id AS run, number, strftime('%Y-%m-%dT%H:%M:%fZ', time / 1000.0, 'unixepoch') AS time, kind, step, call,
         cause, trust, coalesce(events.body, blobs.body) AS body
  FROM runs JOIN events ON events.id BETWEEN runs.key << 32 AND runs.key << 32 | 4294967295
  LEFT JOIN blobs ON blobs.sha256 = events.blob;

ALTER TABLE runs ADD COLUMN indexed INTEGER NOT NULL DEFAULT 0;  -- number of the last event that events_fts knows
DROP VIEW event_texts;
CREATE VIEW event_texts AS  -- exactly the rows that the index has, so that its integrity check holds
  SELECT events.id AS id, events.text AS text FROM events JOIN runs ON runs.key = events.id >> 32
  WHERE text IS NOT NULL AND events.id & 4294967295 <= runs.indexed;

INSERT INTO runs VALUES (1, '01936a7c-0000-7000-8000-000000000001', '', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'Send Ann the report', 'paused', 1700000000000, 1700000001000, 3, 3);
INSERT INTO leases VALUES (1, 1, 0, 0, '', '');
INSERT INTO blobs VALUES ('91a895c383f9c3bec259f5cef5a232c0ad90155e90ea5cbc86fb437e3ec7ef99', 5039, '{"reply":{"text":"rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr"},"milliseconds":12}');
INSERT INTO events (id, time, kind, version, step, call, cause, trust, body, blob, text) VALUES
  (4294967297, 1700000000000, 'run.started', 1, 0, '', 0, 'user', '{"request":"Send Ann the report","attachments":[]}', NULL, 'Send Ann the report'),
  (4294967298, 1700000000500, 'model.replied', 1, 1, '', 1, 'untrusted', NULL, '91a895c383f9c3bec259f5cef5a232c0ad90155e90ea5cbc86fb437e3ec7ef99', NULL),
  (4294967299, 1700000001000, 'tool.proposed', 1, 1, 'call_1', 2, 'untrusted', '{"tool_call":{"id":"call_1","name":"email.send","arguments":{}}}', NULL, NULL);
INSERT INTO events_fts (rowid, text) VALUES (4294967297, 'Send Ann the report');
INSERT INTO facts VALUES (1, 'ann', 'ann@old.example', 'user', '', 1700000000000), (2, 'ann', 'ann@example.org', 'user', '', 1700000000001);
INSERT INTO facts_fts (rowid, key, value) SELECT id, key, value FROM facts;
PRAGMA application_id = 1147495780;
PRAGMA user_version = 2;
COMMIT;
