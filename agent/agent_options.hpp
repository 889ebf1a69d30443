// From settings (files, environment, flags) to the options of an agent.
#pragma once

#include "deed/agent/agent.hpp"
#include "deed/agent/settings.hpp"

namespace deed {

/// Reads the settings' texts into types, and secrets from where they are.
/// errors  invalid, with the setting's origin; those of the secret's source
Result<AgentOptions> agent_options(const Settings& settings,
                                   const std::function<std::optional<std::string>(std::string_view)>& getenv);

}  // namespace deed
