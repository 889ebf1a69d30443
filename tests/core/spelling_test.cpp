#include "deed/core/spelling.hpp"

#include <array>

#include <gtest/gtest.h>

namespace deed {
namespace {

// By its definition, without a table: the naive one is the oracle.
std::size_t naive(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return a.size() + b.size();
  if (a[0] == b[0]) return naive(a.substr(1), b.substr(1));
  return 1 + std::min({naive(a.substr(1), b), naive(a, b.substr(1)), naive(a.substr(1), b.substr(1))});
}

TEST(Spelling, DistanceIsThatOfItsDefinitionForAllShortWords) {
  std::vector<std::string> words = {""};
  for (std::size_t i = 0; i < words.size() && words[i].size() < 4; ++i) {
    for (const char c : {'a', 'b'}) words.push_back(words[i] + c);
  }
  for (const std::string& a : words) {
    for (const std::string& b : words) EXPECT_EQ(edit_distance(a, b), naive(a, b)) << a << " " << b;
  }
}

TEST(Spelling, SuggestsOnlyWhatIsNear) {
  constexpr std::array<std::string_view, 4> names = {"tool", "timeout", "with", "on_unknown"};
  EXPECT_EQ(nearest_name("tol", names), "tool");
  EXPECT_EQ(nearest_name("Timeuot", names), "timeout");
  EXPECT_EQ(nearest_name("onunknown", names), "on_unknown");
  EXPECT_EQ(nearest_name("schedule", names), std::nullopt);
  EXPECT_EQ(nearest_name("x", names), std::nullopt);
  EXPECT_EQ(nearest_name("", names), std::nullopt);
  EXPECT_EQ(nearest_name(std::string(129, 'w'), names), std::nullopt);
}

}  // namespace
}  // namespace deed
