// The key `for` of a step: a list, a reference to one, or rows of a file.
#pragma once

#include "deed/agent/task/task_fields.hpp"

namespace deed {

/// nullopt: the step has no `for`. What is wrong with it has been noted.
std::optional<Loop> parse_loop(const TaskFields& step);

}  // namespace deed
