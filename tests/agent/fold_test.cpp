#include "deed/tests/agent/events_of.hpp"

namespace deed {
namespace {

using testing::HasSubstr;

TEST(Fold, GivesTheSameStateForTheSameEvents) {
  auto events = EventsOf("x").call("t", {{"a", 1}}).judged("call_1_1", Verdict::allow);
  const State a = events.fold(), b = events.fold();
  EXPECT_EQ(a.calls.at("call_1_1").arguments_hash, b.calls.at("call_1_1").arguments_hash);
  EXPECT_EQ(a.steps, b.steps);
  EXPECT_EQ(a.last_event, static_cast<EventNumber>(events.events().size()));
}

TEST(Fold, SkipsKindsOfANewerVersion) {
  auto list = EventsOf("x").events();
  Event future;
  future.kind = "dream.dreamt";
  future.number = 2;
  list.push_back(future);
  const auto state = fold_all(list);
  ASSERT_OK(state);
  EXPECT_EQ(state->last_event, 2);
}

TEST(Fold, RefusesAnEffectWithOtherArgumentsThanItsCall) {
  auto events = EventsOf("x").call("t", {{"a", 1}}).judged("call_1_1", Verdict::allow);
  const std::string key = events.fold().calls.at("call_1_1").effect_key;
  events.add(EffectIntended{key, arguments_hash({{"a", 2}}), 1}, "call_1_1");
  EXPECT_THAT(fold_all(events.events()), IsError(ErrorKind::corrupt, HasSubstr("key or arguments")));
}

TEST(Fold, RefusesAnApprovalOfAnotherCall) {
  auto events = EventsOf("x").call("t", {{"a", 1}}).judged("call_1_1", Verdict::ask);
  events.add(ApprovalDecided{.effect_key = "other", .arguments_hash = "other", .approved = true}, "call_1_1");
  EXPECT_THAT(fold_all(events.events()), IsError(ErrorKind::corrupt));
}

TEST(Fold, AnApprovalIsUsedOnce) {
  auto events = EventsOf("x").call("t", {{"a", 1}}).judged("call_1_1", Verdict::ask);
  const CallState call = events.fold().calls.at("call_1_1");
  const ApprovalDecided yes{.effect_key = call.effect_key, .arguments_hash = call.arguments_hash, .approved = true};
  events.add(yes, "call_1_1");
  EXPECT_EQ(events.fold().calls.at("call_1_1").phase, CallPhase::approved);
  events.add(yes, "call_1_1");
  EXPECT_THAT(fold_all(events.events()), IsError(ErrorKind::corrupt, HasSubstr("does not wait")));
}

TEST(Fold, RefusesADispatchWithoutAnIntent) {
  auto events = EventsOf("x").call("t", {}).judged("call_1_1", Verdict::allow).dispatched("call_1_1");
  EXPECT_THAT(fold_all(events.events()), IsError(ErrorKind::corrupt, HasSubstr("without an intent")));
}

TEST(Fold, RefusesAJournalThatDoesNotBeginWithTheRun) {
  Event event = encode(PlanUpdated{});
  event.number = 1;
  EXPECT_THAT(fold_all({event}), IsError(ErrorKind::corrupt));
}

TEST(Fold, AddsUpUsageAndCost) {
  auto events = EventsOf("x");
  events.step({.text = "", .usage = {.input = 10, .cached = 4, .output = 2}, .cost_usd = 0.25});
  events.step({.text = "", .usage = {.input = 20, .output = 3}, .cost_usd = 0.5});
  const State state = events.fold();
  EXPECT_EQ(state.usage, (TokenUsage{.input = 30, .cached = 4, .output = 5}));
  EXPECT_EQ(state.cost_usd, 0.75);
}

TEST(Fold, ALimitGivenAtResumeReplacesTheOldOnes) {
  auto events = EventsOf(RunStarted{.request = "x", .limits = {.max_steps = 1}});
  events.add(RunResumed{.limits = Limits{.max_steps = 9}});
  EXPECT_EQ(events.fold().start.limits.max_steps, 9);
}

TEST(Events, EveryKindSurvivesWritingAndReading) {
  const std::vector<EventBody> bodies = {
      RunStarted{.request = "r", .attachments = {"a.csv"}, .model = "m", .root = "/r", .limits = {.max_steps = 3}, .chat = true},
      RunResumed{.pid = 7, .limits = Limits{.max_tokens = 5}},
      RunPaused{RunStatus::unknown, "why", "hint"},
      RunFinished{RunStatus::failed, "text", "reason"},
      MediaAttached{{"image/png", "a.png", std::make_shared<const std::string>("\x89PNG")}},
      PlanUpdated{{"one", "two"}},
      ModelRequested{"m", 1, 2, 3, 4, "hash", 5, 0.5},
      ModelReasoned{"thought", {"p@h", {{"signature", "s"}}}},
      ModelReplied{{.text = "t", .reasoning = "r", .tool_calls = {{"id", "name", {{"k", 1}}}}, .stop = StopReason::length,
                    .usage = {1, 2, 3, 4, 5}, .cost_usd = 0.5, .model = "m", .fell_back = {"x: why"}, .choices = {{"tool", {{"a", 0.75}}, "a", "request"}}, .plan = {"p"}},
                   12},
      ModelFailed{ErrorKind::denied, "w", "x", "y"},
      ToolProposed{{"id", "name", {{"k", "v"}}}, "bad", "key", "hash"},
      PolicyDecided{Verdict::ask, "why", "v1", {{"/to/0", "request", Trust::user}}, PreviewRecord{"t", "s", "b", "h", {"d"}, "-a\n+b\n"}},
      ApprovalRequested{"k", "h", "p", "s", "summary"},
      ApprovalDecided{"k", "h", "p", "s", true, "by", "note"},
      EffectIntended{"k", "h", 2, EffectClass::keyed},
      EffectDispatched{"k", 2, "part"},
      EffectSettled{OutcomeStatus::rejected, {{"error", "e"}}, "text", 2, 34, "part", {{"image/gif", "b.gif", std::make_shared<const std::string>("GIF89a")}}},
      EffectProbed{"confirmed", "e", "part"},
      EffectReconciled{"done", "me", "part"},
      BudgetExceeded{"max_steps", "w"},
      SignalReceived{"answer", "yes"},
      StepStarted{"mail"},
      StepFinished{"mail", StepStatus::failed, "why", 3},
      ItemFailed{{"mail", "ann@example.org", 7}, "no name"},
      ChildStarted{{"mail", "", 0}, "run", RunStarted{.request = "r", .task = TaskOfRun{"/t.yaml", {{"/t.yaml", "deed: 1"}}, {{"to", "x", "inputs.to", Trust::user}}, {"a"}},
                                                        .parts = {{"r", "task", Trust::user}}, .system = "s", .schema = Json{{"type", "object"}}, .tools = {{"http.get"}}}},
      ChildFinished{"run", RunStatus::done, "text", "reason", {{"k", 1}}, {1, 2, 3, 4, 5}, 0.5},
      TimerSet{"wait", 1'700'000'000'000},
      TimerFired{"wait"}};
  ASSERT_EQ(bodies.size(), event_kinds().size());
  for (const EventBody& body : bodies) {
    const Event event = encode(body);
    const auto again = decode(event);
    ASSERT_OK(again);
    ASSERT_TRUE(again->has_value());
    EXPECT_EQ(encode(**again).body.text(), event.body.text()) << event.kind;
  }
}

TEST(Events, ABodyOfAnotherShapeIsCorrupt) {
  Event event = encode(ModelReplied{});
  Json body = event.body.value();
  body["milliseconds"] = "soon";
  event.body = JsonText(body);
  EXPECT_THAT(decode(event), IsError(ErrorKind::corrupt, HasSubstr("model.replied")));
}

TEST(Fold, ThoughtsBelongToTheReplyBehindThem) {
  auto events = EventsOf("x");
  events.add(ModelRequested{.model = "m"}).add(ModelReasoned{"hm", {"p", {1}}}).add(ModelReplied{{.text = "t"}, 1});
  events.add(ModelRequested{.model = "m"}).add(ModelReplied{{.text = "u"}, 1});
  const State state = events.fold();
  const Reply& first = std::get<StepState>(state.entries[1]).reply;
  EXPECT_EQ(first.reasoning, "hm");
  EXPECT_EQ(first.replay, (Replay{"p", {1}}));
  EXPECT_EQ(state.last_step()->reply.reasoning, "");
}

TEST(Fold, APromptThatDidNotFitHalvesTheLargestOnce) {
  auto events = EventsOf("x");
  events.add(ModelRequested{.model = "m", .estimated_tokens = 1000}).add(ModelFailed{ErrorKind::limit, "too long"});
  EXPECT_EQ(events.fold().largest_prompt, 500);
  EXPECT_TRUE(events.fold().may_compact);
  events.add(ModelRequested{.model = "m", .estimated_tokens = 400}).add(ModelFailed{ErrorKind::limit, "too long"});
  EXPECT_EQ(events.fold().largest_prompt, 500);
  EXPECT_FALSE(events.fold().may_compact);
}

TEST(Fold, TwoCallsWithOneEffectKeyAreCorrupt) {
  auto events = EventsOf("x").call("a", {{"n", 1}}).call("a", {{"n", 2}});
  std::vector<Event> all = events.events();
  Json body = all.back().body.value();
  body["effect_key"] = effect_key("run", 1, 0, "a");
  all.back().body = JsonText(body);
  EXPECT_THAT(fold_all(all), IsError(ErrorKind::corrupt, HasSubstr("same effect key")));
}

TEST(Fold, AnIntentOfOtherArgumentsUnderTheKeyOfACallIsCorrupt) {
  auto events = EventsOf("x").call("a", {{"n", 1}}).judged("call_1_1", Verdict::allow);
  events.add(EffectIntended{effect_key("run", 1, 0, "a"), arguments_hash({{"n", 2}}), 1}, "call_1_1");
  EXPECT_THAT(fold_all(events.events()), IsError(ErrorKind::corrupt, HasSubstr("key or arguments")));
}

TEST(Effects, AnApprovalCoversOneEffectUnderTheSameRulesWithTheSameBytesForAWeek) {
  const TimePoint then(std::chrono::hours(1000));
  CallState call;
  call.effect_key = "key", call.arguments_hash = "hash";
  EXPECT_FALSE(is_approved(call, "v1", "bytes", then));
  call.approval = ApprovalDecided{"key", "hash", "v1", "bytes", true, "me", ""};
  call.approved_at = then;
  EXPECT_TRUE(is_approved(call, "v1", "bytes", then + std::chrono::hours(24 * 7)));
  EXPECT_FALSE(is_approved(call, "v1", "bytes", then + std::chrono::hours(24 * 7 + 1)));
  EXPECT_FALSE(is_approved(call, "v2", "bytes", then));
  EXPECT_FALSE(is_approved(call, "v1", "other", then));
  call.arguments_hash = "other";
  EXPECT_FALSE(is_approved(call, "v1", "bytes", then));
  call.arguments_hash = "hash", call.approval->approved = false;
  EXPECT_FALSE(is_approved(call, "v1", "bytes", then));
}

TEST(Effects, TheKeyDependsOnRunStepOrdinalAndToolOnly) {
  const std::string key = effect_key("run", 1, 0, "tool");
  EXPECT_EQ(key, effect_key("run", 1, 0, "tool"));
  EXPECT_EQ(key.size(), 64u);
  for (const std::string& other : {effect_key("run2", 1, 0, "tool"), effect_key("run", 2, 0, "tool"),
                                   effect_key("run", 1, 1, "tool"), effect_key("run", 1, 0, "tool2")}) {
    EXPECT_NE(key, other);
  }
}

}  // namespace
}  // namespace deed
