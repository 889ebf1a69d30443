// Builds the events of a run by hand: what a test of fold and decide feeds them.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "deed/agent/decide.hpp"
#include "deed/agent/effects.hpp"
#include "deed/agent/state.hpp"
#include "deed/tests/fakes/matchers.hpp"

namespace deed {

class EventsOf {
 public:
  explicit EventsOf(RunStarted started) { add(std::move(started)); }
  explicit EventsOf(std::string request) : EventsOf(RunStarted{.request = std::move(request)}) {}

  EventsOf& add(EventBody body, std::string call = {}, Trust trust = Trust::system) {
    Event event = encode(body);
    event.number = static_cast<EventNumber>(events_.size()) + 1;
    event.time = time_;
    event.step = step_;
    event.call = std::move(call);
    event.trust = trust;
    events_.push_back(std::move(event));
    return *this;
  }
  EventsOf& after(std::chrono::milliseconds wait) {
    time_ += wait;
    return *this;
  }
  /// A model request and its reply with these calls; the calls are named "call_STEP_N".
  EventsOf& step(Reply reply) {
    ++step_;
    add(ModelRequested{.model = "test"});
    int ordinal = 0;
    for (ToolCall& call : reply.tool_calls) call.id = "call_" + std::to_string(step_) + "_" + std::to_string(++ordinal);
    const std::vector<ToolCall> calls = reply.tool_calls;
    ModelReplied replied;
    replied.reply = std::move(reply);
    add(std::move(replied));
    ordinal = 0;
    for (const ToolCall& call : calls) {
      add(ToolProposed{call, "", effect_key("run", step_, ordinal, call.name), arguments_hash(call.arguments)}, call.id);
      ++ordinal;
    }
    return *this;
  }
  EventsOf& call(std::string tool, Json arguments) { return step({.text = "", .tool_calls = {{"", std::move(tool), std::move(arguments)}}, .stop = StopReason::tool_calls}); }
  EventsOf& judged(const std::string& call, Verdict verdict, std::string why = "because") {
    PolicyDecided decided;
    decided.verdict = verdict;
    decided.why = std::move(why);
    return add(std::move(decided), call);
  }
  EventsOf& intended(const std::string& call, std::int64_t attempt = 1) {
    const CallState state = fold().calls.at(call);
    return add(EffectIntended{state.effect_key, state.arguments_hash, attempt}, call);
  }
  EventsOf& dispatched(const std::string& call) { return add(EffectDispatched{fold().calls.at(call).effect_key, 1}, call); }
  EventsOf& settled(const std::string& call, OutcomeStatus status, Json result = Json::object(), std::string text = "text",
                    Trust trust = Trust::tool) {
    return add(EffectSettled{status, std::move(result), std::move(text), 1, 0}, call, trust);
  }

  const std::vector<Event>& events() const { return events_; }
  State fold() const {
    auto state = fold_all(events_);
    EXPECT_OK(state);
    return state.value_or(State{});
  }

 private:
  std::vector<Event> events_;
  TimePoint time_ = TimePoint(std::chrono::hours(24 * 365 * 50));
  int step_ = 0;
};

/// Every tool of the catalogue has these traits.
class OneTool final : public ToolCatalogue {
 public:
  explicit OneTool(ToolTraits traits) : traits_(traits) {}
  ToolTraits traits(const ToolCall&) const override { return traits_; }

 private:
  ToolTraits traits_;
};

}  // namespace deed
