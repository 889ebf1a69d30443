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

// Reads a fixed number of digits and a mark behind them off the front of a text.
class Digits {
 public:
  explicit Digits(std::string_view text) : rest_(text) {}
  int take(std::size_t count) {
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const bool is_digit = i < rest_.size() && rest_[i] >= '0' && rest_[i] <= '9';
      if (!is_digit) return is_wrong_ = true, 0;
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(count);
    return value;
  }
  bool skip(std::string_view marks) {
    const bool is_there = !rest_.empty() && marks.find(rest_[0]) != std::string_view::npos;
    if (is_there) rest_.remove_prefix(1);
    return is_there;
  }
  void expect(std::string_view marks) {
    if (!skip(marks)) is_wrong_ = true;
  }
  char front() const { return rest_.empty() ? '\0' : rest_[0]; }
  bool is_wrong() const { return is_wrong_; }
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
  bool is_wrong_ = false;
};

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

std::optional<TimePoint> parse_iso8601(std::string_view text) {
  Digits in(text);
  const int year = in.take(4);
  in.expect("-");
  const int month = in.take(2);
  in.expect("-");
  const int day = in.take(2);
  in.expect("Tt ");
  const int hour = in.take(2);
  in.expect(":");
  const int minute = in.take(2);
  in.expect(":");
  const int second = in.take(2);
  int milliseconds = 0;
  if (in.skip(".")) {
    int digits = 0;
    for (int weight = 100; in.front() >= '0' && in.front() <= '9'; weight /= 10, ++digits) milliseconds += in.take(1) * weight;
    if (digits == 0) return std::nullopt;
  }
  std::chrono::minutes offset{0};
  if (!in.skip("Zz")) {
    const bool is_west = in.front() == '-';
    in.expect("+-");
    const int hours = in.take(2);
    in.expect(":");
    const int minutes = in.take(2);
    if (hours > 23 || minutes > 59) return std::nullopt;
    offset = std::chrono::minutes((hours * 60 + minutes) * (is_west ? -1 : 1));
  }
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  const bool is_time = hour < 24 && minute < 60 && second <= 60;  // 60: a leap second
  if (in.is_wrong() || !in.at_end() || !date.ok() || !is_time) return std::nullopt;
  return TimePoint(std::chrono::sys_days(date).time_since_epoch() + std::chrono::hours(hour) + std::chrono::minutes(minute) +
                   std::chrono::seconds(second) + std::chrono::milliseconds(milliseconds) - offset);
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
