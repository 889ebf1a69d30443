// The plugins of a user: found in folders, agreed to once, and added to an agent as tools. docs/plugins.md.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "deed/agent/agent.hpp"
#include "deed/plugins/deed_plugin.h"
#include "deed/plugins/manifest.hpp"
#include "deed/plugins/sandbox.hpp"

namespace deed {

class PluginHost;
class Settings;

struct PluginOptions {
  std::string home;                       ///< deed's: the user's agreements are there. Absolute
  std::vector<std::string> folders = {};  ///< every folder in these that has a plugin.toml is a plugin
  std::vector<std::string> named = {};    ///< folders of plugins that the user names now: they need no agreement
  std::optional<SandboxKind> sandbox = {};  ///< nullopt: the strongest that works here
  std::set<std::string, std::less<>> in_process = {};  ///< names: libraries that run in this process, without a sandbox
  std::map<std::string, std::string, std::less<>> pins = {};  ///< name -> SHA-256 that the files must have
  std::string deed_command = {};  ///< what serves a library in a process of its own; empty: this program, if it is deed
  std::function<std::optional<std::string>(std::string_view)> getenv = {};
};

/// From the settings `plugins.*`; the folders of the user and of the system are searched in any case.
/// home    deed's; empty: the default one
/// errors  invalid: a sandbox that there is not; those of default_home
Result<PluginOptions> plugin_options(const Settings& settings, std::string home,
                                     const std::function<std::optional<std::string>(std::string_view)>& getenv);

enum class PluginState {
  named,    ///< the user names it now
  agreed,   ///< the user agreed to it as it is
  unseen,   ///< nobody agreed to it
  changed,  ///< its files or what it asks for are not those that were agreed to
  broken,   ///< it cannot be used: see `problem`
};
const char* to_string(PluginState state);

struct FoundPlugin {
  std::string folder;  ///< absolute, links resolved
  Manifest manifest = {};
  PluginState state = PluginState::unseen;
  std::optional<Error> problem = {};  ///< of a broken one
  std::string digest = {};            ///< SHA-256 of its files, once they were read
  std::string stamp = {};             ///< of one that was agreed to: of its files as they are now
  std::vector<Json> tools = {};       ///< of one that was agreed to: as it listed them (declared_tool.hpp)

  bool is_usable() const { return state == PluginState::named || state == PluginState::agreed; }
};

/// Every plugin there is, in order of their folders; of two with one name the second is broken. Reads the files of those whose stamps have
/// changed.
/// errors  those of the file of agreements
Result<std::vector<FoundPlugin>> find_plugins(const PluginOptions& options);

/// One by its folder, as if the user had named it.
FoundPlugin plugin_in(const std::string& folder);

/// What a plugin gets of the agent; borrowed for as long as its tools.
struct PluginHostOptions {
  std::string root;              ///< the agent's working folder, absolute
  HttpClient* http = nullptr;
  const EgressGuard* egress = nullptr;
  std::function<Result<Secret>(const std::string& name)> secret_of = {};
  std::function<void(const std::string& line)> log = {};
};

/// Where the plugin's code is going to run; nothing is started.
/// errors  denied: in this process, and its files may be changed by others; unsupported: no sandbox works here; not_found: its program, or a
///         folder that it asks for; those of CLibrary::load
Result<std::shared_ptr<PluginHost>> open_plugin(const FoundPlugin& plugin, const PluginOptions& options, PluginHostOptions host);

/// Adds the tools of all plugins that may be used. One that cannot be used is left out, with a word.
/// secret_of  of the plugins' secrets; may be empty
/// warn       gets a line for people about each plugin that is left out, and what named ones write to their logs; kept as long as the tools
void add_plugins(Agent& agent, const std::vector<FoundPlugin>& plugins, const PluginOptions& options,
                 const std::function<Result<Secret>(const std::string& name)>& secret_of,
                 const std::function<void(const std::string& line)>& warn);

/// The tools of a plugin that is linked into this program (deed_plugin.hpp: DEED_PLUGIN_ENTRY): they run in it, without a sandbox, and need no
/// agreement.
/// entry      the plugin's function
/// may        of which `hosts` and `secrets` count
/// secret_of  of these secrets; may be empty
/// errors     those of the table (deed_plugin.h) and of Registry::add; invalid: a host that is none
Result<void> add_linked_plugin(Agent& agent, deed_plugin_entry_function entry, const PluginPermissions& may = {},
                               std::function<Result<Secret>(const std::string& name)> secret_of = {});

/// Plugins that the user names while they are being written: what has changed since the last look is loaded again.
class PluginReloader {
 public:
  /// plugins  of which the named ones are watched; they have been added already
  PluginReloader(const std::vector<FoundPlugin>& plugins, PluginOptions options, std::function<Result<Secret>(const std::string& name)> secret_of);

  /// Not while a run is driven.
  /// tell  gets a line about each plugin that was loaded again, or that cannot be
  void look(Agent& agent, const std::function<void(const std::string& line)>& tell);

 private:
  struct Watched {
    std::string folder, name, stamp;
  };
  std::vector<Watched> watched_;
  PluginOptions options_;
  std::function<Result<Secret>(const std::string& name)> secret_of_;
};

/// Starts the plugin, lists its tools, and keeps that the user agrees to it as it is now. Precondition: the user was shown what it asks for.
/// errors  those of open_plugin and of listing; of the file
Result<std::vector<Json>> agree_to(const FoundPlugin& plugin, const PluginOptions& options, Agent& agent);

/// errors  not_found: nobody agreed to it
Result<void> forget_plugin(const std::string& name, const PluginOptions& options);

}  // namespace deed
