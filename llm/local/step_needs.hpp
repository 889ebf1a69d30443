// What the words of a step give and what a tool would still need: texts, addresses, files. Pure.
#pragma once

#include "deed/llm/local/lexicon.hpp"
#include "deed/llm/local/material.hpp"

#include <set>
#include <string>

namespace deed {

/// Whether they say a text as such: a quotation, something dictated, a field for it.
bool has_said_text(const Material& material);
/// Whether there is any source of a text at all, the words themselves among them.
bool has_text(const ToolDefinition& tool, const ClauseStep& step, const Material& material);
/// Whether the tool takes files along, and there are some.
bool carries_files(const ToolDefinition& tool, const ClauseStep& step, const Material& material);

/// Where a critical argument could come from: nowhere, an "it" that stands for something before, the words.
enum class ArgumentSource { none, reference, given };
/// `reads`: of a tool that changes nothing.
ArgumentSource source_of(SlotKind kind, const ClauseStep& step, const Material& material, bool is_list, bool reads);

/// The kinds of strings that the tool's arguments take.
std::set<SlotKind> kinds_of(const ToolDefinition& tool);
/// Stems of all that the tool says of itself.
std::set<std::string> own_stems(const ToolDefinition& tool);
/// Whether the clause has words that are content: not its verb, no function words, not the tool's
/// own words, and not in an address, a URL or a path.
bool is_content(const Span& word, const Material& material, const std::set<std::string>& own_stems);
/// Whether the clause has content of its own beside its verb and its places.
bool has_words_left(const ToolDefinition& tool, const Material& material);

/// "a list of what is in the folder drawings"
bool asks_for_listing(const Material& material);
/// "rename a.txt to b.txt": nothing is left where it was.
bool says_move(const Material& material);
/// What is in one place goes into the other, if nothing else is said.
bool transfers(const Material& material);

/// Whether the step lacks a text that `tool` needs, and has no words of its own for one.
bool lacks_text(const ToolDefinition& tool, const ClauseStep& step, const Material& material);
/// Whether the words speak of somebody whose address a step before has found: "ask him to come", "to her address".
bool speaks_of_someone(const Material& material);
/// Whether the tool needs an address and none is given.
bool has_no_address(const ToolDefinition& tool, const ClauseStep& step, const Material& material);
/// The same where the words say where one stands: "Her address is in contacts.txt".
bool lacks_address(const ToolDefinition& tool, const ClauseStep& step, const Material& material);

}  // namespace deed
