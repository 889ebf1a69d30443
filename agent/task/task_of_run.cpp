#include "deed/agent/task/task_of_run.hpp"

#include "deed/agent/task/parse_task.hpp"

#include <algorithm>

namespace deed {
namespace {

void take_files(const Task& task, std::vector<TaskText>& files) {
  const bool is_there = std::any_of(files.begin(), files.end(), [&](const TaskText& file) { return file.path == task.path; });
  if (is_there) return;
  files.push_back({task.path, task.text});
  for (const Step& step : task.steps) {
    if (const auto* use = std::get_if<UseStep>(&step.action)) take_files(*use->task, files);
  }
}

}  // namespace

TaskOfRun task_of_run(const Task& task, const Json& inputs, const std::vector<std::string>& untrusted) {
  TaskOfRun out{.path = task.path};
  take_files(task, out.files);
  for (const auto& [name, value] : inputs.items()) {
    const bool is_untrusted = std::find(untrusted.begin(), untrusted.end(), name) != untrusted.end();
    out.inputs.push_back({name, value, "inputs." + name, is_untrusted ? Trust::untrusted : Trust::user});
  }
  return out;
}

Result<std::shared_ptr<const Task>> recorded_task(const TaskOfRun& task) {
  if (task.files.empty()) return fail(ErrorKind::corrupt, "the journal holds a task without its text");
  const ReadTaskFile recorded = [&task](const std::string& path) -> Result<std::string> {
    for (const TaskText& file : task.files) {
      if (file.path == path) return file.text;
    }
    return fail(ErrorKind::not_found, "the file is not among those that the run recorded", path);
  };
  ParsedTask parsed = parse_task(task.files.front().text, task.path, recorded);
  if (parsed.task) return std::move(parsed.task);
  return fail(ErrorKind::corrupt, "the task of the run cannot be read by this version of deed",
              parsed.issues.empty() ? "" : to_string(parsed.issues.front()));
}

}  // namespace deed
