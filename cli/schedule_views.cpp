#include "deed/cli/schedule_views.hpp"

#include "deed/agent/schedule/zoneinfo.hpp"

namespace deed {

std::string state_text(const Firing& firing) {
  if (firing.state != FiringState::paused || !firing.run_status) return to_string(firing.state);
  switch (*firing.run_status) {
    case RunStatus::paused:
    case RunStatus::unknown: return "paused";
    case RunStatus::running: return "running";
    case RunStatus::done: return "done";
    default: return "failed";
  }
}

std::string command_text(const std::vector<std::string>& command) {
  constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/:=@,%+#";
  std::string out;
  for (const std::string& word : command) {
    out += out.empty() ? "" : " ";
    if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) {
      out += word;
      continue;
    }
    out += '\'';
    for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    out += '\'';
  }
  return out;
}

Json schedule_json(const Schedule& schedule, std::optional<TimePoint> next, const TimeZone& zone) {
  return {{"name", schedule.name},
          {"state", to_string(schedule.state)},
          {"cron", schedule.cron},
          {"time_zone", schedule.zone},
          {"next", next ? Json(to_local_iso8601(*next, zone)) : Json()},
          {"missed", to_string(schedule.missed)},
          {"overlap", to_string(schedule.overlap)},
          {"max_catch_up", schedule.max_catch_up},
          {"command", schedule.command},
          {"folder", schedule.folder},
          {"created", to_iso8601(schedule.created)}};
}

Json firing_json(const Firing& firing, const Schedule& schedule) {
  const auto time = [](const std::optional<TimePoint>& value) { return value ? Json(to_iso8601(*value)) : Json(); };
  return {{"schedule", schedule.name},
          {"time", to_iso8601(firing.nominal)},
          {"manual", firing.manual},
          {"state", state_text(firing)},
          {"run", firing.run.empty() ? Json() : Json(firing.run)},
          {"claimed", to_iso8601(firing.claimed)},
          {"started", time(firing.started)},
          {"ended", time(firing.ended)},
          {"exit_code", firing.exit_code ? Json(*firing.exit_code) : Json()},
          {"reason", firing.reason}};
}

}  // namespace deed
