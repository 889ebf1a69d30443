// What a schedule's times come to, as tables: missed times, overlaps, and clocks that jump.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "deed/agent/schedule/plan.hpp"
#include "deed/tests/agent/schedule_zero.hpp"
#include "deed/tests/core/walked_cron.hpp"
#include "deed/tests/fakes/matchers.hpp"

namespace deed {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;

// Minutes after an hour that is named by "0 * * * *".
TimePoint at(std::chrono::minutes minutes) { return zero + minutes; }

Schedule hourly(Missed missed = Missed::once, Overlap overlap = Overlap::skip) {
  Schedule out;
  out.name = "hourly";
  out.cron = "0 * * * *";
  out.missed = missed;
  out.overlap = overlap;
  out.handled_until = at(0min);
  return out;
}

Plan plan(const Schedule& schedule, TimePoint now, const OpenFirings& open = {}) {
  const auto cron = parse_cron(schedule.cron);
  EXPECT_OK(cron);
  int count = 0;
  return plan_firings(schedule, *cron, ZoneOfSpans(), open, now, [&] { return "run-" + std::to_string(++count); });
}

// "60 queued", "120 skipped": minutes after zero.
std::vector<std::string> told(const Plan& plan) {
  std::vector<std::string> out;
  for (const NewFiring& firing : plan.firings) {
    out.push_back(std::to_string((firing.nominal - zero) / 1min) + " " + to_string(firing.state));
    EXPECT_EQ(firing.run.empty(), firing.state == FiringState::skipped);
  }
  return out;
}

TEST(SchedulePlan, FiresATimeThatHasCome) {
  const Plan made = plan(hourly(), at(60min));
  EXPECT_THAT(told(made), ElementsAre("60 queued"));
  EXPECT_EQ(made.handled_until, at(60min));
  EXPECT_EQ(made.wake, at(120min));
}

TEST(SchedulePlan, EntersNothingBeforeTheTime) {
  const Plan made = plan(hourly(), at(60min) - 1ms);
  EXPECT_THAT(told(made), IsEmpty());
  EXPECT_EQ(made.handled_until, at(0min));
  EXPECT_EQ(made.wake, at(60min));
}

TEST(SchedulePlan, TakesATimeForMissedOnlyWhenItIsMoreThanAMinuteLate) {
  EXPECT_THAT(told(plan(hourly(Missed::skip), at(61min))), ElementsAre("60 queued"));
  EXPECT_THAT(told(plan(hourly(Missed::skip), at(61min) + 1ms)), ElementsAre("60 skipped"));
}

struct MissedCase {
  Missed missed;
  std::chrono::minutes now;
  std::vector<std::string> wanted;
};
TEST(SchedulePlan, HandlesMissedTimesAsTheRuleSays) {
  const std::vector<MissedCase> cases = {
      {Missed::skip, 190min, {"180 skipped"}},
      {Missed::once, 190min, {"180 queued"}},
      {Missed::all, 190min, {"60 queued", "120 queued", "180 queued"}},
      // One that is due just now, besides.
      {Missed::skip, 180min, {"120 skipped", "180 queued"}},
      {Missed::once, 180min, {"120 skipped", "180 queued"}},
      {Missed::all, 240min, {"60 queued", "120 queued", "180 queued", "240 skipped"}},  // an overlap with what is caught up with
  };
  for (const MissedCase& one : cases) {
    const Plan made = plan(hourly(one.missed), at(one.now));
    EXPECT_EQ(told(made), one.wanted) << to_string(one.missed) << " " << one.now.count();
    EXPECT_EQ(made.handled_until, at(one.now / 60min * 60min));
  }
}

TEST(SchedulePlan, SaysHowManyTimesWereMissed) {
  EXPECT_THAT(plan(hourly(Missed::skip), at(190min)).firings.at(0).reason, HasSubstr("3 times, 2026-11-02T01:00Z to 2026-11-02T03:00Z"));
  EXPECT_THAT(plan(hourly(Missed::once), at(130min)).firings.at(0).reason, HasSubstr("stands for 2 times"));
}

TEST(SchedulePlan, CatchesUpWithTheLatestOnlyUpToTheLimit) {
  Schedule schedule = hourly(Missed::all);
  schedule.max_catch_up = 2;
  const Plan made = plan(schedule, at(310min));
  EXPECT_THAT(told(made), ElementsAre("180 skipped", "240 queued", "300 queued"));
  EXPECT_THAT(made.firings[0].reason, HasSubstr("3 times"));
}

struct OverlapCase {
  Overlap overlap;
  OpenFirings open;
  std::string wanted;
};
TEST(SchedulePlan, HandlesOverlapsAsTheRuleSays) {
  const std::vector<OverlapCase> cases = {
      {Overlap::skip, {}, "60 queued"},
      {Overlap::skip, {.running = 1}, "60 skipped"},
      {Overlap::skip, {.queued = 1}, "60 skipped"},
      {Overlap::queue, {.running = 1}, "60 queued"},
      {Overlap::queue, {.queued = 2, .running = 1}, "60 queued"},
      {Overlap::queue, {.queued = 3, .running = 1}, "60 skipped"},
  };
  for (const OverlapCase& one : cases) {
    Schedule schedule = hourly(Missed::once, one.overlap);
    schedule.max_catch_up = 3;
    EXPECT_THAT(told(plan(schedule, at(60min), one.open)), ElementsAre(one.wanted));
  }
}

TEST(SchedulePlan, NamesTheFiringThatStillGoesOn) {
  const Plan made = plan(hourly(), at(120min), {.running = 1, .running_since = at(60min)});
  EXPECT_THAT(made.firings.at(0).reason, HasSubstr("2026-11-02T01:00Z"));
}

TEST(SchedulePlan, FiresNothingTwiceWhenTheClockGoesBack) {
  for (const Missed missed : {Missed::skip, Missed::once, Missed::all}) {
    Schedule schedule = hourly(missed);
    schedule.handled_until = at(180min);  // the clock had been at 3:00
    for (const auto now : {59min, 60min, 61min, 120min, 179min}) {
      const Plan made = plan(schedule, at(now));
      EXPECT_THAT(told(made), IsEmpty()) << now.count();
      EXPECT_TRUE(made.clock_is_behind);
      EXPECT_EQ(made.handled_until, at(180min));
      EXPECT_EQ(made.wake, at(240min));
    }
    EXPECT_THAT(told(plan(schedule, at(240min))), ElementsAre("240 queued"));
  }
}

TEST(SchedulePlan, TakesAClockThatGoesForwardForMissedTimes) {
  EXPECT_THAT(told(plan(hourly(Missed::once), at(60min * 24 * 30))), ElementsAre("43140 skipped", "43200 queued"));
}

// Whatever the clock does, however often it is asked: no time is entered twice, and the times only go forward.
TEST(SchedulePlan, EntersEachTimeOnceHoweverTheClockJumps) {
  Schedule schedule = hourly(Missed::all, Overlap::queue);
  std::vector<TimePoint> entered;
  const std::vector<int> jumps = {30, 40, -25, 90, 1, -200, 10, 400, -5, -5, 70, 3000, -2999, 2000, 1500};
  std::chrono::minutes now = 0min;
  for (const int jump : jumps) {
    now += std::chrono::minutes(jump);
    const Plan made = plan(schedule, at(now));
    for (const NewFiring& firing : made.firings) entered.push_back(firing.nominal);
    EXPECT_GE(made.handled_until, schedule.handled_until);
    schedule.handled_until = made.handled_until;
  }
  ASSERT_GT(entered.size(), 50u);
  for (std::size_t i = 1; i < entered.size(); ++i) EXPECT_LT(entered[i - 1], entered[i]);
}

TEST(SchedulePlan, LooksBackAYearAtMost) {
  Schedule schedule = hourly(Missed::skip);
  schedule.handled_until = at(0min) - std::chrono::days(4000);
  const Plan made = plan(schedule, at(30min));
  EXPECT_THAT(made.firings.at(0).reason, HasSubstr(std::to_string(366 * 24) + " times"));
}

TEST(SchedulePlan, HasNothingForOneThatIsPaused) {
  Schedule schedule = hourly();
  schedule.state = ScheduleState::paused;
  const Plan made = plan(schedule, at(500min));
  EXPECT_THAT(made.firings, IsEmpty());
  EXPECT_EQ(made.wake, std::nullopt);
}

Firing firing(FiringId id, ScheduleId schedule, FiringState state) {
  Firing out;
  out.id = id;
  out.schedule = schedule;
  out.state = state;
  return out;
}
std::vector<FiringId> ids(const std::vector<Firing>& firings) {
  std::vector<FiringId> out;
  for (const Firing& one : firings) out.push_back(one.id);
  return out;
}

TEST(FiringsToBegin, AreTheOldestOfEachScheduleThatIsFree) {
  const std::vector<Firing> open = {firing(1, 1, FiringState::running), firing(2, 2, FiringState::queued), firing(3, 1, FiringState::queued),
                                    firing(4, 2, FiringState::queued), firing(5, 3, FiringState::queued)};
  EXPECT_THAT(ids(firings_to_begin(open, 10)), ElementsAre(2, 5));
  EXPECT_THAT(ids(firings_to_begin(open, 1)), ElementsAre(2));
  EXPECT_THAT(ids(firings_to_begin(open, 0)), IsEmpty());
}

}  // namespace
}  // namespace deed
