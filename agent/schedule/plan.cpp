#include "deed/agent/schedule/plan.hpp"

#include <algorithm>
#include <deque>
#include <set>

namespace deed {
namespace {

// Times that passed, in order. Of missed ones only the last few are kept one by one.
struct Passed {
  std::size_t missed = 0;  ///< how many, those that are not kept too
  TimePoint first_missed = {}, last_missed = {}, last_dropped = {};
  std::deque<TimePoint> kept;  ///< the latest missed ones
  std::vector<TimePoint> on_time;
  TimePoint last = {};
};

Passed times_until(const Schedule& schedule, const Cron& cron, const TimeZone& zone, TimePoint now) {
  Passed out;
  out.last = schedule.handled_until;
  TimePoint after = std::max<TimePoint>(schedule.handled_until, now - longest_look_back);
  for (;;) {
    const auto time = next_after(cron, zone, after);
    if (!time || *time > now) return out;
    after = out.last = *time;
    if (now - *time <= on_time_within) {
      out.on_time.push_back(*time);
      continue;
    }
    if (out.missed++ == 0) out.first_missed = *time;
    out.last_missed = *time;
    out.kept.push_back(*time);
    if (out.kept.size() <= static_cast<std::size_t>(schedule.max_catch_up)) continue;
    out.last_dropped = out.kept.front();
    out.kept.pop_front();
  }
}

std::string times_text(std::size_t count, TimePoint first, TimePoint last) {
  if (count == 1) return "1 time, " + to_iso8601(first).substr(0, 16) + "Z";
  return std::to_string(count) + " times, " + to_iso8601(first).substr(0, 16) + "Z to " + to_iso8601(last).substr(0, 16) + "Z";
}

class Planner {
 public:
  Planner(const Schedule& schedule, const OpenFirings& open, const std::function<RunId()>& make_id)
      : schedule_(schedule), open_(open), make_id_(make_id), queued_(open.queued) {}

  void missed(const Passed& passed) {
    if (passed.missed == 0) return;
    switch (schedule_.missed) {
      case Missed::skip:
        skip(passed.last_missed, "missed: " + times_text(passed.missed, passed.first_missed, passed.last_missed));
        return;
      case Missed::once:
        // A time that is due just now stands for them as well.
        if (passed.on_time.empty()) fire(passed.last_missed, "stands for " + times_text(passed.missed, passed.first_missed, passed.last_missed));
        else skip(passed.last_missed, "missed: " + times_text(passed.missed, passed.first_missed, passed.last_missed) + "; the next one stands for them");
        return;
      case Missed::all:
        const std::size_t dropped = passed.missed - passed.kept.size();
        if (dropped > 0) {
          skip(passed.last_dropped, "missed: " + times_text(dropped, passed.first_missed, passed.last_dropped) + "; no more than " +
                                        std::to_string(schedule_.max_catch_up) + " are caught up with");
        }
        for (const TimePoint time : passed.kept) fire(time, "missed, caught up with");
        return;
    }
  }

  void on_time(TimePoint time) {
    const bool is_busy = open_.running > 0 || queued_ > 0;
    if (!is_busy) return fire(time, "");
    if (schedule_.overlap == Overlap::skip) {
      const std::string since = open_.running_since ? " of " + to_iso8601(*open_.running_since).substr(0, 16) + "Z" : "";
      return skip(time, "overlap: the firing" + since + " was still going on");
    }
    if (queued_ >= static_cast<std::size_t>(schedule_.max_catch_up)) {
      return skip(time, "overlap: " + std::to_string(queued_) + " firings were waiting already");
    }
    fire(time, "");
  }

  std::vector<NewFiring> firings() && { return std::move(firings_); }

 private:
  void fire(TimePoint time, std::string reason) {
    firings_.push_back({.nominal = time, .state = FiringState::queued, .run = make_id_(), .reason = std::move(reason)});
    ++queued_;
  }
  void skip(TimePoint time, std::string reason) {
    firings_.push_back({.nominal = time, .state = FiringState::skipped, .reason = std::move(reason)});
  }

  const Schedule& schedule_;
  const OpenFirings& open_;
  const std::function<RunId()>& make_id_;
  std::size_t queued_;
  std::vector<NewFiring> firings_;
};

}  // namespace

Plan plan_firings(const Schedule& schedule, const Cron& cron, const TimeZone& zone, const OpenFirings& open, TimePoint now,
                  const std::function<RunId()>& make_id) {
  Plan plan{.firings = {}, .handled_until = schedule.handled_until};
  if (schedule.state != ScheduleState::active) return plan;
  plan.clock_is_behind = now < schedule.handled_until;
  if (!plan.clock_is_behind) {
    const Passed passed = times_until(schedule, cron, zone, now);
    Planner planner(schedule, open, make_id);
    planner.missed(passed);
    for (const TimePoint time : passed.on_time) planner.on_time(time);
    plan.firings = std::move(planner).firings();
    plan.handled_until = passed.last;
  }
  plan.wake = next_after(cron, zone, std::max(plan.handled_until, now));
  return plan;
}

std::vector<Firing> firings_to_begin(const std::vector<Firing>& open, std::size_t most) {
  std::set<ScheduleId> busy;
  for (const Firing& firing : open) {
    if (firing.state == FiringState::running) busy.insert(firing.schedule);
  }
  std::vector<Firing> out;
  for (const Firing& firing : open) {
    if (out.size() >= most) break;
    if (firing.state == FiringState::queued && busy.insert(firing.schedule).second) out.push_back(firing);
  }
  return out;
}

}  // namespace deed
