#include "deed/tools/beneath.hpp"

#include <cerrno>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace deed {
namespace {

// A rename elsewhere in the tree makes the kernel give up on ".." for safety's sake.
constexpr int attempts_while_tree_changes = 16;

struct Meaning {
  ErrorKind kind;
  const char* hint;
};

Meaning meaning_of(int code) {
  switch (code) {
    case ENOENT:
      return {ErrorKind::not_found, "file.list and file.find show what is there"};
    case EACCES:
    case EPERM:
      return {ErrorKind::denied, "the system forbids it: check owner and permissions"};
    case EROFS:
      return {ErrorKind::denied, "the file system is read-only"};
    case ENOTDIR:
      return {ErrorKind::invalid, "a part of the path is a file, not a folder"};
    case EISDIR:
      return {ErrorKind::invalid, "it is a folder: give the path of a file"};
    case ENAMETOOLONG:
      return {ErrorKind::invalid, "give a shorter name"};
    case ELOOP:
      return {ErrorKind::denied,
              "a link on the way is not followed: give the path that it points to"};
    case ENOSPC:
    case EDQUOT:
      return {ErrorKind::unavailable, "the disk is full: free some space and try again"};
    case ENXIO:
    case ENODEV:
      return {ErrorKind::invalid, "it is no regular file"};
    default:
      return {ErrorKind::unavailable, "try again; if it stays, look at the disk"};
  }
}

}  // namespace

OwnedFd::OwnedFd(OwnedFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

OwnedFd& OwnedFd::operator=(OwnedFd&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

OwnedFd::~OwnedFd() {
  if (fd_ >= 0) ::close(fd_);
}

Unexpected system_error(int code, const std::string& what, const std::string& where) {
  const Meaning meaning = meaning_of(code);
  return fail(meaning.kind, what + ": " + std::generic_category().message(code), where,
              meaning.hint);
}

Result<OwnedFd> open_beneath(int root, const RelativePath& path, int flags) {
  open_how how = {};
  how.flags = static_cast<std::uint64_t>(flags) | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  for (int attempt = 0; attempt < attempts_while_tree_changes; ++attempt) {
    const long fd = ::syscall(SYS_openat2, root, path.text().c_str(), &how, sizeof how);
    if (fd >= 0) return OwnedFd(static_cast<int>(fd));
    if (errno != EAGAIN && errno != EINTR) break;
  }
  if (errno == EXDEV) {
    return fail(ErrorKind::denied, "a link in the path leaves the working folder", path.text(),
                "give a path that stays below it; choose the folder with --root");
  }
  if (errno == ENOSYS) {
    return fail(ErrorKind::unsupported,
                "this system cannot keep files inside a folder (no openat2)", path.text(),
                "file tools need Linux 5.6 or newer, and a sandbox that lets openat2 through");
  }
  return system_error(errno, "cannot open it", path.text());
}

}  // namespace deed
