#include "deed/plugins/manifest.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <set>

#include "deed/core/checked.hpp"
#include "deed/core/spelling.hpp"
#include "deed/core/text.hpp"
#include "deed/plugins/declared_tool.hpp"

namespace deed {
namespace {

Json json_of_toml(const toml::node& node, int depth = 0) {
  constexpr int deepest = 32;
  if (depth > deepest) return nullptr;
  if (const auto* table = node.as_table()) {
    Json out = Json::object();
    for (const auto& [key, value] : *table) out[std::string(key.str())] = json_of_toml(value, depth + 1);
    return out;
  }
  if (const auto* array = node.as_array()) {
    Json out = Json::array();
    for (const toml::node& value : *array) out.push_back(json_of_toml(value, depth + 1));
    return out;
  }
  if (const auto text = node.value<std::string>(); node.is_string()) return *text;
  if (node.is_boolean()) return *node.value<bool>();
  if (node.is_integer()) return *node.value<std::int64_t>();
  if (node.is_floating_point()) return *node.value<double>();
  return nullptr;  // dates are in no member of a manifest
}

// Reads the members of one table, each of which must be known.
class Members {
 public:
  Members(const toml::table& table, const std::string& file, std::string name) : table_(table), file_(file), name_(std::move(name)) {}

  Result<void> only(std::initializer_list<std::string_view> known) const {
    for (const auto& [key, node] : table_) {
      if (std::find(known.begin(), known.end(), key.str()) != known.end()) continue;
      const std::string_view unknown = key.str();
      const auto nearest = std::min_element(known.begin(), known.end(), [&](auto a, auto b) { return edit_distance(a, unknown) < edit_distance(b, unknown); });
      return wrong(node, "there is no \"" + escaped(std::string(key.str())) + "\"" + (name_.empty() ? "" : " in " + name_),
                   "did you mean \"" + std::string(*nearest) + "\"?");
    }
    return {};
  }
  Result<std::string> text(std::string_view key, std::string other = {}) const {
    const toml::node* node = table_.get(key);
    if (!node) return other;
    if (!node->is_string()) return wrong(*node, std::string(key) + " must be a text");
    return *node->value<std::string>();
  }
  Result<std::vector<std::string>> texts(std::string_view key) const {
    std::vector<std::string> out;
    const toml::node* node = table_.get(key);
    if (!node) return out;
    const auto* array = node->as_array();
    const bool is_right = array && std::all_of(array->begin(), array->end(), [](const toml::node& one) { return one.is_string(); });
    if (!is_right) return wrong(*node, std::string(key) + " must be a list of texts");
    for (const toml::node& one : *array) out.push_back(*one.value<std::string>());
    return out;
  }
  Result<bool> flag(std::string_view key, bool other = false) const {
    const toml::node* node = table_.get(key);
    if (!node) return other;
    if (!node->is_boolean()) return wrong(*node, std::string(key) + " must be true or false");
    return *node->value<bool>();
  }
  Result<std::int64_t> number(std::string_view key, std::int64_t other, std::int64_t largest) const {
    const toml::node* node = table_.get(key);
    if (!node) return other;
    const auto value = node->is_integer() ? *node->value<std::int64_t>() : 0;
    if (value < 1 || value > largest) return wrong(*node, std::string(key) + " must be a whole number from 1 to " + std::to_string(largest));
    return value;
  }
  const toml::node* get(std::string_view key) const { return table_.get(key); }
  Unexpected wrong(const toml::node& node, std::string what, std::string hint = {}) const {
    const auto at = node.source().begin;
    return fail(ErrorKind::invalid, std::move(what), file_ + ":" + std::to_string(at.line) + ":" + std::to_string(at.column), std::move(hint));
  }
  Unexpected missing(std::string_view key) const {
    return fail(ErrorKind::invalid, "there is no \"" + std::string(key) + "\"" + (name_.empty() ? "" : " in " + name_), file_);
  }
  const std::string& file() const { return file_; }

 private:
  const toml::table& table_;
  const std::string& file_;
  std::string name_;
};

Result<PluginPermissions> read_permissions(const toml::table& table, const std::string& file) {
  const Members members(table, file, "[permissions]");
  DEED_OK(members.only({"read", "write", "network", "hosts", "secrets", "environment"}));
  PluginPermissions out;
  DEED_TRY(out.read, members.texts("read"));
  DEED_TRY(out.write, members.texts("write"));
  DEED_TRY(out.network, members.flag("network"));
  DEED_TRY(out.hosts, members.texts("hosts"));
  DEED_TRY(out.secrets, members.texts("secrets"));
  DEED_TRY(out.environment, members.texts("environment"));
  for (const auto* list : {&out.read, &out.write}) {
    for (const std::string& path : *list) DEED_OK(check_permission_path(path, file));
  }
  return out;
}

Result<PluginLimits> read_limits(const toml::table& table, const std::string& file) {
  const Members members(table, file, "[limits]");
  DEED_OK(members.only({"memory_mb", "processes", "file_mb"}));
  PluginLimits out;
  DEED_TRY(out.memory_mb, members.number("memory_mb", out.memory_mb, 1 << 20));
  DEED_TRY(out.processes, members.number("processes", out.processes, 4096));
  DEED_TRY(out.file_mb, members.number("file_mb", out.file_mb, 1 << 20));
  return out;
}

// What a [[tools]] says for `_meta.deed`.
Result<Json> read_deed(const Members& members) {
  Json deed = Json::object();
  for (const char* key : {"effect", "errors"}) {
    DEED_TRY(const std::string text, members.text(key));
    if (!text.empty()) deed[key] = text;
  }
  if (const std::string errors = string_at(deed, "errors"); !errors.empty() && errors != "unknown" && errors != "rejected") {
    return members.wrong(*members.get("errors"), "errors must be \"unknown\" or \"rejected\"");
  }
  for (const char* key : {"roles", "examples"}) {
    if (const toml::node* node = members.get(key)) deed[key] = json_of_toml(*node);
  }
  if (members.get("timeout_s")) {
    DEED_TRY(const std::int64_t seconds, members.number("timeout_s", 120, 86'400));
    deed["timeout_ms"] = seconds * 1000;
  }
  Json flags = Json::array();
  for (const char* key : {"harmless", "trusted"}) {
    DEED_TRY(const bool is_set, members.flag(key));
    if (is_set) flags.push_back(key);
  }
  if (members.get("harmless") || members.get("trusted")) deed["flags"] = std::move(flags);
  return deed;
}

Result<ScriptTool> read_script(const Members& members, const std::string& name, Json deed) {
  ScriptTool tool;
  DEED_TRY(tool.command, members.texts("command"));
  DEED_TRY(tool.input, members.text("input"));
  DEED_TRY(const std::string about, members.text("description"));
  if (tool.command.empty() || tool.command.front().empty()) return members.wrong(*members.get("command"), "the command is empty");
  if (!deed.contains("effect")) return members.missing("effect");
  // Its commit point is the instant before the process begins.
  if (!deed.contains("flags")) deed["flags"] = Json::array();
  deed["flags"].push_back("dispatches");
  Json schema = {{"type", "object"}, {"properties", Json::object()}};
  if (const toml::node* node = members.get("arguments")) schema.update(json_of_toml(*node));
  tool.listed = {{"name", name}, {"description", about}, {"inputSchema", std::move(schema)}, {"_meta", {{"deed", std::move(deed)}}}};
  return tool;
}

Result<void> read_tool_table(const toml::table& table, const std::string& file, Manifest& manifest) {
  const Members members(table, file, "[[tools]]");
  DEED_OK(members.only({"name", "description", "command", "input", "effect", "roles", "examples", "timeout_s", "harmless", "trusted", "errors", "arguments"}));
  DEED_TRY(const std::string name, members.text("name"));
  if (name.empty()) return members.missing("name");
  DEED_TRY(Json deed, read_deed(members));
  if (!members.get("command")) {
    manifest.corrections[name] = std::move(deed);
    return {};
  }
  DEED_TRY(ScriptTool script, read_script(members, name, std::move(deed)));
  manifest.scripts.push_back(std::move(script));
  return {};
}

Result<void> check_kind(const Manifest& manifest, const std::string& file) {
  const int kinds = (manifest.command.empty() ? 0 : 1) + (manifest.library.empty() ? 0 : 1) + (manifest.scripts.empty() ? 0 : 1);
  if (kinds == 1 && (manifest.scripts.empty() || manifest.corrections.empty())) return {};
  return fail(ErrorKind::invalid, kinds == 0 ? "the plugin has nothing to run" : "the plugin is more than one thing", file,
              "one of: command, library, or [[tools]] that all have a command");
}

Result<Manifest> read_manifest(const toml::table& table, const std::string& file) {
  const Members members(table, file, "");
  DEED_OK(members.only({"name", "version", "description", "command", "library", "permissions", "limits", "tools"}));
  Manifest out;
  DEED_TRY(out.name, members.text("name"));
  DEED_TRY(out.version, members.text("version", "0"));
  DEED_TRY(out.description, members.text("description"));
  DEED_TRY(out.command, members.texts("command"));
  DEED_TRY(out.library, members.text("library"));
  if (!is_plugin_name(out.name)) {
    return fail(ErrorKind::invalid, "the plugin's name is not one: \"" + escaped(out.name) + "\"", file, "letters, digits and _, a letter first, at most 32");
  }
  if (const toml::node* node = members.get("permissions")) {
    if (!node->is_table()) return members.wrong(*node, "permissions must be a table");
    DEED_TRY(out.permissions, read_permissions(*node->as_table(), file));
  }
  if (const toml::node* node = members.get("limits")) {
    if (!node->is_table()) return members.wrong(*node, "limits must be a table");
    DEED_TRY(out.limits, read_limits(*node->as_table(), file));
  }
  if (const toml::node* node = members.get("tools")) {
    const auto* array = node->as_array();
    if (!array || !array->is_array_of_tables()) return members.wrong(*node, "tools must be written as [[tools]]");
    for (const toml::node& one : *array) DEED_OK(read_tool_table(*one.as_table(), file, out));
  }
  DEED_OK(check_kind(out, file));
  return out;
}

}  // namespace

// What is asked for must be worth a look: not everything, and not what the system or all of a person's files are.
Result<void> check_permission_path(const std::string& path, const std::string& file) {
  const auto refuse = [&](const char* why) { return fail(ErrorKind::denied, "the plugin asks for " + escaped(path) + ": " + why, file, "name the folder that it needs"); };
  if (path == ".") return {};
  if (path.empty() || has_control_characters(path)) return refuse("that is no path");
  const bool is_below_home = path.starts_with("~/");
  if (!is_below_home && !path.starts_with('/')) return refuse("neither absolute, nor below ~/, nor \".\"");
  const std::filesystem::path normal = std::filesystem::path(is_below_home ? path.substr(1) : path).lexically_normal();
  std::string plain = normal.string();
  while (plain.size() > 1 && plain.ends_with('/')) plain.pop_back();
  if (plain == "/") return refuse(is_below_home ? "that is all of your files" : "that is the whole machine");
  for (const auto& part : std::filesystem::path(path)) {
    if (part == "..") return refuse("it has a \"..\"");
  }
  if (is_below_home) {
    for (const char* own : {"/.ssh", "/.gnupg", "/.config", "/.local", "/.local/share", "/.aws", "/.config/deed", "/.local/share/deed"}) {
      if (plain == own) return refuse("that is where keys and settings are");
    }
    return {};
  }
  constexpr std::array system = {"/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/proc", "/root", "/run", "/sbin", "/sys", "/usr", "/var"};
  const std::string top = plain.substr(0, plain.find('/', 1));
  const bool is_of_kernel = top == "/proc" || top == "/sys" || top == "/dev" || top == "/boot";
  const bool is_top = std::find(system.begin(), system.end(), plain) != system.end();
  if (is_of_kernel || is_top) return refuse("that is the system's");
  return {};
}

Result<Manifest> parse_manifest(std::string_view text, const std::string& file) {
  if (text.size() > max_manifest_bytes) return fail(ErrorKind::limit, "the manifest is larger than 256 KiB", file);
  try {
    const toml::table table = toml::parse(text, file);
    return read_manifest(table, file);
  } catch (const toml::parse_error& e) {
    const auto at = e.source().begin;
    return fail(ErrorKind::invalid, std::string("not valid TOML: ") + std::string(e.description()),
                file + ":" + std::to_string(at.line) + ":" + std::to_string(at.column));
  }
}

Result<Manifest> load_manifest(const std::string& folder) {
  const std::string file = folder + "/plugin.toml";
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(ErrorKind::not_found, "there is no plugin.toml", folder);
  std::string text(max_manifest_bytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return parse_manifest(text, file);
}

Json to_json(const PluginPermissions& permissions) {
  return {{"read", permissions.read},   {"write", permissions.write},     {"network", permissions.network},
          {"hosts", permissions.hosts}, {"secrets", permissions.secrets}, {"environment", permissions.environment}};
}

}  // namespace deed
