// Cron lines: what each field takes, what is refused and how, and the times in zones whose clocks change.
#include <random>

#include "deed/core/cron.hpp"
#include "deed/tests/core/walked_cron.hpp"
#include "deed/tests/fakes/matchers.hpp"

namespace deed {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

TimePoint utc(int year, unsigned month, unsigned day, int hour = 0, int minute = 0) {
  return std::chrono::sys_days(std::chrono::year(year) / month / day) + std::chrono::hours(hour) + std::chrono::minutes(minute);
}
Cron cron(const char* line) {
  auto parsed = parse_cron(line);
  EXPECT_OK(parsed) << line;
  return parsed ? *parsed : Cron{};
}
std::vector<std::string> times(const char* line, const TimeZone& zone, TimePoint after, std::size_t count) {
  std::vector<std::string> out;
  const Cron parsed = cron(line);
  while (out.size() < count) {
    const auto next = next_after(parsed, zone, after);
    if (!next) break;
    after = *next;
    out.push_back(to_iso8601(after).substr(0, 16));
  }
  return out;
}
using Times = std::vector<std::string>;

TEST(CronLine, TakesTheEdgesOfEachField) {
  EXPECT_EQ(cron("0,59 0,23 1,31 1,12 0,6").minutes, (1ull << 0) | (1ull << 59));
  EXPECT_EQ(cron("0,59 0,23 1,31 1,12 0,6").hours, (1u << 0) | (1u << 23));
  EXPECT_EQ(cron("0,59 0,23 1,31 1,12 0,6").days, (1u << 1) | (1u << 31));
  EXPECT_EQ(cron("0,59 0,23 1,31 1,12 0,6").months, (1u << 1) | (1u << 12));
  EXPECT_EQ(cron("0,59 0,23 1,31 1,12 0,6").weekdays, (1u << 0) | (1u << 6));
}

TEST(CronLine, RefusesWhatLiesOutsideOfEachFieldAndNamesIt) {
  EXPECT_THAT(parse_cron("60 * * * *"), IsError(ErrorKind::invalid, HasSubstr("minute")));
  EXPECT_THAT(parse_cron("* 24 * * *"), IsError(ErrorKind::invalid, HasSubstr("hour of the cron line: 24 is not in 0-23 (character 3")));
  EXPECT_THAT(parse_cron("* * 0 * *"), IsError(ErrorKind::invalid, HasSubstr("day of month")));
  EXPECT_THAT(parse_cron("* * 32 * *"), IsError(ErrorKind::invalid, HasSubstr("1-31")));
  EXPECT_THAT(parse_cron("* * * 0 *"), IsError(ErrorKind::invalid, HasSubstr("month")));
  EXPECT_THAT(parse_cron("* * * 13 *"), IsError(ErrorKind::invalid, HasSubstr("1-12")));
  EXPECT_THAT(parse_cron("* * * * 8"), IsError(ErrorKind::invalid, HasSubstr("day of week")));
}

TEST(CronLine, TakesSevenAsSundayAloneInAListAndAtTheEndOfARange) {
  EXPECT_EQ(cron("* * * * 7").weekdays, 1);
  EXPECT_EQ(cron("* * * * 3,7").weekdays, (1 << 0) | (1 << 3));
  EXPECT_EQ(cron("* * * * 5-7").weekdays, (1 << 5) | (1 << 6) | (1 << 0));
  EXPECT_EQ(cron("* * * * 1-7/3").weekdays, (1 << 1) | (1 << 4) | (1 << 0));
  EXPECT_EQ(cron("* * * * 0-7").weekdays, 0x7F);
}

TEST(CronLine, TakesNamesInAnyCaseAndInRanges) {
  EXPECT_EQ(cron("0 9 * jan-Mar MON-fri").weekdays, 0b0111110);
  EXPECT_EQ(cron("0 9 * jan-Mar MON-fri").months, 0b1110);
  EXPECT_EQ(cron("0 9 * * SUN").weekdays, 1);
}

TEST(CronLine, TakesStepsOverAllOverARangeAndFromAValueOn) {
  EXPECT_EQ(cron("*/20 * * * *").minutes, (1ull << 0) | (1ull << 20) | (1ull << 40));
  EXPECT_EQ(cron("10-20/5 * * * *").minutes, (1ull << 10) | (1ull << 15) | (1ull << 20));
  EXPECT_EQ(cron("50/4 * * * *").minutes, (1ull << 50) | (1ull << 54) | (1ull << 58));
}

TEST(CronLine, TakesRangesThatGoAroundTheEnd) {
  EXPECT_EQ(cron("0 22-2 * * *").hours, (1u << 22) | (1u << 23) | 0b111);
  EXPECT_EQ(cron("0 0 * NOV-FEB *").months, (1u << 11) | (1u << 12) | 0b110);
  EXPECT_EQ(cron("0 0 * * FRI-MON").weekdays, (1 << 5) | (1 << 6) | 0b11);
}

TEST(CronLine, TakesShorthands) {
  EXPECT_EQ(cron("@daily").hours, cron("0 0 * * *").hours);
  EXPECT_EQ(cron("@Weekly").weekdays, 1);
  EXPECT_EQ(cron("@yearly").months, 2);
  EXPECT_EQ(cron(" @hourly ").line, "@hourly");
  EXPECT_THAT(parse_cron("@reboot"), IsError(ErrorKind::invalid, HasSubstr("systemd")));
  EXPECT_THAT(parse_cron("@often"), IsError(ErrorKind::invalid, HasSubstr("@daily")));
}

TEST(CronLine, SaysWhatToWriteInstead) {
  EXPECT_THAT(parse_cron("0 9 * * MONDAY"), IsError(ErrorKind::invalid, HasSubstr("three letters: mon")));
  EXPECT_THAT(parse_cron("0 9 * * FOO"), IsError(ErrorKind::invalid, HasSubstr("character 9")));
  EXPECT_THAT(parse_cron("*/90 * * * *"), IsError(ErrorKind::invalid, HasSubstr("goes past the end")));
  EXPECT_THAT(parse_cron("*/0 * * * *"), IsError(ErrorKind::invalid, HasSubstr("step of 0")));
  EXPECT_THAT(parse_cron("5-5 * * * *"), IsError(ErrorKind::invalid, HasSubstr("write 5 or *")));
  EXPECT_THAT(parse_cron("0 22-4/2 * * *"), IsError(ErrorKind::invalid, HasSubstr("list")));
  EXPECT_THAT(parse_cron("0 0 * * 5#2"), IsError(ErrorKind::invalid, HasSubstr("character 10")));
  EXPECT_THAT(parse_cron("0 0 15W * *"), IsError(ErrorKind::invalid, HasSubstr("'W'")));
  EXPECT_THAT(parse_cron("0 0 0 1 1 *"), IsError(ErrorKind::invalid, HasSubstr("seconds")));
  EXPECT_THAT(parse_cron("0 0 * *"), IsError(ErrorKind::invalid, HasSubstr("has 4")));
  EXPECT_THAT(parse_cron(""), IsError(ErrorKind::invalid, HasSubstr("has 0")));
  EXPECT_THAT(parse_cron("1,,2 * * * *"), IsError(ErrorKind::invalid, HasSubstr("','")));
  EXPECT_THAT(parse_cron("1, * * * *"), IsError(ErrorKind::invalid, HasSubstr("missing")));
  EXPECT_THAT(parse_cron("-1 * * * *"), IsError(ErrorKind::invalid, HasSubstr("'-' is no value")));
  EXPECT_THAT(parse_cron("1-2-3 * * * *"), IsError(ErrorKind::invalid, HasSubstr("does not belong")));
  EXPECT_THAT(parse_cron("99999999999 * * * *"), IsError(ErrorKind::invalid, HasSubstr("4 digits")));
  EXPECT_THAT(parse_cron("* * * * *\n* * * * *"), IsError(ErrorKind::invalid, HasSubstr("line break")));
  EXPECT_THAT(parse_cron(std::string(300, '*')), IsError(ErrorKind::invalid, HasSubstr("256 bytes")));
}

TEST(CronLine, RefusesALineThatNeverFires) {
  EXPECT_THAT(parse_cron("0 0 30 2 *"), IsError(ErrorKind::invalid, HasSubstr("never fires")));
  EXPECT_THAT(parse_cron("0 0 31 4,6,9,11 *"), IsError(ErrorKind::invalid, HasSubstr("at most 30 days")));
  EXPECT_OK(parse_cron("0 0 30 2 MON")) << "either of the two is enough: Mondays";
  EXPECT_OK(parse_cron("0 0 29 2 *"));
  EXPECT_OK(parse_cron("0 0 30,L 2 *"));
}

// Every prefix and every change of one byte is taken or refused, and nothing else.
TEST(CronLine, SurvivesAnyBytes) {
  const std::string line = "*/5,10-20/3 0-23 L,1-15 JAN-MAR/2 MON-7,?";
  for (std::size_t at = 0; at <= line.size(); ++at) {
    (void)parse_cron(line.substr(0, at));
    for (int byte = 0; byte < 256; ++byte) {
      std::string other = line;
      if (at < other.size()) other[at] = static_cast<char>(byte);
      const auto parsed = parse_cron(other);
      EXPECT_TRUE(!parsed || next_match(*parsed, LocalMinute(0min))) << other;
    }
  }
}

TEST(CronDays, AreThoseOfEitherFieldIfBothAreRestricted) {
  const ZoneOfSpans zone;
  EXPECT_EQ(times("0 0 13 * FRI", zone, utc(2026, 2, 12, 1), 3), (Times{"2026-02-13T00:00", "2026-02-20T00:00", "2026-02-27T00:00"}));
  EXPECT_EQ(times("0 0 13 * *", zone, utc(2026, 2, 12, 1), 2), (Times{"2026-02-13T00:00", "2026-03-13T00:00"}));
  EXPECT_EQ(times("0 0 ? * FRI", zone, utc(2026, 2, 12, 1), 2), (Times{"2026-02-13T00:00", "2026-02-20T00:00"}));
  // A step restricts, even over all.
  EXPECT_EQ(times("0 0 */20 * FRI", zone, utc(2026, 2, 12, 1), 3), (Times{"2026-02-13T00:00", "2026-02-20T00:00", "2026-02-21T00:00"}));
}

TEST(CronDays, KnowTheLastOfTheMonthAndLeapYears) {
  const ZoneOfSpans zone;
  EXPECT_EQ(times("0 0 L * *", zone, utc(2028, 1, 31), 3), (Times{"2028-02-29T00:00", "2028-03-31T00:00", "2028-04-30T00:00"}));
  EXPECT_EQ(times("0 0 29 2 *", zone, utc(2026, 1, 1), 2), (Times{"2028-02-29T00:00", "2032-02-29T00:00"}));
  EXPECT_EQ(times("0 0 29 2 *", zone, utc(2096, 2, 29), 1), (Times{"2104-02-29T00:00"})) << "2100 is no leap year";
  EXPECT_EQ(times("59 23 31 12 *", zone, utc(2026, 12, 31, 23, 59), 1), (Times{"2027-12-31T23:59"}));
}

// A clock that goes an hour forward at 01:00 UTC on the 29th of March, from 02:00 to 03:00, and back on the 25th of October.
const ZoneOfSpans berlin({{utc(2026, 3, 29, 1), 1h, 2h}, {utc(2026, 10, 25, 1), 2h, 1h}});

TEST(CronDaylightSaving, FiresATimeThatDoesNotExistAtTheEndOfTheGap) {
  EXPECT_EQ(times("30 2 * * *", berlin, utc(2026, 3, 28), 3), (Times{"2026-03-28T01:30", "2026-03-29T01:00", "2026-03-30T00:30"}));
  EXPECT_EQ(times("*/20 2 * * *", berlin, utc(2026, 3, 29), 2), (Times{"2026-03-29T01:00", "2026-03-30T00:00"})) << "three times that do not exist, one firing";
  EXPECT_EQ(times("0 2,3 * * *", berlin, utc(2026, 3, 29), 2), (Times{"2026-03-29T01:00", "2026-03-30T00:00"})) << "the end of the gap is a time of its own";
}

TEST(CronDaylightSaving, LeavesOutATimeThatDoesNotExistIfEveryHourIsNamed) {
  EXPECT_EQ(times("30 * * * *", berlin, utc(2026, 3, 28, 23, 45), 3), (Times{"2026-03-29T00:30", "2026-03-29T01:30", "2026-03-29T02:30"}));
}

TEST(CronDaylightSaving, FiresATimeThatShowsTwiceTheFirstTimeOnly) {
  EXPECT_EQ(times("30 2 * * *", berlin, utc(2026, 10, 24, 12), 2), (Times{"2026-10-25T00:30", "2026-10-26T01:30"}));
  // Also when asked between the two.
  EXPECT_EQ(times("30 2 * * *", berlin, utc(2026, 10, 25, 1, 10), 1), (Times{"2026-10-26T01:30"}));
  EXPECT_EQ(times("0 3 * * *", berlin, utc(2026, 10, 25, 0), 1), (Times{"2026-10-25T02:00"}));
}

TEST(CronDaylightSaving, FollowsRealTimeIfEveryHourIsNamed) {
  EXPECT_EQ(times("30 * * * *", berlin, utc(2026, 10, 25, 0), 3), (Times{"2026-10-25T00:30", "2026-10-25T01:30", "2026-10-25T02:30"}));
}

TEST(CronDaylightSaving, KnowsChangesOfHalfAnHourAndOfADay) {
  // Lord Howe, April: 02:00 +11 becomes 01:30 +10:30.
  const ZoneOfSpans howe({{utc(2026, 4, 4, 15), 11h, 10h + 30min}});
  EXPECT_EQ(times("45 1 * * *", howe, utc(2026, 4, 4, 12), 2), (Times{"2026-04-04T14:45", "2026-04-05T15:15"}));
  EXPECT_EQ(times("*/15 * * * *", howe, utc(2026, 4, 4, 14, 30), 4),
            (Times{"2026-04-04T14:45", "2026-04-04T15:00", "2026-04-04T15:15", "2026-04-04T15:30"}));
  // Apia had no 30th of December 2011.
  const ZoneOfSpans apia({{utc(2011, 12, 30, 10), -10h, 14h}});
  EXPECT_EQ(times("0 9 * * *", apia, utc(2011, 12, 28, 20), 3), (Times{"2011-12-29T19:00", "2011-12-30T10:00", "2011-12-30T19:00"}));
  EXPECT_EQ(times("0 * 30 12 *", apia, utc(2011, 12, 28), 1), (Times{"2012-12-29T10:00"}));
}

TEST(CronDaylightSaving, KnowsZonesThatNeverChange) {
  const ZoneOfSpans kolkata({}, 5h + 30min);
  EXPECT_EQ(times("0 9 * * MON", kolkata, utc(2026, 11, 28), 1), (Times{"2026-11-30T03:30"}));
}

// The second implementation: it walks through real time minute by minute and looks at the clock on the wall.
TEST(CronDaylightSaving, AgreesWithAWalkThroughEveryMinute) {
  std::mt19937 random(7);
  const auto one_of = [&](std::vector<const char*> all) { return std::string(all[random() % all.size()]); };
  const std::vector<std::chrono::seconds> offsets = {-10h, -3h - 30min, 0s, 1h, 2h, 5h + 45min, 11h, 14h};
  const std::vector<std::chrono::seconds> changes = {-24h, -2h, -1h, -30min, 30min, 1h, 2h, 24h};
  int fired = 0;
  for (int round = 0; round < 400; ++round) {
    const TimePoint change = utc(2026, 3, 29) + std::chrono::minutes(30 * (random() % 48));
    const auto before = offsets[random() % offsets.size()], step = changes[random() % changes.size()];
    const ZoneOfSpans zone({{change, before, before + step}, {change + std::chrono::hours(96), before + step, before}});
    const std::string line = one_of({"*", "*/15", "30", "0,45", "7-9"}) + " " + one_of({"*", "*/2", "0-3", "2", "1,2,3", "0-23", "23"}) + " " +
                             one_of({"*", "28,29", "L", "*/2", "1-31"}) + " * " + one_of({"*", "SUN", "1-5", "0-6"});
    const auto parsed = parse_cron(line);
    ASSERT_OK(parsed);
    const TimePoint begin = change - std::chrono::minutes(random() % 3000), end = change + std::chrono::hours(168);
    std::vector<std::string> ours;
    for (auto at = next_after(*parsed, zone, begin); at && *at < end; at = next_after(*parsed, zone, *at)) ours.push_back(to_iso8601(*at));
    std::vector<std::string> walked;
    for (const TimePoint time : walked_times(*parsed, zone, begin, end)) walked.push_back(to_iso8601(time));
    EXPECT_EQ(ours, walked) << line << " change " << to_iso8601(change) << " from " << before.count() << " by " << step.count();
    fired += static_cast<int>(ours.size());
  }
  EXPECT_GT(fired, 10'000);
}

}  // namespace
}  // namespace deed
