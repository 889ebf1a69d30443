// From a cron line to the instants it names. Parsing is one pass a field; searching goes day by day on the wall, and span by span of
// equal offset in real time. Sources: crontab(5) of Vixie cron; IEEE Std 1003.1, crontab; croniter 7.0.
#include "deed/core/cron.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "deed/core/text.hpp"

namespace deed {
namespace {

struct FieldRule {
  const char* name;
  int low, high;
  std::array<std::string_view, 12> names;  // names[i] is the value first_name + i
  int first_name = 0;
};
constexpr std::array<FieldRule, 5> field_rules = {{
    {"minute", 0, 59, {}},
    {"hour", 0, 23, {}},
    {"day of month", 1, 31, {}},
    {"month", 1, 12, {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}, 1},
    {"day of week", 0, 6, {"sun", "mon", "tue", "wed", "thu", "fri", "sat"}, 0},
}};
enum Field : std::size_t { minute_field, hour_field, day_field, month_field, weekday_field };

struct Shorthand {
  std::string_view name, line;
};
constexpr std::array<Shorthand, 7> shorthands = {{{"@hourly", "0 * * * *"},
                                                  {"@daily", "0 0 * * *"},
                                                  {"@midnight", "0 0 * * *"},
                                                  {"@weekly", "0 0 * * 0"},
                                                  {"@monthly", "0 0 1 * *"},
                                                  {"@yearly", "0 0 1 1 *"},
                                                  {"@annually", "0 0 1 1 *"}}};

struct Values {
  std::uint64_t bits = 0;
  bool last_day = false;
};

// One field of a line; positions in messages are characters of the whole line, from 1.
class FieldParser {
 public:
  FieldParser(std::string_view line, std::size_t begin, std::size_t end, std::size_t field)
      : line_(line), at_(begin), begin_(begin), end_(end), field_(field), rule_(field_rules[field]) {}

  Result<Values> parse() {
    if (text() == "?" && (field_ == day_field || field_ == weekday_field)) return Values{all(), false};
    for (;;) {
      DEED_OK(item());
      if (at_ == end_) return values_;
      if (line_[at_] != ',') return wrong("a character that does not belong here: '" + std::string(1, line_[at_]) + "'", at_, "");
      ++at_;
    }
  }

 private:
  struct Value {
    int number = 0;
    std::size_t at = 0;
  };

  std::string_view text() const { return line_.substr(begin_, end_ - begin_); }
  std::uint64_t all() const { return range_bits(rule_.low, rule_.high, 1); }
  static std::uint64_t range_bits(int low, int high, int step) {
    std::uint64_t bits = 0;
    for (int value = low; value <= high; value += step) bits |= std::uint64_t{1} << value;
    return bits;
  }
  bool take(char wanted) {
    if (at_ == end_ || line_[at_] != wanted) return false;
    ++at_;
    return true;
  }
  Unexpected wrong(std::string what, std::size_t at, std::string hint) const {
    return fail(ErrorKind::invalid, std::string("the ") + rule_.name + " of the cron line: " + what,
                "character " + std::to_string(at + 1) + " of \"" + std::string(line_) + "\"", std::move(hint));
  }
  std::string span_text() const { return std::to_string(rule_.low) + "-" + std::to_string(rule_.high); }

  Result<void> item() {
    const std::size_t begin = at_;
    if (field_ == day_field && at_ < end_ && (line_[at_] == 'L' || line_[at_] == 'l')) {
      ++at_;
      values_.last_day = true;
      return {};
    }
    if (take('*')) {
      DEED_TRY(const int step, optional_step());
      add(rule_.low, rule_.high, step == 0 ? 1 : step);
      return {};
    }
    DEED_TRY(const Value low, value());
    if (take('-')) return range(low, begin);
    DEED_TRY(const int step, optional_step());
    if (step == 0) {
      add(low.number, low.number, 1);
      return {};
    }
    if (low.number > rule_.high) return wrong("7 with a step", begin, "Sunday is 0 there");
    add(low.number, rule_.high, step);
    return {};
  }

  Result<void> range(Value low, std::size_t begin) {
    DEED_TRY(const Value high, value());
    DEED_TRY(const int step, optional_step());
    if (field_ == weekday_field && low.number == 7) low.number = 0;
    if (low.number == high.number) {
      return wrong("a range from a value to itself means one value to some, all of them to others", begin,
                   "write " + std::to_string(low.number) + " or *");
    }
    if (low.number < high.number) {
      add(low.number, high.number, step == 0 ? 1 : step);
      return {};
    }
    if (step != 0) return wrong("a step over a range that goes around the end has no agreed meaning", begin, "write the values as a list");
    add(low.number, rule_.high, 1);
    add(rule_.low, high.number, 1);
    return {};
  }

  void add(int low, int high, int step) {
    values_.bits |= range_bits(low, high, step);
    // 7 is Sunday as well.
    if (field_ == weekday_field && (values_.bits & (1u << 7))) values_.bits = (values_.bits & 0x7F) | 1;
  }

  // 0: there is none.
  Result<int> optional_step() {
    const std::size_t slash = at_;
    if (!take('/')) return 0;
    DEED_TRY(const int step, number());
    if (step == 0) return wrong("a step of 0", slash, "a step is 1 or more");
    if (step > rule_.high) {
      return wrong("a step of " + std::to_string(step) + " goes past the end (" + span_text() + ") at once", slash,
                   "a step counts within the field only; write the values that you mean as a list");
    }
    return step;
  }

  Result<int> number() {
    const std::size_t begin = at_;
    int out = 0;
    for (; at_ < end_ && line_[at_] >= '0' && line_[at_] <= '9'; ++at_) {
      if (at_ - begin == 4) return wrong("a number of more than 4 digits", begin, "write " + span_text());
      out = out * 10 + (line_[at_] - '0');
    }
    if (at_ == begin) return missing();
    return out;
  }

  Unexpected missing() const {
    if (at_ == end_) return wrong("a value is missing", at_, "write " + span_text() + " or *");
    if (line_[at_] == '#' || line_[at_] == 'W' || line_[at_] == 'L') {
      return wrong("L, W and # are not understood here", at_, "L is a day of month: the last one");
    }
    return wrong("'" + std::string(1, line_[at_]) + "' is no value", at_, "write " + span_text() + " or *");
  }

  Result<Value> value() {
    const std::size_t begin = at_;
    const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    if (at_ < end_ && is_letter(line_[at_])) {
      while (at_ < end_ && is_letter(line_[at_])) ++at_;
      return named(lower_ascii(line_.substr(begin, at_ - begin)), begin);
    }
    DEED_TRY(const int out, number());
    const int high = field_ == weekday_field ? 7 : rule_.high;
    if (out < rule_.low || out > high) {
      return wrong(std::to_string(out) + " is not in " + span_text(), begin, "write " + span_text());
    }
    return Value{out, begin};
  }

  Result<Value> named(const std::string& name, std::size_t begin) const {
    const auto found = std::find(rule_.names.begin(), rule_.names.end(), name);
    if (found != rule_.names.end()) return Value{rule_.first_name + static_cast<int>(found - rule_.names.begin()), begin};
    for (const std::string_view known : rule_.names) {
      if (known.empty() || !name.starts_with(known)) continue;
      return wrong("\"" + name + "\" is no name here", begin, "names have three letters: " + std::string(known));
    }
    return wrong("\"" + name + "\" is no name here", begin,
                 rule_.names[0].empty() ? "write " + span_text() + " or *" : "names are SUN to SAT and JAN to DEC");
  }

  std::string_view line_;
  std::size_t at_, begin_, end_, field_;
  const FieldRule& rule_;
  Values values_;
};

struct Part {
  std::size_t begin, end;
};
std::vector<Part> parts_of(std::string_view line) {
  std::vector<Part> parts;
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  for (std::size_t at = 0; at < line.size();) {
    while (at < line.size() && is_blank(line[at])) ++at;
    const std::size_t begin = at;
    while (at < line.size() && !is_blank(line[at])) ++at;
    if (at > begin) parts.push_back({begin, at});
  }
  return parts;
}

Result<std::string_view> full_line(std::string_view line) {
  if (!line.starts_with('@')) return line;
  const std::string name = lower_ascii(line);
  const auto found = std::find_if(shorthands.begin(), shorthands.end(), [&](const Shorthand& one) { return one.name == name; });
  if (found != shorthands.end()) return found->line;
  if (name == "@reboot") return fail(ErrorKind::invalid, "@reboot is no time", std::string(line), "start the task from a systemd unit");
  return fail(ErrorKind::invalid, "no such shorthand", std::string(line), "@hourly, @daily, @weekly, @monthly or @yearly");
}

Result<void> check_parts(std::string_view line, std::size_t count) {
  if (count == 5) return {};
  std::string hint = "minute hour day-of-month month day-of-week, e.g. \"0 9 * * MON\"";
  if (count == 6 || count == 7) hint = "fields for seconds and years are not understood: " + hint;
  return fail(ErrorKind::invalid, "a cron line has 5 fields, this one has " + std::to_string(count), "\"" + std::string(line) + "\"",
              std::move(hint));
}

constexpr std::array<int, 13> longest_month = {0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

Result<void> check_some_date(const Cron& cron) {
  if (cron.either_day || cron.last_day) return {};
  int first = 1;
  while (!(cron.days >> first & 1)) ++first;
  int longest = 0;
  for (std::size_t month = 1; month <= 12; ++month) {
    if (cron.months >> month & 1) longest = std::max(longest, longest_month[month]);
  }
  if (first <= longest) return {};
  return fail(ErrorKind::invalid, "the cron line never fires: its months have at most " + std::to_string(longest) + " days",
              "\"" + cron.line + "\"", "L as the day of month is the last day of each month");
}

}  // namespace

Result<Cron> parse_cron(std::string_view written) {
  const std::string_view line = trim(written);
  if (line.size() > max_cron_bytes) {
    return fail(ErrorKind::invalid, "the cron line has more than " + std::to_string(max_cron_bytes) + " bytes", "", "write two schedules");
  }
  if (line.find_first_of(std::string_view("\0\r\n", 3)) != std::string_view::npos) {
    return fail(ErrorKind::invalid, "the cron line has a line break in it", "", "one line a schedule");
  }
  DEED_TRY(const std::string_view full, full_line(line));
  const std::vector<Part> parts = parts_of(full);
  DEED_OK(check_parts(full, parts.size()));
  std::array<Values, 5> values;
  std::array<std::string_view, 5> texts;
  for (std::size_t field = 0; field < values.size(); ++field) {
    DEED_TRY(values[field], FieldParser(full, parts[field].begin, parts[field].end, field).parse());
    texts[field] = full.substr(parts[field].begin, parts[field].end - parts[field].begin);
  }
  Cron cron{.line = std::string(line)};
  cron.minutes = values[minute_field].bits;
  cron.hours = static_cast<std::uint32_t>(values[hour_field].bits);
  cron.days = static_cast<std::uint32_t>(values[day_field].bits);
  cron.months = static_cast<std::uint16_t>(values[month_field].bits);
  cron.weekdays = static_cast<std::uint8_t>(values[weekday_field].bits);
  cron.last_day = values[day_field].last_day;
  // Restricted is what is not a plain *. A field that lists all its values counts as * where the other one has a * in it (*/2): so do Vixie
  // cron and croniter.
  const auto is_star = [](std::string_view text) { return text == "*" || text == "?"; };
  const auto has_star = [](std::string_view text) { return text.find('*') != std::string_view::npos; };
  const bool any_day = is_star(texts[day_field]) || (cron.days == 0xFFFFFFFE && !cron.last_day && has_star(texts[weekday_field]));
  const bool any_weekday = is_star(texts[weekday_field]) || (cron.weekdays == 0x7F && has_star(texts[day_field]));
  cron.either_day = !any_day && !any_weekday;
  DEED_OK(check_some_date(cron));
  return cron;
}

namespace {

using std::chrono::local_days;
using std::chrono::minutes;
using std::chrono::year_month_day;
using std::chrono::year_month_day_last;

bool has_day(const Cron& cron, year_month_day date, local_days day) {
  const bool is_last = cron.last_day && date.day() == year_month_day_last(date.year() / date.month() / std::chrono::last).day();
  const bool by_day = (cron.days >> static_cast<unsigned>(date.day()) & 1) || is_last;
  const bool by_weekday = cron.weekdays >> std::chrono::weekday(day).c_encoding() & 1;
  return cron.either_day ? by_day || by_weekday : by_day && by_weekday;
}

// The first minute of a day, at or after `from`.
std::optional<minutes> minute_of_day(const Cron& cron, minutes from) {
  for (int hour = static_cast<int>(from.count() / 60); hour < 24; ++hour) {
    if (!(cron.hours >> hour & 1)) continue;
    const int begin = hour == from.count() / 60 ? static_cast<int>(from.count() % 60) : 0;
    for (int minute = begin; minute < 60; ++minute) {
      if (cron.minutes >> minute & 1) return minutes(hour * 60 + minute);
    }
  }
  return std::nullopt;
}

// Twice the longest wait there is: from one 29th of February over the year 2100 to the next are 8 years.
constexpr std::chrono::days search_limit{9 * 366};

}  // namespace

std::optional<LocalMinute> next_match(const Cron& cron, LocalMinute from) {
  local_days day = std::chrono::floor<std::chrono::days>(from);
  const local_days limit = day + search_limit;
  minutes begin = from - day;
  while (day < limit) {
    const year_month_day date(day);
    if (!(cron.months >> static_cast<unsigned>(date.month()) & 1)) {
      const auto next_month = date.year() / date.month() + std::chrono::months(1);
      day = local_days(next_month / std::chrono::day(1));
      begin = minutes(0);
      continue;
    }
    if (has_day(cron, date, day)) {
      const auto found = minute_of_day(cron, begin);
      if (found) return day + *found;
    }
    day += std::chrono::days(1);
    begin = minutes(0);
  }
  return std::nullopt;
}

namespace {

using LocalTime = std::chrono::local_time<std::chrono::milliseconds>;
LocalTime local(TimePoint time, std::chrono::seconds offset) { return LocalTime(time.time_since_epoch() + offset); }

// What fires in one span, after `after`; nullopt: nothing.
std::optional<TimePoint> next_in_span(const Cron& cron, const OffsetSpan& span, std::optional<OffsetSpan> before, TimePoint after) {
  const LocalTime begin = local(span.begin, span.offset);
  LocalMinute from = std::chrono::ceil<minutes>(begin);
  if (before) {
    const LocalTime shown = local(span.begin, before->offset);  // what the clock would have shown without the change
    if (begin > shown && span.begin > after && !cron.every_hour()) {
      const auto skipped = next_match(cron, std::chrono::ceil<minutes>(shown));
      if (skipped && *skipped < begin) return span.begin;
    }
    // Shown a second time.
    if (begin < shown && !cron.every_hour()) from = std::chrono::ceil<minutes>(shown);
  }
  if (after >= span.begin) from = std::max(from, std::chrono::floor<minutes>(local(after, span.offset)) + minutes(1));
  const auto found = next_match(cron, from);
  if (!found || *found >= local(span.end, span.offset)) return std::nullopt;
  return TimePoint(std::chrono::duration_cast<std::chrono::milliseconds>(found->time_since_epoch()) - span.offset);
}

}  // namespace

std::optional<TimePoint> next_after(const Cron& cron, const TimeZone& zone, TimePoint after) {
  if (after < earliest_time || after >= latest_time) return std::nullopt;
  const TimePoint limit = std::min(after + search_limit, latest_time);
  OffsetSpan span = zone.span_at(after);
  std::optional<OffsetSpan> before;
  if (span.begin > earliest_time) before = zone.span_at(span.begin - std::chrono::milliseconds(1));
  for (;;) {
    const auto found = next_in_span(cron, span, before, after);
    if (found) return found;
    if (span.end >= limit) return std::nullopt;
    before = span;
    span = zone.span_at(span.end);
  }
}

}  // namespace deed
