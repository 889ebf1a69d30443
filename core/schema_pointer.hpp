// JSON pointers (RFC 6901), as paths of issues and as the targets of $ref.
#pragma once

#include "deed/core/json.hpp"

#include <string>
#include <string_view>

namespace deed::schema {

/// `name` as one part of a pointer: "a/b" becomes "a~1b".
std::string pointer_part(std::string_view name);

/// What a reference of the form "#" or "#/…" (percent-encoded) leads to; null: nothing.
const Json* referred(const Json& root, std::string_view reference);

}  // namespace deed::schema
