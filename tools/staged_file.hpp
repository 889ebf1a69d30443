// Replacing a file in one step: bytes under a temporary name, synced; then a rename.
#pragma once

#include "deed/tools/root_dir.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace deed {

/// RootDir::stage and has_staged over the descriptor `root`, which must outlive the staged file.
Result<std::unique_ptr<StagedFile>> stage_file(int root, const RelativePath& path,
                                               std::string_view bytes, const std::string& key);
Result<bool> is_file_staged(int root, const RelativePath& path, const std::string& key);

}  // namespace deed
