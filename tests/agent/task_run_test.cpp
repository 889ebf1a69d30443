// Tasks as runs: order, conditions, loops, failures, approvals, being killed.
#include <algorithm>
#include <boost/asio/post.hpp>
#include <functional>
#include <memory>
#include <utility>

#include "deed/agent/effects.hpp"
#include "deed/tests/agent/task_fixture.hpp"

namespace deed {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Phase = StepProgress::Phase;

using TaskRun = TaskTest;

TEST_F(TaskRun, DoesItsStepsInOrderAndGivesLaterOnesWhatEarlierOnesGave) {
  const RunReport report = run(R"(
deed: 1
name: two
inputs: {first: {type: string}}
steps:
  - {id: a, tool: act.quiet, with: {what: "{{inputs.first}}"}}
  - {id: b, tool: act.quiet, with: {what: "after {{steps.a.out.id}}", note: "{{steps.a.text}}"}}
outputs: {last: "{{steps.b.out.id}}"}
)", {{"first", "one"}});
  EXPECT_EQ(report.status, RunStatus::done) << report.reason;
  EXPECT_THAT(world_.done, ElementsAre("one", "after id of one"));
  EXPECT_EQ(report.state.finished->outputs, (Json{{"last", "id of after id of one"}}));
}

TEST_F(TaskRun, LeavesOutAStepWhoseConditionDoesNotHoldAndWhatNeedsIt) {
  const RunReport report = run(R"(
deed: 1
name: t
steps:
  - {id: a, if: "1 > 2 or inputs.no", tool: act.quiet, with: {what: a}}
  - {id: b, needs: [a], tool: act.quiet, with: {what: b}}
  - {id: c, tool: act.quiet, with: {what: c}}
inputs: {no: {type: boolean, default: false}}
)");
  EXPECT_EQ(report.status, RunStatus::done) << report.reason;
  EXPECT_THAT(world_.done, ElementsAre("c"));
  EXPECT_EQ(step(report, "a").phase, Phase::skipped);
  EXPECT_THAT(step(report, "b").error, HasSubstr("needs a"));
}

TEST_F(TaskRun, AFailedStepEndsTheTaskUnlessItIsToGoOn) {
  const char* text = R"(
deed: 1
name: t
steps:
  - {id: a, tool: act.quiet, with: {what: a}%s}
  - {id: b, tool: act.quiet, with: {what: b}}
)";
  const std::string plain = std::string(text).replace(std::string(text).find("%s"), 2, "");
  const std::string going_on = std::string(text).replace(std::string(text).find("%s"), 2, ", on_error: continue");
  world_.next = {Outcome::rejected("no")};
  const RunReport stopped = run(plain);
  EXPECT_EQ(stopped.status, RunStatus::failed);
  EXPECT_THAT(stopped.reason, HasSubstr("step a: no"));
  EXPECT_THAT(world_.done, ElementsAre("a"));
  world_.next = {Outcome::rejected("no")};
  world_.done.clear();
  EXPECT_EQ(run(going_on).status, RunStatus::done);
  EXPECT_THAT(world_.done, ElementsAre("a", "b"));
}

TEST_F(TaskRun, ALoopDoesItsStepOnceForEachItemOfAList) {
  const RunReport report = run(R"(
deed: 1
name: t
steps:
  - {id: look, tool: look, with: {what: x}}
  - {id: each, for: "{{steps.look.out.list}}", tool: act.quiet, with: {what: "{{item}}{{index}}"}}
  - {id: end, tool: act.quiet, with: {what: "{{steps.each.count}} {{steps.each.out | length}} {{steps.each.out[1].id}}"}}
)");
  EXPECT_EQ(report.status, RunStatus::done) << report.reason;
  EXPECT_THAT(world_.done, ElementsAre("look x", "a0", "b1", "c2", "3 3 id of b1"));
}

// Outcomes that wait for one append with one another.
asio::awaitable<Outcome> note_down(Json arguments) {
  Outcome out = Outcome::succeeded({{"ok", true}});
  out.facts.push_back({.key = string_at(arguments, "what"), .value = "noted", .run = {}});
  co_return out;
}

TEST_F(TaskRun, NoFactIsLostWhereSeveralItemsEnterSomeAtTheSameTime) {
  Tool noting = tool("note", EffectClass::local, ApprovalNeed::never);
  noting.run = [](Json arguments, ToolContext&) { return note_down(std::move(arguments)); };
  ASSERT_OK(tools_.add(std::move(noting)));
  std::string rows = "name\n";
  for (int i = 0; i < 20; ++i) rows += "n" + std::to_string(i) + "\n";
  write("rows.csv", rows);
  const RunReport report = run(R"(
deed: 1
name: t
steps:
  - {id: each, for: {csv: rows.csv, key: row.name, concurrency: 8}, tool: note, with: {what: "{{row.name}}"}}
)");
  EXPECT_EQ(report.status, RunStatus::done) << report.reason;
  const auto facts = run_async(io_, journal_->recall("", 100));
  ASSERT_OK(facts);
  EXPECT_EQ(facts->size(), 20u);
}

// Keeps which appends were of somebody alone.
class WatchedJournal final : public Journal {
 public:
  WatchedJournal(std::unique_ptr<Journal> inner, std::vector<std::pair<std::string, bool>>& seen) : inner_(std::move(inner)), seen_(seen) {}
  Async<Lease> create(NewRun run) override { return inner_->create(std::move(run)); }
  Async<Lease> acquire(RunId run) override { return inner_->acquire(std::move(run)); }
  Async<void> release(Lease lease) override { return inner_->release(std::move(lease)); }
  Async<EventNumber> append_and_remember(Lease lease, std::shared_ptr<const std::vector<Event>> events, std::vector<Fact> facts, AppendOptions options) override {
    for (const Event& event : *events) seen_.emplace_back(event.kind, options.is_alone);
    return inner_->append_and_remember(std::move(lease), std::move(events), std::move(facts), options);
  }
  Async<std::vector<Event>> read(RunId run, EventNumber after, std::size_t max) override { return inner_->read(std::move(run), after, max); }
  Async<std::vector<RunRecord>> runs(std::size_t max) override { return inner_->runs(max); }
  Async<RunRecord> find_run(std::string id) override { return inner_->find_run(std::move(id)); }
  Async<std::vector<SearchHit>> search(std::string query, std::size_t max) override { return inner_->search(std::move(query), max); }
  Async<void> remember(Fact fact) override { return inner_->remember(std::move(fact)); }
  Async<std::vector<Fact>> recall(std::string query, std::size_t max) override { return inner_->recall(std::move(query), max); }

 private:
  std::unique_ptr<Journal> inner_;
  std::vector<std::pair<std::string, bool>>& seen_;
};

TEST_F(TaskRun, HoldsTheLoopUpForTheJournalOnlyWhileNoCallIsUnderWay) {
  std::vector<std::pair<std::string, bool>> seen;
  journal_ = std::make_unique<WatchedJournal>(std::move(journal_), seen);
  const auto intents_alone = [&](const std::string& concurrency) {
    seen.clear();
    const std::string loop = "{list: [a, b, c], key: item, concurrency: " + concurrency + "}";
    const RunReport report = run("deed: 1\nname: t\nsteps:\n  - {id: each, for: " + loop + ", tool: act.quiet, with: {what: \"{{item}}\"}}\n");
    EXPECT_EQ(report.status, RunStatus::done) << report.reason;
    return std::count(seen.begin(), seen.end(), std::pair(std::string("effect.intended"), true));
  };
  EXPECT_EQ(intents_alone("1"), 3);
  EXPECT_EQ(intents_alone("3"), 0);
  journal_.reset();  // before `seen` goes
}

asio::awaitable<Outcome> find_many() {
  Json list = Json::array();
  for (int i = 0; i < 20'000; ++i) list.push_back({{"n", i}});
  co_return Outcome::succeeded({{"list", std::move(list)}});
}

class OnFirstFailedItem final : public Observer {
 public:
  explicit OnFirstFailedItem(std::function<void()> act) : act_(std::move(act)) {}
  void on_event(const RunId&, const Event& event) override {
    if (event.kind == "item.failed" && act_) std::exchange(act_, {})();
  }

 private:
  std::function<void()> act_;
};

// No call of it waits: an item that cannot be made into one is an event, and the journal makes its appends on this thread.
TEST_F(TaskRun, ManyItemsThatCannotBeDoneLetASignalIn) {
  journal_.reset();
  journal_ = open_sqlite_journal({.path = folder_ / "journal.db", .may_hold_up_caller = true}).value();
  Tool finding = tool("find", EffectClass::read, ApprovalNeed::never);
  finding.spec.arguments = {{"type", "object"}};
  finding.spec.roles = {};
  finding.run = [](Json, ToolContext&) { return find_many(); };
  ASSERT_OK(tools_.add(std::move(finding)));
  const auto task = task_of(R"(
deed: 1
name: t
steps:
  - {id: find, tool: find}
  - {id: each, for: {list: "{{steps.find.out.list}}", key: index, max: 20000}, on_error: continue, tool: act.quiet, with: {what: "{{item.nothing}}"}}
)");
  Runner* begun = nullptr;
  OnFirstFailedItem observer([&] { asio::post(io_, [&] { begun->interrupt(); }); });
  Runner runner({*journal_, none_, tools_, system_clock(), person_, observer, policy_});
  begun = &runner;
  const auto report = run_async(io_, runner.start(request_of(task, Json::object())));
  ASSERT_OK(report);
  EXPECT_EQ(report->status, RunStatus::paused) << report->reason;
  EXPECT_EQ(report->reason, "interrupted");
}

TEST_F(TaskRun, AnyNumberOfCallsInARowMayBeInvalid) {
  std::string rows = "name\n";
  for (int i = 0; i < 1'300; ++i) rows += "n" + std::to_string(i) + "\n";
  write("rows.csv", rows);
  const RunReport report = run(R"(
deed: 1
name: t
steps:
  - {id: each, for: {csv: rows.csv, key: row.name}, on_error: continue, tool: act.quiet, with: {what: "{{index}}"}}
)");
  EXPECT_EQ(step(report, "each").failed, 1'300) << report.reason;
}

TEST_F(TaskRun, RowsOfAFileAreItems) {
  write("people.csv", "email,name\nann@example.org,Ann\nbob@example.org,\"Bob, B.\"\n");
  const RunReport report = run(R"(
deed: 1
name: t
steps:
  - {id: each, for: {csv: people.csv, key: row.email}, tool: act.quiet, with: {what: "{{row.email}}", note: "{{row.name}}"}}
)");
  EXPECT_EQ(report.status, RunStatus::done) << report.reason;
  EXPECT_THAT(world_.done, ElementsAre("ann@example.org", "bob@example.org"));
}

TEST_F(TaskRun, AnItemThatCannotBeMadeFailsAloneAndTheRunSaysWhich) {
  const RunReport report = run(R"(
deed: 1
name: t
steps:
  - id: each
    for: {list: [{n: a}, {m: b}, {n: c}], key: index}
    tool: act.quiet
    with: {what: "{{row.n}}"}
  - {id: after, tool: act.quiet, with: {what: "{{steps.each.failed}} failed"}}
)");
  EXPECT_EQ(report.status, RunStatus::failed);
  EXPECT_THAT(world_.done, ElementsAre("a", "c", "1 failed"));
  ASSERT_EQ(step(report, "each").failures.size(), 1u);
  EXPECT_EQ(step(report, "each").failures[0].item.index, 1);
  EXPECT_THAT(report.text, HasSubstr("there is no row.n"));
}

TEST_F(TaskRun, ALoopThatIsToStopStopsAtItsFirstFailure) {
  world_.next = {Outcome::succeeded({{"id", 1}}), Outcome::rejected("full")};
  const RunReport report = run(R"(
deed: 1
name: t
steps:
  - {id: each, for: [a, b, c], on_error: stop, tool: act.quiet, with: {what: "{{item}}"}}
  - {id: after, tool: act.quiet, with: {what: after}}
)");
  EXPECT_EQ(report.status, RunStatus::failed);
  EXPECT_THAT(world_.done, ElementsAre("a", "b"));
}

TEST_F(TaskRun, TheSecondOfTwoItemsWithOneKeyFailsAndTheFirstIsDone) {
  const RunReport report = run(R"(
deed: 1
name: t
steps:
  - {id: each, for: {list: [a, b, a], key: item}, tool: act.quiet, with: {what: "{{item}}"}}
)");
  EXPECT_EQ(report.status, RunStatus::failed);
  EXPECT_THAT(world_.done, ElementsAre("a", "b"));
  EXPECT_THAT(report.text, HasSubstr("same key"));
}

TEST_F(TaskRun, ALoopOverMoreThanItsLargestNumberFails) {
  const RunReport report = run(R"(
deed: 1
name: t
steps:
  - {id: each, for: {list: [a, b, c], max: 2}, tool: act.quiet, with: {what: "{{item}}"}}
)");
  EXPECT_EQ(report.status, RunStatus::failed);
  EXPECT_THAT(report.reason, HasSubstr("more than 2 items"));
}

TEST_F(TaskRun, ItemsWhoseConditionDoesNotHoldAreLeftOutAndCounted) {
  const RunReport report = run(R"(
deed: 1
name: t
steps:
  - {id: each, for: [1, 2, 3, 4], if: "item > 2", tool: act.quiet, with: {what: "n{{item}}"}}
)");
  EXPECT_EQ(report.status, RunStatus::done);
  EXPECT_THAT(world_.done, ElementsAre("n3", "n4"));
  EXPECT_EQ(step(report, "each").skipped, 2);
}

TEST_F(TaskRun, TriesAgainOnlyWhatProvablyDidNothing) {
  const char* text = R"(
deed: 1
name: t
steps:
  - {id: a, retry: {max: 3, wait: 1ms}, tool: act.quiet, with: {what: a}}
)";
  world_.next = {Outcome::failed_without_effect(Error{ErrorKind::unavailable, "busy"}),
                 Outcome::failed_without_effect(Error{ErrorKind::unavailable, "busy"})};
  EXPECT_EQ(run(text).status, RunStatus::done);
  EXPECT_THAT(world_.done, ElementsAre("a"));
  world_.done.clear();
  world_.next = {Outcome::unknown("lost")};
  EXPECT_EQ(run(text).status, RunStatus::unknown);
  EXPECT_THAT(world_.done, ElementsAre("a"));
}

TEST_F(TaskRun, GivesUpAfterItsLargestNumberOfAttempts) {
  for (int i = 0; i < 5; ++i) world_.next.push_back(Outcome::failed_without_effect(Error{ErrorKind::unavailable, "busy"}));
  const RunReport report = run(R"(
deed: 1
name: t
steps:
  - {id: a, retry: {max: 3, wait: 1ms}, tool: act.quiet, with: {what: a}}
)");
  EXPECT_EQ(report.status, RunStatus::failed);
  EXPECT_EQ(world_.next.size(), 2u);
}

TEST_F(TaskRun, WhatItIsToDoAboutAnUnknownOutcomeDecides) {
  const auto text = [](const std::string& wish) {
    return "deed: 1\nname: t\nsteps:\n  - {id: a, on_unknown: " + wish + ", tool: act.probed, with: {what: a}}\n";
  };
  world_.probe = {ProbeResult::Verdict::confirmed, "seen there"};
  world_.next = {Outcome::unknown("lost")};
  EXPECT_EQ(run(text("probe")).status, RunStatus::done);
  world_.next = {Outcome::unknown("lost")};
  EXPECT_EQ(run(text("stop")).status, RunStatus::unknown);
  world_.done.clear();
  world_.next = {Outcome::unknown("lost")};
  EXPECT_EQ(run(text("retry")).status, RunStatus::done);
  EXPECT_THAT(world_.done, ElementsAre("a", "a"));
}

TEST_F(TaskRun, ARunThatWasInterruptedGoesOnWithWhatIsLeft) {
  write("rows.csv", "n\n1\n2\n3\n4\n5\n");
  int entered = 0;
  world_.on_entry = [&] {
    if (++entered == 3) runner_->interrupt();
  };
  const RunReport stopped = run(R"(
deed: 1
name: t
steps:
  - {id: each, for: {csv: rows.csv, key: row.n}, tool: act.quiet, with: {what: "{{row.n}}"}}
)");
  EXPECT_EQ(stopped.status, RunStatus::paused);
  EXPECT_THAT(world_.done, ElementsAre("1", "2", "3"));
  // Meanwhile the file has other rows, in another order.
  write("rows.csv", "n\n6\n5\n4\n1\n2\n");
  const RunReport report = resume(stopped.run);
  EXPECT_EQ(report.status, RunStatus::done) << report.reason;
  EXPECT_THAT(world_.done, ElementsAre("1", "2", "3", "6", "5", "4"));
}

TEST_F(TaskRun, TheEffectKeyOfAnItemIsMadeOfItsKeyAndNotOfItsPlace) {
  const RunReport report = run(R"(
deed: 1
name: t
steps:
  - {id: each, for: {list: [x, y], key: item}, tool: act.quiet, with: {what: "{{item}}"}}
)");
  std::vector<std::string> keys;
  for (const Event& event : events(report.run)) {
    if (event.kind == "tool.proposed") keys.push_back(string_at(event.body.value(), "effect_key"));
  }
  EXPECT_THAT(keys, ElementsAre(effect_key(report.run, "each[x]", "act.quiet"), effect_key(report.run, "each[y]", "act.quiet")));
}

TEST_F(TaskRun, OneQuestionIsAskedForAllCallsOfAStep) {
  const char* text = R"(
deed: 1
name: t
steps:
  - {id: each, for: [a, b, c], tool: act, with: {what: "{{item}}"}}
)";
  person_.approval = ApprovalAnswer{true, ""};
  EXPECT_EQ(run(text).status, RunStatus::done);
  ASSERT_EQ(person_.cards.size(), 1u);
  EXPECT_EQ(person_.cards[0].others.size(), 2u);
  EXPECT_THAT(world_.done, ElementsAre("a", "b", "c"));
}

TEST_F(TaskRun, WithoutAPersonItPausesUntilTheWholeStepIsApproved) {
  const RunReport paused = run(R"(
deed: 1
name: t
steps:
  - {id: each, for: [a, b], tool: act, with: {what: "{{item}}"}}
)");
  EXPECT_EQ(paused.status, RunStatus::paused);
  EXPECT_THAT(paused.reason, HasSubstr("2 calls"));
  EXPECT_THAT(world_.done, IsEmpty());
  EXPECT_EQ(approve(paused.run).status, RunStatus::done);
  EXPECT_THAT(world_.done, ElementsAre("a", "b"));
}

TEST_F(TaskRun, WhatIsRefusedIsNotDone) {
  person_.approval = ApprovalAnswer{false, "not today"};
  const RunReport report = run(R"(
deed: 1
name: t
steps:
  - {id: a, tool: act, with: {what: a}}
)");
  EXPECT_EQ(report.status, RunStatus::failed);
  EXPECT_THAT(report.reason, HasSubstr("not today"));
  EXPECT_THAT(world_.done, IsEmpty());
}

TEST_F(TaskRun, ATaskMayAskForMoreThanThePolicyDoesAndNeverForLess) {
  const RunReport first = run(R"(
deed: 1
name: t
steps:
  - {id: each, for: [a, b, c], approve: {first: 1}, tool: act.quiet, with: {what: "{{item}}"}}
)");
  EXPECT_EQ(first.status, RunStatus::paused);
  EXPECT_THAT(world_.done, IsEmpty()) << "the first is to be seen before any other is done";
  EXPECT_EQ(approve(first.run).status, RunStatus::done);
  EXPECT_THAT(world_.done, ElementsAre("a", "b", "c"));
  const RunReport when = run(R"(
deed: 1
name: t
steps:
  - {id: each, for: [1, 200], approve: {when: "item > 100"}, tool: act.quiet, with: {what: "n{{item}}"}}
)");
  EXPECT_THAT(when.reason, HasSubstr("n200"));
  const RunReport never = run(R"(
deed: 1
name: t
steps:
  - {id: a, approve: never, tool: act, with: {what: a}}
)");
  EXPECT_EQ(never.status, RunStatus::paused);
}

TEST_F(TaskRun, YesCoversWhatTheUserAndHisFilesNameAndNotWhatAPageNames) {
  policy_.yes = true;
  write("rows.csv", "n\nfrom-file\n");
  const char* own = R"(
deed: 1
name: t
steps:
  - {id: a, tool: act, with: {what: "in the task"}}
  - {id: b, for: {csv: rows.csv}, tool: act, with: {what: "{{row.n}}"}}
)";
  EXPECT_EQ(run(own).status, RunStatus::done);
  const RunReport page = run(R"(
deed: 1
name: t
steps:
  - {id: look, tool: look, with: {what: page}}
  - {id: a, tool: act, with: {what: "{{steps.look.out.seen}}"}}
)");
  EXPECT_EQ(page.status, RunStatus::paused);
  EXPECT_THAT(world_.done, ElementsAre("in the task", "from-file", "look page"));
}

TEST_F(TaskRun, ASecretReachesTheToolAndNeitherTheJournalNorWhoeverGuessesItsMark) {
  const RunReport report = run(R"(
deed: 1
name: t
secrets: [token]
inputs: {guess: {type: string, default: "{secret token 00000000000000000000000000000000}"}}
steps:
  - {id: a, tool: act.quiet, with: {what: "Bearer {{secrets.token}}"}}
  - {id: b, tool: act.quiet, with: {what: "{{inputs.guess}}"}}
)");
  EXPECT_EQ(report.status, RunStatus::done) << report.reason;
  EXPECT_THAT(world_.done, ElementsAre("Bearer very-secret-token", "{secret token 00000000000000000000000000000000}"));
  for (const Event& event : events(report.run)) EXPECT_THAT(event.body.text(), testing::Not(HasSubstr("very-secret")));
}

TEST_F(TaskRun, WaitsForATimeAndForASignal) {
  const RunReport paused = run(R"(
deed: 1
name: t
steps:
  - {id: soon, wait: 1ms}
  - {id: go, wait: {signal: go}}
  - {id: a, tool: act.quiet, with: {what: a}}
)");
  EXPECT_THAT(paused.reason, HasSubstr("signal go"));
  EXPECT_EQ(again([&](Runner& runner) { return runner.signal(paused.run, "stay"); }).status, RunStatus::paused);
  EXPECT_THAT(world_.done, IsEmpty());
  EXPECT_EQ(again([&](Runner& runner) { return runner.signal(paused.run, "go"); }).status, RunStatus::done);
  EXPECT_THAT(world_.done, ElementsAre("a"));
}

TEST_F(TaskRun, ALongWaitEndsTheProcessAndIsTakenUpLater) {
  const RunReport report = run("deed: 1\nname: t\nsteps:\n  - {id: later, wait: 2h}\n");
  EXPECT_EQ(report.status, RunStatus::paused);
  EXPECT_TRUE(report.try_later);
  EXPECT_THAT(report.reason, HasSubstr("waits until"));
  ASSERT_TRUE(waits_until(report.state).has_value());
  EXPECT_GT(*waits_until(report.state), system_clock().now() + std::chrono::hours(1));
}

TEST_F(TaskRun, StepsThatAreLeftOutHoldNothingUp) {
  const auto task = task_of(R"(
deed: 1
name: t
steps:
  - {id: a, tool: act.quiet, with: {what: a}}
  - {id: b, needs: [a], tool: act.quiet, with: {what: b}}
)");
  NewRequest request = request_of(task, Json::object());
  request.task->left_out = {"a"};
  const RunReport report = again([&](Runner& runner) { return runner.start(request); });
  EXPECT_EQ(report.status, RunStatus::done);
  EXPECT_THAT(world_.done, ElementsAre("b"));
}

TEST_F(TaskRun, LimitsOfCallsEndIt) {
  const auto task = task_of("deed: 1\nname: t\nsteps:\n  - {id: a, for: [a, b, c], tool: act.quiet, with: {what: \"{{item}}\"}}\n");
  NewRequest request = request_of(task, Json::object());
  request.limits.max_calls = 2;
  const RunReport report = again([&](Runner& runner) { return runner.start(request); });
  EXPECT_EQ(report.status, RunStatus::limit);
  EXPECT_THAT(world_.done, ElementsAre("a", "b"));
}

}  // namespace
}  // namespace deed
