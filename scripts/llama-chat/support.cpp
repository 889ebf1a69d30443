// What the chat part of llama.cpp's `common` takes from the rest of it: four functions on strings, tokens and their texts, and a log,
// which says nothing here (what fails comes back as an exception).
#include "common.h"
#include "log.h"

std::string string_join(const std::vector<std::string>& values, const std::string& separator) {
  std::string text;
  for (const std::string& value : values) text += (&value == values.data() ? "" : separator) + value;
  return text;
}

std::vector<std::string> string_split(const std::string& text, const std::string& delimiter) {
  std::vector<std::string> parts;
  std::size_t from = 0;
  for (std::size_t at; (at = text.find(delimiter, from)) != std::string::npos; from = at + delimiter.size())
    parts.push_back(text.substr(from, at - from));
  parts.push_back(text.substr(from));
  return parts;
}

std::string string_repeat(const std::string& text, size_t times) {
  std::string repeated;
  for (; times > 0; --times) repeated += text;
  return repeated;
}

void string_replace_all(std::string& text, const std::string& search, const std::string& replacement) {
  if (search.empty()) return;
  for (std::size_t at = 0; (at = text.find(search, at)) != std::string::npos; at += replacement.size())
    text.replace(at, search.size(), replacement);
}

std::string common_token_to_piece(const struct llama_vocab* vocabulary, llama_token token, bool special) {
  std::string piece(256, '\0');
  int size = llama_token_to_piece(vocabulary, token, piece.data(), static_cast<int>(piece.size()), 0, special);
  if (size < 0) {
    piece.resize(static_cast<std::size_t>(-size));
    size = llama_token_to_piece(vocabulary, token, piece.data(), static_cast<int>(piece.size()), 0, special);
  }
  piece.resize(static_cast<std::size_t>(size > 0 ? size : 0));
  return piece;
}

std::vector<llama_token> common_tokenize(const struct llama_vocab* vocabulary, const std::string& text, bool add_special,
                                         bool parse_special) {
  std::vector<llama_token> tokens(text.size() + 8);
  const int count = llama_tokenize(vocabulary, text.data(), static_cast<int>(text.size()), tokens.data(),
                                   static_cast<int>(tokens.size()), add_special, parse_special);
  tokens.resize(static_cast<std::size_t>(count > 0 ? count : 0));
  return tokens;
}

int common_log_get_verbosity_thold() { return -1; }
struct common_log* common_log_main() { return nullptr; }
void common_log_add(struct common_log*, enum ggml_log_level, const char*, ...) {}
