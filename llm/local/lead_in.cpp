#include "deed/llm/local/lead_in.hpp"

#include "deed/llm/local/glossary.hpp"
#include "deed/llm/local/grounding.hpp"
#include "deed/llm/local/segments.hpp"

#include <algorithm>
#include <array>

namespace deed {
namespace {

bool names_place(const std::string& clause) { return !find_places(clause).empty(); }

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
  // "lol I totally forgot": a statement. "Remember I am late": what stands first is for a tool.
  const auto subject = std::find_if(words.begin(), words.end(),
                                    [](const std::string& word) { return is_one_of(word, subjects); });
  const auto first = std::find_if(words.begin(), subject, [](const std::string& word) {
    return !is_function_word(word);
  });
  if (subject != words.end() && (first == subject || !is_heard(*first))) return true;
  // "Coffee first, but": nothing that any tool has to do with, and a place behind it.
  const bool has_place_behind =
      std::any_of(plan.begin() + static_cast<std::ptrdiff_t>(index) + 1, plan.end(), names_place);
  return has_place_behind && std::none_of(words.begin(), words.end(), is_heard);
}

bool only_asks_to_be_told(const std::string& clause, const Lexicon& lexicon) {
  static constexpr std::array tellers = {"tell",    "show", "say",     "let",      "report", "give",
                                         "explain", "know", "present", "acquaint", "display", "hear", "see",
                                         "repeat", "answer", "describe"};
  static constexpr std::array askers = {"its", "contents", "what", "whats", "whether", "if", "how", "which", "it", "me", "us",
                                        "who", "when", "where", "why", "there", "says", "stands", "written"};
  constexpr double of_another_tool = 1.5;  // "tell me the current time"
  const Language language = language_of(clause);
  const std::vector<std::string> words =
      identifier_words(without_quotes(in_english_words(clause, language)));
  if (words.empty() || names_place(clause)) return false;
  // "where is it?"
  if (is_question(clause) && refers_back(clause)) return true;
  // "tell her what it says" is for somebody else.
  static constexpr std::array others_told = {"him", "her", "them", "everyone", "everybody", "my", "our"};
  for (std::size_t i = 0; i + 1 < words.size(); ++i)
    if ((words[i] == "tell" || words[i] == "let" || words[i] == "give") && is_one_of(words[i + 1], others_told)) return false;
  // A Korean verb stands last.
  const bool tells = is_one_of(language == Language::korean ? words.back() : words.front(), tellers);
  const bool asks = language == Language::korean ||
                    std::any_of(words.begin(), words.end(), [](const std::string& word) {
                      return is_one_of(word, askers);
                    });
  std::set<std::string> others;
  for (const std::string& word : words)
    if (!is_function_word(word) && !is_one_of(word, tellers) && !is_one_of(word, askers)) others.merge(stems(word));
  return tells && asks && lexicon.most_heard(others) < of_another_tool;
}

bool is_ruled_out(const std::string& clause) {
  const std::vector<std::string> words = identifier_words(clause);
  const bool says_no = words.size() > 1 && (words[0] == "don" || words[0] == "dont" || words[0] == "never" ||
                                            (words[0] == "do" && words[1] == "not"));
  return says_no && std::find(words.begin(), words.end(), "forget") == words.end() &&
         !names_place(clause);
}

}  // namespace deed
