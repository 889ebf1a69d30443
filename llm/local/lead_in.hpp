// Clauses that ask for nothing to be done: what leads up to the task, and what asks to be told what
// was found, which the end of a run does anyway.
#pragma once

#include "deed/llm/local/lexicon.hpp"

#include <string>
#include <vector>

namespace deed {

/// Whether clause `index` only leads up to those behind it ("I have two pages to compare.", "Coffee
/// first, but"). Pure.
bool is_lead_in(const std::vector<std::string>& plan, std::size_t index, const Lexicon& lexicon);

/// Whether the clause, behind a step that read something, only asks to be told what was found: "and
/// tell me what it says". Pure.
bool only_asks_to_be_told(const std::string& clause, const Lexicon& lexicon);

/// Whether the clause says what not to do: "don't change anything". Pure.
bool is_ruled_out(const std::string& clause);

}  // namespace deed
