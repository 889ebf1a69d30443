// What the bytes of a mail mean as text: transfer encodings, charsets, and what is taken out of a text that anyone may have written.
// Internal: no public header includes it.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace deed {

/// `bytes` in UTF-8. An unknown charset, or bytes that are not of the one that is named, are read as UTF-8, or else as windows-1252.
/// charset  as a mail names it; empty: not named
/// is_lie   set to true where the named charset is unknown or wrong
std::string utf8_from_charset(std::string_view bytes, std::string_view charset, bool& is_lie);

/// `text`, which is UTF-8, with LF line ends, and without control characters (C0, DEL, C1) but LF and tab and without tag characters
/// (U+E0000 to U+E007F), which show nothing and spell ASCII.
std::string without_controls(std::string_view text);

/// As a header's value: one line, runs of blanks are one, no characters that cannot be seen.
std::string as_one_line(std::string_view text);

/// Calls `sink` with the decoded bytes, piece by piece, until it answers false.
/// encoding  of Content-Transfer-Encoding, lower case
/// returns   false if the encoding is not known; the bytes are handed on as they are
bool decode_transfer(std::string_view bytes, std::string_view encoding, const std::function<bool(std::string_view)>& sink);

}  // namespace deed
