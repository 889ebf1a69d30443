#include "deed/agent/context.hpp"

#include "deed/tests/agent/events_of.hpp"

namespace deed {
namespace {

using testing::HasSubstr;

BuiltContext built(const State& state, std::int64_t window = 0) {
  const Registry none;
  ContextOptions options;
  options.window = window;
  options.max_reply_tokens = 100;
  options.count_tokens = [](std::string_view text) { return static_cast<std::int64_t>(text.size()); };
  return build_context(state, none, options);
}

// A run of `steps` reading calls whose results have `bytes` bytes each, all different.
EventsOf reading_run(int steps, std::size_t bytes, std::string request = "the request") {
  EventsOf events(std::move(request));
  for (int i = 1; i <= steps; ++i) {
    const std::string id = "call_" + std::to_string(i) + "_1";
    events.call("file.read", {{"path", std::to_string(i)}}).judged(id, Verdict::allow);
    events.settled(id, OutcomeStatus::succeeded, nullptr, std::string(bytes, static_cast<char>('a' + i % 26)));
  }
  return events;
}

std::int64_t size_of(const BuiltContext& context) {
  std::int64_t size = static_cast<std::int64_t>(context.request.system.size());
  for (const Message& message : context.request.messages) size += static_cast<std::int64_t>(message.text.size());
  return size;
}

TEST(Context, EveryCallHasExactlyOneResult) {
  auto events = EventsOf("x").step({.text = "", .tool_calls = {{"", "a", {}}, {"", "b", {}}}});
  events.judged("call_1_1", Verdict::invalid, "no such tool").judged("call_1_2", Verdict::allow);
  const auto context = built(events.fold());
  ASSERT_EQ(context.request.messages.size(), 4u);
  EXPECT_EQ(context.request.messages[2].tool_call_id, "call_1_1");
  EXPECT_EQ(context.request.messages[2].text, "no such tool");
  EXPECT_TRUE(context.request.messages[2].is_error);
  EXPECT_EQ(context.request.messages[3].tool_call_id, "call_1_2");
}

TEST(Context, ARefusalOfTheUserIsToldToTheModel) {
  auto events = EventsOf("x").call("email.send", {}).judged("call_1_1", Verdict::ask);
  const CallState call = events.fold().calls.at("call_1_1");
  events.add(ApprovalDecided{.effect_key = call.effect_key, .arguments_hash = call.arguments_hash, .approved = false, .note = "wrong person"},
             "call_1_1");
  EXPECT_THAT(built(events.fold()).request.messages.back().text, HasSubstr("wrong person"));
}

Media gif() { return {"image/gif", "cat.gif", std::make_shared<const std::string>("GIF89a")}; }

TEST(Context, WhatTheUserAttachedIsShownToAModelThatTakesItAndNamedToOthers) {
  auto events = EventsOf("what is it?");
  events.add(MediaAttached{gif()});
  const Registry none;
  ContextOptions options;
  EXPECT_THAT(build_context(events.fold(), none, options).request.messages[0].media, testing::IsEmpty());
  EXPECT_THAT(build_context(events.fold(), none, options).request.messages[0].text, HasSubstr("cat.gif"));
  options.takes = [](const Media& media) { return media.media_type == "image/gif"; };
  EXPECT_THAT(build_context(events.fold(), none, options).request.messages[0].media, testing::ElementsAre(gif()));
}

TEST(Context, WhatAResultShowsIsShownWithIt) {
  auto events = EventsOf("look at cat.gif").call("file.read", {{"path", "cat.gif"}}).judged("call_1_1", Verdict::allow);
  events.add(EffectSettled{OutcomeStatus::succeeded, nullptr, "a picture", 1, 0, "", {gif()}}, "call_1_1");
  const Registry none;
  ContextOptions options;
  options.takes = [](const Media&) { return true; };
  EXPECT_THAT(build_context(events.fold(), none, options).request.messages.back().media, testing::ElementsAre(gif()));
}

TEST(Context, AProvidersOwnThoughtsGoBackWithTheReplyTheyBelongTo) {
  auto events = EventsOf("x");
  events.add(ModelRequested{.model = "m"}).add(ModelReasoned{"hm", {"p", {1}}}).add(ModelReplied{{.text = "t"}, 1});
  EXPECT_EQ(built(events.fold()).request.messages.back().replay, (Replay{"p", {1}}));
}

TEST(Context, AfterAPromptThatDidNotFitOldResultsAreLeftOut) {
  auto events = reading_run(8, 400);
  const BuiltContext whole = built(events.fold(), 20'000);
  EXPECT_EQ(whole.cut_results, 0);
  events.add(ModelRequested{.model = "m", .estimated_tokens = whole.estimated_tokens}).add(ModelFailed{ErrorKind::limit, "too long"});
  const BuiltContext smaller = built(events.fold(), 20'000);
  EXPECT_LE(smaller.estimated_tokens, whole.estimated_tokens / 2 + 1);
  EXPECT_GT(smaller.cut_results, 0);
}

// Turn by turn as in a run, against one that begins anew each time; with windows in which all fits, some, and nearly nothing.
TEST(Context, WhatIsBuiltTurnByTurnIsWhatIsBuiltAtOnce) {
  for (const std::int64_t window : {0, 100'000, 3000, 800}) {
    const Registry none;
    ContextOptions options;
    options.window = window;
    options.max_reply_tokens = 100;
    options.count_tokens = [](std::string_view text) { return static_cast<std::int64_t>(text.size()); };
    ContextBuilder builder(none, options);
    Transcript before;
    for (int steps = 0; steps < 12; ++steps) {
      const State state = reading_run(steps, 400).fold();
      const BuiltContext turn = builder.build(state);
      const BuiltContext fresh = build_context(state, none, options);
      EXPECT_EQ(turn.request.messages, fresh.request.messages) << window << " " << steps;
      EXPECT_EQ(turn.sha256, fresh.sha256) << window << " " << steps;
      EXPECT_EQ(turn.estimated_tokens, fresh.estimated_tokens);
      EXPECT_EQ(turn.cut_results, fresh.cut_results);
      if (window == 0) {
        EXPECT_EQ(turn.request.messages.shared_head(before), before.size());
      }
      before = turn.request.messages;
    }
  }
}

TEST(Context, ItsHashChangesWithEachPartOfIt) {
  const auto hash = [](const EventsOf& events) { return built(events.fold()).sha256; };
  const auto run = [](const char* words, const char* path, const char* result) {
    EventsOf events(words);
    events.call("file.read", {{"path", path}}).judged("call_1_1", Verdict::allow);
    events.settled("call_1_1", OutcomeStatus::succeeded, nullptr, result);
    return events;
  };
  const std::string same = hash(run("a", "b", "c"));
  EXPECT_EQ(hash(run("a", "b", "c")), same);
  EXPECT_NE(hash(run("x", "b", "c")), same);
  EXPECT_NE(hash(run("a", "x", "c")), same);
  EXPECT_NE(hash(run("a", "b", "x")), same);
}

TEST(Context, ALongerRunBeginsWithTheSameMessages) {
  const auto shorter = built(reading_run(3, 50).fold()).request.messages;
  const auto longer = built(reading_run(6, 50).fold()).request.messages;
  ASSERT_LT(shorter.size(), longer.size());
  for (std::size_t i = 0; i < shorter.size(); ++i) EXPECT_EQ(shorter[i], longer[i]) << i;
}

TEST(Context, AlwaysFitsTheWindow) {
  for (const std::int64_t window : {1500, 3000, 8000}) {
    for (const int steps : {1, 5, 40}) {
      for (const std::size_t bytes : {10u, 1000u, 100'000u}) {
        const auto context = built(reading_run(steps, bytes, std::string(bytes, 'q')).fold(), window);
        EXPECT_LE(size_of(context), window) << steps << " steps of " << bytes;
      }
    }
  }
}

TEST(Context, CutsOldResultsFirstAndKeepsTheLastAndTheRequest) {
  const auto context = built(reading_run(6, 800, "the request").fold(), 4000);
  const auto& messages = context.request.messages;
  EXPECT_EQ(messages.front().text, "the request");
  EXPECT_EQ(messages.back().text, std::string(800, 'g'));
  EXPECT_GT(context.cut_results, 0);
  EXPECT_THAT(messages[2].text, HasSubstr("cut to fit"));
}

// A cut result must be known as such: copied into a mail it would carry the note instead of the text.
TEST(Context, MarksResultsThatAreNotWhole) {
  const auto whole = built(reading_run(1, 100).fold()).request.messages.back();
  EXPECT_FALSE(whole.is_cut);
  const auto large = built(reading_run(1, 20'000).fold()).request.messages.back();
  EXPECT_TRUE(large.is_cut);
  const auto squeezed = built(reading_run(6, 800).fold(), 4000).request.messages;
  EXPECT_TRUE(squeezed[2].is_cut);
  EXPECT_FALSE(squeezed.back().is_cut);
}

TEST(Context, OfALongResultTheLinesThatTheRequestIsAboutAreKept) {
  std::string log;
  for (int i = 0; i < 4000; ++i) log += i == 2000 ? "02:17 invoice 4711 was refused\n" : "02:17 all is well here\n";
  EventsOf events("Why was invoice 4711 not paid?");
  events.call("file.read", {{"path", "a.log"}}).judged("call_1_1", Verdict::allow);
  events.settled("call_1_1", OutcomeStatus::succeeded, nullptr, log);
  for (const std::int64_t window : {0, 4000}) {
    const auto context = built(events.fold(), window);
    EXPECT_THAT(context.request.messages.back().text, HasSubstr("02:17 invoice 4711 was refused\n")) << window;
    EXPECT_TRUE(context.request.messages.back().is_cut);
  }
}

TEST(Context, ATwoMegabyteRequestKeepsItsHead) {
  const std::string request = "Find the word here. " + std::string(2'000'000, 'x');
  const auto context = built(EventsOf(request).fold(), 4000);
  EXPECT_THAT(context.request.messages.front().text, testing::StartsWith("Find the word here."));
  EXPECT_THAT(context.request.messages.front().text, HasSubstr("the rest is cut"));
  EXPECT_LE(size_of(context), 4000);
}

TEST(Context, CutsOnCharacterBorders) {
  std::string request;
  for (int i = 0; i < 5000; ++i) request += "ä€";
  const auto context = built(EventsOf(request).fold(), 3000);
  EXPECT_EQ(to_text(Json(context.request.messages.front().text)).find("\xEF\xBF\xBD"), std::string::npos);
}

TEST(Context, NamesTheAttachedFilesBehindTheRequest) {
  const State state = EventsOf(RunStarted{.request = "send it", .attachments = {"a/report.csv"}}).fold();
  EXPECT_EQ(built(state).request.messages.front().text, "send it\nAttached file: a/report.csv");
}

TEST(Context, AnAnswerOfTheUserIsMarkedAsTheUsersWords) {
  auto events = EventsOf("x").call("user.ask", {{"question", "Who?"}}).judged("call_1_1", Verdict::allow);
  events.add(SignalReceived{"answer", "Ann"}, "call_1_1").settled("call_1_1", OutcomeStatus::succeeded, nullptr, "Ann");
  const Message message = built(events.fold()).request.messages.back();
  EXPECT_TRUE(message.is_user_words);
  EXPECT_EQ(message.text, "Ann");
}

}  // namespace
}  // namespace deed
