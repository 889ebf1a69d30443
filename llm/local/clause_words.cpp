#include "deed/llm/local/clause_words.hpp"

#include "deed/core/text.hpp"
#include "deed/llm/local/glossary.hpp"

#include <algorithm>

namespace deed {

std::vector<Word> words_of(std::string_view text) {
  const Language language = language_of(text);
  std::vector<Word> words;
  for (std::size_t at = 0; at < text.size();) {
    if (!is_word_byte(text[at])) {
      ++at;
      continue;
    }
    Span span{at, at};
    while (span.end < text.size() && is_word_byte(text[span.end])) ++span.end;
    const std::string lower = lower_ascii(span.in(text));
    words.push_back({span, std::string(in_english(lower, language))});
    at = span.end;
  }
  return words;
}

bool is_in_place(const std::vector<Span>& places, const Span& word) {
  return std::any_of(places.begin(), places.end(), [&](const Span& place) { return place.covers(word); });
}

}  // namespace deed
