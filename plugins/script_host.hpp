// Commands as tools: an argument vector with the call's arguments put in, no shell, one sandboxed process a call.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "deed/plugins/child_process.hpp"
#include "deed/plugins/manifest.hpp"
#include "deed/plugins/plugin_host.hpp"

namespace deed {

/// The command of one call. Pure.
/// errors  invalid: a value that begins with "-" in an element of its own, where no "--" stands before it (it would be an option);
///         a value that is an object, or has a NUL; `where` is the argument
Result<std::vector<std::string>> filled_command(const std::vector<std::string>& pattern, const Json& arguments);

/// The same for a text: an absent argument is nothing.
Result<std::string> filled_text(const std::string& pattern, const Json& arguments);

/// folder  of the plugin: where a program "./name" is
/// child   without `command`
/// may_start  asked before each process, as in ProcessHostOptions; may be empty
std::shared_ptr<PluginHost> make_script_host(std::vector<ScriptTool> tools, std::string folder, ChildOptions child,
                                             std::function<Result<void>()> may_start = {});

}  // namespace deed
