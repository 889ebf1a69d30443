// Where the code of a plugin is going to run, and what it may touch there.
#include <algorithm>
#include <filesystem>
#include <map>

#include "deed/core/checked.hpp"
#include "deed/plugins/library_host.hpp"
#include "deed/plugins/plugin_files.hpp"
#include "deed/plugins/plugins.hpp"
#include "deed/plugins/process_host.hpp"
#include "deed/plugins/program_path.hpp"
#include "deed/plugins/script_host.hpp"

namespace deed {
namespace {

namespace fs = std::filesystem;

using Getenv = std::function<std::optional<std::string>(std::string_view)>;

// Files may be replaced while deed runs: what is started is what was agreed to.
std::function<Result<void>()> still_as_agreed(const FoundPlugin& plugin) {
  if (plugin.state != PluginState::agreed) return {};
  return [folder = plugin.folder, further = further_files(plugin.manifest, plugin.folder), stamp = plugin.stamp]() -> Result<void> {
    DEED_TRY(const std::string now, stamp_of(folder, further));
    if (now == stamp) return {};
    return fail(ErrorKind::denied, "the plugin's files have changed while deed ran", folder, "look at them, then: deed plugin approve");
  };
}

std::string home_of_user(const Getenv& getenv) {
  const auto home = getenv ? getenv("HOME") : std::nullopt;
  return home.value_or("");
}

// What a permission means here. Deed's own folder is nobody's but deed's.
Result<std::string> meant_path(const std::string& path, const PluginOptions& options, const std::string& root) {
  std::string whole = path == "." ? root : path;
  if (path.starts_with("~/")) {
    const std::string home = home_of_user(options.getenv);
    if (home.empty()) return fail(ErrorKind::invalid, "$HOME is not set", path);
    whole = home + path.substr(1);
  }
  std::error_code ec;
  const std::string real = fs::canonical(whole, ec).string();
  if (ec) return fail(ErrorKind::not_found, "the plugin asks for a folder that is not there", escaped(whole), "make it, or change plugin.toml");
  const std::string own = fs::weakly_canonical(options.home, ec).string();
  const auto is_within = [](const std::string& inner, const std::string& outer) { return inner == outer || inner.starts_with(outer == "/" ? outer : outer + "/"); };
  if (real == "/" || is_within(own, real) || is_within(real, own)) {
    return fail(ErrorKind::denied, "the plugin would see deed's own files", escaped(real), path == "." ? "choose another working folder: --root" : "");
  }
  // A link may lead where nobody would have agreed to.
  if (path != ".") DEED_OK(check_permission_path(real, escaped(path)));
  return real;
}

// Of deed's environment only what the manifest names; the rest is the same everywhere.
std::vector<std::string> environment_for(const FoundPlugin& plugin, const Getenv& getenv) {
  std::map<std::string, std::string> all = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}, {"LANG", "C.UTF-8"}, {"PYTHONDONTWRITEBYTECODE", "1"}, {"PYTHONUNBUFFERED", "1"}};
  for (const std::string& name : plugin.manifest.permissions.environment) {
    if (const auto value = getenv ? getenv(name) : std::nullopt) all[name] = *value;
  }
  all["DEED_PLUGIN"] = plugin.folder;
  std::vector<std::string> out;
  for (const auto& [name, value] : all) out.push_back(name + "=" + value);
  return out;
}

Result<SandboxKind> sandbox_for(const PluginOptions& options) {
  if (!options.sandbox) return best_sandbox();
  DEED_OK(try_sandbox(*options.sandbox));
  return *options.sandbox;
}

Result<ChildOptions> child_of(const FoundPlugin& plugin, const PluginOptions& options, const std::string& root) {
  const Manifest& manifest = plugin.manifest;
  ChildOptions child;
  DEED_TRY(child.sandbox, sandbox_for(options));
  const auto& wanted = manifest.permissions;
  const auto sees_root = [](const std::vector<std::string>& list) { return std::find(list.begin(), list.end(), ".") != list.end(); };
  child.folder = sees_root(wanted.read) || sees_root(wanted.write) ? root : plugin.folder;
  SandboxRules& rules = child.rules;
  rules.readable.push_back(plugin.folder);
  for (const std::string& path : wanted.read) {
    DEED_TRY(std::string meant, meant_path(path, options, root));
    rules.readable.push_back(std::move(meant));
  }
  for (const std::string& path : wanted.write) {
    DEED_TRY(std::string meant, meant_path(path, options, root));
    rules.writable.push_back(std::move(meant));
  }
  for (std::string& path : further_files(manifest, plugin.folder)) rules.readable.push_back(std::move(path));
  rules.network = wanted.network;
  rules.max_memory_bytes = static_cast<std::uint64_t>(manifest.limits.memory_mb) << 20;
  rules.max_file_bytes = static_cast<std::uint64_t>(manifest.limits.file_mb) << 20;
  rules.max_processes = static_cast<int>(manifest.limits.processes);
  child.environment = environment_for(plugin, options.getenv);
  return child;
}

// deed itself, for `deed plugin serve`.
Result<std::string> serving_command(const PluginOptions& options) {
  if (!options.deed_command.empty()) return options.deed_command;
  std::error_code ec;
  const fs::path self = fs::read_symlink("/proc/self/exe", ec);
  if (!ec && self.filename() == "deed") return self.string();
  const auto found = program_path("deed", "");
  if (found) return *found;
  return fail(ErrorKind::not_found, "the command deed, which runs a library in a process of its own, is not installed", "",
              "install it, or let the library run in this process");
}

Result<PluginServices> services_of(const PluginPermissions& may, const PluginHostOptions& host) {
  PluginServices services{.http = host.http, .guard = host.egress, .secrets = may.secrets, .secret_of = host.secret_of, .log = host.log};
  for (const std::string& text : may.hosts) {
    DEED_TRY(AllowedHost allowed, AllowedHost::parse(text));
    services.hosts.push_back(std::move(allowed));
  }
  return services;
}

Result<std::string> library_path(const FoundPlugin& plugin) {
  const std::string& library = plugin.manifest.library;
  if (library.starts_with('/')) return library;
  DEED_TRY(const RelativePath path, RelativePath::parse(library));
  return plugin.folder + "/" + path.text();
}

Result<std::shared_ptr<PluginHost>> open_library_here(const FoundPlugin& plugin, PluginServices services) {
  DEED_TRY(const std::string path, library_path(plugin));
  DEED_OK(check_owners(path));
  DEED_OK(check_owners(plugin.folder));
  // Without a log of the loop's: a library may speak on any thread.
  DEED_TRY(std::shared_ptr<CLibrary> library, CLibrary::load(path, {}));
  if (library->name() != plugin.manifest.name) {
    return fail(ErrorKind::invalid, "the library says that it is \"" + library->name() + "\", its manifest \"" + plugin.manifest.name + "\"", path);
  }
  return make_library_host(std::move(library), std::move(services));
}

}  // namespace

Result<std::shared_ptr<PluginHost>> open_plugin(const FoundPlugin& plugin, const PluginOptions& options, PluginHostOptions host) {
  if (plugin.problem) return fail(*plugin.problem);
  const Manifest& manifest = plugin.manifest;
  DEED_TRY(PluginServices services, with_context(services_of(manifest.permissions, host), plugin.folder));
  if (!manifest.library.empty() && options.in_process.contains(manifest.name)) return open_library_here(plugin, std::move(services));
  DEED_TRY(ChildOptions child, child_of(plugin, options, host.root));
  if (!manifest.scripts.empty()) return make_script_host(manifest.scripts, plugin.folder, std::move(child), still_as_agreed(plugin));
  child.command = manifest.command;
  if (manifest.library.empty()) {
    DEED_TRY(child.command.front(), program_path(child.command.front(), plugin.folder));
    // A file of the folder is found wherever the program works.
    for (std::size_t i = 1; i < child.command.size(); ++i) {
      std::string& word = child.command[i];
      std::error_code ec;
      const auto path = RelativePath::parse(word);
      if (path && fs::is_regular_file(plugin.folder + "/" + path->text(), ec)) word = plugin.folder + "/" + path->text();
    }
  } else {
    DEED_TRY(const std::string path, library_path(plugin));
    DEED_TRY(const std::string deed, serving_command(options));
    child.command = {deed, "plugin", "serve", path};
    child.rules.readable.push_back(deed);
  }
  ProcessHostOptions process{.child = std::move(child), .may_start = still_as_agreed(plugin)};
  if (plugin.state == PluginState::agreed) process.agreed = plugin.tools;
  return make_process_host(std::move(process), std::move(services));
}

Result<void> add_linked_plugin(Agent& agent, deed_plugin_entry_function entry, const PluginPermissions& may,
                               std::function<Result<Secret>(const std::string& name)> secret_of) {
  DEED_TRY(PluginServices services, services_of(may, {.http = &agent.http(), .egress = &agent.egress(), .secret_of = std::move(secret_of)}));
  DEED_TRY(std::shared_ptr<CLibrary> library, CLibrary::adopt(entry, {}));
  DEED_TRY(std::vector<DeclaredTool> tools, parse_declared_tools(library->tools(), library->name()));
  const auto host = make_library_host(std::move(library), std::move(services));
  for (DeclaredTool& tool : tools) DEED_OK(agent.tools().add(tool_of(std::move(tool), host)));
  return {};
}

}  // namespace deed
