// deed run FILE.yaml: a task with its inputs, rehearsed or in earnest.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "deed/agent/task/parse_task.hpp"
#include "deed/agent/task/read_task_file.hpp"
#include "deed/cli/flags.hpp"

namespace deed {

struct TaskFlags {
  std::vector<std::string> inputs;  ///< "name=value"
  std::string from, only, out;
  std::vector<std::string> untrusted = {};  ///< inputs that nobody of the user's gave
  bool dry_run = false;
};
void add_task_flags(CLI::App& app, TaskFlags& flags);

/// Whether the argument of `deed run` is a task file: by the ending of its name. A name that has blanks may be a request: it is one
/// unless there is such a file.
bool names_task_file(const std::string& argument);

/// A task with all that it uses, or its issues.
Result<ParsedTask> load_task(const std::string& path);

/// An issue as --json prints it.
Json issue_json(const TaskIssue& issue);

/// Prints the issues on standard error, and with --json on standard output; gives exit code 2.
int report_issues(const std::vector<TaskIssue>& issues, const Flags& flags);

/// Shows the steps, what they would call, and who is asked; runs nothing.
int plan_task(const Flags& flags, const std::string& path);

/// A run that was made from words as a task file, on standard output.
int record_task(const Flags& flags, const std::string& run);

int run_task(Flags flags, const std::string& path, const TaskFlags& task_flags, const RunId& run_id);

}  // namespace deed
