// The ScheduleStore over SQLite: each change is one transaction of its own, on the disk before the call returns.
#include <algorithm>

#include "deed/core/failpoint.hpp"
#include "deed/core/json.hpp"
#include "deed/core/text.hpp"
#include "deed/memory/schedule_store.hpp"
#include "deed/memory/sqlite/file.hpp"
#include "deed/memory/sqlite/migrations.hpp"
#include "deed/memory/sqlite/owner.hpp"

namespace deed {
namespace {

using sqlite::Connection;
using sqlite::Query;

constexpr std::int64_t max_schedules = 10'000;
constexpr int no_exit_code = -1;
constexpr std::size_t max_command_bytes = 256u << 10;

std::int64_t milliseconds(TimePoint time) { return time.time_since_epoch().count(); }
TimePoint time_of(std::int64_t value) { return TimePoint(std::chrono::milliseconds(value)); }

Error no_such_schedule(const std::string& name) {
  return {ErrorKind::not_found, "no such schedule", std::string(utf8_prefix(to_utf8(name), 64)), "`deed schedule list` has them all"};
}

Result<void> check_name(const std::string& name) {
  constexpr std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
  if (!name.empty() && name.size() <= 64 && name.front() != '-' && name.find_first_not_of(allowed) == std::string::npos) return {};
  return fail(ErrorKind::invalid, "not a schedule's name", std::string(utf8_prefix(to_utf8(name), 64)),
              "1 to 64 letters, digits, dots, lines and underscores");
}

constexpr const char* all_schedules =
    "SELECT id, name, command, folder, cron, zone, missed, overlap, max_catch_up, state, created, handled_until FROM schedules"
    " WHERE state <> 'removed' ORDER BY name";
constexpr const char* one_schedule =
    "SELECT id, name, command, folder, cron, zone, missed, overlap, max_catch_up, state, created, handled_until FROM schedules"
    " WHERE state <> 'removed' AND name = ?1";
constexpr const char* open_rows =
    "SELECT firings.id, schedule, nominal, manual, state, run, claimed, started, ended, exit_code, reason, runs.status FROM firings"
    " LEFT JOIN runs ON runs.id = run WHERE state IN ('queued', 'running') ORDER BY nominal, firings.id";
constexpr const char* one_firing =
    "SELECT firings.id, schedule, nominal, manual, state, run, claimed, started, ended, exit_code, reason, runs.status FROM firings"
    " LEFT JOIN runs ON runs.id = run WHERE firings.id = ?1";
constexpr const char* newest_rows =
    "SELECT firings.id, schedule, nominal, manual, state, run, claimed, started, ended, exit_code, reason, runs.status FROM firings"
    " LEFT JOIN runs ON runs.id = run WHERE ?1 = 0 OR schedule = ?1 ORDER BY nominal DESC, firings.id DESC LIMIT ?2";

Result<Schedule> schedule_of(const Query& row) {
  Schedule out;
  out.id = row.integer(0);
  out.name = row.text(1);
  const auto command = parse_json(row.text(2));
  if (!command || !command->is_array()) return fail(ErrorKind::corrupt, "the command of a schedule is damaged", out.name, "remove it and add it anew");
  for (const Json& word : *command) out.command.push_back(word.is_string() ? word.get<std::string>() : "");
  out.folder = row.text(3);
  out.cron = row.text(4);
  out.zone = row.text(5);
  DEED_TRY(out.missed, parse_missed(row.text(6)));
  DEED_TRY(out.overlap, parse_overlap(row.text(7)));
  out.max_catch_up = static_cast<int>(row.integer(8));
  DEED_TRY(out.state, parse_schedule_state(row.text(9)));
  out.created = time_of(row.integer(10));
  out.handled_until = time_of(row.integer(11));
  return out;
}

Result<Firing> firing_of(const Query& row) {
  const auto time = [&](int column) { return row.is_null(column) ? std::optional<TimePoint>() : time_of(row.integer(column)); };
  Firing out;
  out.id = row.integer(0);
  out.schedule = row.integer(1);
  out.nominal = time_of(row.integer(2));
  out.manual = row.integer(3) != 0;
  DEED_TRY(out.state, parse_firing_state(row.text(4)));
  out.run = row.text(5);
  out.claimed = time_of(row.integer(6));
  out.started = time(7);
  out.ended = time(8);
  if (!row.is_null(9)) out.exit_code = static_cast<int>(row.integer(9));
  out.reason = row.text(10);
  if (!row.is_null(11)) {
    DEED_TRY(out.run_status, parse_run_status(row.text(11)));
  }
  return out;
}

template <class Row>
Result<std::vector<Row>> all_rows(Query query, Result<Row> (*read)(const Query&)) {
  std::vector<Row> out;
  for (;;) {
    DEED_TRY(const bool is_there, query.next());
    if (!is_there) return out;
    DEED_TRY(Row row, read(query));
    out.push_back(std::move(row));
  }
}

class SqliteSchedules final : public ScheduleStore {
 public:
  SqliteSchedules(Connection connection, Redactor redactor) : connection_(std::move(connection)), redactor_(std::move(redactor)) {}

  Result<Schedule> add(NewSchedule schedule) override;
  Result<std::vector<Schedule>> schedules() override { return all_rows<Schedule>(connection_.query(all_schedules), schedule_of); }
  Result<Schedule> find(const std::string& name) override;
  Result<void> set_state(ScheduleId schedule, ScheduleState state, TimePoint now) override;
  Result<void> record(const Schedule& seen, TimePoint until, const std::vector<NewFiring>& firings, TimePoint now) override;
  Result<Firing> enqueue(ScheduleId schedule, NewFiring firing, TimePoint now) override;
  Result<std::vector<Firing>> open_firings() override { return all_rows<Firing>(connection_.query(open_rows), firing_of); }
  Result<std::vector<Firing>> history(ScheduleId schedule, std::size_t max) override {
    return all_rows<Firing>(connection_.query(newest_rows, schedule, static_cast<std::int64_t>(max)), firing_of);
  }
  Result<void> begin(FiringId firing, TimePoint now) override;
  Result<void> end(FiringId firing, const FiringEnd& end) override;
  Result<RunStanding> standing(const RunId& run) override;
  Result<std::vector<WaitingRun>> waiting_runs(std::size_t max) override;

 private:
  /// `work` in a transaction that is on the disk when this returns; a failure undoes it.
  template <class T, class Work>
  Result<T> written(Work work);
  Result<void> insert(ScheduleId schedule, const NewFiring& firing, TimePoint now);
  /// Rows that the last statement changed.
  Result<std::int64_t> changes();

  Connection connection_;
  Redactor redactor_;
};

template <class T, class Work>
Result<T> SqliteSchedules::written(Work work) {
  DEED_OK(connection_.sync_each_commit(true));
  DEED_OK(connection_.query("BEGIN IMMEDIATE").run());
  Result<T> result = [&]() -> Result<T> {
    DEED_TRY(const std::int64_t version, sqlite::schema_version(connection_));
    if (version == static_cast<std::int64_t>(sqlite::migrations().size())) return work();
    return fail(ErrorKind::unsupported, "a newer version of deed has changed the journal meanwhile", connection_.path(),
                "end this process and use the newer version");
  }();
  if (result) {
    failpoint(failpoints::schedule_before_commit);
    Result<void> committed = connection_.query("COMMIT").run();
    if (!committed) result = fail(std::move(committed).error());
    else failpoint(failpoints::schedule_after_commit);
  }
  // SQLite gives a transaction up by itself after some failures.
  if (!result && connection_.in_transaction()) DEED_OK(connection_.query("ROLLBACK").run());
  return result;
}

Result<std::int64_t> SqliteSchedules::changes() {
  Query query = connection_.query("SELECT changes()");
  DEED_TRY(const bool row, query.next());
  return row ? query.integer(0) : 0;
}

Result<Schedule> SqliteSchedules::add(NewSchedule schedule) {
  DEED_OK(check_name(schedule.name));
  const std::string command = to_text(Json(schedule.command));
  if (command.size() > max_command_bytes || schedule.folder.size() > 4096 || schedule.cron.size() > 1024 || schedule.zone.size() > 256) {
    return fail(ErrorKind::limit, "the schedule's command has more than " + human_bytes(max_command_bytes), schedule.name, "put the task into a file");
  }
  for (const std::string& word : schedule.command) {
    if (redactor_.finds(word)) return fail(ErrorKind::invalid, "the command has a secret in it, which the journal must not keep", schedule.name,
        "secrets come from the daemon's environment, a file or a command");
    if (!is_utf8(word)) return fail(ErrorKind::invalid, "the command is not UTF-8", schedule.name);
  }
  if (schedule.max_catch_up < 1 || schedule.max_catch_up > 10'000) {
    return fail(ErrorKind::invalid, "not a number of runs to catch up with", std::to_string(schedule.max_catch_up), "1 to 10000");
  }
  return written<Schedule>([&]() -> Result<Schedule> {
    {
      Query known = connection_.query(one_schedule, schedule.name);
      DEED_TRY(const bool exists, known.next());
      if (exists) return fail(ErrorKind::conflict, "a schedule of this name exists", schedule.name, "give another --name, or remove it first");
      Query count = connection_.query("SELECT count(*) FROM schedules WHERE state <> 'removed'");
      DEED_TRY(const bool counted, count.next());
      if (counted && count.integer(0) >= max_schedules) return fail(ErrorKind::limit, "there are 10000 schedules", "", "remove some");
    }
    DEED_OK(connection_.query("INSERT INTO schedules (name, command, folder, cron, zone, missed, overlap, max_catch_up, state, created,"
                              " handled_until) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'active', ?9, ?9)",
                              schedule.name, command, schedule.folder, schedule.cron, schedule.zone, std::string_view(to_string(schedule.missed)),
                              std::string_view(to_string(schedule.overlap)), std::int64_t{schedule.max_catch_up}, milliseconds(schedule.created)).run());
    Query added = connection_.query(one_schedule, schedule.name);
    DEED_TRY(const bool is_there, added.next());
    if (!is_there) return fail(ErrorKind::internal, "a schedule that was just entered is not there", schedule.name);
    return schedule_of(added);
  });
}

Result<Schedule> SqliteSchedules::find(const std::string& name) {
  Query query = connection_.query(one_schedule, name);
  DEED_TRY(const bool exists, query.next());
  if (!exists) return fail(no_such_schedule(name));
  return schedule_of(query);
}

Result<void> SqliteSchedules::set_state(ScheduleId schedule, ScheduleState state, TimePoint now) {
  return written<void>([&]() -> Result<void> {
    // Only one that was paused begins anew: to resume an active one changes nothing.
    DEED_OK(connection_.query("UPDATE schedules SET state = ?2, handled_until = iif(state = 'paused' AND ?2 = 'active', ?3, handled_until)"
                              " WHERE id = ?1 AND state <> 'removed'",
                              schedule, std::string_view(to_string(state)), milliseconds(now)).run());
    DEED_TRY(const std::int64_t changed, changes());
    if (changed == 0) return fail(no_such_schedule(std::to_string(schedule)));
    if (state != ScheduleState::removed) return {};
    return connection_.query("UPDATE firings SET state = 'skipped', ended = ?2, reason = 'the schedule was removed'"
                             " WHERE schedule = ?1 AND state = 'queued'", schedule, milliseconds(now)).run();
  });
}

Result<void> SqliteSchedules::insert(ScheduleId schedule, const NewFiring& firing, TimePoint now) {
  return connection_.query("INSERT INTO firings (schedule, nominal, manual, state, run, claimed, reason) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7"
                           " WHERE NOT EXISTS (SELECT 1 FROM firings WHERE schedule = ?1 AND nominal = ?2)",
                           schedule, milliseconds(firing.nominal), std::int64_t{firing.manual}, std::string_view(to_string(firing.state)), firing.run,
                           milliseconds(now), firing.reason).run();
}

Result<void> SqliteSchedules::record(const Schedule& seen, TimePoint until, const std::vector<NewFiring>& firings, TimePoint now) {
  return written<void>([&]() -> Result<void> {
    DEED_OK(connection_.query("UPDATE schedules SET handled_until = ?2 WHERE id = ?1 AND handled_until = ?3 AND state = ?4", seen.id,
                              milliseconds(until), milliseconds(seen.handled_until), std::string_view(to_string(seen.state))).run());
    DEED_TRY(const std::int64_t changed, changes());
    if (changed == 0) return fail(ErrorKind::conflict, "the schedule was changed meanwhile", seen.name);
    for (const NewFiring& firing : firings) DEED_OK(insert(seen.id, firing, now));
    return {};
  });
}

Result<Firing> SqliteSchedules::enqueue(ScheduleId schedule, NewFiring firing, TimePoint now) {
  return written<Firing>([&]() -> Result<Firing> {
    // The very millisecond of another firing is taken: the next one will do, since nobody waits for this time by name.
    for (int attempt = 0; attempt < 1000; ++attempt, firing.nominal += std::chrono::milliseconds(1)) {
      // A whole minute may be one of the schedule's own times, which would then not fire.
      if (firing.nominal == std::chrono::floor<std::chrono::minutes>(firing.nominal)) continue;
      DEED_OK(insert(schedule, firing, now));
      DEED_TRY(const std::int64_t added, changes());
      if (added == 0) continue;
      Query id = connection_.query("SELECT last_insert_rowid()");
      DEED_TRY(const bool has_id, id.next());
      Query row = connection_.query(one_firing, has_id ? id.integer(0) : 0);
      DEED_TRY(const bool is_there, row.next());
      if (!is_there) break;
      return firing_of(row);
    }
    return fail(ErrorKind::internal, "no free time for a firing", std::to_string(schedule));
  });
}

Result<void> SqliteSchedules::begin(FiringId firing, TimePoint now) {
  return written<void>([&]() -> Result<void> {
    DEED_OK(connection_.query("UPDATE firings SET state = 'running', started = ?2 WHERE id = ?1 AND state = 'queued'", firing,
                              milliseconds(now)).run());
    DEED_TRY(const std::int64_t changed, changes());
    if (changed == 0) return fail(ErrorKind::conflict, "the firing is not queued any more", std::to_string(firing));
    return {};
  });
}

Result<void> SqliteSchedules::end(FiringId firing, const FiringEnd& end) {
  return written<void>([&]() -> Result<void> {
    DEED_OK(connection_.query("UPDATE firings SET state = ?2, ended = ?3, exit_code = nullif(?4, -1), reason = ?5"
                              " WHERE id = ?1 AND state IN ('queued', 'running')",
                              firing, std::string_view(to_string(end.state)), milliseconds(end.time),
                              std::int64_t{end.exit_code.value_or(no_exit_code)}, to_utf8(redactor_.redact(end.reason))).run());
    DEED_TRY(const std::int64_t changed, changes());
    if (changed == 0) return fail(ErrorKind::conflict, "the firing has ended", std::to_string(firing));
    return {};
  });
}

Result<RunStanding> SqliteSchedules::standing(const RunId& run) {
  Query query = connection_.query("SELECT status, last_event, pid, started, machine, instance, wakes FROM runs LEFT JOIN leases ON leases.run = runs.key"
                                  " WHERE id = ?1", run);
  DEED_TRY(const bool exists, query.next());
  RunStanding out;
  if (!exists) return out;
  DEED_TRY(out.status, parse_run_status(query.text(0)));
  const sqlite::Owner owner{query.integer(2), query.integer(3), query.text(4), query.text(5)};
  out.owner = owner.pid;
  if (const std::int64_t wakes = query.integer(6)) out.wakes = TimePoint(std::chrono::milliseconds(wakes));
  using Kind = RunStanding::Kind;
  if (sqlite::is_alive(owner, sqlite::this_process(""))) out.kind = Kind::owned;
  else if (query.integer(1) == 0) out.kind = Kind::absent;
  else if (out.status == RunStatus::running) out.kind = Kind::left_behind;
  else if (out.status == RunStatus::paused || out.status == RunStatus::unknown) out.kind = Kind::paused;
  else out.kind = Kind::ended;
  return out;
}

Result<std::vector<WaitingRun>> SqliteSchedules::waiting_runs(std::size_t max) {
  Query query = connection_.query("SELECT id, wakes, pid, started, machine, instance FROM runs LEFT JOIN leases ON leases.run = runs.key"
                                  " WHERE wakes IS NOT NULL AND status IN ('paused', 'running') AND parent = '' ORDER BY wakes, key LIMIT ?1",
                                  static_cast<std::int64_t>(max));
  std::vector<WaitingRun> out;
  for (;;) {
    DEED_TRY(const bool row, query.next());
    if (!row) return out;
    const sqlite::Owner owner{query.integer(2), query.integer(3), query.text(4), query.text(5)};
    if (!sqlite::is_alive(owner, sqlite::this_process(""))) out.push_back({query.text(0), TimePoint(std::chrono::milliseconds(query.integer(1)))});
  }
}

}  // namespace

Result<std::unique_ptr<ScheduleStore>> open_sqlite_schedules(SqliteOptions options) {
  DEED_TRY(Connection connection, sqlite::open_journal_file(options.path, options.lock_wait));
  return std::unique_ptr<ScheduleStore>(std::make_unique<SqliteSchedules>(std::move(connection), std::move(options.redactor)));
}

}  // namespace deed
