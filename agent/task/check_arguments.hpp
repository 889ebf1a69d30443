// The arguments of a tool step against the tool's own schema, before any reference in them has a value.
#pragma once

#include "deed/agent/task/task_fields.hpp"
#include "deed/core/schema.hpp"

namespace deed {

/// What is constant is checked in full. Around references: names that are unknown or missing, and texts with something around a
/// reference where something else than a text must stand.
void check_arguments(const Schema& schema, const Template& with, const std::string& pointer, TaskIssues& issues);

}  // namespace deed
