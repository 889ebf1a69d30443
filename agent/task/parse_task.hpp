// From the text of a task file to a Task, or all that is wrong with it, each with its line and column.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "deed/agent/task/task.hpp"

namespace deed {

/// One thing that is wrong with a task file.
struct TaskIssue {
  std::string file;       ///< as it was named; empty: the file itself has no name
  SourcePlace place;
  std::string pointer;    ///< JSON pointer of the value
  std::string what;       ///< "unknown key \"tols\""
  std::string hint = {};  ///< "did you mean \"tools\"?"
};
/// "digest.yaml:12:5: unknown key "tols": did you mean "tools"?"
std::string to_string(const TaskIssue& issue);

/// Reads a file that a task uses: the text of `path`, made of the folder of the using file and what it says behind `use`.
using ReadTaskFile = std::function<Result<std::string>(const std::string& path)>;

struct ParsedTask {
  std::shared_ptr<const Task> task;  ///< nullptr where there are issues
  std::vector<TaskIssue> issues;     ///< at most 100, in the order of the file
};

/// Everything that can be found without tools and secrets: YAML or JSON, keys, types, expressions, and references to what does not
/// exist or comes later. Files that it uses are read too (each once, nested at most 8 deep; two that use each other are an issue).
/// path  of the file, for messages and for what it uses; may be empty
ParsedTask parse_task(std::string_view text, std::string path, const ReadTaskFile& read);

}  // namespace deed
