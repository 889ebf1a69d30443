// perform(AskModel): the transcript out, the reply in, both durable before anything follows from them.
#include "deed/agent/bounded.hpp"
#include "deed/agent/drive.hpp"
#include "deed/agent/effects.hpp"
#include "deed/core/text.hpp"
#include "deed/llm/media.hpp"

#include <algorithm>
#include <utility>

namespace deed {
namespace {

ModelFailed failed(const Error& error) { return {error.kind, error.what, error.where, error.hint}; }

std::string bad_arguments_of(const Reply& reply, const std::string& id) {
  for (const auto& [call, text] : reply.bad_arguments) {
    if (call == id) return text.empty() ? "(nothing)" : text;
  }
  return {};
}

}  // namespace

// What the reply may cost at most, by estimate, and how long it may be for that; the budget is settled by what it did cost.
Drive::Reservation Drive::reserve(const BuiltContext& context) const {
  const Limits& limits = state_.start.limits;
  const ModelInfo& info = parts_.model.info();
  Reservation out{context.request.max_tokens};
  if (context.estimated_tokens == 0) return out;  // a model that counts nothing beforehand
  const auto shorten = [&](std::int64_t room, const char* limit, std::string what) {
    constexpr std::int64_t shortest = 16;
    out.max_tokens = std::min(out.max_tokens, room);
    if (room < shortest && out.exceeded.empty()) out.exceeded = limit, out.what = std::move(what);
  };
  if (limits.max_tokens) {
    const std::int64_t left = limits.max_tokens - state_.usage.input - state_.usage.output;
    shorten(left - context.estimated_tokens, "max_tokens", std::to_string(limits.max_tokens) + " tokens");
  }
  const double prompt_usd = static_cast<double>(context.estimated_tokens) * info.usd_per_million_input / 1e6;
  if (limits.max_cost_usd > 0 && info.usd_per_million_output > 0) {
    const double left = limits.max_cost_usd - state_.cost_usd - prompt_usd;
    shorten(static_cast<std::int64_t>(std::max(0.0, left) / info.usd_per_million_output * 1e6), "max_cost",
            std::to_string(limits.max_cost_usd) + " USD");
  }
  out.usd = prompt_usd + static_cast<double>(out.max_tokens) * info.usd_per_million_output / 1e6;
  return out;
}

Async<bool> Drive::perform(AskModel) {
  const int step = state_.steps + 1;
  Model& model = parts_.model;
  if (!context_builder_) {
    ContextOptions options;
    options.window = model.info().context_window;
    options.count_tokens = [&model](std::string_view text) { return model.count_tokens(text); };
    options.takes = [&model](const Media& media) { return check_media(media, model.info()).has_value(); };
    options.effort = parts_.effort;
    options.system = state_.start.system;
    options.schema = state_.start.schema;
    context_builder_.emplace(tools(), std::move(options));
  }
  BuiltContext context = context_builder_->build(state_);
  Reservation reserved = reserve(context);
  if (!reserved.exceeded.empty()) {
    Finish finish{RunStatus::limit, "", "the next request might pass the run's limit of " + reserved.what, std::move(reserved.exceeded)};
    auto finished = co_await perform(std::move(finish));
    co_return finished;
  }
  context.request.max_tokens = reserved.max_tokens;

  ModelRequested requested{model.info().name,
                           static_cast<std::int64_t>(context.request.messages.size()),
                           static_cast<std::int64_t>(context.request.tools.size()),
                           context.estimated_tokens,
                           context.cut_results,
                           context.sha256,
                           reserved.max_tokens,
                           reserved.usd};
  NewEvent asking = new_event(std::move(requested));
  asking.event.step = step;
  asking.event.cause = state_.last_event;
  std::vector<NewEvent> events;
  events.push_back(std::move(asking));
  auto recorded = co_await record_all(std::move(events), AppendOptions());
  DEED_CO_OK(std::move(recorded));
  auto written = co_await write();
  DEED_CO_OK(std::move(written));

  const TimePoint begun = parts_.clock.now();
  Observer& observer = parts_.observer;
  StreamSink sink = [&observer](const StreamEvent& piece) { observer.on_stream(piece); };
  auto generating = model.generate(std::move(context.request), std::move(sink));
  auto bounded = co_await run_bounded(std::move(generating), std::chrono::milliseconds(0), &interrupt_);
  if (interrupt_.requested() && !(bounded.value && bounded.value->has_value())) co_return true;  // the loop pauses it
  if (!bounded.value) {
    ModelFailed failure{ErrorKind::internal, "the model's code failed: " + bounded.exception, model.info().name, ""};
    auto noted = co_await record(std::move(failure), "");
    DEED_CO_OK(std::move(noted));
    co_return true;
  }
  Result<Reply> replied = std::move(*bounded.value);
  if (!replied) {
    ModelFailed failure = failed(replied.error());
    auto noted = co_await record(std::move(failure), "");
    DEED_CO_OK(std::move(noted));
    co_return true;
  }
  auto kept = co_await record_reply(step, std::move(*replied), parts_.clock.now() - begun);
  co_return kept;
}

// The reply and its calls are one transaction: a call without its reply, or a reply without its calls, never exists.
Async<bool> Drive::record_reply(int step, Reply reply, std::chrono::milliseconds took) {
  std::vector<EventBody> bodies;
  std::vector<std::string> calls;
  if (!reply.plan.empty() && reply.plan != state_.plan) bodies.push_back(PlanUpdated{reply.plan});
  std::vector<ToolProposed> proposals;
  int ordinal = 0;
  for (ToolCall& call : reply.tool_calls) {
    ToolProposed proposed;
    proposed.bad_arguments = bad_arguments_of(reply, call.id);
    // Ids of ours: some providers repeat theirs from step to step.
    call.id = "call_" + std::to_string(step) + "_" + std::to_string(ordinal + 1);
    proposed.tool_call = call;
    proposed.effect_key = effect_key(lease_.run, step, ordinal, call.name);
    proposed.arguments_hash = arguments_hash(call.arguments);
    proposals.push_back(std::move(proposed));
    ++ordinal;
  }
  std::string text = reply.text;
  if (!reply.reasoning.empty() || !reply.replay.items.is_null()) {
    bodies.push_back(ModelReasoned{to_utf8(std::exchange(reply.reasoning, {})), std::exchange(reply.replay, {})});
  }
  // What is not in the journal must not be in the state either.
  reply.replay = {};
  reply.bad_arguments.clear();
  bodies.push_back(ModelReplied{std::move(reply), took.count()});
  for (ToolProposed& proposed : proposals) bodies.push_back(std::move(proposed));
  std::vector<NewEvent> events;
  for (EventBody& body : bodies) {
    NewEvent made = new_event(std::move(body));
    made.event.step = step;
    made.event.trust = Trust::untrusted;
    made.event.cause = state_.last_event;
    if (const auto* proposed = std::get_if<ToolProposed>(&made.body)) made.event.call = proposed->tool_call.id;
    if (std::holds_alternative<ModelReplied>(made.body)) made.event.search_text = text;
    events.push_back(std::move(made));
  }
  auto recorded = co_await record_all(std::move(events), AppendOptions());
  DEED_CO_OK(std::move(recorded));
  co_return true;
}

}  // namespace deed
