// What the calls of one step may be, where a model writes them itself. An argument that says where an effect goes, or which thing
// it is about, is one of the texts that the user or a tool gave: its schema becomes an enum of them. A tool that needs one which
// nobody gave cannot be called in this step. Pure.
#pragma once

#include "deed/llm/model.hpp"

#include <optional>
#include <string>
#include <vector>

namespace deed {

/// So many texts are offered for an argument; what the user said goes first, then the newest results.
inline constexpr std::size_t max_offered = 64;

struct CallScope {
  /// The tools that can be called. Their schemas have only what a grammar can hold a reply to (types, enums, required properties,
  /// bounds of lists and integers), so what fits may still be too long or not match a pattern; the loop says so.
  ToolList callable;
  /// The names of the others: an argument that they need was given by nobody.
  std::vector<std::string> left_out;
};

/// `tools` as `choice` leaves them: none of them, all, or the one that it names.
///
/// Arguments are copied if `ToolDefinition::copied` names them, or if their schema, name or description speak of an address, a URL
/// or a path (grounding.hpp), wherever they are in the arguments. Texts are taken from user messages and from results that are no
/// errors, exactly as they stand there: addresses, URLs and paths; for a path or an id also quotations, words of the user, and whole
/// texts within a result that is JSON. Linear in the transcript.
CallScope scope_of(const ToolList& tools, const Transcript& messages, const ToolCalling& choice);

/// What is wrong with a call, for people; nullopt: it is one of the scope.
std::optional<std::string> fault_of(const ToolCall& call, const CallScope& scope);

}  // namespace deed
