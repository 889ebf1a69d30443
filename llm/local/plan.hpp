// The steps of a request, before anything is known of how each is done.
#pragma once

#include "deed/llm/local/segments.hpp"
#include "deed/llm/model.hpp"

#include <string>
#include <vector>

namespace deed {

/// The words with which steps begin, by what the tools say of themselves and of how they are asked for.
StepWords step_words_of(const ToolList& tools);

/// The steps of a request, in its own words. A statement that says what the order behind it is about is one step
/// with it.
std::vector<std::string> plan_of(const std::string& request, const ToolList& tools);

/// Whether step number `index` asks for nothing and names no place, while one behind it does: "I do hope I am doing
/// this right."
bool leads_up(const std::vector<std::string>& plan, std::size_t index, const StepWords& words);

}  // namespace deed
