#include "deed/llm/local/vocabulary.hpp"

#include "deed/core/text.hpp"
#include "deed/llm/local/korean_forms.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace deed {
namespace {

// Letters U+00DF to U+00FF in UTF-8 are C3 9F to C3 BF.
constexpr unsigned char latin = 0xC3;

std::string_view plain_letter(unsigned char second) {
  static constexpr std::array<std::string_view, 33> letters = {
      "ss", "a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i", "i",
      "d",  "n", "o", "o", "o", "o", "o", "",   "o", "u", "u", "u", "u", "y", "",  "y"};
  return letters[second - 0x9F];
}

}  // namespace

std::string lower_latin(std::string_view word) {
  std::string out = lower_ascii(word);
  // The capitals À to Þ are C3 80 to C3 9E.
  for (std::size_t i = 0; i + 1 < out.size(); ++i) {
    const auto next = static_cast<unsigned char>(out[i + 1]);
    if (static_cast<unsigned char>(out[i]) == latin && next >= 0x80 && next <= 0x9E) out[i + 1] = static_cast<char>(next + 0x20);
  }
  return out;
}

std::string without_accents(std::string_view word) {
  std::string out;
  for (std::size_t i = 0; i < word.size(); ++i) {
    const auto second = i + 1 < word.size() ? static_cast<unsigned char>(word[i + 1]) : 0;
    if (static_cast<unsigned char>(word[i]) == latin && second >= 0x9F && second <= 0xBF) {
      out += plain_letter(second);
      ++i;
    } else if (word.substr(i).starts_with("œ")) {
      out += "oe";
      ++i;
    } else {
      out += word[i];
    }
  }
  // "fuer" for "für"
  for (const std::string_view pair : {"ae", "oe", "ue"})
    for (std::size_t at = out.find(pair); at != out.npos; at = out.find(pair, at + 1)) out.erase(at + 1, 1);
  return out;
}

Vocabulary::Vocabulary(std::string_view list, bool is_by_beginning) {
  const auto add = [&](std::string word, std::string_view what, bool is_beginning) {
    (is_beginning ? plain_beginnings_ : plain_).emplace(without_accents(word), what);
    (is_beginning ? beginnings_ : whole_).emplace(std::move(word), what);
  };
  for (const std::string_view line : split(list, '\n')) {
    const std::size_t mark = line.find(':');
    if (line.starts_with('#') || mark == line.npos) continue;
    const std::string_view what = line.substr(0, mark);
    for (std::string_view word : split(line.substr(mark + 1), ' ')) {
      if (word.empty()) continue;
      if (word.ends_with('~')) {
        for (std::string& form : korean_forms(word.substr(0, word.size() - 1))) add(std::move(form), what, true);
        continue;
      }
      const bool has_star = word.ends_with('*');
      if (has_star) word.remove_suffix(1);
      add(std::string(word), what, has_star || is_by_beginning);
    }
  }
}

std::string_view Vocabulary::find(const Table& whole, const Table& beginnings, std::string_view word) {
  constexpr std::size_t longest = 48;
  if (const auto found = whole.find(std::string(word)); found != whole.end()) return found->second;
  for (std::string part(word.substr(0, longest)); !part.empty(); part.pop_back())
    if (const auto found = beginnings.find(part); found != beginnings.end()) return found->second;
  return {};
}

std::string_view Vocabulary::concept_as_written(std::string_view word) const {
  return find(whole_, beginnings_, word);
}

std::string_view Vocabulary::concept_of(std::string_view word) const {
  const std::string_view found = concept_as_written(word);
  return found.empty() ? find(plain_, plain_beginnings_, without_accents(word)) : found;
}

}  // namespace deed
