#include "deed/llm/remote/wire_json.hpp"

#include <algorithm>

namespace deed {

const Json& member(const Json& object, std::string_view key) {
  static const Json null;
  if (!object.is_object()) return null;
  const auto it = object.find(key);
  return it != object.end() ? *it : null;
}

std::int64_t count_at(const Json& object, std::string_view key) {
  const Json& value = member(object, key);
  if (!value.is_number_integer()) return 0;
  return std::max<std::int64_t>(0, value.get<std::int64_t>());
}

std::string first_text(const Json& object, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    if (std::string text = string_at(object, key); !text.empty()) return text;
  }
  return {};
}

void append_item(std::string& list, const Json& item) {
  if (list.back() != '[') list += ',';
  list += to_text(item);
}

void append_member(std::string& body, std::string_view key, const Json& value) {
  body += ",\"" + std::string(key) + "\":" + to_text(value);
}

Json parameters_of(const ToolDefinition& tool) {
  if (tool.parameters.is_object() && !tool.parameters.empty()) return tool.parameters;
  return {{"type", "object"}, {"properties", Json::object()}};
}

}  // namespace deed
