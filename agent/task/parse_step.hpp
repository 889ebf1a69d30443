// One step of a task file as a Step: keys, types and expressions; what it refers to is looked at later.
#pragma once

#include <functional>
#include <memory>

#include "deed/agent/task/task_fields.hpp"

namespace deed {

/// The task of the file that a step uses; nullptr: it has issues, or cannot be read, and that has been noted.
using LoadUsed = std::function<std::shared_ptr<const Task>(const std::string& path, const std::string& pointer)>;

/// What is wrong has been noted; what could be read is there all the same, so that other steps can refer to it.
Step parse_step(const TaskFields& fields, const LoadUsed& load);

}  // namespace deed
