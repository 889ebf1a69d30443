// What a task's expressions refer to: whether it exists, comes before, and may be read at that place; and steps that can never run.
#pragma once

#include "deed/agent/task/task_fields.hpp"

namespace deed {

/// Notes every reference of the task that leads nowhere.
void check_references(const Task& task, TaskIssues& issues);

}  // namespace deed
