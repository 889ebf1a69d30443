#include "deed/core/schema_text.hpp"

#include "deed/core/checked.hpp"
#include "deed/core/json.hpp"
#include "deed/core/text.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <vector>

namespace deed::schema {
namespace {

// One wchar_t a character (it has 32 bits on Linux). The text is well-formed UTF-8.
std::wstring wide(std::string_view text) {
  std::wstring out;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i++]);
    int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0;
    std::uint32_t code = more == 3   ? lead & 0x07
                         : more == 2 ? lead & 0x0F
                         : more == 1 ? lead & 0x1F
                                     : lead;
    for (; more > 0 && i < text.size(); --more)
      code = code << 6 | (static_cast<unsigned char>(text[i++]) & 0x3F);
    out += static_cast<wchar_t>(code);
  }
  return out;
}

// An upper bound of the states that std::regex makes of a pattern: it writes {n} out, and nested
// ones multiply.
class StateCount {
 public:
  static std::size_t of(std::string_view pattern) {
    StateCount count;
    for (std::size_t i = 0; i < pattern.size(); i = count.take(pattern, i)) {
    }
    while (count.groups_.size() > 1) count.close();
    return count.groups_.back().before + count.groups_.back().last;
  }

 private:
  struct Group {
    std::size_t before = 0,
                last = 0;  // all atoms but the last, and the last one, which a count may follow
  };

  void atom(std::size_t states) {
    Group& group = groups_.back();
    group.before = bounded(group.before + group.last);
    group.last = states;
  }
  void close() {
    const std::size_t inner = groups_.back().before + groups_.back().last;
    groups_.pop_back();
    atom(bounded(inner + 2));
  }
  static std::size_t bounded(std::size_t states) { return std::min<std::size_t>(states, 1u << 20); }

  // Gives the place behind what begins at `i`.
  std::size_t take(std::string_view pattern, std::size_t i) {
    switch (pattern[i]) {
      case '\\':
        return atom(1), i + 2;
      case '(':
        return groups_.emplace_back(), i + 1;
      case ')':
        if (groups_.size() > 1) close();
        return i + 1;
      case '[':
        return atom(1), end_of_class(pattern, i);
      case '{':
        return repeat(pattern, i);
      default:
        return atom(1), i + 1;
    }
  }
  static std::size_t end_of_class(std::string_view pattern, std::size_t i) {
    for (++i; i < pattern.size() && pattern[i] != ']'; ++i) {
      if (pattern[i] == '\\') ++i;
    }
    return i + 1;
  }
  std::size_t repeat(std::string_view pattern, std::size_t i) {
    const std::size_t end = std::min(pattern.find('}', i), pattern.size());
    std::size_t most = 1;
    for (const std::string_view number : split(pattern.substr(i + 1, end - i - 1), ',')) {
      std::size_t value = 1;
      const auto parsed = std::from_chars(number.data(), number.data() + number.size(), value);
      if (parsed.ec == std::errc::result_out_of_range) value = 1u << 20;
      most = std::max(most, bounded(value));
    }
    groups_.back().last = bounded((groups_.back().last + 1) * most);
    return end + 1;
  }

  std::vector<Group> groups_{Group{}};
};

// The number of two or four digits at `at`; -1 if there is none.
int digits(std::string_view text, std::size_t at, std::size_t count) {
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (i >= text.size() || text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

bool is_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  const int year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
  if (year < 0 || month < 0 || day < 0) return false;
  return (std::chrono::year(year) / month / day).ok();
}

bool is_time(std::string_view text) {
  if (text.size() < 9 || text[2] != ':' || text[5] != ':') return false;
  const int hour = digits(text, 0, 2), minute = digits(text, 3, 2), second = digits(text, 6, 2);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return false;
  std::string_view zone = text.substr(8);
  if (zone.starts_with('.')) {
    const std::size_t end = zone.find_first_not_of("0123456789", 1);
    if (end == 1 || end == std::string_view::npos) return false;
    zone.remove_prefix(end);
  }
  int offset = 0;
  if (zone != "Z" && zone != "z") {
    const int hours = digits(zone, 1, 2), minutes = digits(zone, 4, 2);
    if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':') return false;
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return false;
    offset = (zone[0] == '+' ? 1 : -1) * (hours * 60 + minutes);
  }
  // A leap second is the last one of a day in UTC.
  return second < 60 || ((hour * 60 + minute - offset) % 1440 + 1440) % 1440 == 1439;
}

bool is_date_time(std::string_view text) {
  return text.size() >= 20 && text.size() <= 64 && (text[10] == 'T' || text[10] == 't') &&
         is_date(text.substr(0, 10)) && is_time(text.substr(11));
}

// Whether an absolute path lies below the root is the tool's affair.
Result<RelativePath> below_root(const std::string& text) {
  if (text.empty()) return fail(ErrorKind::invalid, "the path is empty");
  const std::size_t begin = std::min(text.find_first_not_of('/'), text.size());
  return RelativePath::parse(std::string_view(text).substr(begin));
}

template <class T>
std::optional<std::string> issue_of(const Result<T>& parsed) {
  return parsed ? std::nullopt : std::optional(to_string(parsed.error()));
}

}  // namespace

Result<Pattern> Pattern::compile(const std::string& text) {
  const std::string where = "\"" + escaped(text) + "\"";
  if (text.size() > max_bytes)
    return fail(ErrorKind::unsupported, "a pattern of over 512 bytes", where);
  if (!is_utf8(text)) return fail(ErrorKind::unsupported, "a pattern that is not UTF-8", where);
  if (StateCount::of(text) > max_states) {
    return fail(ErrorKind::unsupported, "a pattern that repeats too much", where,
                "bound the length with maxLength instead");
  }
  try {
    // libstdc++'s own flag: breadth first. The default searches depth first, recursing on each
    // character of the text.
    const auto flags = std::regex_constants::ECMAScript | std::regex_constants::__polynomial;
    const std::wregex alone(wide(text), flags);
    // A search would begin anew at each character; one match that may skip characters goes over the
    // text once.
    return Pattern(std::wregex(L"[\\s\\S]*(?:" + wide(text) + L")[\\s\\S]*", flags));
  } catch (const std::regex_error& e) {
    return fail(ErrorKind::unsupported,
                std::string("a pattern that is not understood: ") + e.what(), where);
  }
}

bool Pattern::matches(const std::string& text) const {
  return text.size() <= max_text_bytes && std::regex_match(wide(to_utf8(text)), regex_);
}

std::optional<std::string> format_issue(const std::string& format, const std::string& text) {
  if (format == "email") return issue_of(EmailAddress::parse(text));
  if (format == "uri") return issue_of(HttpUrl::parse(text));
  if (format == "path") return issue_of(below_root(text));
  if (format == "date" && !is_date(text))
    return "must be a date such as 2026-11-24, not " + shown(text);
  if (format == "date-time" && !is_date_time(text)) {
    return "must be a time such as 2026-11-24T21:35:00Z, not " + shown(text);
  }
  return std::nullopt;
}

std::string shown(std::string text) {
  text = to_text(Json(std::move(text)));
  return text.size() > 60 ? std::string(utf8_prefix(text, 57)) + "…\"" : text;
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

}  // namespace deed::schema
