#include "deed/agent/state.hpp"

namespace deed {
namespace {

// Waiting for a person or for the next process is not work: time before these kinds is not counted.
bool follows_a_pause(const EventBody& body) {
  return std::holds_alternative<RunResumed>(body) || std::holds_alternative<ApprovalDecided>(body) ||
         std::holds_alternative<SignalReceived>(body) || std::holds_alternative<EffectReconciled>(body);
}

class Folder {
 public:
  Folder(State& state, const Event& event) : state_(state), event_(event) {}

  Result<void> operator()(const RunStarted& body) {
    if (state_.started) return wrong("a run that starts twice");
    state_.started = true;
    state_.start = body;
    state_.started_at = event_.time;
    state_.entries.push_back(UserWords{body.request});
    return {};
  }
  Result<void> operator()(const RunResumed& body) {
    if (body.limits) state_.start.limits = *body.limits;
    state_.exceeded.reset();
    state_.model_failure.reset();
    state_.model_failures_in_row = 0;
    // Another day, another answer: what could not be found out is looked for again.
    if (const StepState* step = state_.last_step()) {
      for (const std::string& id : step->calls) state_.calls.at(id).probes = 0, state_.calls.at(id).unknowns = 0;
    }
    return {};
  }
  Result<void> operator()(const RunPaused&) { return {}; }
  Result<void> operator()(const RunFinished& body) {
    state_.finished = body;
    return {};
  }
  Result<void> operator()(const PlanUpdated& body) {
    state_.plan = body.steps;
    return {};
  }
  Result<void> operator()(const ModelRequested&) {
    state_.steps = std::max(state_.steps, event_.step);
    return {};
  }
  Result<void> operator()(const ModelReplied& body) {
    state_.usage += body.reply.usage;
    state_.cost_usd += body.reply.cost_usd;
    state_.model_failure.reset();
    state_.model_failures_in_row = 0;
    state_.entries.push_back(StepState{event_.step, body.reply, body.milliseconds, {}});
    return {};
  }
  Result<void> operator()(const ModelFailed& body) {
    state_.model_failure = body;
    ++state_.model_failures_in_row;
    return {};
  }
  Result<void> operator()(const ToolProposed& body) {
    auto* step = state_.entries.empty() ? nullptr : std::get_if<StepState>(&state_.entries.back());
    if (!step || event_.call.empty() || state_.calls.contains(event_.call)) {
      return wrong("a tool call outside a step, or one that exists");
    }
    if (!body.effect_key.empty() && !state_.effect_keys.insert(body.effect_key).second) {
      return wrong("two calls with the same effect key");
    }
    CallState call;
    call.call = body.tool_call;
    call.bad_arguments = body.bad_arguments;
    call.step = event_.step;
    call.ordinal = static_cast<int>(step->calls.size());
    call.effect_key = body.effect_key;
    call.arguments_hash = body.arguments_hash;
    call.proposed_at = event_.time;
    step->calls.push_back(event_.call);
    state_.calls.emplace(event_.call, std::move(call));
    ++state_.call_count;
    return {};
  }
  Result<void> operator()(const PolicyDecided& body) {
    CallState* call = find();
    if (!call) return wrong("a decision about no call");
    call->policy = body;
    switch (body.verdict) {
      case Verdict::allow: call->phase = CallPhase::approved; break;
      case Verdict::ask: call->phase = CallPhase::asking; break;
      case Verdict::deny:
      case Verdict::invalid:
      case Verdict::repeat: call->phase = CallPhase::ended; break;
    }
    state_.invalid_in_row = body.verdict == Verdict::invalid ? state_.invalid_in_row + 1 : 0;
    state_.repeats_in_row = body.verdict == Verdict::repeat ? state_.repeats_in_row + 1 : 0;
    return {};
  }
  Result<void> operator()(const ApprovalRequested& body) {
    CallState* call = find();
    if (!call) return wrong("a question about no call");
    call->approval_request = body;
    call->approval.reset();
    call->phase = CallPhase::asking;
    return {};
  }
  Result<void> operator()(const ApprovalDecided& body) {
    CallState* call = find();
    if (!call || body.effect_key != call->effect_key || body.arguments_hash != call->arguments_hash) {
      return wrong("an approval of another call");
    }
    if (call->phase != CallPhase::asking) return wrong("an approval of a call that does not wait for one");
    call->approval = body;
    call->approved_at = event_.time;
    call->phase = body.approved ? CallPhase::approved : CallPhase::ended;
    return {};
  }
  Result<void> operator()(const EffectIntended& body) {
    CallState* call = find();
    if (!call || body.arguments_hash != call->arguments_hash || body.effect_key != call->effect_key) {
      return wrong("an effect whose key or arguments are not those of its call");
    }
    call->phase = CallPhase::intended;
    call->attempts = body.attempt;
    call->probes = 0;
    return {};
  }
  Result<void> operator()(const EffectDispatched& body) {
    CallState* call = find();
    if (!call || call->phase != CallPhase::intended || body.effect_key != call->effect_key) {
      return wrong("a dispatch without an intent");
    }
    call->phase = CallPhase::dispatched;
    if (!call->in_doubt) call->first_dispatched_at = event_.time;
    call->in_doubt = true;
    return {};
  }
  Result<void> operator()(const EffectSettled& body) {
    CallState* call = find();
    if (!call) return wrong("a result of no call");
    call->outcome = body;
    call->result_trust = event_.trust;
    call->attempts = std::max(call->attempts, body.attempt);
    const bool is_unknown = body.status == OutcomeStatus::unknown;
    call->phase = is_unknown ? CallPhase::unknown : CallPhase::settled;
    if (is_unknown && !call->in_doubt) call->first_dispatched_at = event_.time;
    call->in_doubt = is_unknown;
    call->unknowns += is_unknown;
    return {};
  }
  Result<void> operator()(const EffectProbed& body) {
    CallState* call = find();
    if (!call) return wrong("a probe of no call");
    ++call->probes;
    call->evidence = body.evidence;
    // A confirmed effect is settled by an event of its own, which carries the result; a refuted one may run again.
    const bool is_refuted = body.verdict == "refuted";
    call->phase = is_refuted ? CallPhase::approved : CallPhase::unknown;
    if (is_refuted) call->in_doubt = false;
    return {};
  }
  Result<void> operator()(const EffectReconciled& body) {
    CallState* call = find();
    if (!call || call->phase != CallPhase::unknown) return wrong("a reconciliation of a call whose outcome is known");
    if (body.decision == "retry") call->phase = CallPhase::approved;
    call->unknowns = 0;
    return {};
  }
  Result<void> operator()(const BudgetExceeded& body) {
    state_.exceeded = body;
    return {};
  }
  Result<void> operator()(const SignalReceived& body) {
    if (body.signal == "answer") {
      CallState* call = find();
      if (!call) return wrong("an answer to no question");
      call->answer = body.text;
      return {};
    }
    state_.entries.push_back(UserWords{body.text});
    state_.finished.reset();
    state_.invalid_in_row = 0;
    state_.repeats_in_row = 0;
    return {};
  }

 private:
  CallState* find() {
    const auto it = state_.calls.find(event_.call);
    return it == state_.calls.end() ? nullptr : &it->second;
  }
  Unexpected wrong(const char* what) const {
    return fail(ErrorKind::corrupt, std::string("the journal holds ") + what,
                "event " + std::to_string(event_.number) + ", " + event_.kind);
  }

  State& state_;
  const Event& event_;
};

}  // namespace

const char* to_string(CallPhase phase) {
  switch (phase) {
    case CallPhase::proposed: return "proposed";
    case CallPhase::asking: return "asking";
    case CallPhase::approved: return "approved";
    case CallPhase::intended: return "intended";
    case CallPhase::dispatched: return "dispatched";
    case CallPhase::unknown: return "unknown";
    case CallPhase::settled: return "settled";
    case CallPhase::ended: return "ended";
  }
  return "unknown";
}

const StepState* State::last_step() const {
  return entries.empty() ? nullptr : std::get_if<StepState>(&entries.back());
}

std::string_view State::last_words() const {
  for (auto it = entries.rbegin(); it != entries.rend(); ++it) {
    if (const auto* words = std::get_if<UserWords>(&*it)) return words->text;
  }
  return {};
}

Result<void> fold(State& state, const Event& event) {
  DEED_TRY(const std::optional<EventBody> body, decode(event));
  state.last_event = event.number;
  if (body) {
    if (!state.started && !std::holds_alternative<RunStarted>(*body)) {
      return fail(ErrorKind::corrupt, "the run's first event is not run.started", event.kind);
    }
    if (state.started && !follows_a_pause(*body) && event.time > state.last_time) {
      state.active += event.time - state.last_time;
    }
    DEED_OK(std::visit(Folder(state, event), *body));
  }
  state.last_time = event.time;
  return {};
}

Result<State> fold_all(const std::vector<Event>& events) {
  State state;
  for (const Event& event : events) DEED_OK(fold(state, event));
  return state;
}

}  // namespace deed
