// The Journal over SQLite: each call becomes a job of the worker.
#include "deed/memory/journal.hpp"
#include "deed/memory/sqlite/file.hpp"
#include "deed/memory/sqlite/worker.hpp"

namespace deed {
namespace {

using sqlite::Access;
using sqlite::Store;

struct AppendWork {
  Lease lease;
  std::shared_ptr<const std::vector<Event>> events;
  std::vector<Fact> facts;
  AppendOptions options;
  std::vector<sqlite::Row> rows = {};

  Result<void> prepare(Store& store) {
    DEED_TRY(rows, sqlite::to_rows(store.redactor(), *events));
    return {};
  }
  Result<EventNumber> operator()(Store& store) {
    for (const Fact& fact : facts) DEED_OK(store.remember(fact));
    return store.append(lease, rows, options);
  }
};

class SqliteJournal final : public Journal {
 public:
  SqliteJournal(Store store, bool may_hold_up_caller) : may_hold_up_caller_(may_hold_up_caller), worker_(std::move(store)) {}

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
  Async<EventNumber> append_and_remember(Lease lease, std::shared_ptr<const std::vector<Event>> events,
                                         std::vector<Fact> facts,
                                         AppendOptions options) override {
    AppendWork work{std::move(lease), std::move(events), std::move(facts), options};
    if (may_hold_up_caller_ && options.is_alone) {
      auto done = worker_.run_here<EventNumber>(Access::write, options.durability, work);
      if (done) co_return *std::move(done);
    }
    auto submitted = worker_.submit<EventNumber>(Access::write, options.durability, std::move(work));
    auto last = co_await std::move(submitted);
    co_return last;
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
  const bool may_hold_up_caller_;
  sqlite::Worker worker_;
};

}  // namespace

Result<std::unique_ptr<Journal>> open_sqlite_journal(SqliteOptions options) {
  DEED_TRY(sqlite::Connection connection,
           sqlite::open_journal_file(options.path, options.lock_wait));
  // Ids of open journals need the same quality as ids of runs: never the same twice.
  std::string instance = make_run_id(system_clock().now());
  Store store(std::move(connection), std::move(options.redactor), std::move(instance));
  return std::unique_ptr<Journal>(std::make_unique<SqliteJournal>(std::move(store), options.may_hold_up_caller));
}

}  // namespace deed
