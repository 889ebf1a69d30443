#include "deed/core/clock.hpp"

#include <cstdio>

namespace deed {
namespace {

class SystemClock final : public Clock {
 public:
  TimePoint now() const override {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now());
  }
};

struct Civil {
  int year;
  unsigned month, day, weekday;
  long hour, minute, second, millisecond;
};

Civil civil(TimePoint time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return {static_cast<int>(date.year()),
          static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()),
          std::chrono::weekday(day).c_encoding(),
          static_cast<long>(clock.hours().count()),
          static_cast<long>(clock.minutes().count()),
          static_cast<long>(clock.seconds().count()),
          static_cast<long>(clock.subseconds().count())};
}

}  // namespace

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

std::string to_iso8601(TimePoint time) {
  const Civil c = civil(time);
  char out[64];
  std::snprintf(out, sizeof out, "%04d-%02u-%02uT%02ld:%02ld:%02ld.%03ldZ", c.year, c.month, c.day,
                c.hour, c.minute, c.second, c.millisecond);
  return out;
}

std::string to_rfc5322(TimePoint time) {
  const Civil c = civil(time);
  const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  char out[64];
  std::snprintf(out, sizeof out, "%s, %02u %s %04d %02ld:%02ld:%02ld +0000", days[c.weekday], c.day,
                months[c.month - 1], c.year, c.hour, c.minute, c.second);
  return out;
}

}  // namespace deed
