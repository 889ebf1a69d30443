// Task files and expressions that no person would write. The first byte chooses: an even one takes the rest as a task file, an odd one
// as an expression and, behind a NUL, the JSON that its references read. Whatever comes: no crash, no undefined behaviour, a limit on
// time and memory; every issue has a place; what is read is read again as the same; a template never reads what it put in.
#include <cstdint>
#include <cstdlib>

#include "deed/agent/task/parse_task.hpp"
#include "deed/core/text.hpp"

namespace deed {
namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

class JsonScope final : public Scope {
 public:
  explicit JsonScope(Json values) : values_(std::move(values)) {}

  // A reference that leads nowhere finds the whole, so that filters get to see all sorts of values.
  Result<Sourced> find(const Reference& reference) const override {
    if (reference.back() == "missing") return fail(ErrorKind::not_found, "nothing");
    const Json* at = &values_;
    for (const std::string& part : reference) {
      if (at->is_object() && at->contains(part)) at = &(*at)[part];
      else if (at->is_array() && !at->empty()) at = &(*at)[part.size() % at->size()];
    }
    return Sourced{*at, reference[0], Trust::tool};
  }

 private:
  Json values_;
};

void check_file(std::string_view text) {
  const auto source = parse_source(text);
  if (source) {
    // What was read, written as JSON, is read as the same.
    const auto again = parse_source(to_text(source->value), {.max_bytes = 64u << 20});
    const bool is_structured = source->value.is_structured();
    require(!is_structured || !again || again->value == source->value);
    require(source->places.contains(""));
  }
  int files = 0;
  const auto read = [&](const std::string&) -> Result<std::string> {
    if (++files > 1) return fail(ErrorKind::not_found, "no more");
    return std::string(text);
  };
  const ParsedTask parsed = parse_task(text, "fuzz.yaml", read);
  require((parsed.task == nullptr) == !parsed.issues.empty());
  require(parsed.issues.size() <= 100);
  for (const TaskIssue& issue : parsed.issues) {
    require(issue.place.line >= 1 && issue.place.column >= 1 && !issue.what.empty());
    require(is_utf8(to_string(issue)));
  }
}

void check_expression(std::string_view text) {
  const std::size_t end = text.find('\0');
  const std::string expression_text(text.substr(0, end));
  const auto values = end == std::string_view::npos ? Result<Json>(Json::object()) : parse_json(text.substr(end + 1), {.max_depth = 32});
  const JsonScope scope(values.value_or(Json(std::string(to_utf8(text)))));
  const auto expression = Expression::parse(expression_text);
  if (!expression) require(!expression.error().what.empty());
  if (expression) {
    const auto value = expression->evaluate(scope);
    require(value || !value.error().what.empty());
    for (const auto& use : expression->uses()) require(!use.reference.empty());
    // Nothing that it does not read has a say.
    if (const auto constant = expression->constant()) require(value && value->value == *constant);
    if (const auto holds = expression->holds(scope)) require(value && value->value == *holds);
  }
  const auto made = Template::compile(Json{{"a", expression_text}, {"b", {"{{" + expression_text + "}}", "x {{" + expression_text + "}} y"}}});
  if (!made) return;
  const auto rendered = made->render(scope);
  if (!rendered) return;
  require(rendered->value["b"].size() == 2);
  if (made->is_constant()) require(rendered->value == made->source());
}

}  // namespace
}  // namespace deed

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  if (data[0] % 2 == 0) deed::check_file(text);
  else deed::check_expression(text);
  return 0;
}
