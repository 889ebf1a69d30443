#include "deed/agent/task/check_task.hpp"

#include <algorithm>
#include <set>

#include "deed/agent/task/check_arguments.hpp"
#include "deed/agent/task/task_fields.hpp"
#include "deed/core/checked.hpp"
#include "deed/core/spelling.hpp"

namespace deed {
namespace {

class TaskCheck {
 public:
  explicit TaskCheck(const TaskPlace& place) : place_(place) {}

  void check(const Task& task) {
    if (!checked_.insert(&task).second) return;
    TaskIssues issues(task.path, task.source);
    check_secrets(task, issues);
    for (const Step& step : task.steps) {
      if (const auto* tool = std::get_if<ToolStep>(&step.action)) check_tool(step, *tool, issues);
      if (const auto* agent = std::get_if<AgentStep>(&step.action)) check_agent(step, *agent, issues);
    }
    for (TaskIssue& issue : issues.take()) issues_.push_back(std::move(issue));
    for (const Step& step : task.steps) {
      const auto* use = std::get_if<UseStep>(&step.action);
      if (use && use->task) check(*use->task);
    }
  }
  std::vector<TaskIssue> take() { return std::move(issues_); }

 private:
  void check_secrets(const Task& task, TaskIssues& issues) const {
    for (std::size_t i = 0; place_.has_secret && i < task.secrets.size(); ++i) {
      if (place_.has_secret(task.secrets[i])) continue;
      issues.add("/secrets/" + std::to_string(i), "the secret \"" + task.secrets[i] + "\" is not set here", "give it a value before the task is run");
    }
  }

  const RegisteredTool* tool_of(const std::string& name, const std::string& pointer, TaskIssues& issues) const {
    if (const RegisteredTool* tool = place_.tools.find(name)) return tool;
    std::vector<std::string_view> names;
    for (const RegisteredTool& tool : place_.tools.tools()) names.push_back(tool.tool.spec.name);
    const std::string meant = did_you_mean(name, names);
    // All of these but one are there only where mail is read.
    const bool wants_mailbox = name.starts_with("email.") && !place_.tools.find("email.list");
    const std::string hint = wants_mailbox ? "the tools that read mail need a mailbox: set imap.url or maildir (docs/mail.md)" : meant.empty() ? "deed tools list" : meant;
    issues.add(pointer, "there is no tool \"" + escaped(name) + "\"", hint);
    return nullptr;
  }

  void check_tool(const Step& step, const ToolStep& call, TaskIssues& issues) const {
    const RegisteredTool* tool = tool_of(call.tool, step.pointer + "/tool", issues);
    if (!tool) return;
    check_arguments(tool->arguments, call.with, step.pointer + "/with", issues);
    const bool is_once = effect_of(tool->tool, call.with.source()) == EffectClass::once;
    if (step.on_unknown == OnUnknown::retry && is_once) {
      issues.add(step.pointer + "/on_unknown", "if it is not known whether " + call.tool + " happened, doing it again might do it twice",
                 "on_unknown: stop asks a person. `retry` is for attempts that provably did nothing, and may stay");
    }
  }

  void check_agent(const Step& step, const AgentStep& agent, TaskIssues& issues) const {
    for (std::size_t i = 0; i < agent.tools.size(); ++i) tool_of(agent.tools[i], step.pointer + "/tools/" + std::to_string(i), issues);
  }

  const TaskPlace& place_;
  std::set<const Task*> checked_;
  std::vector<TaskIssue> issues_;
};

bool may_be_text(const Json& schema) {
  const auto type = schema.find("type");
  if (type == schema.end()) return true;
  return *type == "string" || (type->is_array() && std::find(type->begin(), type->end(), "string") != type->end());
}

// A value from the command line is a text, whatever it is meant to be.
Json read_as(const Input& input, const Json& value) {
  if (!value.is_string() || may_be_text(input.schema)) return value;
  return parse_json(value.get_ref<const std::string&>()).value_or(value);
}

Result<Json> completed(const Input& input, const Json& given) {
  const auto found = given.find(input.name);
  if (found == given.end() && input.default_value) return *input.default_value;
  if (found == given.end()) {
    return fail(ErrorKind::invalid, "the input \"" + input.name + "\" is missing", input.name, input.description);
  }
  const Json value = read_as(input, *found);
  DEED_TRY(const Schema schema, Schema::compile(input.schema));
  const auto issues = schema.check(value);
  if (issues.empty()) return value;
  return fail(ErrorKind::invalid, "the input \"" + input.name + "\" " + issues.front().what, input.name + issues.front().path, input.description);
}

}  // namespace

std::vector<TaskIssue> check_task(const Task& task, const TaskPlace& place) {
  TaskCheck check(place);
  check.check(task);
  return check.take();
}

Result<Json> complete_inputs(const Task& task, Json given) {
  if (given.is_null()) given = Json::object();
  if (!given.is_object()) return fail(ErrorKind::invalid, "the inputs must be an object of names and values");
  std::vector<std::string_view> names;
  for (const Input& input : task.inputs) names.push_back(input.name);
  for (const auto& [name, value] : given.items()) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    std::string hint = did_you_mean(name, names);
    for (const std::string_view known : names) {
      if (!hint.starts_with("did")) hint += (hint.empty() ? "there are " : ", ") + std::string(known);
    }
    return fail(ErrorKind::invalid, "there is no input \"" + escaped(name) + "\"", escaped(name), hint.empty() ? "this task has no inputs" : hint);
  }
  Json out = Json::object();
  for (const Input& input : task.inputs) {
    DEED_TRY(out[input.name], completed(input, given));
  }
  return out;
}

}  // namespace deed
