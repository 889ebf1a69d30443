// What a model gets of a text that is too long for it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace deed {

/// The head of `text`, the lines of its middle that have most to do with `wanted`, and its tail, with notes of what is
/// left out between them. A pure function; linear in the text.
///
/// A line counts by the words that it shares with `wanted`, the rarer ones in the text the more (inverse document
/// frequency, Spärck Jones 1972). Lines are told in their order. Without a line that shares a word, the head takes their
/// room.
///
/// text       UTF-8; returned as it is where it fits
/// wanted     the user's words
/// max_bytes  of what is kept of the text; the notes come on top
/// where      where all of it is, for the note: "the journal has all of it"
std::string excerpt(std::string_view text, std::string_view wanted, std::size_t max_bytes, std::string_view where);

}  // namespace deed
