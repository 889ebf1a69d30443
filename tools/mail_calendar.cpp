#include "deed/tools/mail_calendar.hpp"

#include "deed/core/text.hpp"

#include <algorithm>

namespace deed {
namespace {

// METHOD stands among the calendar's own properties, before its first event.
constexpr std::size_t max_head_bytes = 16u << 10;
constexpr std::size_t max_method_bytes = 40;

// RFC 5545, section 3.1: a line goes on where the next one begins with a blank.
std::string unfolded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r') continue;
    const bool goes_on = i + 1 < text.size() && (text[i + 1] == ' ' || text[i + 1] == '\t');
    if (text[i] == '\n' && goes_on)
      ++i;
    else
      out += text[i];
  }
  return out;
}

std::string upper_token(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool is_lower = c >= 'a' && c <= 'z';
    const bool is_other = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
    if (!is_lower && !is_other) return "";
    out += is_lower ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return out.size() <= max_method_bytes ? out : "";
}

}  // namespace

std::string calendar_method(std::string_view bytes) {
  if (!is_utf8(bytes) || bytes.find('\0') != std::string_view::npos) return "";
  if (bytes.starts_with("\xef\xbb\xbf")) bytes.remove_prefix(3);
  const std::string head = unfolded(bytes.substr(0, max_head_bytes));
  bool is_inside = false;
  for (const std::string_view line : split(head, '\n')) {
    const std::size_t end = line.find_first_of(":;");
    const std::string name = lower_ascii(line.substr(0, end));
    if (name == "begin" && is_inside) return "";
    if (name == "begin") is_inside = lower_ascii(trim(line)) == "begin:vcalendar";
    if (name == "method" && is_inside) return upper_token(trim(line.substr(line.rfind(':') + 1)));
  }
  return "";
}

}  // namespace deed
