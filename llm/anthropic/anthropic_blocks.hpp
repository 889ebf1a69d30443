// Messages as the content blocks of Anthropic's Messages API.
// Source: https://platform.claude.com/docs/en/api/messages/create, "messages"; .../build-with-claude/vision, .../pdf-support
#pragma once

#include "deed/core/json.hpp"
#include "deed/llm/message.hpp"

#include <string>

namespace deed {

/// The blocks of one message, in order, never none: a tool's result is one block of type tool_result with its pictures and documents
/// inside; a user's media come before the text that speaks of them; an assistant's signed thinking stands where the model put it, if it
/// belongs to `replay_to`. Pure.
Json anthropic_blocks(const Message& message, const std::string& replay_to);

/// Whether the message begins with thinking that may be sent to `replay_to`.
bool begins_with_thinking(const Message& message, const std::string& replay_to);

/// Whether a block is the model's thinking, open or redacted. Such a block goes back as it came, or not at all.
bool is_thinking(const Json& block);

}  // namespace deed
