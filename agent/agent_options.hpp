// From settings (files, environment, flags) to the options of an agent.
#pragma once

#include "deed/agent/agent.hpp"
#include "deed/agent/settings.hpp"

namespace deed {

/// Reads the settings' texts into types, and secrets from where they are.
/// task    may be null: the task whose models and secrets are wanted too
/// errors  invalid, with the setting's origin; those of the secret's source. not_found: a secret of the task that is nowhere
Result<AgentOptions> agent_options(const Settings& settings,
                                   const std::function<std::optional<std::string>(std::string_view)>& getenv,
                                   const Task* task = nullptr);

}  // namespace deed
