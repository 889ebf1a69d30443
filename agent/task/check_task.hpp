// What is wrong with a task in the place where it is to run: its calls against the tools' own schemas, effects under a blind retry,
// secrets that are not there.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "deed/agent/task/parse_task.hpp"
#include "deed/tools/registry.hpp"

namespace deed {

struct TaskPlace {
  const Registry& tools;
  std::function<bool(std::string_view name)> has_secret = {};
};

/// In the order of the file; empty: the task can be run. Constant arguments are checked in full; of arguments with references
/// only the names, what is missing, and where a text with something around a reference stands for another type.
std::vector<TaskIssue> check_task(const Task& task, const TaskPlace& place);

/// The inputs of a run, checked and completed by defaults. Values that came as text (from the command line) are read as JSON where
/// the input's type is not text.
/// errors  invalid: an unknown or missing input, or a value that does not fit; `where` is its name
Result<Json> complete_inputs(const Task& task, Json given);

}  // namespace deed
