// deed validate and deed init: task files before they run.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "deed/agent/secret_source.hpp"
#include "deed/agent/task/check_task.hpp"
#include "deed/agent/task/read_task_file.hpp"
#include "deed/cli/commands.hpp"
#include "deed/cli/flags.hpp"
#include "deed/cli/task_run.hpp"
#include "deed/cli/task_templates.hpp"
#include "deed/core/checked.hpp"
#include "deed/core/spelling.hpp"

namespace deed {
namespace {

struct FileFlags {
  Flags flags;
  std::vector<std::string> files;
  std::string template_name, output;
};

constexpr int invalid_file = 2;

std::vector<TaskIssue> issues_of(const std::string& file, const TaskPlace& place) {
  const auto text = read_task_file(file);
  if (!text) return {{file, {}, "", text.error().what, text.error().hint}};
  ParsedTask parsed = parse_task(*text, file, read_task_file);
  return parsed.task ? check_task(*parsed.task, place) : std::move(parsed.issues);
}

int validate(const FileFlags& state) {
  const auto session = open_session(state.flags, {.needs_model = false});
  if (!session) return report_error(session.error(), state.flags);
  const auto settings = settings_for(state.flags);
  if (!settings) return report_error(settings.error(), state.flags);
  const auto has_secret = [&](std::string_view name) { return has_named_secret(*settings, name, environment); };
  const TaskPlace place{(*session)->agent->tools(), has_secret};
  Json files = Json::array();
  bool all_valid = true;
  for (const std::string& file : state.files) {
    const auto issues = issues_of(file, place);
    all_valid = all_valid && issues.empty();
    Json listed = Json::array();
    for (const TaskIssue& issue : issues) {
      listed.push_back(issue_json(issue));
      if (!state.flags.json) std::printf("%s\n", for_terminal(to_string(issue)).c_str());
    }
    if (issues.empty() && !state.flags.json) std::printf("%s: valid\n", for_terminal(file).c_str());
    files.push_back({{"file", file}, {"valid", issues.empty()}, {"issues", std::move(listed)}});
  }
  if (state.flags.json) print_json({{"version", 1}, {"valid", all_valid}, {"files", files}});
  return all_valid ? 0 : invalid_file;
}

// A file that is there is never replaced.
Result<void> write_new_file(const std::string& path, std::string_view text) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0 && errno == EEXIST) return fail(ErrorKind::invalid, "there is such a file already", path, "give another name behind --output");
  if (fd < 0) return fail(ErrorKind::invalid, std::string("cannot be written: ") + std::strerror(errno), path);
  const ssize_t written = write(fd, text.data(), text.size());
  const bool is_closed = close(fd) == 0;
  if (written == static_cast<ssize_t>(text.size()) && is_closed) return {};
  unlink(path.c_str());
  return fail(ErrorKind::unavailable, "cannot be written in full", path);
}

int list_templates(const FileFlags& state) {
  Json listed = Json::array();
  for (const TaskTemplate& one : task_templates()) {
    listed.push_back({{"name", one.name}, {"about", one.about}});
    if (!state.flags.json) std::printf("%-8s %s\n", std::string(one.name).c_str(), std::string(one.about).c_str());
  }
  if (state.flags.json) print_json({{"version", 1}, {"templates", listed}});
  else std::fprintf(stderr, "deed init NAME --output FILE writes one of them\n");
  return 0;
}

int init(const FileFlags& state) {
  if (state.template_name.empty()) return list_templates(state);
  std::vector<std::string_view> names;
  for (const TaskTemplate& one : task_templates()) {
    names.push_back(one.name);
    if (one.name != state.template_name) continue;
    if (state.output.empty() || state.output == "-") {
      std::fwrite(one.text.data(), 1, one.text.size(), stdout);
      return 0;
    }
    const auto written = write_new_file(state.output, one.text);
    if (!written) return report_error(written.error(), state.flags);
    if (!state.flags.quiet) std::fprintf(stderr, "wrote %s; check it with: deed validate %s\n", for_terminal(state.output).c_str(), for_terminal(state.output).c_str());
    return 0;
  }
  const std::string meant = did_you_mean(state.template_name, names);
  return report_error({ErrorKind::invalid, "there is no template \"" + escaped(state.template_name) + "\"", "", meant.empty() ? "deed init lists them" : meant}, state.flags);
}

}  // namespace

void add_task_commands(CLI::App& app, Chosen& chosen) {
  auto state = std::make_shared<FileFlags>();
  CLI::App* validate_command = app.add_subcommand("validate", "Check task files without running them");
  add_common_flags(*validate_command, state->flags);
  validate_command->add_option("files", state->files, "Task files; - is standard input")->required();
  validate_command->callback([state, &chosen] { chosen = [state] { return validate(*state); }; });

  CLI::App* init_command = app.add_subcommand("init", "Write a task file to begin with; without a name, list them");
  add_common_flags(*init_command, state->flags);
  init_command->add_option("template", state->template_name, "digest, watch, json, tidy or merge");
  init_command->add_option("--output,-o", state->output, "Where to; a file that is there stays. Left out: standard output");
  init_command->callback([state, &chosen] { chosen = [state] { return init(*state); }; });
}

}  // namespace deed
