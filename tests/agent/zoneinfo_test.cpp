// The system's time zones.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "deed/agent/schedule/zoneinfo.hpp"
#include "deed/core/cron.hpp"
#include "deed/tests/fakes/matchers.hpp"

namespace deed {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

TimePoint utc(int year, unsigned month, unsigned day, int hour = 0, int minute = 0) {
  return std::chrono::sys_days(std::chrono::year(year) / month / day) + std::chrono::hours(hour) + std::chrono::minutes(minute);
}
std::unique_ptr<TimeZone> zone(const char* name) {
  auto loaded = load_time_zone(name);
  EXPECT_OK(loaded);
  return std::move(loaded).value();
}

TEST(ZoneInfo, TellsTheSpanOfAnOffsetToTheInstantOfItsChange) {
  const auto berlin = zone("Europe/Berlin");
  const OffsetSpan summer{utc(2026, 3, 29, 1), utc(2026, 10, 25, 1), 2h};
  EXPECT_EQ(berlin->span_at(summer.begin), summer);
  EXPECT_EQ(berlin->span_at(utc(2026, 7, 1)), summer);
  EXPECT_EQ(berlin->span_at(summer.end - 1ms), summer);
  EXPECT_EQ(berlin->span_at(summer.begin - 1ms).offset, 1h);
  EXPECT_EQ(berlin->span_at(summer.end).offset, 1h);
  EXPECT_EQ(berlin->span_at(summer.end).begin, summer.end);
}

// The file stores changes until 2037; behind them stands a rule.
TEST(ZoneInfo, KnowsChangesThatAreFarAhead) {
  EXPECT_EQ(zone("Europe/Berlin")->span_at(utc(2060, 7, 1)).offset, 2h);
  EXPECT_EQ(zone("Europe/Berlin")->span_at(utc(2060, 12, 1)).offset, 1h);
}

TEST(ZoneInfo, KnowsOddChanges) {
  const OffsetSpan howe = zone("Australia/Lord_Howe")->span_at(utc(2026, 4, 4, 15));
  EXPECT_EQ(howe.begin, utc(2026, 4, 4, 15));
  EXPECT_EQ(howe.offset, 10h + 30min);
  const OffsetSpan apia = zone("Pacific/Apia")->span_at(utc(2011, 12, 30, 10));
  EXPECT_EQ(apia.begin, utc(2011, 12, 30, 10));
  EXPECT_EQ(apia.offset, 14h);
  EXPECT_EQ(zone("Asia/Kolkata")->span_at(utc(2026, 1, 1)).offset, 5h + 30min);
  EXPECT_EQ(zone("UTC")->span_at(utc(2026, 1, 1)), OffsetSpan{});
}

TEST(ZoneInfo, TakesNamesOnly) {
  for (const char* name : {"", "Europe/Bonn", "/etc/localtime", "/usr/share/zoneinfo/UTC", "../UTC", "libc:localtime", "Fixed/UTC+01:00:00", "Europe/Berlin\n"})
    EXPECT_THAT(load_time_zone(name), IsError(ErrorKind::invalid, HasSubstr("no such time zone"))) << name;
}

TEST(ZoneInfo, PrintsATimeAsItsClocksShowIt) {
  EXPECT_EQ(to_local_iso8601(utc(2026, 3, 29, 1), *zone("Europe/Berlin")), "2026-03-29T03:00:00+02:00");
  EXPECT_EQ(to_local_iso8601(utc(2026, 3, 29, 1), *zone("America/St_Johns")), "2026-03-28T22:30:00-02:30");
  EXPECT_OK(load_time_zone(local_time_zone_name()));
}

}  // namespace
}  // namespace deed
