#include "deed/cli/command.hpp"

#include <signal.h>

#include <cstdio>
#include <cstring>

#include "deed/cli/commands.hpp"

#ifndef DEED_VERSION
#define DEED_VERSION "0.0.0"
#endif

namespace deed {

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
  } catch (const CLI::ParseError& e) {
    const int code = app.exit(e);
    return code == 0 ? 0 : 2;
  }
  return chosen ? chosen() : 2;
}

}  // namespace deed
