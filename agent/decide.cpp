#include "deed/agent/decide.hpp"

#include "deed/agent/effects.hpp"
#include "deed/agent/given_call.hpp"

#include <algorithm>
#include <optional>

namespace deed {
namespace {

// A part that is in doubt and about which the world was not asked yet. One that was refuted again and again is left to a
// person: what is wrong there does not go away by another try.
const std::string* part_to_probe(const CallState& call, const ToolTraits& tool) {
  constexpr std::int64_t max_dispatches = 10;
  if (!tool.has_probe) return nullptr;
  for (const auto& [name, part] : call.parts) {
    if (part.phase == PartPhase::in_doubt && part.probes == 0 && part.dispatches < max_dispatches) return &name;
  }
  return nullptr;
}

// An outcome that stays unknown is not asked for ever.
constexpr std::int64_t max_unknowns = 3;

// This call is behind its intent and has no outcome. What may follow depends only on how far it got and on its class; a task may say
// that it be asked about sooner, or that doing it twice is meant (which it cannot say of tools of class once).
Action after_interruption(const std::string& id, const CallState& call, const ToolTraits& tool, TimePoint now, OnUnknown wish) {
  const bool is_meant = wish == OnUnknown::retry && tool.effect != EffectClass::once && call.unknowns < max_unknowns;
  const bool repeats = wish != OnUnknown::stop && (is_meant || may_repeat(call, tool.effect, tool.key_window, now));
  if (wish == OnUnknown::stop && (call.in_doubt || call.has_doubt())) return AskOperator{id};
  // One part in doubt at a time, while what became of the others is still known for certain.
  const bool by_parts = call.phase != CallPhase::dispatched && call.has_doubt();
  const std::string* part = by_parts && !repeats ? part_to_probe(call, tool) : nullptr;
  if (part) return ProbeCall{id, *part};
  // Behind an intent that follows a doubtful attempt, the operator or the class has let it run again.
  const bool was_let = !call.in_doubt || repeats || tool.effect != EffectClass::keyed;
  if (call.phase == CallPhase::intended && was_let) return RunTool{id};
  if (repeats && call.unknowns < max_unknowns) return RunTool{id};
  if (tool.has_probe && call.probes == 0 && !by_parts) return ProbeCall{id};
  return AskOperator{id};
}

std::optional<Action> next_for(const std::string& id, const CallState& call, const ToolCatalogue& tools, TimePoint now,
                               OnUnknown wish = OnUnknown::probe) {
  if (call.phase == CallPhase::settled || call.phase == CallPhase::ended) return std::nullopt;
  if (call.not_before > now) return WaitUntil{call.not_before, call.item ? call.item->step : "", id};
  const ToolTraits tool = tools.traits(call.call);
  switch (call.phase) {
    case CallPhase::proposed: return JudgeCall{id};
    case CallPhase::asking: return AskApproval{id};
    case CallPhase::approved:
      if (tool.asks_user && !call.answer) return AskUser{id};
      return RunTool{id};
    case CallPhase::intended:
    case CallPhase::dispatched:
    case CallPhase::unknown: return after_interruption(id, call, tool, now, wish);
    case CallPhase::settled:
    case CallPhase::ended: return std::nullopt;
  }
  return std::nullopt;
}

// A provider has already tried again what may be tried at once, replies that broke off among it; not one in which nothing came any more.
Action after_failure(const State& state) {
  const ModelFailed& failure = *state.model_failure;
  const std::int64_t in_row = state.model_failures_in_row;
  if (state.may_compact) return AskModel{};
  if (failure.kind == ErrorKind::timeout && in_row < 3) return AskModel{};
  const bool later = failure.kind == ErrorKind::corrupt || failure.kind == ErrorKind::timeout || failure.kind == ErrorKind::unavailable;
  const std::string where = failure.where.empty() ? "" : " (" + failure.where + ")";
  return PauseRun{"the model gave no answer: " + failure.what + where, failure.hint, later};
}

Finish out_of(const char* limit, const std::string& what) {
  return {RunStatus::limit, "", "the run reached its limit of " + what, limit};
}

std::optional<Finish> limit_reached(const State& s) {
  const Limits& limits = s.start.limits;
  const std::int64_t tokens = s.usage.input + s.usage.output;
  if (limits.max_steps && s.steps >= limits.max_steps) {
    return out_of("max_steps", std::to_string(limits.max_steps) + " steps");
  }
  if (limits.max_tokens && tokens >= limits.max_tokens) {
    return out_of("max_tokens", std::to_string(limits.max_tokens) + " tokens");
  }
  if (limits.max_cost_usd > 0 && s.cost_usd >= limits.max_cost_usd) {
    return out_of("max_cost", std::to_string(limits.max_cost_usd) + " USD");
  }
  if (limits.max_time.count() && s.active >= limits.max_time) {
    return out_of("max_time", std::to_string(limits.max_time.count() / 1000) + " seconds of work");
  }
  if (limits.max_calls && s.call_count >= limits.max_calls) {
    return out_of("max_calls", std::to_string(limits.max_calls) + " tool calls");
  }
  if (limits.max_invalid_in_row && s.invalid_in_row >= limits.max_invalid_in_row) {
    return Finish{RunStatus::failed, "",
                  "the model made " + std::to_string(s.invalid_in_row) +
                      " calls in a row that cannot run; another model may do better", ""};
  }
  if (limits.max_repeats_in_row && s.repeats_in_row >= limits.max_repeats_in_row) {
    return Finish{RunStatus::failed, "", "the model keeps repeating calls that it has already made", ""};
  }
  return std::nullopt;
}

// Of a task: what has begun comes to its end before anything new begins. Calls that wait for a person are gathered by AdvanceTask, so
// that one question is asked for all of a step.
Action decide_task(const State& state, const ToolCatalogue& tools, TaskView view) {
  const TaskProgress& task = *state.task;
  const std::size_t number = task.next_from(view.rehearsed);
  if (number >= task.steps.size()) return AdvanceTask{number};
  const Step& step = task.task->steps[number];
  // One item that needs a person, or that is to be tried again later, holds up no other; nor does one that its tool has put off, even
  // where the first failure ends the step.
  bool goes_on = step.loop && !view.items_at_end;
  std::optional<Action> later;
  // Those that wait for a person are gathered by AdvanceTask, so that one question is asked for all of them.
  for (const std::string& id : task.steps[number].calls) {
    const CallState& call = state.calls.at(id);
    if (view.in_flight && view.in_flight->contains(id)) continue;
    std::optional<Action> action = next_for(id, call, tools, state.last_time, step.on_unknown);
    if (!action) continue;
    const auto* wait = std::get_if<WaitUntil>(&*action);
    const bool is_for_later = wait || std::holds_alternative<AskOperator>(*action);
    if (!is_for_later) return *action;
    if (step.on_error == OnError::stop && !(wait && call.is_put_off)) goes_on = false;
    const auto* other = later ? std::get_if<WaitUntil>(&*later) : nullptr;
    if (!later || (wait && (!other || wait->time < other->time))) later = std::move(action);
  }
  if (later && !goes_on) return *later;
  if (auto finish = limit_reached(state)) return *finish;
  if (!task.steps[number].children.empty()) return DriveChild{task.steps[number].children.front().run};
  return AdvanceTask{number};
}

}  // namespace

Action decide(const State& state, const ToolCatalogue& tools, TaskView view) {
  if (state.finished) return Nothing{};
  if (state.task) return decide_task(state, tools, view);
  if (const StepState* step = state.last_step()) {
    for (const std::string& id : step->calls) {
      if (const auto action = next_for(id, state.calls.at(id), tools, state.last_time)) return *action;
    }
    if (step->calls.empty()) {
      if (state.start.chat) return WaitForMessage{};
      switch (step->reply.stop) {
        case StopReason::refused: {
          const bool has_model = state.start.model != given_call_model_name;
          return Finish{RunStatus::failed, step->reply.text, has_model ? "the model gave the task up" : "the call did not succeed", ""};
        }
        case StopReason::length:
          return Finish{RunStatus::failed, step->reply.text, "the reply was cut at its largest number of tokens", ""};
        case StopReason::end:
        case StopReason::tool_calls:
          if (step->reply.text.empty()) return Finish{RunStatus::failed, "", "the model gave an empty answer", ""};
          return Finish{RunStatus::done, step->reply.text, "", ""};
      }
    }
  }
  if (auto finish = limit_reached(state)) return *finish;
  if (state.model_failure) return after_failure(state);
  return AskModel{};
}

}  // namespace deed
