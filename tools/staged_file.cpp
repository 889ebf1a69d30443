// The temporary file lies in the deepest folder of the path that exists, so that nothing but it
// appears before the commit; missing folders are made by the commit. Because its name is on disk
// before the commit point is recorded, and only the rename or a discard removes it, finding it
// later proves that the commit did not happen.
#include "deed/tools/staged_file.hpp"

#include "deed/core/check.hpp"
#include "deed/core/failpoint.hpp"
#include "deed/core/text.hpp"
#include "deed/tools/beneath.hpp"
#include "deed/tools/folders.hpp"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

namespace deed {
namespace {

// Of the key's 64 digits the first 32: names stay short, and 128 bits are no less unique for it.
std::string temporary_name(const std::string& key) {
  DEED_CHECK(!key.empty() && key.find_first_not_of("0123456789abcdef") == std::string::npos,
             "not an effect key");
  return ".deed-" + key.substr(0, 32) + ".tmp";
}

Result<void> write_all(int fd, std::string_view bytes, const std::string& where) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error(errno, "cannot write the file", where);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  if (::fsync(fd) != 0) return system_error(errno, "cannot write the file", where);
  return {};
}

// The permissions of the file that is to be replaced, or nothing if there is none.
Result<std::optional<mode_t>> mode_of_target(int folder, const RelativePath& path) {
  struct stat st = {};
  if (::fstatat(folder, std::string(path.name()).c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return std::optional<mode_t>();
    return system_error(errno, "cannot look at the file", path.text());
  }
  if (S_ISLNK(st.st_mode)) {
    return fail(ErrorKind::invalid, "it is a link, and a link is not written through", path.text(),
                "give the path that the link points to, or another name");
  }
  if (!S_ISREG(st.st_mode)) {
    return fail(ErrorKind::invalid,
                S_ISDIR(st.st_mode) ? "it is a folder" : "it is no regular file", path.text(),
                "give the path of a file, such as notes.txt");
  }
  return std::optional<mode_t>(st.st_mode & 0777);
}

class Staged final : public StagedFile {
 public:
  Staged(int root, RelativePath path, DeepestFolder place, std::string temporary)
      : root_(root),
        path_(std::move(path)),
        place_(std::move(place)),
        temporary_(std::move(temporary)) {}
  ~Staged() override {
    if (!keep_) discard();
  }

  void keep() override { keep_ = true; }
  void discard() override {
    if (!done_) ::unlinkat(place_.folder.get(), temporary_.c_str(), 0);
    done_ = true;
  }

  Result<void> commit() override {
    DEED_TRY(const OwnedFd folder, make_folders(root_, place_, path_));
    // Again: what is there may have changed since it was staged.
    DEED_TRY(const auto mode, mode_of_target(folder.get(), path_));
    (void)mode;
    failpoint(failpoints::file_before_rename);
    if (::renameat(place_.folder.get(), temporary_.c_str(), folder.get(),
                   std::string(path_.name()).c_str()) != 0) {
      return system_error(errno, "cannot give the file its name", path_.text());
    }
    done_ = true;
    failpoint(failpoints::file_after_rename);
    return {};
  }

  Result<void> sync() override {
    // A new folder's own name is in the one above it.
    for (const RelativePath& made : place_.missing) DEED_OK(sync_folder(root_, made.parent()));
    return sync_folder(root_, path_.parent());
  }

 private:
  int root_;
  RelativePath path_;
  DeepestFolder place_;
  std::string temporary_;
  bool keep_ = false, done_ = false;
};

Result<void> check_stageable(const RelativePath& path, std::string_view bytes) {
  if (path.is_root()) {
    return fail(ErrorKind::invalid, "it is the working folder itself", path.text(),
                "give the path of a file, such as notes.txt");
  }
  if (bytes.size() > max_whole_file_bytes) {
    return fail(
        ErrorKind::limit, "a file of " + human_bytes(bytes.size()) + " is too large to be written",
        path.text(), "at most " + human_bytes(max_whole_file_bytes) + ": write several files");
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<StagedFile>> stage_file(int root, const RelativePath& path,
                                               std::string_view bytes, const std::string& key) {
  DEED_OK(check_stageable(path, bytes));
  const std::string temporary = temporary_name(key);
  const auto remove_leftover = [&](int folder) -> Result<void> {
    if (::unlinkat(folder, temporary.c_str(), 0) == 0 || errno == ENOENT || errno == EACCES ||
        errno == EROFS)
      return {};
    return system_error(errno, "cannot remove what an earlier attempt left", temporary);
  };
  DEED_TRY(DeepestFolder place, deepest_folder(root, path, remove_leftover));
  std::optional<mode_t> mode;
  if (place.missing.empty()) {
    DEED_TRY(mode, mode_of_target(place.folder.get(), path));
  }
  const int fd = ::openat(place.folder.get(), temporary.c_str(),
                          O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (fd < 0) return system_error(errno, "cannot make a file there", path.text());
  const OwnedFd file(fd);
  const RelativePath above = (place.missing.empty() ? path : place.missing.front()).parent();
  auto staged = std::make_unique<Staged>(root, path, std::move(place), temporary);
  if (mode && ::fchmod(file.get(), *mode) != 0)
    return system_error(errno, "cannot keep the file's permissions", path.text());
  DEED_OK(write_all(file.get(), bytes, path.text()));
  DEED_OK(sync_folder(root, above));
  return std::unique_ptr<StagedFile>(std::move(staged));
}

Result<bool> is_file_staged(int root, const RelativePath& path, const std::string& key) {
  const std::string temporary = temporary_name(key);
  bool there = false;
  const auto look = [&](int folder) -> Result<void> {
    struct stat st = {};
    if (::fstatat(folder, temporary.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0)
      there = true;
    else if (errno != ENOENT)
      return system_error(errno, "cannot look for the temporary file", path.text());
    return {};
  };
  DEED_TRY(const DeepestFolder place, deepest_folder(root, path, look));
  (void)place;
  return there;
}

}  // namespace deed
