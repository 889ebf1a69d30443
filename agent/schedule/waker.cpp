#include "deed/agent/schedule/waker.hpp"

#include <algorithm>

namespace deed {
namespace {

constexpr std::chrono::seconds first_new_try{30};
constexpr int max_doublings = 7;  // about an hour
constexpr std::size_t most_looked_at = 1'000;

}  // namespace

std::optional<TimePoint> Waker::may_begin_at(const WaitingRun& run) {
  const auto tried = tried_.find(run.run);
  if (tried == tried_.end()) return run.wakes;
  if (tried->second.wakes == run.wakes) return std::max(run.wakes, tried->second.not_before);
  tried_.erase(tried);
  return run.wakes;
}

Result<std::optional<TimePoint>> Waker::turn(std::size_t room) {
  std::optional<TimePoint> wake;
  if (is_draining_) return wake;
  DEED_TRY(const std::vector<WaitingRun> waiting, parts_.store.waiting_runs(most_looked_at));
  std::erase_if(tried_, [&](const auto& one) {
    return std::none_of(waiting.begin(), waiting.end(), [&](const WaitingRun& run) { return run.run == one.first; });
  });
  const TimePoint now = parts_.clock.now();
  for (const WaitingRun& run : waiting) {
    const bool is_going_on = std::any_of(going_on_.begin(), going_on_.end(), [&](const auto& one) { return one.second == run.run; });
    if (is_going_on) continue;
    const auto at = may_begin_at(run);
    if (*at > now) {
      wake = wake ? std::min(*wake, *at) : at;
      continue;
    }
    if (going_on_.size() >= room) continue;  // the end of a process is a reason to look again
    Tried& tried = tried_[run.run];
    tried = {run.wakes, now + first_new_try * (1 << std::min(tried.times, max_doublings)), tried.times + 1};
    const auto process = parts_.launcher.start({"resume", run.run, "--quiet"}, "/");
    if (!process) {
      parts_.log("run " + run.run + " cannot be gone on with: " + to_string(process.error()));
      wake = wake ? std::min(*wake, tried.not_before) : tried.not_before;
      continue;
    }
    going_on_[*process] = run.run;
    parts_.log("going on with run " + run.run + ", which waited until " + to_iso8601(run.wakes));
  }
  return wake;
}

bool Waker::ended(ProcessId process) { return going_on_.erase(process) > 0; }

void Waker::drain() {
  is_draining_ = true;
  for (const auto& [process, run] : going_on_) parts_.launcher.stop(process);
}

}  // namespace deed
