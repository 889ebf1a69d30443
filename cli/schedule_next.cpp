#include "deed/cli/schedule_next.hpp"

#include <cstdio>
#include <iostream>
#include <regex>

#include "deed/agent/schedule/zoneinfo.hpp"
#include "deed/cli/flags.hpp"
#include "deed/core/cron.hpp"

namespace deed {
namespace {

struct NextFlags {
  Flags flags;
  std::string cron, zone, from;
  std::size_t count = 20;
  bool jsonl = false;
};

// "2026-03-28", "2026-03-28T09:00:00Z", "…+02:00"; without an offset it is the time on the zone's clock, the first one if it shows twice.
Result<TimePoint> parse_from(const std::string& text, const TimeZone& zone) {
  static const std::regex shape(R"((\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?(Z|[+-]\d\d:\d\d)?)?)");
  std::smatch part;
  if (!std::regex_match(text, part, shape)) {
    return fail(ErrorKind::invalid, "not a time", text.substr(0, 64), "write 2026-03-28, 2026-03-28T09:00 or 2026-03-28T09:00:00+01:00");
  }
  const auto number = [&](std::size_t i) { return part[i].matched ? std::stoi(part[i]) : 0; };
  const std::chrono::year_month_day date(std::chrono::year(number(1)), std::chrono::month(static_cast<unsigned>(number(2))),
                                         std::chrono::day(static_cast<unsigned>(number(3))));
  if (!date.ok() || number(4) > 23 || number(5) > 59 || number(6) > 59) return fail(ErrorKind::invalid, "there is no such time", text);
  const TimePoint wall = std::chrono::sys_days(date) + std::chrono::hours(number(4)) + std::chrono::minutes(number(5)) + std::chrono::seconds(number(6));
  if (part[7].matched) {
    const std::string offset = part[7];
    if (offset == "Z") return wall;
    const auto minutes = std::chrono::minutes(std::stoi(offset.substr(1, 2)) * 60 + std::stoi(offset.substr(4, 2)));
    return offset[0] == '-' ? wall + minutes : wall - minutes;
  }
  const TimePoint guess = wall - zone.span_at(wall - std::chrono::hours(24)).offset;
  return zone.span_at(guess).offset == zone.span_at(wall - std::chrono::hours(24)).offset ? guess : wall - zone.span_at(guess).offset;
}

Result<Json> next_times(const std::string& line, const std::string& zone_name, const std::string& from, std::size_t count) {
  DEED_TRY(const Cron cron, parse_cron(line));
  DEED_TRY(const auto zone, load_time_zone(zone_name.empty() ? local_time_zone_name() : zone_name));
  TimePoint at = system_clock().now();
  if (!from.empty()) {
    DEED_TRY(at, parse_from(from, *zone));
  }
  if (count > 10'000) return fail(ErrorKind::limit, "more than 10000 times at once", std::to_string(count));
  Json times = Json::array();
  while (times.size() < count) {
    const auto next = next_after(cron, *zone, at);
    if (!next) break;
    times.push_back(to_local_iso8601(*next, *zone));
    at = *next;
  }
  return times;
}

// A line of JSON in, a line of JSON out: {"cron","tz","from","count"} -> {"times"} or {"error"}.
int next_jsonl(const NextFlags& state) {
  for (std::string line; std::getline(std::cin, line);) {
    const auto asked = parse_json(line);
    Result<Json> times = fail(ErrorKind::invalid, "not a JSON object", line.substr(0, 64));
    if (asked && asked->is_object()) {
      const auto count = asked->find("count");
      times = next_times(string_at(*asked, "cron"), string_at(*asked, "tz"), string_at(*asked, "from"),
                         count != asked->end() && count->is_number_unsigned() ? count->get<std::size_t>() : state.count);
    }
    const Json answer = times ? Json{{"times", *times}} : Json{{"error", to_string(times.error())}};
    std::printf("%s\n", to_text(answer).c_str());
  }
  return 0;
}

int next(const NextFlags& state) {
  if (state.jsonl) return next_jsonl(state);
  const auto times = next_times(state.cron, state.zone, state.from, state.count);
  if (!times) return report_error(times.error(), state.flags);
  if (state.flags.json) print_json({{"version", 1}, {"times", *times}});
  else for (const Json& time : *times) std::printf("%s\n", time.get<std::string>().c_str());
  return 0;
}

}  // namespace

void add_next_command(CLI::App& schedule, Chosen& chosen) {
  auto state = std::make_shared<NextFlags>();
  CLI::App* command = schedule.add_subcommand("next", "The times that a cron line names; nothing is stored");
  command->add_flag("--json", state->flags.json, "Print one JSON document on standard output");
  CLI::Option* cron = command->add_option("--cron", state->cron, "The cron line")->type_name("LINE");
  command->add_option("--tz", state->zone, "Time zone (default: this machine's)")->type_name("ZONE");
  command->add_option("--from", state->from, "Times after this one (default: now)")->type_name("TIME");
  command->add_option("--count", state->count, "How many")->capture_default_str();
  CLI::Option* jsonl = command->add_flag("--jsonl", state->jsonl, "Read lines of JSON with cron, tz, from and count, answer each with a line");
  command->callback([state, cron, jsonl, &chosen] {
    if (cron->count() == 0 && jsonl->count() == 0) throw CLI::RequiredError("--cron");
    chosen = [state] { return next(*state); };
  });
}

}  // namespace deed
