// deed schedule add|list|show|pause|resume|remove|run|history, and deed daemon.
#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "deed/agent/schedule/daemon.hpp"
#include "deed/agent/schedule/plan.hpp"
#include "deed/agent/schedule/system.hpp"
#include "deed/agent/schedule/zoneinfo.hpp"
#include "deed/cli/commands.hpp"
#include "deed/cli/flags.hpp"
#include "deed/cli/schedule_next.hpp"
#include "deed/cli/schedule_views.hpp"
#include "deed/core/text.hpp"
#include "deed/memory/schedule_store.hpp"

namespace deed {
namespace {

namespace fs = std::filesystem;

struct ScheduleFlags {
  Flags flags;
  std::string target, cron, zone, missed = "once", overlap = "skip", name, folder;
  std::vector<std::string> run_flags;
  int max_catch_up = 100;
  std::size_t max = 20, max_running = 4;
  std::int64_t drain_s = 90;
  bool once = false;
};

struct Opened {
  std::string home;
  std::unique_ptr<ScheduleStore> store;
};

Result<std::string> home_of(const Flags& flags) {
  std::string home = flags.home;
  if (home.empty()) {
    DEED_TRY(home, default_home());
  }
  std::error_code ec;
  return fs::absolute(home, ec).string();
}

Result<Opened> open_schedules(const Flags& flags, Redactor redactor = {}) {
  Opened out;
  DEED_TRY(out.home, home_of(flags));
  DEED_TRY(out.store, open_sqlite_schedules({.path = out.home + "/journal.db", .redactor = std::move(redactor)}));
  return out;
}

std::optional<TimePoint> next_of(const Schedule& schedule, const TimeZone& zone) {
  const auto cron = parse_cron(schedule.cron);
  if (!cron || schedule.state != ScheduleState::active) return std::nullopt;
  return next_after(*cron, zone, std::max(schedule.handled_until, system_clock().now()));
}

// A zone that is gone from the machine must not hide the schedule.
std::unique_ptr<TimeZone> zone_or_utc(const std::string& name) {
  auto zone = load_time_zone(name);
  if (!zone) zone = load_time_zone("UTC");
  return std::move(zone).value();
}

// A task file is found from anywhere; anything else is a request in plain words.
Result<std::string> target_of(const std::string& target, const std::string& folder) {
  const std::string extension = lower_ascii(fs::path(target).extension().string());
  const bool is_file_name = (extension == ".yaml" || extension == ".yml" || extension == ".json") && target.find(' ') == std::string::npos;
  std::error_code ec;
  const fs::path path = fs::path(folder) / target;
  if (fs::is_regular_file(path, ec)) return fs::canonical(path, ec).string();
  if (is_file_name) return fail(ErrorKind::not_found, "there is no such task file", path.string());
  if (trim(target).empty()) return fail(ErrorKind::invalid, "there is no task", "", "deed schedule add task.yaml --cron \"0 9 * * MON\"");
  return target;
}

std::string name_from(const std::string& target) {
  const bool is_path = target.starts_with('/');
  std::string name;
  for (const char c : is_path ? fs::path(target).stem().string() : target) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (is_plain) name += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    else if (!name.empty() && name.back() != '-') name += '-';
    if (name.size() >= 32) break;
  }
  while (name.ends_with('-')) name.pop_back();
  return name.empty() ? "schedule" : name;
}

// What would fail each morning is said now: the words are parsed as `deed run` will parse them.
Result<void> check_command(std::vector<std::string> command) {
  CLI::App probe("deed");
  Chosen ignored;
  add_run_commands(probe, ignored);
  std::reverse(command.begin(), command.end());  // as CLI11 takes them
  try {
    probe.parse(command);
  } catch (const CLI::ParseError& e) {
    return fail(ErrorKind::invalid, std::string("deed run does not take these flags: ") + e.what(), "", "what stands behind -- are flags of deed run");
  }
  return {};
}

Result<NewSchedule> new_schedule(const ScheduleFlags& state) {
  NewSchedule out;
  if (!state.run_flags.empty() && !state.run_flags.front().starts_with("-")) {
    return fail(ErrorKind::invalid, "more than one target", state.run_flags.front(), "put a request of several words into quotes");
  }
  DEED_TRY(const Cron cron, parse_cron(state.cron));
  out.cron = cron.line;
  out.zone = state.zone.empty() ? local_time_zone_name() : state.zone;
  DEED_TRY(const auto zone, load_time_zone(out.zone));
  out.created = system_clock().now();
  if (!next_after(cron, *zone, out.created)) return fail(ErrorKind::invalid, "the cron line never fires in this time zone", state.cron);
  DEED_TRY(out.missed, parse_missed(state.missed));
  DEED_TRY(out.overlap, parse_overlap(state.overlap));
  out.max_catch_up = state.max_catch_up;
  std::error_code ec;
  out.folder = fs::canonical(state.folder.empty() ? "." : state.folder, ec).string();
  if (ec || !fs::is_directory(out.folder, ec)) return fail(ErrorKind::invalid, "there is no such folder", state.folder, "give a folder with --folder");
  DEED_TRY(const std::string target, target_of(state.target, out.folder));
  out.command = {"run"};
  out.command.insert(out.command.end(), state.run_flags.begin(), state.run_flags.end());
  out.command.insert(out.command.end(), {"--", target});
  DEED_OK(check_command(out.command));
  out.name = state.name.empty() ? name_from(target) : state.name;
  return out;
}

Result<Redactor> secrets_of(const Flags& flags) {
  DEED_TRY(Settings settings, settings_for(flags));
  DEED_TRY(const AgentOptions options, agent_options(settings, environment));
  return known_secrets(options);
}

void print_schedule(const Schedule& schedule) {
  const auto zone = zone_or_utc(schedule.zone);
  const auto next = next_of(schedule, *zone);
  std::printf("%-24s %-7s %-26s %-16s %s\n", schedule.name.c_str(), to_string(schedule.state),
              next ? to_local_iso8601(*next, *zone).c_str() : "-", for_terminal(schedule.cron).c_str(), for_terminal(schedule.zone).c_str());
}

int add(const ScheduleFlags& state) {
  const auto schedule = new_schedule(state);
  if (!schedule) return report_error(schedule.error(), state.flags);
  auto secrets = secrets_of(state.flags);
  if (!secrets) return report_error(secrets.error(), state.flags);
  auto opened = open_schedules(state.flags, *std::move(secrets));
  if (!opened) return report_error(opened.error(), state.flags);
  const auto added = opened->store->add(*schedule);
  if (!added) return report_error(added.error(), state.flags);
  announce_schedule_change(opened->home);
  const auto zone = zone_or_utc(added->zone);
  if (state.flags.json) print_json({{"version", 1}, {"schedule", schedule_json(*added, next_of(*added, *zone), *zone)}});
  else print_schedule(*added);
  if (!DaemonLock::is_taken(opened->home)) std::fprintf(stderr, "nothing fires before a daemon runs: deed daemon\n");
  return 0;
}

int list(const ScheduleFlags& state) {
  const auto opened = open_schedules(state.flags);
  if (!opened) return report_error(opened.error(), state.flags);
  const auto all = opened->store->schedules();
  if (!all) return report_error(all.error(), state.flags);
  Json documents = Json::array();
  const TimePoint now = system_clock().now();
  for (const Schedule& schedule : *all) {
    const auto zone = zone_or_utc(schedule.zone);
    if (state.flags.json) documents.push_back(schedule_json(schedule, next_of(schedule, *zone), *zone));
    else print_schedule(schedule);
    if (schedule.handled_until > now) {
      std::fprintf(stderr, "deed: %s waits until %s: the clock has gone back; pause and resume it to begin from now\n", schedule.name.c_str(),
                   to_iso8601(schedule.handled_until).c_str());
    }
  }
  if (state.flags.json) print_json({{"version", 1}, {"daemon", DaemonLock::is_taken(opened->home)}, {"schedules", documents}});
  else if (all->empty()) std::fprintf(stderr, "no schedules yet; begin with: deed schedule add task.yaml --cron \"0 9 * * MON\"\n");
  return 0;
}

void print_firing(const Firing& firing, const TimeZone& zone) {
  std::printf("%s  %-8s %-36s %s%s\n", to_local_iso8601(firing.nominal, zone).c_str(), state_text(firing).c_str(),
              firing.run.empty() ? "-" : firing.run.c_str(), firing.manual ? "by hand " : "", for_terminal(firing.reason).c_str());
}

int history(const ScheduleFlags& state) {
  const auto opened = open_schedules(state.flags);
  if (!opened) return report_error(opened.error(), state.flags);
  const auto schedule = opened->store->find(state.name);
  if (!schedule) return report_error(schedule.error(), state.flags);
  const auto firings = opened->store->history(schedule->id, state.max);
  if (!firings) return report_error(firings.error(), state.flags);
  const auto zone = zone_or_utc(schedule->zone);
  Json documents = Json::array();
  for (const Firing& firing : *firings) {
    if (state.flags.json) documents.push_back(firing_json(firing, *schedule));
    else print_firing(firing, *zone);
  }
  if (state.flags.json) print_json({{"version", 1}, {"firings", documents}});
  return 0;
}

int show(const ScheduleFlags& state) {
  const auto opened = open_schedules(state.flags);
  if (!opened) return report_error(opened.error(), state.flags);
  const auto schedule = opened->store->find(state.name);
  if (!schedule) return report_error(schedule.error(), state.flags);
  const auto zone = zone_or_utc(schedule->zone);
  const auto next = next_of(*schedule, *zone);
  if (state.flags.json) {
    print_json({{"version", 1}, {"schedule", schedule_json(*schedule, next, *zone)}});
    return 0;
  }
  std::printf("name      %s (%s)\ncommand   deed %s\nfolder    %s\ncron      %s in %s\nmissed    %s\noverlap   %s\n", schedule->name.c_str(),
              to_string(schedule->state), for_terminal(command_text(schedule->command)).c_str(), for_terminal(schedule->folder).c_str(),
              for_terminal(schedule->cron).c_str(), schedule->zone.c_str(), to_string(schedule->missed), to_string(schedule->overlap));
  const auto cron = parse_cron(schedule->cron);
  auto at = next;
  for (int i = 0; i < 5 && at && cron; ++i, at = next_after(*cron, *zone, *at)) {
    std::printf("%s%s\n", i == 0 ? "next      " : "          ", to_local_iso8601(*at, *zone).c_str());
  }
  return 0;
}

int set_state(const ScheduleFlags& state, ScheduleState wanted) {
  const auto opened = open_schedules(state.flags);
  if (!opened) return report_error(opened.error(), state.flags);
  const auto schedule = opened->store->find(state.name);
  if (!schedule) return report_error(schedule.error(), state.flags);
  const auto done = opened->store->set_state(schedule->id, wanted, system_clock().now());
  if (!done) return report_error(done.error(), state.flags);
  announce_schedule_change(opened->home);
  if (state.flags.json) print_json({{"version", 1}, {"name", schedule->name}, {"state", to_string(wanted)}});
  else std::fprintf(stderr, "%s is %s\n", schedule->name.c_str(), to_string(wanted));
  return 0;
}

void log_line(const std::string& line) { std::fprintf(stderr, "deed: %s\n", for_terminal(line).c_str()); }

Result<std::string> this_program() {
  std::error_code ec;
  const std::string program = fs::read_symlink("/proc/self/exe", ec).string();
  if (ec) return fail(ErrorKind::unavailable, "this program does not find itself", "/proc/self/exe", "mount /proc");
  return program;
}

// The exit code of what a firing came to, as `deed run` would have given it.
int code_of(const Firing& firing) {
  if (firing.exit_code) return *firing.exit_code;
  return firing.state == FiringState::done ? 0 : firing.state == FiringState::running || firing.state == FiringState::queued ? 75 : 1;
}

int run_now(const ScheduleFlags& state) {
  const auto opened = open_schedules(state.flags);
  if (!opened) return report_error(opened.error(), state.flags);
  const auto schedule = opened->store->find(state.name);
  if (!schedule) return report_error(schedule.error(), state.flags);
  const TimePoint now = system_clock().now();
  const auto queued = opened->store->enqueue(schedule->id, {.nominal = now, .run = make_run_id(now), .manual = true}, now);
  if (!queued) return report_error(queued.error(), state.flags);
  const auto program = this_program();
  if (!program) return report_error(program.error(), state.flags);
  // With a daemon it is the daemon's; without one this process is it, for this firing.
  const auto ran = run_daemon({.home = opened->home, .program = *program, .once = true, .only = queued->id, .show_output = !state.flags.json, .log = log_line});
  const bool is_handed_over = !ran && ran.error().kind == ErrorKind::conflict;
  if (!ran && !is_handed_over) return report_error(ran.error(), state.flags);
  if (is_handed_over) announce_schedule_change(opened->home);
  const auto firings = opened->store->history(schedule->id, 1000);
  if (!firings) return report_error(firings.error(), state.flags);
  const auto firing = std::find_if(firings->begin(), firings->end(), [&](const Firing& one) { return one.id == queued->id; });
  const Firing& shown = firing == firings->end() ? *queued : *firing;
  if (state.flags.json) print_json({{"version", 1}, {"handed_to_daemon", is_handed_over}, {"firing", firing_json(shown, *schedule)}});
  if (is_handed_over) {
    std::fprintf(stderr, "handed to the daemon as run %s; see it with: deed schedule history %s\n", shown.run.c_str(), schedule->name.c_str());
    return 0;
  }
  return code_of(shown);
}

int daemon(const ScheduleFlags& state) {
  const auto home = home_of(state.flags);
  if (!home) return report_error(home.error(), state.flags);
  const auto program = this_program();
  if (!program) return report_error(program.error(), state.flags);
  const auto ran = run_daemon({.home = *home,
                               .program = *program,
                               .max_running = state.max_running,
                               .drain_limit = std::chrono::seconds(state.drain_s),
                               .once = state.once,
                               .log = log_line});
  return ran ? 0 : report_error(ran.error(), state.flags);
}

CLI::App* named(CLI::App& schedule, ScheduleFlags& state, const char* name, const char* about) {
  CLI::App* command = schedule.add_subcommand(name, about);
  add_common_flags(*command, state.flags);
  command->add_option("name", state.name, "The schedule")->required();
  return command;
}

void add_add(CLI::App& schedule, const std::shared_ptr<ScheduleFlags>& state, Chosen& chosen) {
  CLI::App* command = schedule.add_subcommand("add", "Run a task or a request at the times of a cron line");
  add_common_flags(*command, state->flags);
  command->add_option("target", state->target, "A task file, or a request in plain words")->required();
  command->add_option("flags", state->run_flags, "After --: further flags of deed run");
  command->add_option("--cron", state->cron, "minute hour day-of-month month day-of-week, or @daily, @hourly, …")->required()->type_name("LINE");
  command->add_option("--tz", state->zone, "Time zone, e.g. Europe/Berlin (default: this machine's)")->type_name("ZONE");
  command->add_option("--missed", state->missed, "Times that passed while no daemon ran: skip them, run once for all, or run all")
      ->check(CLI::IsMember({"skip", "once", "all"}))->capture_default_str();
  command->add_option("--overlap", state->overlap, "A time that comes while the last run still goes on: skip or queue it")
      ->check(CLI::IsMember({"skip", "queue"}))->capture_default_str();
  command->add_option("--max-catch-up", state->max_catch_up, "With --missed all: how many at most; with --overlap queue: how many wait at most")
      ->check(CLI::Range(1, 10'000))->capture_default_str();
  command->add_option("--name", state->name, "Its name (default: made from the target)");
  command->add_option("--folder", state->folder, "Where it is run (default: this folder)")->type_name("DIR");
  command->callback([state, &chosen] { chosen = [state] { return add(*state); }; });
}

}  // namespace

void add_schedule_commands(CLI::App& app, Chosen& chosen) {
  auto state = std::make_shared<ScheduleFlags>();
  CLI::App* schedule = app.add_subcommand("schedule", "Run tasks at the times of a cron line");
  schedule->require_subcommand(1);
  add_add(*schedule, state, chosen);
  CLI::App* list_command = schedule->add_subcommand("list", "All schedules, and when each fires next");
  add_common_flags(*list_command, state->flags);
  list_command->callback([state, &chosen] { chosen = [state] { return list(*state); }; });
  named(*schedule, *state, "show", "One schedule and its next times")->callback([state, &chosen] { chosen = [state] { return show(*state); }; });
  const auto changing = [&](const char* name, const char* about, ScheduleState wanted) {
    named(*schedule, *state, name, about)->callback([state, wanted, &chosen] { chosen = [state, wanted] { return set_state(*state, wanted); }; });
  };
  changing("pause", "Let it fire no more until it is resumed", ScheduleState::paused);
  changing("resume", "Let it fire again, from now on", ScheduleState::active);
  changing("remove", "Forget it; its history stays in the journal", ScheduleState::removed);
  named(*schedule, *state, "run", "Run it now")->callback([state, &chosen] { chosen = [state] { return run_now(*state); }; });
  CLI::App* history_command = named(*schedule, *state, "history", "What came of its times, newest first");
  history_command->add_option("--max", state->max, "How many")->capture_default_str();
  history_command->callback([state, &chosen] { chosen = [state] { return history(*state); }; });
  add_next_command(*schedule, chosen);

  CLI::App* daemon_command = app.add_subcommand("daemon", "Run what the schedules say, until SIGTERM");
  daemon_command->add_option("--home", state->flags.home, "Folder of the journal, the outbox and the models")->type_name("DIR");
  daemon_command->add_flag("--once", state->once, "Run what is due now, wait for it, and end");
  daemon_command->add_option("--max-running", state->max_running, "Runs at once")->check(CLI::Range(1, 1000))->capture_default_str();
  daemon_command->add_option("--drain", state->drain_s, "Seconds that runs have to pause after SIGTERM")->check(CLI::Range(0, 86'400))->capture_default_str();
  daemon_command->callback([state, &chosen] { chosen = [state] { return daemon(*state); }; });
}

}  // namespace deed
