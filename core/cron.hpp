// Cron lines: five fields, as crontab(5) and Python's croniter read them, and the times they name in a time zone.
// docs/schedule.md has the rules, those of daylight saving too.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "deed/core/result.hpp"
#include "deed/core/time_zone.hpp"

namespace deed {

inline constexpr std::size_t max_cron_bytes = 256;

/// A checked line; only `parse_cron` makes one. Sets are bits: bit n is the value n.
struct Cron {
  std::string line;            ///< as it was written, without blanks around it
  std::uint64_t minutes = 0;   ///< 0-59
  std::uint32_t hours = 0;     ///< 0-23
  std::uint32_t days = 0;      ///< 1-31
  std::uint16_t months = 0;    ///< 1-12
  std::uint8_t weekdays = 0;   ///< 0-6, 0 is Sunday
  bool last_day = false;       ///< L: the last day of the month, too
  bool either_day = false;     ///< day of month and day of week are both restricted: one of them is enough

  bool operator==(const Cron&) const = default;
  /// Whether it names every hour of a day: such a line follows real time through a change of the clock.
  bool every_hour() const { return hours == 0xFFFFFF; }
};

/// minute hour day-of-month month day-of-week; or @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually.
/// errors  invalid: with the field, the character and what to write instead; also for a line that no date ever matches
Result<Cron> parse_cron(std::string_view line);

/// A time on the wall, to the minute.
using LocalMinute = std::chrono::local_time<std::chrono::minutes>;

/// The first minute at or after `from` that the line names on the wall. nullopt: none within 9 years (there always is one, unless `from` is
/// absurd).
std::optional<LocalMinute> next_match(const Cron& cron, LocalMinute from);

/// The first instant after `after` at which the line fires. A time that the clock jumps over fires at the end of the jump, unless the
/// line names every hour: then it is left out. A time that the clock shows twice fires the first time, and the second time too only if the
/// line names every hour.
std::optional<TimePoint> next_after(const Cron& cron, const TimeZone& zone, TimePoint after);

}  // namespace deed
