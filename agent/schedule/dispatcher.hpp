// Carries schedules out: plans their times, claims them, begins their runs, and says what became of each. Knows neither processes nor
// timers: a Launcher begins what it wants, and it is told what ended. What it did is in the store before it is done, so that another
// dispatcher goes on from any instant at which this one died.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "deed/agent/schedule/plan.hpp"
#include "deed/memory/schedule_store.hpp"

namespace deed {

using ProcessId = std::int64_t;

/// What the dispatcher needs of the system.
class Launcher {
 public:
  virtual ~Launcher() = default;
  /// Begins deed with these arguments. Its end is told to Dispatcher::ended.
  /// errors  invalid: the folder. unavailable: no process can be made
  virtual Result<ProcessId> start(const std::vector<std::string>& arguments, const std::string& folder) = 0;
  /// Tells the end of a process that somebody else began; without an exit code.
  /// errors  not_found: it is gone, or cannot be seen
  virtual Result<void> watch(ProcessId process) = 0;
  /// Asks a process of `start` to come to an end.
  virtual void stop(ProcessId process) = 0;
};

struct DispatcherParts {
  ScheduleStore& store;
  const Clock& clock;
  Launcher& launcher;
  std::function<Result<std::unique_ptr<TimeZone>>(const std::string&)> zone;
  std::function<void(const std::string&)> log;
};

struct DispatcherOptions {
  std::size_t max_running = 4;           ///< runs at once, those of an earlier dispatcher too
  int max_retries = 5;                   ///< of a run that says "try again later", after 30 s, 1 min, 2 min …
  std::optional<FiringId> only = {};     ///< nothing but this firing
};

class Dispatcher {
 public:
  Dispatcher(DispatcherParts parts, DispatcherOptions options) : parts_(std::move(parts)), options_(options) {}

  /// Enters what has become due, and begins what may begin. Returns when to call again at the latest (nullopt: when something has changed).
  /// errors  those of the store: nothing is lost, call again
  Result<std::optional<TimePoint>> turn();
  /// The same without entering new times.
  Result<std::optional<TimePoint>> begin_queued();
  /// A process has ended: exit code, or 128 + signal; nullopt of one that was only watched. Follow with `turn` or `begin_queued`.
  Result<void> ended(ProcessId process, std::optional<int> exit_code);

  /// Begins nothing more, and asks what runs to come to an end. Runs that are interrupted by that are gone on with by the next dispatcher.
  void drain();
  /// Whether nothing is going on. What waits for another try counts as going on until `drain`.
  bool is_idle() const { return active_.empty(); }
  std::size_t going_on() const { return active_.size(); }

 private:
  struct Active {
    Firing firing;
    std::optional<ProcessId> process = {};
    bool is_own = false;
    int retries = 0, crashes = 0;
    std::optional<TimePoint> not_before = {};  ///< of the next try, when no process is there
  };

  Result<std::optional<TimePoint>> plan_all();
  Result<std::optional<TimePoint>> plan(const Schedule& schedule, const std::vector<Firing>& open);
  /// Makes active what is running in the store, and what may begin.
  Result<void> take_open();
  /// Begins, resumes, watches or ends, as the run stands.
  Result<void> pursue(Active& active);
  Result<void> launch(Active& active, bool is_new);
  Result<void> ended_with(Active& active, int exit_code);
  Result<void> try_later(Active& active);
  Result<void> end(Active& active, FiringEnd end);
  Result<void> end_as_run(Active& active, RunStatus status);
  std::string name_of(const Firing& firing) const;
  void say(const Active& active, const std::string& what) const;

  DispatcherParts parts_;
  DispatcherOptions options_;
  std::map<FiringId, Active> active_;
  std::map<ScheduleId, Schedule> known_;  // of the last turn
  std::set<ScheduleId> complained_;       // about a zone, a line or the clock: once each
  bool is_draining_ = false;
};

}  // namespace deed
