#include "deed/memory/sqlite/migrations.hpp"

#include <array>
#include <filesystem>
#include <string>

namespace deed::sqlite {
namespace {

// Comments inside of a CREATE stay in the file's schema, so that `.schema` in the sqlite3 command
// explains itself. REPLACE deletes rows without firing DELETE triggers, hence the INSERT triggers.
constexpr const char* version_1 = R"sql(
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
)sql";

// A commit that also brings the index up to date writes twice as many pages: what was said is put into the index later, many events
// at once.
constexpr const char* version_2 = R"sql(
ALTER TABLE runs ADD COLUMN indexed INTEGER NOT NULL DEFAULT 0;  -- number of the last event that events_fts knows
UPDATE runs SET indexed = last_event;
DROP VIEW event_texts;
CREATE VIEW event_texts AS  -- exactly the rows that the index has, so that its integrity check holds
  SELECT events.id AS id, events.text AS text FROM events JOIN runs ON runs.key = events.id >> 32
  WHERE text IS NOT NULL AND events.id & 4294967295 <= runs.indexed;
)sql";

// Schedules are configuration and move; what came of a time is written once, and only its outcome is added.
constexpr const char* version_3 = R"sql(
ALTER TABLE runs ADD COLUMN wakes INTEGER;  -- milliseconds since 1970-01-01 UTC: a paused run is to be gone on with then
CREATE INDEX runs_waking ON runs (wakes) WHERE wakes IS NOT NULL;
CREATE TABLE schedules (
  id            INTEGER PRIMARY KEY,
  name          TEXT NOT NULL,
  command       TEXT NOT NULL,     -- JSON list: the arguments of deed
  folder        TEXT NOT NULL,     -- where it is run
  cron          TEXT NOT NULL,
  zone          TEXT NOT NULL,     -- IANA name
  missed        TEXT NOT NULL,     -- skip, once, all
  overlap       TEXT NOT NULL,     -- skip, queue
  max_catch_up  INTEGER NOT NULL,
  state         TEXT NOT NULL,     -- active, paused, removed
  created       INTEGER NOT NULL,  -- milliseconds since 1970-01-01 UTC, as all times
  handled_until INTEGER NOT NULL   -- every time up to this one has its firings
) STRICT;
CREATE UNIQUE INDEX schedules_by_name ON schedules (name) WHERE state <> 'removed';
CREATE TRIGGER schedules_keep_identity BEFORE UPDATE OF id, name, command, folder, cron, zone, missed, overlap, created ON schedules
  BEGIN SELECT RAISE(ABORT, 'what a schedule is does not change'); END;
CREATE TRIGGER schedules_go_forward BEFORE UPDATE OF handled_until ON schedules WHEN new.handled_until < old.handled_until AND new.state = old.state
  BEGIN SELECT RAISE(ABORT, 'a schedule does not go back in time'); END;
CREATE TRIGGER schedules_no_delete BEFORE DELETE ON schedules
  BEGIN SELECT RAISE(ABORT, 'schedules are removed, not deleted'); END;
CREATE TABLE firings (
  id        INTEGER PRIMARY KEY,
  schedule  INTEGER NOT NULL REFERENCES schedules (id),
  nominal   INTEGER NOT NULL,  -- the time on the schedule; of a manual one, when it was asked for
  manual    INTEGER NOT NULL,  -- 1: deed schedule run
  state     TEXT NOT NULL,     -- queued, running, done, failed, paused, skipped
  run       TEXT NOT NULL,     -- id of the run that it is, fixed before anything is begun; '' if skipped
  claimed   INTEGER NOT NULL,
  started   INTEGER,
  ended     INTEGER,
  exit_code INTEGER,
  reason    TEXT NOT NULL,
  UNIQUE (schedule, nominal)
) STRICT;
CREATE UNIQUE INDEX firings_by_run ON firings (run) WHERE run <> '';
CREATE INDEX firings_open ON firings (state) WHERE state IN ('queued', 'running');
CREATE TRIGGER firings_keep_identity BEFORE UPDATE OF id, schedule, nominal, manual, run, claimed ON firings
  BEGIN SELECT RAISE(ABORT, 'a firing does not change'); END;
CREATE TRIGGER firings_end_once BEFORE UPDATE ON firings WHEN old.state NOT IN ('queued', 'running')
  BEGIN SELECT RAISE(ABORT, 'a firing ends once'); END;
CREATE TRIGGER firings_no_delete BEFORE DELETE ON firings
  BEGIN SELECT RAISE(ABORT, 'firings are not deleted'); END;
CREATE TRIGGER firings_no_replace BEFORE INSERT ON firings
  WHEN EXISTS (SELECT 1 FROM firings WHERE id = new.id OR (schedule = new.schedule AND nominal = new.nominal))
  BEGIN SELECT RAISE(ABORT, 'a time fires once'); END;
)sql";

constexpr std::array<Migration, 3> all_migrations = {{
    {"the first schema", version_1},
    {"the full-text index may lag behind", version_2},
    {"schedules and their firings, and runs that wait for a time", version_3},
}};

Result<std::int64_t> single_integer(Connection& connection, const char* sql) {
  Query query = connection.query(sql);
  DEED_TRY(const bool row, query.next());
  return row ? query.integer(0) : 0;
}

// A SQLite file of somebody else, or one of a later version, is left as it is.
Result<void> check_identity(Connection& connection, std::int64_t version, std::int64_t newest) {
  DEED_TRY(const std::int64_t id, single_integer(connection, "PRAGMA application_id"));
  if (id == 0 && version == 0) {
    DEED_TRY(const std::int64_t objects,
             single_integer(connection, "SELECT count(*) FROM sqlite_schema"));
    if (objects == 0) return {};
  }
  if (id != application_id) {
    return fail(ErrorKind::corrupt, "this SQLite file is not a journal", connection.path(),
                "choose another file");
  }
  if (version > newest) {
    return fail(ErrorKind::unsupported,
                "the journal has schema version " + std::to_string(version) +
                    ", this program knows " + std::to_string(newest),
                connection.path(), "use the newer version of deed that wrote it");
  }
  return {};
}

// One snapshot for all that is looked at: another process may be making the file at this moment, and half of the old with half of
// the new state would look like somebody else's file.
Result<std::int64_t> checked_version(Connection& connection, std::int64_t newest) {
  DEED_OK(connection.execute("BEGIN"));
  const auto look = [&]() -> Result<std::int64_t> {
    DEED_TRY(const std::int64_t version, schema_version(connection));
    DEED_OK(check_identity(connection, version, newest));
    return version;
  };
  Result<std::int64_t> version = look();
  DEED_OK(connection.execute("ROLLBACK"));
  return version;
}

// Another process may have done the same step in the meantime, hence the second look inside of the
// transaction.
Result<void> take_step(Connection& connection, const Migration& step, std::int64_t from) {
  DEED_OK(connection.execute("BEGIN IMMEDIATE"));
  const auto work = [&]() -> Result<void> {
    DEED_TRY(const std::int64_t version, schema_version(connection));
    if (version != from) return {};
    DEED_OK(connection.execute(step.sql));
    DEED_OK(connection.execute("PRAGMA application_id = " + std::to_string(application_id)));
    return connection.execute("PRAGMA user_version = " + std::to_string(from + 1));
  };
  Result<void> done = work();
  if (done) done = connection.execute("COMMIT");
  if (!done && connection.in_transaction()) DEED_OK(connection.execute("ROLLBACK"));
  return done;
}

}  // namespace

std::span<const Migration> migrations() { return all_migrations; }

Result<std::int64_t> schema_version(Connection& connection) {
  return single_integer(connection, "PRAGMA user_version");
}

Result<void> bring_up_to_date(Connection& connection, std::span<const Migration> steps) {
  // Until the file is known to be ours, not even closing it may change it; without a log there is
  // nothing to copy into it.
  std::error_code absent;
  const auto log_bytes = std::filesystem::file_size(connection.path() + "-wal", absent);
  connection.checkpoint_on_close(absent || log_bytes == 0);
  const auto newest = static_cast<std::int64_t>(steps.size());
  DEED_TRY(std::int64_t version, checked_version(connection, newest));
  connection.checkpoint_on_close(true);
  DEED_OK(connection.use_write_ahead_log());
  DEED_OK(connection.sync_each_commit(false));
  while (version < newest) {
    DEED_OK(take_step(connection, steps[static_cast<std::size_t>(version)], version));
    DEED_TRY(version, checked_version(connection, newest));
  }
  return {};
}

}  // namespace deed::sqlite
