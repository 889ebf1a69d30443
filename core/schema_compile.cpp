// Reading a schema: every keyword is known, of the right type, and every reference leads to a
// schema.
#include "deed/core/schema.hpp"
#include "deed/core/schema_pointer.hpp"
#include "deed/core/schema_text.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <string_view>

namespace deed {
namespace {

constexpr int max_schema_depth = 64;

using Names = std::set<std::string_view>;

const Names& annotations() {
  static const Names names = {
      "$schema",          "$comment",      "title",     "description", "default",
      "examples",         "readOnly",      "writeOnly", "deprecated",  "contentEncoding",
      "contentMediaType", "contentSchema", "$anchor"};
  return names;
}
const Names& one_schema() {
  static const Names names = {
      "items", "contains", "additionalProperties", "propertyNames", "not", "if", "then", "else"};
  return names;
}
const Names& schema_lists() {
  static const Names names = {"allOf", "anyOf", "oneOf", "prefixItems"};
  return names;
}
const Names& schema_maps() {
  // "definitions" is the name of $defs in earlier drafts, and still written.
  static const Names names = {"properties", "patternProperties", "$defs", "definitions",
                              "dependentSchemas"};
  return names;
}
const Names& counts() {
  static const Names names = {"minLength",   "maxLength",   "minItems",      "maxItems",
                              "minContains", "maxContains", "minProperties", "maxProperties"};
  return names;
}
const Names& numbers() {
  static const Names names = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
                              "multipleOf"};
  return names;
}

Result<void> wrong(const char* what, const std::string& at) {
  return fail(ErrorKind::invalid, what, at);
}

Result<void> check_type(const Json& value, const std::string& at) {
  static const Names types = {"null", "boolean", "object", "array", "number", "string", "integer"};
  const auto known = [](const Json& t) {
    return t.is_string() && types.contains(t.get_ref<const std::string&>());
  };
  if (known(value)) return {};
  if (value.is_array() && !value.empty() && std::all_of(value.begin(), value.end(), known))
    return {};
  return wrong("not a type", at);
}

Result<void> check_texts(const Json& value, const std::string& at) {
  const bool good = value.is_array() && std::all_of(value.begin(), value.end(),
                                                    [](const Json& j) { return j.is_string(); });
  return good ? Result<void>() : wrong("a list of texts is wanted", at);
}

Result<void> check_pattern(const std::string& text, const std::string& at) {
  auto pattern = schema::Pattern::compile(text);
  if (pattern) return {};
  Error error = std::move(pattern).error();
  error.what += " " + error.where;
  error.where = at;
  return fail(std::move(error));
}

// Keywords whose value is not a schema. nullopt: not one of them.
std::optional<Result<void>> check_plain(const std::string& key, const Json& value,
                                        const std::string& at) {
  if (annotations().contains(key) || key == "const") return Result<void>();
  if (key == "enum") return value.is_array() ? Result<void>() : wrong("enum is a list", at);
  if (counts().contains(key)) {
    const double count = value.is_number() ? value.get<double>() : -1;
    return count >= 0 && std::floor(count) == count ? Result<void>()
                                                    : wrong("a count is a whole number from 0", at);
  }
  if (numbers().contains(key)) {
    const bool good = value.is_number() && (key != "multipleOf" || value.get<double>() > 0);
    return good ? Result<void>() : wrong("a number is wanted", at);
  }
  if (key == "type") return check_type(value, at);
  if (key == "required") return check_texts(value, at);
  if (key == "uniqueItems")
    return value.is_boolean() ? Result<void>() : wrong("true or false is wanted", at);
  if (key == "format") return value.is_string() ? Result<void>() : wrong("a text is wanted", at);
  if (key == "pattern") {
    return value.is_string() ? check_pattern(value.get<std::string>(), at)
                             : wrong("a text is wanted", at);
  }
  if (key != "dependentRequired") return std::nullopt;
  if (!value.is_object()) return wrong("an object of lists is wanted", at);
  for (const auto& [name, list] : value.items())
    DEED_OK(check_texts(list, at + "/" + schema::pointer_part(name)));
  return Result<void>();
}

class Compiler {
 public:
  explicit Compiler(const Json& root) : root_(root) {}

  Result<void> check(const Json& schema, const std::string& at, int depth) {
    if (depth > max_schema_depth) return fail(ErrorKind::invalid, "the schema is nested too deep", at);
    if (schema.is_boolean()) return {};
    if (!schema.is_object())
      return fail(ErrorKind::invalid, "a schema is an object, true or false", at);
    for (const auto& [key, value] : schema.items()) {
      DEED_OK(keyword(key, value, at + "/" + schema::pointer_part(key), depth));
    }
    return {};
  }

 private:
  Result<void> keyword(const std::string& key, const Json& value, const std::string& at,
                       int depth) {
    if (one_schema().contains(key)) return check(value, at, depth + 1);
    if (schema_lists().contains(key)) return list(value, at, depth);
    if (schema_maps().contains(key)) return map(key, value, at, depth);
    if (key == "$ref") return reference(value, at, depth);
    if (key == "$id" && depth == 0) return {};
    if (key == "$id")
      return fail(ErrorKind::unsupported, "an $id inside of a schema is not supported", at);
    if (auto checked = check_plain(key, value, at)) return *std::move(checked);
    return fail(ErrorKind::unsupported, "the keyword \"" + key + "\" is not supported", at);
  }

  Result<void> list(const Json& value, const std::string& at, int depth) {
    if (!value.is_array() || value.empty()) return wrong("a list of schemas is wanted", at);
    std::size_t index = 0;
    for (const Json& item : value)
      DEED_OK(check(item, at + "/" + std::to_string(index++), depth + 1));
    return {};
  }

  Result<void> map(const std::string& key, const Json& value, const std::string& at, int depth) {
    if (!value.is_object()) return wrong("an object of schemas is wanted", at);
    for (const auto& [name, item] : value.items()) {
      if (key == "patternProperties") DEED_OK(check_pattern(name, at));
      DEED_OK(check(item, at + "/" + schema::pointer_part(name), depth + 1));
    }
    return {};
  }

  Result<void> reference(const Json& value, const std::string& at, int depth) {
    if (!value.is_string()) return wrong("a text is wanted", at);
    const std::string text = value.get<std::string>();
    if (text != "#" && !text.starts_with("#/")) {
      return fail(ErrorKind::unsupported, "only references inside of the schema are followed", at);
    }
    const Json* target = schema::referred(root_, text);
    if (!target) return wrong("a reference to nothing", at);
    // It may point at a place that no keyword makes a schema. Once is enough: schemas may refer to
    // themselves.
    if (target == &root_ || !followed_.insert(target).second) return {};
    return with_context(check(*target, at, depth + 1), at);
  }

  const Json& root_;
  std::set<const Json*> followed_;
};

}  // namespace

Result<Schema> Schema::compile(Json schema) {
  DEED_OK(Compiler(schema).check(schema, "", 0));
  return Schema(std::move(schema));
}

}  // namespace deed
