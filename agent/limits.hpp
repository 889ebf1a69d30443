// What a run may use before it stops by itself.
#pragma once

#include <chrono>
#include <cstdint>

namespace deed {

/// 0 means no limit.
struct Limits {
  std::int64_t max_steps = 30;                ///< model requests
  std::int64_t max_tokens = 0;                ///< input and output of all requests
  double max_cost_usd = 0;                    ///< by the provider's prices, where they are known
  std::chrono::milliseconds max_time{0};      ///< of work; waiting for a person or between resumes is not counted
  std::int64_t max_calls = 200;               ///< tool calls
  std::int64_t max_invalid_in_row = 5;        ///< calls that cannot run (unknown tool, wrong arguments), one after the other
  std::int64_t max_repeats_in_row = 3;        ///< calls that were already made with the same arguments

  bool operator==(const Limits&) const = default;
};

}  // namespace deed
