// Replies that must be JSON of a schema: checked, and asked for again where they are not. Providers that can be told the schema are told
// it as well, but not all of them keep their word, and many cannot.
#pragma once

#include "deed/llm/model.hpp"

#include <memory>

namespace deed {

/// Passes requests on. Where `response_schema` is set and the reply makes no calls, its text is one JSON value of the schema, without
/// anything around it: a fence around the value is taken off, and a reply that does not fit is asked for again, twice at most, with what
/// was wrong; usage and cost are those of all tries, and the sink hears ReplyRestarted.
/// errors  those of `model`; invalid: the schema is none; corrupt: no try fitted
std::unique_ptr<Model> make_structured(std::unique_ptr<Model> model);

}  // namespace deed
