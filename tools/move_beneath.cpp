#include "deed/tools/move_beneath.hpp"

#include "deed/core/failpoint.hpp"
#include "deed/tools/folders.hpp"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>

namespace deed {
namespace {

Result<void> check_kind(int folder, const RelativePath& from) {
  struct stat st = {};
  if (::fstatat(folder, std::string(from.name()).c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0)
    return system_error(errno, "cannot move it", from.text());
  if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)) return {};
  return fail(ErrorKind::invalid, S_ISLNK(st.st_mode) ? "it is a link, and links are not moved" : "it is no regular file",
              from.text(), "give the path of a file or folder");
}

Unexpected refused(int code, const RelativePath& from, const RelativePath& to) {
  switch (code) {
    case EEXIST:
      return fail(ErrorKind::conflict, "something has that name already", to.text(), "choose another name");
    case EXDEV:
      return fail(ErrorKind::unsupported, "it would have to be copied to another file system", to.text(),
                  "choose a place on the same one");
    // The names are right: so it is the flag.
    case EINVAL:
      return fail(ErrorKind::unsupported, "the file system cannot rename without the danger of overwriting", to.text());
    default:
      return system_error(code, "cannot move it", from.text());
  }
}

}  // namespace

Result<void> check_move_names(const RelativePath& from, const RelativePath& to) {
  if (from.is_root() || to.is_root()) {
    return fail(ErrorKind::invalid, "it is the working folder itself", from.is_root() ? from.text() : to.text(),
                "give the path of a file or folder in it");
  }
  if (from == to) return fail(ErrorKind::invalid, "both names are the same", to.text(), "give another name");
  if (to.text().starts_with(from.text() + "/")) {
    return fail(ErrorKind::invalid, "a folder cannot be moved into itself", to.text(), "give another place");
  }
  return {};
}

Result<void> move_beneath(int root, const RelativePath& from, const RelativePath& to) {
  DEED_OK(check_move_names(from, to));
  DEED_TRY(const OwnedFd source, open_beneath(root, from.parent(), O_PATH | O_DIRECTORY));
  DEED_OK(check_kind(source.get(), from));
  DEED_TRY(const DeepestFolder place, deepest_folder(root, to));
  DEED_TRY(const OwnedFd target, make_folders(root, place, to));
  failpoint(failpoints::file_before_rename);
  if (::renameat2(source.get(), std::string(from.name()).c_str(), target.get(), std::string(to.name()).c_str(), RENAME_NOREPLACE) != 0)
    return refused(errno, from, to);
  failpoint(failpoints::file_after_rename);
  return {};
}

Result<void> sync_move_beneath(int root, const RelativePath& from, const RelativePath& to) {
  // The folders above may be new, too; those that are not cost little.
  for (RelativePath at = to.parent();; at = at.parent()) {
    DEED_OK(sync_folder(root, at));
    if (at.is_root()) break;
  }
  return sync_folder(root, from.parent());
}

}  // namespace deed
