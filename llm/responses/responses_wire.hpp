// What OpenAI's Responses API is asked: the bytes of a request's body. Nothing is kept on the server (store: false), so a request holds
// the whole conversation, with the encrypted reasoning of earlier replies; the input comes before everything that may differ from turn to
// turn. Source: https://platform.openai.com/docs/api-reference/responses/create
#pragma once

#include "deed/llm/model.hpp"

#include <cstdint>
#include <string>

namespace deed {

struct ResponsesWireOptions {
  std::string model;           ///< as the server names it
  std::string replay_to = {};  ///< whose reasoning items are sent back (Replay::provider)
};

/// The body: one JSON object. Pure; bytes that are not UTF-8 become U+FFFD. The API has no seed and no stop texts: both are left out.
/// It takes no audio: there is none in `request` (ModelInfo::takes_audio is false, see check_media).
std::string to_responses_wire(const ModelRequest& request, const ResponsesWireOptions& options);

/// What is asked for where a reply may have `max_tokens`: the API has a least.
std::int64_t responses_max_tokens(std::int64_t max_tokens);

}  // namespace deed
