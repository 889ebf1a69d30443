// The model's context as a pure function of the run's state, always within the model's window.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "deed/agent/state.hpp"
#include "deed/llm/model.hpp"
#include "deed/tools/registry.hpp"

namespace deed {

struct ContextOptions {
  std::int64_t window = 0;              ///< tokens of prompt and reply; 0: no limit
  std::int64_t max_reply_tokens = 2048;
  std::function<std::int64_t(std::string_view)> count_tokens;
  std::size_t result_head_bytes = 16u << 10;  ///< of one tool result; a longer one is marked as cut
};

struct BuiltContext {
  ModelRequest request;
  std::int64_t estimated_tokens = 0;
  std::int64_t cut_results = 0;  ///< tool results replaced by a note
};

/// The transcript of `state`. What does not fit is left out in this order: tool results, the oldest first, without the last
/// step's; then whole steps, the oldest first; then the end of the user's words; then the middle of the last results.
/// Nothing is lost: the journal keeps all of it, and a note says what was cut and where it is.
/// Every call has a result, so the transcript is valid for every provider. While all fits, a longer run's context begins
/// with the same messages as before.
BuiltContext build_context(const State& state, const Registry& tools, const ContextOptions& options);

}  // namespace deed
