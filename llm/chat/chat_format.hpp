// OpenAI's chat completions, which most servers speak: llama-server, vLLM, Ollama, OpenRouter, DeepSeek, Mistral, Groq, LM Studio.
// Source: https://platform.openai.com/docs/api-reference/chat
#pragma once

#include "deed/llm/chat/chat_wire.hpp"
#include "deed/llm/remote/wire_format.hpp"

#include <memory>

namespace deed {

std::unique_ptr<WireFormat> make_chat_format(ChatWireOptions options);

}  // namespace deed
