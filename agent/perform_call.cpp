// perform for tool calls: judge, ask, run with its commit point, probe. The order of appends here is the promise of docs/effects.
#include <algorithm>
#include <iterator>

#include "deed/agent/bounded.hpp"
#include "deed/agent/call_context.hpp"
#include "deed/agent/drive.hpp"
#include "deed/agent/effects.hpp"
#include "deed/agent/judge.hpp"
#include "deed/core/checked.hpp"
#include "deed/core/failpoint.hpp"
#include "deed/core/text.hpp"

namespace deed {
namespace {

constexpr std::chrono::milliseconds max_preview_time{10'000};

Dispatch dispatch_of(const Tool& tool, EffectClass effect) {
  if (!changes_world(effect) || effect == EffectClass::local) return Dispatch::never;
  return tool.spec.dispatches ? Dispatch::by_tool : Dispatch::at_entry;
}

// That a later attempt did nothing says nothing about an earlier one.
Outcome still_in_doubt(const Outcome& later) {
  return Outcome::unknown("an earlier attempt may have happened; this one did not: " + string_at(later.result, "error", "it failed"));
}

// What a person needs to know to decide about a call whose outcome is unknown.
std::string doubt_about(const CallState& call) {
  std::string what = call.outcome ? call.outcome->text : "the process ended after the commit point and before the outcome was known";
  if (call.has_doubt()) what = "it is not known what became of " + parts_in(call, PartPhase::in_doubt);
  for (const auto& [name, part] : call.parts) {
    if (part.phase == PartPhase::in_doubt && !part.evidence.empty()) what += "; " + escaped(name) + ": " + part.evidence;
  }
  if (!call.evidence.empty()) what += "; " + call.evidence;
  return what;
}

const char* verdict_name(ProbeResult::Verdict verdict) {
  switch (verdict) {
    case ProbeResult::Verdict::confirmed: return "confirmed";
    case ProbeResult::Verdict::refuted: return "refuted";
    case ProbeResult::Verdict::undecided: return "undecided";
  }
  return "undecided";
}

ApprovalRequested request_for(const CallState& call, const PolicyDecided& policy) {
  return {call.effect_key, call.arguments_hash, policy.policy_version, policy.preview ? policy.preview->sha256 : "",
          policy.preview ? policy.preview->summary : call.call.name};
}

}  // namespace

Result<Json> Drive::revealed(const CallState& call) const {
  if (!call.item || state_.task->task->secrets.empty()) return call.call.arguments;
  const auto none = [](const std::string& name) -> Result<Secret> {
    return fail(ErrorKind::not_found, "this program has no secret \"" + escaped(name) + "\"");
  };
  return with_secrets(call.call.arguments, lease_.run, state_.task->task->secrets, parts_.secret_of ? parts_.secret_of : none);
}

Async<bool> Drive::perform(JudgeCall action) {
  const CallContext context(*this, action.call, {});
  const CallState& call = state_.calls.at(action.call);
  auto arguments = revealed(call);
  PolicyDecided decided;
  const bool has_secrets = call.item && !state_.task->task->secrets.empty() && parts_.secret_of;
  const auto shown = [&](std::string text) {
    return has_secrets ? without_secrets(std::move(text), state_.task->task->secrets, parts_.secret_of) : text;
  };
  std::function<void(const Preview&)> show = [&](const Preview& preview) {
    // Nobody looks through whole files for secrets: with such, the effect is shown as the journal has it.
    const auto whole = has_secrets ? nullptr : preview.whole;
    if (parts_.on_preview) parts_.on_preview(action.call, {preview.media_type, shown(preview.bytes), shown(preview.summary), preview.destinations, shown(preview.diff), whole});
  };
  if (arguments) {
    auto judging = judged(action.call, context, *std::move(arguments), std::move(show));
    auto verdict = co_await std::move(judging);
    DEED_CO_TRY(decided, std::move(verdict));
  } else {
    decided.verdict = Verdict::invalid, decided.why = to_string(arguments.error());
  }
  const RegisteredTool* entry = tools().find(call.call.name);
  const bool is_held = parts_.rehearse && entry && changes_world(effect_of(entry->tool, call.call.arguments));
  if (decided.verdict == Verdict::allow && (is_held || !call.asks.empty())) {
    decided.verdict = Verdict::ask;
    decided.why = is_held ? "it is rehearsed" : call.asks;
  }
  // The hash is of the true bytes; a person sees, and the journal keeps, those without secrets.
  if (decided.preview) {
    for (std::string* text : {&decided.preview->bytes, &decided.preview->summary, &decided.preview->diff}) *text = shown(*text);
  }
  const bool asks = decided.verdict == Verdict::ask, is_allowed = decided.verdict == Verdict::allow;
  ApprovalRequested request = request_for(call, decided);
  std::vector<NewEvent> events;
  events.push_back(event_of(std::move(decided), action.call));
  if (asks) events.push_back(event_of(std::move(request), action.call));
  auto recorded = co_await record_all(std::move(events), AppendOptions());
  DEED_CO_OK(std::move(recorded));
  if (is_allowed) allowed_ = {action.call, state_.last_event, written_};
  co_return true;
}

// It was there when the call was judged: that it is not here now says nothing about the call.
Async<bool> Drive::pause_without_tool(std::string call) {
  RunPaused missing{RunStatus::paused, "the tool " + state_.calls.at(call).call.name + " is not here any more",
                    "resume it with a program that has the tool"};
  auto paused = co_await pause(std::move(missing), std::move(call));
  co_return paused;
}

Async<bool> Drive::perform(AskApproval action) {
  const CallState& call = state_.calls.at(action.call);
  if (!tools().find(call.call.name)) {
    auto paused = co_await pause_without_tool(action.call);
    co_return paused;
  }
  if (call.approval_request->policy_version != parts_.policy.version()) {
    // The question was asked under other rules; under today's it may need no answer.
    JudgeCall judge{action.call};
    auto judged = co_await perform(std::move(judge));
    co_return judged;
  }
  auto written = co_await write();
  DEED_CO_OK(std::move(written));
  ApprovalCard card{call.call.name, call.call.arguments, call.policy->why, call.policy->origins, call.policy->preview};
  auto asking = parts_.interaction.approve(std::move(card));
  auto bounded = co_await run_bounded(std::move(asking), std::chrono::milliseconds(0), &interrupt_);
  if (interrupt_.requested()) co_return true;  // the loop pauses
  auto answer = bounded.value.value_or(std::nullopt);
  if (!answer) {
    RunPaused waiting{RunStatus::paused, "waits for approval: " + call.approval_request->summary,
                      "deed approve " + lease_.run + "   or   deed deny " + lease_.run};
    auto paused = co_await pause(std::move(waiting), action.call);
    co_return paused;
  }
  auto heard = co_await hear_approval(std::move(*answer), "terminal");
  DEED_CO_OK(std::move(heard));
  co_return true;
}

Async<bool> Drive::perform(AskUser action) {
  std::string question = string_at(state_.calls.at(action.call).call.arguments, "question", "?");
  auto written = co_await write();
  DEED_CO_OK(std::move(written));
  auto asking = parts_.interaction.answer(question);
  auto bounded = co_await run_bounded(std::move(asking), std::chrono::milliseconds(0), &interrupt_);
  if (interrupt_.requested()) co_return true;  // the loop pauses
  auto answer = bounded.value.value_or(std::nullopt);
  if (!answer) {
    RunPaused waiting{RunStatus::paused, "asks: " + question, "deed resume " + lease_.run + " --answer \"…\""};
    auto paused = co_await pause(std::move(waiting), action.call);
    co_return paused;
  }
  auto heard = co_await hear_answer(std::move(*answer));
  DEED_CO_OK(std::move(heard));
  co_return true;
}

Async<bool> Drive::perform(AskOperator action) {
  std::string what = doubt_about(state_.calls.at(action.call));
  auto paused = co_await ask_operator(std::move(action.call), std::move(what));
  co_return paused;
}

Async<bool> Drive::ask_operator(std::string id, std::string what) {
  const CallState& call = state_.calls.at(id);
  RunPaused waiting{RunStatus::unknown, "the outcome of " + call.call.name + " is unknown: " + what,
                    "look, then: deed reconcile " + lease_.run + " --done | --not-done | --retry" +
                        (call.has_doubt() ? " [--part NAME]" : "")};
  auto paused = co_await pause(std::move(waiting), std::move(id));
  co_return paused;
}

Async<PolicyDecided> Drive::judged(std::string id, const ToolContext& context, Json arguments, std::function<void(const Preview&)> on_preview) {
  if (auto refused = refusal_of(state_, id, tools())) co_return *std::move(refused);
  const CallState& call = state_.calls.at(id);
  const Tool& tool = tools().find(call.call.name)->tool;
  std::optional<Result<Preview>> preview;
  if (has_preview(tool, call.call.arguments)) {
    if (tool.preview) {
      preview.emplace(tool.preview(arguments, context));
    } else {
      if (owes_disk()) {
        auto written = co_await write();
        DEED_CO_OK(std::move(written));
      }
      auto making = tool.asked_preview(std::move(arguments), context);
      auto bounded = co_await run_bounded(std::move(making), max_preview_time, nullptr);
      if (bounded.value) preview.emplace(*std::move(bounded.value));
      else preview.emplace(fail(ErrorKind::timeout, "the tool does not say what the call would do", call.call.name));
    }
    if (*preview && on_preview) on_preview(**preview);
  }
  co_return judge_call(state_, id, tools(), parts_.policy, std::move(preview));
}

// What was judged (and perhaps approved) is what runs: other bytes, other rules or an old approval are judged again.
Async<Drive::Obstacle> Drive::what_stands_in_the_way(std::string id, const ToolContext& context) {
  const CallState& call = state_.calls.at(id);
  // Judged a moment ago, and nothing was recorded or written since: of a tool that looks at the world for neither its preview nor what it
  // destroys, the judgement would be the same.
  const bool is_the_moment = !call.item && allowed_.call == id && allowed_.recorded == state_.last_event && allowed_.written == written_;
  const Tool& tool = tools().find(call.call.name)->tool;
  if (is_the_moment && !tool.destroys && !has_preview(tool, call.call.arguments)) co_return Obstacle{};
  auto arguments = revealed(call);
  if (!arguments) co_return Obstacle{to_string(arguments.error())};
  auto judging = judged(id, context, *std::move(arguments));
  auto verdict = co_await std::move(judging);
  DEED_CO_TRY(const PolicyDecided again, std::move(verdict));
  if (again.verdict != Verdict::allow && again.verdict != Verdict::ask) co_return Obstacle{again.why, again.verdict == Verdict::invalid};
  const std::string sha256 = again.preview ? again.preview->sha256 : "";
  if (sha256 != (call.policy->preview ? call.policy->preview->sha256 : "")) co_return Obstacle{"it would now do something else than was judged", true};
  if (again.verdict == Verdict::allow) co_return Obstacle{};
  if (is_approved(call, parts_.policy.version(), sha256, parts_.clock.now())) co_return Obstacle{};
  co_return Obstacle{"it needs an approval under the rules of today"};
}

Async<bool> Drive::perform(RunTool action) {
  const CallState& call = state_.calls.at(action.call);
  const RegisteredTool* entry = tools().find(call.call.name);
  if (!entry) {
    auto paused = co_await pause_without_tool(action.call);
    co_return paused;
  }
  const Tool& tool = entry->tool;
  if (tool.spec.asks_user) {
    EffectSettled answered{OutcomeStatus::succeeded, Json{{"answer", *call.answer}}, *call.answer, 1, 0};
    auto settled = co_await settle(action.call, std::move(answered), Trust::user, false);
    co_return settled;
  }
  const EffectClass effect = effect_of(tool, call.call.arguments);
  const bool effectful = changes_world(effect);
  const Dispatch dispatch = dispatch_of(tool, effect);
  const Step* step = call.item ? state_.task->task->find(call.item->step) : nullptr;  // of a task
  const bool is_meant = step && step->on_unknown == OnUnknown::retry && effect != EffectClass::once;
  const bool repeats = is_meant || may_repeat(call, effect, tool.spec.key_window, parts_.clock.now());
  auto arguments = revealed(call);
  if (!arguments) {
    RunPaused missing{RunStatus::paused, arguments.error().what, arguments.error().hint};
    auto paused = co_await pause(std::move(missing), action.call);
    co_return paused;
  }
  const std::int64_t attempt = call.attempts + 1;
  CallContext context(*this, action.call, {.dispatch = dispatch, .may_repeat = repeats, .attempt = attempt});
  const bool was_in_doubt = call.in_doubt;  // by an earlier attempt
  if (effectful) {
    auto looking = what_stands_in_the_way(action.call, context);
    auto looked = co_await std::move(looking);
    DEED_CO_TRY(const Obstacle obstacle, std::move(looked));
    const bool is_in_the_way = !obstacle.why.empty();
    if (is_in_the_way && call.in_doubt) {
      // It may have happened: whatever is judged now, it has not simply ended.
      std::string what = "it may have happened, and cannot be tried again: " + obstacle.why;
      auto paused = co_await ask_operator(action.call, std::move(what));
      co_return paused;
    }
    // Of a call that has begun, what cannot be made again as it was ends it where it stands.
    if (obstacle.for_good && context.has_parts()) {
      Outcome ended_early = context.broken_off("what was begun cannot be made again as it was (" + obstacle.why + ")");
      EffectSettled early = settled_by(ended_early, attempt, std::chrono::milliseconds(0));
      auto settled = co_await settle(action.call, std::move(early), tool.spec.result_trust, true);
      co_return settled;
    }
    if (is_in_the_way) {
      JudgeCall judge{action.call};
      auto judged = co_await perform(std::move(judge));
      co_return judged;
    }
    EffectIntended intended{call.effect_key, call.arguments_hash, attempt, effect};
    EffectDispatched entered{call.effect_key, attempt};
    std::vector<NewEvent> events;
    events.push_back(event_of(std::move(intended), action.call));
    if (dispatch == Dispatch::at_entry) events.push_back(event_of(std::move(entered), action.call));
    auto recorded = co_await record_all(std::move(events), on_disk);
    DEED_CO_OK(std::move(recorded));
  } else if (arguments_hash(call.call.arguments) != call.arguments_hash) {
    JudgeCall judge{action.call};  // which finds that a secret in them is gone
    auto judged = co_await perform(std::move(judge));
    co_return judged;
  } else {
    auto written = co_await write();
    DEED_CO_OK(std::move(written));
  }
  const TimePoint begun = parts_.clock.now();
  auto running = tool.run(*std::move(arguments), context);
  const std::chrono::milliseconds timeout = step && step->timeout ? *step->timeout : tool.spec.timeout;
  Interrupt* interrupt = effectful ? nullptr : &interrupt_;
  auto bounded = co_await run_bounded(std::move(running), timeout, interrupt, &context.renewal());
  failpoint(failpoints::tool_returned);
  if (!effectful && interrupt_.requested() && !bounded.value) co_return true;  // the loop pauses; it runs again later
  // An effect is not broken off. One that has parts ends between two of them; it goes on with the rest when the run is resumed.
  if (context.paused() && context.limit()) {
    auto paused = co_await pause_at(*context.limit(), action.call);
    co_return paused;
  }
  if (context.paused()) co_return true;
  Outcome outcome = bounded.value       ? context.checked(std::move(*bounded.value))
                    : bounded.timed_out ? context.broken_off("the tool took longer than " +
                                                             std::to_string(static_cast<double>(timeout.count()) / 1000).substr(0, 6) + " s, and ended")
                                        : context.broken_off("the tool failed (" + bounded.exception + ")");
  const bool did_nothing = outcome.status == OutcomeStatus::rejected || outcome.status == OutcomeStatus::failed_without_effect;
  if (was_in_doubt && did_nothing) outcome = still_in_doubt(outcome);
  if (effect == EffectClass::local) take_facts(outcome);
  EffectSettled settled = settled_by(outcome, attempt, parts_.clock.now() - begun);
  auto ended = co_await settle(action.call, std::move(settled), tool.spec.result_trust, effectful);
  co_return ended;
}

Async<bool> Drive::pause_at(ToolLimit limit, std::string call) {
  if (is_halted_) co_return false;  // by another call that was under way
  is_halted_ = true;
  BudgetExceeded exceeded{limit.name, limit.what};
  auto recorded = co_await record(std::move(exceeded), call);
  DEED_CO_OK(std::move(recorded));
  RunPaused stopped{RunStatus::limit, std::move(limit.what), std::move(limit.hint)};
  auto paused = co_await pause(std::move(stopped), std::move(call));
  co_return paused;
}

// The outcome goes with what is written next, which is so before anything follows outside: one commit less. Of a call of a task that
// is good enough if it has parts, whose outcomes are in the journal already; in between, the next item is read and judged.
Async<bool> Drive::settle(std::string call, EffectSettled settled, Trust trust, bool changed_world) {
  const bool is_awaited = changed_world && state_.task && state_.calls.at(call).parts.empty();
  std::vector<NewEvent> events;
  events.push_back(event_of(std::move(settled), std::move(call), trust));
  auto noted = note(std::move(events), changed_world ? on_disk : at_leisure);
  DEED_CO_OK(std::move(noted));
  if (!is_awaited) co_return true;
  auto written = co_await write();
  DEED_CO_OK(std::move(written));
  co_return true;
}

// They go into the journal with the outcome, by the next append.
void Drive::take_facts(Outcome& outcome) {
  if (outcome.status != OutcomeStatus::succeeded) return;
  for (const Fact& fact : outcome.facts) {
    const Result<void> checked = check_fact(fact);
    if (checked) continue;
    outcome = Outcome::failed_without_effect(checked.error());
    return;
  }
  // Those of another call may wait there for the same append.
  std::move(outcome.facts.begin(), outcome.facts.end(), std::back_inserter(unwritten_facts_));
}

Async<bool> Drive::perform(ProbeCall action) {
  const CallState& call = state_.calls.at(action.call);
  const RegisteredTool* entry = tools().find(call.call.name);
  DEED_CHECK(entry && entry->tool.probe, "a probe of a tool without one");
  CallContext context(*this, action.call, {.attempt = call.attempts, .is_probe = true, .probed_part = action.part});
  auto written = co_await write();
  DEED_CO_OK(std::move(written));
  failpoint(failpoints::probe_before);
  auto shown = revealed(call);
  DEED_CO_TRY(Json arguments, std::move(shown));
  auto probing = entry->tool.probe(std::move(arguments), context);
  auto bounded = co_await run_bounded(std::move(probing), entry->tool.spec.timeout, &interrupt_, &context.renewal());
  failpoint(failpoints::probe_after);
  if (interrupt_.requested()) co_return true;  // the loop pauses; the world is asked again later
  ProbeResult found = bounded.value ? std::move(*bounded.value)
                                    : ProbeResult{ProbeResult::Verdict::undecided, "the probe did not end: " + bounded.exception};
  EffectProbed probed{verdict_name(found.verdict), found.evidence, action.part};
  // One append: a verdict without what follows from it would leave the call in doubt.
  std::vector<NewEvent> events;
  events.push_back(event_of(std::move(probed), action.call, Trust::tool));
  // A part is settled by its probe; the tool then says what became of the call.
  if (found.verdict == ProbeResult::Verdict::confirmed && action.part.empty()) {
    EffectSettled settled{OutcomeStatus::succeeded, Json{{"confirmed_by", found.evidence}},
                          "Done; confirmed afterwards: " + found.evidence, call.attempts, 0};
    events.push_back(event_of(std::move(settled), action.call, Trust::tool));
  }
  auto recorded = co_await record_all(std::move(events), on_disk);
  DEED_CO_OK(std::move(recorded));
  co_return true;
}

}  // namespace deed
