#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "deed/cli/commands.hpp"
#include "deed/cli/flags.hpp"
#include "deed/cli/plugin_set.hpp"

namespace deed {
namespace {

struct SystemFlags {
  Flags flags;
  bool origin = false;
};

int show_config(const SystemFlags& state) {
  const auto settings = settings_for(state.flags);
  if (!settings) return report_error(settings.error(), state.flags);
  Json all = Json::object();
  const auto show_one = [&](const SettingRow& row, const std::string& key) {
    const Setting* setting = settings->find(key);
    const std::string value = setting ? to_text(shown(*setting)) : "";
    const std::string origin = setting ? setting->origin : "default";
    if (state.flags.json) {
      all[key] = {{"value", setting ? shown(*setting) : Json(nullptr)}, {"origin", origin}, {"about", row.about}};
    } else if (state.origin) {
      std::printf("%-22s %-28s %s\n", key.c_str(), value.c_str(), origin.c_str());
    } else {
      std::printf("%-22s %-28s # %s\n", key.c_str(), value.c_str(), row.about.c_str());
    }
  };
  for (const SettingRow& row : setting_rows()) {
    const std::size_t star = row.key.find('*');
    show_one(row, row.key);
    if (star == std::string::npos) continue;
    // What the user called so, under the row that says what it is.
    for (const std::string& name : settings->names_below(row.key.substr(0, star))) {
      const std::string key = row.key.substr(0, star) + name + row.key.substr(star + 1);
      if (settings->find(key)) show_one(row, key);
    }
  }
  if (state.flags.json) print_json({{"version", 1}, {"settings", all}});
  return 0;
}

// Each check says what it found; what is wrong says what to do.
// Where no sandbox works there are no plugins; that is no fault of the rest.
std::string about(const PluginSet& set) {
  std::size_t used = 0;
  for (const FoundPlugin& plugin : set.plugins) used += plugin.is_usable() ? 1 : 0;
  const auto sandbox = set.options.sandbox ? Result<SandboxKind>(*set.options.sandbox) : best_sandbox();
  return std::to_string(used) + " of " + std::to_string(set.plugins.size()) + " used; sandbox: " + (sandbox ? to_string(*sandbox) : "none, so that no plugin is run: " + to_string(sandbox.error()));
}

int doctor(const SystemFlags& state) {
  Json checks = Json::array();
  bool healthy = true;
  const auto add = [&](const std::string& what, const Result<std::string>& found) {
    healthy = healthy && found.has_value();
    const std::string text = found ? *found : to_string(found.error());
    checks.push_back({{"check", what}, {"ok", found.has_value()}, {"text", text}});
    if (!state.flags.json) std::printf("%s %-14s %s\n", found ? "ok  " : "FAIL", what.c_str(), for_terminal(text).c_str());
  };
  const auto settings = settings_for(state.flags);
  add("configuration", settings ? Result<std::string>(std::to_string(settings->all().size()) + " settings")
                                : Result<std::string>(fail(settings.error())));
  auto session = open_session(state.flags, {.needs_model = false});
  add("journal", session ? Result<std::string>((*session)->agent->home() + "/journal.db")
                         : Result<std::string>(fail(session.error())));
  if (session) {
    const auto runs = (*session)->agent->runs(1);
    add("journal reads", runs ? Result<std::string>(runs->empty() ? "no runs yet" : "newest run " + runs->front().id)
                              : Result<std::string>(fail(runs.error())));
    add("tools", std::to_string((*session)->agent->tools().tools().size()) + " tools");
    session->reset();
  }
  const auto plugins = settings ? plugin_set(*settings, state.flags) : Result<PluginSet>(fail(settings.error()));
  add("plugins", plugins ? Result<std::string>(about(*plugins)) : Result<std::string>(fail(plugins.error())));
  const auto with_model = open_session(state.flags, {});
  add("model", with_model ? Result<std::string>((*with_model)->agent->model().info().name)
                          : Result<std::string>(fail(with_model.error())));
  const std::string smtp = settings ? settings->text("smtp.url") : "";
  add("mail", smtp.empty() ? std::string("no server is configured: mail goes into the outbox") : "sent by the configured server; deed mail check tries it");
  if (state.flags.json) print_json({{"version", 1}, {"healthy", healthy}, {"checks", checks}});
  return healthy ? 0 : 1;
}

}  // namespace

void add_system_commands(CLI::App& app, Chosen& chosen) {
  auto state = std::make_shared<SystemFlags>();
  CLI::App* config = app.add_subcommand("config", "The configuration");
  config->require_subcommand(1);
  CLI::App* show = config->add_subcommand("show", "Every setting with its value");
  add_common_flags(*show, state->flags);
  add_run_flags(*show, state->flags);
  show->add_flag("--origin", state->origin, "Where each value comes from");
  show->callback([state, &chosen] { chosen = [state] { return show_config(*state); }; });

  CLI::App* doctor_command = app.add_subcommand("doctor", "Check that everything is in its place");
  add_common_flags(*doctor_command, state->flags);
  add_run_flags(*doctor_command, state->flags);
  doctor_command->callback([state, &chosen] { chosen = [state] { return doctor(*state); }; });
}

}  // namespace deed
