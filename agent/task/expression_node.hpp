// The tree of an expression, and the tokens that it is made of.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "deed/agent/task/expression.hpp"

namespace deed {

struct FilterSpec;  // expression_filters.hpp

struct FilterCall {
  const FilterSpec* filter = nullptr;  ///< of the table; never null
  std::vector<ExpressionNode> arguments;
};

struct ExistsNode {
  Reference reference;
};
struct OperationNode {
  enum class Kind { list, all, any, negation, equal, unequal, less, at_most, greater, at_least, in, not_in } kind;
  std::vector<ExpressionNode> operands;
};
/// A value that goes through filters, the first one first.
struct PipedNode {
  std::vector<ExpressionNode> value;  ///< exactly one
  std::vector<FilterCall> filters;
};

struct ExpressionNode {
  std::variant<Json, Reference, ExistsNode, OperationNode, PipedNode> is;
};

struct Token {
  enum class Kind { name, number, text, symbol, end } kind = Kind::end;
  std::string text;   ///< of a name or symbol; of a text, what it means
  Json number = {};
  std::size_t at = 0;  ///< byte in the expression
};

/// The tokens, the last one of the kind end. errors  as Expression::parse
Result<std::vector<Token>> tokens_of(std::string_view text);

/// "character 7": where people count from 1 in characters.
std::string character_at(std::string_view text, std::size_t byte);

}  // namespace deed
