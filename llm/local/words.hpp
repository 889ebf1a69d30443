// Words as the planner compares them: an argument's name, a tool's description and a request speak
// of the same thing in slightly different forms ("attachments", "attach"), so they meet in a crude
// stem.
#pragma once

#include <algorithm>
#include <array>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace deed {

struct Span {
  std::size_t begin = 0, end = 0;

  std::size_t size() const { return end - begin; }
  bool covers(std::size_t at) const { return begin <= at && at < end; }
  bool covers(const Span& other) const { return begin <= other.begin && other.end <= end; }
  std::string_view in(std::string_view text) const { return text.substr(begin, end - begin); }
  auto operator<=>(const Span&) const = default;
};

/// What a past participle or a gerund may be a form of: "saved" of "sav" and "save", "written" of "write". Without the
/// word itself.
std::vector<std::string> base_forms(std::string_view word);

/// Lower-case words of letters and digits; "fileName", "file_name" and "file name" are the same two
/// words.
std::vector<std::string> identifier_words(std::string_view text);

/// First five letters of each word of three or more, a plural's s left out.
std::set<std::string> stems(std::string_view text);

/// `stems` without words that say nothing about a tool ("find", "given", "default").
std::set<std::string> telling_stems(std::string_view text);

/// Words that carry no content of their own: articles, prepositions, pronouns. English.
bool is_function_word(std::string_view lower_case_word);

/// Words that announce what a text says or what a thing is called: "saying", "titled". English.
bool announces_text(std::string_view lower_case_word);
bool announces_name(std::string_view lower_case_word);

/// Where the words stand, without the punctuation and quotation marks around them; at most `max` of
/// them.
std::vector<Span> find_words(std::string_view text, std::size_t max = 2048);

/// Of ASCII alone; control characters are blanks, too.
inline bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
inline bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
inline bool is_letter(char c) { return is_lower(c) || is_upper(c); }
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_blank(char c) { return static_cast<unsigned char>(c) <= ' '; }

/// Bytes of a word: letters, digits, '_' and everything beyond ASCII.
bool is_word_byte(char c);

template <std::size_t N>
bool is_one_of(std::string_view word, const std::array<const char*, N>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

inline bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::size_t count_common(const std::set<std::string>& a, const std::set<std::string>& b);

}  // namespace deed
