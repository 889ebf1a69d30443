// JSON Schemas as Anthropic's structured outputs take them.
// Source: https://platform.claude.com/docs/en/build-with-claude/structured-outputs, "JSON Schema limitations"
#pragma once

#include "deed/core/json.hpp"

namespace deed {

/// `schema` without the keywords that the API refuses (bounds of numbers, lengths and counts, formats that it does not know), and with
/// "additionalProperties": false in every object, as the official clients send it. What was left out is appended to the description of
/// its place, so that the model knows it; whoever reads the reply checks it against the whole schema. Pure.
Json structured_output_schema(const Json& schema);

}  // namespace deed
