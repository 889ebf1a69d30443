// Evaluation by walking the tree: each node once, in time linear in what it reads.
#include <algorithm>

#include "deed/agent/task/expression_filters.hpp"
#include "deed/agent/task/expression_node.hpp"

namespace deed {
namespace {

using Kind = OperationNode::Kind;

Unexpected not_allowed(std::string what, std::string hint = {}) { return fail(ErrorKind::invalid, std::move(what), "", std::move(hint)); }

// What stays the same kind of thing: 1 and 1.5 do, 1 and "1" do not.
bool is_alike(const Json& a, const Json& b) { return (a.is_number() && b.is_number()) || a.type() == b.type(); }

class Evaluation {
 public:
  explicit Evaluation(const Scope& scope) : scope_(scope) {}

  Result<Json> value_of(const ExpressionNode& node) {
    if (const auto* literal = std::get_if<Json>(&node.is)) return *literal;
    if (const auto* reference = std::get_if<Reference>(&node.is)) return read(*reference);
    if (const auto* exists = std::get_if<ExistsNode>(&node.is)) return is_there(exists->reference);
    if (const auto* piped = std::get_if<PipedNode>(&node.is)) return filtered(*piped);
    return operated(std::get<OperationNode>(node.is));
  }

  Sourced sourced(Json value) const { return {std::move(value), origin_, trust_.value_or(Trust::user)}; }

 private:
  Result<Json> read(const Reference& reference) {
    DEED_TRY(Sourced found, scope_.find(reference));
    if (!trust_ || found.trust > *trust_) {
      trust_ = found.trust;
      origin_ = std::move(found.origin);
    }
    return std::move(found.value);
  }
  Result<Json> is_there(const Reference& reference) {
    const auto found = read(reference);
    if (!found && found.error().kind != ErrorKind::not_found) return fail(found.error());
    return Json(found.has_value());
  }

  // A failure goes past the filters up to the next `default`, which also stands for null.
  Result<Json> filtered(const PipedNode& piped) {
    Result<Json> value = value_of(piped.value.front());
    for (const FilterCall& call : piped.filters) {
      if (!call.filter->apply) {
        const bool is_missing = value ? value->is_null() : value.error().kind == ErrorKind::not_found;
        if (is_missing) value = value_of(call.arguments.front());
      } else if (value) {
        value = apply(call, *value);
      }
    }
    return value;
  }
  Result<Json> apply(const FilterCall& call, const Json& value) {
    std::vector<Json> arguments;
    for (const ExpressionNode& argument : call.arguments) {
      DEED_TRY(Json read_value, value_of(argument));
      arguments.push_back(std::move(read_value));
    }
    Result<Json> made = call.filter->apply(value, arguments, budget_);
    if (made) return made;
    Error error = made.error();
    error.what = "the filter " + std::string(call.filter->name) + " " + error.what;
    return fail(std::move(error));
  }

  Result<Json> operated(const OperationNode& node) {
    if (node.kind == Kind::list) return listed(node.operands);
    if (node.kind == Kind::all || node.kind == Kind::any) return joined(node);
    if (node.kind == Kind::negation) {
      DEED_TRY(const bool holds, truth_of(node.operands[0], "not"));
      return Json(!holds);
    }
    DEED_TRY(const Json left, value_of(node.operands[0]));
    DEED_TRY(const Json right, value_of(node.operands[1]));
    DEED_TRY(const bool holds, compared(node.kind, left, right));
    return Json(holds);
  }
  Result<Json> listed(const std::vector<ExpressionNode>& operands) {
    Json list = Json::array();
    for (const ExpressionNode& operand : operands) {
      DEED_TRY(Json item, value_of(operand));
      DEED_OK(budget_.take(weight_of(item)));
      list.push_back(std::move(item));
    }
    return list;
  }
  // What comes after the decision is not read: "exists row.x and row.x > 3".
  Result<Json> joined(const OperationNode& node) {
    const bool decides = node.kind == Kind::any;
    for (const ExpressionNode& operand : node.operands) {
      DEED_TRY(const bool holds, truth_of(operand, decides ? "or" : "and"));
      if (holds == decides) return Json(decides);
    }
    return Json(!decides);
  }
  Result<bool> truth_of(const ExpressionNode& node, const char* word) {
    DEED_TRY(const Json value, value_of(node));
    if (value.is_boolean()) return value.get<bool>();
    return not_allowed(std::string("\"") + word + "\" joins what is true or false, not " + kind_of(value), "compare it with something: row.active == 'yes'");
  }

  static Result<bool> compared(Kind kind, const Json& left, const Json& right) {
    if (kind == Kind::in || kind == Kind::not_in) {
      DEED_TRY(const bool found, contains(right, left));
      return found == (kind == Kind::in);
    }
    if (kind == Kind::equal || kind == Kind::unequal) {
      DEED_TRY(const bool equal, equals(left, right));
      return equal == (kind == Kind::equal);
    }
    return ordered(kind, left, right);
  }
  // A number is never equal to its digits as text: columns of a file are text, and "10" == 10 would quietly never hold.
  static Result<bool> equals(const Json& left, const Json& right) {
    if (left.is_null() || right.is_null() || is_alike(left, right)) return left == right;
    const bool has_text = left.is_string() || right.is_string(), has_number = left.is_number() || right.is_number();
    return not_allowed(std::string(kind_of(left)) + " is compared with " + kind_of(right),
                       has_text && has_number ? "the filter number makes a number of a text: row.amount | number" : "");
  }
  static Result<bool> ordered(Kind kind, const Json& left, const Json& right) {
    const bool can = (left.is_number() && right.is_number()) || (left.is_string() && right.is_string());
    if (!can) {
      return not_allowed(std::string(kind_of(left)) + " is neither less nor more than " + kind_of(right), "two numbers can be compared, or two texts");
    }
    switch (kind) {
      case Kind::less: return left < right;
      case Kind::at_most: return left <= right;
      case Kind::greater: return left > right;
      default: return left >= right;
    }
  }
  static Result<bool> contains(const Json& whole, const Json& part) {
    if (whole.is_array()) return std::find(whole.begin(), whole.end(), part) != whole.end();
    if (whole.is_string() && part.is_string()) {
      return find_in(whole.get_ref<const std::string&>(), part.get_ref<const std::string&>()) != std::string::npos;
    }
    if (whole.is_object() && part.is_string()) return whole.contains(part.get_ref<const std::string&>());
    return not_allowed(std::string(kind_of(part)) + " cannot be \"in\" " + kind_of(whole), "something is in a list, a text in a text");
  }

  const Scope& scope_;
  TextBudget budget_;
  std::string origin_ = "task";
  std::optional<Trust> trust_;
};

class EmptyScope final : public Scope {
 public:
  Result<Sourced> find(const Reference& reference) const override { return fail(ErrorKind::not_found, "nothing has a value here", to_string(reference)); }
};

void note(const Reference& reference, bool optional, std::vector<Expression::Use>& out) {
  const auto found = std::find_if(out.begin(), out.end(), [&](const Expression::Use& use) { return use.reference == reference; });
  if (found == out.end()) out.push_back({reference, optional});
  else found->optional = found->optional && optional;
}

void collect(const ExpressionNode& node, bool optional, std::vector<Expression::Use>& out) {
  if (const auto* reference = std::get_if<Reference>(&node.is)) note(*reference, optional, out);
  if (const auto* exists = std::get_if<ExistsNode>(&node.is)) note(exists->reference, true, out);
  if (const auto* operation = std::get_if<OperationNode>(&node.is)) {
    for (const ExpressionNode& operand : operation->operands) collect(operand, optional, out);
  }
  const auto* piped = std::get_if<PipedNode>(&node.is);
  if (!piped) return;
  const auto is_default = [](const FilterCall& call) { return !call.filter->apply; };
  // Whatever stands before the last `default` may be missing.
  auto last = std::find_if(piped->filters.rbegin(), piped->filters.rend(), is_default).base();
  const bool has_default = last != piped->filters.begin();
  collect(piped->value.front(), optional || has_default, out);
  for (auto call = piped->filters.begin(); call != piped->filters.end(); ++call) {
    const bool is_before = has_default && call < last - 1;
    for (const ExpressionNode& argument : call->arguments) collect(argument, optional || is_before, out);
  }
}

}  // namespace

Result<Sourced> Expression::evaluate(const Scope& scope) const {
  Evaluation evaluation(scope);
  DEED_TRY(Json value, evaluation.value_of(*root_));
  return evaluation.sourced(std::move(value));
}

Result<bool> Expression::holds(const Scope& scope) const {
  DEED_TRY(const Sourced found, evaluate(scope));
  if (found.value.is_boolean()) return found.value.get<bool>();
  return not_allowed(std::string("a condition must be true or false, not ") + kind_of(found.value), "compare it with something: row.active == 'yes'");
}

std::vector<Expression::Use> Expression::uses() const {
  std::vector<Use> out;
  collect(*root_, false, out);
  return out;
}

std::optional<Json> Expression::constant() const {
  if (!uses().empty()) return std::nullopt;
  auto found = evaluate(EmptyScope());
  return found ? std::optional(std::move(found->value)) : std::nullopt;
}

}  // namespace deed
