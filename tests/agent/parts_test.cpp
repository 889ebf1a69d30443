// Effects with parts, each with an outcome of its own: what a crash, a refusal, a stop or a person does to one of them does
// nothing to the others.
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <set>

#include "deed/agent/runner.hpp"
#include "deed/tests/agent/events_of.hpp"
#include "deed/tests/fakes/matchers.hpp"
#include "deed/tests/fakes/run_async.hpp"
#include "deed/tests/fakes/scripted_model.hpp"

namespace deed {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using testing::UnorderedElementsAre;

// Who got something, how often, and what the receiver says to each.
struct Post {
  std::map<std::string, int> got;
  std::map<std::string, OutcomeStatus> answers;  // else succeeded; unknown: it was done, and nobody heard
  std::function<void(const std::string&)> on_part;
  bool lies = false;  // the tool says "succeeded" whatever happened
  int probes = 0;
  bool probe_knows = true;
};

Outcome outcome_with(OutcomeStatus status) {
  Outcome outcome;
  outcome.status = status;
  outcome.text = std::string("it ") + to_string(status);
  return outcome;
}

asio::awaitable<Outcome> deliver(Json arguments, ToolContext& context, Post& post) {
  bool any_in_doubt = false;
  for (const Json& item : arguments.at("to")) {
    const std::string who = item.get<std::string>();
    if (context.stop_requested()) break;
    any_in_doubt = any_in_doubt || context.part(who).phase == PartPhase::in_doubt;
    if (context.part(who).phase != PartPhase::open) continue;
    const auto found = post.answers.find(who);
    const OutcomeStatus answer = found == post.answers.end() ? OutcomeStatus::succeeded : found->second;
    if (answer == OutcomeStatus::succeeded || answer == OutcomeStatus::unknown) {
      auto dispatched = co_await context.dispatching_part(who);
      if (!dispatched) co_return Outcome::failed_without_effect(dispatched.error());
      ++post.got[who];
    }
    if (post.on_part) post.on_part(who);
    any_in_doubt = any_in_doubt || answer == OutcomeStatus::unknown;
    auto settled = co_await context.settle_part(who, outcome_with(answer));
    if (!settled) co_return Outcome::unknown(settled.error().what);
  }
  if (any_in_doubt && !post.lies) co_return Outcome::unknown("somebody is in doubt");
  co_return Outcome::succeeded({{"ok", true}}, "all were looked at");
}

asio::awaitable<ProbeResult> look_for(ToolContext& context, Post& post) {
  ++post.probes;
  if (!post.probe_knows) co_return ProbeResult{ProbeResult::Verdict::undecided, "the archive is closed"};
  const bool is_there = post.got.contains(context.probed_part());
  co_return ProbeResult{is_there ? ProbeResult::Verdict::confirmed : ProbeResult::Verdict::refuted, "looked into the archive"};
}

class Parts : public testing::Test {
 protected:
  Parts() {
    static int count = 0;
    folder_ = std::filesystem::temp_directory_path() / ("deed-parts-" + std::to_string(getpid()) + "-" + std::to_string(++count));
    auto journal = open_sqlite_journal({.path = folder_ / "journal.db"});
    EXPECT_OK(journal);
    journal_ = std::move(*journal);
    add("post", EffectClass::once);
    add("post.probed", EffectClass::probeable);
    add("post.again", EffectClass::idempotent);
  }
  ~Parts() override {
    journal_.reset();
    std::filesystem::remove_all(folder_);
  }

  void add(const std::string& name, EffectClass effect) {
    Tool tool;
    tool.spec.name = name;
    tool.spec.description = "Test.";
    tool.spec.arguments = {{"type", "object"}, {"properties", {{"to", {{"type", "array"}, {"items", {{"type", "string"}}}}}}}};
    tool.spec.effect = effect;
    tool.spec.dispatches = true;
    tool.spec.approval = ApprovalNeed::never;
    tool.run = [this](Json arguments, ToolContext& context) { return deliver(std::move(arguments), context, post_); };
    tool.preview = [this](const Json&, const ToolContext&) -> Result<Preview> { return Preview{"text/plain", bytes_, "post"}; };
    if (effect == EffectClass::probeable) {
      tool.probe = [this](Json, ToolContext& context) { return look_for(context, post_); };
    }
    EXPECT_OK(tools_.add(std::move(tool)));
  }

  Reply posting(const std::string& tool) { return ScriptedModel::calls(tool, {{"to", {"ann", "bob", "cy"}}}); }
  RunReport start(const std::string& tool) {
    model_ = ScriptedModel({posting(tool), ScriptedModel::says("done")});
    Runner runner(parts());
    runner_ = &runner;
    auto report = run_async(io_, runner.start({.request = "write to ann, bob and cy"}));
    runner_ = nullptr;
    EXPECT_OK(report);
    return report.value_or(RunReport{});
  }
  RunReport resume(const RunId& run) {
    Runner runner(parts());
    auto report = run_async(io_, runner.resume(run));
    EXPECT_OK(report);
    return report.value_or(RunReport{});
  }
  Result<RunReport> reconcile(const RunId& run, const char* decision, const char* part = "") {
    Runner runner(parts());
    return run_async(io_, runner.reconcile(run, decision, "test", part));
  }
  RunnerParts parts() { return {*journal_, model_, tools_, system_clock(), no_interaction(), observer_, {}}; }
  std::vector<Event> events(const RunId& run) {
    auto read = run_async(io_, journal_->read(run, 0, 1000));
    EXPECT_OK(read);
    return read.value_or(std::vector<Event>());
  }
  // A run whose process died after the first `count` events.
  RunId cut_run(const std::vector<Event>& events, std::size_t count) {
    const RunId id = make_run_id(system_clock().now());
    const auto lease = run_async(io_, journal_->create({.id = id, .task_hash = "h", .title = "t"}));
    EXPECT_OK(lease);
    std::vector<Event> prefix(events.begin(), events.begin() + static_cast<std::ptrdiff_t>(count));
    EXPECT_OK(run_async(io_, journal_->append(*lease, prefix, {})));
    EXPECT_OK(run_async(io_, journal_->release(*lease)));
    return id;
  }
  const CallState& call_of(const RunReport& report) { return report.state.calls.at("call_1_1"); }

  std::filesystem::path folder_;
  asio::io_context io_;
  std::unique_ptr<Journal> journal_;
  ScriptedModel model_;
  Registry tools_;
  Post post_;
  std::string bytes_ = "letter";
  Observer observer_;
  Runner* runner_ = nullptr;
};

TEST_F(Parts, AreDispatchedAndSettledOneAfterTheOtherInsideOfOneCall) {
  const RunReport report = start("post");
  EXPECT_EQ(report.status, RunStatus::done);
  std::vector<std::string> told;
  for (const Event& event : events(report.run)) {
    if (event.kind.starts_with("effect.")) told.push_back(event.kind + " " + string_at(event.body.value(), "part"));
  }
  EXPECT_THAT(told, ElementsAre("effect.intended ", "effect.dispatched ann", "effect.settled ann", "effect.dispatched bob",
                                "effect.settled bob", "effect.dispatched cy", "effect.settled cy", "effect.settled "));
  EXPECT_THAT(post_.got, UnorderedElementsAre(Pair("ann", 1), Pair("bob", 1), Pair("cy", 1)));
}

TEST_F(Parts, ARefusalEndsItsPartOnly) {
  post_.answers["bob"] = OutcomeStatus::rejected;
  const RunReport report = start("post");
  EXPECT_EQ(report.status, RunStatus::done);
  EXPECT_THAT(post_.got, UnorderedElementsAre(Pair("ann", 1), Pair("cy", 1)));
  EXPECT_EQ(call_of(report).parts.at("bob").outcome->status, OutcomeStatus::rejected);
}

// The promise, at every instant at which a process can die between two appends, whether the part that was in flight had been
// done or not: nobody gets it twice, and whoever can be known about gets it once.
TEST_F(Parts, AnyPrefixOfTheJournalIsResumedWithoutASecondEffect) {
  for (const char* tool : {"post", "post.probed", "post.again"}) {
    post_ = Post{};
    const std::vector<Event> whole = events(start(tool).run);
    for (std::size_t n = 1; n < whole.size(); ++n) {
      if (whole[n].kind == "tool.proposed") continue;  // one append with its reply
      for (const bool was_done : {false, true}) {
        post_ = Post{};
        std::string in_flight;
        std::size_t replies = 0;
        for (std::size_t i = 0; i < n; ++i) {
          const std::string part = string_at(whole[i].body.value(), "part");
          replies += whole[i].kind == "model.replied";
          if (part.empty()) continue;
          in_flight = whole[i].kind == "effect.dispatched" ? part : "";
          if (whole[i].kind == "effect.settled") ++post_.got[part];
        }
        if (!in_flight.empty() && was_done) ++post_.got[in_flight];
        std::vector<Result<Reply>> rest = {posting(tool), ScriptedModel::says("done")};
        rest.erase(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(replies));
        model_ = ScriptedModel(std::move(rest));
        const RunReport report = resume(cut_run(whole, n));
        const std::string where = std::string(tool) + " cut after " + std::to_string(n) + " events, in flight: " + in_flight;
        const bool asks = !in_flight.empty() && std::string(tool) == "post";
        EXPECT_EQ(report.status, asks ? RunStatus::unknown : RunStatus::done) << where;
        for (const char* who : {"ann", "bob", "cy"}) {
          const bool may_repeat = who == in_flight && std::string(tool) == "post.again";
          const int expected = asks && who == in_flight ? was_done : may_repeat ? was_done + 1 : 1;
          EXPECT_EQ(post_.got[who], expected) << who << ": " << where;
        }
      }
    }
  }
}

TEST_F(Parts, OneInDoubtHoldsUpNobodyAndIsAskedAboutAtTheEnd) {
  post_.answers["ann"] = OutcomeStatus::unknown;
  const RunReport report = start("post");
  EXPECT_EQ(report.status, RunStatus::unknown);
  EXPECT_THAT(post_.got, UnorderedElementsAre(Pair("ann", 1), Pair("bob", 1), Pair("cy", 1)));
  EXPECT_THAT(report.reason, AllOf(HasSubstr("became of ann"), Not(HasSubstr("bob"))));
  EXPECT_THAT(report.hint, HasSubstr("--part"));
}

TEST_F(Parts, AToolThatSaysMoreThanItKnowsIsCorrected) {
  post_.answers["ann"] = OutcomeStatus::unknown;
  post_.lies = true;
  EXPECT_EQ(start("post").status, RunStatus::unknown);
}

TEST_F(Parts, AProbeThatKnowsSettlesThemWithoutAPerson) {
  post_.answers["bob"] = OutcomeStatus::unknown;
  const RunReport report = start("post.probed");
  EXPECT_EQ(report.status, RunStatus::done);
  EXPECT_EQ(post_.probes, 1);
  EXPECT_EQ(post_.got["bob"], 1);
  EXPECT_EQ(call_of(report).parts.at("bob").outcome->status, OutcomeStatus::succeeded);
}

TEST_F(Parts, AProbeThatDoesNotKnowIsAskedAgainWithTheNextResume) {
  post_.answers["bob"] = OutcomeStatus::unknown;
  post_.probe_knows = false;
  const RunReport report = start("post.probed");
  EXPECT_EQ(report.status, RunStatus::unknown);
  EXPECT_EQ(post_.probes, 1);
  EXPECT_THAT(report.reason, HasSubstr("the archive is closed"));
  post_.probe_knows = true;
  EXPECT_EQ(resume(report.run).status, RunStatus::done);
  EXPECT_THAT(post_.got, UnorderedElementsAre(Pair("ann", 1), Pair("bob", 1), Pair("cy", 1)));
}

TEST_F(Parts, ThePersonDecidesAboutEachAlone) {
  post_.answers = {{"ann", OutcomeStatus::unknown}, {"cy", OutcomeStatus::unknown}};
  const RunReport report = start("post");
  EXPECT_THAT(reconcile(report.run, "done", "bob"), IsError(ErrorKind::conflict, HasSubstr("bob")));
  const auto first = reconcile(report.run, "done", "ann");
  ASSERT_OK(first);
  EXPECT_EQ(first->status, RunStatus::unknown);
  post_.answers.clear();
  const auto second = reconcile(report.run, "retry", "cy");
  ASSERT_OK(second);
  EXPECT_EQ(second->status, RunStatus::done);
  EXPECT_THAT(post_.got, UnorderedElementsAre(Pair("ann", 1), Pair("bob", 1), Pair("cy", 2)));
}

TEST_F(Parts, WhatThePersonCalledNotDoneIsNotDoneAgain) {
  post_.answers["bob"] = OutcomeStatus::unknown;
  const RunReport report = start("post");
  const auto after = reconcile(report.run, "not_done");
  ASSERT_OK(after);
  EXPECT_EQ(after->status, RunStatus::done);
  EXPECT_EQ(post_.got["bob"], 1);
  EXPECT_EQ(call_of(*after).parts.at("bob").outcome->status, OutcomeStatus::failed_without_effect);
}

TEST_F(Parts, AStopFallsBetweenTwoOfThemAndTheRestFollowsWithTheResume) {
  post_.on_part = [this](const std::string& who) {
    if (who == "ann") runner_->interrupt();
  };
  const RunReport stopped = start("post");
  EXPECT_EQ(stopped.status, RunStatus::paused);
  EXPECT_THAT(post_.got, UnorderedElementsAre(Pair("ann", 1)));
  post_.on_part = {};
  EXPECT_EQ(resume(stopped.run).status, RunStatus::done);
  EXPECT_THAT(post_.got, UnorderedElementsAre(Pair("ann", 1), Pair("bob", 1), Pair("cy", 1)));
}

TEST_F(Parts, WhatCannotBeMadeAgainAsItWasEndsTheCallWhereItStands) {
  post_.on_part = [this](const std::string& who) {
    if (who == "ann") runner_->interrupt();
  };
  const RunReport stopped = start("post");
  bytes_ = "another letter";
  const RunReport report = resume(stopped.run);
  EXPECT_EQ(report.status, RunStatus::done);
  EXPECT_THAT(post_.got, UnorderedElementsAre(Pair("ann", 1)));
  EXPECT_THAT(call_of(report).outcome->text, AllOf(HasSubstr("it was done with ann"), HasSubstr("nothing else")));
}

TEST_F(Parts, AToolThatBreaksOffBetweenTwoOfThemHasDoneTheFirst) {
  post_.on_part = [](const std::string& who) {
    if (who == "bob") throw std::runtime_error("no memory");
  };
  post_.answers["bob"] = OutcomeStatus::rejected;
  const RunReport report = start("post");
  EXPECT_EQ(report.status, RunStatus::done);
  EXPECT_THAT(call_of(report).outcome->text, AllOf(HasSubstr("no memory"), HasSubstr("it was done with ann")));
}

TEST_F(Parts, BelongToToolsThatSayWhereTheirCommitPointsAre) {
  Tool silent;
  silent.spec.name = "silent";
  silent.spec.description = "Test.";
  silent.spec.arguments = {{"type", "object"}, {"properties", {{"to", {{"type", "array"}}}}}};
  silent.spec.approval = ApprovalNeed::never;
  silent.run = [](Json, ToolContext& context) -> asio::awaitable<Outcome> {
    auto dispatched = co_await context.dispatching_part("ann");
    if (!dispatched) co_return Outcome::failed_without_effect(dispatched.error());
    co_return Outcome::succeeded(nullptr, "did it");
  };
  ASSERT_OK(tools_.add(std::move(silent)));
  const RunReport report = start("silent");
  EXPECT_EQ(call_of(report).outcome->status, OutcomeStatus::failed_without_effect);
  EXPECT_THAT(call_of(report).outcome->text, HasSubstr("has parts"));
}

// A mailbox may need longer to settle than a tool may take.
TEST_F(Parts, AToolThatWaitsOnPurposeIsNotTooSlow) {
  Tool patient;
  patient.spec.name = "patient";
  patient.spec.description = "Test.";
  patient.spec.arguments = {{"type", "object"}, {"properties", {{"to", {{"type", "array"}}}}}};
  patient.spec.approval = ApprovalNeed::never;
  patient.spec.timeout = std::chrono::seconds(1);
  patient.run = [](Json, ToolContext& context) -> asio::awaitable<Outcome> {
    auto waited = co_await context.wait(std::chrono::milliseconds(1100));
    if (!waited) co_return Outcome::failed_without_effect(waited.error());
    co_return Outcome::succeeded(nullptr, "waited");
  };
  ASSERT_OK(tools_.add(std::move(patient)));
  const RunReport report = start("patient");
  EXPECT_EQ(call_of(report).outcome->status, OutcomeStatus::succeeded) << call_of(report).outcome->text;
}

TEST(PartEvents, ThatCannotFollowAreCorrupt) {
  const std::string call = "call_1_1";
  const auto begun = [&] {
    EventsOf events("write");
    events.call("post", {{"to", "ann"}}).judged(call, Verdict::allow).intended(call);
    return events;
  };
  EffectDispatched dispatched{begun().fold().calls.at(call).effect_key, 1, "ann"};
  EffectSettled settled{OutcomeStatus::succeeded, nullptr, "t", 1, 0, "ann"};
  EXPECT_OK(fold_all(begun().add(dispatched, call).add(settled, call).events()));
  EXPECT_THAT(fold_all(begun().add(settled, call).add(dispatched, call).events()), IsError(ErrorKind::corrupt));
  EXPECT_THAT(fold_all(begun().add(settled, call).add(settled, call).events()), IsError(ErrorKind::corrupt));
  EXPECT_THAT(fold_all(begun().add(EffectProbed{"refuted", "e", "ann"}, call).events()), IsError(ErrorKind::corrupt));
}

}  // namespace
}  // namespace deed
