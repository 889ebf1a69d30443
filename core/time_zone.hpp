// A time zone as pure code sees it: which offset from UTC holds when. Who reads the zone files stands elsewhere
// (agent/schedule/zoneinfo.hpp), so that a test makes any zone it likes.
#pragma once

#include <chrono>

#include "deed/core/clock.hpp"

namespace deed {

/// Earlier and later than any time that a zone is asked about; safe to add an offset to.
inline constexpr TimePoint earliest_time{std::chrono::milliseconds(-100'000'000'000'000)};
inline constexpr TimePoint latest_time{std::chrono::milliseconds(200'000'000'000'000)};

/// A stretch of time with one offset: [begin, end).
struct OffsetSpan {
  TimePoint begin = earliest_time;
  TimePoint end = latest_time;
  std::chrono::seconds offset{0};  ///< local time minus UTC

  bool operator==(const OffsetSpan&) const = default;
};

/// Immutable; any thread.
class TimeZone {
 public:
  virtual ~TimeZone() = default;
  /// The span that `time` lies in. Neighbours may have the same offset.
  virtual OffsetSpan span_at(TimePoint time) const = 0;
};

}  // namespace deed
