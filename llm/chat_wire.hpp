// What chat completions servers are asked: the bytes of a request's body.
// The messages come before everything that may differ from turn to turn, so the body of a turn
// begins with the bytes of the turn before, and the provider's prompt cache hits. Source:
// https://platform.openai.com/docs/api-reference/chat/create
#pragma once

#include "deed/llm/model.hpp"

#include <string>
#include <string_view>

namespace deed {

struct ChatWireOptions {
  std::string model;  ///< as the server names it
  /// "max_tokens" is what most servers know; OpenAI's newer models refuse it and want
  /// "max_completion_tokens".
  std::string max_tokens_key = "max_tokens";
};

/// The body: one JSON object. Pure; bytes that are not UTF-8 become U+FFFD. Ends of `messages` are
/// as they are given: that each call has its result is the loop's affair.
std::string to_wire(const ModelRequest& request, const ChatWireOptions& options);

}  // namespace deed
