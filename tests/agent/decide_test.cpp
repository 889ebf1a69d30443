#include "deed/agent/decide.hpp"

#include "deed/tests/agent/events_of.hpp"

namespace deed {
namespace {

using testing::HasSubstr;

const std::string call = "call_1_1";

template <class T>
bool is(const Action& action) {
  return std::holds_alternative<T>(action);
}
const OneTool once({.exists = true, .effect = EffectClass::once});
const OneTool reader({.exists = true, .effect = EffectClass::read});

EventsOf one_call() { return EventsOf("do it").call("tool", {{"a", 1}}); }

TEST(Decide, AsksTheModelFirst) { EXPECT_TRUE(is<AskModel>(decide(EventsOf("hello").fold(), once))); }

TEST(Decide, JudgesACallBeforeAnythingElse) { EXPECT_TRUE(is<JudgeCall>(decide(one_call().fold(), once))); }

TEST(Decide, RunsACallThatPolicyAllows) {
  EXPECT_TRUE(is<RunTool>(decide(one_call().judged(call, Verdict::allow).fold(), once)));
}

TEST(Decide, NeverRunsACallThatWaitsForApproval) {
  EXPECT_TRUE(is<AskApproval>(decide(one_call().judged(call, Verdict::ask).fold(), once)));
}

TEST(Decide, GoesBackToTheModelWhenACallWasInvalidDeniedOrARepeat) {
  for (const Verdict verdict : {Verdict::invalid, Verdict::deny, Verdict::repeat}) {
    EXPECT_TRUE(is<AskModel>(decide(one_call().judged(call, verdict).fold(), once))) << to_string(verdict);
  }
}

TEST(Decide, RetriesByItselfAfterACrashBetweenIntentAndCommitPoint) {
  const State state = one_call().judged(call, Verdict::allow).intended(call).fold();
  EXPECT_TRUE(is<RunTool>(decide(state, once)));
}

// The promise of effects: after the commit point only what cannot hurt is repeated.
TEST(Decide, AfterACrashBehindTheCommitPointTheClassDecides) {
  const State state = one_call().judged(call, Verdict::allow).intended(call).dispatched(call).fold();
  const auto action = [&](EffectClass effect, bool has_probe) {
    return decide(state, OneTool({.exists = true, .effect = effect, .has_probe = has_probe}));
  };
  EXPECT_TRUE(is<RunTool>(action(EffectClass::idempotent, false)));
  EXPECT_TRUE(is<RunTool>(action(EffectClass::keyed, false)));
  EXPECT_TRUE(is<ProbeCall>(action(EffectClass::probeable, true)));
  EXPECT_TRUE(is<ProbeCall>(action(EffectClass::once, true)));
  EXPECT_TRUE(is<AskOperator>(action(EffectClass::once, false)));
  EXPECT_TRUE(is<AskOperator>(action(EffectClass::probeable, false)));
  EXPECT_TRUE(is<RunTool>(action(EffectClass::local, false))) << "nothing is entered without its outcome";
}

TEST(Decide, AReceiverThatRemovesDuplicatesIsSentTheCallAgainOnlyWhileItKnowsTheKey) {
  const OneTool keyed({.exists = true, .effect = EffectClass::keyed, .key_window = std::chrono::hours(2)});
  const auto resumed_after = [&](std::chrono::minutes pause, bool with_intent) {
    auto events = one_call().judged(call, Verdict::allow).intended(call).dispatched(call);
    if (with_intent) events.intended(call, 2);
    events.after(pause).add(RunResumed{});
    return decide(events.fold(), keyed);
  };
  for (const bool with_intent : {false, true}) {
    EXPECT_TRUE(is<RunTool>(resumed_after(std::chrono::minutes(119), with_intent)));
    EXPECT_TRUE(is<AskOperator>(resumed_after(std::chrono::minutes(121), with_intent)));
  }
}

TEST(Decide, TheWindowOfAKeyBeginsWithItsFirstDispatch) {
  const OneTool keyed({.exists = true, .effect = EffectClass::keyed, .key_window = std::chrono::hours(2)});
  auto events = one_call().judged(call, Verdict::allow).intended(call).dispatched(call);
  events.after(std::chrono::minutes(90)).add(RunResumed{}).intended(call, 2).dispatched(call);
  EXPECT_TRUE(is<RunTool>(decide(events.fold(), keyed)));
  events.after(std::chrono::minutes(40)).add(RunResumed{});
  EXPECT_TRUE(is<AskOperator>(decide(events.fold(), keyed)));
}

TEST(Decide, ACrashNeverUsesUpAttempts) {
  auto events = one_call().judged(call, Verdict::allow);
  for (int attempt = 1; attempt < 20; ++attempt) events.intended(call, attempt).dispatched(call).add(RunResumed{});
  EXPECT_TRUE(is<RunTool>(decide(events.fold(), OneTool({.exists = true, .effect = EffectClass::idempotent}))));
}

TEST(Decide, AnUnknownOutcomeOfAOnceEffectWaitsForTheOperator) {
  const State state =
      one_call().judged(call, Verdict::allow).intended(call).dispatched(call).settled(call, OutcomeStatus::unknown).fold();
  EXPECT_TRUE(is<AskOperator>(decide(state, once)));
}

TEST(Decide, ProbesOnceAndThenAsksTheOperator) {
  auto events = one_call().judged(call, Verdict::allow).intended(call).dispatched(call);
  const OneTool probeable({.exists = true, .effect = EffectClass::probeable, .has_probe = true});
  EXPECT_TRUE(is<ProbeCall>(decide(events.fold(), probeable)));
  events.add(EffectProbed{"undecided", "no answer"}, call);
  EXPECT_TRUE(is<AskOperator>(decide(events.fold(), probeable)));
  events.add(RunResumed{});
  EXPECT_TRUE(is<ProbeCall>(decide(events.fold(), probeable))) << "whoever takes it up again looks again";
}

TEST(Decide, ARefutedProbeAllowsAnotherAttempt) {
  auto events = one_call().judged(call, Verdict::allow).intended(call).dispatched(call);
  events.add(EffectProbed{"refuted", "not there"}, call);
  EXPECT_TRUE(is<RunTool>(decide(events.fold(), once)));
}

TEST(Decide, TheOperatorsRetryAllowsAnotherAttempt) {
  auto events = one_call().judged(call, Verdict::allow).intended(call).dispatched(call);
  events.settled(call, OutcomeStatus::unknown).add(EffectReconciled{"retry", "me"}, call);
  EXPECT_TRUE(is<RunTool>(decide(events.fold(), once)));
}

TEST(Decide, AnOutcomeThatStaysUnknownIsNotAskedForEver) {
  const OneTool again({.exists = true, .effect = EffectClass::idempotent});
  auto events = one_call().judged(call, Verdict::allow);
  for (int attempt = 1; attempt <= 3; ++attempt) {
    EXPECT_TRUE(is<RunTool>(decide(events.fold(), again))) << attempt;
    events.intended(call, attempt).dispatched(call).settled(call, OutcomeStatus::unknown);
  }
  EXPECT_TRUE(is<AskOperator>(decide(events.fold(), again)));
  events.add(RunResumed{});
  EXPECT_TRUE(is<RunTool>(decide(events.fold(), again))) << "another day, another answer";
}

TEST(Decide, AQuestionWaitsForItsAnswerAndThenSettles) {
  const OneTool asks({.exists = true, .effect = EffectClass::read, .asks_user = true});
  auto events = one_call().judged(call, Verdict::allow);
  EXPECT_TRUE(is<AskUser>(decide(events.fold(), asks)));
  events.add(SignalReceived{"answer", "yes"}, call);
  EXPECT_TRUE(is<RunTool>(decide(events.fold(), asks)));
}

TEST(Decide, CallsOfOneReplyRunInOrder) {
  auto events = EventsOf("x").step({.text = "", .tool_calls = {{"", "a", {}}, {"", "b", {}}}});
  EXPECT_EQ(std::get<JudgeCall>(decide(events.fold(), reader)).call, "call_1_1");
  events.judged("call_1_1", Verdict::allow).settled("call_1_1", OutcomeStatus::succeeded);
  EXPECT_EQ(std::get<JudgeCall>(decide(events.fold(), reader)).call, "call_1_2");
}

TEST(Decide, FinishesWithTheModelsLastWords) {
  const Action action = decide(EventsOf("x").step({.text = "All done."}).fold(), once);
  EXPECT_EQ(std::get<Finish>(action).status, RunStatus::done);
  EXPECT_EQ(std::get<Finish>(action).text, "All done.");
}

TEST(Decide, AnEmptyAnswerARefusalOrACutReplyIsNoSuccess) {
  for (const auto& [text, stop] : {std::pair("", StopReason::end), std::pair("no", StopReason::refused),
                                   std::pair("half", StopReason::length)}) {
    const Action action = decide(EventsOf("x").step({.text = text, .stop = stop}).fold(), once);
    EXPECT_EQ(std::get<Finish>(action).status, RunStatus::failed) << to_string(stop);
  }
}

TEST(Decide, AChatWaitsForItsUser) {
  const State state = EventsOf(RunStarted{.request = "hi", .chat = true}).step({.text = "hello"}).fold();
  EXPECT_TRUE(is<WaitForMessage>(decide(state, once)));
}

TEST(Decide, StopsAtEachLimit) {
  const auto reached = [](Limits limits) {
    EventsOf events(RunStarted{.request = "x", .limits = limits});
    Reply reply{.text = "", .tool_calls = {{"", "t", {}}}, .stop = StopReason::tool_calls, .usage = {.input = 90, .output = 10}, .cost_usd = 0.5};
    events.step(reply).after(std::chrono::seconds(10)).judged("call_1_1", Verdict::deny);
    const Action action = decide(events.fold(), once);
    const auto* finish = std::get_if<Finish>(&action);
    return finish && finish->status == RunStatus::limit ? finish->exceeded : std::string("none");
  };
  EXPECT_EQ(reached({}), "none");
  EXPECT_EQ(reached({.max_steps = 1}), "max_steps");
  EXPECT_EQ(reached({.max_tokens = 100}), "max_tokens");
  EXPECT_EQ(reached({.max_tokens = 101}), "none");
  EXPECT_EQ(reached({.max_cost_usd = 0.5}), "max_cost");
  EXPECT_EQ(reached({.max_time = std::chrono::seconds(10)}), "max_time");
  EXPECT_EQ(reached({.max_calls = 1}), "max_calls");
}

TEST(Decide, TimeOfWaitingForAPersonIsNotWork) {
  EventsOf events(RunStarted{.request = "x", .limits = {.max_time = std::chrono::seconds(10)}});
  events.call("t", {}).judged(call, Verdict::ask).add(RunPaused{}).after(std::chrono::hours(5)).add(RunResumed{});
  EXPECT_LT(events.fold().active, std::chrono::seconds(1));
}

TEST(Decide, GivesUpOnAModelThatOnlyMakesCallsThatCannotRun) {
  EventsOf events("x");
  for (int i = 1; i <= 5; ++i) {
    EXPECT_TRUE(is<AskModel>(decide(events.fold(), once))) << i;
    events.call("nonsense", {{"n", i}}).judged("call_" + std::to_string(i) + "_1", Verdict::invalid);
  }
  const Action action = decide(events.fold(), once);
  EXPECT_EQ(std::get<Finish>(action).status, RunStatus::failed);
  EXPECT_THAT(std::get<Finish>(action).reason, HasSubstr("5 calls in a row"));
}

TEST(Decide, GivesUpOnAModelThatRepeatsItself) {
  EventsOf events("x");
  for (int i = 1; i <= 3; ++i) events.call("same", {}).judged("call_" + std::to_string(i) + "_1", Verdict::repeat);
  EXPECT_EQ(std::get<Finish>(decide(events.fold(), once)).status, RunStatus::failed);
}

TEST(Decide, AsksAgainAfterASilentStreamButNotForEver) {
  EventsOf events("x");
  events.add(ModelFailed{ErrorKind::timeout, "silent", "", ""});
  EXPECT_TRUE(is<AskModel>(decide(events.fold(), once)));
  events.add(ModelFailed{ErrorKind::timeout, "silent", "", ""}).add(ModelFailed{ErrorKind::timeout, "silent", "", ""});
  const Action action = decide(events.fold(), once);
  EXPECT_TRUE(std::get<PauseRun>(action).try_later);
}

TEST(Decide, ARefusedKeyPausesAndIsNotTriedAgain) {
  EventsOf events("x");
  events.add(ModelFailed{ErrorKind::denied, "key refused", "", ""});
  const Action action = decide(events.fold(), once);
  EXPECT_FALSE(std::get<PauseRun>(action).try_later);
  events.add(RunResumed{});
  EXPECT_TRUE(is<AskModel>(decide(events.fold(), once))) << "a resume tries again";
}

TEST(Decide, DoesNothingAfterTheEnd) {
  EXPECT_TRUE(is<Nothing>(decide(EventsOf("x").step({.text = "ok"}).add(RunFinished{}).fold(), once)));
}

}  // namespace
}  // namespace deed
