#include "deed/llm/local/lead_in.hpp"

#include "deed/llm/local/glossary.hpp"
#include "deed/llm/local/grounding.hpp"
#include "deed/llm/local/segments.hpp"

#include <algorithm>
#include <array>

namespace deed {
namespace {

template <std::size_t N>
bool is_one_of(const std::string& word, const std::array<const char*, N>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool names_place(const std::string& clause) {
  return std::any_of(std::begin(critical_slots), std::end(critical_slots),
                     [&](SlotKind kind) { return !find_kind(kind, clause).empty(); });
}

}  // namespace

bool is_lead_in(const std::vector<std::string>& plan, std::size_t index, const Lexicon& lexicon) {
  static constexpr std::array subjects = {"i",     "we",   "my",   "our",   "the", "it",
                                          "this",  "that", "there", "he",   "she", "they",
                                          "a",     "an",   "his",  "her",   "their"};
  if (index + 1 >= plan.size() || names_place(plan[index])) return false;
  const std::vector<std::string> words =
      identifier_words(without_quotes(in_english_words(plan[index], language_of(plan[index]))));
  const auto is_heard = [&](const std::string& word) {
    for (const std::string& stem : stems(word))
      if (lexicon.weight(stem) > 0 && !is_function_word(word)) return true;
    return false;
  };
  if (std::find_if(words.begin(), words.end(), [](const std::string& word) {
        return word == "you" || word == "your";
      }) != words.end())
    return false;
  // "lol I totally forgot": a statement, with nothing before its subject that a tool would do.
  const auto subject = std::find_if(words.begin(), words.end(),
                                    [](const std::string& word) { return is_one_of(word, subjects); });
  if (subject != words.end() && std::none_of(words.begin(), subject, is_heard)) return true;
  // "Coffee first, but": nothing that any tool has to do with, and a place behind it.
  const bool has_place_behind =
      std::any_of(plan.begin() + static_cast<std::ptrdiff_t>(index) + 1, plan.end(), names_place);
  return has_place_behind && std::none_of(words.begin(), words.end(), is_heard);
}

bool only_asks_to_be_told(const std::string& clause) {
  static constexpr std::array tellers = {"tell", "show", "say", "let", "report", "explain"};
  const std::vector<std::string> words = identifier_words(clause);
  return !words.empty() && is_one_of(words[0], tellers) && !names_place(clause) &&
         std::any_of(words.begin(), words.end(),
                     [](const std::string& word) { return word == "me" || word == "us"; });
}

}  // namespace deed
