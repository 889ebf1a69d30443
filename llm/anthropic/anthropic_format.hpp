// Anthropic's Messages API, which several other servers speak too.
// Source: https://platform.claude.com/docs/en/api/messages
#pragma once

#include "deed/llm/anthropic/anthropic_wire.hpp"
#include "deed/llm/remote/wire_format.hpp"

#include <memory>

namespace deed {

std::unique_ptr<WireFormat> make_anthropic_format(AnthropicWireOptions options);

}  // namespace deed
