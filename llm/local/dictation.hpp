// Text that the user dictates: what is to be said to somebody, or to stand in a file.
#pragma once

#include "deed/llm/local/clause_words.hpp"

#include <string_view>
#include <vector>

namespace deed {

/// Behind "saying", "containing", a colon, unless a quotation follows at once; in Korean, before "라고" or "다고". `begin` npos: none.
struct Dictation {
  std::size_t begin = std::string_view::npos, end = 0;
};
Dictation find_dictation(std::string_view request);

/// Only where it begins; npos: nowhere. `text` is without its quotations, `words` and `quotes` are those of it.
std::size_t dictation_begin(std::string_view text, const std::vector<Word>& words, const std::vector<Span>& quotes);

}  // namespace deed
