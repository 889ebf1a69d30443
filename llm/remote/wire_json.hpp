// JSON as wires read and write it: members that may be missing, and bodies that are written piece by piece.
#pragma once

#include "deed/core/json.hpp"
#include "deed/llm/message.hpp"

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace deed {

/// The member, or null where there is none.
const Json& member(const Json& object, std::string_view key);
/// The member as a count; 0 where it is absent or is none.
std::int64_t count_at(const Json& object, std::string_view key);
/// The first of the members that is a text and not empty.
std::string first_text(const Json& object, std::initializer_list<std::string_view> keys);

/// Adds an element to a list that begins at a "[" and is not closed yet.
void append_item(std::string& list, const Json& item);
/// Adds a member to an object that has one already and is not closed yet.
void append_member(std::string& body, std::string_view key, const Json& value);

/// The schema of a tool's arguments. A tool without any has one too: several servers refuse a schema that is not one of an object.
Json parameters_of(const ToolDefinition& tool);

}  // namespace deed
