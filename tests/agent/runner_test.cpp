#include "deed/agent/runner.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <numeric>

#include "deed/tests/fakes/matchers.hpp"
#include "deed/tests/fakes/run_async.hpp"
#include "deed/tests/fakes/scripted_model.hpp"

namespace deed {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// What the tools of these tests did to the world.
struct World {
  std::vector<std::string> done;
  std::optional<Outcome> next;          // instead of success
  std::optional<Error> no_preview;
  std::function<void()> on_entry;       // called by each tool before it does anything
  bool throws_after_commit = false;
  ProbeResult probe{ProbeResult::Verdict::undecided, "nobody knows"};
};

asio::awaitable<Outcome> act(Json arguments, ToolContext& context, World& world) {
  if (world.on_entry) world.on_entry();
  auto committed = co_await context.dispatching();
  if (!committed) co_return Outcome::failed_without_effect(committed.error());
  world.done.push_back(string_at(arguments, "what"));
  if (world.throws_after_commit) throw std::runtime_error("lost connection");
  if (world.next) co_return *world.next;
  co_return Outcome::succeeded({{"ok", true}}, "did " + string_at(arguments, "what"));
}
asio::awaitable<Outcome> look(Json arguments, World& world) {
  if (world.on_entry) world.on_entry();
  world.done.push_back("look");
  co_return Outcome::succeeded({{"seen", string_at(arguments, "what")}}, "seen " + string_at(arguments, "what"));
}
asio::awaitable<ProbeResult> probe(World& world) { co_return world.probe; }

class Answers final : public Interaction {
 public:
  std::optional<ApprovalAnswer> approval;
  std::optional<std::string> words;
  std::vector<ApprovalCard> cards;
  std::function<void()> on_card;

  asio::awaitable<std::optional<ApprovalAnswer>> approve(ApprovalCard card) override {
    cards.push_back(std::move(card));
    if (on_card) on_card();
    co_return approval;
  }
  asio::awaitable<std::optional<std::string>> answer(std::string) override { co_return words; }
};

class RunnerTest : public testing::Test {
 protected:
  RunnerTest() {
    static int count = 0;
    folder_ = std::filesystem::temp_directory_path() / ("deed-runner-" + std::to_string(getpid()) + "-" + std::to_string(++count));
    open();
    add("act", EffectClass::once, true);
    add("act.quiet", EffectClass::once, false);
    add("act.probed", EffectClass::probeable, false);
    add("act.again", EffectClass::idempotent, false);
    Tool looks = tool("look", EffectClass::read, false);
    looks.run = [this](Json arguments, ToolContext&) { return look(std::move(arguments), world_); };
    EXPECT_OK(tools_.add(std::move(looks)));
    Tool asks = tool("user.ask", EffectClass::read, false);
    asks.spec.arguments = {{"type", "object"}, {"properties", {{"question", {{"type", "string"}}}}}, {"required",
        Json::array({"question"})}};
    asks.spec.roles = {};
    asks.spec.asks_user = true;
    asks.run = {};
    EXPECT_OK(tools_.add(std::move(asks)));
  }
  ~RunnerTest() override {
    journal_.reset();
    std::filesystem::remove_all(folder_);
  }

  void open(Redactor redactor = {}) {
    journal_.reset();
    auto journal = open_sqlite_journal({.path = folder_ / "journal.db", .redactor = std::move(redactor)});
    ASSERT_OK(journal);
    journal_ = std::move(*journal);
  }
  static Tool tool(const std::string& name, EffectClass effect, bool asks) {
    Tool tool;
    tool.spec.name = name;
    tool.spec.description = "Test.";
    tool.spec.arguments = {{"type", "object"}, {"properties", {{"what", {{"type", "string"}}}}}, {"required",
        Json::array({"what"})},
                           {"additionalProperties", false}};
    tool.spec.effect = effect;
    tool.spec.roles = {{"what", ArgumentRole::destination}};
    tool.spec.approval = asks ? ApprovalNeed::always : ApprovalNeed::never;
    tool.spec.result_trust = Trust::tool;
    tool.spec.dispatches = true;
    return tool;
  }
  void add(const std::string& name, EffectClass effect, bool asks) {
    Tool made = tool(name, effect, asks);
    made.run = [this](Json arguments, ToolContext& context) { return act(std::move(arguments), context, world_); };
    made.preview = [this](const Json& arguments, const ToolContext&) -> Result<Preview> {
      if (world_.no_preview) return fail(*world_.no_preview);
      const std::string what = string_at(arguments, "what");
      return Preview{"text/plain", "will do " + what, "do " + what, {what}};
    };
    if (effect == EffectClass::probeable) made.probe = [this](Json, ToolContext&) { return probe(world_); };
    EXPECT_OK(tools_.add(std::move(made)));
  }

  RunReport start(std::string request, Limits limits = {}) {
    Runner runner({*journal_, model_, tools_, system_clock(), answers_, observer_, policy_});
    auto report = run_async(io_, runner.start({.request = std::move(request), .limits = limits}));
    EXPECT_OK(report);
    return report ? *report : RunReport{};
  }
  Result<RunReport> resume(const RunId& run) {
    Runner runner({*journal_, model_, tools_, system_clock(), answers_, observer_, policy_});
    return run_async(io_, runner.resume(run));
  }
  void script(std::vector<Result<Reply>> replies) { model_ = ScriptedModel(std::move(replies)); }
  std::vector<std::string> kinds(const RunId& run) {
    const auto events = run_async(io_, journal_->read(run, 0, 1000));
    EXPECT_OK(events);
    std::vector<std::string> out;
    for (const Event& event : *events) out.push_back(event.kind);
    return out;
  }

  // What another process would read now: the kinds of the newest run's events.
  std::vector<std::string> kinds_on_disk() {
    asio::io_context io;
    auto journal = open_sqlite_journal({.path = folder_ / "journal.db"});
    EXPECT_OK(journal);
    const auto run = run_async(io, (*journal)->find_run("last"));
    EXPECT_OK(run);
    const auto events = run_async(io, (*journal)->read(run->id, 0, 1000));
    EXPECT_OK(events);
    std::vector<std::string> out;
    for (const Event& event : *events) out.push_back(event.kind);
    return out;
  }

  std::filesystem::path folder_;
  asio::io_context io_;
  std::unique_ptr<Journal> journal_;
  ScriptedModel model_;
  Registry tools_;
  World world_;
  Answers answers_;
  Observer observer_;
  Policy policy_;
};

Reply calls(const char* tool, const char* what) { return ScriptedModel::calls(tool, {{"what", what}}); }
Reply says(const char* text) { return ScriptedModel::says(text); }

TEST_F(RunnerTest, FeedsEachResultBackUntilTheModelIsDone) {
  script({calls("look", "a"), calls("act.quiet", "b"), says("done")});
  const RunReport report = start("look at a, then do b");
  EXPECT_EQ(report.status, RunStatus::done);
  EXPECT_EQ(report.text, "done");
  EXPECT_THAT(world_.done, ElementsAre("look", "b"));
  ASSERT_EQ(model_.requests.size(), 3u);
  EXPECT_EQ(model_.requests[1].messages.back().text, "seen a");
  EXPECT_EQ(model_.requests[2].messages.back().text, "did b");
}

TEST_F(RunnerTest, RecordsIntentDispatchAndOutcomeOfAnEffectInOrder) {
  script({calls("act.quiet", "b"), says("done")});
  const RunReport report = start("do b");
  EXPECT_THAT(kinds(report.run), ElementsAre("run.started", "model.requested", "model.replied", "tool.proposed", "policy.decided",
                                             "effect.intended", "effect.dispatched", "effect.settled", "model.requested",
                                             "model.replied", "run.finished"));
}

TEST_F(RunnerTest, AnOutcomeIsInTheJournalBeforeTheModelIsAskedAgainOrAnotherCallRuns) {
  Reply two = calls("act.quiet", "a");
  two.tool_calls.push_back({"d", "act.quiet", {{"what", "b"}}});
  script({two, says("done")});
  std::vector<std::vector<std::string>> seen;
  world_.on_entry = [&] { seen.push_back(kinds_on_disk()); };
  model_.on_request = [&] { seen.push_back(kinds_on_disk()); };
  EXPECT_EQ(start("do both").status, RunStatus::done);
  ASSERT_EQ(seen.size(), 4u);  // the model, a, b, the model
  EXPECT_EQ(std::count(seen[2].begin(), seen[2].end(), "effect.settled"), 1);
  EXPECT_EQ(std::count(seen[3].begin(), seen[3].end(), "effect.settled"), 2);
  EXPECT_EQ(seen[3].back(), "model.requested");
}

TEST_F(RunnerTest, KeepsThoughtsAsAnEventOfTheirOwnInTheTransactionOfTheReply) {
  Reply thoughtful = calls("look", "a");
  thoughtful.reasoning = "let me see";
  thoughtful.replay = {"p", {{"signature", "s"}}};
  script({thoughtful, says("done")});
  const RunReport report = start("look at a");
  EXPECT_THAT(kinds(report.run), testing::IsSupersetOf({"model.reasoned", "model.replied"}));
  const auto events = run_async(io_, journal_->read(report.run, 0, 1000));
  ASSERT_OK(events);
  const auto at = [&](const std::string& kind) {
    return std::find_if(events->begin(), events->end(), [&](const Event& event) { return event.kind == kind; });
  };
  EXPECT_EQ(at("model.reasoned")->body["text"], "let me see");
  EXPECT_EQ(at("model.replied")->body["reply"]["reasoning"], "");
  const auto& told = model_.requests[1].messages;
  EXPECT_EQ(told[1].replay, thoughtful.replay) << "what a provider wants back goes back";
}

TEST_F(RunnerTest, AsksAgainWithASmallerPromptOnceWhenItDidNotFit) {
  model_ = ScriptedModel({fail(ErrorKind::limit, "the prompt is too long"), says("done")});
  model_.window = 100'000;
  EXPECT_EQ(start("say something").status, RunStatus::done);
  EXPECT_EQ(model_.requests.size(), 2u);
  model_ = ScriptedModel({fail(ErrorKind::limit, "too long"), fail(ErrorKind::limit, "too long"), says("done")});
  model_.window = 100'000;
  EXPECT_EQ(start("say something").status, RunStatus::paused);
  EXPECT_EQ(model_.requests.size(), 2u);
}

TEST_F(RunnerTest, ReservesTheBudgetBeforeItAsksAndShortensTheReplyToWhatIsLeft) {
  model_ = ScriptedModel({says("done")});
  model_.window = 100'000;
  model_.prices(10, 100);
  Limits limits;
  limits.max_cost_usd = 0.1;
  EXPECT_EQ(start("say something", limits).status, RunStatus::done);
  EXPECT_GT(model_.requests.at(0).max_tokens, 16);
  EXPECT_LT(model_.requests[0].max_tokens, 1000) << "a tenth of a dollar pays for less than a thousand";
}

TEST_F(RunnerTest, DoesNotAskWhereTheRequestMightPassTheBudget) {
  for (Limits limits : {Limits{.max_cost_usd = 0.0001}, Limits{.max_tokens = 20}}) {
    model_ = ScriptedModel({says("done")});
    model_.window = 100'000;
    model_.prices(10, 100);
    const RunReport report = start("say something", limits);
    EXPECT_EQ(report.status, RunStatus::limit);
    EXPECT_THAT(report.reason, HasSubstr("might pass"));
    EXPECT_TRUE(model_.requests.empty());
  }
}

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

TEST_F(RunnerTest, OneRunHasOneOwner) {
  script({calls("act", "b"), says("done")});
  const RunReport paused = start("do b");
  const auto lease = run_async(io_, journal_->acquire(paused.run));
  ASSERT_OK(lease);
  EXPECT_THAT(resume(paused.run), IsError(ErrorKind::conflict));
}

TEST_F(RunnerTest, AnswersAnUnknownToolAndWrongArgumentsAndGoesOn) {
  script({calls("no.such", "x"), ScriptedModel::calls("look", {{"wat", 1}}), calls("look", "a"), says("done")});
  const RunReport report = start("look at a");
  EXPECT_EQ(report.status, RunStatus::done);
  EXPECT_THAT(model_.requests[1].messages.back().text, HasSubstr("There is no tool \"no.such\""));
  EXPECT_THAT(model_.requests[2].messages.back().text, HasSubstr("\"what\" is missing"));
}

TEST_F(RunnerTest, AModelThatNeverGetsItRightFailsTheRun) {
  std::vector<Result<Reply>> replies;
  for (int i = 0; i < 50; ++i) replies.push_back(ScriptedModel::calls("look", {{"what", i}}));
  script(std::move(replies));
  const RunReport report = start("look");
  EXPECT_EQ(report.status, RunStatus::failed);
  EXPECT_EQ(model_.requests.size(), 5u);
}

TEST_F(RunnerTest, DoesNotRepeatAnEffectThatTheModelForgot) {
  script({calls("act.quiet", "b"), calls("act.quiet", "b"), says("done")});
  EXPECT_EQ(start("do b").status, RunStatus::done);
  EXPECT_THAT(world_.done, ElementsAre("b"));
  EXPECT_THAT(model_.requests.back().messages.back().text, HasSubstr("not made again"));
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
    world_ = World{.next = Outcome::unknown("lost")};
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

TEST_F(RunnerTest, APauseForAQuestionEndsWithItsAnswer) {
  script({ScriptedModel::calls("user.ask", {{"question", "Which one?"}}), says("thanks")});
  const RunReport paused = start("do something");
  EXPECT_EQ(paused.status, RunStatus::paused);
  EXPECT_THAT(paused.reason, HasSubstr("Which one?"));
  Runner other({*journal_, model_, tools_, system_clock(), answers_, observer_, policy_});
  const auto report = run_async(io_, other.answer(paused.run, "the blue one"));
  ASSERT_OK(report);
  EXPECT_EQ(report->status, RunStatus::done);
  EXPECT_EQ(model_.requests.back().messages.back().text, "the blue one");
}

TEST_F(RunnerTest, AModelThatCannotBeReachedPausesAndCanBeResumed) {
  script({Result<Reply>(fail(ErrorKind::unavailable, "no route", "host"))});
  const RunReport paused = start("look at a");
  EXPECT_EQ(paused.status, RunStatus::paused);
  EXPECT_TRUE(paused.try_later);
  script({says("hello again")});
  const auto report = resume(paused.run);
  ASSERT_OK(report);
  EXPECT_EQ(report->text, "hello again");
}

TEST_F(RunnerTest, ALimitPausesAndALargerOneGoesOn) {
  script({calls("look", "a"), says("done")});
  const RunReport stopped = start("look at a", {.max_steps = 1});
  EXPECT_EQ(stopped.status, RunStatus::limit);
  Runner other({*journal_, model_, tools_, system_clock(), answers_, observer_, policy_});
  const auto report = run_async(io_, other.resume(stopped.run, Limits{.max_steps = 5}));
  ASSERT_OK(report);
  EXPECT_EQ(report->status, RunStatus::done);
}

TEST_F(RunnerTest, RefusesARequestWithoutWordsOrWithTooMany) {
  Runner runner({*journal_, model_, tools_, system_clock(), answers_, observer_, policy_});
  EXPECT_THAT(run_async(io_, runner.start({.request = " \n"})), IsError(ErrorKind::invalid));
  EXPECT_THAT(run_async(io_, runner.start({.request = std::string(5u << 20, 'x')})), IsError(ErrorKind::invalid));
}

TEST_F(RunnerTest, NothingLeavesBeforeWhatLedToItIsInTheJournal) {
  script({calls("look", "a"), calls("act.quiet", "b"), says("done")});
  std::vector<std::string> last;
  const auto look_up = [&] { last.push_back(kinds_on_disk().back()); };
  model_.on_request = look_up;
  world_.on_entry = look_up;
  EXPECT_EQ(start("look at a, then do b").status, RunStatus::done);
  EXPECT_THAT(last, ElementsAre("model.requested", "policy.decided", "model.requested", "effect.intended", "model.requested"));
}

// A reply is paid for: a process that dies in a tool, however harmless, must not have to ask again.
TEST_F(RunnerTest, AReplyIsInTheJournalBeforeEvenAPureToolRuns) {
  Tool pure = tool("pure", EffectClass::pure, false);
  pure.run = [this](Json arguments, ToolContext&) { return look(std::move(arguments), world_); };
  ASSERT_OK(tools_.add(std::move(pure)));
  script({calls("pure", "a"), says("done")});
  std::vector<std::string> seen;
  world_.on_entry = [&] { seen = kinds_on_disk(); };
  EXPECT_EQ(start("look at a").status, RunStatus::done);
  EXPECT_THAT(seen, ElementsAre("run.started", "model.requested", "model.replied", "tool.proposed", "policy.decided"));
}

TEST_F(RunnerTest, AQuestionIsAskedWhenItIsInTheJournal) {
  script({calls("act", "a")});
  answers_.on_card = [this] { EXPECT_EQ(kinds_on_disk().back(), "approval.requested"); };
  EXPECT_EQ(start("do a").status, RunStatus::paused);
  EXPECT_EQ(answers_.cards.size(), 1u);
}

TEST_F(RunnerTest, TellsTheObserverEveryEventInOrderOnceItIsWritten) {
  struct Listening final : Observer {
    std::function<std::size_t()> written;
    std::vector<EventNumber> numbers;
    void on_event(const RunId&, const Event& event) override {
      EXPECT_LE(static_cast<std::size_t>(event.number), written());
      numbers.push_back(event.number);
    }
  } listening;
  listening.written = [this] { return kinds_on_disk().size(); };
  script({calls("look", "a"), calls("pure", "b"), says("done")});
  Tool pure = tool("pure", EffectClass::pure, false);
  pure.run = [this](Json arguments, ToolContext&) { return look(std::move(arguments), world_); };
  ASSERT_OK(tools_.add(std::move(pure)));
  Runner runner({*journal_, model_, tools_, system_clock(), answers_, listening, policy_});
  const auto report = run_async(io_, runner.start({.request = "look at a, then at b"}));
  ASSERT_OK(report);
  std::vector<EventNumber> all(kinds(report->run).size());
  std::iota(all.begin(), all.end(), 1);
  EXPECT_EQ(listening.numbers, all);
}

TEST_F(RunnerTest, AnAnswerThatNobodyWaitsForLeavesTheRunToOthers) {
  script({calls("act", "a")});
  const RunReport paused = start("do a");
  ASSERT_EQ(paused.status, RunStatus::paused);
  Runner runner({*journal_, model_, tools_, system_clock(), answers_, observer_, policy_});
  EXPECT_THAT(run_async(io_, runner.answer(paused.run, "what?")), IsError(ErrorKind::conflict));
  EXPECT_OK(resume(paused.run));
}

// A tool of somebody who never heard of commit points.
asio::awaitable<Outcome> act_unannounced(World& world) {
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
    world_ = World{.next = Outcome::unknown("lost")};
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

TEST_F(RunnerTest, ACallWhoseSecretIsNotKeptIsMadeAnewInsteadOfWithoutIt) {
  Redactor redactor;
  redactor.add(Secret("hunter2hunter2"));
  open(std::move(redactor));
  script({calls("act", "hunter2hunter2"), says("I cannot")});
  const RunReport paused = start("do hunter2hunter2");
  ASSERT_EQ(paused.status, RunStatus::paused);
  Redactor same;
  same.add(Secret("hunter2hunter2"));
  open(std::move(same));
  Runner other({*journal_, model_, tools_, system_clock(), answers_, observer_, policy_});
  const auto report = run_async(io_, other.decide_approval(paused.run, {true, ""}, "test"));
  ASSERT_OK(report);
  EXPECT_TRUE(world_.done.empty()) << "the tool ran with " << world_.done.front();
  EXPECT_THAT(model_.requests.back().messages.back().text, HasSubstr("a secret in them is not kept"));
}

TEST_F(RunnerTest, AReadingCallWhoseSecretIsNotKeptIsNotMadeWithoutItEither) {
  Redactor redactor;
  redactor.add(Secret("hunter2hunter2"));
  open(std::move(redactor));
  script({calls("look", "hunter2hunter2"), says("done")});
  const RunReport whole = start("look at hunter2hunter2");
  const auto events = run_async(io_, journal_->read(whole.run, 0, 5));  // up to policy.decided
  ASSERT_OK(events);
  ASSERT_EQ(events->back().kind, "policy.decided");
  const RunId id = make_run_id(system_clock().now());
  auto lease = run_async(io_, journal_->create({.id = id, .task_hash = "h", .title = "t"}));
  ASSERT_OK(lease);
  ASSERT_OK(run_async(io_, journal_->append(*lease, *events, {})));
  ASSERT_OK(run_async(io_, journal_->release(*lease)));
  script({says("I cannot")});
  ASSERT_OK(resume(id));
  EXPECT_EQ(world_.done.size(), 1u) << "that of the first run";
  EXPECT_THAT(model_.requests.back().messages.back().text, HasSubstr("a secret in them is not kept"));
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

asio::awaitable<Outcome> note(Json arguments, World& world) {
  if (world.on_entry) world.on_entry();
  Outcome out = Outcome::succeeded({{"ok", true}}, "noted");
  out.facts.push_back({.key = string_at(arguments, "what"), .value = "noted", .run = {}});
  co_return out;
}

TEST_F(RunnerTest, WhatALocalToolEntersIsInTheJournalTogetherWithItsOutcomeOrNotAtAll) {
  Tool notes = tool("note", EffectClass::local, false);
  notes.run = [this](Json arguments, ToolContext&) { return note(std::move(arguments), world_); };
  ASSERT_OK(tools_.add(std::move(notes)));
  struct Listening final : Observer {
    std::function<void(const Event&)> told;
    void on_event(const RunId&, const Event& event) override { told(event); }
  } listening;
  const auto facts = [&] { return run_async(io_, journal_->recall("", 10))->size(); };
  std::vector<std::size_t> counts;
  world_.on_entry = [&] { EXPECT_EQ(kinds_on_disk().back(), "effect.intended"); };
  listening.told = [&](const Event& event) {
    asio::io_context io;
    auto other = open_sqlite_journal({.path = folder_ / "journal.db"});
    if (event.kind == "effect.intended" || event.kind == "effect.settled") counts.push_back(run_async(io, (*other)->recall("",
        10))->size());
  };
  script({calls("note", "a"), calls("note", "two\nlines"), says("done")});
  Runner runner({*journal_, model_, tools_, system_clock(), answers_, listening, policy_});
  const auto report = run_async(io_, runner.start({.request = "note a"}));
  ASSERT_OK(report);
  EXPECT_EQ(report->status, RunStatus::done);
  EXPECT_EQ(report->state.calls.at("call_2_1").outcome->status, OutcomeStatus::failed_without_effect) << "a key of two lines";
  EXPECT_THAT(counts, ElementsAre(0u, 1u, 1u, 1u));
  EXPECT_EQ(facts(), 1u);
}

// A process that dies leaves a prefix of the events. Whatever prefix it was, going on gives the same end and no effect twice, unless the
// prefix ends between commit point and outcome: then the run stops and asks.
TEST_F(RunnerTest, AnyPrefixOfTheJournalCanBeResumed) {
  script({calls("look", "a"), calls("act.quiet", "b"), says("done")});
  const RunReport whole = start("look at a, then do b");
  const auto events = run_async(io_, journal_->read(whole.run, 0, 1000));
  ASSERT_OK(events);
  for (std::size_t n = 1; n < events->size(); ++n) {
    // A reply and its calls are one transaction: no prefix ends between them.
    if ((*events)[n].kind == "tool.proposed") continue;
    const RunId id = make_run_id(system_clock().now());
    auto lease = run_async(io_, journal_->create({.id = id, .task_hash = "h", .title = "t"}));
    ASSERT_OK(lease);
    std::vector<Event> prefix(events->begin(), events->begin() + static_cast<std::ptrdiff_t>(n));
    ASSERT_OK(run_async(io_, journal_->append(*lease, prefix, {})));
    ASSERT_OK(run_async(io_, journal_->release(*lease)));
    std::size_t replied = 0;
    bool settled = false;
    for (const Event& event : prefix) {
      replied += event.kind == "model.replied";
      settled = settled || (event.kind == "effect.settled" && event.step == 2);
    }
    std::vector<Result<Reply>> rest = {calls("look", "a"), calls("act.quiet", "b"), says("done")};
    rest.erase(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(replied));
    script(std::move(rest));
    world_ = World{};
    const auto report = resume(id);
    ASSERT_OK(report) << n;
    const bool in_doubt = prefix.back().kind == "effect.dispatched";
    EXPECT_EQ(report->status, in_doubt ? RunStatus::unknown : RunStatus::done) << n << " " << prefix.back().kind;
    const auto effects = std::count(world_.done.begin(), world_.done.end(), "b");
    EXPECT_EQ(effects, in_doubt || settled ? 0 : 1) << n << " " << prefix.back().kind;
  }
}

}  // namespace
}  // namespace deed
