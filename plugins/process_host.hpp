// A plugin as a program: started at its first call in its sandbox, spoken to in lines of JSON-RPC, started again after it died.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "deed/plugins/child_process.hpp"
#include "deed/plugins/plugin_host.hpp"

namespace deed {

struct ProcessHostOptions {
  ChildOptions child;
  /// The list that the user agreed to: a program that lists other tools is not used. nullopt: any.
  std::optional<std::vector<Json>> agreed = {};
  /// Asked before each start: whether the files are still those that the user agreed to. Empty: nobody asks.
  std::function<Result<void>()> may_start = {};
  std::chrono::milliseconds start_timeout{30'000};  ///< until it has listed its tools
};

/// A call that breaks off ends with an Error: the process died, wrote what is no message, or too much. At a call's deadline
/// the process is ended with all that it started.
std::shared_ptr<PluginHost> make_process_host(ProcessHostOptions options, PluginServices services);

}  // namespace deed
