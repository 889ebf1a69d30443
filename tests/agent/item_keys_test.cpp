#include "deed/agent/task/item_keys.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace deed {
namespace {

TEST(ItemKeys, KnowEveryNameOnce) {
  ItemKeys keys;
  std::set<std::string> plain;
  for (int i = 0; i < 20'000; ++i) {
    const std::string name = "item " + std::to_string(i * 7 % 9'001);
    EXPECT_EQ(keys.insert(name), plain.insert(name).second);
  }
  EXPECT_EQ(keys.size(), plain.size());
  for (int i = 0; i < 20'000; ++i) {
    const std::string name = "item " + std::to_string(i);
    EXPECT_EQ(keys.contains(name), plain.contains(name));
  }
}

TEST(ItemKeys, HoldNothingAtFirst) {
  const ItemKeys keys;
  EXPECT_FALSE(keys.contains(""));
  EXPECT_EQ(keys.size(), 0u);
}

}  // namespace
}  // namespace deed
