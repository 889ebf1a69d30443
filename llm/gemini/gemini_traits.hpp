// What a Gemini model takes, as far as its name tells: the API refuses a request (400) that asks a model for what it does not have.
// Source: https://ai.google.dev/gemini-api/docs/thinking; .../thought-signatures; .../function-calling; .../structured-output
#pragma once

#include "deed/core/json.hpp"
#include "deed/llm/model.hpp"

#include <cstdint>
#include <string_view>

namespace deed {

struct GeminiTraits {
  enum class Thinking { none, budget, level };  ///< before 2.5; 2.5: in tokens; 3 and later: in words
  Thinking thinking = Thinking::none;
  bool thinks_by_itself = true;     ///< without being asked to; 2.5's "flash-lite" does not
  bool can_stop_thinking = false;   ///< "flash" models can, "pro" models only think less
  bool has_medium_level = true;
  /// 3 and later: the first call of each step of the turn must bear a signature, results may hold pictures, and a schema of the reply
  /// may stand beside tools.
  bool is_third = false;
};

/// `model` is "gemini-2.5-flash", "models/gemini-3-pro-preview", "gemini-flash-latest" (taken for one of the newest), or another
/// family's, which gets nothing special. Pure.
GeminiTraits gemini_traits(std::string_view model);

/// The member `thinkingConfig`; null: none. Thoughts are asked for wherever there are any, so that people can read them.
Json thinking_config(const GeminiTraits& traits, Effort effort);

/// How many tokens of thinking are granted on top of a reply's own: the API counts both against maxOutputTokens.
std::int64_t thinking_room(const GeminiTraits& traits, Effort effort);

}  // namespace deed
