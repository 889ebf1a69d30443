// Text as bytes that are, or are not, good UTF-8; small pure functions without a locale.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace deed {

/// True if `text` is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms).
bool is_utf8(std::string_view text);

/// `text` with every byte that is not part of well-formed UTF-8 replaced by U+FFFD.
std::string to_utf8(std::string_view text);

/// True if `text` has a C0 control character (CR, LF, NUL, TAB, …) or DEL. What must be refused in an address, a
/// header or a file name before any library sees it.
bool has_control_characters(std::string_view text);

/// The longest prefix of at most `max_bytes` bytes that does not cut a UTF-8 character.
std::string_view utf8_prefix(std::string_view text, std::size_t max_bytes);
/// The longest suffix of at most `max_bytes` bytes that does not cut a UTF-8 character.
std::string_view utf8_suffix(std::string_view text, std::size_t max_bytes);

std::string_view trim(std::string_view text);
std::string lower_ascii(std::string_view text);
/// Parts between the separators, empty ones included.
std::vector<std::string_view> split(std::string_view text, char separator);

/// Whether `text` matches a pattern in which `*` stands for any run of characters; ASCII case is ignored.
bool glob_match(std::string_view pattern, std::string_view text);

/// "1.4 MB", "312 bytes".
std::string human_bytes(std::size_t bytes);

}  // namespace deed
