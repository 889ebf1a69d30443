#include "deed/core/shared_list.hpp"

#include <gtest/gtest.h>

#include <string>

namespace deed {
namespace {

using Words = SharedList<std::string>;

TEST(SharedList, ReadsLikeAVector) {
  Words words = {"a", "b"};
  words.push_back("c");
  EXPECT_EQ(words.size(), 3u);
  EXPECT_EQ(words.front() + words[1] + words.back(), "abc");
  std::string all;
  for (const std::string& word : words) all += word;
  EXPECT_EQ(all, "abc");
  EXPECT_TRUE(Words().empty());
}

TEST(SharedList, ACopyKeepsItsElementsWhenTheOtherChanges) {
  Words words = {"a", "b"};
  const Words copy = words;
  words.replace(0, "changed");
  words.push_back("c");
  EXPECT_EQ(copy, (Words{"a", "b"}));
  EXPECT_EQ(words, (Words{"changed", "b", "c"}));
}

TEST(SharedList, TheSharedHeadIsWhatIsTheSameObject) {
  Words words = {"a", "b", "c"};
  Words longer = words;
  longer.push_back("d");
  EXPECT_EQ(words.shared_head(longer), 3u);
  EXPECT_EQ(longer.shared_head(words), 3u);
  longer.replace(1, "b");
  EXPECT_EQ(words.shared_head(longer), 1u) << "equal is not the same";
  EXPECT_EQ(words.shared_head(Words{"a", "b", "c"}), 0u);
  EXPECT_EQ(Words().shared_head(words), 0u);
}

TEST(SharedList, SharesAnElementOfAnotherListAndIsCut) {
  const Words words = {"a", "b", "c"};
  Words some;
  some.share(words, 2);
  some.share(words, 0);
  EXPECT_EQ(some, (Words{"c", "a"}));
  EXPECT_EQ(&some[0], &words[2]);
  some.cut(1);
  EXPECT_EQ(some, (Words{"c"}));
  some.cut(9);
  EXPECT_EQ(some.size(), 1u);
}

}  // namespace
}  // namespace deed
