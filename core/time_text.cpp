#include "deed/core/time_text.hpp"

#include <algorithm>
#include <charconv>

#include "deed/core/schema_text.hpp"

namespace deed {

Result<TimePoint> parse_iso8601(std::string_view text) {
  // The schema's own judge of "date-time" decides on the form; here it only has to be read.
  if (const auto issue = schema::format_issue("date-time", std::string(text))) return fail(ErrorKind::invalid, *issue);
  const auto number = [text](std::size_t at, std::size_t count) {
    int value = 0;
    std::from_chars(text.data() + at, text.data() + std::min(text.size(), at + count), value);
    return value;
  };
  const std::chrono::year_month_day date(std::chrono::year(number(0, 4)), std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                         std::chrono::day(static_cast<unsigned>(number(8, 2))));
  TimePoint time = std::chrono::sys_days(date) + std::chrono::hours(number(11, 2)) + std::chrono::minutes(number(14, 2)) +
                   std::chrono::seconds(number(17, 2)) + std::chrono::milliseconds(0);
  const std::size_t zone = text.find_first_of("Zz+-", 19);
  if (text[19] == '.') {
    std::string fraction(text.substr(20, zone - 20));
    fraction.resize(3, '0');
    time += std::chrono::milliseconds(std::stoi(fraction));
  }
  if (text[zone] == '+' || text[zone] == '-') {
    const auto offset = std::chrono::hours(number(zone + 1, 2)) + std::chrono::minutes(number(zone + 4, 2));
    time += text[zone] == '+' ? -offset : offset;
  }
  return time;
}

}  // namespace deed
