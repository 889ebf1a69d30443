// What Anthropic's Messages API is asked: the bytes of a request's body.
// Everything that may differ from turn to turn stands behind the messages. The prompt cache is told where to look by marks
// (cache_control) on the last tool, the system prompt and the last block of the last message.
// Source: https://platform.claude.com/docs/en/api/messages/create; .../build-with-claude/prompt-caching
#pragma once

#include "deed/llm/anthropic/claude_traits.hpp"
#include "deed/llm/model.hpp"

#include <string>
#include <vector>

namespace deed {

struct AnthropicWireOptions {
  std::string model;           ///< as the server names it; what it takes is known by it (claude_traits)
  std::string replay_to = {};  ///< whose signed thinking may be sent back (Replay::provider)
};

/// The body: one JSON object. Pure; bytes that are not UTF-8 become U+FFFD. `messages` are as `mended` leaves them.
///
/// An effort asks for thinking, except of models that have none; Claude 5 and later think unasked. While a model thinks, the API takes neither a temperature nor a choice
/// of tool, so they are not sent, and the thinking's tokens are granted on top of `max_tokens`. A model that thinks within a budget is
/// not asked to where the turn at hand began without: the API wants all of a turn, its calls and their results, in one mode.
std::string to_anthropic_wire(const ModelRequest& request, const AnthropicWireOptions& options);

/// Writes the bodies of one conversation after another; messages that it has written before are not written again. Gives what `to_anthropic_wire`
/// gives.
class AnthropicWire {
 public:
  explicit AnthropicWire(AnthropicWireOptions options) : options_(std::move(options)), traits_(claude_traits(options_.model)) {}

  std::string write(const ModelRequest& request);

 private:
  std::string messages_to_wire() const;
  bool may_think(const ModelRequest& request) const;
  std::string rest_of(const ModelRequest& request) const;

  AnthropicWireOptions options_;
  ClaudeTraits traits_;
  Transcript messages_;
  std::vector<std::string> blocks_;  // of each of messages_: its content blocks, separated by commas
};

}  // namespace deed
