// What chat completions servers are asked: the bytes of a request's body.
// The messages come before everything that may differ from turn to turn, so the body of a turn
// begins with the bytes of the turn before, and the provider's prompt cache hits. Source:
// https://platform.openai.com/docs/api-reference/chat/create
#pragma once

#include "deed/llm/model.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace deed {

struct ChatWireOptions {
  std::string model;  ///< as the server names it
  /// "max_tokens" is what most servers know; OpenAI's newer models refuse it and want
  /// "max_completion_tokens".
  std::string max_tokens_key = "max_tokens";
  /// Whose reasoning may be sent back (Replay::provider), and as which member of an assistant message: "reasoning_content" (DeepSeek),
  /// "reasoning_details" (OpenRouter). Others refuse members that they do not know.
  std::string replay_to = {};
  std::string replay_member = {};
  /// Ids of calls as Mistral wants them: nine letters or digits.
  bool short_ids = false;
};

/// The body: one JSON object. Pure; bytes that are not UTF-8 become U+FFFD. Ends of `messages` are
/// as they are given: that each call has its result is the loop's affair.
std::string to_chat_wire(const ModelRequest& request, const ChatWireOptions& options);

/// Writes the bodies of one conversation after another. What a request shares with the one before
/// (the same tools, the very same messages at its beginning) is not written again, so that a turn
/// costs what it added and the copy of the bytes. Gives what `to_chat_wire` gives.
class ChatWire {
 public:
  explicit ChatWire(ChatWireOptions options) : options_(std::move(options)) {}

  std::string write(const ModelRequest& request);

 private:
  void begin(const ModelRequest& request);
  void write_message(const Transcript& messages, std::size_t i);

  ChatWireOptions options_;
  bool has_begun_ = false, streams_ = true;
  std::string system_;
  ToolList tools_;
  Transcript messages_;
  std::string written_;             // up to the end of the last of messages_
  std::vector<std::size_t> ends_;   // of each message in written_, the beginning first
};

}  // namespace deed
