#include "deed/cli/task_run.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "deed/agent/report.hpp"
#include "deed/agent/task/advance.hpp"
#include "deed/agent/task/check_task.hpp"
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

// The steps that --from and --only leave out.
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
      return fail(ErrorKind::invalid, "step " + step.id + " reads what step " + id + " gives, which is left out", "", "begin with --from " + id);
    }
  }
  return out;
}

}  // namespace

void add_task_flags(CLI::App& app, TaskFlags& flags) {
  app.add_option("--input", flags.inputs, "An input of the task")->type_name("NAME=VALUE")->allow_extra_args(false);
  app.add_flag("--dry-run", flags.dry_run, "Do what reads; show every effect to the byte, and do none of them. `deed approve` then does exactly these");
  app.add_option("--out", flags.out, "With --dry-run: a folder for the mails, requests and files, and one page of them all")->type_name("DIR");
  app.add_option("--from", flags.from, "Leave out the steps before this one")->type_name("STEP");
  app.add_option("--only", flags.only, "Do this step only")->type_name("STEP");
}

bool names_task_file(const std::string& argument) {
  const bool has_ending = argument.ends_with(".yaml") || argument.ends_with(".yml") || argument.ends_with(".json");
  std::error_code ec;
  return has_ending && std::filesystem::exists(argument, ec);
}

Result<std::string> read_task_file(const std::string& path) {
  constexpr std::size_t max_bytes = SourceLimits().max_bytes;
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(ErrorKind::not_found, "there is no such task file", path);
  std::string text(max_bytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > max_bytes) {
    return fail(ErrorKind::limit, "the task file has more than " + human_bytes(max_bytes), path, "rows belong into a file of their own: for: {csv: …}");
  }
  return text;
}

Result<ParsedTask> load_task(const std::string& path) {
  std::error_code ec;
  const std::filesystem::path whole = std::filesystem::canonical(path, ec);
  if (ec) return fail(ErrorKind::not_found, "there is no such task file", path);
  DEED_TRY(const std::string text, read_task_file(whole.string()));
  return parse_task(text, whole.string(), read_task_file);
}

int report_issues(const std::vector<TaskIssue>& issues, const Flags& flags) {
  Json list = Json::array();
  for (const TaskIssue& issue : issues) {
    list.push_back({{"file", issue.file}, {"line", issue.place.line}, {"column", issue.place.column},
                    {"pointer", issue.pointer}, {"what", issue.what}, {"hint", issue.hint}});
    std::fprintf(stderr, "%s\n", for_terminal(to_string(issue)).c_str());
  }
  if (flags.json) print_json({{"version", 1}, {"issues", std::move(list)}, {"exit_code", 2}});
  return 2;
}

int run_task(Flags flags, const std::string& path, const TaskFlags& task_flags) {
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
  TaskRequest request{.task = parsed->task, .inputs = *inputs, .left_out = *left_out, .rehearse = task_flags.dry_run};
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
