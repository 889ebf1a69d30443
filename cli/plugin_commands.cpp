#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>

#include "deed/cli/commands.hpp"
#include "deed/cli/crashtest_command.hpp"
#include "deed/cli/plugin_set.hpp"
#include "deed/core/text.hpp"
#include "deed/plugins/check_plugin.hpp"
#include "deed/plugins/declared_tool.hpp"
#include "deed/plugins/new_plugin.hpp"
#include "deed/plugins/serve.hpp"

namespace deed {
namespace {

struct PluginFlags {
  Flags flags;
  std::string name, path, language;
  std::vector<std::string> call;
};

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

const char* runs_as(const FoundPlugin& plugin, const PluginOptions& options) {
  if (!plugin.manifest.scripts.empty()) return "commands, each in a sandbox";
  if (plugin.manifest.library.empty()) return "a program in a sandbox";
  return options.in_process.contains(plugin.manifest.name) ? "a library INSIDE of deed, without a sandbox" : "a library in a process of its own, in a sandbox";
}

std::vector<std::string> may_lines(const PluginPermissions& may) {
  std::vector<std::string> lines;
  const auto add = [&](const char* what, const std::vector<std::string>& list) {
    if (!list.empty()) lines.push_back(what + joined(list));
  };
  add("read: ", may.read);
  add("write: ", may.write);
  if (may.network) lines.push_back("reach any host on the network, past deed's own rules");
  add("reach through deed: ", may.hosts);
  add("know the secrets: ", may.secrets);
  add("see the variables: ", may.environment);
  if (lines.empty()) lines.push_back("nothing beyond its own folder");
  return lines;
}

Json to_document(const FoundPlugin& plugin, const PluginOptions& options) {
  Json out = {{"name", plugin.manifest.name}, {"version", plugin.manifest.version}, {"folder", plugin.folder}, {"state", to_string(plugin.state)}};
  out["runs_as"] = runs_as(plugin, options);
  out["permissions"] = to_json(plugin.manifest.permissions);
  if (!plugin.digest.empty()) out["sha256"] = plugin.digest;
  if (plugin.problem) out["problem"] = to_string(*plugin.problem);
  const auto shown = corrected(plugin.tools, plugin.manifest.corrections);
  out["tools"] = shown ? *shown : plugin.tools;
  return out;
}

// longest  bytes of a description: whoever agrees to a plugin sees all that a model will
void print_tools(const std::vector<Json>& listed, const FoundPlugin& plugin, std::size_t longest = 100) {
  const auto shown = corrected(listed, plugin.manifest.corrections);
  const auto tools = shown ? parse_declared_tools(*shown, plugin.manifest.name) : Result<std::vector<DeclaredTool>>(fail(shown.error()));
  if (!tools) return;
  for (const DeclaredTool& tool : *tools) {
    const bool asks = changes_world(tool.spec.effect) && tool.spec.approval == ApprovalNeed::always;
    std::printf("  %-24s %-10s %s%s\n", tool.spec.name.c_str(), to_string(tool.spec.effect), asks ? "[asks first] " : "",
                for_terminal(std::string(utf8_prefix(tool.spec.description, longest))).c_str());
  }
}

void print_plugin(const FoundPlugin& plugin, const PluginOptions& options) {
  std::printf("%s %s  [%s]  %s\n", for_terminal(plugin.manifest.name.empty() ? "?" : plugin.manifest.name).c_str(),
              for_terminal(plugin.manifest.version).c_str(), to_string(plugin.state), for_terminal(plugin.folder).c_str());
  if (plugin.problem) return std::printf("  %s\n", for_terminal(to_string(*plugin.problem)).c_str()), void();
  if (!plugin.manifest.description.empty()) std::printf("  %s\n", for_terminal(plugin.manifest.description).c_str());
  std::printf("  runs as %s\n", runs_as(plugin, options));
  for (const std::string& line : may_lines(plugin.manifest.permissions)) std::printf("  may %s\n", for_terminal(line).c_str());
  print_tools(plugin.tools, plugin);
}

Result<PluginSet> set_of(const PluginFlags& state) {
  DEED_TRY(const Settings settings, settings_for(state.flags));
  return plugin_set(settings, state.flags);
}

int list(const PluginFlags& state) {
  const auto set = set_of(state);
  if (!set) return report_error(set.error(), state.flags);
  Json all = Json::array();
  for (const FoundPlugin& plugin : set->plugins) {
    if (state.flags.json) all.push_back(to_document(plugin, set->options));
    else print_plugin(plugin, set->options);
  }
  if (state.flags.json) print_json({{"version", 1}, {"plugins", all}});
  else if (set->plugins.empty()) std::printf("There are no plugins in: %s\n", for_terminal(joined(set->options.folders)).c_str());
  return 0;
}

// A plugin by its name, or by its folder.
Result<FoundPlugin> chosen_plugin(const PluginSet& set, const std::string& name) {
  const auto found = std::find_if(set.plugins.begin(), set.plugins.end(), [&](const FoundPlugin& plugin) { return plugin.manifest.name == name && !plugin.problem; });
  if (found != set.plugins.end()) return *found;
  const auto with_problem = std::find_if(set.plugins.begin(), set.plugins.end(), [&](const FoundPlugin& plugin) { return plugin.manifest.name == name; });
  if (with_problem != set.plugins.end()) return fail(*with_problem->problem);
  return fail(ErrorKind::not_found, "there is no plugin \"" + name + "\"", "", "deed plugin list; its folder belongs into one of: " + joined(set.options.folders));
}

bool agrees(const std::string& name) {
  std::fprintf(stderr, "Use %s as it is now? [y/N] ", for_terminal(name).c_str());
  std::string line;
  return std::getline(std::cin, line) && (line == "y" || line == "yes");
}

int approve(const PluginFlags& state) {
  const auto set = set_of(state);
  if (!set) return report_error(set.error(), state.flags);
  const auto plugin = chosen_plugin(*set, state.name);
  if (!plugin) return report_error(plugin.error(), state.flags);
  if (!state.flags.json) print_plugin(*plugin, set->options);
  if (!state.flags.yes && (!isatty(0) || !agrees(plugin->manifest.name))) {
    return report_error({ErrorKind::denied, "nobody agreed to the plugin " + plugin->manifest.name, "", "deed plugin approve " + plugin->manifest.name + " --yes"}, state.flags);
  }
  const auto session = open_session(state.flags, {.needs_model = false, .has_plugins = false});
  if (!session) return report_error(session.error(), state.flags);
  const auto tools = agree_to(*plugin, set->options, *(*session)->agent);
  if (!tools) return report_error(tools.error(), state.flags);
  if (state.flags.json) print_json({{"version", 1}, {"name", plugin->manifest.name}, {"tools", *tools}});
  else print_tools(*tools, *plugin, 2000);
  return 0;
}

int forget(const PluginFlags& state) {
  const auto set = set_of(state);
  if (!set) return report_error(set.error(), state.flags);
  const auto forgotten = forget_plugin(state.name, set->options);
  if (!forgotten) return report_error(forgotten.error(), state.flags);
  if (state.flags.json) print_json({{"version", 1}, {"name", state.name}});
  else std::printf("The plugin %s is not used any more.\n", for_terminal(state.name).c_str());
  return 0;
}

int make_new(const PluginFlags& state) {
  const auto language = parse_plugin_language(state.language);
  if (!language) return report_error(language.error(), state.flags);
  const std::string folder = state.path.empty() ? state.name : state.path;
  const auto files = new_plugin(folder, state.name, *language);
  if (!files) return report_error(files.error(), state.flags);
  if (state.flags.json) return print_json({{"version", 1}, {"folder", folder}, {"files", *files}}), 0;
  for (const std::string& file : *files) std::printf("%s/%s\n", for_terminal(folder).c_str(), for_terminal(file).c_str());
  std::fprintf(stderr, "now: cd %s && make test\n", for_terminal(folder).c_str());
  return 0;
}

// The crash test of one call, as the user named it.
int crash_one_call(const PluginFlags& state, const std::string& folder, const std::string& root) {
  const std::vector<std::string> arguments = {"tools", "call", "--plugin", folder, state.call.at(0), state.call.size() > 1 ? state.call[1] : "{}", "--yes", "--quiet"};
  return crash_test(arguments, root, state.flags);
}

int check(const PluginFlags& state) {
  const auto set = set_of(state);
  if (!set) return report_error(set.error(), state.flags);
  const auto session = open_session(state.flags, {.needs_model = false, .has_plugins = false});
  if (!session) return report_error(session.error(), state.flags);
  const FoundPlugin plugin = plugin_in(state.path);
  const auto findings = check_plugin(plugin, set->options, *(*session)->agent);
  const bool is_bad = std::any_of(findings.begin(), findings.end(), [](const PluginFinding& one) { return one.grade == PluginFinding::Grade::bad; });
  Json all = Json::array();
  for (const PluginFinding& one : findings) {
    if (state.flags.json) all.push_back({{"grade", to_string(one.grade)}, {"what", one.what}, {"detail", one.detail}});
    else std::printf("%-8s  %s%s\n", to_string(one.grade), for_terminal(one.what).c_str(), one.detail.empty() ? "" : for_terminal("  (" + one.detail + ")").c_str());
  }
  if (state.flags.json) print_json({{"version", 1}, {"folder", plugin.folder}, {"findings", all}, {"exit_code", is_bad ? 1 : 0}});
  if (is_bad || state.call.empty()) return is_bad ? 1 : 0;
  return crash_one_call(state, plugin.folder, (*session)->agent->root());
}

int serve(const PluginFlags& state) {
  const auto library = CLibrary::load(state.path, [](const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); });
  if (!library) return report_error(library.error(), state.flags);
  const auto streams = take_standard_streams();
  if (!streams) return report_error(streams.error(), state.flags);
  const auto served = serve_library(*library, streams->input_fd, streams->output_fd);
  if (!served) return report_error(served.error(), state.flags);
  return 0;
}

}  // namespace

void add_plugin_commands(CLI::App& app, Chosen& chosen) {
  auto state = std::make_shared<PluginFlags>();
  CLI::App* plugin = app.add_subcommand("plugin", "Tools of your own and of others");
  plugin->require_subcommand(1);

  CLI::App* list_command = plugin->add_subcommand("list", "Each with what it may do");
  add_common_flags(*list_command, state->flags);
  add_plugin_flag(*list_command, state->flags);
  list_command->callback([state, &chosen] { chosen = [state] { return list(*state); }; });

  CLI::App* approve_command = plugin->add_subcommand("approve", "Agree to a plugin as it is now");
  add_common_flags(*approve_command, state->flags);
  approve_command->add_option("name", state->name)->required();
  approve_command->add_flag("--yes,-y", state->flags.yes, "Do not ask");
  approve_command->callback([state, &chosen] { chosen = [state] { return approve(*state); }; });

  CLI::App* forget_command = plugin->add_subcommand("forget", "Use a plugin no more");
  add_common_flags(*forget_command, state->flags);
  forget_command->add_option("name", state->name)->required();
  forget_command->callback([state, &chosen] { chosen = [state] { return forget(*state); }; });

  CLI::App* new_command = plugin->add_subcommand("new", "A folder to begin with: it builds, and passes its own test");
  add_common_flags(*new_command, state->flags);
  new_command->add_option("name", state->name, "Its tools are called NAME.TOOL")->required();
  new_command->add_option("--lang", state->language, "c, cpp, python or sh")->required();
  new_command->add_option("--folder", state->path, "Where to put it (default: NAME here)")->type_name("DIR");
  new_command->callback([state, &chosen] { chosen = [state] { return make_new(*state); }; });

  CLI::App* check_command = plugin->add_subcommand("check", "Try a plugin out: in its sandbox, with odd arguments, and ended in the middle");
  add_common_flags(*check_command, state->flags);
  check_command->add_option("folder", state->path)->required()->type_name("DIR");
  check_command->add_option("--root", state->flags.root, "The working folder that it may see, where it asks for one")->type_name("DIR");
  check_command->add_option("--call", state->call, "TOOL and its arguments: this call is made, killed at every failpoint, and resumed")->expected(1, 2);
  check_command->callback([state, &chosen] { chosen = [state] { return check(*state); }; });

  CLI::App* serve_command = plugin->add_subcommand("serve", "Speak for a library of tools, as a program, on standard input and output");
  serve_command->add_option("library", state->path)->required()->type_name("FILE");
  serve_command->callback([state, &chosen] { chosen = [state] { return serve(*state); }; });
}

}  // namespace deed
