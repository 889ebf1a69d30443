#include "deed/memory/sqlite/batch.hpp"

#include "deed/core/failpoint.hpp"
#include "deed/memory/sqlite/migrations.hpp"

#include <algorithm>

namespace deed::sqlite {
namespace {

// A newer program may have changed the schema since this one opened the file.
Result<void> check_version(Connection& connection) {
  DEED_TRY(const std::int64_t version, schema_version(connection));
  if (version == static_cast<std::int64_t>(migrations().size())) return {};
  return fail(ErrorKind::unsupported, "a newer version of deed has changed the journal meanwhile",
              connection.path(), "end this process and use the newer version");
}

Result<void> commit(Connection& connection) {
  failpoint(failpoints::journal_before_commit);
  DEED_OK(connection.query("COMMIT").run());
  failpoint(failpoints::journal_after_commit);
  return {};
}

Result<void> run_statement(Connection& connection, const char* sql) {
  return connection.query(sql).run();
}

// SQLite gives a transaction up by itself after some failures (full disk, I/O error); then nothing
// can be undone any more.
Result<void> check_transaction(const Connection& connection) {
  if (connection.in_transaction()) return {};
  return fail(ErrorKind::unavailable, "the disk is full or failed; nothing was written",
              connection.path(), "free some space and try again");
}

Result<void> end_savepoint(Connection& connection, bool keep) {
  DEED_OK(check_transaction(connection));
  if (!keep) DEED_OK(run_statement(connection, "ROLLBACK TO job"));
  return run_statement(connection, "RELEASE job");
}

Result<void> write_all(Store& store, const std::vector<Job*>& writers) {
  Connection& connection = store.connection();
  const bool full = std::any_of(writers.begin(), writers.end(), [](const Job* job) {
    return job->durability() == Durability::full;
  });
  DEED_OK(connection.sync_each_commit(full));
  DEED_OK(run_statement(connection, "BEGIN IMMEDIATE"));
  DEED_OK(check_version(connection));
  if (writers.size() == 1) {
    // A savepoint for one alone would cost and save nothing.
    const bool keep = writers.front()->run(store);
    DEED_OK(check_transaction(connection));
    return keep ? commit(connection) : run_statement(connection, "ROLLBACK");
  }
  for (Job* job : writers) {
    DEED_OK(run_statement(connection, "SAVEPOINT job"));
    const bool keep = job->run(store);
    DEED_OK(end_savepoint(connection, keep));
  }
  return commit(connection);
}

void run_writers(Store& store, const std::vector<Job*>& writers) {
  const Result<void> written = write_all(store, writers);
  store.transaction_ended(written.has_value());
  if (written) return;
  if (store.connection().in_transaction()) {
    // If even this fails the connection is unusable, and every later job says so.
    const Result<void> undone = run_statement(store.connection(), "ROLLBACK");
    if (!undone) {
      for (Job* job : writers) job->fail_with(undone.error());
    }
  }
  for (Job* job : writers) job->fail_with(written.error());
}

Result<void> in_transaction(Connection& connection, auto work, auto end) {
  DEED_OK(connection.sync_each_commit(false));
  DEED_OK(run_statement(connection, "BEGIN IMMEDIATE"));
  Result<void> done = check_version(connection);
  if (done) done = work();
  if (done) done = end();
  if (!done && connection.in_transaction()) DEED_OK(run_statement(connection, "ROLLBACK"));
  return done;
}

}  // namespace

void run_batch(Store& store, std::span<Job* const> jobs) {
  std::vector<Job*> writers, readers;
  for (Job* job : jobs) {
    if (job->prepare(store)) (job->access() == Access::write ? writers : readers).push_back(job);
  }
  if (!writers.empty()) run_writers(store, writers);
  for (Job* job : readers) job->run(store);
}

void index_what_is_due(Store& store) {
  Connection& connection = store.connection();
  // Its end is no failpoint: when the thread comes to it is not certain.
  Result<void> done = in_transaction(connection, [&] { return store.index_what_is_due(); }, [&] { return run_statement(connection, "COMMIT"); });
  if (!done) store.give_up_index();
}

Result<void> release_leases(Store& store) {
  if (!store.holds_leases()) return {};
  Connection& connection = store.connection();
  return in_transaction(connection, [&] { return store.release_all(); }, [&] { return commit(connection); });
}

}  // namespace deed::sqlite
