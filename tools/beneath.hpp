// Opening names below a folder and nowhere else: the calls that only Linux has, for this room.
// Source: openat2(2), RESOLVE_BENEATH and RESOLVE_NO_MAGICLINKS.
#pragma once

#include "deed/core/checked.hpp"
#include "deed/core/result.hpp"

#include <string>

namespace deed {

/// A file descriptor that closes itself.
class OwnedFd {
 public:
  OwnedFd() = default;
  explicit OwnedFd(int fd) : fd_(fd) {}
  OwnedFd(OwnedFd&& other) noexcept;
  OwnedFd& operator=(OwnedFd&& other) noexcept;
  ~OwnedFd();

  int get() const { return fd_; }

 private:
  int fd_ = -1;
};

/// Opens `path` below the folder `root`; `flags` are those of open(2), O_CLOEXEC is added.
/// errors  of `system_error`; denied also where a link on the way leaves the folder; unsupported:
/// no openat2
Result<OwnedFd> open_beneath(int root, const RelativePath& path, int flags);

/// What a failed system call means to the caller. `what` says what was tried: "cannot read the
/// file".
Unexpected system_error(int code, const std::string& what, const std::string& where);

}  // namespace deed
