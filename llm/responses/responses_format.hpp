// OpenAI's Responses API, in which reasoning models keep their thoughts from one tool call to the next.
// Source: https://platform.openai.com/docs/api-reference/responses
#pragma once

#include "deed/llm/remote/wire_format.hpp"
#include "deed/llm/responses/responses_wire.hpp"

#include <memory>

namespace deed {

std::unique_ptr<WireFormat> make_responses_format(ResponsesWireOptions options);

}  // namespace deed
