// What a schedule's times come to: which fire, which are skipped and why, when to look again. Pure: a schedule, what is going on and the time
// in, firings out. docs/schedule.md has the rules in words.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "deed/core/cron.hpp"
#include "deed/memory/schedule.hpp"

namespace deed {

/// A time that is no later than this fires as if it were on time; a later one was missed.
inline constexpr std::chrono::seconds on_time_within{60};
/// Missed times further back are not looked at.
inline constexpr std::chrono::days longest_look_back{366};

/// What goes on of a schedule.
struct OpenFirings {
  std::size_t queued = 0;
  std::size_t running = 0;
  std::optional<TimePoint> running_since = {};  ///< the time of the one that is running, for people
};

struct Plan {
  std::vector<NewFiring> firings;   ///< to be entered, in the order of their times
  TimePoint handled_until = {};     ///< to be entered with them; the schedule's own if there is nothing to enter
  std::optional<TimePoint> wake;    ///< the next time; nullopt: none
  bool clock_is_behind = false;     ///< now is before the last time that was handled: nothing fires until it is reached again
};

/// `make_id` gives a new run id for each firing that is to run. A schedule that is not active has an empty plan.
Plan plan_firings(const Schedule& schedule, const Cron& cron, const TimeZone& zone, const OpenFirings& open, TimePoint now,
                  const std::function<RunId()>& make_id);

/// Of the open firings, those to be begun now: the oldest of each schedule that has none running, up to `most`.
std::vector<Firing> firings_to_begin(const std::vector<Firing>& open, std::size_t most);

}  // namespace deed
