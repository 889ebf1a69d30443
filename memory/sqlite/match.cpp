#include "deed/memory/sqlite/match.hpp"

#include "deed/core/text.hpp"

#include <algorithm>

namespace deed::sqlite {
namespace {

// What the tokenizer makes a token of: anything else would be an empty phrase.
bool has_word_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           static_cast<unsigned char>(c) >= 0x80;
  });
}

}  // namespace

std::string on_one_line(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool blank = static_cast<unsigned char>(c) <= 0x20 || c == 0x7F;
    if (!blank)
      out += c;
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

Result<std::string> match_expression(std::string_view query) {
  if (query.size() > max_query_bytes) {
    return fail(ErrorKind::limit,
                "a search of " + std::to_string(query.size()) + " bytes is too long", "",
                "search for a few words, at most " + std::to_string(max_query_bytes) + " bytes");
  }
  const std::string words = on_one_line(to_utf8(query));
  std::string out;
  for (const std::string_view word : split(words, ' ')) {
    if (!has_word_character(word)) continue;
    out += out.empty() ? "\"" : " \"";
    for (const char c : word) out += c == '"' ? std::string("\"\"") : std::string(1, c);
    out += '"';
  }
  if (!out.empty()) out += " *";
  return out;
}

}  // namespace deed::sqlite
