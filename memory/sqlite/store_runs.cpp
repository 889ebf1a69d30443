// Runs: entering, finding, and who owns them.
#include "deed/core/text.hpp"
#include "deed/memory/sqlite/store.hpp"

#include <algorithm>

namespace deed::sqlite {
namespace {

constexpr const char* run_columns_newest_first =
    "SELECT id, parent, task_hash, title, status, created, updated, last_event, wakes FROM runs ORDER BY "
    "key DESC LIMIT ?1";

// A run that another began is found by its own id.
constexpr const char* newest_at_the_top =
    "SELECT id, parent, task_hash, title, status, created, updated, last_event, wakes FROM runs"
    " WHERE parent = '' ORDER BY key DESC LIMIT 1";

Result<RunRecord> run_of(const Query& query) {
  RunRecord run{.id = query.text(0),
                .parent = query.text(1),
                .task_hash = query.text(2),
                .title = query.text(3)};
  DEED_TRY(run.status, with_context(parse_run_status(query.text(4)), "run " + run.id));
  run.created = TimePoint(std::chrono::milliseconds(query.integer(5)));
  run.updated = TimePoint(std::chrono::milliseconds(query.integer(6)));
  run.last_event = query.integer(7);
  if (const std::int64_t wakes = query.integer(8)) run.wakes = TimePoint(std::chrono::milliseconds(wakes));
  return run;
}

Result<std::vector<RunRecord>> all_runs(Query query) {
  std::vector<RunRecord> runs;
  for (;;) {
    DEED_TRY(const bool row, query.next());
    if (!row) return runs;
    DEED_TRY(RunRecord run, run_of(query));
    runs.push_back(std::move(run));
  }
}

Error no_such_run(const std::string& id) {
  return {ErrorKind::not_found, "no such run", std::string(utf8_prefix(to_utf8(id), 64)),
          "`deed runs` lists them"};
}

std::int64_t milliseconds(TimePoint time) { return time.time_since_epoch().count(); }

}  // namespace

Error Store::held_by(const RunId& run, const Owner& owner) const {
  const std::string process = "process " + std::to_string(owner.pid);
  if (is_out_of_sight(owner, self_)) {
    return {
        ErrorKind::conflict,
        "the run is owned by " + process + " of another container on this machine", run,
        "stop that one first; docs/journal.md says how to free a run whose owner is gone for good"};
  }
  if (owner.pid == self_.pid && owner.started == self_.started) {
    return {ErrorKind::conflict, "the run is already being driven by this " + process, run};
  }
  return {ErrorKind::conflict, "the run is owned by " + process + ", which is alive", run,
          "wait until it ends, or stop it"};
}

Result<Lease> Store::create(const NewRun& run) {
  if (!is_run_id(run.id)) {
    return fail(ErrorKind::invalid, "not a run id", std::string(utf8_prefix(to_utf8(run.id), 64)),
                "use make_run_id");
  }
  if (run.task_hash.size() > max_short_text_bytes || run.parent.size() > max_short_text_bytes) {
    return fail(ErrorKind::limit, "the task hash or the parent's id is longer than 256 bytes",
                run.id);
  }
  {
    Query known = connection_.query("SELECT 1 FROM runs WHERE id = ?1", run.id);
    DEED_TRY(const bool exists, known.next());
    if (exists) return fail(ErrorKind::conflict, "a run of this id exists", run.id);
  }
  const std::string title = clean_text(redactor_, run.title);
  Query insert = connection_.query(
      "INSERT INTO runs (id, parent, task_hash, title, status, created, updated, last_event)"
      " VALUES (?1, ?2, ?3, ?4, 'running', ?5, ?5, 0)",
      run.id, clean_text(redactor_, run.parent), clean_text(redactor_, run.task_hash),
      utf8_prefix(title, max_title_bytes), milliseconds(run.created));
  DEED_OK(insert.run());
  Query lease = connection_.query(
      "INSERT INTO leases (run, fence, pid, started, machine, instance)"
      " SELECT key, 1, ?2, ?3, ?4, ?5 FROM runs WHERE id = ?1",
      run.id, self_.pid, self_.started, self_.machine, self_.instance);
  DEED_OK(lease.run());
  held_[run.id] = 1;
  return Lease{run.id, 1};
}

Result<Lease> Store::acquire(const RunId& run) {
  Query query = connection_.query(
      "SELECT fence, pid, started, machine, instance FROM leases WHERE run = (SELECT key FROM runs "
      "WHERE id = ?1)",
      run);
  DEED_TRY(const bool exists, query.next());
  if (!exists) return fail(no_such_run(run));
  const std::int64_t fence = query.integer(0) + 1;
  const Owner owner{query.integer(1), query.integer(2), query.text(3), query.text(4)};
  if (is_alive(owner, self_)) return fail(held_by(run, owner));
  Query take = connection_.query(
      "UPDATE leases SET fence = ?2, pid = ?3, started = ?4, machine = ?5, instance = ?6"
      " WHERE run = (SELECT key FROM runs WHERE id = ?1)",
      run, fence, self_.pid, self_.started, self_.machine, self_.instance);
  DEED_OK(take.run());
  held_[run] = fence;
  return Lease{run, fence};
}

Result<void> Store::release(const Lease& lease) {
  DEED_TRY(const OwnedRun run, check_lease(lease));
  DEED_OK(connection_.query("UPDATE leases SET pid = 0 WHERE run = ?1", run.key).run());
  if (run.indexed < run.last) due_.insert(run.key);
  releasing_.push_back(lease.run);
  return {};
}

void Store::transaction_ended(bool is_committed) {
  for (const RunId& run : releasing_) {
    if (is_committed) held_.erase(run);
  }
  releasing_.clear();
}

Result<void> Store::release_all() {
  for (const auto& [run, fence] : held_) {
    Query query = connection_.query(
        "UPDATE leases SET pid = 0 WHERE run = (SELECT key FROM runs WHERE id = ?1) AND fence = ?2 "
        "AND instance = ?3",
        run, fence, self_.instance);
    DEED_OK(query.run());
  }
  held_.clear();
  return {};
}

Result<Store::OwnedRun> Store::check_lease(const Lease& lease) {
  Query query = connection_.query(
      "SELECT runs.key, last_event, fence, pid, indexed FROM runs JOIN leases ON leases.run = runs.key "
      "WHERE id = ?1",
      lease.run);
  DEED_TRY(const bool exists, query.next());
  if (!exists) return fail(no_such_run(lease.run));
  if (query.integer(2) != lease.fence) {
    return fail(ErrorKind::conflict,
                "the run has another owner by now: process " + std::to_string(query.integer(3)) +
                    " with fence " + std::to_string(query.integer(2)) + ", not " +
                    std::to_string(lease.fence),
                lease.run);
  }
  if (query.integer(3) == 0)
    return fail(ErrorKind::conflict, "the run was released; acquire it first", lease.run);
  return OwnedRun{query.integer(0), query.integer(1), query.integer(4)};
}

Result<std::vector<RunRecord>> Store::runs(std::size_t max) {
  return all_runs(connection_.query(run_columns_newest_first, static_cast<std::int64_t>(max)));
}

Result<std::vector<RunRecord>> Store::matching_runs(const std::string& part, std::size_t max) {
  return all_runs(connection_.query(
      "SELECT id, parent, task_hash, title, status, created, updated, last_event, wakes FROM runs"
      " WHERE substr(id, 1, length(?1)) = ?1 OR substr(id, -length(?1)) = ?1 ORDER BY key DESC "
      "LIMIT ?2",
      part, static_cast<std::int64_t>(max)));
}

Result<RunRecord> Store::find_run(const std::string& id) {
  const std::string part = lower_ascii(trim(id));
  if (part == "last") {
    DEED_TRY(std::vector<RunRecord> newest, all_runs(connection_.query(newest_at_the_top)));
    if (newest.empty()) return fail(ErrorKind::not_found, "there are no runs yet");
    return std::move(newest.front());
  }
  if (part.size() > 36 || part.find_first_not_of("0123456789abcdef-") != std::string::npos)
    return fail(no_such_run(id));
  if (part.size() < 4) {
    return fail(ErrorKind::not_found, "too short for a run's id", part,
                "give 4 characters of its beginning or end, or \"last\"");
  }
  DEED_TRY(std::vector<RunRecord> found, matching_runs(part, 4));
  if (found.empty()) return fail(no_such_run(id));
  if (found.size() == 1) return std::move(found.front());
  std::string names;
  for (std::size_t i = 0; i < std::min<std::size_t>(found.size(), 3); ++i)
    names += (i ? ", " : "") + found[i].id;
  if (found.size() > 3) names += ", …";
  return fail(ErrorKind::conflict, "several runs match: " + names, part, "give more characters");
}

}  // namespace deed::sqlite
