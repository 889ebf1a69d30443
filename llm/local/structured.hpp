// JSON of a schema from a model that cannot be trusted to write JSON: the parts that the schema
// fixes are written by code, the values are copied from what was said or decoded one by one.
#pragma once

#include "deed/llm/local/scorer.hpp"
#include "deed/llm/model.hpp"

namespace deed {

/// A reply whose text is JSON of `request.response_schema`, filled from the last user message and
/// the results behind it. errors  unsupported: a schema that is not an object of strings, numbers,
/// booleans, enums, and lists and objects of these.
///         corrupt: no value of the right type could be found for a required property. Others as
///         Scorer::score
Result<Reply> generate_structured(Scorer& scorer, const ModelRequest& request);

}  // namespace deed
