// Schedules and firings, kept with the runs. Every call blocks, a few milliseconds at most unless another process holds the file; several
// processes may have it open at once.
#pragma once

#include <memory>
#include <vector>

#include "deed/memory/schedule.hpp"

namespace deed {

/// One thread. Errors of every call: unavailable (locked for longer than lock_wait, disk full; nothing was written), corrupt, unsupported.
class ScheduleStore {
 public:
  virtual ~ScheduleStore() = default;

  /// errors  conflict: the name is taken. invalid: the name, or a secret in the command (it would stand in the file). limit: too long, too many
  virtual Result<Schedule> add(NewSchedule schedule) = 0;
  /// Those that were not removed, by name.
  virtual Result<std::vector<Schedule>> schedules() = 0;
  /// errors  not_found
  virtual Result<Schedule> find(const std::string& name) = 0;
  /// Pauses, resumes or removes. A resumed one begins at `now`: what passed during the pause is not missed. What is queued when a schedule is
  /// removed is skipped.
  /// errors  not_found: it is gone
  virtual Result<void> set_state(ScheduleId schedule, ScheduleState state, TimePoint now) = 0;

  /// Enters what came of the times up to `until`: all of it or none, and on disk before it returns. `seen` is the schedule that this was
  /// worked out from. A time that has its firing already is left as it is: no time fires twice.
  /// errors  conflict: the schedule has changed since; nothing was written
  virtual Result<void> record(const Schedule& seen, TimePoint until, const std::vector<NewFiring>& firings, TimePoint now) = 0;
  /// A firing outside of the schedule's times; its own is moved by milliseconds where it is one of them, or taken. On disk before it returns.
  virtual Result<Firing> enqueue(ScheduleId schedule, NewFiring firing, TimePoint now) = 0;

  /// Queued and running ones, oldest first.
  virtual Result<std::vector<Firing>> open_firings() = 0;
  /// Newest first; of all schedules if `schedule` is 0.
  virtual Result<std::vector<Firing>> history(ScheduleId schedule, std::size_t max) = 0;
  /// queued -> running. On disk before it returns.
  /// errors  conflict: it is not queued any more
  virtual Result<void> begin(FiringId firing, TimePoint now) = 0;
  /// Ends a queued or running firing.
  /// errors  conflict: it has ended
  virtual Result<void> end(FiringId firing, const FiringEnd& end) = 0;

  virtual Result<RunStanding> standing(const RunId& run) = 0;
  /// Runs at the top that wait for a time or were broken off behind it, and that no living process drives; the earliest first, at most `max`.
  virtual Result<std::vector<WaitingRun>> waiting_runs(std::size_t max) = 0;
};

/// Opens or makes the journal's file, as open_sqlite_journal does. The redactor only refuses: nothing here is blacked out silently.
Result<std::unique_ptr<ScheduleStore>> open_sqlite_schedules(SqliteOptions options);

}  // namespace deed
