// Models that are reached by chat completions: OpenAI's and those of everything that speaks its API.
#pragma once

#include "deed/llm/model.hpp"
#include "deed/llm/remote/remote_model.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace deed {

/// "http(s)://host[:port][/v1]#NAME". errors  as open_model
Result<std::unique_ptr<Model>> open_chat_url(std::string name, const ModelEnvironment& environment);

/// "openai-chat:NAME": OpenAI's own models, or those of OPENAI_BASE_URL, by chat completions. errors  as open_model
Result<std::unique_ptr<Model>> open_openai_chat(std::string name, const ModelEnvironment& environment);

/// How OpenAI is reached, whichever of its APIs is spoken: address, key, organization and project, from the variables of the official
/// SDK or the settings of "openai". The url is the base. errors  as remote_options
/// source  https://github.com/openai/openai-python, _client.py
Result<RemoteModelOptions> openai_options(std::string name, const ModelEnvironment& environment);

/// `path` ("/responses") below `base`, unless it ends with that already; a bare host gets /v1, which is where nearly all have it.
Result<HttpUrl> openai_url(const HttpUrl& base, std::string_view path);

}  // namespace deed
