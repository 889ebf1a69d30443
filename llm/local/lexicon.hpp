// Whose words a request is in: the tools say what they do and how they are asked for it.
#pragma once

#include "deed/llm/message.hpp"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace deed {

/// What the tools say of themselves and how they are asked, and how telling each word of it is: 1 if
/// only one of the tools has it, 0 if all have.
class Lexicon {
 public:
  explicit Lexicon(const ToolList& tools);
  double weight(std::size_t tool, const std::string& stem) const;
  /// The same for whichever tool has it; 0: none.
  double weight(const std::string& stem) const;
  /// Of the tool that has most of the words, how telling they are together.
  double most_heard(const std::set<std::string>& stems) const;
  /// Whether it is a word for what programs do ("delete", "print") that none of these tools has.
  /// `is_verb`: it stands where what is asked for stands.
  bool is_outside(const std::string& word, bool is_verb) const;

 private:
  std::vector<std::set<std::string>> words_;
  std::map<std::string, double> weights_;
};

/// `text` with the bytes of its addresses, URLs and paths made blank: a word in a URL
/// ("…/first-post") says nothing about what to do with it.
std::string without_places(std::string text);

}  // namespace deed
