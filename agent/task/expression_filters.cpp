#include "deed/agent/task/expression_filters.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

#include "deed/agent/task/date_text.hpp"
#include "deed/agent/task/letter_case.hpp"
#include "deed/agent/task/markdown.hpp"
#include "deed/core/checked.hpp"
#include "deed/core/schema_text.hpp"
#include "deed/core/text.hpp"

namespace deed {
namespace {

using Arguments = std::vector<Json>;

Unexpected cannot(std::string what, std::string hint = {}) { return fail(ErrorKind::invalid, std::move(what), "", std::move(hint)); }

Unexpected needs(const char* kind, const Json& value) { return cannot(std::string("needs ") + kind + ", not " + kind_of(value)); }

const std::string& text_in(const Json& value) { return value.get_ref<const std::string&>(); }

template <std::string (*change)(std::string_view)>
Result<Json> changed(const Json& value, const Arguments&, TextBudget& budget) {
  if (!value.is_string()) return needs("a text", value);
  DEED_OK(budget.take(text_in(value).size()));
  return Json(change(text_in(value)));
}

std::string trimmed(std::string_view text) { return std::string(trim(text)); }

std::optional<Json> parsed_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  // from_chars also takes "inf" and "nan".
  if (text.empty() || std::string_view("-.0123456789").find(text[0]) == std::string_view::npos) return std::nullopt;
  const char* const end = text.data() + text.size();
  std::int64_t whole = 0;
  if (const auto [at, error] = std::from_chars(text.data(), end, whole); error == std::errc() && at == end) return Json(whole);
  double value = 0;
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || at != end || !std::isfinite(value)) return std::nullopt;
  return Json(value);
}

Result<Json> number(const Json& value, const Arguments&, TextBudget&) {
  if (value.is_number()) return value;
  if (!value.is_string()) return needs("a text with a number in it", value);
  if (auto found = parsed_number(trim(text_in(value)))) return *std::move(found);
  return cannot("finds no number in \"" + escaped(text_in(value)) + "\"", "numbers look like 12, -0.5 or 1e6");
}

std::optional<std::string> written(const Json& value) {
  if (value.is_string()) return text_in(value);
  if (value.is_number() || value.is_boolean()) return to_text(value);
  return std::nullopt;
}

Result<Json> join(const Json& value, const Arguments& arguments, TextBudget& budget) {
  if (!value.is_array()) return needs("a list", value);
  if (!arguments.empty() && !arguments[0].is_string()) return needs("a text to put between", arguments[0]);
  const std::string between = arguments.empty() ? ", " : text_in(arguments[0]);
  std::string out;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto part = written(value[i]);
    if (!part) return cannot(std::string("puts texts and numbers together; item ") + std::to_string(i) + " is " + kind_of(value[i]));
    DEED_OK(budget.take(part->size() + between.size()));
    if (i > 0) out += between;
    out += *part;
  }
  return Json(out);
}

Result<Json> json(const Json& value, const Arguments&, TextBudget& budget) {
  std::string text = to_text(value);
  DEED_OK(budget.take(text.size()));
  return Json(std::move(text));
}

Result<Json> parse(const Json& value, const Arguments&, TextBudget& budget) {
  constexpr int max_depth = 64;
  if (!value.is_string()) return needs("a text that is JSON", value);
  auto parsed = parse_json(text_in(value), {.max_bytes = TextBudget::max_bytes, .max_depth = max_depth});
  if (!parsed) return cannot("reads no JSON there: " + to_string(parsed.error()));
  DEED_OK(budget.take(weight_of(*parsed)));
  return parsed;
}

Result<Json> markdown(const Json& value, const Arguments&, TextBudget& budget) {
  if (!value.is_string()) return needs("a text", value);
  DEED_TRY(std::string html, html_of_markdown(text_in(value)));
  DEED_OK(budget.take(html.size()));
  return Json(std::move(html));
}

Result<Json> urlescape(const Json& value, const Arguments&, TextBudget& budget) {
  const auto text = written(value);
  if (!text) return needs("a text or a number", value);
  DEED_OK(budget.take(3 * text->size()));
  constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : *text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
    if (is_plain) out += c;
    else (out += '%', out += digits[static_cast<unsigned char>(c) >> 4], out += digits[c & 15]);
  }
  return Json(std::move(out));
}

Result<Json> length(const Json& value, const Arguments&, TextBudget&) {
  if (value.is_string()) return Json(schema::characters(text_in(value)));
  if (value.is_array() || value.is_object()) return Json(value.size());
  return needs("a text or a list", value);
}

// The byte behind the first `count` characters.
std::size_t end_of_characters(std::string_view text, std::size_t count) {
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    if ((static_cast<unsigned char>(text[at]) & 0xC0) != 0x80 && count-- == 0) break;
  }
  return at;
}

template <bool from_end>
Result<Json> end_part(const Json& value, const Arguments& arguments, TextBudget& budget) {
  if (!value.is_array() && !(value.is_string() && !arguments.empty())) return needs("a list, or a text and a number of characters", value);
  if (arguments.empty()) {
    if (value.empty()) return fail(ErrorKind::not_found, "finds nothing in an empty list", "", "the filter default says what to take then");
    return from_end ? value.back() : value.front();
  }
  if (!arguments[0].is_number_integer() || arguments[0] < 0) return cannot("takes a whole number from 0");
  const std::size_t size = value.is_string() ? schema::characters(text_in(value)) : value.size();
  const std::size_t count = std::min<std::size_t>(size, arguments[0].get<std::size_t>()), skipped = from_end ? size - count : 0;
  if (value.is_string()) {
    DEED_OK(budget.take(text_in(value).size()));
    const std::string& text = text_in(value);
    const std::size_t begin = end_of_characters(text, skipped), end = end_of_characters(text, skipped + count);
    return Json(text.substr(begin, end - begin));
  }
  Json out = Json::array();
  for (std::size_t i = skipped; i < skipped + count; ++i) {
    DEED_OK(budget.take(weight_of(value[i])));
    out.push_back(value[i]);
  }
  return out;
}

Result<Json> lines(const Json& value, const Arguments&, TextBudget& budget) {
  if (!value.is_string()) return needs("a text", value);
  Json out = Json::array();
  std::string_view rest = text_in(value);
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    Json item(line);
    DEED_OK(budget.take(weight_of(item)));
    out.push_back(std::move(item));
  }
  return out;
}

Result<Json> replace(const Json& value, const Arguments& arguments, TextBudget& budget) {
  if (!value.is_string()) return needs("a text", value);
  if (!arguments[0].is_string() || !arguments[1].is_string()) return cannot("takes two texts: what is replaced, and by what");
  const std::string &text = text_in(value), &old = text_in(arguments[0]), &made = text_in(arguments[1]);
  if (old.empty()) return cannot("cannot replace an empty text");
  DEED_OK(budget.take(text.size()));
  std::string out;
  std::size_t begin = 0;
  for (std::size_t at = find_in(text, old); at != std::string::npos; at = find_in(text, old, begin)) {
    DEED_OK(budget.take(made.size()));
    out.append(text, begin, at - begin).append(made);
    begin = at + old.size();
  }
  return Json(out.append(text, begin));
}

Result<Json> date(const Json& value, const Arguments& arguments, TextBudget& budget) {
  if (!arguments.empty() && !arguments[0].is_string()) return needs("a format such as '%d.%m.%Y'", arguments[0]);
  DEED_TRY(const TimePoint time, time_in(value));
  DEED_TRY(std::string text, date_text(time, arguments.empty() ? "%Y-%m-%d" : text_in(arguments[0])));
  DEED_OK(budget.take(text.size()));
  return Json(std::move(text));
}

constexpr std::array<FilterSpec, 16> specs = {{
    {"date", 0, 1, date},
    {"number", 0, 0, number},
    {"upper", 0, 0, changed<upper_case>},
    {"lower", 0, 0, changed<lower_case>},
    {"trim", 0, 0, changed<trimmed>},
    {"join", 0, 1, join},
    {"json", 0, 0, json},
    {"parse", 0, 0, parse},
    {"markdown", 0, 0, markdown},
    {"default", 1, 1, nullptr},
    {"urlescape", 0, 0, urlescape},
    {"length", 0, 0, length},
    {"first", 0, 1, end_part<false>},
    {"last", 0, 1, end_part<true>},
    {"lines", 0, 0, lines},
    {"replace", 2, 2, replace},
}};

}  // namespace

std::span<const FilterSpec> filter_specs() { return specs; }

Result<void> TextBudget::take(std::size_t bytes) {
  if (bytes > left_) return fail(ErrorKind::limit, "would make more than " + human_bytes(max_bytes) + " of text", "", "shorten what goes in: | first(1000)");
  left_ -= bytes;
  return {};
}

std::size_t find_in(std::string_view text, std::string_view part, std::size_t from) {
  // The C library's memmem never goes back (two-way string matching); std::string::find compares anew at each byte.
  const void* found = memmem(text.data() + from, text.size() - from, part.data(), part.size());
  return found ? static_cast<std::size_t>(static_cast<const char*>(found) - text.data()) : std::string_view::npos;
}

std::size_t weight_of(const Json& value) {
  std::size_t weight = 32;
  if (value.is_string()) weight += text_in(value).size();
  if (!value.is_structured()) return weight;
  for (const auto& [name, member] : value.items()) weight += weight_of(member) + (value.is_object() ? name.size() : 0);
  return weight;
}

const char* kind_of(const Json& value) {
  if (value.is_null()) return "null";
  if (value.is_boolean()) return "true or false";
  if (value.is_number()) return "a number";
  if (value.is_string()) return "a text";
  return value.is_array() ? "a list" : "an object";
}

}  // namespace deed
