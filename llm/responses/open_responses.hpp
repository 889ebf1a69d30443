// OpenAI's models, by whichever of its two APIs fits.
#pragma once

#include "deed/llm/model.hpp"

#include <memory>
#include <string>

namespace deed {

/// "openai:NAME": by Responses where the address is OpenAI's own, by chat completions where OPENAI_BASE_URL names another server, which
/// mostly speaks only those, and for the few models that OpenAI has there only. errors  as open_model
Result<std::unique_ptr<Model>> open_openai(std::string name, const ModelEnvironment& environment);

/// "openai-responses:NAME": by Responses, whatever the address. errors  as open_model
Result<std::unique_ptr<Model>> open_openai_responses(std::string name, const ModelEnvironment& environment);

}  // namespace deed
