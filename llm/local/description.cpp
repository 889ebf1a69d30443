#include "deed/llm/local/description.hpp"

#include "deed/core/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace deed {
namespace {

bool announces_examples(const std::string& before) {
  static constexpr std::array marks = {"e.g", "example", "such as", "like", "for instance", "format"};
  return std::any_of(marks.begin(), marks.end(),
                     [&](std::string_view mark) { return before.find(mark) != before.npos; });
}

std::optional<Json> as_type(const std::string& type, const std::string& text) {
  if (type == "boolean") {
    const std::string lower = lower_ascii(text);
    if (lower == "true" || lower == "false") return Json(lower == "true");
    return std::nullopt;
  }
  if (type == "integer" || type == "number") {
    double value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
    if (value == static_cast<double>(static_cast<std::int64_t>(value)))
      return Json(static_cast<std::int64_t>(value));
    return type == "number" ? std::optional(Json(value)) : std::nullopt;
  }
  return text.empty() ? std::nullopt : std::optional(Json(text));
}

// "m" of "meters", "kg" of "kilograms": the same first letter, and the others in their order.
bool abbreviates(std::string_view unit, std::string_view word) {
  if (unit.size() > 3 || word.size() < 4 || unit.empty() || unit[0] != word[0]) return false;
  std::size_t at = 0;
  for (const char c : unit) {
    at = word.find(c, at);
    if (at == word.npos) return false;
    ++at;
  }
  return true;
}

}  // namespace

std::vector<std::string> stated_values(const Property& property) {
  constexpr std::size_t most = 16, longest = 40;
  const std::string description = property.description();
  std::vector<std::string> values;
  const std::vector<Span> quotes = find_quotes(description);
  if (quotes.empty()) return {};
  if (announces_examples(lower_ascii(description.substr(0, quotes[0].begin)))) return {};
  for (const Span& quote : quotes) {
    const std::string text(quote.in(description));
    if (text.empty() || text.size() > longest) return {};
    if (std::find(values.begin(), values.end(), text) == values.end()) values.push_back(text);
  }
  if (values.size() < 2 || values.size() > most) return {};
  return values;
}

std::optional<Json> stated_default(const Property& property) {
  if (const auto own = property.schema->find("default");
      own != property.schema->end() && !own->is_null())
    return *own;
  const std::string description = property.description(), lower = lower_ascii(description);
  std::size_t at = lower.rfind("default");
  if (at == lower.npos || property.is_list) return std::nullopt;
  at += 7;
  static constexpr std::array joints = {"s ", "to ", "value ", "is ", "set ", " ", ": ", "= "};
  for (bool moved = true; moved;) {
    moved = false;
    for (const std::string_view joint : joints)
      if (std::string_view(lower).substr(at).starts_with(joint)) at += joint.size(), moved = true;
  }
  for (const Span& quote : find_quotes(description))
    if (quote.begin == at + 1) return as_type(property.type, std::string(quote.in(description)));
  std::size_t end = at;
  while (end < description.size() && static_cast<unsigned char>(description[end]) > ' ' &&
         std::string_view(",;)").find(description[end]) == std::string_view::npos)
    ++end;
  std::string word = description.substr(at, end - at);
  while (word.ends_with('.')) word.pop_back();
  // An unquoted word may be the beginning of a sentence about the default.
  return property.type == "string" ? std::nullopt : as_type(property.type, word);
}

bool speaks_of_unit(const Property& property, std::string_view unit) {
  if (unit.empty() || unit.size() > 24) return false;
  const std::string wanted = lower_ascii(unit), description = lower_ascii(property.description());
  const std::vector<std::string> names = identifier_words(property.name);
  if (!names.empty() && (names.back() == wanted || (names.size() > 1 && abbreviates(wanted, names.back()))))
    return true;
  for (const Span& word : find_words(description, 256)) {
    const std::string_view text = word.in(description);
    if (text == wanted) return true;
    // Only a unit follows "in": "the height in meters".
    const bool follows_in = word.begin >= 3 && description.substr(word.begin - 3, 3) == "in ";
    if (follows_in && abbreviates(wanted, text)) return true;
  }
  return false;
}

}  // namespace deed
