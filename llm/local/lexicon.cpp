#include "deed/llm/local/lexicon.hpp"

#include "deed/llm/local/grounding.hpp"
#include "deed/llm/local/segments.hpp"
#include "deed/llm/local/words.hpp"

#include <algorithm>
#include <cmath>

namespace deed {

Lexicon::Lexicon(const ToolList& tools) {
  std::map<std::string, double> counts;
  for (const ToolDefinition& tool : tools) {
    std::string text = tool.name + " " + tool.description;
    for (const std::string& example : tool.examples)
      text += " " + without_places(without_quotes(example));
    words_.push_back(stems(text));
    for (const std::string& word : words_.back()) ++counts[word];
  }
  const double all = std::log(static_cast<double>(std::max<std::size_t>(2, tools.size())));
  for (const auto& [word, count] : counts)
    weights_[word] = tools.size() < 2 ? 1 : 1 - std::log(count) / all;
}

double Lexicon::weight(std::size_t tool, const std::string& stem) const {
  return words_[tool].contains(stem) ? weights_.at(stem) : 0;
}

double Lexicon::weight(const std::string& stem) const {
  const auto found = weights_.find(stem);
  return found == weights_.end() ? 0 : found->second;
}

double Lexicon::most_heard(const std::set<std::string>& stems) const {
  double most = 0;
  for (std::size_t tool = 0; tool < words_.size(); ++tool) {
    double heard = 0;
    for (const std::string& stem : stems) heard += weight(tool, stem);
    most = std::max(most, heard);
  }
  return most;
}

bool Lexicon::is_outside(const std::string& word, bool is_verb) const {
  // As far as a word's forms have them in common.
  static constexpr std::string_view deeds[] = {
      "delet",    "eras",    "trash",   "discard", "renam",    "unzip",      "compress", "summar",
      "translat", "convert", "comput",  "calculat", "duplicat", "screenshot", "install",  "chmod",
      "encrypt",  "resiz",   "crop",    "proofread", "unsubscrib", "rewrit"};
  // These are things as well: only as what is asked for.
  static constexpr std::string_view things[] = {
      "mov",  "print", "zip",    "averag", "count", "sort", "compar", "play",  "paus",  "phone", "dial",
      "call", "schedul", "book", "reserv", "buy",   "order", "pay",   "run",   "execut", "draw",
      "block", "merg",  "cancel", "turn",  "photograph"};
  constexpr std::size_t longest_ending = 4;
  const auto is_form = [&](std::string_view deed) {
    return word.starts_with(deed) && word.size() <= deed.size() + longest_ending;
  };
  if (!std::any_of(std::begin(deeds), std::end(deeds), is_form) &&
      !(is_verb && std::any_of(std::begin(things), std::end(things), is_form)))
    return false;
  const std::set<std::string> stem = stems(word);
  return std::none_of(stem.begin(), stem.end(),
                      [&](const std::string& one) { return weights_.contains(one); });
}

std::string without_places(std::string text) {
  for (const Span& span : find_places(text))
    std::fill(text.begin() + static_cast<std::ptrdiff_t>(span.begin),
              text.begin() + static_cast<std::ptrdiff_t>(span.end), ' ');
  return text;
}

}  // namespace deed
