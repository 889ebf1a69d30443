// The keys of a task file, version 1, by the place where they stand. docs/task.schema.json has the same (a test compares them).
#pragma once

#include <span>
#include <string_view>

namespace deed {

enum class TaskKeys {
  task,
  input,      ///< besides the keywords of JSON Schema
  step,       ///< of every step
  tool_step,  ///< of a step with `tool`, besides those of every step
  llm_step,
  agent_step,
  use_step,
  wait_step,
  budget,
  retry,
  approve,
  wait,
  loop,  ///< of `for` as an object, whatever its items come from
  csv_rows,
  jsonl_rows,
  sqlite_rows,
  list_items,
};
std::span<const std::string_view> known_keys(TaskKeys place);

}  // namespace deed
