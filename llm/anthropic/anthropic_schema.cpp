#include "deed/llm/anthropic/anthropic_schema.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace deed {
namespace {

constexpr std::string_view refused_keywords[] = {
    "minimum",     "maximum",       "exclusiveMinimum", "exclusiveMaximum",  "multipleOf",    "minLength", "maxLength",        "maxItems",
    "uniqueItems", "minProperties", "maxProperties",    "patternProperties", "propertyNames", "contains",  "minContains",      "maxContains",
    "if",          "then",          "else",             "not",               "prefixItems",   "$schema",   "unevaluatedItems", "dependentRequired"};
constexpr std::string_view known_formats[] = {"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"};

bool is_listed(std::string_view word, const auto& list) { return std::find(std::begin(list), std::end(list), word) != std::end(list); }

bool is_refused(const std::string& key, const Json& value) {
  if (key == "minItems") return value != 0 && value != 1;
  if (key == "format") return !value.is_string() || !is_listed(value.get<std::string>(), known_formats);
  return is_listed(key, refused_keywords);
}

bool is_of_object(const Json& schema) {
  const auto type = schema.find("type");
  if (type == schema.end()) return schema.contains("properties");
  return *type == "object" || (type->is_array() && std::find(type->begin(), type->end(), "object") != type->end());
}

// Members whose values are schemas by name, and those whose values are one schema or a list of them.
constexpr std::string_view named_schemas[] = {"properties", "$defs", "definitions"};
constexpr std::string_view inner_schemas[] = {"items", "anyOf", "allOf", "oneOf"};

Json reduced_member(const std::string& key, const Json& value) {
  if (is_listed(key, named_schemas) && value.is_object()) {
    Json out = Json::object();
    for (const auto& [name, inner] : value.items()) out[name] = structured_output_schema(inner);
    return out;
  }
  if (!is_listed(key, inner_schemas)) return value;
  if (!value.is_array()) return structured_output_schema(value);
  Json out = Json::array();
  for (const Json& inner : value) out.push_back(structured_output_schema(inner));
  return out;
}

}  // namespace

Json structured_output_schema(const Json& schema) {
  if (!schema.is_object()) return schema;
  Json out = Json::object();
  Json left_out = Json::object();
  for (const auto& [key, value] : schema.items()) {
    if (key == "additionalProperties") continue;
    if (is_refused(key, value)) {
      left_out[key] = value;
      continue;
    }
    // "oneOf" is not known; one of several that exclude each other is one of them.
    out[key == "oneOf" ? "anyOf" : key] = reduced_member(key, value);
  }
  left_out.erase("$schema");
  if (!left_out.empty()) {
    const std::string said = string_at(out, "description");
    out["description"] = said + (said.empty() ? "" : " ") + to_text(left_out);
  }
  if (is_of_object(schema)) out["additionalProperties"] = false;
  return out;
}

}  // namespace deed
