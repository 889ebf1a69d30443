#include "deed/llm/local/words.hpp"

#include "deed/core/text.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace deed {
namespace {

const std::set<std::string, std::less<>>& untelling() {
  static const auto words = [] {
    std::set<std::string, std::less<>> result;
    for (const std::string& stem : stems("allow enable has with the for and given from its this "
                                         "that are was what which how can you please "
                                         "using based find get calculate include whether flag "
                                         "default true false set return show should"))
      result.insert(stem);
    return result;
  }();
  return words;
}

}  // namespace

bool is_word_byte(char c) {
  return is_letter(c) || is_digit(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

std::vector<std::string> identifier_words(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  const auto finish = [&] {
    if (!word.empty()) words.push_back(lower_ascii(word));
    word.clear();
  };
  char before = 0;
  for (const char c : text) {
    if (!is_word_byte(c) || c == '_')
      finish();
    else {
      if (is_lower(before) && is_upper(c)) finish();
      word += c;
    }
    before = c;
  }
  finish();
  return words;
}

std::set<std::string> stems(std::string_view text) {
  std::set<std::string> result;
  for (std::string& word : identifier_words(text)) {
    if (word.size() < 3 ||
        !std::all_of(word.begin(), word.end(), [](char c) { return is_lower(c) || (c & 0x80); }))
      continue;
    while (!word.empty() && word.back() == 's') word.pop_back();
    result.insert(std::string(utf8_prefix(word, 5)));
  }
  return result;
}

std::vector<std::string> base_forms(std::string_view word) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 14> irregular = {{
      {"sent", "send"}, {"kept", "keep"}, {"written", "write"}, {"made", "make"}, {"told", "tell"}, {"found", "find"},
      {"got", "get"}, {"given", "give"}, {"put", "put"}, {"read", "read"}, {"taken", "take"}, {"brought", "bring"},
      {"gave", "give"}, {"said", "say"}}};
  constexpr std::size_t shortest = 3;
  std::vector<std::string> forms;
  for (const auto& [form, base] : irregular)
    if (form == word) forms.emplace_back(base);
  for (const std::string_view ending : {"ed", "d", "ing"})
    if (word.size() >= ending.size() + shortest && word.ends_with(ending))
      forms.emplace_back(word.substr(0, word.size() - ending.size()));
  return forms;
}

std::set<std::string> telling_stems(std::string_view text) {
  std::set<std::string> result = stems(text);
  std::erase_if(result, [](const std::string& stem) { return untelling().contains(stem); });
  return result;
}

bool is_function_word(std::string_view word) {
  static constexpr std::array words = {
      "a",     "about", "an",   "and",  "as",   "at",   "be",     "by",    "can",  "could", "do",
      "does",  "find",  "for",  "from", "get",  "give", "her",    "him",   "how",  "i",     "if",
      "in",    "is",    "are",  "was",  "it",   "its",  "them",   "they",  "us",   "we",    "me",
      "my",    "not",   "no",   "of",   "on",   "or",   "please", "send",  "show", "so",    "tell",
      "than",  "that",  "the",  "then", "this", "to",   "use",    "using", "what", "when",  "where",
      "which", "who",   "will", "with", "you",  "your"};
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool announces_text(std::string_view word) {
  static constexpr std::array words = {"saying", "says",    "say",      "text",       "message",
                                       "body",   "content", "contents", "containing", "reading",
                                       "write",  "post",    "submit"};
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool announces_name(std::string_view word) {
  static constexpr std::array words = {"titled", "called", "named", "entitled", "headed"};
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::vector<Span> find_words(std::string_view text, std::size_t max) {
  static constexpr std::string_view openers = "\"'`([{<", closers = "\"'`)]}>.,:;?!";
  static constexpr std::array<std::string_view, 6> marks = {"“", "”", "‘", "’", "«", "»"};
  std::vector<Span> words;
  for (std::size_t at = 0; at < text.size() && words.size() < max;) {
    if (static_cast<unsigned char>(text[at]) <= ' ') {
      ++at;
      continue;
    }
    Span word{at, at};
    while (word.end < text.size() && static_cast<unsigned char>(text[word.end]) > ' ') ++word.end;
    at = word.end;
    for (bool changed = true; changed && word.begin < word.end;) {
      changed = false;
      std::string_view rest = word.in(text);
      if (openers.find(rest.front()) != openers.npos) ++word.begin, changed = true;
      rest = word.in(text);
      // A closing bracket that the word itself opens belongs to it: "print('hi')".
      if (!rest.empty() && closers.find(rest.back()) != closers.npos &&
          !(rest.back() == ')' && rest.find('(') != rest.npos))
        --word.end, changed = true;
      for (const std::string_view mark : marks) {
        if (word.in(text).starts_with(mark)) word.begin += mark.size(), changed = true;
        if (word.in(text).ends_with(mark)) word.end -= mark.size(), changed = true;
      }
    }
    if (word.size() > 2 && word.in(text).ends_with("'s")) word.end -= 2;
    if (word.size() > 4 && word.in(text).ends_with("’s")) word.end -= 4;
    if (word.begin < word.end) words.push_back(word);
  }
  return words;
}

std::size_t count_common(const std::set<std::string>& a, const std::set<std::string>& b) {
  return static_cast<std::size_t>(
      std::count_if(a.begin(), a.end(), [&](const auto& word) { return b.contains(word); }));
}

}  // namespace deed
