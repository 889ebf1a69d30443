// deed crashtest -- ARGS…: what the crash test of the agent found, as a table.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "deed/agent/crashtest/crash_test.hpp"
#include "deed/agent/crashtest/process.hpp"
#include "deed/cli/commands.hpp"
#include "deed/cli/crashtest_command.hpp"
#include "deed/cli/flags.hpp"
#include "deed/core/text.hpp"

namespace deed {
namespace {

namespace fs = std::filesystem;

struct CrashFlags {
  Flags flags;
  std::vector<std::string> arguments;
  std::string folder;  // empty: this one
  std::string check, program, resume = "resume last";
  int rounds = 1, random = 20;
  std::uint64_t seed = 1;
  bool keep = false;
};

// A round has a home and a folder of its own; an argument that names one would let the rounds meet.
Result<void> refuse_shared_places(const std::vector<std::string>& arguments) {
  if (arguments.empty()) return fail(ErrorKind::invalid, "there is no task", "", "deed crashtest -- run --yes \"…\"");
  for (const std::string& argument : arguments) {
    for (const char* flag : {"--home", "--root"}) {
      if (argument != flag && !argument.starts_with(std::string(flag) + "=")) continue;
      return fail(ErrorKind::invalid, std::string("every round has a folder of its own: leave ") + flag + " out", "",
                  "go to the task's folder and start the crash test there; it works on copies");
    }
  }
  return {};
}

Result<std::string> scratch_folder() {
  std::error_code ec;
  const fs::path base = fs::temp_directory_path(ec);
  std::string name = (base / "deed-crashtest-XXXXXX").string();
  if (ec || !mkdtemp(name.data())) return fail(ErrorKind::unavailable, "no temporary folder can be made", base.string(),
      "set TMPDIR");
  return name;
}

std::string whole_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Its exit code judges the world, and its output must be that after an undisturbed run. A round that asks a person has no one right
// world: there only the exit code counts, and DEED_CRASHTEST tells.
Result<void> run_check(const std::string& command, const crashtest::Round& round, std::optional<std::string>& wanted) {
  const std::string output = round.folder + "/check";
  DEED_TRY(const auto ended, crashtest::run_process({.command = {"/bin/sh", "-c", command},
                                                     .folder = round.work(),
                                                     .output = output,
                                                     .environment = {{"DEED_HOME", round.home()},
                                                                     {"DEED_FAILPOINT", ""},
                                                                     {"DEED_CRASHTEST", round.is_asking ? "asking" : "done"}}}));
  const std::string said = whole_file(output);
  if (ended.code != 0) return fail(ErrorKind::conflict,
      "the check ended with exit code " + std::to_string(ended.code) + ": " + to_utf8(said));
  if (!wanted) wanted = said;
  if (round.is_asking || said == *wanted) return {};
  return fail(ErrorKind::conflict,
      "the check says \"" + std::string(trim(said)) + "\" instead of \"" + std::string(trim(*wanted)) + "\"");
}

Json row_json(const crashtest::Row& row) {
  return {{"failpoint", row.where}, {"killed", row.killed}, {"not_reached", row.not_reached}, {"done", row.done},
          {"asked", row.asked},     {"twice", row.twice},   {"lost", row.lost},               {"other", row.other}};
}

Result<crashtest::Report> test(const CrashFlags& state, const std::string& scratch) {
  crashtest::Options options;
  const std::string program = state.program.empty() ? fs::read_symlink("/proc/self/exe").string()
      : fs::absolute(state.program).string();
  options.run = state.arguments;
  options.run.insert(options.run.begin(), program);
  options.resume = {program};
  for (const std::string_view word : split(state.resume, ' ')) options.resume.emplace_back(word);
  options.folder = state.folder.empty() ? fs::current_path().string() : state.folder;
  options.scratch = scratch + "/rounds";
  options.rounds = state.rounds, options.random = state.random, options.seed = state.seed, options.keep = state.keep;
  std::optional<std::string> wanted;
  if (!state.check.empty()) options.check = [&](const crashtest::Round& round) { return run_check(state.check, round, wanted); };
  if (!state.flags.quiet && isatty(STDERR_FILENO)) {
    options.progress = [](const std::string& text) { std::fprintf(stderr, "\r\x1b[K%s", for_terminal(text.substr(0,
        text.find('\n'))).c_str()); };
  }
  // The embedded models of this home, not one for each round.
  if (const auto home = default_home(); home && !environment("DEED_MODELS")) setenv("DEED_MODELS", (*home + "/models").c_str(), 1);
  return crashtest::run_crash_test(options);
}

int report_test(const CrashFlags& state) {
  const auto scratch = scratch_folder();
  if (!scratch) return report_error(scratch.error(), state.flags);
  const auto report = test(state, *scratch);
  if (isatty(STDERR_FILENO) && !state.flags.quiet) std::fputs("\r\x1b[K", stderr);
  if (!report) return report_error(report.error(), state.flags);
  if (state.flags.json) {
    Json rows = Json::array();
    for (const crashtest::Row& row : report->rows) rows.push_back(row_json(row));
    print_json({{"version", 1}, {"kills", report->kills}, {"rows", rows}, {"faults", report->faults}});
  } else {
    std::fputs(crashtest::table_of(*report).c_str(), stdout);
    for (const std::string& fault : report->faults) std::printf("WRONG %s\n", for_terminal(fault).c_str());
  }
  std::error_code ec;
  if (report->is_clean() && !state.keep) fs::remove_all(*scratch, ec);
  else std::fprintf(stderr, "the folders of the rounds are in %s\n", scratch->c_str());
  return report->is_clean() ? 0 : 1;
}

int crashtest_command(const CrashFlags& state) {
  const auto allowed = refuse_shared_places(state.arguments);
  if (!allowed) return report_error(allowed.error(), state.flags);
  return report_test(state);
}

}  // namespace

int crash_test(std::vector<std::string> arguments, std::string folder, const Flags& flags) {
  CrashFlags state;
  state.flags = flags;
  state.arguments = std::move(arguments);
  state.folder = std::move(folder);
  return report_test(state);
}

void add_crashtest_command(CLI::App& app, Chosen& chosen) {
  auto state = std::make_shared<CrashFlags>();
  CLI::App* command = app.add_subcommand("crashtest",
      "Kill a task at every failpoint, resume it, and compare the world with the journal");
  command->add_flag("--json", state->flags.json, "Print one JSON document on standard output");
  command->add_flag("--quiet,-q", state->flags.quiet, "No progress on standard error");
  command->add_option("--rounds", state->rounds, "Rounds at each passing of each failpoint")->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--random", state->random, "Rounds that die at a random instant")->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->add_option("--seed", state->seed, "Of the random instants")->capture_default_str();
  command->add_option("--check", state->check,
      "A shell command that judges the world: its exit code, and its output compared with that after an undisturbed run")
      ->type_name("COMMAND");
  command->add_option("--program", state->program,
      "Your own program instead of deed: it is given ARGS, and the words of --resume")->type_name("FILE");
  command->add_option("--resume", state->resume, "Arguments that make the program go on with the newest run of DEED_HOME")
      ->capture_default_str();
  command->add_flag("--keep", state->keep, "Keep the folders of all rounds, not only of those that went wrong");
  command->add_option("arguments", state->arguments, "After --: the arguments of a deed command that runs a task")->required();
  command->callback([state, &chosen] { chosen = [state] { return crashtest_command(*state); }; });
}

}  // namespace deed
