// The append-only store of runs: events, large bodies, full-text search, and the user's facts.
// Rules: no event is ever changed or deleted; a secret's value is in no byte of it; one owner
// appends to a run at a time.
#pragma once

#include "deed/core/async.hpp"
#include "deed/core/secrets.hpp"
#include "deed/memory/event.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace deed {

/// normal: survives a killed process, may be lost with the machine. full: on disk (fsync) before
/// the call returns.
enum class Durability { normal, full };

enum class RunStatus { running, paused, done, failed, cancelled, refused, limit, unknown };
const char* to_string(RunStatus status);
Result<RunStatus> parse_run_status(std::string_view text);

/// What is known of a run without reading its events: an index over them, never a second truth.
struct RunRecord {
  RunId id;
  RunId parent;           ///< empty at the top
  std::string task_hash;  ///< SHA-256 of the request or task file
  std::string title;      ///< the head of the request
  RunStatus status = RunStatus::running;
  TimePoint created = {};
  TimePoint updated = {};
  EventNumber last_event = 0;
  std::optional<TimePoint> wakes = {};  ///< paused until then; from then on it is to be gone on with, until it ends or waits for something else
};

/// The right to append to one run. `fence` grows with each owner; an append with an old one is a
/// conflict.
struct Lease {
  RunId run;
  std::int64_t fence = 0;
};

struct NewRun {
  RunId id;
  RunId parent = {};
  std::string task_hash;
  std::string title;
  TimePoint created = {};
};

struct AppendOptions {
  Durability durability = Durability::normal;
  std::optional<RunStatus> status = {};  ///< the run's status from now on
  std::optional<TimePoint> wakes = {};   ///< with a status: RunRecord::wakes from now on
  bool keeps_wakes = false;              ///< or it stays as it is: who died or was stopped on the way did not get there
  bool is_alone = false;                 ///< nothing else is under way on the caller's thread: it may be held up (SqliteOptions)
};

struct SearchHit {
  RunId run;
  EventNumber number = 0;
  std::string kind;
  std::string snippet;  ///< about 160 bytes with the matches in [brackets]
  TimePoint time = {};
};

/// Something the user wants remembered across runs. A new value for a key supersedes the old one,
/// which stays readable.
struct Fact {
  std::string key;    ///< 1 to 200 bytes
  std::string value;  ///< at most 64 KiB
  Trust trust = Trust::user;
  RunId run;  ///< where it was said; may be empty
  TimePoint time = {};
};

/// Whether the journal can keep it.
/// errors  limit: key or value too long, or no key. invalid: a line break in the key
Result<void> check_fact(const Fact& fact);

/// Loop thread only. A call does nothing until it is awaited; once begun it is carried out even if
/// its coroutine is cancelled.
class Journal {
 public:
  /// Finishes what was begun and gives back the leases that are still held. The io_context whose
  /// coroutines wait for it must still exist.
  virtual ~Journal() = default;

  /// Enters a run and takes its lease for this process. Of the title the first 1,024 bytes are
  /// kept. errors  conflict: the id exists. invalid: not an id of make_run_id. Others as `append`
  virtual Async<Lease> create(NewRun run) = 0;

  /// Takes over a run. A lease ends when it is released, when its Journal is destroyed, or when its
  /// process is gone (same machine: the pid and its start time; a second process on the same run is
  /// refused while the first lives, and so is a second Journal of this process, and this one
  /// itself). errors  not_found; conflict: somebody else owns it, `what` says which process
  virtual Async<Lease> acquire(RunId run) = 0;
  /// errors  conflict: the lease was not this one's any more
  virtual Async<void> release(Lease lease) = 0;

  /// Appends to the lease's run in one transaction: all of them or none.
  ///
  /// events      1 to 1,024, each body at most 64 MiB of JSON and 256 levels deep; numbered here,
  /// from the run's last number + 1.
  ///             Bodies over 4 KiB live once in a blob table under their SHA-256. Of search_text
  ///             the first MiB is indexed
  /// returns     the number of the last event
  /// errors      conflict: the fence is old (another owner) or the run was released, nothing was
  /// written. limit: too many or
  ///             too large. invalid: none, or one without a kind. unavailable: disk full or locked
  ///             for 5 s, nothing was written, may be tried again. corrupt: the file is damaged.
  ///             unsupported: a newer deed has changed the file meanwhile
  /// source      https://sqlite.org/wal.html, https://sqlite.org/pragma.html#pragma_synchronous
  Async<EventNumber> append(Lease lease, std::vector<Event> events, AppendOptions options) {
    return append_and_remember(std::move(lease), std::make_shared<const std::vector<Event>>(std::move(events)), {}, options);
  }
  /// The same, and `facts` are remembered in the same transaction: all of it or none.
  /// events  not null; kept until they are written, and never copied
  /// errors  those of both
  virtual Async<EventNumber> append_and_remember(Lease lease, std::shared_ptr<const std::vector<Event>> events,
                                                 std::vector<Fact> facts,
                                                 AppendOptions options) = 0;

  /// Events of a run after number `after`, in order, at most `max`.
  /// errors  not_found: no such run. corrupt: a body is damaged, or is not the one that was written
  virtual Async<std::vector<Event>> read(RunId run, EventNumber after, std::size_t max) = 0;

  /// Newest first.
  virtual Async<std::vector<RunRecord>> runs(std::size_t max) = 0;
  /// The run whose id is, begins with or ends with `id` (at least 4 characters); "last" is the
  /// newest that no other run began. errors  not_found; conflict: several match
  virtual Async<RunRecord> find_run(std::string id) = 0;

  /// Best first. `query` is words, all of which must occur, the last one at least as a beginning;
  /// FTS syntax in it has no meaning. Without a word nothing is found. errors  limit: over 1,024
  /// bytes
  virtual Async<std::vector<SearchHit>> search(std::string query, std::size_t max) = 0;

  /// On disk before it returns.
  /// errors  limit, invalid (a line break in the key). Others as `append`
  virtual Async<void> remember(Fact fact) = 0;
  /// Current facts that have the words of `query` (all of them for an empty query), best first.
  virtual Async<std::vector<Fact>> recall(std::string query, std::size_t max) = 0;
};

struct SqliteOptions {
  std::string path;        ///< the file; its folder is made (0700) if absent, the file is 0600
  Redactor redactor = {};  ///< applied to every text before it is written
  std::chrono::milliseconds lock_wait{5000};
  /// An append of somebody who is alone (AppendOptions) is made on the thread that asks for it, while nothing else waits
  /// for the journal. That spares two switches between threads, which take as long as a quick disk; the thread waits for
  /// the disk, and for lock_wait at most. It may not suspend the coroutine at all: who appends in a loop gives others a turn by itself.
  /// Not for a thread that several runs share.
  bool may_hold_up_caller = false;
};

/// Opens or makes a journal in SQLite: WAL, STRICT, triggers against UPDATE and DELETE of events,
/// FTS5, numbered migrations. Blocking work is done in a thread of its own, but for may_hold_up_caller;
/// every coroutine resumes on the executor that awaited it.
/// errors  unsupported: written by a newer version of deed, nothing was changed. corrupt: not a
///         journal. unavailable: cannot be opened
Result<std::unique_ptr<Journal>> open_sqlite_journal(SqliteOptions options);

}  // namespace deed
