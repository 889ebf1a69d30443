// The folder for what is quick to make again. Whatever fails here costs only time.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string_view>

namespace deed {

/// Makes the folder, for its owner alone, and removes the oldest files with this ending (".kv")
/// until fewer than `kept` are left.
void prepare_cache(const std::filesystem::path& folder, std::string_view ending, std::size_t kept);

}  // namespace deed
