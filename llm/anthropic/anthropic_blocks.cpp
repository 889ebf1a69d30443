#include "deed/llm/anthropic/anthropic_blocks.hpp"

#include "deed/core/base64.hpp"
#include "deed/core/text.hpp"
#include "deed/llm/remote/wire_json.hpp"
#include "deed/llm/remote/tool_names.hpp"

#include <algorithm>

namespace deed {
namespace {

// Ids must match ^[a-zA-Z0-9_-]+$, those of other providers too. The mapping of names keeps to that, and different ids stay different.
std::string id_to_wire(const std::string& id) { return wire_tool_name(id); }

// The API refuses texts of blanks only.
bool is_only_blanks(std::string_view text) { return trim(text).empty(); }

Json text_block(std::string text) { return {{"type", "text"}, {"text", std::move(text)}}; }

Json media_block(const Media& media) {
  const bool is_image = media.media_type.starts_with("image/");
  if (!is_image && media.media_type != "application/pdf") return text_block("[" + media.name + " (" + media.media_type + ") cannot be shown]");
  const Json source = {{"type", "base64"}, {"media_type", media.media_type}, {"data", base64(*media.bytes)}};
  Json block = {{"type", is_image ? "image" : "document"}, {"source", source}};
  if (!is_image && !is_only_blanks(media.name)) block["title"] = media.name;
  return block;
}

Json user_blocks(const Message& message) {
  Json blocks = Json::array();
  for (const Media& media : message.media) blocks.push_back(media_block(media));
  if (!is_only_blanks(message.text)) blocks.push_back(text_block(message.text));
  if (blocks.empty()) blocks.push_back(text_block("(no text)"));
  return blocks;
}

Json result_block(const Message& message) {
  Json block = {{"type", "tool_result"}, {"tool_use_id", id_to_wire(message.tool_call_id)}};
  std::string text = message.text;
  // An error without words is refused.
  if (message.is_error && is_only_blanks(text) && message.media.empty()) text = "The call failed.";
  if (!message.media.empty()) {
    Json content = Json::array();
    if (!is_only_blanks(text)) content.push_back(text_block(std::move(text)));
    for (const Media& media : message.media) content.push_back(media_block(media));
    block["content"] = std::move(content);
  } else if (!is_only_blanks(text)) {
    block["content"] = std::move(text);
  }
  if (message.is_error) block["is_error"] = true;
  return block;
}

Json call_block(const ToolCall& call) {
  return {{"type", "tool_use"}, {"id", id_to_wire(call.id)}, {"name", wire_tool_name(call.name)}, {"input", call.arguments}};
}

// Text and calls of an assistant message between the blocks of thinking that the model put there. The replayed items are those blocks,
// and a mark for each text (its bytes) and each call before the last of them.
class AssistantBlocks {
 public:
  explicit AssistantBlocks(const Message& message) : message_(message) {}

  Json take(const Json& items) {
    if (items.is_array()) {
      for (const Json& item : items) take_item(item);
    }
    add_text(message_.text.size());
    while (calls_ < message_.tool_calls.size()) add_call();
    if (blocks_.empty()) blocks_.push_back(text_block("(no text)"));
    return std::move(blocks_);
  }

 private:
  void take_item(const Json& item) {
    if (is_thinking(item)) {
      blocks_.push_back(item);
    } else if (string_at(item, "type") == "text") {
      add_text(static_cast<std::size_t>(count_at(item, "bytes")));
    } else if (string_at(item, "type") == "tool_use" && calls_ < message_.tool_calls.size()) {
      add_call();
    }
  }

  void add_text(std::size_t bytes) {
    const std::string_view text = utf8_prefix(std::string_view(message_.text).substr(text_), bytes);
    text_ += text.size();
    if (!is_only_blanks(text)) blocks_.push_back(text_block(std::string(text)));
  }

  void add_call() { blocks_.push_back(call_block(message_.tool_calls[calls_++])); }

  const Message& message_;
  Json blocks_ = Json::array();
  std::size_t text_ = 0, calls_ = 0;  // how much has been said
};

const Json& replayed_blocks(const Message& message, const std::string& replay_to) {
  static const Json none;
  return message.role == Role::assistant && !replay_to.empty() && message.replay.provider == replay_to ? message.replay.items : none;
}

}  // namespace

bool is_thinking(const Json& block) {
  const std::string type = string_at(block, "type");
  return type == "thinking" || type == "redacted_thinking";
}

bool begins_with_thinking(const Message& message, const std::string& replay_to) {
  const Json& items = replayed_blocks(message, replay_to);
  return items.is_array() && !items.empty() && is_thinking(items.front());
}

Json anthropic_blocks(const Message& message, const std::string& replay_to) {
  switch (message.role) {
    case Role::assistant:
      return AssistantBlocks(message).take(replayed_blocks(message, replay_to));
    case Role::tool:
      return Json::array({result_block(message)});
    case Role::user:
      break;
  }
  return user_blocks(message);
}

}  // namespace deed
