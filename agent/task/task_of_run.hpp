// What a run records of the task that it carries out: the text of all its files, and its inputs.
#pragma once

#include "deed/agent/event_types.hpp"
#include "deed/agent/task/task.hpp"

namespace deed {

/// inputs  complete, of complete_inputs: an object. Each is the user's own
/// untrusted  names of inputs whose values are not the user's words
TaskOfRun task_of_run(const Task& task, const Json& inputs, const std::vector<std::string>& untrusted = {});

/// The task as it was recorded. errors  corrupt: it does not parse (any more)
Result<std::shared_ptr<const Task>> recorded_task(const TaskOfRun& task);

}  // namespace deed
