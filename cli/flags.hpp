// What the commands share: flags, settings under them, and how results and errors are printed.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "deed/agent/agent.hpp"
#include "deed/agent/agent_options.hpp"
#include "deed/cli/terminal.hpp"

namespace deed {

class PluginReloader;

struct Flags {
  std::string home, model, account, smtp, from, root, effort, reasoning;
  std::vector<std::string> allow_hosts, allow, attach, plugins;
  std::optional<std::int64_t> max_steps, max_tokens, max_time_s, threads;
  std::optional<double> max_cost_usd;
  Json of_run = Json::object();  ///< settings without a flag that the run was begun with: stronger than the configuration
  bool yes = false, drafts = false, json = false, events = false, quiet = false, explain = false;
};

/// --home, --json: every command.
void add_common_flags(CLI::App& app, Flags& flags);
/// --plugin alone, for commands that drive no run.
void add_plugin_flag(CLI::App& app, Flags& flags);
/// --model, --smtp, --root, --yes, budgets …: commands that drive a run.
void add_run_flags(CLI::App& app, Flags& flags);

/// The value of an environment variable.
std::optional<std::string> environment(std::string_view name);

/// Files and environment below, flags on top.
Result<Settings> settings_for(const Flags& flags);

/// Where the embedded models are kept, without opening a journal.
Result<std::string> models_dir(const Settings& settings, const Flags& flags);

/// An agent with the terminal attached. The terminal and the observer must live as long as the agent.
struct Session {
  Session();
  ~Session();
  Terminal terminal;
  std::unique_ptr<TerminalObserver> observer;
  std::unique_ptr<Agent> agent;
  std::unique_ptr<PluginReloader> reloader;  ///< of the plugins that the user names
};
struct SessionOptions {
  bool needs_model = true;
  bool has_plugins = true;
  bool stream_text = false;
  std::string model = {};  ///< instead of the settings' one, if no flag names another
  const Task* task = nullptr;  ///< whose models and secrets are wanted; borrowed for the call
};
Result<std::unique_ptr<Session>> open_session(const Flags& flags, SessionOptions options);

/// Prints "deed: …" on standard error (and {"version":1,"error":…} on standard output with --json); gives the exit code.
int report_error(const Error& error, const Flags& flags);
/// Prints a run's end; gives the exit code.
int report_run(const Result<RunReport>& report, Session& session, const Flags& flags);
void print_json(const Json& document);

}  // namespace deed
