#include "deed/tests/agent/runner_fixture.hpp"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <limits>
#include <map>
#include <numeric>

namespace deed {
namespace {

// A picture whose bytes are missing.
asio::awaitable<Outcome> show_nothing() {
  Outcome out = Outcome::succeeded({{"seen", 1}}, "seen");
  out.media.push_back({.media_type = "image/gif", .name = "n.gif"});
  co_return out;
}

using testing::ElementsAre;
using testing::HasSubstr;

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
  EXPECT_EQ(at("model.reasoned")->body.value()["text"], "let me see");
  EXPECT_EQ(at("model.replied")->body.value()["reply"]["reasoning"], "");
  const auto& told = model_.requests[1].messages;
  EXPECT_EQ(told[1].replay, thoughtful.replay) << "what a provider wants back goes back";
}

// The state is made of what is recorded, not of what is read back: both have to be the same.
TEST_F(RunnerTest, ARunGoesOnWithWhatItsJournalSaysAndNothingElse) {
  Tool pictures = tool("picture", EffectClass::read, false);
  pictures.run = [](Json, ToolContext&) { return show_nothing(); };
  ASSERT_OK(tools_.add(std::move(pictures)));
  Reply rich = calls("picture", "a\xFF");
  rich.tool_calls.push_back({"d", "act.quiet", nullptr});
  rich.bad_arguments = {{"d", "{what"}};
  rich.reasoning = "let me see";
  rich.replay = {"p", nullptr};
  rich.usage = {1, 2, 3, 4, 5};
  rich.model = "m";
  rich.fell_back = {"other: down"};
  rich.plan = {"look"};
  rich.choices = {{"tool", {{"picture", 0.5}}, "picture", "decoded"}};
  Reply plain = calls("act.quiet", "b");
  plain.replay = {"p", nullptr};
  script({rich, plain, says("done")});
  const RunReport report = start("look at a");
  EXPECT_EQ(report.status, RunStatus::done) << report.reason;
  const auto events = run_async(io_, journal_->read(report.run, 0, 1000));
  ASSERT_OK(events);
  const auto again = fold_all(*events);
  ASSERT_OK(again);
  ASSERT_EQ(again->entries.size(), report.state.entries.size());
  for (std::size_t i = 1; i < again->entries.size(); ++i) {
    const Reply& read = std::get<StepState>(again->entries[i]).reply;
    const Reply& kept = std::get<StepState>(report.state.entries[i]).reply;
    EXPECT_EQ(encode(ModelReplied{read}).body, encode(ModelReplied{kept}).body);
    EXPECT_EQ(read.replay, kept.replay);
    EXPECT_EQ(read.bad_arguments, kept.bad_arguments);
  }
  ASSERT_EQ(again->calls.size(), 3u);
  for (const auto& [id, read] : again->calls) {
    const CallState& kept = report.state.calls.at(id);
    EXPECT_EQ(read.bad_arguments, kept.bad_arguments);
    EXPECT_EQ(read.call, kept.call);
    EXPECT_EQ(encode(*read.policy).body, encode(*kept.policy).body);
    ASSERT_EQ(read.outcome.has_value(), kept.outcome.has_value());
    if (!read.outcome) continue;
    EXPECT_EQ(encode(*read.outcome).body, encode(*kept.outcome).body);
    EXPECT_EQ(read.outcome->media, kept.outcome->media);
  }
}

TEST_F(RunnerTest, ALimitThatIsNoNumberIsRefusedBeforeItIsInAJournal) {
  script({says("done")});
  Runner runner({*journal_, model_, tools_, system_clock(), answers_, observer_, policy_});
  const Limits wrong{.max_cost_usd = std::numeric_limits<double>::quiet_NaN()};
  EXPECT_THAT(run_async(io_, runner.start({.request = "x", .limits = wrong})), IsError(ErrorKind::invalid));
  EXPECT_THAT(run_async(io_, journal_->runs(10))->size(), 0u);
  const RunReport report = start("x");
  EXPECT_THAT(run_async(io_, runner.resume(report.run, wrong)), IsError(ErrorKind::invalid));
}

TEST_F(RunnerTest, ANumberOfAModelThatIsNoneEndsTheRunBeforeItIsInTheJournal) {
  Reply wrong = calls("look", "a");
  wrong.cost_usd = std::numeric_limits<double>::infinity();
  script({wrong});
  Runner runner({*journal_, model_, tools_, system_clock(), answers_, observer_, policy_});
  EXPECT_THAT(run_async(io_, runner.start({.request = "x"})), IsError(ErrorKind::corrupt));
  const auto newest = run_async(io_, journal_->find_run("last"));
  ASSERT_OK(newest);
  EXPECT_OK(fold_all(*run_async(io_, journal_->read(newest->id, 0, 1000))));
}

// What a tool says of the world is asked again right before it runs.
TEST_F(RunnerTest, WhatWouldDoSomethingElseThanAMomentAgoIsJudgedAgain) {
  int asked = 0;
  Tool moving = tool("moving", EffectClass::once, false);
  moving.run = [this](Json arguments, ToolContext& context) { return runner_act(std::move(arguments), context, world_); };
  moving.preview = [&](const Json&, const ToolContext&) -> Result<Preview> {
    return Preview{"text/plain", ++asked == 1 ? "one thing" : "another", "moves", {"a"}};
  };
  ASSERT_OK(tools_.add(std::move(moving)));
  script({calls("moving", "a"), says("done")});
  const RunReport report = start("move a");
  EXPECT_EQ(report.status, RunStatus::done) << report.reason;
  EXPECT_EQ(report.state.calls.at("call_1_1").policy->preview->bytes, "another");
  EXPECT_EQ(world_.done, std::vector<std::string>{"a"});
}

TEST_F(RunnerTest, WhatWouldDestroySomethingThatWasNotThereAMomentAgoIsAskedAbout) {
  int asked = 0;
  Tool wiping = tool("wiping", EffectClass::once, false);
  wiping.spec.approval = ApprovalNeed::never;
  wiping.destroys = [&](const Json&) { return ++asked > 1; };
  wiping.run = [this](Json arguments, ToolContext& context) { return runner_act(std::move(arguments), context, world_); };
  ASSERT_OK(tools_.add(std::move(wiping)));
  script({calls("wiping", "a"), says("done")});
  const RunReport report = start("wipe a");
  EXPECT_EQ(report.status, RunStatus::paused);
  EXPECT_THAT(report.reason, HasSubstr("waits for approval"));
  EXPECT_THAT(world_.done, testing::IsEmpty());
}

// Nothing in this run ever waits for long: no tool, no model, no journal. Each call goes through the loop all the same.
TEST_F(RunnerTest, LetsASignalInHoweverQuickTheModelAndTheToolsAre) {
  class Endless final : public Model {
   public:
    const ModelInfo& info() const override { return info_; }
    std::int64_t count_tokens(std::string_view) const override { return 1; }
    Async<Reply> generate(ModelRequest, StreamSink) override {
      Json arguments = {{"what", std::to_string(++asked)}};
      co_return ScriptedModel::calls("look", std::move(arguments));
    }
    int asked = 0;

   private:
    ModelInfo info_{.name = "endless"};
  };
  Endless model;
  Runner runner({*journal_, model, tools_, system_clock(), answers_, observer_, policy_});
  asio::steady_timer signal(io_, std::chrono::milliseconds(30));
  signal.async_wait([&](const boost::system::error_code&) { runner.interrupt(); });
  const Limits none{.max_steps = 0, .max_calls = 0};
  const auto report = run_async(io_, runner.start({.request = "go on for ever", .limits = none}));
  ASSERT_OK(report);
  EXPECT_EQ(report->status, RunStatus::paused) << report->reason;
  EXPECT_EQ(report->reason, "interrupted");
  EXPECT_GT(model.asked, 1);
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
  pure.run = [this](Json arguments, ToolContext&) { return runner_look(std::move(arguments), world_); };
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
  pure.run = [this](Json arguments, ToolContext&) { return runner_look(std::move(arguments), world_); };
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

asio::awaitable<Outcome> note(Json arguments, RunnerWorld& world) {
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
    world_ = RunnerWorld{};
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
