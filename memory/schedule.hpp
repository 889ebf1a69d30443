// Schedules and their firings as values: what is to be run when, and what became of each time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "deed/memory/journal.hpp"

namespace deed {

using ScheduleId = std::int64_t;
using FiringId = std::int64_t;

/// What becomes of times that passed while nothing could fire (no daemon, the machine was off, the clock jumped forward).
enum class Missed {
  skip,  ///< they are entered as skipped
  once,  ///< one run for all of them
  all,   ///< a run for each, in order, of the last `max_catch_up`
};
/// What becomes of a time that comes while an earlier firing of the schedule is still going on.
enum class Overlap {
  skip,   ///< it is entered as skipped
  queue,  ///< it waits; at most `max_catch_up` wait
};
enum class ScheduleState { active, paused, removed };
enum class FiringState {
  queued,   ///< claimed: its run id is fixed, nothing was begun
  running,  ///< its run has been begun, or is about to be; a daemon that finds it goes on with that run
  done,
  failed,
  paused,   ///< the run waits for a person
  skipped,  ///< no run
};
const char* to_string(Missed missed);
const char* to_string(Overlap overlap);
const char* to_string(ScheduleState state);
const char* to_string(FiringState state);
Result<Missed> parse_missed(std::string_view text);
Result<Overlap> parse_overlap(std::string_view text);
Result<ScheduleState> parse_schedule_state(std::string_view text);
Result<FiringState> parse_firing_state(std::string_view text);

struct NewSchedule {
  std::string name;                  ///< 1 to 64 of a-z A-Z 0-9 . _ -
  std::vector<std::string> command;  ///< arguments of deed: "run", flags, the target
  std::string folder;                ///< absolute; where the command is run
  std::string cron;
  std::string zone;                  ///< IANA name
  Missed missed = Missed::once;
  Overlap overlap = Overlap::skip;
  int max_catch_up = 100;            ///< 1 to 10,000
  TimePoint created = {};
};

struct Schedule : NewSchedule {
  ScheduleId id = 0;
  ScheduleState state = ScheduleState::active;
  TimePoint handled_until = {};  ///< every time up to this one has its firings; it never goes back, whatever the clock does
};

/// A time that is claimed, or skipped with a reason.
struct NewFiring {
  TimePoint nominal = {};  ///< the time on the schedule; of a manual one, when it was asked for
  FiringState state = FiringState::queued;
  RunId run = {};          ///< the run that it will be; empty if skipped
  std::string reason = {};
  bool manual = false;
};

struct Firing : NewFiring {
  FiringId id = 0;
  ScheduleId schedule = 0;
  TimePoint claimed = {};
  std::optional<TimePoint> started = {};
  std::optional<TimePoint> ended = {};
  std::optional<int> exit_code = {};
  std::optional<RunStatus> run_status = {};  ///< as the run stands now, if it exists; a person may have gone on with it
};

struct FiringEnd {
  FiringState state = FiringState::done;  ///< done, failed, paused or skipped
  TimePoint time = {};
  std::optional<int> exit_code = {};
  std::string reason = {};
};

/// Where the run of a firing stands.
struct WaitingRun {
  RunId run;
  TimePoint wakes = {};
};

struct RunStanding {
  enum class Kind {
    absent,       ///< it was never begun, or died before its first event: nothing of it was done
    owned,        ///< a living process drives it
    left_behind,  ///< its process died: to be resumed
    paused,       ///< it waits for a person, or for another try
    ended,
  };
  Kind kind = Kind::absent;
  RunStatus status = RunStatus::running;
  std::int64_t owner = 0;  ///< the process, if owned
  std::optional<TimePoint> wakes = {};  ///< paused until then
};

}  // namespace deed
