#include "deed/agent/task/date_text.hpp"

#include <cmath>
#include <cstdio>

#include "deed/core/checked.hpp"
#include "deed/core/time_text.hpp"

namespace deed {
namespace {

using namespace std::chrono;

constexpr const char* day_names[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
constexpr const char* month_names[] = {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"};

std::string padded(long value, int width) {
  char out[32];
  std::snprintf(out, sizeof out, "%0*ld", width, value);
  return out;
}

struct Parts {
  year_month_day date;
  hh_mm_ss<milliseconds> clock;
  long day_of_year, epoch_seconds;
  unsigned weekday;
};

// "" means: no such letter.
std::string part(char letter, const Parts& p) {
  const auto number = [](auto unit) { return static_cast<long>(unit.count()); };
  const int year = static_cast<int>(p.date.year());
  const unsigned month = static_cast<unsigned>(p.date.month()), day = static_cast<unsigned>(p.date.day());
  switch (letter) {
    case 'Y': return padded(year, 4);
    case 'y': return padded(year % 100, 2);
    case 'm': return padded(month, 2);
    case 'd': return padded(day, 2);
    case 'H': return padded(number(p.clock.hours()), 2);
    case 'M': return padded(number(p.clock.minutes()), 2);
    case 'S': return padded(number(p.clock.seconds()), 2);
    case 'j': return padded(p.day_of_year, 3);
    case 's': return std::to_string(p.epoch_seconds);
    case 'F': return part('Y', p) + "-" + part('m', p) + "-" + part('d', p);
    case 'T': return part('H', p) + ":" + part('M', p) + ":" + part('S', p);
    case 'A': return day_names[p.weekday];
    case 'a': return std::string(day_names[p.weekday], 3);
    case 'B': return month_names[month - 1];
    case 'b': return std::string(month_names[month - 1], 3);
    case '%': return "%";
    default: return "";
  }
}

}  // namespace

Result<TimePoint> time_in(const Json& value) {
  if (value.is_string()) {
    const std::string& text = value.get_ref<const std::string&>();
    auto time = parse_iso8601(text.size() == 10 ? text + "T00:00:00Z" : text);
    if (time) return time;
    return fail(ErrorKind::invalid, "reads no time in \"" + escaped(text) + "\"", "", "a time looks like 2026-11-24T21:35:00Z, a date like 2026-11-24");
  }
  if (!value.is_number()) return fail(ErrorKind::invalid, "needs a time as text, or seconds since 1970");
  const double seconds_since = value.get<double>();
  constexpr double first = -62167219200.0, behind = 253402300800.0;  // years 0 and 10000
  if (!(seconds_since >= first && seconds_since < behind)) return fail(ErrorKind::invalid, "takes seconds since 1970, in the years 0 to 9999", "", "milliseconds would be a thousand times as many");
  return TimePoint(milliseconds(static_cast<std::int64_t>(std::floor(seconds_since * 1000))));
}

Result<std::string> date_text(TimePoint time, std::string_view format) {
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const auto new_year = sys_days(date.year() / January / 1);
  const Parts parts{date, hh_mm_ss<milliseconds>(time - day), (day - new_year).count() + 1, static_cast<long>(floor<seconds>(time).time_since_epoch().count()), weekday(day).c_encoding()};
  std::string out;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      out += format[i];
      continue;
    }
    const std::string made = ++i < format.size() ? part(format[i], parts) : "";
    if (made.empty()) return fail(ErrorKind::invalid, "does not know \"" + escaped(format.substr(i - 1, 2)) + "\"", "", "known are %Y %m %d %H %M %S %y %j %F %T %A %a %B %b %s %%");
    out += made;
  }
  return out;
}

}  // namespace deed
