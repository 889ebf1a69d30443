// What is new in a reply, apart from the history that mail programs put below or above it, and from the signature. Few rules, by
// structure and not by language; in doubt nothing is folded.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace deed {

struct QuotedText {
  std::string fresh;             ///< what the writer wrote; blank lines at both ends are gone
  std::string signature;         ///< behind a line "-- ", without it; may be empty
  std::size_t quoted_lines = 0;  ///< taken out, the line that introduces them included

  bool operator==(const QuotedText&) const = default;
};

/// Folds, in a text with LF line ends:
/// - lines that begin with ">" up to the text's end or its signature, with the line before them that ends with ":" ("On Tuesday Ann
///   wrote:", in any language; up to three lines); likewise where they begin the text. Quotes between lines of the writer's stay: they
///   are what the lines answer
/// - a line of dashes around words ("-----Original Message-----") that two lines "word: …" follow, and all behind it
/// - a header that is written out ("From: …", "Sent: …", "To: …" in any language): three or more lines "word: …", one of them with a time
///   and a year; behind a line of underscores or dashes, or behind a blank line and with an address in the first; and all behind it
/// A text that would be all quotes stays as it is.
QuotedText fold_quotes(std::string_view text);

}  // namespace deed
