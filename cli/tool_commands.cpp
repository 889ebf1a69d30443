#include <cstdio>

#include "deed/cli/commands.hpp"
#include "deed/cli/flags.hpp"
#include "deed/core/text.hpp"

namespace deed {
namespace {

struct ToolFlags {
  Flags flags;
  std::string name, arguments = "{}";
  bool dry_run = false;
};

Json tool_json(const ToolSpec& spec) {
  Json roles = Json::object();
  for (const auto& [argument, role] : spec.roles) roles[argument] = to_string(role);
  return {{"name", spec.name},
          {"description", spec.description},
          {"examples", spec.examples},
          {"effect", to_string(spec.effect)},
          {"approval", changes_world(spec.effect) && spec.approval == ApprovalNeed::always ? "always" : "never"},
          {"arguments", spec.arguments},
          {"roles", roles}};
}

int list(const ToolFlags& state) {
  const auto session = open_session(state.flags, {.needs_model = false});
  if (!session) return report_error(session.error(), state.flags);
  Json all = Json::array();
  for (const RegisteredTool& entry : (*session)->agent->tools().tools()) {
    const ToolSpec& spec = entry.tool.spec;
    if (state.flags.json) all.push_back(tool_json(spec));
    else std::printf("%-16s %-10s %s\n", spec.name.c_str(), to_string(spec.effect), spec.description.c_str());
  }
  if (state.flags.json) print_json({{"version", 1}, {"tools", all}});
  return 0;
}

int show(const ToolFlags& state) {
  const auto session = open_session(state.flags, {.needs_model = false});
  if (!session) return report_error(session.error(), state.flags);
  const RegisteredTool* entry = (*session)->agent->tools().find(state.name);
  if (!entry) {
    return report_error({ErrorKind::not_found, "there is no tool " + state.name, "", "deed tools list"}, state.flags);
  }
  print_json(tool_json(entry->tool.spec));
  return 0;
}

int call(const ToolFlags& state) {
  const auto arguments = parse_json(state.arguments);
  if (!arguments || !arguments->is_object()) {
    return report_error({ErrorKind::invalid, "the arguments are not a JSON object",
                         arguments ? "" : arguments.error().where, "for example: deed tools call file.read '{\"path\":\"a.txt\"}'"},
                        state.flags);
  }
  auto session = open_session(state.flags, {.needs_model = false});
  if (!session) return report_error(session.error(), state.flags);
  if (!state.dry_run) return report_run((*session)->agent->call_tool(state.name, *arguments), **session, state.flags);
  Json effects = Json::array();
  const auto show = [&](const std::string&, const Preview& preview) {
    effects.push_back({{"summary", preview.summary}, {"media_type", preview.media_type}, {"bytes", to_utf8(preview.bytes)}, {"diff", to_utf8(preview.diff)}});
    if (!state.flags.json) std::printf("%s\n%s\n", for_terminal(preview.summary).c_str(), for_terminal(preview.diff.empty() ? to_utf8(preview.bytes) : preview.diff).c_str());
  };
  const auto report = (*session)->agent->rehearse_tool(state.name, *arguments, show);
  // What changes nothing was run, and what is refused says so.
  if (!report || report->status != RunStatus::paused) return report_run(report, **session, state.flags);
  if (state.flags.json) print_json({{"version", 1}, {"run", report->run}, {"effects", std::move(effects)}, {"exit_code", 0}});
  else if (!state.flags.quiet) std::fprintf(stderr, "nothing was done; do it with: deed approve %s\n", report->run.c_str());
  return 0;
}

}  // namespace

void add_tool_commands(CLI::App& app, Chosen& chosen) {
  auto state = std::make_shared<ToolFlags>();
  CLI::App* tools = app.add_subcommand("tools", "The tools that a model can choose");
  tools->require_subcommand(1);

  CLI::App* list_command = tools->add_subcommand("list", "Each with its effect class");
  add_common_flags(*list_command, state->flags);
  add_plugin_flag(*list_command, state->flags);
  list_command->callback([state, &chosen] { chosen = [state] { return list(*state); }; });

  CLI::App* show_command = tools->add_subcommand("show", "One with its schema");
  add_common_flags(*show_command, state->flags);
  add_plugin_flag(*show_command, state->flags);
  show_command->add_option("name", state->name)->required();
  show_command->callback([state, &chosen] { chosen = [state] { return show(*state); }; });

  CLI::App* call_command = tools->add_subcommand("call", "Make one call: judged, recorded and resumable like any other");
  add_common_flags(*call_command, state->flags);
  add_run_flags(*call_command, state->flags);
  call_command->add_option("name", state->name)->required();
  call_command->add_option("arguments", state->arguments, "A JSON object")->capture_default_str();
  call_command->add_flag("--dry-run", state->dry_run, "Show what it would do; nothing is done");
  call_command->callback([state, &chosen] { chosen = [state] { return call(*state); }; });
}

}  // namespace deed
