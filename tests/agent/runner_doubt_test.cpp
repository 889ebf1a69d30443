// Approvals, and outcomes that nobody knows.
#include "deed/tests/agent/runner_fixture.hpp"

#include <algorithm>

namespace deed {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(RunnerTest, PausesForApprovalWhenNobodyIsThere) {
  script({calls("act", "b"), says("done")});
  const RunReport report = start("do b");
  EXPECT_EQ(report.status, RunStatus::paused);
  EXPECT_EQ(report.waiting_call, "call_1_1");
  EXPECT_THAT(report.hint, HasSubstr("deed approve"));
  EXPECT_TRUE(world_.done.empty());
}

TEST_F(RunnerTest, AnApprovalGivenLaterFinishesTheRunWithoutAskingTheModelAgain) {
  script({calls("act", "b"), says("done")});
  const RunReport paused = start("do b");
  open();  // as another process would
  Runner other({*journal_, model_, tools_, system_clock(), answers_, observer_, policy_});
  const auto report = run_async(io_, other.decide_approval(paused.run, {true, ""}, "test"));
  ASSERT_OK(report);
  EXPECT_EQ(report->status, RunStatus::done);
  EXPECT_THAT(world_.done, ElementsAre("b"));
  EXPECT_EQ(model_.requests.size(), 2u);
}

TEST_F(RunnerTest, ADenialIsToldToTheModelAndNothingHappens) {
  script({calls("act", "b"), says("as you wish")});
  const RunReport paused = start("do b");
  Runner other({*journal_, model_, tools_, system_clock(), answers_, observer_, policy_});
  const auto report = run_async(io_, other.decide_approval(paused.run, {false, "not today"}, "test"));
  ASSERT_OK(report);
  EXPECT_EQ(report->status, RunStatus::done);
  EXPECT_TRUE(world_.done.empty());
  EXPECT_THAT(model_.requests.back().messages.back().text, HasSubstr("not today"));
}

TEST_F(RunnerTest, ShowsTheWholeEffectBeforeItAsks) {
  answers_.approval = ApprovalAnswer{true, ""};
  script({calls("act", "b"), says("done")});
  EXPECT_EQ(start("do b").status, RunStatus::done);
  ASSERT_EQ(answers_.cards.size(), 1u);
  EXPECT_EQ(answers_.cards[0].preview->bytes, "will do b");
  EXPECT_EQ(answers_.cards[0].origins[0].origin, "request");
}

TEST_F(RunnerTest, YesDoesNotApproveADestinationThatTheModelMadeUp) {
  policy_.yes = true;
  script({calls("act", "b"), calls("act", "invented"), says("done")});
  const RunReport report = start("do b");
  EXPECT_EQ(report.status, RunStatus::paused);
  EXPECT_THAT(world_.done, ElementsAre("b"));
  EXPECT_THAT(report.state.calls.at("call_2_1").policy->why, HasSubstr("made it up"));
}

TEST_F(RunnerTest, AnUnknownOutcomeStopsTheRunAndIsNotRetried) {
  world_.next = Outcome::unknown("the connection broke after the end of the message");
  script({calls("act.quiet", "b"), says("done")});
  const RunReport report = start("do b");
  EXPECT_EQ(report.status, RunStatus::unknown);
  EXPECT_THAT(report.hint, HasSubstr("deed reconcile"));
  const auto again = resume(report.run);
  ASSERT_OK(again);
  EXPECT_EQ(again->status, RunStatus::unknown);
  EXPECT_THAT(world_.done, ElementsAre("b"));
}

TEST_F(RunnerTest, TheOperatorsWordSettlesAnUnknownOutcome) {
  for (const auto& [word, times] : {std::pair("done", 1), std::pair("not_done", 1), std::pair("retry", 2)}) {
    world_ = RunnerWorld{.next = Outcome::unknown("lost")};
    script({calls("act.quiet", "b"), says("finished")});
    const RunReport stopped = start("do b");
    world_.next.reset();
    Runner other({*journal_, model_, tools_, system_clock(), answers_, observer_, policy_});
    const auto report = run_async(io_, other.reconcile(stopped.run, word, "test"));
    ASSERT_OK(report);
    EXPECT_EQ(report->status, RunStatus::done) << word;
    EXPECT_EQ(world_.done.size(), static_cast<std::size_t>(times)) << word;
  }
}

TEST_F(RunnerTest, AToolThatThrowsBehindItsCommitPointIsUnknownNotFailed) {
  world_.throws_after_commit = true;
  script({calls("act.quiet", "b"), says("done")});
  EXPECT_EQ(start("do b").status, RunStatus::unknown);
}

TEST_F(RunnerTest, AConfirmedProbeSettlesWithoutASecondEffect) {
  world_.next = Outcome::unknown("lost");
  world_.probe = {ProbeResult::Verdict::confirmed, "it is there"};
  script({calls("act.probed", "b"), says("done")});
  EXPECT_EQ(start("do b").status, RunStatus::done);
  EXPECT_THAT(world_.done, ElementsAre("b"));
  EXPECT_THAT(model_.requests.back().messages.back().text, HasSubstr("it is there"));
}

// A tool of somebody who never heard of commit points.
asio::awaitable<Outcome> act_unannounced(RunnerWorld& world) {
  world.done.push_back("unannounced");
  if (world.throws_after_commit) throw std::runtime_error("lost connection");
  co_return Outcome::succeeded({{"ok", true}}, "did it");
}

TEST_F(RunnerTest, AToolThatDoesNotSayWhereItsCommitPointIsIsInDoubtFromItsFirstInstant) {
  Tool unannounced = tool("act.unannounced", EffectClass::once, false);
  unannounced.spec.dispatches = false;
  unannounced.run = [this](Json, ToolContext&) { return act_unannounced(world_); };
  ASSERT_OK(tools_.add(std::move(unannounced)));
  world_.throws_after_commit = true;
  script({calls("act.unannounced", "b"), says("done")});
  const RunReport report = start("do b");
  EXPECT_EQ(report.status, RunStatus::unknown);
  const auto seen = kinds(report.run);
  EXPECT_NE(std::find(seen.begin(), seen.end(), "effect.dispatched"), seen.end());
  EXPECT_THAT(resume(report.run)->status, RunStatus::unknown);
  EXPECT_EQ(world_.done.size(), 1u);
}

TEST_F(RunnerTest, AnApprovalGivenUnderOtherRulesIsAskedForAgain) {
  script({calls("act", "b"), says("done")});
  const RunReport paused = start("do b");
  // The process dies when the approval is in the journal and before anything followed from it.
  auto lease = run_async(io_, journal_->acquire(paused.run));
  ASSERT_OK(lease);
  const ApprovalRequested& asked = *paused.state.calls.at("call_1_1").approval_request;
  Event answer = encode(ApprovalDecided{asked.effect_key, asked.arguments_hash, asked.policy_version, asked.preview_sha256,
      true, "me", ""});
  answer.call = "call_1_1", answer.time = system_clock().now();
  ASSERT_OK(run_async(io_, journal_->append(*lease, {answer}, {})));
  ASSERT_OK(run_async(io_, journal_->release(*lease)));
  policy_.allow.push_back(*AllowRule::parse("look:*"));
  const auto report = resume(paused.run);
  ASSERT_OK(report);
  EXPECT_EQ(report->status, RunStatus::paused);
  EXPECT_EQ(report->waiting_call, "call_1_1");
  EXPECT_TRUE(world_.done.empty());
}

TEST_F(RunnerTest, ADoubtfulCallThatCannotBeMadeAgainIsNotTakenForOneThatNeverRan) {
  world_.throws_after_commit = true;
  script({calls("act.again", "b"), says("done")});
  world_.next = Outcome::unknown("lost");
  world_.on_entry = [this] { world_.no_preview = Error{ErrorKind::not_found, "the file is gone"}; };
  const RunReport report = start("do b");
  EXPECT_EQ(report.status, RunStatus::unknown);
  EXPECT_THAT(report.reason, HasSubstr("the file is gone"));
  EXPECT_EQ(world_.done.size(), 1u);
}

TEST_F(RunnerTest, ALaterAttemptThatDidNothingSaysNothingAboutTheFirst) {
  for (const Outcome& later : {Outcome::failed_without_effect({ErrorKind::unavailable, "no route"}), Outcome::rejected("409: it is being worked on")}) {
    world_ = RunnerWorld{.next = Outcome::unknown("lost")};
    int entries = 0;
    world_.on_entry = [&] {
      if (++entries > 1) world_.next = later;
    };
    script({calls("act.again", "b"), says("done")});
    const RunReport report = start("do b");
    EXPECT_EQ(report.status, RunStatus::unknown) << "the first attempt may have happened";
    EXPECT_EQ(entries, 3);
    EXPECT_THAT(report.reason, HasSubstr("an earlier attempt may have happened"));
  }
}

TEST_F(RunnerTest, AConfirmationAndTheOutcomeThatFollowsFromItAreOneAppend) {
  struct Listening final : Observer {
    std::function<void(const Event&)> told;
    void on_event(const RunId&, const Event& event) override { told(event); }
  } listening;
  std::vector<std::string> last;
  listening.told = [&](const Event& event) {
    if (event.kind == "effect.probed" || event.kind == "effect.reconciled") last.push_back(kinds_on_disk().back());
  };
  world_.next = Outcome::unknown("lost");
  world_.probe = {ProbeResult::Verdict::confirmed, "it is there"};
  script({calls("act.probed", "b"), calls("act.quiet", "c"), says("done")});
  Runner runner({*journal_, model_, tools_, system_clock(), answers_, listening, policy_});
  const auto stopped = run_async(io_, runner.start({.request = "do b and c"}));
  ASSERT_OK(stopped);
  ASSERT_EQ(stopped->status, RunStatus::unknown);
  Runner other({*journal_, model_, tools_, system_clock(), answers_, listening, policy_});
  ASSERT_OK(run_async(io_, other.reconcile(stopped->run, "done", "test")));
  EXPECT_THAT(last, ElementsAre("effect.settled", "effect.settled"));
}

}  // namespace
}  // namespace deed
