// What a model that speaks the Messages API takes, as far as its name tells: the API refuses a request (400) that asks a model for what
// it does not have. Source: https://platform.claude.com/docs/en/build-with-claude/extended-thinking and .../adaptive-thinking;
// https://platform.claude.com/docs/en/api/messages/create (temperature, top_p)
#pragma once

#include <cstdint>
#include <string_view>

namespace deed {

enum class Thinking {
  none,      ///< before Claude 3.7
  budget,    ///< {"type": "enabled", "budget_tokens": N}
  adaptive,  ///< {"type": "adaptive"} with an effort: Claude 4.6 and later, of which 4.7 and later refuse a budget
};

struct ClaudeTraits {
  Thinking thinking = Thinking::budget;
  bool thinks_by_itself = false;  ///< without being asked to, from Claude 5 on; some of these refuse to be told not to
  bool takes_sampling = true;           ///< temperature and top_p; models after 4.6 refuse them
  std::int64_t max_output_tokens = 64'000;  ///< that a request may ask for
};

/// `model` is what the server calls it: "claude-sonnet-4-5-20250929", "claude-3-7-sonnet-latest", "anthropic/claude-opus-4-6". A Claude
/// without a number is taken for one of the newest. A name that is not one of Claude's belongs to a server that speaks the same API, and
/// gets what that API had at first. Pure.
ClaudeTraits claude_traits(std::string_view model);

}  // namespace deed
