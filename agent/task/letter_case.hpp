// Upper and lower case of the Latin, Greek and Cyrillic letters whose other form is one letter; the rest stays. No locale.
#pragma once

#include <string>
#include <string_view>

namespace deed {

std::string upper_case(std::string_view text);
std::string lower_case(std::string_view text);

}  // namespace deed
