#include "deed/cli/task_run.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "deed/agent/report.hpp"
#include "deed/agent/task/advance.hpp"
#include "deed/agent/task/check_task.hpp"
#include "deed/agent/task/record.hpp"
#include "deed/cli/rehearsal.hpp"
#include "deed/core/text.hpp"

namespace deed {
namespace {

Result<Json> given_inputs(const std::vector<std::string>& flags) {
  Json out = Json::object();
  for (const std::string& flag : flags) {
    const std::size_t sign = flag.find('=');
    if (sign == 0 || sign == std::string::npos) {
      return fail(ErrorKind::invalid, "an input is given as name=value", flag, "--input to=ann@example.org");
    }
    out[flag.substr(0, sign)] = flag.substr(sign + 1);
  }
  return out;
}

// The steps that --from-step and --only-step leave out.
Result<std::vector<std::string>> left_out_by(const Task& task, const TaskFlags& flags) {
  for (const std::string& id : {flags.from, flags.only}) {
    if (!id.empty() && !task.find(id)) return fail(ErrorKind::invalid, "the task has no step \"" + id + "\"");
  }
  std::vector<std::string> out;
  bool is_before = !flags.from.empty();
  for (const Step& step : task.steps) {
    if (step.id == flags.from) is_before = false;
    if (is_before || (!flags.only.empty() && step.id != flags.only)) out.push_back(step.id);
  }
  for (const Step& step : task.steps) {
    if (std::find(out.begin(), out.end(), step.id) != out.end()) continue;
    for (const std::size_t before : steps_before(task, step)) {
      const std::string& id = task.steps[before].id;
      const bool is_needed_only = std::find(step.needs.begin(), step.needs.end(), id) != step.needs.end();
      if (is_needed_only || std::find(out.begin(), out.end(), id) == out.end()) continue;
      return fail(ErrorKind::invalid, "step " + step.id + " reads what step " + id + " gives, which is left out", "", "begin with --from-step " + id);
    }
  }
  return out;
}

std::string shown_items(const Loop& loop) {
  if (const auto* list = std::get_if<Template>(&loop.over)) {
    return list->source().is_string() ? list->source().get<std::string>() : std::to_string(list->source().size()) + " items";
  }
  return to_text(std::get<RowFile>(loop.over).path.source());
}

// What a step calls, in words, and as JSON.
struct Planned {
  std::string what;
  Json json = Json::object();
};

Planned planned(const ToolStep& step, const Registry& tools) {
  const RegisteredTool* entry = tools.find(step.tool);
  const std::string effect = entry ? to_string(entry->tool.spec.effect) : "unknown";
  return {step.tool + " (" + effect + ") " + to_text(step.with.source()), {{"tool", step.tool}, {"effect", effect}, {"with", step.with.source()}}};
}
Planned planned(const LlmStep& step, const Registry&) {
  return {"a model: " + to_text(step.prompt.source()), {{"llm", step.prompt.source()}}};
}
Planned planned(const AgentStep& step, const Registry&) {
  std::string tools;
  for (const std::string& tool : step.tools) tools += (tools.empty() ? "" : ", ") + tool;
  return {"an agent with " + tools + ": " + to_text(step.goal.source()), {{"agent", step.goal.source()}, {"tools", step.tools}}};
}
Planned planned(const UseStep& step, const Registry&) { return {"the task " + step.path, {{"use", step.path}, {"with", step.with.source()}}}; }
Planned planned(const WaitStep& step, const Registry&) {
  if (!step.signal.empty()) return {"waits for the signal " + step.signal, {{"signal", step.signal}}};
  if (step.until) return {"waits until " + to_text(step.until->source()), {{"until", step.until->source()}}};
  return {"waits " + std::to_string(step.duration->count() / 1000) + " s", {{"wait_ms", step.duration->count()}}};
}

}  // namespace

int plan_task(const Flags& flags, const std::string& path) {
  const auto parsed = load_task(path);
  if (!parsed) return report_error(parsed.error(), flags);
  if (!parsed->task) return report_issues(parsed->issues, flags);
  const Task& task = *parsed->task;
  auto session = open_session(flags, {.needs_model = false});
  if (!session) return report_error(session.error(), flags);
  const Registry& tools = (*session)->agent->tools();
  const auto issues = check_task(task, {.tools = tools});
  if (!issues.empty()) return report_issues(issues, flags);
  Json steps = Json::array();
  std::string text = task.name + "\n";
  for (const Input& input : task.inputs) {
    text += "  input " + input.name + (input.default_value ? " = " + to_text(*input.default_value) : " (required)") + "\n";
  }
  for (const Step& step : task.steps) {
    Planned plan = std::visit([&](const auto& action) { return planned(action, tools); }, step.action);
    Json one = {{"id", step.id}};
    one.update(plan.json);
    text += "  " + std::to_string(task.number_of(step) + 1) + ". " + step.id + ": " + plan.what + "\n";
    if (step.loop) one["for"] = shown_items(*step.loop), text += "     for each of " + shown_items(*step.loop) + "\n";
    if (step.condition) one["if"] = step.condition->text(), text += "     if " + step.condition->text() + "\n";
    if (step.approve.always || step.approve.first || step.approve.when) one["approve"] = true, text += "     a person is asked\n";
    steps.push_back(std::move(one));
  }
  if (flags.json) print_json({{"version", 1}, {"name", task.name}, {"steps", std::move(steps)}});
  else std::fputs(for_terminal(text).c_str(), stdout);
  return 0;
}

int record_task(const Flags& flags, const std::string& run) {
  auto session = open_session(flags, {.needs_model = false});
  if (!session) return report_error(session.error(), flags);
  const auto shown = (*session)->agent->show(run);
  if (!shown) return report_error(shown.error(), flags);
  const auto state = fold_all(shown->second);
  if (!state) return report_error(state.error(), flags);
  const auto text = task_text_of(*state);
  if (!text) return report_error(text.error(), flags);
  if (flags.json) print_json({{"version", 1}, {"run", shown->first.id}, {"task", *text}});
  else std::fputs(text->c_str(), stdout);
  return 0;
}

void add_task_flags(CLI::App& app, TaskFlags& flags) {
  app.add_option("--input", flags.inputs, "An input of the task")->type_name("NAME=VALUE")->allow_extra_args(false);
  app.add_flag("--dry-run", flags.dry_run, "Do what reads; show every effect to the byte, and do none of them. `deed approve` then does exactly these");
  app.add_option("--out", flags.out, "With --dry-run: a folder for the mails, requests and files, and one page of them all")->type_name("DIR");
  app.add_option("--from-step", flags.from, "Leave out the steps before this one")->type_name("STEP");
  app.add_option("--only-step", flags.only, "Do this step only")->type_name("STEP");
}

bool names_task_file(const std::string& argument) {
  const bool has_ending = argument.ends_with(".yaml") || argument.ends_with(".yml") || argument.ends_with(".json");
  const bool is_one_word = argument.find_first_of(" \t\n") == std::string::npos;
  std::error_code ec;
  return has_ending && (is_one_word || std::filesystem::exists(argument, ec));
}

Result<ParsedTask> load_task(const std::string& path) {
  std::error_code ec;
  const std::filesystem::path whole = std::filesystem::canonical(path, ec);
  if (ec) return fail(ErrorKind::not_found, "there is no such task file", path);
  DEED_TRY(const std::string text, read_task_file(whole.string()));
  return parse_task(text, whole.string(), read_task_file);
}

Json issue_json(const TaskIssue& issue) {
  return {{"file", issue.file}, {"line", issue.place.line}, {"column", issue.place.column},
          {"pointer", issue.pointer}, {"what", issue.what}, {"hint", issue.hint}};
}

int report_issues(const std::vector<TaskIssue>& issues, const Flags& flags) {
  Json list = Json::array();
  for (const TaskIssue& issue : issues) {
    list.push_back(issue_json(issue));
    std::fprintf(stderr, "%s\n", for_terminal(to_string(issue)).c_str());
  }
  if (flags.json) print_json({{"version", 1}, {"issues", std::move(list)}, {"exit_code", 2}});
  return 2;
}

int run_task(Flags flags, const std::string& path, const TaskFlags& task_flags, const RunId& run_id) {
  const auto parsed = load_task(path);
  if (!parsed) return report_error(parsed.error(), flags);
  if (!parsed->task) return report_issues(parsed->issues, flags);
  const Task& task = *parsed->task;
  const auto given = given_inputs(task_flags.inputs);
  if (!given) return report_error(given.error(), flags);
  const auto inputs = complete_inputs(task, *given);
  if (!inputs) return report_error(inputs.error(), flags);
  const auto left_out = left_out_by(task, task_flags);
  if (!left_out) return report_error(left_out.error(), flags);
  auto session = open_session(flags, {.needs_model = false, .task = &task});
  if (!session) return report_error(session.error(), flags);
  Agent& agent = *(*session)->agent;
  // Secrets were found when the session was opened.
  const auto issues = check_task(task, {.tools = agent.tools()});
  if (!issues.empty()) return report_issues(issues, flags);
  TaskRequest request{.task = parsed->task, .inputs = *inputs, .left_out = *left_out, .rehearse = task_flags.dry_run, .id = run_id};
  request.untrusted_inputs = task_flags.untrusted;
  std::optional<Rehearsal> rehearsal;
  if (task_flags.dry_run) {
    rehearsal.emplace(task_flags.out);
    request.on_preview = [&](const std::string& call, const Preview& preview) { rehearsal->take(call, preview); };
  }
  const auto report = agent.run_task(std::move(request));
  if (!rehearsal || !report) return report_run(report, **session, flags);
  return report_rehearsal(*rehearsal, *report, **session, flags);
}

}  // namespace deed
