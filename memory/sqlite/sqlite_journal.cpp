// The Journal over SQLite: each call becomes a job of the worker.
#include "deed/memory/journal.hpp"
#include "deed/memory/sqlite/migrations.hpp"
#include "deed/memory/sqlite/worker.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <sys/stat.h>

namespace deed {
namespace {

using sqlite::Access;
using sqlite::Store;

struct AppendWork {
  Lease lease;
  std::vector<Event> events;
  std::vector<Fact> facts;
  std::optional<RunStatus> status;
  std::vector<sqlite::Row> rows = {};

  Result<void> prepare(Store& store) {
    DEED_TRY(rows, sqlite::to_rows(store.redactor(), std::move(events)));
    return {};
  }
  Result<EventNumber> operator()(Store& store) {
    for (const Fact& fact : facts) DEED_OK(store.remember(fact));
    return store.append(lease, rows, status);
  }
};

class SqliteJournal final : public Journal {
 public:
  explicit SqliteJournal(Store store) : worker_(std::move(store)) {}

  // Leases need no fsync: a failure of the machine that could lose one ends every owner as well.
  Async<Lease> create(NewRun run) override {
    return worker_.submit<Lease>(
        Access::write, Durability::normal,
        [run = std::move(run)](Store& store) { return store.create(run); });
  }
  Async<Lease> acquire(RunId run) override {
    return worker_.submit<Lease>(
        Access::write, Durability::normal,
        [run = std::move(run)](Store& store) { return store.acquire(run); });
  }
  Async<void> release(Lease lease) override {
    return worker_.submit<void>(
        Access::write, Durability::normal,
        [lease = std::move(lease)](Store& store) { return store.release(lease); });
  }
  Async<EventNumber> append(Lease lease, std::vector<Event> events,
                            AppendOptions options) override {
    return append_and_remember(std::move(lease), std::move(events), {}, options);
  }
  Async<EventNumber> append_and_remember(Lease lease, std::vector<Event> events,
                                         std::vector<Fact> facts,
                                         AppendOptions options) override {
    return worker_.submit<EventNumber>(
        Access::write, options.durability,
        AppendWork{std::move(lease), std::move(events), std::move(facts), options.status});
  }
  Async<std::vector<Event>> read(RunId run, EventNumber after, std::size_t max) override {
    return worker_.submit<std::vector<Event>>(
        Access::read, Durability::normal,
        [run = std::move(run), after, max](Store& store) { return store.read(run, after, max); });
  }
  Async<std::vector<RunRecord>> runs(std::size_t max) override {
    return worker_.submit<std::vector<RunRecord>>(Access::read, Durability::normal,
                                                  [max](Store& store) { return store.runs(max); });
  }
  Async<RunRecord> find_run(std::string id) override {
    return worker_.submit<RunRecord>(
        Access::read, Durability::normal,
        [id = std::move(id)](Store& store) { return store.find_run(id); });
  }
  Async<std::vector<SearchHit>> search(std::string query, std::size_t max) override {
    // A writer: the full-text index is brought up to date first.
    return worker_.submit<std::vector<SearchHit>>(
        Access::write, Durability::normal,
        [query = std::move(query), max](Store& store) { return store.search(query, max); });
  }
  Async<void> remember(Fact fact) override {
    return worker_.submit<void>(
        Access::write, Durability::full,
        [fact = std::move(fact)](Store& store) { return store.remember(fact); });
  }
  Async<std::vector<Fact>> recall(std::string query, std::size_t max) override {
    return worker_.submit<std::vector<Fact>>(
        Access::read, Durability::normal,
        [query = std::move(query), max](Store& store) { return store.recall(query, max); });
  }

 private:
  sqlite::Worker worker_;
};

// mknod, not open: closing a descriptor of the file would drop the locks that another connection of
// this process has on it (POSIX locks belong to the process). SQLite gives its -wal and -shm files
// the same mode. Source: https://sqlite.org/howtocorrupt.html, section 2.2
Result<void> make_file(const std::string& path) {
  if (mknod(path.c_str(), S_IFREG | 0600, 0) == 0 || errno == EEXIST) return {};
  return fail(ErrorKind::unavailable,
              std::string("the journal cannot be made: ") + std::strerror(errno), path,
              "choose a folder that may be written");
}

// SQLite takes an empty file for a new database and throws away the log beside it, which may hold
// all that was written.
Result<void> refuse_emptied_file(const std::string& path) {
  std::error_code absent;
  if (std::filesystem::file_size(path, absent) != 0 || absent) return {};
  const auto log_bytes = std::filesystem::file_size(path + "-wal", absent);
  if (absent || log_bytes == 0) return {};
  return fail(ErrorKind::corrupt, "the journal is empty, but the write-ahead log beside it is not",
              path, "keep a copy of both files and restore the journal from a backup");
}

Result<void> make_folder(const std::filesystem::path& folder) {
  if (folder.empty()) return {};
  std::error_code failure;
  if (std::filesystem::is_directory(folder, failure)) return {};
  DEED_OK(make_folder(folder.parent_path()));
  if (mkdir(folder.c_str(), 0700) == 0 ||
      (errno == EEXIST && std::filesystem::is_directory(folder, failure)))
    return {};
  return fail(ErrorKind::unavailable,
              std::string("the journal's folder cannot be made: ") + std::strerror(errno),
              folder.string(), "choose a folder that may be written");
}

// It holds what users said: others have no business in it, even if a copy came with wider rights.
Result<void> take_from_others(const std::string& path) {
  for (const char* suffix : {"", "-wal", "-shm"}) {
    struct stat info {};
    const std::string file = path + suffix;
    if (stat(file.c_str(), &info) != 0 || (info.st_mode & 077) == 0) continue;
    if (chmod(file.c_str(), 0600) == 0) continue;
    return fail(ErrorKind::unavailable,
                std::string("the journal's rights cannot be narrowed: ") + std::strerror(errno),
                file, "choose a file of your own");
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Journal>> open_sqlite_journal(SqliteOptions options) {
  if (options.path.empty()) return fail(ErrorKind::invalid, "the journal has no path");
  std::error_code failure;
  // Absolute: the program may change its folder, and no name has a meaning of its own to SQLite
  // (":memory:").
  options.path = std::filesystem::absolute(options.path, failure).string();
  if (failure) return fail(ErrorKind::unavailable, failure.message(), options.path);
  DEED_OK(make_folder(std::filesystem::path(options.path).parent_path()));
  DEED_OK(make_file(options.path));
  DEED_OK(refuse_emptied_file(options.path));
  DEED_TRY(sqlite::Connection connection,
           sqlite::Connection::open(options.path, options.lock_wait));
  DEED_OK(sqlite::bring_up_to_date(connection, sqlite::migrations()));
  // Not before it is known to be a journal: a file of another program stays as it is.
  DEED_OK(take_from_others(options.path));
  // Ids of open journals need the same quality as ids of runs: never the same twice.
  std::string instance = make_run_id(system_clock().now());
  Store store(std::move(connection), std::move(options.redactor), std::move(instance));
  return std::unique_ptr<Journal>(std::make_unique<SqliteJournal>(std::move(store)));
}

}  // namespace deed
