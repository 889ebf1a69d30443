#include "deed/agent/task/read_task_file.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "deed/agent/task/source.hpp"
#include "deed/core/text.hpp"

namespace deed {
namespace {

struct CloseFile {
  void operator()(std::FILE* file) const {
    if (file != stdin) std::fclose(file);
  }
};

Unexpected read_error(int code, const std::string& path) {
  const ErrorKind kind = code == ENOENT || code == ENOTDIR ? ErrorKind::not_found : code == EACCES ? ErrorKind::denied : code == EISDIR ? ErrorKind::invalid : ErrorKind::unavailable;
  return fail(kind, std::string("cannot be read: ") + std::strerror(code), path);
}

}  // namespace

Result<std::string> read_task_file(const std::string& path) {
  constexpr std::size_t most = SourceLimits{}.max_bytes;
  const std::unique_ptr<std::FILE, CloseFile> file(path == "-" ? stdin : std::fopen(path.c_str(), "rbe"));
  if (!file) return read_error(errno, path);
  std::string text(most + 1, '\0');
  errno = 0;
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  if (std::ferror(file.get())) return read_error(errno, path);
  if (text.size() > most) return fail(ErrorKind::limit, "is larger than " + human_bytes(most), path, "a task file is short; rows belong into a file of their own");
  return text;
}

}  // namespace deed
