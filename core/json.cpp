#include "deed/core/json.hpp"

#include <array>

#include "deed/core/text.hpp"

namespace deed {
namespace {

// nlohmann's parser is iterative, but printing and destroying are recursive: refuse depth before a tree exists.
bool deeper_than(std::string_view text, int max_depth) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      else if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > max_depth) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

// What stands behind the backslash; 0: nothing, 'u': four digits.
constexpr char escape_of(char c) {
  switch (c) {
    case '"': return '"';
    case '\\': return '\\';
    case '\b': return 'b';
    case '\t': return 't';
    case '\n': return 'n';
    case '\f': return 'f';
    case '\r': return 'r';
    default: return static_cast<unsigned char>(c) < 0x20 ? 'u' : '\0';
  }
}

constexpr auto escapes = [] {
  std::array<char, 256> all{};
  for (int c = 0; c < 256; ++c) all[static_cast<std::size_t>(c)] = escape_of(static_cast<char>(c));
  return all;
}();

// nlohmann's printer decodes each character and looks at it by itself, and what is printed here is mostly long text: mails, pages.
// The bytes are the same as its.
void print_text(const std::string& text, std::string& out) {
  if (!is_utf8(text)) {
    out += Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
    return;
  }
  out += '"';
  std::size_t printed = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char escape = escapes[static_cast<unsigned char>(text[i])];
    if (escape == '\0') continue;
    out.append(text, printed, i - printed);
    printed = i + 1;
    out += '\\';
    out += escape;
    if (escape != 'u') continue;
    out += "00";
    out += text[i] < 0x10 ? '0' : '1';
    out += "0123456789abcdef"[text[i] & 15];
  }
  out.append(text, printed);
  out += '"';
}

void print(const Json& value, std::string& out) {
  if (value.is_string()) return print_text(value.get_ref<const std::string&>(), out);
  if (!value.is_structured()) {
    out += value.dump();
    return;
  }
  const bool is_object = value.is_object();
  out += is_object ? '{' : '[';
  for (auto member = value.begin(); member != value.end(); ++member) {
    if (member != value.begin()) out += ',';
    if (is_object) print_text(member.key(), out), out += ':';
    print(*member, out);
  }
  out += is_object ? '}' : ']';
}

}  // namespace

Result<Json> parse_json(std::string_view text, JsonLimits limits) {
  if (text.size() > limits.max_bytes) {
    return fail(ErrorKind::limit, "JSON text of " + std::to_string(text.size()) + " bytes; at most " +
                                      std::to_string(limits.max_bytes) + " are read");
  }
  if (deeper_than(text, limits.max_depth)) {
    return fail(ErrorKind::limit, "JSON nested deeper than " + std::to_string(limits.max_depth));
  }
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& e) {
    return fail(ErrorKind::invalid, "not valid JSON", "byte " + std::to_string(e.byte));
  } catch (const Json::exception& e) {
    return fail(ErrorKind::invalid, std::string("not valid JSON: ") + e.what());
  }
}

std::string to_text(const Json& value, int indent) {
  if (indent < 0) {
    std::string out;
    print(value, out);
    return out;
  }
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

std::string canonical_text(const Json& value) {
  // nlohmann::json keeps its keys in a std::map, hence sorted.
  return nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string string_at(const Json& object, std::string_view key, std::string_view other) {
  if (!object.is_object()) return std::string(other);
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string(other);
}

}  // namespace deed
