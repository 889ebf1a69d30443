// The plugins of one command: found before the agent is opened, since their secrets are blacked out in its journal, and added after.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "deed/cli/flags.hpp"
#include "deed/plugins/plugins.hpp"

namespace deed {

struct PluginSet {
  PluginOptions options = {};
  std::vector<FoundPlugin> plugins = {};
  std::map<std::string, Secret, std::less<>> secrets = {};  ///< of those that may be used, by name; one that is nowhere is left out
};

/// errors  those of plugin_options, find_plugins, and of a secret's source
Result<PluginSet> plugin_set(const Settings& settings, const Flags& flags);

/// The plugins' secrets by name.
std::function<Result<Secret>(const std::string& name)> secrets_of(const PluginSet& set);

/// warn  as add_plugins has it
void add_to(Agent& agent, const PluginSet& set, const std::function<void(const std::string& line)>& warn);

}  // namespace deed
