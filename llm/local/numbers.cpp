// Numbers and dates in a text; the rest of grounding.hpp is in grounding.cpp.
#include "deed/core/text.hpp"
#include "deed/llm/local/grounding.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <map>

namespace deed {
namespace {

struct NumberWord {
  double value;
  bool is_weak = false;
};
const std::map<std::string, NumberWord, std::less<>>& number_words() {
  static const std::map<std::string, NumberWord, std::less<>> words = {{"zero", {0}},
                                                                       {"one", {1, true}},
                                                                       {"two", {2}},
                                                                       {"three", {3}},
                                                                       {"four", {4}},
                                                                       {"five", {5}},
                                                                       {"six", {6}},
                                                                       {"seven", {7}},
                                                                       {"eight", {8}},
                                                                       {"nine", {9}},
                                                                       {"ten", {10}},
                                                                       {"eleven", {11}},
                                                                       {"twelve", {12}},
                                                                       {"dozen", {12}},
                                                                       {"twenty", {20}},
                                                                       {"thirty", {30}},
                                                                       {"forty", {40}},
                                                                       {"fifty", {50}},
                                                                       {"hundred", {100}},
                                                                       {"once", {1, true}},
                                                                       {"twice", {2}},
                                                                       {"single", {1, true}},
                                                                       {"double", {2, true}},
                                                                       {"half", {0.5, true}},
                                                                       {"quarter", {0.25, true}},
                                                                       {"first", {1, true}},
                                                                       {"second", {2, true}},
                                                                       {"third", {3, true}},
                                                                       {"decade", {10}},
                                                                       {"couple", {2, true}}};
  return words;
}

double multiplier(std::string_view unit) {
  static const std::map<std::string, double, std::less<>> units = {
      {"k", 1e3},       {"thousand", 1e3}, {"m", 1e6},       {"mn", 1e6},
      {"million", 1e6}, {"bn", 1e9},       {"billion", 1e9}, {"trillion", 1e12}};
  const auto found = units.find(lower_ascii(unit));
  return found == units.end() ? 0 : found->second;
}

// Digits with thousands separators, a fraction and an exponent. `end` is where they stop.
std::optional<double> read_digits(std::string_view text, std::size_t begin, std::size_t& end) {
  constexpr std::size_t longest = 40;
  std::string digits;
  std::size_t at = begin;
  const auto digit_at = [&](std::size_t i) { return i < text.size() && is_digit(text[i]); };
  while (at < text.size() && digits.size() < longest) {
    if (is_digit(text[at]))
      digits += text[at++];
    else if (text[at] == ',' && digit_at(at + 1) && digit_at(at + 2) && digit_at(at + 3) &&
             !digit_at(at + 4) && !digits.empty() && digits.find('.') == digits.npos)
      ++at;
    else if (text[at] == '.' && digit_at(at + 1) && digits.find('.') == digits.npos)
      digits += text[at++];
    else
      break;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E') && !digits.empty()) {
    std::size_t exponent = at + 1;
    if (exponent < text.size() && (text[exponent] == '-' || text[exponent] == '+')) ++exponent;
    if (digit_at(exponent)) {
      digits += 'e';
      if (text[exponent - 1] == '-') digits += '-';
      for (std::size_t n = 0; digit_at(exponent) && n < 4; ++n) digits += text[exponent++];
      at = exponent;
    }
  }
  if (digits.starts_with(".")) digits.insert(0, "0");
  double value = 0;
  const auto [rest, status] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  end = at;
  if (status != std::errc() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::string_view word_from(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && is_letter(text[end])) ++end;
  return text.substr(at, end - at);
}

// What stands behind the digits changes the value: a multiplier, a percent sign, PM.
void read_unit(std::string_view text, bool has_currency, NumberSpan& number) {
  const double value = number.values[0];
  std::size_t at = number.span.end;
  const bool has_blank = at < text.size() && text[at] == ' ';
  if (has_blank) ++at;
  const std::string_view unit = word_from(text, at);
  if ((at < text.size() && text[at] == '%') || lower_ascii(unit) == "percent") {
    number.values = {value / 100, value};
    number.span.end = at + (text[at] == '%' ? 1 : unit.size());
  } else if (const double factor = multiplier(unit);
             factor != 0 && (!has_blank || unit.size() > 1)) {
    number.values = {value * factor, value};
    // "300K" is a temperature and "5m" a length, unless money is meant.
    if (!has_currency && (unit == "K" || unit == "m"))
      std::swap(number.values[0], number.values[1]);
    number.span.end = at + unit.size();
  } else if (lower_ascii(unit) == "pm" && value >= 1 && value < 12 && value == std::floor(value)) {
    number.values = {value + 12, value};
  }
}

bool is_currency_before(std::string_view text, std::size_t at) {
  while (at > 0 && text[at - 1] == ' ') --at;
  const std::string_view before = text.substr(0, at);
  return before.ends_with("$") || before.ends_with("€") || before.ends_with("£") ||
         before.ends_with("¥");
}

std::optional<NumberSpan> number_at(std::string_view text, std::size_t at) {
  NumberSpan number{.span = {at, at}};
  const auto value = read_digits(text, at, number.span.end);
  if (!value) return std::nullopt;
  number.values = {*value};
  const char before = at > 0 ? text[at - 1] : ' ';
  if (before == '^') return std::nullopt;
  number.is_weak = is_letter(before) || before == '_' || before == '(';
  if (before == '-' && (at < 2 || !is_word_byte(text[at - 2]))) {
    number.values[0] = -number.values[0];
    --number.span.begin;
  }
  read_unit(text, is_currency_before(text, at), number);
  return number;
}

int month_of(std::string_view word) {
  static constexpr std::array<std::string_view, 12> months = {
      "january", "february", "march",     "april",   "may",      "june",
      "july",    "august",   "september", "october", "november", "december"};
  const std::string lower = lower_ascii(word);
  for (std::size_t i = 0; i < months.size(); ++i)
    if (lower == months[i] || (lower.size() == 3 && months[i].starts_with(lower)))
      return static_cast<int>(i) + 1;
  return 0;
}

struct DatePart {
  Span span;
  int number = -1, digits = 0, month = 0;
};

std::string iso_date(int year, int month, int day) {
  if (year < 1000 || year > 9999 || month < 1 || month > 12 || day < 1 || day > 31) return {};
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, day);
  return text;
}

std::vector<DatePart> date_parts(std::string_view text) {
  std::vector<DatePart> parts;
  for (std::size_t at = 0; at < text.size() && parts.size() < 16 * max_spans;) {
    if (is_digit(text[at])) {
      DatePart part{.span = {at, at}, .number = 0};
      while (at < text.size() && is_digit(text[at])) {
        if (++part.digits <= 4) part.number = part.number * 10 + (text[at] - '0');
        ++at;
      }
      part.span.end = at;
      for (const std::string_view ending : {"st", "nd", "rd", "th"})
        if (text.substr(at).starts_with(ending)) at = part.span.end = at + 2;
      parts.push_back(part);
    } else if (is_letter(text[at])) {
      const std::string_view word = word_from(text, at);
      parts.push_back(
          {.span = {at, at + word.size()}, .month = word == "of" ? -1 : month_of(word)});
      at += word.size();
    } else {
      ++at;
    }
  }
  std::erase_if(parts, [](const DatePart& part) { return part.month == -1; });
  return parts;
}

std::string date_of(std::string_view text, const DatePart& a, const DatePart& b,
                    const DatePart& c) {
  const auto between = [&](const DatePart& x, const DatePart& y) {
    return text.substr(x.span.end, y.span.begin - x.span.end);
  };
  if (c.span.end - a.span.begin > 40) return {};
  if (between(a, b) == "-" && between(b, c) == "-" && a.digits == 4)
    return iso_date(a.number, b.number, c.number);
  if (between(a, b) == "/" && between(b, c) == "/" && c.digits == 4)
    return iso_date(c.number, a.number, b.number);
  if (a.month > 0 && b.digits > 0 && b.digits <= 2 && c.digits == 4)
    return iso_date(c.number, a.month, b.number);
  if (b.month > 0 && a.digits > 0 && a.digits <= 2 && c.digits == 4)
    return iso_date(c.number, b.month, a.number);
  return {};
}

}  // namespace

namespace {

// "1) read it  2) save it": what counts the steps is no number of them.
bool is_list_mark(std::string_view text, std::size_t at) {
  if (!is_digit(text[at]) || (at > 0 && static_cast<unsigned char>(text[at - 1]) > ' ')) return false;
  std::size_t end = at;
  while (end < text.size() && is_digit(text[end])) ++end;
  return end - at <= 2 && end + 1 < text.size() && text[end] == ')' && text[end + 1] == ' ';
}

}  // namespace

std::vector<NumberSpan> find_numbers(std::string_view text) {
  std::vector<NumberSpan> numbers;
  for (std::size_t at = 0; at < text.size() && numbers.size() < max_spans;) {
    const char c = text[at];
    const bool starts_fraction = c == '.' && at + 1 < text.size() && is_digit(text[at + 1]) &&
                                 (at == 0 || !is_word_byte(text[at - 1]));
    if (is_list_mark(text, at)) {
      while (is_digit(text[at])) ++at;
    } else if (is_digit(c) || starts_fraction) {
      if (const auto number = number_at(text, at)) {
        numbers.push_back(*number);
        at = number->span.end;
      } else {
        while (at < text.size() && (is_digit(text[at]) || text[at] == '.')) ++at;
      }
    } else if (is_letter(c)) {
      const std::string_view word = word_from(text, at);
      const auto found =
          word.size() <= 8 ? number_words().find(lower_ascii(word)) : number_words().end();
      if (found != number_words().end())
        numbers.push_back({{at, at + word.size()}, {found->second.value}, found->second.is_weak});
      at += word.size();
    } else {
      ++at;
    }
  }
  return numbers;
}

std::vector<DateSpan> find_dates(std::string_view text) {
  const std::vector<DatePart> parts = date_parts(text);
  std::vector<DateSpan> dates;
  for (std::size_t i = 0; i + 2 < parts.size() && dates.size() < max_spans; ++i) {
    std::string iso = date_of(text, parts[i], parts[i + 1], parts[i + 2]);
    if (iso.empty()) continue;
    dates.push_back({{parts[i].span.begin, parts[i + 2].span.end}, std::move(iso)});
    i += 2;
  }
  return dates;
}

}  // namespace deed
