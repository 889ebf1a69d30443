// Schedules and firings as they are printed: for people, and as JSON.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "deed/core/json.hpp"
#include "deed/core/time_zone.hpp"
#include "deed/memory/schedule.hpp"

namespace deed {

/// A firing's state as it is now: one that waited for a person may have been gone on with since.
std::string state_text(const Firing& firing);

/// The words after `deed`, as they could be typed.
std::string command_text(const std::vector<std::string>& command);

/// next  when it fires next; nullopt: never, or not while it is paused
Json schedule_json(const Schedule& schedule, std::optional<TimePoint> next, const TimeZone& zone);
Json firing_json(const Firing& firing, const Schedule& schedule);

}  // namespace deed
