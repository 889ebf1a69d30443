#include "deed/llm/providers.hpp"

#include "deed/core/checked.hpp"
#include "deed/core/text.hpp"
#include "deed/llm/anthropic/open_anthropic.hpp"
#include "deed/llm/chat/open_chat.hpp"
#include "deed/llm/fallback.hpp"
#include "deed/llm/gemini/open_gemini.hpp"
#include "deed/llm/local/local_model.hpp"
#include "deed/llm/ollama/open_ollama.hpp"
#include "deed/llm/responses/open_responses.hpp"
#include "deed/llm/structured_reply.hpp"

namespace deed {
namespace {

Result<std::unique_ptr<Model>> open_local(std::string name, const ModelEnvironment& environment) {
  return open_local_model(name.substr(name.find(':') + 1), environment);
}

constexpr Provider provider_rows[] = {
    {"local", "local:NAME or local:/path/to/model.gguf", "runs inside this process", "", open_local},
    {"openai", "openai:NAME", "OpenAI, or OPENAI_BASE_URL; key from OPENAI_API_KEY", "OPENAI_API_KEY", open_openai},
    {"openai-responses", "openai-responses:NAME", "the same, always by the Responses API", "OPENAI_API_KEY", open_openai_responses},
    {"openai-chat", "openai-chat:NAME", "the same, always by chat completions", "OPENAI_API_KEY", open_openai_chat},
    {"anthropic", "anthropic:NAME", "Claude, at Anthropic or ANTHROPIC_BASE_URL; key from ANTHROPIC_API_KEY", "ANTHROPIC_API_KEY ANTHROPIC_AUTH_TOKEN", open_anthropic},
    {"gemini", "gemini:NAME", "Gemini, at Google or GOOGLE_GEMINI_BASE_URL; key from GEMINI_API_KEY", "GOOGLE_API_KEY GEMINI_API_KEY", open_gemini},
    {"ollama", "ollama:NAME", "Ollama on this machine, or at OLLAMA_HOST; no key, or OLLAMA_API_KEY", "OLLAMA_API_KEY", open_ollama},
    {"https", "https://host/v1#NAME",
     "anything that speaks chat completions; key from DEED_API_KEY", "DEED_API_KEY OPENAI_API_KEY", open_chat_url},
    {"http", "http://127.0.0.1:8080/v1#NAME",
     "the same on this machine or a trusted network; no key leaves it", "DEED_API_KEY OPENAI_API_KEY", open_chat_url},
};

std::string all_forms() {
  std::string out;
  for (const Provider& row : provider_rows) out += (out.empty() ? "" : ", ") + std::string(row.form);
  return out;
}

Result<std::unique_ptr<Model>> open_one(std::string name, const ModelEnvironment& environment) {
  const std::size_t colon = name.find(':');
  const std::string scheme = lower_ascii(std::string_view(name).substr(0, colon));
  for (const Provider& row : provider_rows) {
    if (colon != std::string::npos && row.scheme == scheme) {
      return row.open(std::move(name), environment);
    }
  }
  return fail(ErrorKind::invalid, "no model is named like this", escaped(name),
              "write one of: " + all_forms());
}

}  // namespace

std::span<const Provider> providers() { return provider_rows; }

Result<std::unique_ptr<Model>> open_model(std::string name, const ModelEnvironment& environment) {
  std::vector<std::unique_ptr<Model>> models;
  for (std::string& one : split_model_names(name)) {
    DEED_TRY(std::unique_ptr<Model> model, open_one(std::move(one), environment));
    models.push_back(make_structured(std::move(model)));
  }
  return make_fallback(std::move(models));
}

}  // namespace deed
