// Replies of a model that was trained to call tools: in the format of its own chat template, held to the schemas of the tools and to
// the texts that may be copied into them.
#pragma once

#include "deed/llm/local/llama_chat.hpp"
#include "deed/llm/local/llama_engine.hpp"
#include "deed/llm/model.hpp"

#include <functional>

namespace deed {

/// One reply to `request`, with or without tools or a response schema. `tell` hears text and reasoning as they come, and each call when
/// it is whole; it may be empty.
///
/// Arguments that say where an effect goes are copied from the conversation (call_scope.hpp). Most formats cannot write anything else.
/// In those whose grammar holds no schema (Gemma 4) the reply is checked and written again, three times in all; then it is a refusal.
///
/// errors  limit: the prompt leaves no room for a reply. unsupported: the template refuses the conversation. Others as
///         LlamaEngine::write
Result<Reply> reply_in_own_format(LlamaEngine& engine, const ChatTemplate& format, const ModelRequest& request,
                                  const std::function<void(const StreamEvent&)>& tell);

}  // namespace deed
