// A list of words by what they stand for, kept as text: a line "concept: words" each. "stem*" stands for all words that
// begin so, "stem~" for all forms of a Korean verb or adjective (korean_forms.hpp), '#' begins a remark. The longest
// that fits a word is taken; of two alike, the first.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

namespace deed {

class Vocabulary {
 public:
  /// `is_by_beginning`: every entry stands for all words that begin so.
  explicit Vocabulary(std::string_view list, bool is_by_beginning = false);

  /// What a lower-case word stands for; "" for one that is not listed. Without its accents, if it is not with them.
  /// lifetime  as the list
  std::string_view concept_of(std::string_view word) const;
  /// Whether it is listed as a whole word.
  bool lists(std::string_view word) const { return whole_.contains(std::string(word)); }
  /// As `concept_of`, with the accents as they are.
  std::string_view concept_as_written(std::string_view word) const;

 private:
  using Table = std::unordered_map<std::string, std::string_view>;
  static std::string_view find(const Table& whole, const Table& beginnings, std::string_view word);

  Table whole_, beginnings_;          // as listed
  Table plain_, plain_beginnings_;    // without accents
};

/// `word` in lower case: ASCII, and the Latin letters of western Europe.
std::string lower_latin(std::string_view word);
/// `word` without accents: "guárdalo" is "guardalo", "für" is "fur" and so is "fuer", "ß" is "ss".
std::string without_accents(std::string_view word);

}  // namespace deed
