#include "deed/tools/folders.hpp"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

namespace deed {
namespace {

constexpr int open_folder = O_PATH | O_DIRECTORY;

// "a", "a/b", "a/b/c" for the file "a/b/c/d"; "." comes first.
std::vector<RelativePath> folders_of(const RelativePath& path) {
  std::vector<RelativePath> folders;
  for (RelativePath at = path.parent();; at = at.parent()) {
    folders.insert(folders.begin(), at);
    if (at.is_root()) return folders;
  }
}

}  // namespace

Result<DeepestFolder> deepest_folder(int root, const RelativePath& path, const std::function<Result<void>(int folder)>& visit) {
  DeepestFolder found;
  for (RelativePath& folder : folders_of(path)) {
    if (!found.missing.empty()) {
      found.missing.push_back(std::move(folder));
      continue;
    }
    auto opened = open_beneath(root, folder, open_folder);
    if (!opened && opened.error().kind == ErrorKind::not_found && !folder.is_root()) {
      found.missing.push_back(std::move(folder));
      continue;
    }
    DEED_TRY(found.folder, std::move(opened));
    if (visit) DEED_OK(visit(found.folder.get()));
  }
  return found;
}

Result<OwnedFd> make_folders(int root, const DeepestFolder& place, const RelativePath& path) {
  OwnedFd above;
  int fd = place.folder.get();
  for (const RelativePath& folder : place.missing) {
    if (::mkdirat(fd, std::string(folder.name()).c_str(), 0777) != 0 && errno != EEXIST) {
      return system_error(errno, "cannot make the folder", folder.text());
    }
    DEED_TRY(above, open_beneath(root, folder, open_folder));
    fd = above.get();
  }
  return open_beneath(root, path.parent(), open_folder);
}

Result<void> sync_folder(int root, const RelativePath& folder) {
  DEED_TRY(const OwnedFd fd, open_beneath(root, folder, O_RDONLY | O_DIRECTORY));
  if (::fsync(fd.get()) != 0 && errno != EINVAL && errno != EROFS) {
    return system_error(errno, "cannot sync the folder", folder.text());
  }
  return {};
}

}  // namespace deed
