// What the configuration says of models: aliases, providers, prices.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "deed/agent/settings.hpp"
#include "deed/llm/model.hpp"

namespace deed {

using Environment = std::function<std::optional<std::string>(std::string_view)>;

/// The model that is used where `name` is said; of a chain each. "" is `alias.plan`, else `other`. An alias may name an alias.
/// errors  invalid: aliases that lead in a circle
Result<std::string> resolve_model(const Settings& settings, std::string name, std::string_view other);

/// Addresses, keys and headers by provider. A key is read only of the providers that `names` (resolved) asks for: commands may be slow
/// and ask for a password. errors  those of the secret's source; invalid: a header without a name, or with a variable that is not set
Result<std::map<std::string, ProviderSettings, std::less<>>> provider_settings(const Settings& settings, std::string_view names,
                                                                                const Environment& getenv);

/// Rows that go before the built-in ones. What a row does not say is as the built-in row of that name has it.
/// errors  invalid: a price or window below 0
Result<std::vector<ModelRow>> own_models(const Settings& settings);

}  // namespace deed
