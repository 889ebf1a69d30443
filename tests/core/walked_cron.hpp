// A zone made of a few changes, and the naive way to find a cron line's times: through real time, minute by minute.
#pragma once

#include <algorithm>
#include <set>
#include <vector>

#include "deed/core/cron.hpp"

namespace deed {

class ZoneOfSpans final : public TimeZone {
 public:
  struct Change {
    TimePoint at;
    std::chrono::seconds before, after;
  };
  explicit ZoneOfSpans(std::vector<Change> changes = {}, std::chrono::seconds offset = {}) : changes_(std::move(changes)), offset_(offset) {}

  OffsetSpan span_at(TimePoint time) const override {
    OffsetSpan span{.offset = changes_.empty() ? offset_ : changes_.front().before};
    for (const Change& change : changes_) {
      if (time < change.at) {
        span.end = change.at;
        return span;
      }
      span = {.begin = change.at, .end = latest_time, .offset = change.after};
    }
    return span;
  }

 private:
  std::vector<Change> changes_;
  std::chrono::seconds offset_;
};

/// Whether the line names this minute on the wall. Field by field, without a search.
inline bool names(const Cron& cron, LocalMinute wall) {
  const auto day = std::chrono::floor<std::chrono::days>(wall);
  const std::chrono::year_month_day date(day), next(day + std::chrono::days(1));
  const auto minute = (wall - day).count();
  const bool by_day = (cron.days >> static_cast<unsigned>(date.day()) & 1) || (cron.last_day && next.month() != date.month());
  const bool by_weekday = cron.weekdays >> std::chrono::weekday(day).c_encoding() & 1;
  return (cron.minutes >> (minute % 60) & 1) && (cron.hours >> (minute / 60) & 1) && (cron.months >> static_cast<unsigned>(date.month()) & 1) &&
         (cron.either_day ? by_day || by_weekday : by_day && by_weekday);
}

/// The firings in (begin, end). The walk starts a day earlier, so that it has seen what the clock showed before.
inline std::vector<TimePoint> walked_times(const Cron& cron, const TimeZone& zone, TimePoint begin, TimePoint end) {
  const auto wall_at = [&](TimePoint time) {
    return std::chrono::floor<std::chrono::minutes>(std::chrono::local_time<std::chrono::milliseconds>(time.time_since_epoch() + zone.span_at(time).offset));
  };
  std::set<LocalMinute> shown;
  std::vector<TimePoint> out;
  TimePoint time = std::chrono::floor<std::chrono::minutes>(begin - std::chrono::hours(49));
  LocalMinute expected = wall_at(time);
  for (; time < end; time += std::chrono::minutes(1), expected += std::chrono::minutes(1)) {
    const LocalMinute wall = wall_at(time);
    bool fires = names(cron, wall) && (cron.every_hour() || !shown.contains(wall));
    // The clock has jumped over what was expected.
    for (; expected < wall; expected += std::chrono::minutes(1)) fires = fires || (names(cron, expected) && !cron.every_hour());
    expected = wall;
    shown.insert(wall);
    if (fires && time > begin) out.push_back(time);
  }
  return out;
}

}  // namespace deed
