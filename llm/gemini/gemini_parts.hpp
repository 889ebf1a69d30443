// Messages as the parts of Gemini's contents.
// Source: https://ai.google.dev/api/caching#Part; https://ai.google.dev/gemini-api/docs/thought-signatures
#pragma once

#include "deed/core/json.hpp"
#include "deed/llm/message.hpp"

#include <string>
#include <string_view>

namespace deed {

/// A function's name must begin with a letter or "_": wire_tool_name's others get "n_" before them, and so do names that begin so.
std::string gemini_tool_name(std::string_view name);
/// Back to what wire_tool_name gave.
std::string tool_name_from_gemini(std::string_view name);

struct GeminiPartsOptions {
  std::string replay_to = {};       ///< whose signatures may be sent back
  bool media_in_results = false;    ///< results hold their pictures and documents; else these follow the results
  /// The first call of a message that has no signature gets the one by which the API waives it: for calls of other models, in the turn
  /// at hand. Source: https://ai.google.dev/gemini-api/docs/thought-signatures#faqs
  bool waive_signature = false;
};

/// What a user or the model said; never empty. Pure.
Json gemini_parts(const Message& message, const GeminiPartsOptions& options);

/// A tool's result, of a call that had `call_id` on the wire (empty: none). What the result itself cannot hold is in `shown`: parts
/// that follow all results of the turn. Pure.
struct GeminiResult {
  Json response;
  Json shown = Json::array();
};
GeminiResult gemini_result(const Message& message, const std::string& call_id, const GeminiPartsOptions& options);

/// The id with which the model itself made its `call`-th call; empty: without, or it is not `replay_to` who made it.
std::string gemini_call_id(const Message& message, std::size_t call, const std::string& replay_to);

}  // namespace deed
