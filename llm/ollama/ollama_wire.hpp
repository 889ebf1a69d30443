// What an Ollama server is asked by its own API: the bytes of a request's body.
// Source: https://docs.ollama.com/api/chat; https://github.com/ollama/ollama, api/types.go (ChatRequest)
#pragma once

#include "deed/llm/model.hpp"

#include <cstdint>
#include <string>

namespace deed {

struct OllamaWireOptions {
  std::string model;            ///< as the server names it: "qwen3:8b"
  std::string replay_to = {};   ///< whose thoughts are sent back (Replay::provider)
  std::int64_t num_ctx = 0;     ///< tokens for which the server makes room, prompt and reply together; 0: as it does by itself
};

/// The body: one JSON object. Pure; bytes that are not UTF-8 become U+FFFD. The API has no tool choice and no say about parallel calls:
/// where no tool may be called, none are sent; a call that is asked for cannot be forced. It takes pictures only (see check_media).
std::string to_ollama_wire(const ModelRequest& request, const OllamaWireOptions& options);

}  // namespace deed
