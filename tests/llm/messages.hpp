// Messages of a transcript, in as few words as a test has for them.
#pragma once

#include "deed/llm/message.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace deed {

inline Message user(std::string text, std::vector<Media> media = {}) {
  return {.role = Role::user, .text = std::move(text), .media = std::move(media)};
}
/// `items` are what `provider` gets back with the message.
inline Message assistant(std::string text, std::vector<ToolCall> calls = {}, Json items = nullptr, std::string provider = "me") {
  Message message{.role = Role::assistant, .text = std::move(text), .tool_calls = std::move(calls)};
  if (!items.is_null()) message.replay = {std::move(provider), std::move(items)};
  return message;
}
inline Message result(std::string id, std::string name, std::string text) {
  return {.role = Role::tool, .text = std::move(text), .tool_call_id = std::move(id), .tool_name = std::move(name)};
}
inline Media media(std::string type, std::string name, std::string bytes) {
  return {std::move(type), std::move(name), std::make_shared<const std::string>(std::move(bytes))};
}
inline std::string every_byte() {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  return bytes;
}

}  // namespace deed
