// Models that are reached by chat completions: OpenAI's and those of everything that speaks its API.
#pragma once

#include "deed/llm/model.hpp"

#include <memory>
#include <string>

namespace deed {

/// "http(s)://host[:port][/v1]#NAME". errors  as open_model
Result<std::unique_ptr<Model>> open_chat_url(std::string name, const ModelEnvironment& environment);

/// "chat:NAME": OpenAI's own models, or those of OPENAI_BASE_URL, by chat completions. errors  as open_model
Result<std::unique_ptr<Model>> open_openai_chat(std::string name, const ModelEnvironment& environment);

}  // namespace deed
