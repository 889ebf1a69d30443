#include "deed/cli/flags.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "deed/agent/report.hpp"
#include "deed/cli/plugin_set.hpp"

namespace deed {

void add_common_flags(CLI::App& app, Flags& flags) {
  app.add_option("--home", flags.home, "Folder of the journal, the outbox and the models")->type_name("DIR");
  app.add_flag("--json", flags.json, "Print one JSON document on standard output");
}

void add_plugin_flag(CLI::App& app, Flags& flags) {
  app.add_option("--plugin", flags.plugins, "Use the plugin in this folder, as it is")->type_name("DIR")->allow_extra_args(false);
}

void add_run_flags(CLI::App& app, Flags& flags) {
  app.add_option("--model", flags.model, "local:smollm2, openai:NAME, anthropic:NAME, http://host:port/v1#NAME, …; several, by commas: the next where one fails");
  app.add_option("--effort", flags.effort, "How much a reasoning model is to think")->check(CLI::IsMember({"none", "low", "medium", "high"}));
  app.add_option("--reasoning", flags.reasoning, "What is shown of a model's thoughts (default: summary)")
      ->check(CLI::IsMember({"hide", "summary", "full"}));
  app.add_option("--smtp", flags.smtp, "Send mail by this server; without it mail goes into the outbox")->type_name("URL");
  app.add_option("--from", flags.from, "The sender's address")->type_name("ADDRESS");
  app.add_option("--account", flags.account, "The mail account: [mail.NAME.smtp] and [mail.NAME.imap] of the configuration")->type_name("NAME");
  app.add_flag("--draft", flags.drafts, "Put mail into the folder of drafts; nothing is sent");
  add_plugin_flag(app, flags);
  app.add_option("--root", flags.root, "The folder that file tools stay below (default: this one)")->type_name("DIR");
  app.add_option("--allow-host", flags.allow_hosts, "Let tools reach this host although it is not public")
      ->type_name("HOST[:PORT]")
      ->allow_extra_args(false);
  app.add_option("--allow", flags.allow, "Allow effects without asking, e.g. 'email.send:*@example.org'")
      ->type_name("TOOL:DESTINATION")
      ->allow_extra_args(false);
  app.add_flag("--yes,-y", flags.yes, "Approve effects whose destinations you or a trusted tool gave");
  app.add_option("--max-steps", flags.max_steps, "Stop after so many model requests")->check(CLI::NonNegativeNumber);
  app.add_option("--max-tokens", flags.max_tokens, "Stop after so many tokens")->check(CLI::NonNegativeNumber);
  app.add_option("--max-cost", flags.max_cost_usd, "Stop at this cost in USD")->check(CLI::NonNegativeNumber);
  app.add_option("--max-time", flags.max_time_s, "Stop after so many seconds of work")->check(CLI::NonNegativeNumber);
  app.add_option("--threads", flags.threads, "Threads of the embedded model")->check(CLI::NonNegativeNumber);
  app.add_flag("--events", flags.events, "Print each event as a line of JSON on standard output");
  app.add_flag("--explain", flags.explain, "Tell every choice, its alternatives and where each argument came from");
  app.add_flag("--quiet,-q", flags.quiet, "No progress on standard error");
}

std::optional<std::string> environment(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  return value ? std::optional<std::string>(value) : std::nullopt;
}

Result<Settings> settings_for(const Flags& flags) {
  DEED_TRY(Settings settings, load_settings(default_setting_sources(environment)));
  for (const auto& [key, value] : flags.of_run.items()) {
    // The run has no user and password of a URL. Where today's is the same but for those, it is the better one.
    const Setting* now = settings.find(key);
    if (!now || shown(*now) != value) settings.set(key, value, "the run");
  }
  const auto text = [&](const char* key, const std::string& value, const char* flag) {
    if (!value.empty()) settings.set(key, value, std::string("flag ") + flag);
  };
  const auto number = [&](const char* key, const auto& value, const char* flag) {
    if (value) settings.set(key, *value, std::string("flag ") + flag);
  };
  text("model", flags.model, "--model");
  text("effort", flags.effort, "--effort");
  text("reasoning", flags.reasoning, "--reasoning");
  text("account", flags.account, "--account");
  if (flags.drafts) settings.set("drafts", true, "flag --draft");
  const std::string account = settings.text("account");
  const std::string of_account = account.empty() ? "" : "mail." + account + ".";
  text((of_account + "smtp.url").c_str(), flags.smtp, "--smtp");
  text((of_account + "smtp.from").c_str(), flags.from, "--from");
  text("root", flags.root, "--root");
  if (!flags.allow.empty()) settings.set("allow", flags.allow, "flag --allow");
  if (!flags.allow_hosts.empty()) settings.set("allow_hosts", flags.allow_hosts, "flag --allow-host");
  if (!flags.plugins.empty()) {
    std::vector<std::string> folders = settings.list("plugins.use");
    for (const std::string& folder : flags.plugins) folders.push_back(std::filesystem::absolute(folder).lexically_normal().string());
    settings.set("plugins.use", std::move(folders), "flag --plugin");
  }
  number("limits.max_steps", flags.max_steps, "--max-steps");
  number("limits.max_tokens", flags.max_tokens, "--max-tokens");
  number("limits.max_cost_usd", flags.max_cost_usd, "--max-cost");
  number("limits.max_time_s", flags.max_time_s, "--max-time");
  number("threads", flags.threads, "--threads");
  return settings;
}

Result<std::string> models_dir(const Settings& settings, const Flags& flags) {
  const std::string set = settings.text("models_dir");
  if (!set.empty()) return set;
  if (!flags.home.empty()) return flags.home + "/models";
  DEED_TRY(const std::string home, default_home());
  return home + "/models";
}

Session::Session() = default;
Session::~Session() = default;

Result<std::unique_ptr<Session>> open_session(const Flags& flags, SessionOptions wanted) {
  auto session = std::make_unique<Session>();
  DEED_TRY(Settings settings, settings_for(flags));
  if (!wanted.model.empty() && flags.model.empty()) settings.set("model", wanted.model, "the run");
  DEED_TRY(AgentOptions options, agent_options(settings, environment, wanted.task));
  options.home = flags.home;
  options.policy.yes = flags.yes;
  options.needs_model = wanted.needs_model;
  options.stop_on_signals = true;
  const bool silent = flags.quiet || flags.json;
  TerminalOptions shown{.show = flags.events    ? Show::events
                                : flags.explain ? Show::story
                                : silent        ? Show::nothing
                                                : Show::progress,
                        .stream_text = wanted.stream_text && !flags.events && !flags.json};
  const std::string reasoning = settings.text("reasoning", "summary");
  if (reasoning == "hide") shown.reasoning = ShowReasoning::hide;
  if (reasoning == "full") shown.reasoning = ShowReasoning::full;
  session->observer = std::make_unique<TerminalObserver>(shown);
  options.interaction = &session->terminal;
  options.observer = session->observer.get();
  DEED_TRY(const PluginSet plugins, wanted.has_plugins ? plugin_set(settings, flags) : Result<PluginSet>(PluginSet()));
  for (const auto& [name, secret] : plugins.secrets) options.named_secrets.emplace(name, secret);
  DEED_TRY(session->agent, open_agent(std::move(options)));
  add_to(*session->agent, plugins, [is_quiet = flags.quiet](const std::string& line) {
    if (!is_quiet) std::fprintf(stderr, "deed: %s\n", for_terminal(line).c_str());
  });
  session->reloader = std::make_unique<PluginReloader>(plugins.plugins, plugins.options, secrets_of(plugins));
  return session;
}

void print_json(const Json& document) {
  std::printf("%s\n", to_text(document, 2).c_str());
  std::fflush(stdout);
}

int report_error(const Error& error, const Flags& flags) {
  const int code = exit_code(error);
  if (flags.json) {
    print_json({{"version", 1},
                {"error",
                 {{"kind", to_string(error.kind)}, {"what", error.what}, {"where", error.where}, {"hint", error.hint}}},
                {"exit_code", code}});
  }
  std::fprintf(stderr, "deed: %s\n", for_terminal(to_string(error)).c_str());
  return code;
}

int report_run(const Result<RunReport>& result, Session& session, const Flags& flags) {
  if (!result) return report_error(result.error(), flags);
  const RunReport& report = *result;
  const int signal = session.agent->stopped_by();
  const int code = signal ? 128 + signal : exit_code(report);
  if (flags.json) {
    Json document = to_json(report);
    document["exit_code"] = code;
    print_json(document);
    return code;
  }
  if (!report.text.empty() && !flags.events && !session.observer->streamed()) {
    std::printf("%s\n", for_terminal(report.text).c_str());
  }
  if (session.observer->streamed()) std::printf("\n");
  std::fflush(stdout);
  if (report.status == RunStatus::done || (report.state.start.chat && code == 0)) {
    if (!flags.quiet) std::fprintf(stderr, "run %s done; see it with: deed show %s\n", report.run.c_str(), report.run.c_str());
    return code;
  }
  std::fprintf(stderr, "deed: run %s %s: %s\n", report.run.c_str(), to_string(report.status),
               for_terminal(report.reason).c_str());
  if (!report.hint.empty()) std::fprintf(stderr, "      %s\n", for_terminal(report.hint).c_str());
  return code;
}

}  // namespace deed
