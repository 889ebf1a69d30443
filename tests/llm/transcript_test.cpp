#include "deed/llm/transcript.hpp"

#include "deed/tests/llm/messages.hpp"

#include <gtest/gtest.h>

namespace deed {
namespace {

Message calls(std::vector<ToolCall> made, std::string text = "") {
  return {.role = Role::assistant, .text = std::move(text), .tool_calls = std::move(made)};
}
Message result_of(std::string id, std::string text) { return result(std::move(id), {}, std::move(text)); }

TEST(Transcript, ThatIsRightIsSharedAsItIs) {
  const Transcript right = {user("a"), calls({{"1", "x"}, {"2", "y"}}), result_of("1", "r"), result_of("2", "s"), calls({}, "done")};
  const Transcript out = mended(right);
  EXPECT_EQ(out.size(), right.size());
  EXPECT_EQ(out.shared_head(right), right.size());
}

TEST(Transcript, SaysOfACallWithoutAResultThatThereIsNone) {
  const Transcript out = mended({user("a"), calls({{"1", "x"}, {"2", "y"}}), result_of("2", "s"), user("b")});
  ASSERT_EQ(out.size(), 5u);
  EXPECT_EQ(out[2].tool_call_id, "1");
  EXPECT_TRUE(out[2].is_error);
  EXPECT_EQ(out[2].tool_name, "x");
  EXPECT_EQ(out[3].text, "s");
}

TEST(Transcript, PutsResultsIntoTheOrderOfTheCalls) {
  const Transcript out = mended({user("a"), calls({{"1", "x"}, {"2", "y"}}), result_of("2", "s"), result_of("1", "r")});
  ASSERT_EQ(out.size(), 4u);
  EXPECT_EQ(out[2].text, "r");
  EXPECT_EQ(out[3].text, "s");
}

TEST(Transcript, RenamesIdsThatComeTwiceTogetherWithTheirResults) {
  const Transcript out = mended({user("a"), calls({{"1", "x"}, {"1", "y"}}), result_of("1", "r"), result_of("1", "s"), calls({{"1", "z"}}),
                                 result_of("1", "t")});
  ASSERT_EQ(out.size(), 6u);
  EXPECT_EQ(out[1].tool_calls[0].id, "1");
  EXPECT_EQ(out[1].tool_calls[1].id, "1_2");
  EXPECT_EQ(out[2].text, "r");
  EXPECT_EQ(out[3].tool_call_id, "1_2");
  EXPECT_EQ(out[3].text, "s");
  EXPECT_EQ(out[5].tool_call_id, out[4].tool_calls[0].id);
  EXPECT_EQ(out[4].tool_calls[0].id, "1_3");
}

TEST(Transcript, LeavesOutResultsOfNoCallAndEmptyReplies) {
  const Transcript out = mended({result_of("9", "r"), user("a"), result_of("8", "q"), calls({}), calls({{"1", "x"}}), result_of("1", "r"),
                                 result_of("1", "again"), result_of("7", "p")});
  ASSERT_EQ(out.size(), 3u);
  EXPECT_EQ(out[0].text, "a");
  EXPECT_EQ(out[2].text, "r");
}

TEST(Transcript, LetsAUserSpeakFirst) {
  const Transcript out = mended({calls({}, "hello")});
  ASSERT_EQ(out.size(), 2u);
  EXPECT_EQ(out[0].role, Role::user);
}

}  // namespace
}  // namespace deed
