// Task files to begin with: `deed init`.
#pragma once

#include <span>
#include <string_view>

namespace deed {

struct TaskTemplate {
  std::string_view name, about;
  std::string_view text;
};
std::span<const TaskTemplate> task_templates();

}  // namespace deed
