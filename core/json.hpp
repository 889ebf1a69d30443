// JSON as a value: nlohmann/json with members in the order in which they were written (a schema's properties are a
// form, and a form has an order), and a parser with limits that reports failures as an Error.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "deed/core/result.hpp"

namespace deed {

using Json = nlohmann::ordered_json;

struct JsonLimits {
  std::size_t max_bytes = 64u << 20;
  int max_depth = 128;
};

/// Whether a text may be parsed, going by its size and depth alone.
/// errors  limit
Result<void> check_json_limits(std::string_view text, JsonLimits limits);

/// Parses one JSON text (RFC 8259; UTF-8, no comments, nothing behind the value).
/// errors  limit: larger or deeper than `limits`. invalid: `where` is "byte N"
Result<Json> parse_json(std::string_view text, JsonLimits limits = {});

/// One line; bytes that are not UTF-8 become U+FFFD. `indent` < 0 means one line.
std::string to_text(const Json& value, int indent = -1);

/// The same value always gives the same bytes: keys sorted, no blanks. What hashes of arguments are taken of.
std::string canonical_text(const Json& value);

/// The member `key` as text, or `other` where it is absent or not a string.
std::string string_at(const Json& object, std::string_view key, std::string_view other = {});

}  // namespace deed
