#include "deed/core/time_text.hpp"

#include <random>

#include "deed/tests/fakes/matchers.hpp"

namespace deed {
namespace {

std::string read(std::string_view text) {
  const auto time = parse_iso8601(text);
  return time ? to_iso8601(*time) : to_string(time.error());
}

TEST(TimeText, ReadsOffsetsAndFractions) {
  EXPECT_EQ(read("2026-11-24T21:35:38Z"), "2026-11-24T21:35:38.000Z");
  EXPECT_EQ(read("2026-11-24t21:35:38.5z"), "2026-11-24T21:35:38.500Z");
  EXPECT_EQ(read("2026-11-24T21:35:38.1239999Z"), "2026-11-24T21:35:38.123Z");
  EXPECT_EQ(read("2026-01-01T00:30:00+01:00"), "2025-12-31T23:30:00.000Z");
  EXPECT_EQ(read("2026-12-31T23:30:00-00:45"), "2027-01-01T00:15:00.000Z");
  EXPECT_EQ(read("2016-12-31T23:59:60Z"), "2017-01-01T00:00:00.000Z");
  EXPECT_EQ(read("0001-01-01T00:00:00Z"), "0001-01-01T00:00:00.000Z");
}

TEST(TimeText, ReadsWhatIsWritten) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 1000; ++i) {
    const TimePoint time{std::chrono::milliseconds(static_cast<std::int64_t>(random() % 250'000'000'000'000ull))};
    EXPECT_EQ(read(to_iso8601(time)), to_iso8601(time));
  }
}

TEST(TimeText, RefusesWhatIsNoTime) {
  for (const char* text : {"", "2026-11-24", "2026-11-24T21:35:38", "2026-02-30T00:00:00Z", "2026-11-24T24:00:00Z", "2026-11-24 21:35:38Z", "2026-11-24T21:35:38.Z", "2026-11-24T21:35:38+1:00", "2026-11-24T12:00:60Z", "x"}) {
    EXPECT_THAT(parse_iso8601(text), IsError(ErrorKind::invalid)) << text;
  }
}

}  // namespace
}  // namespace deed
