// The time from which tests of schedules count their minutes.
#pragma once

#include "deed/core/clock.hpp"

namespace deed {

inline const TimePoint zero = std::chrono::sys_days(std::chrono::year(2026) / 11 / 2);

}  // namespace deed
