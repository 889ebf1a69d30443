#include "deed/llm/local/clause_words.hpp"

#include "deed/core/text.hpp"
#include "deed/llm/local/glossary.hpp"
#include "deed/llm/local/vocabulary.hpp"

#include <algorithm>

namespace deed {

std::vector<Word> words_of(std::string_view text) { return words_in(text, language_of(text)); }

namespace {

// "Könnten Sie …", "envoie-le": what a word is that its neighbours decide about; "" for most.
std::string_view by_its_place(std::string_view text, const Span& span, std::string_view lower, Language language) {
  const bool begins_sentence = span.begin < 2 || text[span.begin - 1] != ' ' || std::string_view(".!?").find(text[span.begin - 2]) != std::string_view::npos;
  if (language == Language::german && !begins_sentence && (span.in(text) == "Sie" || span.in(text) == "Ihnen")) return "you";
  if (language == Language::french && span.begin > 0 && text[span.begin - 1] == '-') {
    if (lower == "le" || lower == "la") return "it";
    if (lower == "les") return "them";
    if (lower == "lui") return "him";
  }
  return {};
}

}  // namespace

std::vector<Word> words_in(std::string_view text, Language language) {
  std::vector<Word> words;
  for (std::size_t at = 0; at < text.size();) {
    if (!is_word_byte(text[at])) {
      ++at;
      continue;
    }
    Span span{at, at};
    while (span.end < text.size() && is_word_byte(text[span.end])) ++span.end;
    at = span.end;
    const std::string lower = language == Language::english ? lower_ascii(span.in(text)) : lower_latin(span.in(text));
    if (const std::string_view placed = by_its_place(text, span, lower, language); !placed.empty()) {
      words.push_back({span, std::string(placed)});
      continue;
    }
    words.push_back({span, std::string(in_english(lower, language))});
    if (const std::string_view object = object_within(lower, language); !object.empty())
      words.push_back({{span.end, span.end}, std::string(object)});
  }
  return words;
}

bool is_in_place(const std::vector<Span>& places, const Span& word) {
  return std::any_of(places.begin(), places.end(), [&](const Span& place) { return place.covers(word); });
}

}  // namespace deed
