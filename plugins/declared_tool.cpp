#include "deed/plugins/declared_tool.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "deed/core/checked.hpp"
#include "deed/core/text.hpp"
#include "deed/plugins/json_rpc.hpp"

namespace deed {
namespace {

using rpc::member;

bool is_ascii_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_name_character(char c) { return is_ascii_letter(c) || (c >= '0' && c <= '9') || c == '_'; }

Unexpected wrong(const std::string& tool, std::string what, std::string hint = {}) {
  return fail(ErrorKind::invalid, std::move(what), escaped(std::string(utf8_prefix(to_utf8(tool), 100))), std::move(hint));
}

Result<ArgumentRole> parse_role(std::string_view text) {
  for (const ArgumentRole role : {ArgumentRole::destination, ArgumentRole::id, ArgumentRole::value, ArgumentRole::text, ArgumentRole::secret}) {
    if (text == to_string(role)) return role;
  }
  return fail(ErrorKind::invalid, "there is no role \"" + escaped(text) + "\"", "", "destination, id, value, text or secret");
}

bool has_flag(const Json& deed, std::string_view flag) {
  const Json& flags = member(deed, "flags");
  return flags.is_array() && std::find(flags.begin(), flags.end(), flag) != flags.end();
}

Result<EffectClass> effect_of_listed(const std::string& name, const Json& deed, const Json& annotations) {
  const Json& said = member(deed, "effect");
  if (said.is_string()) {
    const auto effect = parse_effect_class(said.get<std::string>());
    // `local` is entered in the journal by deed itself; a plugin has no part in that transaction.
    if (effect && *effect != EffectClass::local) return *effect;
  }
  if (!said.is_null()) {
    return wrong(name, "its class of effects is not one", "pure, read, idempotent, keyed, probeable or once");
  }
  const auto hint = [&](const char* key) { return member(annotations, key) == true; };
  if (hint("readOnlyHint")) return EffectClass::read;
  return hint("idempotentHint") ? EffectClass::idempotent : EffectClass::once;
}

// What is certainly a destination by its form, where nobody says.
std::map<std::string, ArgumentRole> roles_by_format(const Json& schema) {
  std::map<std::string, ArgumentRole> roles;
  const Json& properties = member(schema, "properties");
  if (!properties.is_object()) return roles;
  for (const auto& [name, property] : properties.items()) {
    const std::string format = property.is_object() ? string_at(property, "format") : "";
    if (format == "uri" || format == "email" || format == "path") roles[name] = ArgumentRole::destination;
  }
  return roles;
}

Result<void> take_roles(ToolSpec& spec, const Json& deed) {
  const Json& roles = member(deed, "roles");
  if (roles.is_null()) {
    spec.roles = roles_by_format(spec.arguments);
    return {};
  }
  if (!roles.is_object()) return wrong(spec.name, "its roles are not an object");
  for (const auto& [argument, role] : roles.items()) {
    DEED_TRY(spec.roles[argument], with_context(parse_role(role.is_string() ? role.get<std::string>() : ""), spec.name));
  }
  return {};
}

// Of a destination, `uri` is checked as a URL of HTTP; to JSON Schema "data:," and "file:///a" are such, too.
void drop_formats_of_others(ToolSpec& spec) {
  Json& properties = spec.arguments["properties"];
  if (!properties.is_object()) return;
  for (auto& [name, property] : properties.items()) {
    const auto role = spec.roles.find(name);
    const bool is_destination = role != spec.roles.end() && role->second == ArgumentRole::destination;
    if (!is_destination && property.is_object() && string_at(property, "format") == "uri") property.erase("format");
  }
}

Result<void> take_examples(ToolSpec& spec, const Json& deed) {
  const Json& examples = member(deed, "examples");
  if (examples.is_null()) return {};
  if (!examples.is_array()) return wrong(spec.name, "its examples are not a list");
  for (const Json& example : examples) {
    if (!example.is_string()) return wrong(spec.name, "an example is not a text");
    spec.examples.push_back(example.get<std::string>());
  }
  return {};
}

Result<std::int64_t> whole_number(const ToolSpec& spec, const Json& deed, const char* key, std::int64_t other, std::int64_t largest) {
  const Json& value = member(deed, key);
  if (value.is_null()) return other;
  if (!value.is_number_integer() || value.get<std::int64_t>() < 1 || value.get<std::int64_t>() > largest) {
    return wrong(spec.name, std::string("its ") + key + " is not a number from 1 to " + std::to_string(largest));
  }
  return value.get<std::int64_t>();
}

Result<void> take_numbers(ToolSpec& spec, const Json& deed) {
  constexpr std::int64_t day_ms = 24 * 3600 * 1000;
  DEED_TRY(const std::int64_t timeout, whole_number(spec, deed, "timeout_ms", spec.timeout.count(), day_ms));
  DEED_TRY(const std::int64_t output, whole_number(spec, deed, "max_output_bytes", static_cast<std::int64_t>(spec.max_output_bytes), 16 << 20));
  DEED_TRY(const std::int64_t window, whole_number(spec, deed, "key_window_ms", spec.key_window.count(), 365 * day_ms));
  spec.timeout = std::chrono::milliseconds(timeout);
  spec.max_output_bytes = static_cast<std::size_t>(output);
  spec.key_window = std::chrono::milliseconds(window);
  return {};
}

std::string description_of(const Json& listed) {
  constexpr std::size_t longest = 2000;
  const std::string text = string_at(listed, "description", string_at(listed, "title"));
  return std::string(utf8_prefix(to_utf8(trim(text)), longest));
}

}  // namespace

bool is_plugin_name(std::string_view name) {
  return !name.empty() && name.size() <= 32 && is_ascii_letter(name.front()) && std::all_of(name.begin(), name.end(), is_name_character);
}

std::string tool_name_of(std::string_view plugin, std::string_view own_name) {
  const std::string begin = std::string(plugin) + ".";
  std::string rest(own_name.starts_with(begin) ? own_name.substr(begin.size()) : own_name);
  for (char& c : rest) {
    if (!is_name_character(c)) c = '_';
  }
  return begin + rest;
}

Result<DeclaredTool> parse_declared_tool(const Json& listed, std::string_view plugin) {
  if (!listed.is_object()) return wrong(std::string(plugin), "a tool that is not an object");
  DeclaredTool tool;
  tool.own_name = string_at(listed, "name");
  if (tool.own_name.empty() || tool.own_name.size() > 128) return wrong(std::string(plugin), "a tool without a name, or with one over 128 bytes");
  ToolSpec& spec = tool.spec;
  spec.name = tool_name_of(plugin, tool.own_name);
  spec.description = description_of(listed);
  const Json& schema = member(listed, "inputSchema");
  if (!schema.is_object()) return wrong(tool.own_name, "it has no schema of its arguments");
  spec.arguments = schema;
  if (!spec.arguments.contains("properties")) spec.arguments["properties"] = Json::object();
  const Json& deed = member(member(listed, "_meta"), "deed");
  DEED_TRY(spec.effect, effect_of_listed(tool.own_name, deed, member(listed, "annotations")));
  DEED_OK(take_roles(spec, deed));
  drop_formats_of_others(spec);
  DEED_OK(take_examples(spec, deed));
  DEED_OK(take_numbers(spec, deed));
  spec.approval = has_flag(deed, "harmless") ? ApprovalNeed::never : ApprovalNeed::always;
  spec.result_trust = has_flag(deed, "trusted") ? Trust::tool : Trust::untrusted;
  spec.dispatches = has_flag(deed, "dispatches");
  tool.is_quick = has_flag(deed, "quick");
  tool.is_concurrent = has_flag(deed, "concurrent");
  tool.errors_reject = string_at(deed, "errors") == "rejected";
  tool.has_preview = member(deed, "preview") == true;
  tool.has_probe = member(deed, "probe") == true;
  if (tool.is_quick && changes_world(spec.effect)) return wrong(tool.own_name, "a quick tool that changes the world");
  return tool;
}

Result<std::vector<DeclaredTool>> parse_declared_tools(const std::vector<Json>& listed, std::string_view plugin) {
  if (listed.size() > max_tools_of_plugin) {
    return fail(ErrorKind::limit, "more than " + std::to_string(max_tools_of_plugin) + " tools", std::string(plugin));
  }
  std::vector<DeclaredTool> tools;
  std::set<std::string> names;
  for (const Json& one : listed) {
    DEED_TRY(DeclaredTool tool, parse_declared_tool(one, plugin));
    if (!names.insert(tool.spec.name).second) return fail(ErrorKind::conflict, "two tools of one name", tool.spec.name);
    tools.push_back(std::move(tool));
  }
  return tools;
}

Result<std::vector<Json>> corrected(std::vector<Json> listed, const Json& corrections) {
  if (corrections.is_null()) return listed;
  for (const auto& [name, correction] : corrections.items()) {
    const auto found = std::find_if(listed.begin(), listed.end(), [&own_name = name](const Json& tool) { return string_at(tool, "name") == own_name; });
    if (found == listed.end()) return fail(ErrorKind::not_found, "the manifest speaks of a tool that the plugin does not have", escaped(name));
    (*found)["_meta"]["deed"].update(correction);
  }
  return listed;
}

}  // namespace deed
