// A time as its number of milliseconds since 1970, which is what tests of times compare.
#pragma once

#include "deed/core/clock.hpp"

#include <chrono>
#include <cstdint>

namespace deed {

inline TimePoint at(std::int64_t milliseconds) {
  return TimePoint(std::chrono::milliseconds(milliseconds));
}

}  // namespace deed
