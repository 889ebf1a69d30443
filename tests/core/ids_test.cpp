#include "deed/core/ids.hpp"

#include "deed/tests/core/unix_time.hpp"
#include "deed/tests/fakes/matchers.hpp"

#include <set>

namespace deed {
namespace {

TEST(RunIds, AreUuidsOfVersion7WithTheTimeInFront) {
  // The time of the example in RFC 9562, appendix A.6.
  const RunId id = make_run_id(at(0x017F22E279B0));
  EXPECT_THAT(id, testing::MatchesRegex("017f22e2-79b0-7[0-9a-f]+-[89ab][0-9a-f]+-[0-9a-f]+"));
  EXPECT_TRUE(is_run_id(id));
}

TEST(RunIds, SortByTime) {
  RunId before;
  for (const std::int64_t time : {0LL, 1LL, 255LL, 256LL, 0x10000LL, 1'700'000'000'000LL,
                                  1'700'000'000'001LL, 0xFFFFFFFFFFFFLL}) {
    const RunId id = make_run_id(at(time));
    EXPECT_LT(before, id);
    before = id;
  }
}

TEST(RunIds, DifferInTheSameMillisecond) {
  std::set<RunId> ids;
  for (int i = 0; i < 1000; ++i) ids.insert(make_run_id(at(1)));
  EXPECT_EQ(ids.size(), 1000u);
}

TEST(RunIds, RefusesWhatHasNotTheirForm) {
  const RunId id = make_run_id(at(1));
  for (std::size_t i = 0; i < id.size(); ++i) {
    for (const char c : {'g', 'A', ' ', '/', '-', '0', '\0'}) {
      RunId other = id;
      other[i] = c;
      const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
      EXPECT_EQ(is_run_id(other), dash ? c == '-' : c == '0') << other;
    }
  }
  EXPECT_FALSE(is_run_id(""));
  EXPECT_FALSE(is_run_id(id + "0"));
  EXPECT_FALSE(is_run_id(id.substr(1)));
}

}  // namespace
}  // namespace deed
