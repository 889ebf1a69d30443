// Which known name an unknown one was probably meant to be.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace deed {

/// How many bytes must be put in, left out or changed to make one of the other: Levenshtein's distance. Time: the product of the sizes.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The one of `names` that differs least from `name`, ASCII case aside; nullopt: none is near, or `name` is over 128 bytes.
std::optional<std::string> nearest_name(std::string_view name, std::span<const std::string_view> names);

/// "did you mean \"tools\"?", or nothing.
std::string did_you_mean(std::string_view name, std::span<const std::string_view> names);

}  // namespace deed
