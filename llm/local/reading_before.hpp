// Steps that have to look something up before they can act.
#pragma once

#include "deed/llm/local/lexicon.hpp"
#include "deed/llm/local/material.hpp"

#include <cstddef>
#include <optional>

namespace deed {

/// The tool that has to read something before `tool` can do the step: "save http://… as page.txt"
/// names a place that only a reading tool takes, and no text. nullopt: none has to. Pure.
std::optional<std::size_t> reading_before(const ToolDefinition& tool, const ClauseStep& step,
                                          const Material& material, const ToolList& tools);

}  // namespace deed
