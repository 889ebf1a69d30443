// The time as a parameter: what needs it takes a Clock, and a test passes its own.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "deed/core/result.hpp"

namespace deed {

/// Wall-clock time in UTC with the journal's resolution of a millisecond.
using TimePoint = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint now() const = 0;
};

/// The system's clock; lives as long as the program, any thread.
const Clock& system_clock();

/// RFC 3339 in UTC with milliseconds: "2026-11-24T21:35:38.123Z".
std::string to_iso8601(TimePoint time);
/// RFC 5322, section 3.3, in UTC: "Tue, 24 Nov 2026 21:35:38 +0000". Not subject to a locale.
std::string to_rfc5322(TimePoint time);

}  // namespace deed
