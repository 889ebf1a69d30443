// Gemini, at Google or at another server that speaks generateContent.
#pragma once

#include "deed/llm/model.hpp"

#include <memory>
#include <string>

namespace deed {

/// "gemini:NAME". The key is GOOGLE_API_KEY, else GEMINI_API_KEY, as in Google's own client; GOOGLE_GEMINI_BASE_URL names another server.
/// errors  as open_model
/// source  https://github.com/googleapis/python-genai, google/genai/_api_client.py (get_env_api_key), _base_url.py
Result<std::unique_ptr<Model>> open_gemini(std::string name, const ModelEnvironment& environment);

}  // namespace deed
