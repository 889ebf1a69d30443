// What one scalar of a YAML file means under the core schema.
// Source: https://yaml.org/spec/1.2.2/#103-core-schema
#pragma once

#include <string>
#include <string_view>

#include "deed/core/json.hpp"

namespace deed {

/// tag  "?" for a plain scalar without one, "!" for a quoted one, else the tag in full
/// errors  invalid: a tag that is not of the core schema, or a value that is not of its tag, or that JSON does not have (.inf)
Result<Json> yaml_scalar(std::string_view tag, const std::string& text);

}  // namespace deed
