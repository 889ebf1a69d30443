// What a schema says about texts: regular expressions with bounded time and stack, and formats.
// Source: https://json-schema.org/draft/2020-12/json-schema-validation, sections 6.3.3 and 7.3; RFC
// 3339
#pragma once

#include "deed/core/result.hpp"

#include <optional>
#include <regex>
#include <string>
#include <string_view>

namespace deed::schema {

/// An ECMAScript pattern over characters, not bytes. Matching never backtracks: its time is at most
/// the product of the sizes of pattern and text (a look-ahead: times the text once more, a second
/// at most), its stack depends on the pattern alone.
class Pattern {
 public:
  static constexpr std::size_t max_bytes = 512;
  /// What the pattern has when its repetition counts are written out.
  static constexpr std::size_t max_states = 2000;
  static constexpr std::size_t max_text_bytes = 4096;

  /// errors  unsupported: over a limit, not understood, or with a back-reference
  static Result<Pattern> compile(const std::string& text);

  /// Whether some part of `text` matches. False for a text over max_text_bytes: what cannot be
  /// checked does not pass.
  bool matches(const std::string& text) const;

 private:
  explicit Pattern(std::wregex regex) : regex_(std::move(regex)) {}
  std::wregex regex_;
};

/// What is wrong with `text` under `format`; nullopt: nothing, or the format is only an annotation.
std::optional<std::string> format_issue(const std::string& format, const std::string& text);

/// `text` on one line, cut to about 60 bytes.
std::string shown(std::string text);

/// The number of characters of a text in UTF-8.
std::size_t characters(std::string_view text);

}  // namespace deed::schema
