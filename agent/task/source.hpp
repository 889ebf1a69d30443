// A task file's text as JSON, with the line and column of every value: YAML 1.2 (core schema) or JSON, within limits.
// Source: https://yaml.org/spec/1.2.2/#103-core-schema
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "deed/core/json.hpp"

namespace deed {

/// Counted from 1; {0, 0} is not known.
struct SourcePlace {
  int line = 0;
  int column = 0;

  bool operator==(const SourcePlace&) const = default;
};

struct SourceLimits {
  std::size_t max_bytes = 1u << 20;
  std::size_t max_values = 100'000;  ///< after aliases have been put in place of their anchors
  int max_depth = 32;
};

struct Source {
  Json value;
  /// By JSON pointer: where the value begins; for a member of an object, where its key stands.
  std::map<std::string, SourcePlace, std::less<>> places;

  /// Of the value, or of the nearest one around it that is known.
  SourcePlace place_of(std::string_view pointer) const;
};

/// Plain scalars become null, booleans and numbers as the core schema has it ("yes" and "no" are text); quoted ones are text.
///
/// errors  limit: larger, deeper or with more values than `limits`. invalid: not YAML, a key twice in one mapping, a key that is
///         no text, a tag of another type, several documents, or bytes that are not UTF-8; `where` is "line L, column C"
Result<Source> parse_source(std::string_view text, SourceLimits limits = {});

}  // namespace deed
