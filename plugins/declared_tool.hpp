// What a plugin says of one of its tools, in the shape in which the Model Context Protocol lists tools; what only deed asks for is
// in the member `_meta.deed`. One shape for libraries, programs and manifests: it is what is shown, approved and kept.
// Source: https://modelcontextprotocol.io/specification/2025-06-18/server/tools
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "deed/core/json.hpp"
#include "deed/tools/tool.hpp"

namespace deed {

struct DeclaredTool {
  std::string own_name;  ///< what the plugin calls it
  ToolSpec spec;         ///< named PLUGIN.TOOL
  bool has_preview = false;
  bool has_probe = false;
  bool is_quick = false;       ///< may run on the loop thread
  bool is_concurrent = false;  ///< calls may overlap
  bool errors_reject = false;  ///< of a tool that knows no outcomes: an error says that nothing happened
};

inline constexpr std::size_t max_tools_of_plugin = 256;
inline constexpr std::size_t max_declaration_bytes = 1u << 20;

/// Whether this can be a plugin's name: letters, digits and '_', a letter first, at most 32 bytes.
bool is_plugin_name(std::string_view name);

/// "sqlite", "query" -> "sqlite.query"; characters that a tool's name may not have become '_', and a name that says its plugin already
/// ("sqlite.query") stays.
std::string tool_name_of(std::string_view plugin, std::string_view own_name);

/// Reads one tool as it was listed. Of a tool that says nothing of effects (`_meta.deed.effect`), `annotations` decide: readOnlyHint is `read`, idempotentHint
/// `idempotent`, all else `once`.
/// errors  invalid: a member that is missing or wrong; `where` names the tool
Result<DeclaredTool> parse_declared_tool(const Json& listed, std::string_view plugin);

/// All of a list.
/// errors  those of the above; limit; conflict: two of one name
Result<std::vector<DeclaredTool>> parse_declared_tools(const std::vector<Json>& listed, std::string_view plugin);

/// The list with what the user's manifest says of these tools put over it.
/// corrections  by own name: members of `_meta.deed`
/// errors       not_found: a correction of a tool that is not there
Result<std::vector<Json>> corrected(std::vector<Json> listed, const Json& corrections);

}  // namespace deed
