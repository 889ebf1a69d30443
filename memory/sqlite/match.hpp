// From the user's words to a query that FTS5 understands, in which none of its syntax has a
// meaning. Source: https://sqlite.org/fts5.html#full_text_query_syntax
#pragma once

#include "deed/core/result.hpp"

#include <string>
#include <string_view>

namespace deed::sqlite {

inline constexpr std::size_t max_query_bytes = 1024;

/// Each word as a quoted string, the last one also as the beginning of a longer word; empty if
/// `query` has no word. errors  limit: more than max_query_bytes
Result<std::string> match_expression(std::string_view query);

/// One line: runs of blanks and control characters become one blank.
std::string on_one_line(std::string_view text);

}  // namespace deed::sqlite
