// The folders on the way to a name below a root: which are there, making those that are not, and syncing them.
#pragma once

#include "deed/core/checked.hpp"
#include "deed/tools/beneath.hpp"

#include <functional>
#include <vector>

namespace deed {

struct DeepestFolder {
  OwnedFd folder;                     ///< O_PATH
  std::vector<RelativePath> missing;  ///< below it, from the top down
};

/// The deepest folder above `path` that exists; `visit` is called with each on the way, from the root down.
/// errors  those of open_beneath, and of `visit`
Result<DeepestFolder> deepest_folder(int root, const RelativePath& path, const std::function<Result<void>(int folder)>& visit = {});

/// Makes the missing folders and opens the one above `path`. On an error some may have been made.
Result<OwnedFd> make_folders(int root, const DeepestFolder& place, const RelativePath& path);

/// Waits until the names in the folder are on disk. Some file systems know no fsync of a folder; their renames are as durable as they get.
Result<void> sync_folder(int root, const RelativePath& folder);

}  // namespace deed
