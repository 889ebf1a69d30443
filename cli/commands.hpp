// One function a group of commands: adds them to the parser; each sets `code` when it has run.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace deed {

/// The command that was chosen, to be run after parsing; gives the exit code.
using Chosen = std::function<int()>;

void add_run_commands(CLI::App& app, Chosen& chosen);      ///< run, chat, resume, approve, deny, reconcile
void add_inspect_commands(CLI::App& app, Chosen& chosen);  ///< runs, show, search
void add_task_commands(CLI::App& app, Chosen& chosen);     ///< validate, init
void add_tool_commands(CLI::App& app, Chosen& chosen);     ///< tools list|show|call
void add_plugin_commands(CLI::App& app, Chosen& chosen);   ///< plugin list|approve|forget|new|check|serve
void add_model_commands(CLI::App& app, Chosen& chosen);    ///< models list|path|add|install, propose
void add_eval_command(CLI::App& app, Chosen& chosen);      ///< eval
void add_system_commands(CLI::App& app, Chosen& chosen);   ///< config show, doctor
void add_schedule_commands(CLI::App& app, Chosen& chosen); ///< schedule …, daemon
void add_mail_commands(CLI::App& app, Chosen& chosen);     ///< mail check, mail suppress
void add_suppress_commands(CLI::App& mail, Chosen& chosen);  ///< mail suppress add|remove|list|bounced
void add_watch_command(CLI::App& app, Chosen& chosen);     ///< watch mail
void add_crashtest_command(CLI::App& app, Chosen& chosen);

}  // namespace deed
