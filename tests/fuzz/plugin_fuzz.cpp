// What a program of tools may say, and what a manifest may say of it. The first byte chooses: manifest, list of tools, results of calls, or
// a stream of lines that is cut where the second byte says. Whatever comes: no crash, no undefined behaviour; an error has a text; what is
// read is within its limits, and read again as the same.
#include <cstdint>
#include <cstdlib>

#include "deed/core/text.hpp"
#include "deed/plugins/json_rpc.hpp"
#include "deed/plugins/manifest.hpp"
#include "deed/plugins/wire.hpp"

namespace deed {
namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check_tool(const DeclaredTool& tool) {
  require(tool.spec.name.starts_with("fuzz.") && tool.own_name.size() <= 128);
  require(tool.spec.arguments.is_object() && tool.spec.description.size() <= 2000 && is_utf8(tool.spec.description));
  require(tool.spec.timeout.count() >= 1 && tool.spec.max_output_bytes >= 1);
  require(!tool.is_quick || !changes_world(tool.spec.effect));
}

void check_list(std::string_view text, const Json& corrections) {
  const auto json = parse_json(text);
  if (!json) return require(!json.error().what.empty());
  std::vector<Json> listed;
  if (json->is_array()) listed.assign(json->begin(), json->end());
  else listed.push_back(*json);
  const auto shown = corrected(listed, corrections);
  if (!shown) return require(!shown.error().what.empty());
  const auto tools = parse_declared_tools(*shown, "fuzz");
  if (!tools) return require(!tools.error().what.empty());
  require(tools->size() == listed.size());
  for (const DeclaredTool& tool : *tools) check_tool(tool);
}

void check_manifest(std::string_view text) {
  const auto manifest = parse_manifest(text, "plugin.toml");
  if (!manifest) return require(!manifest.error().what.empty() && is_utf8(to_string(manifest.error())));
  require(is_plugin_name(manifest->name));
  for (const auto* folders : {&manifest->permissions.read, &manifest->permissions.write}) {
    for (const std::string& folder : *folders) require(!folder.empty() && folder != "/" && folder != "~/" && folder != "~" && folder != "..");
  }
  std::vector<Json> listed;
  for (const ScriptTool& script : manifest->scripts) listed.push_back(script.listed);
  const auto tools = parse_declared_tools(listed, "fuzz");
  if (tools) {
    for (const DeclaredTool& tool : *tools) check_tool(tool);
  }
  check_list(R"([{"name":"a","inputSchema":{}}])", manifest->corrections);
}

DeclaredTool tool_of_effect(EffectClass effect) {
  DeclaredTool tool;
  tool.spec.effect = effect;
  return tool;
}

void check_answer(const Json& result) {
  for (const EffectClass effect : {EffectClass::read, EffectClass::once}) {
    const DeclaredTool tool = tool_of_effect(effect);
    for (const PluginCallKind kind : {PluginCallKind::run, PluginCallKind::preview, PluginCallKind::probe}) {
      const PluginAnswer answer = wire::answer_of(kind, tool, result);
      if (const auto* error = std::get_if<Error>(&answer)) {
        require(!error->what.empty());
        continue;
      }
      // What was understood is understood the same by the other side.
      const PluginAnswer again = wire::answer_of(kind, tool, wire::result_of(answer));
      require(again.index() == answer.index());
      if (const auto* outcome = std::get_if<Outcome>(&answer)) require(std::get<Outcome>(again).status == outcome->status);
      if (const auto* preview = std::get_if<Preview>(&answer)) require(std::get<Preview>(again).bytes == preview->bytes);
    }
  }
}

void check_message(const std::string& line) {
  const auto message = rpc::parse(line);
  if (!message) return require(!message.error().what.empty());
  const std::string said = rpc::line_of(*message);
  require(said.ends_with('\n') && said.find('\n') == said.size() - 1);
  const auto again = rpc::parse(said);
  require(again && again->index() == message->index() && rpc::line_of(*again) == said);
  if (const auto* response = std::get_if<rpc::Response>(&*message)) {
    if (const auto* result = std::get_if<Json>(&response->result)) check_answer(*result);
  } else if (const auto* request = std::get_if<rpc::Request>(&*message)) {
    const auto http = wire::parse_http(request->params);
    require(http || !http.error().what.empty());
    const auto call = wire::parse_call_params(PluginCallKind::run, request->params);
    require(call ? call->arguments.is_object() : !call.error().what.empty());
  }
}

void check_stream(std::string_view text) {
  constexpr std::size_t longest = 4096;
  const std::size_t step = text.empty() ? 1 : static_cast<unsigned char>(text[0]) + 1u;
  rpc::Lines whole(longest), cut(longest);
  const auto at_once = whole.feed(text);
  std::vector<std::string> lines;
  bool is_refused = false;
  for (std::size_t at = 0; at < text.size() && !is_refused; at += step) {
    const auto some = cut.feed(text.substr(at, step));
    is_refused = !some;
    if (some) lines.insert(lines.end(), some->begin(), some->end());
  }
  require(is_refused == !at_once);
  if (at_once) require(*at_once == lines);
  for (const std::string& line : lines) {
    require(line.size() <= longest);
    check_message(line);
  }
}

}  // namespace
}  // namespace deed

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0] % 4) {
    case 0: deed::check_manifest(text); break;
    case 1: deed::check_list(text, nullptr); break;
    case 2: deed::check_message(std::string(text)); break;
    default: deed::check_stream(text); break;
  }
  return 0;
}
