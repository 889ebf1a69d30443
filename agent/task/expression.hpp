// References and conditions of task files: a small total language. `inputs.x`, `row.email`, `steps.a.out.items[0]`, filters with
// `|`, and in conditions comparisons, and/or/not, in, exists. No loops, no calls, no assignment: evaluation always ends, in time
// linear in the expression and in the values that it reads.
//
//   condition  := or;  or := and {"or" and};  and := not {"and" not};  not := ["not"] comparison
//   comparison := operand [("==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "not in") operand] | "exists" reference
//   operand    := value {"|" filter};  (so filters bind tighter than comparisons)
//   value      := reference | number | text | "true" | "false" | "null" | "[" list "]" | "(" or ")"
//   reference  := name {"." name | "[" (number | text) "]"};  filter := name ["(" value {"," value} ")"]
//
// Filters: date, number, upper, lower, trim, join, json, parse, markdown, default, urlescape, length, first, last, lines, replace.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "deed/core/json.hpp"
#include "deed/memory/event.hpp"

namespace deed {

/// `steps.mail.out.items[0]` as {"steps", "mail", "out", "items", "0"}.
using Reference = std::vector<std::string>;
std::string to_string(const Reference& reference);

/// A value and where it came from.
struct Sourced {
  Json value;
  std::string origin;  ///< "task", "inputs.to", "steps.page", "row 17 of people.csv"
  Trust trust = Trust::user;
};

/// What references mean at one point of a task.
class Scope {
 public:
  virtual ~Scope() = default;
  /// errors  not_found: there is no such thing; `what` says which part of the reference is missing, and what is there instead
  virtual Result<Sourced> find(const Reference& reference) const = 0;
};

struct ExpressionNode;  // of expression_node.hpp

/// One parsed expression; a value.
class Expression {
 public:
  /// errors  invalid: `where` is "character N" (from 1), with a suggestion where a name is nearly a known one. limit: longer than
  ///         4 KiB, or nested deeper than 32
  static Result<Expression> parse(std::string_view text);

  /// The value. A reference to nothing is an error, unless `exists` asks for it or the filter `default` follows it.
  /// trust and origin of the result are those of the least trusted reference in it; without any, "task" and user.
  /// errors  not_found: as Scope::find, or the filters first and last of an empty list. invalid: a filter or comparison that the
  ///         values do not allow ("a" < 3, "10" == 10). limit: texts of more than 16 MiB would be made on the way
  Result<Sourced> evaluate(const Scope& scope) const;

  /// The same as a condition. errors  as evaluate; invalid: the value is not true or false
  Result<bool> holds(const Scope& scope) const;

  /// All that it reads, each once, in order; those behind `exists` and before `default` as `optional`.
  struct Use {
    Reference reference;
    bool optional = false;
  };
  std::vector<Use> uses() const;

  /// Its value where it reads nothing (`false`, `1 == 2`): how a condition that can never hold is found.
  std::optional<Json> constant() const;

  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::shared_ptr<const ExpressionNode> root_;  // shared by copies, never changed
};

/// JSON whose texts may hold `{{expression}}`, put in after parsing. A text that is exactly one reference keeps the value's type;
/// in a longer one values are put in as text (numbers and booleans as JSON writes them; lists, objects and null are an error
/// without a filter). `{{{{` is a literal `{{`.
class Template {
 public:
  Template() = default;
  /// errors  as Expression::parse; `where` is the JSON pointer of the text in `value`, then "in {{…}}, character N". invalid also: a
  ///         key with {{ in it
  static Result<Template> compile(Json value);

  struct Leaf {
    std::string pointer;  ///< in the rendered value: the text in which something was put
    std::string origin;   ///< of the least trusted value in it
    Trust trust = Trust::user;
  };
  struct Rendered {
    Json value;
    std::vector<Leaf> leaves;
  };
  /// errors  as Expression::evaluate; `where` is the JSON pointer of the text. limit also: values of more than 64 MiB would be put in
  Result<Rendered> render(const Scope& scope) const;

  struct Use {
    std::string pointer;  ///< of the text
    Reference reference;
    bool optional = false;
  };
  std::vector<Use> uses() const;

  /// The texts that hold braces.
  struct Text {
    std::string pointer;
    bool is_whole = false;  ///< exactly one expression: its value may be of any type. Else it becomes a text
  };
  std::vector<Text> texts() const;

  /// As it was written.
  const Json& source() const { return source_; }
  bool is_constant() const { return leaves_.empty(); }

 private:
  struct Piece {  // text, or an expression
    std::string text;
    std::optional<Expression> expression;
  };
  struct Slot {
    std::string pointer;
    std::vector<Piece> pieces;
  };
  static Result<std::vector<Piece>> pieces_of(std::string_view text);

  Json source_;
  std::vector<Slot> leaves_;  // the texts that hold something
};

}  // namespace deed
