// Running programs in each sandbox that works on this machine, for the tests of this room.
#pragma once

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "deed/core/check.hpp"
#include "deed/plugins/child_process.hpp"

namespace deed {

// False at the end of the stream.
inline bool append_some(int fd, std::string& text) {
  char part[4096];
  const ssize_t got = read(fd, part, sizeof part);
  if (got > 0) text.append(part, static_cast<std::size_t>(got));
  return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

/// What a program said and how it ended.
struct Said {
  std::string output;
  std::string errors;
  ChildEnd end;
};

/// Until the program has ended and both streams too.
inline Said said_by(ChildProcess child) {
  child.close_input();
  Said said;
  pollfd watched[3] = {{child.output_fd(), POLLIN, 0}, {child.errors_fd(), POLLIN, 0}, {child.ended_fd(), POLLIN, 0}};
  while (watched[0].fd >= 0 || watched[1].fd >= 0 || watched[2].fd >= 0) {
    poll(watched, 3, -1);
    if (watched[0].revents != 0 && !append_some(watched[0].fd, said.output)) watched[0].fd = -1;
    if (watched[1].revents != 0 && !append_some(watched[1].fd, said.errors)) watched[1].fd = -1;
    if (watched[2].revents != 0 && child.poll_end()) watched[2].fd = -1;
  }
  said.end = child.wait_end();
  return said;
}

inline ChildProcess start(const ChildOptions& options) {
  Result<ChildProcess> child = start_child(options);
  DEED_CHECK(child, to_string(child.error()).c_str());
  return *std::move(child);
}

inline Said run_to_end(const ChildOptions& options) { return said_by(start(options)); }

/// Reads from `fd` until `text` has come, or the stream ends: what has come.
inline std::string read_until(int fd, const std::string& text) {
  std::string all;
  pollfd stream{fd, POLLIN, 0};
  while (all.find(text) == std::string::npos) {
    poll(&stream, 1, -1);
    if (!append_some(fd, all)) break;
  }
  return all;
}

inline std::string content_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A folder of a test, removed with all that is in it.
class TestFolder {
 public:
  TestFolder() : path_((std::filesystem::temp_directory_path() / "deed-plugins-XXXXXX").string()) {
    DEED_CHECK(mkdtemp(path_.data()), "no temporary folder");
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  const std::string& path() const { return path_; }
  /// Writes a file and gives its path.
  std::string file(const std::string& name, const std::string& content, unsigned mode = 0644) const {
    const std::string path = path_ + "/" + name;
    std::ofstream(path) << content;
    chmod(path.c_str(), mode);
    return path;
  }

 private:
  std::string path_;
};

}  // namespace deed
