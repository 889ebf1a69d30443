// Small files of deed's own, which nobody else reads: what is kept from one command to the next.
#pragma once

#include "deed/core/result.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace deed {

/// The whole file, or nothing where there is none. Not through a link.
/// errors  limit: it is larger. unavailable
Result<std::optional<std::string>> read_private_file(const std::string& path, std::size_t max_bytes);

/// Replaces the file (0600) in one step. Its folder must be there.
/// durability  on the disk when it returns
/// errors      unavailable: the file is as it was
Result<void> replace_private_file(const std::string& path, std::string_view text);

}  // namespace deed
