// Gemini's generateContent. Source: https://ai.google.dev/api/generate-content#v1beta.models.streamGenerateContent
#pragma once

#include "deed/llm/gemini/gemini_wire.hpp"
#include "deed/llm/remote/wire_format.hpp"

#include <memory>

namespace deed {

std::unique_ptr<WireFormat> make_gemini_format(GeminiWireOptions options);

}  // namespace deed
