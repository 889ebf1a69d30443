#include "deed/tests/tools/tool_doubles.hpp"
#include "deed/tools/builtin.hpp"

namespace deed {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class MemoryTools : public testing::Test {
 protected:
  FakeJournal journal_;
  Tool search_ = memory_search(journal_);
  Tool remember_ = memory_remember();
  FakeContext ctx_;
};

TEST_F(MemoryTools, RememberKeepsTheFactWithItsRunAndTheLowestTrust) {
  const Outcome out =
      run_tool(remember_, {{"key", "address.ann"}, {"value", "ann@example.org"}}, ctx_);
  EXPECT_THAT(out, Ended(OutcomeStatus::succeeded));
  ASSERT_EQ(out.facts.size(), 1u);
  EXPECT_EQ(out.facts[0].key, "address.ann");
  EXPECT_EQ(out.facts[0].value, "ann@example.org");
  EXPECT_EQ(out.facts[0].trust, Trust::untrusted);
  EXPECT_EQ(out.facts[0].run, ctx_.run());
}

TEST_F(MemoryTools, RememberWithoutAKeyGivesEveryCallItsOwn) {
  FakeContext other("call 2");
  const auto key_of = [&](const char* value, FakeContext& ctx) {
    return run_tool(remember_, {{"value", value}}, ctx).facts.at(0).key;
  };
  EXPECT_EQ(key_of("one", ctx_), key_of("one", ctx_)) << "a second attempt at the same call";
  EXPECT_NE(key_of("one", ctx_), key_of("two", other));
}

TEST_F(MemoryTools, RememberRefusesWhatTheJournalCannotKeep) {
  const std::string large(30'000, 'x');
  EXPECT_THAT(told(run_tool(remember_, {{"value", large + large + large}}, ctx_)),
              HasSubstr("too large"));
  EXPECT_THAT(told(run_tool(remember_, {{"value", "x"}, {"key", "a\nb"}}, ctx_)),
              HasSubstr("control characters"));
  EXPECT_FALSE(remember_.preview({{"value", "x"}, {"key", "a\nb"}}, ctx_));
}

TEST_F(MemoryTools, SearchFindsFactsByAQuestionThatNoFactHasAllWordsOf) {
  journal_.facts = {{.key = "colour", .value = "green", .run = {}},
                    {.key = "address.ann", .value = "ann@example.org", .run = {}},
                    {.key = "phone", .value = "the address book has it: ann 555", .run = {}}};
  const Outcome out = run_tool(search_, {{"query", "what is the address of ann?"}}, ctx_);
  EXPECT_THAT(out.text, AllOf(HasSubstr("ann@example.org"), Not(HasSubstr("green"))));
  EXPECT_EQ(out.result.at("facts").at(0).at("key"), "address.ann");
}

TEST_F(MemoryTools, SearchLeavesOutTheRunItself) {
  journal_.hits = {
      {.run = ctx_.run(), .number = 1, .kind = "run.started", .snippet = "the [request] itself"},
      {.run = "01936a7c-0000-7000-8000-000000000002",
       .number = 9,
       .kind = "effect.settled",
       .snippet = "an earlier [request]"}};
  const Outcome out = run_tool(search_, {{"query", "request"}}, ctx_);
  EXPECT_THAT(out.text, AllOf(HasSubstr("an earlier [request]"), Not(HasSubstr("itself"))));
  EXPECT_EQ(out.result["runs"].size(), 1u);
}

TEST_F(MemoryTools, SearchSaysThatNothingIsThere) {
  const Outcome out = run_tool(search_, {{"query", "anything"}}, ctx_);
  EXPECT_THAT(out, Ended(OutcomeStatus::succeeded));
  EXPECT_THAT(out.text, HasSubstr("nothing is remembered"));
}

TEST(TimeNow, TellsTheContextsTimeWithTheDayOfTheWeek) {
  const Outcome out = run_tool(time_now(), Json::object());
  EXPECT_EQ(out.result, (Json{{"utc", to_iso8601(FixedClock().now())}}));
  EXPECT_EQ(out.text, to_rfc5322(FixedClock().now()));
}

}  // namespace
}  // namespace deed
