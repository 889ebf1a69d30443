#include "deed/agent/state.hpp"

#include <algorithm>

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
    state_.parts = {body.parts_begun, body.parts_failed};
    state_.entries.push_back(UserWords{body.request});
    if (body.task) {
      DEED_TRY(state_.task, begin_progress(*body.task));
      state_.start.task->files.clear();  // read; the journal keeps them
    }
    return {};
  }
  Result<void> operator()(const RunResumed& body) {
    if (body.limits) state_.start.limits = *body.limits;
    state_.exceeded.reset();
    state_.model_failure.reset();
    state_.model_failures_in_row = 0;
    // Another day, another answer: what could not be found out is looked for again.
    if (const StepState* step = state_.last_step()) {
      for (const std::string& id : step->calls) {
        look_again(state_.calls.at(id));
      }
    }
    if (state_.task) {
      for (auto& [id, call] : state_.calls) look_again(call);
    }
    return {};
  }
  Result<void> operator()(const RunPaused&) { return {}; }
  Result<void> operator()(const RunFinished& body) {
    state_.finished = body;
    return {};
  }
  Result<void> operator()(const MediaAttached& body) {
    state_.media.push_back(body.media);
    return {};
  }
  Result<void> operator()(const PlanUpdated& body) {
    state_.plan = body.steps;
    return {};
  }
  Result<void> operator()(const ModelRequested& body) {
    state_.steps = std::max(state_.steps, event_.step);
    state_.requested_tokens = body.estimated_tokens;
    state_.reasoned.reset();
    return {};
  }
  Result<void> operator()(const ModelReasoned& body) {
    state_.reasoned = body;
    return {};
  }
  Result<void> operator()(const ModelReplied& body) {
    state_.usage += body.reply.usage;
    state_.cost_usd += body.reply.cost_usd;
    state_.model_failure.reset();
    state_.model_failures_in_row = 0;
    state_.entries.push_back(StepState{event_.step, body.reply, body.milliseconds, {}});
    if (state_.reasoned) {
      Reply& reply = std::get<StepState>(state_.entries.back()).reply;
      reply.reasoning = std::move(state_.reasoned->text);
      reply.replay = std::move(state_.reasoned->replay);
      state_.reasoned.reset();
    }
    return {};
  }
  Result<void> operator()(const ModelFailed& body) {
    state_.model_failure = body;
    ++state_.model_failures_in_row;
    // The prompt did not fit although it was estimated to: from now on half of it is the largest, once.
    state_.may_compact = body.kind == ErrorKind::limit && state_.largest_prompt == 0 && state_.requested_tokens > 0;
    if (state_.may_compact) state_.largest_prompt = std::max<std::int64_t>(1, state_.requested_tokens / 2);
    return {};
  }
  Result<void> operator()(const ToolProposed& body) {
    if (body.item) return proposed_for_item(body);
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
    state_.calls_of_this_turn[{call.call.name, call.arguments_hash}].push_back(event_.call);
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
    if (call->item) place_call(*state_.task, *call);
    if (call->item) return concluded_if_over(*call);
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
    if (call->item) place_call(*state_.task, *call);
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
    if (call->item && body.approved) place_call(*state_.task, *call);
    return concluded_if_over(*call);
  }
  Result<void> operator()(const EffectIntended& body) {
    CallState* call = find();
    if (!call || body.arguments_hash != call->arguments_hash || body.effect_key != call->effect_key) {
      return wrong("an effect whose key or arguments are not those of its call");
    }
    call->phase = CallPhase::intended;
    call->is_put_off = false;
    call->attempts = body.attempt;
    call->probes = 0;
    return {};
  }
  Result<void> operator()(const EffectDispatched& body) {
    CallState* call = find();
    if (!call || call->phase != CallPhase::intended || body.effect_key != call->effect_key) {
      return wrong("a dispatch without an intent");
    }
    if (!body.part.empty()) return dispatched(call->parts[body.part]);
    call->phase = CallPhase::dispatched;
    call->dispatched_at = event_.time;
    if (!call->in_doubt) call->first_dispatched_at = event_.time;
    call->in_doubt = true;
    return {};
  }
  Result<void> operator()(const EffectSettled& body) {
    CallState* call = find();
    if (!call) return wrong("a result of no call");
    if (!body.part.empty()) return settled(*call, body);
    call->outcome = body;
    call->result_trust = event_.trust;
    call->attempts = std::max(call->attempts, body.attempt);
    const bool is_unknown = body.status == OutcomeStatus::unknown;
    call->phase = is_unknown ? CallPhase::unknown : CallPhase::settled;
    // What is in doubt about parts is known of them, each for itself.
    const bool in_doubt = is_unknown && !call->has_doubt();
    if (in_doubt && !call->in_doubt) call->first_dispatched_at = event_.time;
    call->in_doubt = in_doubt;
    call->unknowns += is_unknown;
    if (!is_unknown) count_failures(*call);
    return concluded_if_over(*call);
  }
  Result<void> operator()(const EffectProbed& body) {
    CallState* call = find();
    if (!call) return wrong("a probe of no call");
    if (!body.part.empty()) return probed(*call, body);
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
    if (call->has_doubt()) return reconciled(*call, body);
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
    if (body.signal == "task" && state_.task) {
      state_.task->signals.push_back(body.text);
      return {};
    }
    state_.entries.push_back(UserWords{body.text});
    state_.calls_of_this_turn.clear();
    state_.finished.reset();
    state_.invalid_in_row = 0;
    state_.repeats_in_row = 0;
    return {};
  }
  Result<void> operator()(const StepStarted& body) {
    DEED_TRY(StepProgress* const step, step_of(body.id));
    if (step->phase != StepProgress::Phase::waiting) return wrong("a step that starts twice");
    step->phase = StepProgress::Phase::running;
    return {};
  }
  Result<void> operator()(const StepFinished& body) {
    DEED_TRY(StepProgress* const step, step_of(body.id));
    if (step->is_over() || !step->calls.empty() || !step->children.empty()) return wrong("the end of a step that is not over");
    // What a person was to be asked about has not run, and does not any more.
    for (const std::string& id : step->asking) state_.calls.erase(id);
    step->asking.clear();
    switch (body.status) {
      case StepStatus::done: step->phase = StepProgress::Phase::done; break;
      case StepStatus::skipped: step->phase = StepProgress::Phase::skipped; break;
      case StepStatus::failed: step->phase = StepProgress::Phase::failed; break;
    }
    if (!body.error.empty()) step->error = body.error;
    step->broke_off = body.status == StepStatus::failed && !body.error.empty();
    step->skipped = body.skipped;
    step->begun = {};  // nobody asks again
    return {};
  }
  Result<void> operator()(const ItemFailed& body) {
    DEED_TRY(StepProgress* const step, step_of(body.item.step));
    if (step->begun.contains(item_name(body.item))) return wrong("an item that fails before it begins, and has begun");
    fail_item(*step, body.item, body.error);
    return {};
  }
  Result<void> operator()(const ChildStarted& body) {
    DEED_TRY(StepProgress* const step, step_of(body.item.step));
    if (!step->begun.insert(item_name(body.item))) return wrong("an item that begins twice");
    step->children.push_back({body.item, body.run, body.started});
    return {};
  }
  Result<void> operator()(const ChildFinished& body) {
    if (!state_.task) return wrong("a child of a run without a task");
    state_.usage += body.usage;
    state_.cost_usd += body.cost_usd;
    state_.parts.begun += body.parts_begun;
    state_.parts.failed += body.parts_failed;
    conclude_child(*state_.task, body);
    return {};
  }
  Result<void> operator()(const TimerSet& body) {
    if (!event_.call.empty()) {
      CallState* call = find();
      if (!call || call->phase == CallPhase::settled || call->phase == CallPhase::ended) return wrong("a timer of no call, or of one that is over");
      call->not_before = TimePoint(std::chrono::milliseconds(body.until_ms));
      call->is_put_off = true;
      return {};
    }
    DEED_TRY(StepProgress* const step, step_of(body.step));
    step->timer = TimePoint(std::chrono::milliseconds(body.until_ms));
    return {};
  }
  Result<void> operator()(const TimerFired& body) {
    if (!event_.call.empty()) {
      CallState* call = find();
      if (!call) return wrong("a timer of no call");
      call->not_before = {};
      return {};
    }
    DEED_TRY(StepProgress* const step, step_of(body.step));
    step->timer_fired = true;
    return {};
  }

 private:
  Result<StepProgress*> step_of(const std::string& id) {
    StepProgress* step = state_.task ? state_.task->find(id) : nullptr;
    if (!step) return wrong("a step that the task does not have");
    return step;
  }
  Result<void> proposed_for_item(const ToolProposed& body) {
    DEED_TRY(StepProgress* const step, step_of(body.item->step));
    if (event_.call != item_name(*body.item) || !step->begun.insert(event_.call)) return wrong("an item that begins twice");
    CallState call;
    call.call = body.tool_call;
    call.step = event_.step;
    call.effect_key = body.effect_key;
    call.arguments_hash = body.arguments_hash;
    call.proposed_at = event_.time;
    call.item = body.item;
    call.origins = body.origins;
    call.asks = body.asks;
    step->calls.push_back(event_.call);
    state_.calls.emplace(event_.call, std::move(call));
    ++state_.call_count;
    return {};
  }
  // What is over of a loop need not be kept: a million items are a number.
  Result<void> concluded_if_over(CallState& call) {
    const bool is_over = call.phase == CallPhase::settled || call.phase == CallPhase::ended;
    if (!call.item || !is_over) return {};
    if (conclude_call(*state_.task, call, event_.time)) state_.calls.erase(event_.call);
    return {};
  }
  static void look_again(CallState& call) {
    call.probes = 0, call.unknowns = 0;
    for (auto& [name, part] : call.parts) part.probes = 0;
  }
  Result<void> dispatched(PartState& part) {
    if (part.phase == PartPhase::settled) return wrong("a dispatch of a part that has its outcome");
    part.phase = PartPhase::in_doubt;
    part.dispatched_at = event_.time;
    part.outcome.reset();
    part.probes = 0;
    ++part.dispatches;
    count(part);
    return {};
  }
  void count(PartState& part) {
    state_.parts.begun += !part.is_counted;
    part.is_counted = true;
  }
  void count_failure(PartState& part) {
    state_.parts.failed += !part.has_failed;
    part.has_failed = true;
  }
  // An earlier attempt at its call had given it up.
  void uncount_failure(PartState& part) {
    state_.parts.failed -= part.has_failed;
    part.has_failed = false;
  }
  // What was tried and is still open when its call ends.
  void count_failures(CallState& call) {
    for (auto& [name, part] : call.parts) {
      if (part.phase == PartPhase::open && part.outcome) count_failure(part);
    }
  }
  // Without a dispatch too: what was refused before its commit point has an outcome.
  Result<void> settled(CallState& call, const EffectSettled& body) {
    PartState& part = call.parts[body.part];
    if (call.phase != CallPhase::intended || part.phase == PartPhase::settled) {
      return wrong("an outcome of a part that does not wait for one");
    }
    part.outcome = body;
    const bool is_withheld = body.result.is_object() && body.result.value("withheld", Json(false)) == true;
    if (!is_withheld) count(part);
    if (!is_withheld && body.status == OutcomeStatus::rejected) count_failure(part);
    if (body.status == OutcomeStatus::succeeded) uncount_failure(part);
    switch (body.status) {
      case OutcomeStatus::succeeded:
      case OutcomeStatus::rejected: part.phase = PartPhase::settled; break;
      case OutcomeStatus::failed_without_effect: part.phase = PartPhase::open; break;
      case OutcomeStatus::unknown: part.phase = PartPhase::in_doubt; break;
    }
    return {};
  }
  // A person or a probe has the word about a part that was dispatched.
  static void conclude(PartState& part, const std::string& name, OutcomeStatus status, std::string text,
                       Json result = nullptr) {
    part.phase = PartPhase::settled;
    part.outcome = EffectSettled{status, std::move(result), std::move(text), 1, 0, name};
  }
  Result<void> probed(CallState& call, const EffectProbed& body) {
    const auto found = call.parts.find(body.part);
    if (found == call.parts.end() || found->second.phase != PartPhase::in_doubt) {
      return wrong("a probe of a part that is not in doubt");
    }
    PartState& part = found->second;
    ++part.probes;
    part.evidence = body.evidence;
    if (body.verdict == "refuted") part.phase = PartPhase::open;
    if (body.verdict == "confirmed") conclude(part, body.part, OutcomeStatus::succeeded, body.evidence);
    // Undecided or not, the other parts go on: the call runs again once all were asked about.
    const bool all_asked = std::none_of(call.parts.begin(), call.parts.end(), [](const auto& other) {
      return other.second.phase == PartPhase::in_doubt && other.second.probes == 0;
    });
    if (call.phase == CallPhase::unknown && all_asked) call.phase = CallPhase::approved;
    return {};
  }
  Result<void> reconciled(CallState& call, const EffectReconciled& body) {
    bool is_about_any = false;
    for (auto& [name, part] : call.parts) {
      if (part.phase != PartPhase::in_doubt || (!body.part.empty() && name != body.part)) continue;
      is_about_any = true;
      part.dispatches = 0;
      if (body.decision == "retry") part.phase = PartPhase::open;
      if (body.decision == "done") conclude(part, name, OutcomeStatus::succeeded, "confirmed by " + body.by, {{"settled_by", body.by}});
      if (body.decision == "not_done") {
        conclude(part, name, OutcomeStatus::failed_without_effect, "not done, according to " + body.by, {{"settled_by", body.by}});
      }
    }
    if (!is_about_any) return wrong("a reconciliation of a part that is not in doubt");
    // Once nothing is in doubt the tool runs again: for what is open, and to say how the call ended.
    if (!call.has_doubt()) call.phase = CallPhase::approved;
    return {};
  }
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

bool CallState::has_doubt() const {
  return std::any_of(parts.begin(), parts.end(),
                     [](const auto& part) { return part.second.phase == PartPhase::in_doubt; });
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
  if (body) return fold(state, event, *body);
  state.last_event = event.number;
  state.last_time = event.time;
  return {};
}

Result<void> fold(State& state, const Event& event, const EventBody& body) {
  state.last_event = event.number;
  if (!state.started && !std::holds_alternative<RunStarted>(body)) {
    return fail(ErrorKind::corrupt, "the run's first event is not run.started", event.kind);
  }
  if (state.started && !follows_a_pause(body) && event.time > state.last_time) {
    state.active += event.time - state.last_time;
  }
  DEED_OK(std::visit(Folder(state, event), body));
  state.last_time = event.time;
  return {};
}

Result<State> fold_all(const std::vector<Event>& events) {
  State state;
  for (const Event& event : events) DEED_OK(fold(state, event));
  return state;
}

}  // namespace deed
