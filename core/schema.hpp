// JSON Schema 2020-12, the part that tool specs use. What is not understood is refused when a
// schema is compiled, so a tool never runs with an argument that nobody checked. Source:
// https://json-schema.org/draft/2020-12/json-schema-validation
#pragma once

#include "deed/core/json.hpp"

#include <memory>
#include <string>
#include <vector>

namespace deed {

/// One thing wrong with a value: `path` is a JSON pointer into the value ("" is the whole), `what`
/// is for the model.
struct SchemaIssue {
  std::string path;
  std::string what;

  bool operator==(const SchemaIssue&) const = default;
};

/// A schema that has been read and understood.
///
/// Keywords: type, enum, const, properties, required, additionalProperties, propertyNames,
/// patternProperties, dependentRequired, minProperties, maxProperties, items, prefixItems,
/// contains, minContains, maxContains, minItems, maxItems, uniqueItems, minimum, maximum,
/// exclusiveMinimum, exclusiveMaximum, multipleOf, minLength, maxLength, pattern
/// (core/schema_text.hpp says which), format (email, uri, path, date, date-time are asserted;
/// others are annotations), dependentSchemas, anyOf, oneOf, allOf, not, if/then/else, $ref to "#",
/// "#/…", $defs (also as "definitions"), $id at the root, and the annotations. `true` and `false`
/// are schemas.
class Schema {
 public:
  /// errors  invalid: not a schema, or a reference to nothing; `where` is a JSON pointer into the
  /// schema.
  ///         unsupported: a keyword outside the list ($dynamicRef, unevaluatedProperties, remote
  ///         $ref, …)
  static Result<Schema> compile(Json schema);

  /// Everything that is wrong, at most 16 issues; empty means valid. Recursion through $ref stops
  /// at depth 64 with an issue, and so does a value that takes more than a million steps to check.
  std::vector<SchemaIssue> check(const Json& value) const;

  const Json& json() const { return schema_; }

 private:
  explicit Schema(Json schema) : schema_(std::move(schema)) {}
  Json schema_;
};

}  // namespace deed
