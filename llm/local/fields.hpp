// A request in the shape of a form: "to: ann@example.org / subj: Friday / text: I can come".
#pragma once

#include "deed/llm/local/words.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace deed {

struct Field {
  std::string label;  ///< in lower case, in English as far as the glossary goes: "subject"
  Span value;         ///< without blanks around it and without the quotation marks that enclose it
};

struct Fields {
  std::vector<Field> list;
  /// What stands behind the last field, apart from it; npos: nothing.
  std::size_t rest = std::string_view::npos;
};

/// Labels are words such as "to", "subject" or "file" at the beginning, or behind a line's end, a
/// slash, a comma, a semicolon or two blanks, with a colon or "=" behind them. Linear.
Fields find_fields(std::string_view clause);

/// Whether a label is one for a longer text.
bool is_text_label(std::string_view label);

}  // namespace deed
