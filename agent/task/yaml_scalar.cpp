#include "deed/agent/task/yaml_scalar.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "deed/core/checked.hpp"

namespace deed {
namespace {

bool is_among(std::string_view text, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), text) != names.end();
}

std::size_t digits(std::string_view text, std::size_t at) {
  std::size_t n = 0;
  while (at + n < text.size() && text[at + n] >= '0' && text[at + n] <= '9') ++n;
  return n;
}

// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool is_decimal(std::string_view text) {
  std::size_t at = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
  const std::size_t whole = digits(text, at);
  at += whole;
  if (at < text.size() && text[at] == '.') {
    const std::size_t part = digits(text, ++at);
    if (whole + part == 0) return false;
    at += part;
  } else if (whole == 0) {
    return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    const std::size_t exponent = digits(text, at);
    if (exponent == 0) return false;
    at += exponent;
  }
  return at == text.size();
}

template <class Number, class... Base>
std::optional<Number> number_in(std::string_view text, Base... base) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base...);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// 0o17 and 0x1F; nullopt: neither.
std::optional<Json> based(std::string_view text) {
  const int base = text.starts_with("0o") ? 8 : text.starts_with("0x") ? 16 : 0;
  if (base == 0 || text.size() == 2 || text[2] == '-') return std::nullopt;
  if (const auto value = number_in<std::int64_t>(text.substr(2), base)) return Json(*value);
  return std::nullopt;
}

// nullopt: no number, or one that no JSON number is near to.
std::optional<Json> plain_number(std::string_view text) {
  if (auto value = based(text)) return value;
  if (!is_decimal(text)) return std::nullopt;
  if (text[0] == '+') text.remove_prefix(1);
  if (const auto value = number_in<std::int64_t>(text)) return Json(*value);
  if (const auto value = number_in<std::uint64_t>(text)) return Json(*value);
  const auto value = number_in<double>(text);
  return value && std::isfinite(*value) ? std::optional<Json>(*value) : std::nullopt;
}

Json plain(const std::string& text) {
  if (is_among(text, {"", "~", "null", "Null", "NULL"})) return nullptr;
  if (is_among(text, {"true", "True", "TRUE"})) return true;
  if (is_among(text, {"false", "False", "FALSE"})) return false;
  if (auto value = plain_number(text)) return *std::move(value);
  return text;
}

bool is_no_json_number(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  return is_among(text, {".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN"}) || (is_decimal(text) && !plain_number(text));
}

}  // namespace

Result<Json> yaml_scalar(std::string_view tag, const std::string& text) {
  constexpr std::string_view core = "tag:yaml.org,2002:";
  if (tag == "!" || tag == "tag:yaml.org,2002:str") return Json(text);
  if ((tag == "?" || tag == "tag:yaml.org,2002:float") && is_no_json_number(text)) {
    return fail(ErrorKind::invalid, escaped(text) + " is no number that can be used here", "", "put it in quotes if it is a text");
  }
  Json value = plain(text);
  if (tag == "?") return value;
  const std::string_view type = tag.starts_with(core) ? tag.substr(core.size()) : std::string_view();
  if (!is_among(type, {"null", "bool", "int", "float"})) {
    return fail(ErrorKind::invalid, "the tag " + escaped(tag) + " is not understood", "", "leave it out");
  }
  const bool fits = type == "null" ? value.is_null() : type == "bool" ? value.is_boolean() : type == "int" ? value.is_number_integer() : value.is_number();
  if (!fits) return fail(ErrorKind::invalid, "\"" + escaped(text) + "\" is not of the type !!" + std::string(type));
  return value;
}

}  // namespace deed
