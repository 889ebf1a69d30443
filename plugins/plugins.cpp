#include "deed/plugins/plugins.hpp"

#include <algorithm>
#include <filesystem>

#include "deed/agent/settings.hpp"
#include "deed/core/checked.hpp"
#include "deed/core/text.hpp"
#include "deed/plugins/agreements.hpp"
#include "deed/plugins/plugin_files.hpp"
#include "deed/plugins/plugin_host.hpp"

namespace deed {
namespace {

namespace fs = std::filesystem;

using Getenv = std::function<std::optional<std::string>(std::string_view)>;

FoundPlugin broken(FoundPlugin plugin, Error why) {
  plugin.state = PluginState::broken;
  plugin.problem = std::move(why);
  return plugin;
}

Result<void> check_pin(FoundPlugin& plugin, const std::string& pin) {
  const auto further = further_files(plugin.manifest, plugin.folder);
  DEED_TRY(const PluginFiles files, files_of(plugin.folder, further));
  plugin.digest = files.digest;
  if (files.digest == lower_ascii(pin)) return {};
  return fail(ErrorKind::denied, "the plugin's files are not those of plugins." + plugin.manifest.name + ".sha256", plugin.folder,
              "they have " + files.digest);
}

Result<void> judge_agreement(FoundPlugin& plugin, const Agreement* agreement) {
  if (!agreement) return {};
  plugin.state = PluginState::changed;
  if (agreement->folder != plugin.folder || agreement->permissions != to_json(plugin.manifest.permissions)) return {};
  const auto further = further_files(plugin.manifest, plugin.folder);
  DEED_TRY(const std::string stamp, stamp_of(plugin.folder, further));
  plugin.digest = agreement->digest;
  if (stamp != agreement->stamp) {
    DEED_TRY(const PluginFiles files, files_of(plugin.folder, further));
    plugin.digest = files.digest;
    if (files.digest != agreement->digest) return {};
  }
  plugin.state = PluginState::agreed;
  plugin.stamp = stamp;
  plugin.tools = agreement->tools;
  return {};
}

FoundPlugin judged(FoundPlugin plugin, const PluginOptions& options, const Agreements& agreements) {
  if (plugin.state == PluginState::broken) return plugin;
  const auto pin = options.pins.find(plugin.manifest.name);
  if (pin != options.pins.end()) {
    if (auto pinned = check_pin(plugin, pin->second); !pinned) return broken(std::move(plugin), pinned.error());
  }
  auto agreed = judge_agreement(plugin, agreements.find(plugin.manifest.name));
  if (!agreed) return broken(std::move(plugin), agreed.error());
  return plugin;
}

std::vector<std::string> folders_with_manifest(const std::string& folder) {
  std::vector<std::string> out;
  std::error_code ec;
  for (fs::directory_iterator at(folder, ec), end; !ec && at != end; at.increment(ec)) {
    std::error_code ignored;
    if (fs::is_regular_file(at->path() / "plugin.toml", ignored)) out.push_back(at->path().string());
  }
  std::sort(out.begin(), out.end());
  return out;
}

void add_tools(Agent& agent, const FoundPlugin& plugin, std::vector<DeclaredTool> tools, const std::shared_ptr<PluginHost>& host,
               const std::function<void(const std::string&)>& warn) {
  for (DeclaredTool& tool : tools) {
    const std::string name = tool.spec.name;
    if (auto added = agent.tools().add(tool_of(std::move(tool), host)); !added) {
      warn("the tool " + name + " of the plugin in " + plugin.folder + " is left out: " + to_string(added.error()));
    }
  }
}

Result<void> add_one(Agent& agent, const FoundPlugin& plugin, const PluginOptions& options, PluginHostOptions host_options,
                     const std::function<void(const std::string&)>& warn) {
  DEED_TRY(const std::shared_ptr<PluginHost> host, open_plugin(plugin, options, std::move(host_options)));
  std::vector<Json> listed = plugin.tools;
  if (plugin.state == PluginState::named) {
    DEED_TRY(listed, agent.wait(host->list()));
  }
  DEED_TRY(listed, corrected(std::move(listed), plugin.manifest.corrections));
  DEED_TRY(std::vector<DeclaredTool> tools, parse_declared_tools(listed, plugin.manifest.name));
  add_tools(agent, plugin, std::move(tools), host, warn);
  return {};
}

std::string why_not_used(const FoundPlugin& plugin) {
  switch (plugin.state) {
    case PluginState::unseen: return "nobody agreed to it: deed plugin approve " + plugin.manifest.name;
    case PluginState::changed: return "it has changed since you agreed to it: deed plugin approve " + plugin.manifest.name;
    default: return plugin.problem ? to_string(*plugin.problem) : "it is broken";
  }
}

}  // namespace

const char* to_string(PluginState state) {
  switch (state) {
    case PluginState::named: return "named";
    case PluginState::agreed: return "agreed";
    case PluginState::unseen: return "unseen";
    case PluginState::changed: return "changed";
    case PluginState::broken: return "broken";
  }
  return "broken";
}

Result<PluginOptions> plugin_options(const Settings& settings, std::string home, const Getenv& getenv) {
  PluginOptions options{.home = std::move(home), .getenv = getenv};
  if (options.home.empty()) {
    DEED_TRY(options.home, default_home());
  }
  for (const std::string& file : default_setting_sources(getenv).files) {
    options.folders.push_back((fs::path(file).parent_path() / "plugins").string());
  }
  for (std::string& folder : settings.list("plugins.folders")) options.folders.push_back(std::move(folder));
  options.named = settings.list("plugins.use");
  if (const std::string kind = settings.text("plugins.sandbox", "auto"); kind != "auto") {
    DEED_TRY(options.sandbox, with_context(parse_sandbox_kind(kind), settings.origin("plugins.sandbox")));
  }
  for (const std::string& name : settings.names_below("plugins.")) {
    if (settings.flag("plugins." + name + ".in_process")) options.in_process.insert(name);
    if (const std::string pin = settings.text("plugins." + name + ".sha256"); !pin.empty()) options.pins[name] = pin;
  }
  return options;
}

FoundPlugin plugin_in(const std::string& folder) {
  FoundPlugin plugin;
  std::error_code ec;
  plugin.folder = fs::canonical(folder, ec).string();
  if (ec) {
    plugin.folder = folder;
    return broken(std::move(plugin), Error{ErrorKind::not_found, "there is no such folder", folder, ""});
  }
  auto manifest = load_manifest(plugin.folder);
  if (!manifest) return broken(std::move(plugin), manifest.error());
  plugin.manifest = *std::move(manifest);
  if (auto owned = check_owners(plugin.folder); !owned) return broken(std::move(plugin), owned.error());
  plugin.state = PluginState::named;
  return plugin;
}

Result<std::vector<FoundPlugin>> find_plugins(const PluginOptions& options) {
  DEED_TRY(const Agreements agreements, Agreements::load(options.home));
  std::vector<FoundPlugin> found;
  std::set<std::string> names, folders;
  const auto add = [&](FoundPlugin plugin) {
    if (!folders.insert(plugin.folder).second) return;
    const bool is_second = plugin.state != PluginState::broken && !names.insert(plugin.manifest.name).second;
    if (is_second) plugin = broken(std::move(plugin), Error{ErrorKind::conflict, "there is another plugin of the name " + plugin.manifest.name, plugin.folder, ""});
    found.push_back(std::move(plugin));
  };
  for (const std::string& folder : options.named) add(plugin_in(folder));
  for (const std::string& folder : options.folders) {
    for (const std::string& one : folders_with_manifest(folder)) {
      FoundPlugin plugin = plugin_in(one);
      if (plugin.state == PluginState::named) plugin.state = PluginState::unseen;
      add(judged(std::move(plugin), options, agreements));
    }
  }
  return found;
}

void add_plugins(Agent& agent, const std::vector<FoundPlugin>& plugins, const PluginOptions& options,
                 const std::function<Result<Secret>(const std::string& name)>& secret_of, const std::function<void(const std::string& line)>& warn) {
  for (const FoundPlugin& plugin : plugins) {
    const std::string name = plugin.manifest.name.empty() ? "in " + plugin.folder : plugin.manifest.name;
    if (!plugin.is_usable()) {
      warn("the plugin " + name + " is not used: " + why_not_used(plugin));
      continue;
    }
    PluginHostOptions host{.root = agent.root(), .http = &agent.http(), .egress = &agent.egress(), .secret_of = secret_of};
    // Whoever names a plugin is writing it, and wants to hear it.
    if (plugin.state == PluginState::named) host.log = [warn, name](const std::string& line) { warn(name + ": " + line); };
    if (auto added = add_one(agent, plugin, options, std::move(host), warn); !added) {
      warn("the plugin " + name + " is not used: " + to_string(added.error()));
    }
  }
}

PluginReloader::PluginReloader(const std::vector<FoundPlugin>& plugins, PluginOptions options, std::function<Result<Secret>(const std::string& name)> secret_of)
    : options_(std::move(options)), secret_of_(std::move(secret_of)) {
  for (const FoundPlugin& plugin : plugins) {
    if (plugin.state != PluginState::named) continue;
    watched_.push_back({plugin.folder, plugin.manifest.name, stamp_of(plugin.folder, further_files(plugin.manifest, plugin.folder)).value_or("")});
  }
}

void PluginReloader::look(Agent& agent, const std::function<void(const std::string& line)>& tell) {
  for (Watched& watched : watched_) {
    const FoundPlugin plugin = plugin_in(watched.folder);
    const std::string stamp = stamp_of(plugin.folder, further_files(plugin.manifest, plugin.folder)).value_or("");
    if (stamp == watched.stamp) continue;
    watched.stamp = stamp;
    std::vector<std::string> old;
    for (const RegisteredTool& entry : agent.tools().tools()) {
      if (entry.tool.spec.name.starts_with(watched.name + ".")) old.push_back(entry.tool.spec.name);
    }
    for (const std::string& name : old) agent.tools().remove(name);
    if (!plugin.problem) watched.name = plugin.manifest.name;
    tell("the plugin in " + watched.folder + " has changed and is loaded again");
    add_plugins(agent, {plugin}, options_, secret_of_, tell);
  }
}

Result<std::vector<Json>> agree_to(const FoundPlugin& plugin, const PluginOptions& options, Agent& agent) {
  if (plugin.problem) return fail(*plugin.problem);
  DEED_TRY(Agreements agreements, Agreements::load(options.home));
  const auto further = further_files(plugin.manifest, plugin.folder);
  DEED_TRY(const PluginFiles before, files_of(plugin.folder, further));
  FoundPlugin named = plugin;
  named.state = PluginState::named;
  DEED_TRY(const std::shared_ptr<PluginHost> host, open_plugin(named, options, {.root = agent.root(), .http = &agent.http(), .egress = &agent.egress()}));
  DEED_TRY(std::vector<Json> listed, agent.wait(host->list()));
  DEED_TRY(const std::vector<Json> shown, corrected(listed, plugin.manifest.corrections));
  DEED_OK(parse_declared_tools(shown, plugin.manifest.name));
  // What was listed is what these files list.
  DEED_TRY(const PluginFiles files, files_of(plugin.folder, further));
  if (files.digest != before.digest) return fail(ErrorKind::conflict, "the plugin's files changed meanwhile", plugin.folder, "approve it again");
  agreements.set(plugin.manifest.name, {plugin.folder, files.digest, files.stamp, to_json(plugin.manifest.permissions), std::move(listed)});
  DEED_OK(agreements.save());
  return shown;
}

Result<void> forget_plugin(const std::string& name, const PluginOptions& options) {
  DEED_TRY(Agreements agreements, Agreements::load(options.home));
  if (!agreements.remove(name)) return fail(ErrorKind::not_found, "nobody agreed to a plugin \"" + escaped(name) + "\"", "", "deed plugin list");
  return agreements.save();
}

}  // namespace deed
