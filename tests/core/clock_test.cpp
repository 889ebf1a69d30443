#include "deed/core/clock.hpp"

#include "deed/tests/core/unix_time.hpp"
#include "deed/tests/fakes/matchers.hpp"

#include <ctime>
#include <random>

namespace deed {
namespace {

TEST(Clock, WritesTimesInBothForms) {
  const TimePoint time = at(1'795'556'138'123);
  EXPECT_EQ(to_iso8601(time), "2026-11-24T21:35:38.123Z");
  EXPECT_EQ(to_rfc5322(time), "Tue, 24 Nov 2026 21:35:38 +0000");
  EXPECT_EQ(to_rfc5322(at(1'772'323'200'000)), "Sun, 01 Mar 2026 00:00:00 +0000")
      << "two digits for the day";
}

TEST(Clock, WritesTimesBefore1970) { EXPECT_EQ(to_iso8601(at(-1)), "1969-12-31T23:59:59.999Z"); }

TEST(Clock, AgreesWithTheCLibraryOnAnyDay) {
  std::mt19937_64 random(9);
  for (int i = 0; i < 5'000; ++i) {
    const std::time_t seconds = static_cast<std::time_t>(random() % 8'000'000'000u);
    std::tm parts{};
    ASSERT_NE(gmtime_r(&seconds, &parts), nullptr);
    char iso[64], mail[64];
    std::strftime(iso, sizeof iso, "%Y-%m-%dT%H:%M:%S.000Z", &parts);
    std::strftime(mail, sizeof mail, "%a, %d %b %Y %H:%M:%S +0000", &parts);
    ASSERT_EQ(to_iso8601(at(seconds * 1000)), iso);
    ASSERT_EQ(to_rfc5322(at(seconds * 1000)), mail);
  }
}

TEST(Clock, SystemClockIsNotBehindTheTimeBeforeItWasAsked) {
  const auto before =
      std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  EXPECT_GE(system_clock().now(), before);
}

}  // namespace
}  // namespace deed
