#include "deed/agent/task/advance.hpp"

#include <algorithm>
#include <set>

#include "deed/agent/task/references.hpp"
#include "deed/agent/task/scope.hpp"
#include "deed/core/checked.hpp"
#include "deed/core/text.hpp"
#include "deed/core/time_text.hpp"

namespace deed {
namespace {

using Phase = StepProgress::Phase;

EndStep ended(const std::string& id, StepStatus status, std::string error = {}) { return {{id, status, std::move(error), 0}}; }

// Why the step is not done at all: what it needs is not there, or its condition does not hold.
std::optional<EndStep> left_out(const State& state, const RunId& run, const Step& step) {
  for (const std::string& needed : step.needs) {
    const StepProgress& other = state.task->steps[state.task->task->number_of(*state.task->task->find(needed))];
    if (other.phase == Phase::done || other.is_left_out) continue;
    return ended(step.id, StepStatus::skipped, "it needs " + needed + ", which was " + to_string(other.phase));
  }
  if (!step.condition || step.loop) return std::nullopt;
  const auto holds = step.condition->holds(TaskScope(state, run));
  if (!holds) return ended(step.id, StepStatus::failed, "if: " + to_string(holds.error()));
  if (!*holds) return ended(step.id, StepStatus::skipped, "its condition does not hold");
  return std::nullopt;
}

TaskMove next_of_wait(const State& state, const RunId& run, const Step& step, const WaitStep& wait) {
  const StepProgress& progress = state.task->steps[state.task->task->number_of(step)];
  if (!wait.signal.empty()) {
    const auto& signals = state.task->signals;
    if (std::find(signals.begin(), signals.end(), wait.signal) == signals.end()) return AwaitSignal{step.id, wait.signal};
    return ended(step.id, StepStatus::done);
  }
  if (progress.timer_fired) return ended(step.id, StepStatus::done);
  if (progress.timer) return AwaitTimer{step.id, *progress.timer};
  if (wait.duration) return StartTimer{step.id, state.last_time + *wait.duration};
  const auto until = wait.until->render(TaskScope(state, run));
  if (!until) return ended(step.id, StepStatus::failed, "wait: " + to_string(until.error()));
  const auto time = parse_iso8601(until->value.is_string() ? until->value.get<std::string>() : "");
  if (!time) return ended(step.id, StepStatus::failed, "wait: not a time such as 2026-12-24T09:00:00Z: " + escaped(to_text(until->value)));
  return StartTimer{step.id, *time};
}

TaskMove next_of_running(const State& state, const RunId& run, const Step& step, const StepProgress& progress) {
  if (const auto* wait = std::get_if<WaitStep>(&step.action)) return next_of_wait(state, run, step, *wait);
  const std::size_t number = state.task->task->number_of(step);
  if (step.loop) {
    const bool stops = progress.failed > 0 && step.on_error == OnError::stop;
    if (stops) return ended(step.id, StepStatus::failed, progress.error);
    return ReadItems{number};
  }
  if (progress.failed > 0) return ended(step.id, StepStatus::failed, progress.error);
  if (progress.succeeded > 0) return ended(step.id, StepStatus::done);
  return BeginItem{number};
}

std::string told(const State& state) {
  std::string text;
  for (const Step& step : state.task->task->steps) {
    const StepProgress& progress = state.task->steps[state.task->task->number_of(step)];
    text += (text.empty() ? "" : "\n") + step.id + ": " + to_string(progress.phase);
    if (step.loop && progress.phase != Phase::skipped) {
      text += ", " + std::to_string(progress.succeeded) + " done";
      if (progress.failed) text += ", " + std::to_string(progress.failed) + " failed";
      if (progress.skipped) text += ", " + std::to_string(progress.skipped) + " left out";
      for (const ItemFailure& failure : progress.failures) {
        text += "\n  " + item_name(failure.item) + " (number " + std::to_string(failure.item.index + 1) + "): " + failure.error;
      }
    } else if (!progress.error.empty()) {
      text += " (" + progress.error + ")";
    }
  }
  return text;
}

EndTask end_of_task(const State& state, const RunId& run) {
  EndTask end;
  end.text = told(state);
  const TaskProgress& progress = *state.task;
  end.reason = what_stops(progress);
  for (std::size_t i = 0; i < progress.steps.size() && end.reason.empty(); ++i) {
    // Asked to go on, it has gone on: that is no failure of the task.
    const bool counts = progress.steps[i].phase == Phase::failed && progress.task->steps[i].on_error != OnError::go_on;
    if (counts) end.reason = "step " + progress.task->steps[i].id + ": " + std::to_string(progress.steps[i].failed) + " items failed";
  }
  if (!end.reason.empty()) end.status = RunStatus::failed;
  if (progress.task->outputs.empty()) return end;
  end.outputs = Json::object();
  for (const auto& [name, output] : progress.task->outputs) {
    const auto value = output.render(TaskScope(state, run));
    if (value) {
      end.outputs[name] = value->value;
    } else if (end.status == RunStatus::done) {
      end.status = RunStatus::failed;
      end.reason = "output " + name + ": " + to_string(value.error());
    }
  }
  return end;
}

}  // namespace

TaskMove next_move(const State& state, const RunId& run, std::size_t number) {
  const TaskProgress& progress = *state.task;
  if (number >= progress.steps.size() || !what_stops(progress).empty()) return end_of_task(state, run);
  const Step& step = progress.task->steps[number];
  if (progress.steps[number].phase != Phase::waiting) return next_of_running(state, run, step, progress.steps[number]);
  if (auto end = left_out(state, run, step)) return *std::move(end);
  return BeginStep{step.id};
}

EndStep end_of_loop(const State& state, std::size_t number, std::int64_t skipped) {
  const StepProgress& progress = state.task->steps[number];
  const Step& step = state.task->task->steps[number];
  const bool has_failed = progress.failed > 0 && step.on_error != OnError::go_on;
  EndStep end = ended(step.id, has_failed ? StepStatus::failed : StepStatus::done);
  end.finished.skipped = skipped;
  return end;
}

std::string what_stops(const TaskProgress& progress) {
  for (std::size_t i = 0; i < progress.steps.size(); ++i) {
    if (progress.steps[i].phase != Phase::failed) continue;
    const Step& step = progress.task->steps[i];
    const bool is_only_items = step.loop && !progress.steps[i].broke_off;
    if (step.on_error.value_or(is_only_items ? OnError::go_on : OnError::stop) == OnError::go_on) continue;
    return "step " + step.id + ": " + progress.steps[i].error;
  }
  return {};
}

std::vector<std::size_t> steps_before(const Task& task, const Step& step) {
  std::set<std::string> ids(step.needs.begin(), step.needs.end());
  for (const Reference& reference : references_of(step)) {
    if (reference.size() > 1 && reference[0] == "steps") ids.insert(reference[1]);
  }
  std::vector<std::size_t> numbers;
  for (const std::string& id : ids) {
    if (const Step* other = task.find(id)) numbers.push_back(task.number_of(*other));
  }
  return numbers;
}

}  // namespace deed
