// Models of an Ollama server, by its own API. (It speaks chat completions, too, but then it cuts prompts that do not fit and says nothing.)
#pragma once

#include "deed/llm/model.hpp"
#include "deed/llm/ollama/ollama_wire.hpp"
#include "deed/llm/remote/wire_format.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace deed {

/// The window that is asked for where nobody says how large the model's is. Ollama's own 4,096 do not hold a few tools and a page; each
/// thousand tokens of window cost a model of 8 billion parameters some 130 MB of memory.
inline constexpr std::int64_t ollama_window = 16'384;

/// "ollama:NAME". The window is that of the user's own row for the model, else OLLAMA_CONTEXT_LENGTH, else ollama_window; the server is
/// told to make room for it, so that what the run counts with is what the model reads. Models of ollama.com have their own.
/// errors  as open_model
Result<std::unique_ptr<Model>> open_ollama(std::string name, const ModelEnvironment& environment);

std::unique_ptr<WireFormat> make_ollama_format(OllamaWireOptions options);

}  // namespace deed
