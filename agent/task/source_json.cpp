// JSON with places. The text has passed the JSON parser before, so that walking over it needs no checks of its own.
#include <algorithm>
#include <optional>

#include "deed/agent/task/source_builder.hpp"

namespace deed {
namespace {

class JsonWalk {
 public:
  JsonWalk(std::string_view text, SourceLimits limits) : text_(text), builder_(limits) {}

  Result<Source> walk() {
    for (skip_between(); at_ < text_.size(); skip_between()) DEED_OK(step());
    return builder_.take();
  }

 private:
  static bool is_between(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ',' || c == ':'; }

  void advance(std::size_t bytes) {
    for (const std::size_t end = at_ + bytes; at_ < end; ++at_) {
      if (text_[at_] == '\n') {
        ++place_.line;
        place_.column = 1;
      } else if ((static_cast<unsigned char>(text_[at_]) & 0xC0) != 0x80) {
        ++place_.column;
      }
    }
  }
  void skip_between() {
    while (at_ < text_.size() && is_between(text_[at_])) advance(1);
  }

  std::size_t token_bytes() const {
    std::size_t end = at_ + 1;
    if (text_[at_] == '"') {
      while (text_[end] != '"') end += text_[end] == '\\' ? 2 : 1;
      return end + 1 - at_;
    }
    while (end < text_.size() && !is_between(text_[end]) && text_[end] != ']' && text_[end] != '}') ++end;
    return end - at_;
  }

  Result<void> step() {
    const SourcePlace place = place_;
    const char c = text_[at_];
    if (c == '{' || c == '[') {
      advance(1);
      return builder_.begin(c == '{' ? Json::object() : Json::array(), place);
    }
    if (c == '}' || c == ']') {
      advance(1);
      return builder_.end();
    }
    const std::string_view token = text_.substr(at_, token_bytes());
    DEED_TRY(Json value, parse_json(token));
    advance(token.size());
    return builder_.expects_key() ? builder_.key(value.get<std::string>(), place) : builder_.scalar(std::move(value), place);
  }

  std::string_view text_;
  SourceBuilder builder_;
  std::size_t at_ = 0;
  SourcePlace place_{1, 1};
};

}  // namespace

std::optional<Result<Source>> parse_json_source(std::string_view text, const SourceLimits& limits) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos || (text[begin] != '{' && text[begin] != '[')) return std::nullopt;
  // One deeper, so that what is too deep is told with its place by the walk.
  const auto parsed = parse_json(text, {.max_bytes = limits.max_bytes, .max_depth = limits.max_depth + 1});
  if (!parsed) return std::nullopt;
  return JsonWalk(text, limits).walk();
}

}  // namespace deed
