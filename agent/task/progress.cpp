#include "deed/agent/task/progress.hpp"

#include <algorithm>
#include <set>

#include "deed/agent/state.hpp"
#include "deed/agent/task/references.hpp"
#include "deed/agent/task/task_of_run.hpp"
#include "deed/core/hash.hpp"

namespace deed {
namespace {

// The steps whose `out` something reads.
std::set<std::string> read_outs(const Task& task) {
  std::set<std::string> ids;
  const auto take = [&ids](const Reference& reference) {
    const bool is_out = reference.size() == 2 || (reference.size() > 2 && reference[2] == "out");
    if (is_out && reference[0] == "steps") ids.insert(reference[1]);
  };
  for (const Step& step : task.steps) {
    for (const Reference& reference : references_of(step)) take(reference);
  }
  for (const auto& [name, output] : task.outputs) {
    for (const Template::Use& use : output.uses()) take(use.reference);
  }
  return ids;
}

void take_out(StepProgress& progress, const Step& step, Json out, std::string text, Trust trust) {
  ++progress.succeeded;
  progress.trust = std::max(progress.trust, trust);
  if (!step.loop) {
    progress.out = std::move(out);
    progress.text = std::move(text);
    return;
  }
  if (progress.keeps_outs) progress.out.push_back(std::move(out));
}

std::chrono::milliseconds wait_before(const Retry& retry, std::int64_t attempts) {
  constexpr std::chrono::milliseconds longest = std::chrono::hours(1);
  std::chrono::milliseconds wait = retry.wait;
  for (std::int64_t i = 1; i < attempts && wait < longest; ++i) wait *= 2;
  return std::min(wait, longest);
}

std::string reason_of(const CallState& call) {
  if (call.outcome && call.phase == CallPhase::settled) return call.outcome->text;
  if (call.approval && !call.approval->approved) {
    return "it was not approved" + (call.approval->note.empty() ? "" : ": " + call.approval->note);
  }
  return call.policy ? call.policy->why : "it did not run";
}

}  // namespace

const char* to_string(StepProgress::Phase phase) {
  switch (phase) {
    case StepProgress::Phase::waiting: return "waiting";
    case StepProgress::Phase::running: return "running";
    case StepProgress::Phase::done: return "done";
    case StepProgress::Phase::skipped: return "skipped";
    case StepProgress::Phase::failed: return "failed";
  }
  return "waiting";
}

StepProgress* TaskProgress::find(const std::string& id) {
  const Step* step = task->find(id);
  return step ? &steps[task->number_of(*step)] : nullptr;
}

std::size_t TaskProgress::next_from(std::size_t number) const {
  while (number < steps.size() && steps[number].is_over()) ++number;
  return number;
}

std::string item_name(const ItemRef& item) {
  constexpr std::size_t longest = 128;
  if (item.key.empty()) return item.step;
  return item.step + "[" + (item.key.size() > longest ? "sha256:" + sha256_hex(item.key) : item.key) + "]";
}

Result<TaskProgress> begin_progress(const TaskOfRun& task) {
  TaskProgress progress;
  DEED_TRY(progress.task, recorded_task(task));
  progress.inputs = task.inputs;
  const std::set<std::string> read = read_outs(*progress.task);
  for (const Step& step : progress.task->steps) {
    StepProgress& one = progress.steps.emplace_back();
    one.keeps_outs = read.contains(step.id);
    one.is_left_out = std::find(task.left_out.begin(), task.left_out.end(), step.id) != task.left_out.end();
    if (one.is_left_out) one.phase = StepProgress::Phase::skipped, one.error = "left out this time";
    if (step.loop && one.keeps_outs) one.out = Json::array();
  }
  return progress;
}

std::optional<TimePoint> waits_until(const State& state) {
  if (state.finished || (state.task && state.task->current() == state.task->steps.size())) return std::nullopt;
  const StepProgress* step = state.task ? &state.task->steps[state.task->current()] : nullptr;
  const StepState* turn = state.last_step();
  std::optional<TimePoint> first = step && !step->timer_fired ? step->timer : std::nullopt;
  const std::vector<std::string> none;
  for (const std::string& id : step ? step->calls : turn ? turn->calls : none) {
    const TimePoint time = state.calls.at(id).not_before;
    if (time > state.last_time && (!first || time < *first)) first = time;
  }
  return first;
}

void fail_item(StepProgress& step, ItemRef item, std::string error) {
  constexpr std::size_t most = 1000;
  ++step.failed;
  step.begun.insert(item_name(item));
  if (step.error.empty()) step.error = error;
  if (step.failures.size() < most) step.failures.push_back({std::move(item), std::move(error)});
}

void place_call(TaskProgress& progress, const CallState& call) {
  StepProgress& of_step = *progress.find(call.item->step);
  const bool asks = call.phase == CallPhase::asking;
  std::vector<std::string>& from = asks ? of_step.calls : of_step.asking;
  const std::string name = item_name(*call.item);
  auto at = std::find(from.begin(), from.end(), name);
  if (at == from.end()) return;
  from.erase(at);
  (asks ? of_step.asking : of_step.calls).push_back(name);
}

bool conclude_call(TaskProgress& progress, CallState& call, TimePoint now) {
  const Step* step = progress.task->find(call.item->step);
  StepProgress& of_step = progress.steps[progress.task->number_of(*step)];
  const std::string name = item_name(*call.item);
  const auto erased_from = [&name](std::vector<std::string>& ids) {
    const auto at = std::find(ids.begin(), ids.end(), name);
    if (at == ids.end()) return false;
    ids.erase(at);
    return true;
  };
  const bool has_failed = call.phase == CallPhase::settled && call.outcome->status == OutcomeStatus::failed_without_effect;
  if (has_failed && call.attempts < step->retry.max_attempts) {
    call.phase = CallPhase::approved;
    call.not_before = now + wait_before(step->retry, call.attempts);
    return false;
  }
  if (!erased_from(of_step.calls) && !erased_from(of_step.asking)) return false;  // it was over before
  if (call.phase == CallPhase::settled && call.outcome->status == OutcomeStatus::succeeded) {
    take_out(of_step, *step, call.outcome->result, call.outcome->text, call.result_trust);
  } else {
    fail_item(of_step, *call.item, reason_of(call));
  }
  return step->loop.has_value();
}

void conclude_child(TaskProgress& progress, const ChildFinished& finished) {
  for (std::size_t i = 0; i < progress.steps.size(); ++i) {
    StepProgress& of_step = progress.steps[i];
    const auto child = std::find_if(of_step.children.begin(), of_step.children.end(),
                                    [&](const OpenChild& one) { return one.run == finished.run; });
    if (child == of_step.children.end()) continue;
    if (finished.status == RunStatus::done) {
      take_out(of_step, progress.task->steps[i], finished.out, finished.text, Trust::untrusted);
    } else {
      fail_item(of_step, child->item, finished.reason.empty() ? finished.text : finished.reason);
    }
    of_step.children.erase(child);
    return;
  }
}

}  // namespace deed
