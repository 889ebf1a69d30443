#include "deed/memory/sqlite/file.hpp"

#include "deed/memory/sqlite/migrations.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <sys/stat.h>

namespace deed::sqlite {
namespace {

// mknod, not open: closing a descriptor of the file would drop the locks that another connection of
// this process has on it (POSIX locks belong to the process). SQLite gives its -wal and -shm files
// the same mode. Source: https://sqlite.org/howtocorrupt.html, section 2.2
Result<void> make_file(const std::string& path) {
  if (mknod(path.c_str(), S_IFREG | 0600, 0) == 0 || errno == EEXIST) return {};
  return fail(ErrorKind::unavailable,
              std::string("the journal cannot be made: ") + std::strerror(errno), path,
              "choose a folder that may be written");
}

// SQLite takes an empty file for a new database and throws away the log beside it, which may hold
// all that was written.
Result<void> refuse_emptied_file(const std::string& path) {
  std::error_code absent;
  if (std::filesystem::file_size(path, absent) != 0 || absent) return {};
  const auto log_bytes = std::filesystem::file_size(path + "-wal", absent);
  if (absent || log_bytes == 0) return {};
  return fail(ErrorKind::corrupt, "the journal is empty, but the write-ahead log beside it is not",
              path, "keep a copy of both files and restore the journal from a backup");
}

Result<void> make_folder(const std::filesystem::path& folder) {
  if (folder.empty()) return {};
  std::error_code failure;
  if (std::filesystem::is_directory(folder, failure)) return {};
  DEED_OK(make_folder(folder.parent_path()));
  if (mkdir(folder.c_str(), 0700) == 0 ||
      (errno == EEXIST && std::filesystem::is_directory(folder, failure)))
    return {};
  return fail(ErrorKind::unavailable,
              std::string("the journal's folder cannot be made: ") + std::strerror(errno),
              folder.string(), "choose a folder that may be written");
}

// It holds what users said: others have no business in it, even if a copy came with wider rights.
Result<void> take_from_others(const std::string& path) {
  for (const char* suffix : {"", "-wal", "-shm"}) {
    struct stat info {};
    const std::string file = path + suffix;
    if (stat(file.c_str(), &info) != 0 || (info.st_mode & 077) == 0) continue;
    if (chmod(file.c_str(), 0600) == 0) continue;
    return fail(ErrorKind::unavailable,
                std::string("the journal's rights cannot be narrowed: ") + std::strerror(errno),
                file, "choose a file of your own");
  }
  return {};
}

}  // namespace

Result<Connection> open_journal_file(std::string path, std::chrono::milliseconds lock_wait) {
  if (path.empty()) return fail(ErrorKind::invalid, "the journal has no path");
  std::error_code failure;
  // Absolute: the program may change its folder, and no name has a meaning of its own to SQLite
  // (":memory:").
  path = std::filesystem::absolute(path, failure).string();
  if (failure) return fail(ErrorKind::unavailable, failure.message(), path);
  DEED_OK(make_folder(std::filesystem::path(path).parent_path()));
  DEED_OK(make_file(path));
  DEED_OK(refuse_emptied_file(path));
  DEED_TRY(Connection connection, Connection::open(path, lock_wait));
  DEED_OK(bring_up_to_date(connection, migrations()));
  // Not before it is known to be a journal: a file of another program stays as it is.
  DEED_OK(take_from_others(path));
  return connection;
}

}  // namespace deed::sqlite
