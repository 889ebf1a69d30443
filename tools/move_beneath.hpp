// RootDir::move and sync_move over the descriptor `root`.
#pragma once

#include "deed/core/checked.hpp"
#include "deed/core/result.hpp"

namespace deed {

/// What is wrong with the two names whatever is there. errors  invalid
Result<void> check_move_names(const RelativePath& from, const RelativePath& to);
Result<void> move_beneath(int root, const RelativePath& from, const RelativePath& to);
Result<void> sync_move_beneath(int root, const RelativePath& from, const RelativePath& to);

}  // namespace deed
