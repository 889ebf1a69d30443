// Templates: texts in JSON with {{expressions}} in them. The walk over the value is the same when compiling and when rendering, so that
// the n-th text with braces is the n-th slot.
#include <algorithm>

#include "deed/agent/task/expression.hpp"
#include "deed/agent/task/expression_filters.hpp"
#include "deed/core/schema_pointer.hpp"
#include "deed/core/schema_text.hpp"
#include "deed/core/text.hpp"

namespace deed {
namespace {

constexpr std::string_view open_mark = "{{", close_mark = "}}";
constexpr std::size_t max_text_bytes = 16u << 20, max_value_weight = 64u << 20;

Error located(Error error, const std::string& pointer) {
  error.where = pointer.empty() || error.where.empty() ? pointer + error.where : pointer + " " + error.where;
  return error;
}

// Where the expression that begins here ends; in quotes braces mean themselves.
std::size_t end_of_expression(std::string_view text, std::size_t at) {
  char quote = 0;
  for (; at < text.size(); ++at) {
    if (quote != 0 && text[at] == '\\') ++at;
    else if (quote != 0) quote = text[at] == quote ? 0 : quote;
    else if (text[at] == '\'' || text[at] == '"') quote = text[at];
    else if (text.substr(at).starts_with(close_mark)) return at;
  }
  return std::string_view::npos;
}

// Calls visit(text, pointer) for each text that holds "{{", in order; stops at an error.
template <class Value, class Visit>
Result<void> walk(Value& value, const std::string& pointer, const Visit& visit) {
  if (value.is_string()) {
    return value.template get_ref<const std::string&>().find(open_mark) == std::string::npos ? Result<void>() : visit(value, pointer);
  }
  if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) DEED_OK(walk(value[i], pointer + "/" + std::to_string(i), visit));
  } else if (value.is_object()) {
    for (auto member = value.begin(); member != value.end(); ++member) {
      const std::string below = pointer + "/" + schema::pointer_part(member.key());
      if (member.key().find(open_mark) != std::string::npos) return fail(ErrorKind::invalid, "nothing is put into a key", below, "only into values");
      DEED_OK(walk(member.value(), below, visit));
    }
  }
  return {};
}

Result<std::string> put_in(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number() || value.is_boolean()) return to_text(value);
  return fail(ErrorKind::invalid, std::string(kind_of(value)) + " cannot be put into a longer text", "",
              value.is_null() ? "the filter default says what to put there instead" : "the filter json or join makes a text of it");
}

// Reads the expression that begins at `at`, behind its braces, and leaves `at` behind its end.
Result<Expression> expression_at(std::string_view text, std::size_t& at) {
  const std::size_t begin = at, end = end_of_expression(text, begin);
  if (end == std::string_view::npos) {
    const std::string where = "character " + std::to_string(schema::characters(text.substr(0, begin)) - 1);
    return fail(ErrorKind::invalid, "\"{{\" without \"}}\"", where, "a {{ that is meant as such is written {{{{");
  }
  at = end + close_mark.size();
  auto expression = Expression::parse(text.substr(begin, end - begin));
  if (expression) return expression;
  Error error = expression.error();
  error.where = "in {{" + std::string(utf8_prefix(text.substr(begin, end - begin), 60)) + "}}" + (error.where.empty() ? "" : ", " + error.where);
  return fail(std::move(error));
}

}  // namespace

Result<std::vector<Template::Piece>> Template::pieces_of(std::string_view text) {
  std::vector<Piece> pieces;
  std::string plain;
  for (std::size_t at = 0; at < text.size();) {
    if (!text.substr(at).starts_with(open_mark)) {
      plain += text[at++];
      continue;
    }
    at += open_mark.size();
    if (text.substr(at).starts_with(open_mark)) {
      plain += open_mark;
      at += open_mark.size();
      continue;
    }
    DEED_TRY(Expression expression, expression_at(text, at));
    if (!plain.empty()) pieces.push_back({std::exchange(plain, {}), std::nullopt});
    pieces.push_back({"", std::move(expression)});
  }
  if (!plain.empty()) pieces.push_back({std::move(plain), std::nullopt});
  return pieces;
}

Result<Template> Template::compile(Json value) {
  Template out;
  DEED_OK(walk(std::as_const(value), "", [&](const Json& text, const std::string& pointer) -> Result<void> {
    auto pieces = pieces_of(text.get_ref<const std::string&>());
    if (!pieces) return fail(located(pieces.error(), pointer));
    out.leaves_.push_back({pointer, *std::move(pieces)});
    return {};
  }));
  out.source_ = std::move(value);
  return out;
}

Result<Template::Rendered> Template::render(const Scope& scope) const {
  Rendered out{.value = source_, .leaves = {}};
  auto slot = leaves_.begin();
  std::size_t weight = 0;
  DEED_OK(walk(out.value, "", [&](Json& target, const std::string& pointer) -> Result<void> {
    const Slot& here = *slot++;
    std::string text;
    std::optional<Leaf> leaf;
    for (const Piece& piece : here.pieces) {
      text += piece.text;
      if (!piece.expression) continue;
      auto found = piece.expression->evaluate(scope);
      if (!found) return fail(located(found.error(), pointer));
      if (!leaf || found->trust > leaf->trust) leaf = Leaf{pointer, std::move(found->origin), found->trust};
      weight += weight_of(found->value);
      if (weight > max_value_weight) return fail(ErrorKind::limit, "more than " + human_bytes(max_value_weight) + " would be put in", pointer);
      if (here.pieces.size() == 1) {
        target = std::move(found->value);
        out.leaves.push_back(*std::move(leaf));
        return {};
      }
      const auto part = put_in(found->value);
      if (!part) return fail(located(part.error(), pointer));
      text += *part;
      if (text.size() > max_text_bytes) return fail(ErrorKind::limit, "a text of more than " + human_bytes(max_text_bytes) + " would be made", pointer);
    }
    target = std::move(text);
    if (leaf) out.leaves.push_back(*std::move(leaf));
    return {};
  }));
  return out;
}

std::vector<Template::Use> Template::uses() const {
  std::vector<Use> out;
  for (const Slot& slot : leaves_) {
    for (const Piece& piece : slot.pieces) {
      if (!piece.expression) continue;
      for (const Expression::Use& use : piece.expression->uses()) out.push_back({slot.pointer, use.reference, use.optional});
    }
  }
  return out;
}

std::vector<Template::Text> Template::texts() const {
  std::vector<Text> out;
  for (const Slot& slot : leaves_) out.push_back({slot.pointer, slot.pieces.size() == 1 && slot.pieces[0].expression});
  return out;
}

}  // namespace deed
