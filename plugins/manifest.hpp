// plugin.toml: what a plugin is, how it is run, and what it asks for. Pure but for `load_manifest`.
// The format is in docs/plugins.md; a wrong or unknown member is an error with its line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "deed/core/json.hpp"
#include "deed/core/result.hpp"

namespace deed {

/// As they are written: "~/notes", ".", "/srv/data".
struct PluginPermissions {
  std::vector<std::string> read, write;
  bool network = false;
  std::vector<std::string> hosts, secrets, environment;

  bool operator==(const PluginPermissions&) const = default;
};

struct PluginLimits {
  std::int64_t memory_mb = 1024, processes = 32, file_mb = 256;

  bool operator==(const PluginLimits&) const = default;
};

/// A command as a tool: no shell, one process a call.
struct ScriptTool {
  Json listed;                       ///< as parse_declared_tool reads it
  std::vector<std::string> command;  ///< with {{argument}} in it
  std::string input = {};            ///< standard input, with {{argument}} in it
};

struct Manifest {
  std::string name, version, description;
  std::vector<std::string> command = {};  ///< of a program that speaks the wire; empty: none
  std::string library = {};               ///< of the C interface; empty: none
  std::vector<ScriptTool> scripts = {};
  Json corrections = Json::object();  ///< by the tool's own name: members that go before what the plugin says of it
  PluginPermissions permissions = {};
  PluginLimits limits = {};
};

inline constexpr std::size_t max_manifest_bytes = 256u << 10;

/// file  for errors
/// errors  invalid: TOML that does not parse, a member that is unknown, missing or of another type, a permission for "/", "~", or
///         a folder of the system; limit
Result<Manifest> parse_manifest(std::string_view text, const std::string& file);

/// Of FOLDER/plugin.toml.
/// errors  not_found, and those of parse_manifest
Result<Manifest> load_manifest(const std::string& folder);

/// Whether a plugin may ask for this path at all: not for the whole machine, all of a person's files, or what is the system's.
/// file    for the error
/// errors  denied
Result<void> check_permission_path(const std::string& path, const std::string& file);

/// The permissions as they are shown and kept.
Json to_json(const PluginPermissions& permissions);

}  // namespace deed
