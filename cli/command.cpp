#include "deed/cli/command.hpp"

#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "deed/cli/commands.hpp"
#include "deed/cli/terminal.hpp"
#include "deed/core/spelling.hpp"
#include "deed/core/text.hpp"

#ifndef DEED_VERSION
#define DEED_VERSION "0.0.0"
#endif

namespace deed {
namespace {

// CLI11 misses a command before it looks at the words that are none.
bool report_unknown_command(const CLI::App& app) {
  const CLI::App* deepest = &app;
  while (!deepest->get_subcommands().empty()) deepest = deepest->get_subcommands().front();
  const std::vector<std::string> words = app.remaining(true);
  const auto word = std::find_if(words.begin(), words.end(), [](const std::string& text) { return !text.starts_with('-'); });
  if (word == words.end()) return false;
  std::vector<std::string_view> names;
  const auto commands = deepest->get_subcommands([](const CLI::App*) { return true; });
  for (const CLI::App* command : commands) names.push_back(command->get_name());
  std::string meant = did_you_mean(*word, names);
  if (!meant.empty()) meant = "; " + meant;
  const std::string group = deepest == &app ? "deed" : "deed " + deepest->get_name();
  std::fprintf(stderr, "deed: there is no command \"%s %s\"%s\n      %s --help lists them\n", group.c_str(), for_terminal(*word).c_str(), meant.c_str(), group.c_str());
  return true;
}

}  // namespace

int run_command(int argc, const char* const* argv) {
  // A reader that goes away (`deed show last | head`) ends the output, not the program by surprise.
  signal(SIGPIPE, SIG_IGN);
  if (argc == 2 && std::strcmp(argv[1], "--version") == 0) {
    std::puts("deed " DEED_VERSION);
    return 0;
  }
  CLI::App app("deed: AI agents that act, and account for it");
  app.set_version_flag("--version", "deed " DEED_VERSION);
  app.require_subcommand(1);
  app.footer("Start with: deed run \"Send an email to ann@example.org saying hello\"\nExit codes: 0 done, 1 failed, 2 usage, 3 paused, "
             "4 outcome unknown, 5 limit, 6 refused by policy, 75 try again later, 130/143 signals");
  Chosen chosen;
  add_run_commands(app, chosen);
  add_inspect_commands(app, chosen);
  add_task_commands(app, chosen);
  add_tool_commands(app, chosen);
  add_plugin_commands(app, chosen);
  add_model_commands(app, chosen);
  add_eval_command(app, chosen);
  add_schedule_commands(app, chosen);
  add_mail_commands(app, chosen);
  add_watch_command(app, chosen);
  add_crashtest_command(app, chosen);
  add_system_commands(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::RequiredError& e) {
    if (!report_unknown_command(app)) app.exit(e);
    return 2;
  } catch (const CLI::ParseError& e) {
    const int code = app.exit(e);
    return code == 0 ? 0 : 2;
  }
  return chosen ? chosen() : 2;
}

}  // namespace deed
