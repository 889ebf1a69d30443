// What an argument's description says of its values in words: the values that it may have, the one
// that it has by default. Schemas of real tools often say it there and not in `enum` and `default`.
#pragma once

#include "deed/llm/local/material.hpp"

#include <optional>
#include <string>
#include <vector>

namespace deed {

/// "Can be 'melting' or 'freezing'": two to 16 different quotations, unless they are examples
/// ("e.g. 'Oslo'", "such as 'Rome' or 'Bern'"). Empty: the description lists none.
std::vector<std::string> stated_values(const Property& property);

/// "Default is true.", "defaults to 'km'", or the schema's own `default`, as a value of the
/// property's type.
std::optional<Json> stated_default(const Property& property);

/// Whether `unit`, what stands right behind a number, is a unit that the property speaks of:
/// "J/K" of "The heat capacity in J/K.", "m" of "height in meters" and of "height_m".
bool speaks_of_unit(const Property& property, std::string_view unit);

}  // namespace deed
