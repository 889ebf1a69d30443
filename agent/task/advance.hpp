// What a task does next where no call of it is open: pure, as `decide` is, whose one action for tasks (AdvanceTask) it spells out.
#pragma once

#include <string>
#include <variant>

#include "deed/agent/state.hpp"

namespace deed {

struct BeginStep { std::string id; };
struct EndStep {
  StepFinished finished;
};
struct BeginItem { std::size_t step = 0; };      ///< of a step without a loop
struct ReadItems { std::size_t step = 0; };      ///< the loop's next item, or its end
struct StartTimer {
  std::string step;
  TimePoint until = {};
};
struct AwaitTimer {
  std::string step;
  TimePoint until = {};
};
struct AwaitSignal {
  std::string step, signal;
};
struct EndTask {
  RunStatus status = RunStatus::done;
  std::string text, reason;
  Json outputs = nullptr;
};
using TaskMove = std::variant<BeginStep, EndStep, BeginItem, ReadItems, StartTimer, AwaitTimer, AwaitSignal, EndTask>;

/// The next move of the step number `step`, or the end of the task.
/// state  of a run with a task, without an open call or child in this step
TaskMove next_move(const State& state, const RunId& run, std::size_t step);

/// The end of a loop whose items have all begun and are over.
/// skipped  items whose condition did not hold
EndStep end_of_loop(const State& state, std::size_t step, std::int64_t skipped);

/// Whether the step's failures end the task: "" if not, else why.
std::string what_stops(const TaskProgress& progress);

/// The steps that `step` needs or reads, by number.
std::vector<std::size_t> steps_before(const Task& task, const Step& step);

}  // namespace deed
