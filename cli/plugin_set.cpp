#include "deed/cli/plugin_set.hpp"

#include "deed/agent/secret_source.hpp"

namespace deed {

Result<PluginSet> plugin_set(const Settings& settings, const Flags& flags) {
  PluginSet set;
  DEED_TRY(set.options, plugin_options(settings, flags.home, environment));
  DEED_TRY(set.plugins, find_plugins(set.options));
  // Whoever names a plugin now means this one; a run that is resumed waits for one that is gone.
  for (const std::string& folder : flags.plugins) {
    const FoundPlugin named = plugin_in(folder);
    if (named.problem) return fail(*named.problem);
  }
  for (const FoundPlugin& plugin : set.plugins) {
    if (!plugin.is_usable()) continue;
    for (const std::string& name : plugin.manifest.permissions.secrets) {
      if (!has_named_secret(settings, name, environment)) continue;
      DEED_TRY(set.secrets[name], named_secret(settings, name, environment));
    }
  }
  return set;
}

std::function<Result<Secret>(const std::string& name)> secrets_of(const PluginSet& set) {
  return [secrets = set.secrets](const std::string& name) -> Result<Secret> {
    const auto found = secrets.find(name);
    if (found != secrets.end()) return found->second;
    return fail(ErrorKind::not_found, "there is no secret \"" + name + "\"", "", "set it in the environment or the configuration: docs/plugins.md");
  };
}

void add_to(Agent& agent, const PluginSet& set, const std::function<void(const std::string& line)>& warn) {
  Redactor redactor;
  for (const auto& [name, secret] : set.secrets) redactor.add(secret);
  const auto tell = [warn, redactor](const std::string& line) { warn(redactor.redact(line)); };
  add_plugins(agent, set.plugins, set.options, secrets_of(set), tell);
}

}  // namespace deed
