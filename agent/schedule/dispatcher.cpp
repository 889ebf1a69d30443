#include "deed/agent/schedule/dispatcher.hpp"

#include <algorithm>

#include "deed/core/failpoint.hpp"

namespace deed {
namespace {

constexpr std::chrono::seconds first_retry{30};
constexpr std::chrono::seconds look_again{60};  // at what cannot be watched
constexpr int max_crashes = 3;

std::optional<TimePoint> earlier(std::optional<TimePoint> a, std::optional<TimePoint> b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

OpenFirings open_of(ScheduleId schedule, const std::vector<Firing>& all) {
  OpenFirings out;
  for (const Firing& firing : all) {
    if (firing.schedule != schedule) continue;
    if (firing.state == FiringState::queued) ++out.queued;
    else {
      ++out.running;
      out.running_since = firing.nominal;
    }
  }
  return out;
}

}  // namespace

std::string Dispatcher::name_of(const Firing& firing) const {
  const auto schedule = known_.find(firing.schedule);
  return schedule != known_.end() ? schedule->second.name : "schedule " + std::to_string(firing.schedule);
}

void Dispatcher::say(const Active& active, const std::string& what) const {
  parts_.log(name_of(active.firing) + " " + to_iso8601(active.firing.nominal).substr(0, 16) + "Z: " + what);
}

Result<std::optional<TimePoint>> Dispatcher::turn() {
  std::optional<TimePoint> wake;
  if (!options_.only && !is_draining_) {
    DEED_TRY(wake, plan_all());
  }
  DEED_TRY(const auto next, begin_queued());
  return earlier(wake, next);
}

Result<std::optional<TimePoint>> Dispatcher::plan_all() {
  DEED_TRY(const std::vector<Schedule> schedules, parts_.store.schedules());
  DEED_TRY(const std::vector<Firing> open, parts_.store.open_firings());
  known_.clear();
  std::optional<TimePoint> wake;
  for (const Schedule& schedule : schedules) {
    known_.insert({schedule.id, schedule});
    if (schedule.state != ScheduleState::active) continue;
    auto planned = plan(schedule, open);
    // It was changed in this very moment: look at it anew.
    if (!planned && planned.error().kind == ErrorKind::conflict) planned = std::optional<TimePoint>(parts_.clock.now());
    // One damaged schedule does not keep the others from firing.
    if (!planned && planned.error().kind == ErrorKind::invalid) {
      if (complained_.insert(schedule.id).second) parts_.log(schedule.name + ": it cannot fire: " + to_string(planned.error()));
      continue;
    }
    DEED_TRY(const auto next, std::move(planned));
    wake = earlier(wake, next);
  }
  return wake;
}

Result<std::optional<TimePoint>> Dispatcher::plan(const Schedule& schedule, const std::vector<Firing>& open) {
  DEED_TRY(const Cron cron, parse_cron(schedule.cron));
  DEED_TRY(const std::unique_ptr<TimeZone> zone, parts_.zone(schedule.zone));
  const TimePoint now = parts_.clock.now();
  const Plan plan = plan_firings(schedule, cron, *zone, open_of(schedule.id, open), now, [&] { return make_run_id(now); });
  if (plan.clock_is_behind && complained_.insert(schedule.id).second) {
    parts_.log(schedule.name + ": the clock has gone back; nothing fires before " + to_iso8601(schedule.handled_until) + " (`deed schedule pause " +
               schedule.name + "`, then resume, makes it begin from now)");
  }
  if (!plan.clock_is_behind) complained_.erase(schedule.id);
  if (plan.handled_until != schedule.handled_until) {
    DEED_OK(parts_.store.record(schedule, plan.handled_until, plan.firings, now));
    for (const NewFiring& firing : plan.firings) {
      if (firing.state != FiringState::skipped) continue;
      parts_.log(schedule.name + " " + to_iso8601(firing.nominal).substr(0, 16) + "Z: skipped: " + firing.reason);
    }
  }
  return plan.wake;
}

Result<std::optional<TimePoint>> Dispatcher::begin_queued() {
  if (is_draining_) return std::optional<TimePoint>();
  for (;;) {
    DEED_OK(take_open());
    bool has_ended = false;
    std::optional<TimePoint> wake;
    std::vector<FiringId> waiting;
    for (const auto& [id, active] : active_) {
      if (!active.process) waiting.push_back(id);
    }
    for (const FiringId id : waiting) {
      Active& active = active_.at(id);
      if (!active.not_before || *active.not_before <= parts_.clock.now()) DEED_OK(pursue(active));
      const auto still = active_.find(id);
      if (still == active_.end()) has_ended = true;
      else if (!still->second.process) wake = earlier(wake, still->second.not_before);
    }
    // What ended at once has made room for the next.
    if (!has_ended) return wake;
  }
}

Result<void> Dispatcher::take_open() {
  DEED_TRY(std::vector<Firing> open, parts_.store.open_firings());
  if (options_.only) std::erase_if(open, [&](const Firing& firing) { return firing.id != *options_.only; });
  // What an earlier dispatcher left.
  for (const Firing& firing : open) {
    if (firing.state == FiringState::running) active_.insert({firing.id, {.firing = firing}});
  }
  const std::size_t room = options_.max_running > active_.size() ? options_.max_running - active_.size() : 0;
  for (Firing& firing : firings_to_begin(open, room)) {
    DEED_OK(parts_.store.begin(firing.id, parts_.clock.now()));
    firing.state = FiringState::running;
    active_.insert({firing.id, {.firing = firing}});
  }
  return {};
}

Result<void> Dispatcher::pursue(Active& active) {
  active.not_before.reset();
  DEED_TRY(const RunStanding standing, parts_.store.standing(active.firing.run));
  using Kind = RunStanding::Kind;
  switch (standing.kind) {
    case Kind::absent: return launch(active, true);
    case Kind::ended: return end_as_run(active, standing.status);
    case Kind::owned: {
      const auto watched = parts_.launcher.watch(standing.owner);
      if (watched) active.process = standing.owner;
      else active.not_before = parts_.clock.now() + look_again;
      return {};
    }
    // A run that waits for a person only says so again.
    case Kind::left_behind:
    case Kind::paused: return launch(active, false);
  }
  return {};
}

Result<void> Dispatcher::launch(Active& active, bool is_new) {
  if (!known_.contains(active.firing.schedule)) {
    // It was removed while its run went on, or this dispatcher serves one firing only.
    DEED_TRY(const auto all, parts_.store.schedules());
    for (const Schedule& one : all) known_.insert({one.id, one});
  }
  const auto schedule = known_.find(active.firing.schedule);
  const bool is_removed = schedule == known_.end();
  if (is_new && is_removed) {
    return end(active, {.state = FiringState::skipped, .time = parts_.clock.now(), .reason = "the schedule was removed"});
  }
  // Going on needs no folder: the run knows its own.
  const std::string folder = is_removed ? "/" : schedule->second.folder;
  std::vector<std::string> arguments = {"resume", active.firing.run, "--quiet"};
  if (is_new) {
    // Behind the command's name, before a "--" that may follow.
    arguments = schedule->second.command;
    const std::vector<std::string> id = {"--run-id", active.firing.run, "--quiet"};
    arguments.insert(arguments.begin() + std::min<std::ptrdiff_t>(1, std::ssize(arguments)), id.begin(), id.end());
  }
  failpoint(failpoints::firing_before_start);
  const auto process = parts_.launcher.start(arguments, folder);
  failpoint(failpoints::firing_after_start);
  if (!process) {
    if (process.error().kind == ErrorKind::unavailable) return try_later(active);
    return end(active, {.state = FiringState::failed, .time = parts_.clock.now(), .reason = to_string(process.error())});
  }
  active.process = *process;
  active.is_own = true;
  say(active, (is_new ? "run " : "going on with run ") + active.firing.run);
  return {};
}

Result<void> Dispatcher::ended(ProcessId process, std::optional<int> exit_code) {
  const auto found = std::find_if(active_.begin(), active_.end(), [&](const auto& one) { return one.second.process == process; });
  if (found == active_.end()) return {};
  Active& active = found->second;
  active.process.reset();
  active.is_own = false;
  if (exit_code) return ended_with(active, *exit_code);
  if (is_draining_) active_.erase(found);
  return {};  // the next turn looks where its run stands
}

Result<void> Dispatcher::ended_with(Active& active, int exit_code) {
  const TimePoint now = parts_.clock.now();
  const std::string run = active.firing.run;
  const bool by_signal = exit_code > 128;
  if (is_draining_ && (by_signal || exit_code == 75)) {
    say(active, "interrupted; it is gone on with when the daemon is back");
    active_.erase(active.firing.id);
    return {};
  }
  switch (exit_code) {
    case 0: return end(active, {.state = FiringState::done, .time = now, .exit_code = 0});
    case 3: return end(active, {.state = FiringState::paused, .time = now, .exit_code = 3,
                                .reason = "it waits for an approval or an answer: deed show " + run + ", then deed approve " + run});
    case 4: return end(active, {.state = FiringState::paused, .time = now, .exit_code = 4,
                                .reason = "the outcome of an effect is unknown: deed reconcile " + run});
    case 75: return try_later(active);
    case 130:
    case 143: return end(active, {.state = FiringState::paused, .time = now, .exit_code = exit_code,
                                  .reason = "somebody interrupted it: deed resume " + run});
    default: break;
  }
  if (!by_signal) {
    DEED_TRY(const RunStanding standing, parts_.store.standing(run));
    const bool exists = standing.kind != RunStanding::Kind::absent;
    return end(active, {.state = FiringState::failed, .time = now, .exit_code = exit_code,
                        .reason = "exit code " + std::to_string(exit_code) +
                                  (exists ? ": deed show " + run : ", before the run was begun: what it said is in the daemon's output")});
  }
  if (++active.crashes >= max_crashes) {
    return end(active, {.state = FiringState::failed, .time = now, .exit_code = exit_code,
                        .reason = "its process died " + std::to_string(max_crashes) + " times, by signal " + std::to_string(exit_code - 128) +
                                  " at last: deed resume " + run});
  }
  say(active, "its process died by signal " + std::to_string(exit_code - 128));
  return {};  // the next turn goes on with it
}

Result<void> Dispatcher::try_later(Active& active) {
  DEED_TRY(const RunStanding standing, parts_.store.standing(active.firing.run));
  if (standing.kind == RunStanding::Kind::owned || standing.kind == RunStanding::Kind::ended) return pursue(active);
  if (standing.kind == RunStanding::Kind::paused && standing.wakes) {
    return end(active, {.state = FiringState::paused, .time = parts_.clock.now(), .exit_code = 75,
                        .reason = "it waits until " + to_iso8601(*standing.wakes) + "; the daemon goes on with it then"});
  }
  if (active.retries < options_.max_retries) {
    const auto wait = first_retry * (1 << active.retries++);
    active.not_before = parts_.clock.now() + wait;
    say(active, "to be tried again in " + std::to_string(wait.count()) + " s");
    return {};
  }
  const bool exists = standing.kind != RunStanding::Kind::absent;
  return end(active, {.state = exists ? FiringState::paused : FiringState::failed, .time = parts_.clock.now(), .exit_code = 75,
                      .reason = exists ? "nothing came of it for now: deed resume " + active.firing.run : "it could not be begun"});
}

Result<void> Dispatcher::end_as_run(Active& active, RunStatus status) {
  const bool is_done = status == RunStatus::done;
  return end(active, {.state = is_done ? FiringState::done : FiringState::failed, .time = parts_.clock.now(),
                      .exit_code = is_done ? std::optional<int>(0) : std::nullopt,
                      .reason = is_done ? "" : std::string("the run has ended as ") + to_string(status) + ": deed show " + active.firing.run});
}

Result<void> Dispatcher::end(Active& active, FiringEnd end) {
  say(active, std::string(to_string(end.state)) + (end.reason.empty() ? "" : ": " + end.reason));
  const FiringId id = active.firing.id;
  Result<void> ended = parts_.store.end(id, end);
  // Somebody else has ended it: it is no affair of ours any more.
  if (!ended && ended.error().kind != ErrorKind::conflict) return ended;
  active_.erase(id);
  return {};
}

void Dispatcher::drain() {
  is_draining_ = true;
  for (auto at = active_.begin(); at != active_.end();) {
    const Active& active = at->second;
    if (active.process && active.is_own) {
      parts_.launcher.stop(*active.process);
      ++at;
    } else {
      at = active_.erase(at);
    }
  }
}

}  // namespace deed
