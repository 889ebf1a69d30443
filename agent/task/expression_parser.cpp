// Recursive descent over tokens; nesting is counted, and what may be long (chains of and, or, |) is a loop.
#include <algorithm>
#include <array>

#include "deed/agent/task/expression_filters.hpp"
#include "deed/agent/task/expression_node.hpp"
#include "deed/core/checked.hpp"
#include "deed/core/spelling.hpp"
#include "deed/core/text.hpp"

namespace deed {
namespace {

constexpr std::size_t max_expression_bytes = 4096;
constexpr int max_nesting = 32;
constexpr std::array<std::string_view, 8> keywords = {"and", "or", "not", "in", "exists", "true", "false", "null"};
constexpr std::array<std::string_view, 7> roots = {"inputs", "secrets", "row", "item", "index", "run", "steps"};

using Node = Result<ExpressionNode>;
using Kind = OperationNode::Kind;

ExpressionNode operation(Kind kind, std::vector<ExpressionNode> operands) { return {OperationNode{kind, std::move(operands)}}; }

class Parser {
 public:
  Parser(std::string_view text, std::vector<Token> tokens) : text_(text), tokens_(std::move(tokens)) {}

  Node parse() {
    DEED_TRY(ExpressionNode node, condition());
    if (here().kind == Token::Kind::end) return node;
    return wrong("nothing more was expected here than " + shown() + (tokens_.size() > 2 ? ", or an operator is missing before it" : ""));
  }

 private:
  const Token& here() const { return tokens_[at_]; }
  const Token& ahead() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  bool is_symbol(std::string_view symbol) const { return here().kind == Token::Kind::symbol && here().text == symbol; }
  bool is_word(std::string_view word) const { return here().kind == Token::Kind::name && here().text == word; }
  bool take_symbol(std::string_view symbol) { return is_symbol(symbol) && ++at_; }
  bool take_word(std::string_view word) { return is_word(word) && ++at_; }

  std::string shown() const {
    if (here().kind == Token::Kind::end) return "the end";
    const std::size_t end = at_ + 1 < tokens_.size() ? tokens_[at_ + 1].at : text_.size();
    return "\"" + escaped(trim(text_.substr(here().at, end - here().at))) + "\"";
  }
  Unexpected wrong(std::string what, std::string hint = {}) const {
    return fail(ErrorKind::invalid, std::move(what), character_at(text_, here().at), std::move(hint));
  }
  Result<void> expect(std::string_view symbol) {
    if (take_symbol(symbol)) return {};
    return wrong("\"" + std::string(symbol) + "\" is missing before " + shown());
  }

  Node condition() {
    if (++nesting_ > max_nesting) return fail(ErrorKind::limit, "nested deeper than 32", character_at(text_, here().at));
    Node node = joined(Kind::any, "or", [this] { return joined(Kind::all, "and", [this] { return negation(); }); });
    --nesting_;
    return node;
  }
  template <class Part>
  Node joined(Kind kind, std::string_view word, Part part) {
    DEED_TRY(ExpressionNode first, part());
    if (!is_word(word)) return first;
    std::vector<ExpressionNode> operands;
    operands.push_back(std::move(first));
    while (take_word(word)) {
      DEED_TRY(ExpressionNode operand, part());
      operands.push_back(std::move(operand));
    }
    return operation(kind, std::move(operands));
  }

  Node negation() {
    if (!take_word("not")) return comparison();
    DEED_TRY(ExpressionNode what, comparison());
    std::vector<ExpressionNode> operands;
    operands.push_back(std::move(what));
    return operation(Kind::negation, std::move(operands));
  }

  std::optional<Kind> comparator() {
    constexpr std::pair<std::string_view, Kind> symbols[] = {{"==", Kind::equal}, {"!=", Kind::unequal}, {"<", Kind::less}, {"<=", Kind::at_most}, {">", Kind::greater}, {">=", Kind::at_least}};
    for (const auto& [symbol, kind] : symbols) {
      if (take_symbol(symbol)) return kind;
    }
    if (take_word("in")) return Kind::in;
    if (is_word("not") && ahead().kind == Token::Kind::name && ahead().text == "in") {
      at_ += 2;
      return Kind::not_in;
    }
    return std::nullopt;
  }
  Node comparison() {
    if (take_word("exists")) {
      DEED_TRY(Reference what, reference());
      return ExpressionNode{ExistsNode{std::move(what)}};
    }
    DEED_TRY(ExpressionNode left, operand());
    const auto kind = comparator();
    if (!kind) return left;
    DEED_TRY(ExpressionNode right, operand());
    std::vector<ExpressionNode> operands;
    operands.push_back(std::move(left));
    operands.push_back(std::move(right));
    return operation(*kind, std::move(operands));
  }

  Node operand() {
    DEED_TRY(ExpressionNode what, value());
    if (!is_symbol("|")) return what;
    PipedNode piped;
    piped.value.push_back(std::move(what));
    while (take_symbol("|")) {
      DEED_TRY(FilterCall call, filter());
      piped.filters.push_back(std::move(call));
    }
    return ExpressionNode{std::move(piped)};
  }

  Result<FilterCall> filter() {
    const std::span<const FilterSpec> specs = filter_specs();
    const std::size_t name_at = at_;
    const auto found = std::find_if(specs.begin(), specs.end(), [&](const FilterSpec& spec) { return is_word(spec.name); });
    if (found == specs.end()) {
      std::vector<std::string_view> names;
      for (const FilterSpec& spec : specs) names.push_back(spec.name);
      if (here().kind != Token::Kind::name) return wrong("the name of a filter is missing before " + shown());
      return wrong("there is no filter \"" + escaped(here().text) + "\"", did_you_mean(here().text, names));
    }
    ++at_;
    FilterCall call{&*found, {}};
    if (take_symbol("(")) {
      DEED_TRY(call.arguments, listed(")"));
    }
    const std::size_t count = call.arguments.size();
    if (count >= found->min_arguments && count <= found->max_arguments) return call;
    const std::string least = std::to_string(found->min_arguments), most = std::to_string(found->max_arguments);
    at_ = name_at;
    return wrong("the filter " + std::string(found->name) + " takes " + (least == most ? most : least + " to " + most) + " values in brackets, not " + std::to_string(count));
  }

  // Values up to the closing bracket.
  Result<std::vector<ExpressionNode>> listed(std::string_view close) {
    std::vector<ExpressionNode> out;
    if (take_symbol(close)) return out;
    do {
      DEED_TRY(ExpressionNode item, condition());
      out.push_back(std::move(item));
    } while (take_symbol(","));
    DEED_OK(expect(close));
    return out;
  }

  Node value() {
    if (here().kind == Token::Kind::number) return ExpressionNode{tokens_[at_++].number};
    if (here().kind == Token::Kind::text) return ExpressionNode{Json(tokens_[at_++].text)};
    if (take_word("true")) return ExpressionNode{Json(true)};
    if (take_word("false")) return ExpressionNode{Json(false)};
    if (take_word("null")) return ExpressionNode{Json(nullptr)};
    if (take_symbol("[")) {
      DEED_TRY(auto items, listed("]"));
      return operation(Kind::list, std::move(items));
    }
    if (take_symbol("(")) {
      DEED_TRY(ExpressionNode inner, condition());
      DEED_OK(expect(")"));
      return inner;
    }
    DEED_TRY(Reference what, reference());
    return ExpressionNode{std::move(what)};
  }

  Result<Reference> reference() {
    if (here().kind != Token::Kind::name || std::find(keywords.begin(), keywords.end(), here().text) != keywords.end()) {
      return wrong("a value is missing before " + shown());
    }
    if (std::find(roots.begin(), roots.end(), here().text) == roots.end()) {
      const std::string meant = did_you_mean(here().text, roots);
      return wrong("there is nothing called \"" + escaped(here().text) + "\"",
                   meant.empty() ? "references begin with inputs, secrets, steps, run, row, item or index; a text is in quotes" : meant);
    }
    Reference out = {tokens_[at_++].text};
    for (;;) {
      if (take_symbol(".")) {
        if (here().kind != Token::Kind::name) return wrong("a name is missing before " + shown());
        out.push_back(tokens_[at_++].text);
      } else if (take_symbol("[")) {
        const bool is_index = here().kind == Token::Kind::number && here().number.is_number_unsigned();
        if (!is_index && here().kind != Token::Kind::text) return wrong("between [ and ] stands a number from 0 or a text in quotes");
        out.push_back(is_index ? to_text(here().number) : here().text);
        ++at_;
        DEED_OK(expect("]"));
      } else {
        return out;
      }
    }
  }

  std::string_view text_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  int nesting_ = 0;
};

}  // namespace

std::string to_string(const Reference& reference) {
  std::string out;
  for (const std::string& part : reference) {
    const auto is_plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || (static_cast<unsigned char>(c) & 0x80) != 0; };
    const bool is_number = !part.empty() && part.find_first_not_of("0123456789") == std::string::npos;
    if (out.empty()) out = part;
    else if (is_number) out += "[" + part + "]";
    else if (!part.empty() && std::all_of(part.begin(), part.end(), is_plain)) out += "." + part;
    else out += "[" + to_text(Json(part)) + "]";
  }
  return out;
}

Result<Expression> Expression::parse(std::string_view text) {
  if (text.size() > max_expression_bytes) return fail(ErrorKind::limit, "an expression of more than 4096 bytes", character_at(text, max_expression_bytes));
  if (!is_utf8(text)) return fail(ErrorKind::invalid, "an expression that is not UTF-8");
  DEED_TRY(std::vector<Token> tokens, tokens_of(text));
  DEED_TRY(ExpressionNode root, Parser(text, std::move(tokens)).parse());
  Expression out;
  out.text_ = std::string(text);
  out.root_ = std::make_shared<const ExpressionNode>(std::move(root));
  return out;
}

}  // namespace deed
