#include "deed/agent/excerpt.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "deed/core/text.hpp"

namespace deed {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string log_with(const std::string& line, std::size_t at, std::size_t count = 2000) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i)
    text += i == at ? line + "\n" : "10:00 worker " + std::to_string(i) + " is idle\n";
  return text;
}

TEST(Excerpt, IsTheTextWhereThatFits) { EXPECT_EQ(excerpt("short", "what?", 5, "here"), "short"); }

TEST(Excerpt, HasTheHeadTheTailAndTheLineThatIsAskedFor) {
  const std::string text = log_with("10:31 payment service: timeout of invoice 4711", 1000);
  const std::string cut = excerpt(text, "What does the log say about the invoices' timeouts?", 1000, "the journal has it");
  EXPECT_THAT(cut, StartsWith("10:00 worker 0 is idle\n"));
  EXPECT_THAT(cut, HasSubstr("10:31 payment service: timeout of invoice 4711\n"));
  EXPECT_THAT(cut, EndsWith("worker 1999 is idle\n"));
  EXPECT_THAT(cut, HasSubstr("bytes cut; the journal has it; these lines"));
  EXPECT_LT(cut.size(), 1300U);
}

TEST(Excerpt, PrefersTheLineWithTheRarerWord) {
  std::string text;
  for (int i = 0; i < 500; ++i)
    text += i == 250 ? std::string("a zebra\n") : "the worker number " + std::to_string(i) + " is idle and well\n";
  EXPECT_THAT(excerpt(text, "which worker saw the zebra", 400, ""), HasSubstr("a zebra\n"));
}

TEST(Excerpt, KeepsTheOrderOfTheLines) {
  std::string text = log_with("alpha first", 500);
  text += log_with("alpha beta second", 500);
  const std::string cut = excerpt(text, "alpha beta", 600, "");
  EXPECT_LT(cut.find("alpha first"), cut.find("alpha beta second"));
  EXPECT_NE(cut.find("alpha beta second"), cut.npos);
}

TEST(Excerpt, SaysTheRightNumberOfBytesThatAreLeftOut) {
  const std::string text = log_with("alpha", 900);
  for (const char* wanted : {"alpha", "nothing of it"}) {
    const std::string cut = excerpt(text, wanted, 500, "");
    const std::size_t kept = text.size() - std::stoul(cut.substr(cut.find("[… ") + 5));
    EXPECT_LE(kept, 500U);
    EXPECT_GT(kept, 370U) << wanted;  // half and a quarter, and the line
  }
}

TEST(Excerpt, GivesTheHeadMoreRoomWhereNoLineIsAskedFor) {
  const std::string cut = excerpt(log_with("alpha", 500), "zzz", 800, "");
  EXPECT_GT(cut.find("[…"), 550U);
  EXPECT_THAT(cut, Not(HasSubstr("these lines")));
}

TEST(Excerpt, FindsTheMatchInOneLongLineOfJson) {
  std::string text = "[";
  for (int i = 0; i < 2000; ++i) text += "{\"id\":" + std::to_string(i) + ",\"name\":\"person\"},";
  text.insert(text.size() / 2, "{\"id\":-1,\"name\":\"Ada Lovelace\"},");
  EXPECT_THAT(excerpt(text, "Which id has Ada Lovelace?", 1000, ""), HasSubstr("Ada Lovelace"));
}

TEST(Excerpt, CutsNoCharacterOfUtf8) {
  std::string text;
  for (int i = 0; i < 3000; ++i) text += "회의록과 청구서 ";
  text += "\n";
  for (std::size_t max = 10; max < 900; max += 7) {
    const std::string cut = excerpt(text, "청구서", max, "");
    ASSERT_TRUE(is_utf8(cut)) << max;
  }
}

TEST(Excerpt, TakesMegabytesOfMatchesInLinearTime) {
  std::string text;
  while (text.size() < (8u << 20)) text += "alpha beta gamma delta\n";
  EXPECT_LT(excerpt(text, "alpha beta gamma delta", 16384, "").size(), 17000U);
}

}  // namespace
}  // namespace deed
