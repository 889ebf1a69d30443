#include "deed/agent/task/expression_node.hpp"
#include "deed/core/checked.hpp"
#include "deed/core/schema_text.hpp"
#include "deed/core/text.hpp"

namespace deed {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
// Names may be of any alphabet: columns of a file are called as their author liked.
bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (static_cast<unsigned char>(c) & 0x80) != 0; }
bool is_name_part(char c) { return is_name_start(c) || is_digit(c) || c == '-'; }

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<std::vector<Token>> read() {
    for (skip_blanks(); at_ < text_.size(); skip_blanks()) {
      DEED_TRY(Token token, next());
      tokens_.push_back(std::move(token));
    }
    tokens_.push_back({.text = {}, .at = text_.size()});
    return std::move(tokens_);
  }

 private:
  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) ++at_;
  }
  Unexpected wrong(std::size_t at, std::string what, std::string hint = {}) const {
    return fail(ErrorKind::invalid, std::move(what), character_at(text_, at), std::move(hint));
  }
  bool follows_dot() const { return !tokens_.empty() && tokens_.back().kind == Token::Kind::symbol && tokens_.back().text == "."; }

  Result<Token> next() {
    const char c = text_[at_];
    if (is_name_start(c) || (follows_dot() && is_digit(c))) return name();
    if (is_digit(c) || (c == '-' && at_ + 1 < text_.size() && is_digit(text_[at_ + 1]))) return number();
    if (c == '\'' || c == '"') return quoted();
    return symbol();
  }

  Token name() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_name_part(text_[at_])) ++at_;
    return {.kind = Token::Kind::name, .text = std::string(text_.substr(begin, at_ - begin)), .at = begin};
  }

  Result<Token> number() {
    const std::size_t begin = at_++;
    const auto skip_digits = [&] { while (at_ < text_.size() && is_digit(text_[at_])) ++at_; };
    skip_digits();
    if (at_ + 1 < text_.size() && text_[at_] == '.' && is_digit(text_[at_ + 1])) ++at_;
    skip_digits();
    if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      const std::size_t sign = at_ + 1 < text_.size() && (text_[at_ + 1] == '-' || text_[at_ + 1] == '+') ? 1 : 0;
      if (at_ + 1 + sign < text_.size() && is_digit(text_[at_ + 1 + sign])) at_ += 1 + sign;
      skip_digits();
    }
    const std::string digits(text_.substr(begin, at_ - begin));
    auto value = parse_json(digits);
    if (!value || (at_ < text_.size() && is_name_part(text_[at_]))) {
      return wrong(begin, "\"" + escaped(text_.substr(begin, 20)) + "\" is neither a number nor a name");
    }
    return Token{.kind = Token::Kind::number, .text = digits, .number = *std::move(value), .at = begin};
  }

  Result<Token> quoted() {
    const std::size_t begin = at_;
    const char quote = text_[at_++];
    std::string value;
    for (; at_ < text_.size() && text_[at_] != quote; ++at_) {
      if (text_[at_] != '\\') {
        value += text_[at_];
        continue;
      }
      const std::string_view escapes = "nrt\\'\"", meanings = "\n\r\t\\'\"";
      const std::size_t known = ++at_ < text_.size() ? escapes.find(text_[at_]) : std::string_view::npos;
      if (known == std::string_view::npos) return wrong(at_ - 1, "an escape that is not known", "known are \\n \\r \\t \\\\ \\' \\\"");
      value += meanings[known];
    }
    if (at_ == text_.size()) return wrong(begin, "the quotes that begin here are never closed");
    ++at_;
    return Token{.kind = Token::Kind::text, .text = std::move(value), .at = begin};
  }

  Result<Token> symbol() {
    for (const std::string_view two : {"==", "!=", "<=", ">="}) {
      if (text_.substr(at_).starts_with(two)) return take(two.size());
    }
    const std::string_view rest = text_.substr(at_);
    if (std::string_view(".[](),|<>").find(text_[at_]) != std::string_view::npos && !rest.starts_with("||")) return take(1);
    if (rest.starts_with('=')) return wrong(at_, "\"=\" alone", "compare with ==");
    if (rest.starts_with("&&")) return wrong(at_, "\"&&\"", "write: and");
    if (rest.starts_with("||")) return wrong(at_, "\"||\"", "write: or");
    if (rest.starts_with('!')) return wrong(at_, "\"!\"", "write: not");
    if (rest.starts_with("{{") || rest.starts_with("}}")) return wrong(at_, "braces inside of an expression", "write it without {{ and }}");
    return wrong(at_, "\"" + escaped(utf8_prefix(rest, 4).substr(0, 1)) + "\" has no meaning here");
  }
  Token take(std::size_t bytes) {
    at_ += bytes;
    return {.kind = Token::Kind::symbol, .text = std::string(text_.substr(at_ - bytes, bytes)), .at = at_ - bytes};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

std::string character_at(std::string_view text, std::size_t byte) {
  return "character " + std::to_string(schema::characters(text.substr(0, byte)) + 1);
}

Result<std::vector<Token>> tokens_of(std::string_view text) { return Lexer(text).read(); }

}  // namespace deed
