// Claude, at Anthropic or at another server that speaks the Messages API.
#pragma once

#include "deed/llm/model.hpp"

#include <memory>
#include <string>

namespace deed {

/// "anthropic:NAME". The key is ANTHROPIC_API_KEY (header x-api-key), else ANTHROPIC_AUTH_TOKEN (header Authorization: Bearer), as in the
/// official clients; ANTHROPIC_BASE_URL names another server. errors  as open_model
/// source  https://github.com/anthropics/anthropic-sdk-python, _client.py
Result<std::unique_ptr<Model>> open_anthropic(std::string name, const ModelEnvironment& environment);

}  // namespace deed
