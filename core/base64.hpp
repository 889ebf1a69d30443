// Base64 (RFC 4648, section 4): with padding, without line breaks.
#pragma once

#include "deed/core/result.hpp"

#include <string>
#include <string_view>

namespace deed {

std::string base64(std::string_view bytes);

/// errors  corrupt: a character outside the alphabet, or a length that no encoding has
Result<std::string> parse_base64(std::string_view text);

}  // namespace deed
