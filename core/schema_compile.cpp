// Reading a schema: every keyword is known, of the right type, and every reference leads somewhere.
#include <algorithm>
#include <regex>
#include <set>
#include <string_view>

#include "deed/core/schema.hpp"

namespace deed {
namespace {

constexpr int max_depth = 64;

using Names = std::set<std::string_view>;

const Names& annotations() {
  static const Names names = {"$schema",  "$id",      "$comment",  "title",     "description",     "default",
                              "examples", "readOnly", "writeOnly", "deprecated", "contentEncoding", "contentMediaType",
                              "contentSchema", "$anchor", "$defs", "definitions"};
  return names;
}
const Names& one_schema() {
  static const Names names = {"items", "contains", "additionalProperties", "propertyNames", "not", "if", "then", "else"};
  return names;
}
const Names& schema_lists() {
  static const Names names = {"allOf", "anyOf", "oneOf", "prefixItems"};
  return names;
}
const Names& schema_maps() {
  static const Names names = {"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"};
  return names;
}
const Names& counts() {
  static const Names names = {"minLength",   "maxLength",   "minItems",      "maxItems",
                              "minContains", "maxContains", "minProperties", "maxProperties"};
  return names;
}
const Names& numbers() {
  static const Names names = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"};
  return names;
}

class Compiler {
 public:
  explicit Compiler(const Json& root) : root_(root) {}

  Result<void> check(const Json& schema, const std::string& at, int depth) {
    if (depth > max_depth) return fail(ErrorKind::invalid, "the schema is nested too deep", at);
    if (schema.is_boolean()) return {};
    if (!schema.is_object()) return fail(ErrorKind::invalid, "a schema is an object, true or false", at);
    for (const auto& [key, value] : schema.items()) DEED_OK(keyword(key, value, at + "/" + key, depth));
    return {};
  }

 private:
  Result<void> keyword(const std::string& key, const Json& value, const std::string& at, int depth) {
    if (one_schema().contains(key)) return check(value, at, depth + 1);
    if (schema_lists().contains(key)) return list(value, at, depth);
    if (schema_maps().contains(key)) return map(key, value, at, depth);
    if (annotations().contains(key) || key == "enum" || key == "const") {
      return key == "enum" && !value.is_array() ? wrong("enum is a list", at) : Result<void>();
    }
    if (counts().contains(key)) {
      const bool whole = value.is_number() && value.get<double>() >= 0 &&
                         value.get<double>() == static_cast<double>(static_cast<std::int64_t>(value.get<double>()));
      return whole ? Result<void>() : wrong("a count is a whole number from 0", at);
    }
    if (numbers().contains(key)) {
      if (!value.is_number() || (key == "multipleOf" && value.get<double>() <= 0)) return wrong("a number is wanted", at);
      return {};
    }
    if (key == "type") return type(value, at);
    if (key == "required") return texts(value, at);
    if (key == "uniqueItems") return value.is_boolean() ? Result<void>() : wrong("true or false is wanted", at);
    if (key == "pattern") return value.is_string() ? pattern(value.get<std::string>(), at) : wrong("a text is wanted", at);
    if (key == "format") return value.is_string() ? Result<void>() : wrong("a text is wanted", at);
    if (key == "dependentRequired") {
      if (!value.is_object()) return wrong("an object of lists is wanted", at);
      for (const auto& [name, list] : value.items()) DEED_OK(texts(list, at + "/" + name));
      return {};
    }
    if (key == "$ref") return reference(value, at);
    return fail(ErrorKind::unsupported, "the keyword \"" + key + "\" is not supported", at);
  }

  Result<void> list(const Json& value, const std::string& at, int depth) {
    if (!value.is_array() || value.empty()) return wrong("a list of schemas is wanted", at);
    std::size_t index = 0;
    for (const Json& item : value) DEED_OK(check(item, at + "/" + std::to_string(index++), depth + 1));
    return {};
  }
  Result<void> map(const std::string& key, const Json& value, const std::string& at, int depth) {
    if (!value.is_object()) return wrong("an object of schemas is wanted", at);
    for (const auto& [name, item] : value.items()) {
      if (key == "patternProperties") DEED_OK(pattern(name, at));
      DEED_OK(check(item, at + "/" + name, depth + 1));
    }
    return {};
  }
  Result<void> type(const Json& value, const std::string& at) {
    static const Names types = {"null", "boolean", "object", "array", "number", "string", "integer"};
    const auto known = [](const Json& t) { return t.is_string() && types.contains(t.get_ref<const std::string&>()); };
    if (known(value)) return {};
    if (value.is_array() && !value.empty() && std::all_of(value.begin(), value.end(), known)) return {};
    return wrong("not a type", at);
  }
  Result<void> texts(const Json& value, const std::string& at) {
    const bool good = value.is_array() && std::all_of(value.begin(), value.end(), [](const Json& j) { return j.is_string(); });
    return good ? Result<void>() : wrong("a list of texts is wanted", at);
  }
  Result<void> pattern(const std::string& text, const std::string& at) {
    if (text.size() > 512) return fail(ErrorKind::unsupported, "a pattern of over 512 bytes", at);
    try {
      const std::regex compiled(text, std::regex::ECMAScript);
      return {};
    } catch (const std::regex_error&) {
      return fail(ErrorKind::unsupported, "a pattern that is not understood", at);
    }
  }
  Result<void> reference(const Json& value, const std::string& at) {
    if (!value.is_string()) return wrong("a text is wanted", at);
    const std::string text = value.get<std::string>();
    if (text != "#" && !text.starts_with("#/")) {
      return fail(ErrorKind::unsupported, "only references inside of the schema are followed", at);
    }
    try {
      if (!root_.contains(Json::json_pointer(text.substr(1)))) return wrong("a reference to nothing", at);
    } catch (const Json::exception&) {
      return wrong("not a JSON pointer", at);
    }
    return {};
  }
  static Result<void> wrong(const char* what, const std::string& at) { return fail(ErrorKind::invalid, what, at); }

  const Json& root_;
};

}  // namespace

Result<Schema> Schema::compile(Json schema) {
  DEED_OK(Compiler(schema).check(schema, "", 0));
  return Schema(std::move(schema));
}

}  // namespace deed
