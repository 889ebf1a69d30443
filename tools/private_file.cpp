#include "deed/tools/private_file.hpp"

#include "deed/core/text.hpp"
#include "deed/tools/beneath.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

namespace deed {
namespace {

Unexpected cannot_keep(const std::string& path) { return fail(ErrorKind::unavailable, "deed's own file cannot be written", path, std::strerror(errno)); }

}  // namespace

Result<std::optional<std::string>> read_private_file(const std::string& path, std::size_t max_bytes) {
  const OwnedFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (file.get() < 0 && errno == ENOENT) return std::optional<std::string>();
  if (file.get() < 0) return fail(ErrorKind::unavailable, "deed's own file cannot be read", path, std::strerror(errno));
  std::string text;
  char piece[16 * 1024];
  for (;;) {
    const ssize_t n = ::read(file.get(), piece, sizeof piece);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(ErrorKind::unavailable, "deed's own file cannot be read", path, std::strerror(errno));
    if (n == 0) return std::optional(std::move(text));
    text.append(piece, static_cast<std::size_t>(n));
    if (text.size() > max_bytes) return fail(ErrorKind::limit, "deed's own file is larger than " + human_bytes(max_bytes), path);
  }
}

Result<void> replace_private_file(const std::string& path, std::string_view text) {
  const std::string part = path + ".part";
  {
    const OwnedFd file(open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (file.get() < 0) return cannot_keep(part);
    while (!text.empty()) {
      const ssize_t n = ::write(file.get(), text.data(), text.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return cannot_keep(part);
      text.remove_prefix(static_cast<std::size_t>(n));
    }
    if (fsync(file.get()) != 0) return cannot_keep(part);
  }
  if (std::rename(part.c_str(), path.c_str()) != 0) return cannot_keep(path);
  const OwnedFd folder(open(std::filesystem::path(path).parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() >= 0) fsync(folder.get());
  return {};
}

}  // namespace deed
