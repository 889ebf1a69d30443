#include "deed/llm/local/glossary.hpp"

#include "deed/core/text.hpp"
#include "deed/llm/local/grounding.hpp"
#include "deed/llm/local/clause_words.hpp"
#include "deed/llm/local/segments.hpp"
#include "deed/llm/local/vocabulary.hpp"
#include "deed/llm/local/vocabulary_texts.hpp"
#include "deed/llm/local/words.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace deed {
namespace {

const Vocabulary& vocabulary(Language language) {
  static const Vocabulary korean(vocabulary_texts::korean, true), german(vocabulary_texts::german),
      french(vocabulary_texts::french), spanish(vocabulary_texts::spanish), english(vocabulary_texts::english);
  switch (language) {
    case Language::korean: return korean;
    case Language::german: return german;
    case Language::french: return french;
    case Language::spanish: return spanish;
    case Language::english: break;
  }
  return english;
}

// Hangul syllables are U+AC00 to U+D7A3: EA B0 80 to ED 9E A3 in UTF-8.
bool has_hangul(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [&](const char& c) {
    const auto u = static_cast<unsigned char>(c);
    return u >= 0xEA && u <= 0xED && &c + 1 < text.data() + text.size() &&
           (u != 0xEA || static_cast<unsigned char>(*(&c + 1)) >= 0xB0);
  });
}

// Addresses and paths: their words are of no language.
std::vector<Span> copied_spans(std::string_view text) {
  std::vector<Span> out;
  for (const SlotKind kind : {SlotKind::email, SlotKind::url, SlotKind::path})
    for (const Span& span : find_kind(kind, text)) out.push_back(span);
  return out;
}

bool overlaps_any(const Span& word, const std::vector<Span>& spans) {
  return std::any_of(spans.begin(), spans.end(), [&](const Span& span) { return span.begin < word.end && word.begin < span.end; });
}

// "envíaselo", "guárdame": a verb with the pronouns that it ends in. What is left of it has to be known.
struct Clitic {
  std::string_view verb, object;
};
Clitic without_clitics(std::string_view word) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 6> objects = {
      {{"los", "them"}, {"las", "them"}, {"lo", "it"}, {"la", "it"}, {"les", "them"}, {"le", "him"}}};
  static constexpr std::array<std::string_view, 4> persons = {"me", "te", "se", "nos"};
  constexpr std::size_t shortest = 2;
  Clitic found{word, {}};
  for (const auto& [ending, object] : objects)
    if (word.size() >= ending.size() + shortest && word.ends_with(ending)) {
      found = {word.substr(0, word.size() - ending.size()), object};
      break;
    }
  for (const std::string_view ending : persons)
    if (found.verb.size() >= ending.size() + shortest && found.verb.ends_with(ending)) {
      found.verb.remove_suffix(ending.size());
      break;
    }
  return found;
}

}  // namespace

std::string_view in_english(std::string_view word, Language language) {
  const Vocabulary& known = vocabulary(language);
  if (const std::string_view english = known.concept_of(word); !english.empty()) return english;
  if (language == Language::spanish)
    if (const Clitic parts = without_clitics(word); parts.verb.size() < word.size())
      if (const std::string_view english = known.concept_of(parts.verb); !english.empty()) return english;
  return word;
}

std::string_view object_within(std::string_view word, Language language) {
  if (language != Language::spanish || vocabulary(language).lists(word)) return {};
  const Clitic parts = without_clitics(word);
  return parts.object.empty() || vocabulary(language).concept_of(parts.verb).empty() ? std::string_view() : parts.object;
}

Language language_of(std::string_view request) {
  const std::string bare = without_quotes(request);
  if (has_hangul(bare)) return Language::korean;
  std::size_t english = 0;
  std::array<std::size_t, 3> known{};
  std::array<bool, 3> is_sure{};  // "Retenir : …": one word, but a long one, or the first; and none of English
  constexpr std::size_t telling = 6;
  constexpr std::array languages = {Language::german, Language::french, Language::spanish};
  const std::vector<Span> words = find_words(bare, 64), kept = copied_spans(bare);
  for (const Span& span : words) {
    const std::string word = lower_latin(span.in(bare));
    // "in" is a word of both, and "the" of the.txt of none. A file's name in another language is often one in that of the request.
    const bool is_shared = std::any_of(languages.begin(), languages.end(), [&](Language other) { return vocabulary(other).concept_as_written(word) == word; });
    english += is_function_word(word) && !is_shared && !overlaps_any(span, kept) ? 1 : 0;
    for (std::size_t i = 0; i < languages.size(); ++i) {
      const std::string_view meaning = vocabulary(languages[i]).concept_as_written(word);
      // "text" and "in" are English too.
      const bool is_known = !meaning.empty() && !word.starts_with(meaning);
      known[i] += is_known ? 1 : 0;
      is_sure[i] = is_sure[i] || (is_known && (span == words.front() || word.size() >= telling));
    }
  }
  const auto best = std::max_element(known.begin(), known.end());
  const auto language = static_cast<std::size_t>(best - known.begin());
  if (*best <= english || *best == 0 || (*best < 2 && !is_sure[language])) return Language::english;
  return languages[language];
}

std::string in_english_words(std::string_view text, Language language) {
  std::vector<Span> kept = copied_spans(text);
  for (const Span& span : find_quotes(text)) kept.push_back(span);
  std::string out;
  std::size_t at = 0;
  for (const Word& word : words_in(text, language)) {
    const bool is_kept = overlaps_any(word.span, kept);
    const bool is_object = word.span.size() == 0;  // "it" of "guárdalo"
    if (is_kept || word.span.begin < at || (!is_object && word.lower == lower_latin(word.span.in(text)))) continue;
    out += text.substr(at, word.span.begin - at);
    out += (is_object ? " " : "") + word.lower;
    at = word.span.end;
  }
  out += text.substr(at);
  return out;
}

}  // namespace deed
