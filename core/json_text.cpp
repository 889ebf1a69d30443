#include "deed/core/json_text.hpp"

#include <array>

namespace deed {
namespace {

// Whether nothing in it needs an escape or a look at its UTF-8.
bool stands_for_itself(std::string_view text) {
  static constexpr auto is_plain = [] {
    std::array<bool, 256> table{};
    for (int c = ' '; c < 0x7F; ++c) table[static_cast<std::size_t>(c)] = c != '"' && c != '\\';
    return table;
  }();
  bool all = true;  // no early end: a loop without branches
  for (const char c : text) all &= is_plain[static_cast<unsigned char>(c)];
  return all;
}

}  // namespace

Result<JsonText> JsonText::parse(std::string text, JsonLimits limits) {
  DEED_OK(check_json_limits(text, limits));
  if (!Json::accept(text)) {
    DEED_TRY([[maybe_unused]] const Json never, parse_json(text, limits));  // which says where
  }
  JsonText out;
  out.text_ = std::move(text);
  return out;
}

void JsonWriter::member(std::string_view name) {
  text_.append(needs_comma_ ? ",\"" : "\"");
  text_.append(name);
  text_.append("\":");
  needs_comma_ = false;
}

void JsonWriter::value(std::string_view text) {
  if (!stands_for_itself(text)) return value(Json(text));
  const std::size_t begin = text_.size() + (needs_comma_ ? 2 : 1);
  text_.append(begin - text_.size() + text.size() + 1, '"');
  if (needs_comma_) text_[begin - 2] = ',';
  text.copy(text_.data() + begin, text.size());
  needs_comma_ = true;
}

}  // namespace deed
