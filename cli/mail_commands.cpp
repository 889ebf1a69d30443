#include <cstdio>

#include "deed/agent/mail_check.hpp"
#include "deed/cli/commands.hpp"
#include "deed/cli/flags.hpp"
#include "deed/cli/terminal.hpp"

namespace deed {
namespace {

int check(const Flags& flags) {
  const auto settings = settings_for(flags);
  if (!settings) return report_error(settings.error(), flags);
  auto options = agent_options(*settings, environment);
  if (!options) return report_error(options.error(), flags);
  options->home = flags.home.empty() ? default_home().value_or("") : flags.home;
  const std::vector<MailCheck> checks = check_mail(*options);
  bool healthy = true;
  Json all = Json::array();
  for (const MailCheck& one : checks) {
    healthy = healthy && one.ok;
    all.push_back({{"check", one.what}, {"ok", one.ok}, {"text", one.text}});
    if (!flags.json) std::printf("%s %-8s %s\n", one.ok ? "ok  " : "FAIL", one.what.c_str(), for_terminal(one.text).c_str());
  }
  if (flags.json) print_json({{"version", 1}, {"healthy", healthy}, {"checks", all}});
  return healthy ? 0 : 1;
}

}  // namespace

void add_mail_commands(CLI::App& app, Chosen& chosen) {
  auto flags = std::make_shared<Flags>();
  CLI::App* mail = app.add_subcommand("mail", "The mail server, and who must not be mailed");
  mail->require_subcommand(1);
  CLI::App* check_command = mail->add_subcommand("check", "Connect, log in and offer a mail that is then taken back: nothing is sent");
  add_common_flags(*check_command, *flags);
  add_run_flags(*check_command, *flags);
  check_command->callback([flags, &chosen] { chosen = [flags] { return check(*flags); }; });
  add_suppress_commands(*mail, chosen);
}

}  // namespace deed
