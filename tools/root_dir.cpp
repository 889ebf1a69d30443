#include "deed/tools/root_dir.hpp"

#include "deed/core/text.hpp"
#include "deed/tools/beneath.hpp"
#include "deed/tools/move_beneath.hpp"
#include "deed/tools/staged_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace deed {
namespace {

// A folder with more names than this is listed in part.
constexpr std::size_t max_names_in_folder = 100'000;

struct DirCloser {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

FileStamp stamp_of(const struct stat& st) {
  return {.device = st.st_dev,
          .inode = st.st_ino,
          .size = static_cast<std::uint64_t>(st.st_size),
          .modified_ns = st.st_mtim.tv_sec * 1'000'000'000 + st.st_mtim.tv_nsec};
}

EntryKind kind_of(const struct stat& st) {
  if (S_ISREG(st.st_mode)) return EntryKind::file;
  if (S_ISDIR(st.st_mode)) return EntryKind::folder;
  return S_ISLNK(st.st_mode) ? EntryKind::link : EntryKind::other;
}

std::string below(const RelativePath& folder, std::string_view name) {
  return folder.is_root() ? std::string(name) : folder.text() + "/" + std::string(name);
}

struct OpenFile {
  OwnedFd fd;
  FileStamp stamp;
};

Result<struct stat> look_at(int fd, const RelativePath& path) {
  struct stat st = {};
  if (::fstat(fd, &st) != 0) return system_error(errno, "cannot look at the file", path.text());
  return st;
}

Result<void> check_regular(const struct stat& st, const RelativePath& path) {
  if (S_ISDIR(st.st_mode)) {
    return fail(ErrorKind::invalid, "it is a folder, not a file", path.text(),
                "file.list shows what is in it");
  }
  if (!S_ISREG(st.st_mode)) {
    return fail(ErrorKind::invalid, "it is no regular file but a pipe, a socket or a device",
                path.text(), "give the path of a regular file");
  }
  return {};
}

// O_NONBLOCK: opening a pipe must not wait for its other end.
Result<OpenFile> open_regular(int root, const RelativePath& path) {
  DEED_TRY(OwnedFd fd, open_beneath(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
  DEED_TRY(const struct stat st, look_at(fd.get(), path));
  DEED_OK(check_regular(st, path));
  return OpenFile{std::move(fd), stamp_of(st)};
}

Result<std::string> read_at(const OpenFile& file, std::uint64_t offset, std::size_t max_bytes,
                            const RelativePath& path) {
  const std::uint64_t size = file.stamp.size;
  std::string bytes(
      offset >= size ? 0
                     : static_cast<std::size_t>(std::min<std::uint64_t>(max_bytes, size - offset)),
      '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = ::pread(file.fd.get(), bytes.data() + done, bytes.size() - done,
                              static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error(errno, "cannot read the file", path.text());
    if (n == 0) break;  // it became shorter meanwhile
    done += static_cast<std::size_t>(n);
  }
  bytes.resize(done);
  return bytes;
}

class LinuxFileStream final : public FileStream {
 public:
  LinuxFileStream(OpenFile file, RelativePath path)
      : file_(std::move(file)), path_(std::move(path)) {}

  Result<std::string> read(std::size_t max_bytes) override {
    DEED_TRY(std::string bytes, read_at(file_, offset_, max_bytes, path_));
    // Behind the reading: these bytes are then of the state that was opened.
    DEED_TRY(const struct stat st, look_at(file_.fd.get(), path_));
    if (stamp_of(st) != file_.stamp) {
      return fail(ErrorKind::conflict, "the file was changed while it was read", path_.text(),
                  "start again when nobody writes to it, or read a copy of it");
    }
    offset_ += bytes.size();
    return bytes;
  }

 private:
  OpenFile file_;
  RelativePath path_;
  std::uint64_t offset_ = 0;
};

class LinuxPinnedFile final : public PinnedFile {
 public:
  LinuxPinnedFile(OwnedFd folder, std::string_view name)
      : folder_(std::move(folder)),
        name_("/proc/self/fd/" + std::to_string(folder_.get()) + "/" + std::string(name)) {}

  const std::string& name() const override { return name_; }

 private:
  OwnedFd folder_;
  std::string name_;
};

// Walks a tree without recursion; folders that cannot be read leave the listing incomplete.
class Finder {
 public:
  Finder(const RootDir& root, std::string_view pattern, FindLimits limits)
      : root_(root),
        pattern_(pattern.starts_with("**/") ? pattern.substr(3) : pattern),
        limits_(limits) {}

  Result<Listing> find(const RelativePath& folder) {
    DEED_TRY(const Listing top, root_.list(folder, limits_.max_visited));
    take(top, 1);
    while (!waiting_.empty() && !full_) {
      const Waiting next = std::move(waiting_.back());
      waiting_.pop_back();
      visit(next);
    }
    std::sort(out_.entries.begin(), out_.entries.end(),
              [](const auto& a, const auto& b) { return a.path < b.path; });
    return std::move(out_);
  }

 private:
  struct Waiting {
    std::string path;
    int depth;
  };

  void visit(const Waiting& next) {
    const auto path = RelativePath::parse(next.path);
    auto listing = path ? root_.list(*path, limits_.max_visited - visited_)
                        : Result<Listing>(fail(path.error()));
    if (!listing)
      out_.complete = false;
    else
      take(*listing, next.depth);
  }

  void take(const Listing& listing, int depth) {
    if (!listing.complete) out_.complete = false;
    for (const FolderEntry& entry : listing.entries) {
      if (visited_ == limits_.max_visited || out_.entries.size() == limits_.max_results) {
        out_.complete = false;
        full_ = true;
        return;
      }
      ++visited_;
      const std::string_view name = std::string_view(entry.path).substr(entry.path.rfind('/') + 1);
      if (glob_match(pattern_, name) || glob_match(pattern_, entry.path))
        out_.entries.push_back(entry);
      if (entry.kind != EntryKind::folder) continue;
      if (depth < limits_.max_depth)
        waiting_.push_back({entry.path, depth + 1});
      else
        out_.complete = false;
    }
  }

  const RootDir& root_;
  std::string_view pattern_;
  FindLimits limits_;
  Listing out_;
  std::vector<Waiting> waiting_;
  std::size_t visited_ = 0;
  bool full_ = false;
};

class LinuxRootDir final : public RootDir {
 public:
  LinuxRootDir(OwnedFd fd, std::string name, std::string real)
      : fd_(std::move(fd)), name_(std::move(name)), real_(std::move(real)) {}

  Result<RelativePath> parse(std::string_view path) const override {
    if (path.empty())
      return fail(ErrorKind::invalid, "the path is empty", {},
                  "give the path of a file, such as notes.txt");
    for (const std::string* prefix : {&name_, &real_}) {
      if (!prefix->starts_with('/') || !path.starts_with(*prefix)) continue;
      const std::string_view rest = path.substr(prefix->size());
      // What follows is relative: "/root/../etc" is judged as "../etc".
      if (rest.empty() || prefix->ends_with('/')) return RelativePath::parse(rest);
      if (rest.starts_with('/')) return RelativePath::parse(rest.substr(1));
    }
    return RelativePath::parse(path);
  }

  Result<FilePiece> read(const RelativePath& path, std::uint64_t offset,
                         std::size_t max_bytes) const override {
    DEED_TRY(const OpenFile file, open_regular(fd_.get(), path));
    DEED_TRY(std::string bytes, read_at(file, offset, max_bytes, path));
    return FilePiece{std::move(bytes), file.stamp.size, file.stamp};
  }

  Result<FilePiece> read_whole(const RelativePath& path) const override {
    DEED_TRY(const OpenFile file, open_regular(fd_.get(), path));
    if (file.stamp.size > max_whole_file_bytes) {
      return fail(ErrorKind::limit, "the file is too large (" + human_bytes(file.stamp.size) + ")",
                  path.text(), "at most " + human_bytes(max_whole_file_bytes) + " are taken");
    }
    DEED_TRY(std::string bytes, read_at(file, 0, max_whole_file_bytes, path));
    return FilePiece{std::move(bytes), file.stamp.size, file.stamp};
  }

  Result<FileStamp> stamp(const RelativePath& path) const override {
    DEED_TRY(const OpenFile file, open_regular(fd_.get(), path));
    return file.stamp;
  }

  Result<std::unique_ptr<FileStream>> open_stream(const RelativePath& path) const override {
    DEED_TRY(OpenFile file, open_regular(fd_.get(), path));
    return std::unique_ptr<FileStream>(std::make_unique<LinuxFileStream>(std::move(file), path));
  }

  Result<std::unique_ptr<PinnedFile>> pin(const RelativePath& path) const override {
    // The whole path first: what leaves the root is told from a link that stays inside.
    DEED_TRY(const OwnedFd file, open_beneath(fd_.get(), path, O_PATH));
    DEED_TRY(const struct stat st, look_at(file.get(), path));
    DEED_OK(check_regular(st, path));
    DEED_TRY(OwnedFd folder, open_beneath(fd_.get(), path.parent(), O_PATH | O_DIRECTORY));
    const std::string name(path.name());
    struct stat named = {};
    if (::fstatat(folder.get(), name.c_str(), &named, AT_SYMLINK_NOFOLLOW) != 0)
      return system_error(errno, "cannot look at the file", path.text());
    if (S_ISLNK(named.st_mode)) return system_error(ELOOP, "cannot open it", path.text());
    return std::unique_ptr<PinnedFile>(std::make_unique<LinuxPinnedFile>(std::move(folder), name));
  }

  Result<std::unique_ptr<StagedFile>> stage(const RelativePath& path, std::string_view bytes,
                                            const std::string& key) const override {
    return stage_file(fd_.get(), path, bytes, key);
  }
  Result<bool> has_staged(const RelativePath& path, const std::string& key) const override {
    return is_file_staged(fd_.get(), path, key);
  }

  Result<EntryLook> look(const RelativePath& path) const override {
    DEED_TRY(const OwnedFd entry, open_beneath(fd_.get(), path, O_PATH | O_NOFOLLOW));
    DEED_TRY(const struct stat st, look_at(entry.get(), path));
    return EntryLook{kind_of(st), st.st_ctim.tv_sec * 1'000'000'000 + st.st_ctim.tv_nsec};
  }
  Result<void> move(const RelativePath& from, const RelativePath& to) const override {
    return move_beneath(fd_.get(), from, to);
  }
  Result<void> sync_move(const RelativePath& from, const RelativePath& to) const override {
    return sync_move_beneath(fd_.get(), from, to);
  }

  Result<Listing> list(const RelativePath& folder, std::size_t max_entries) const override {
    DEED_TRY(const auto dir, open_listing(folder));
    Listing out;
    while (const dirent* entry = ::readdir(dir.get())) {
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      if (out.entries.size() == max_names_in_folder) {
        out.complete = false;
        break;
      }
      struct stat st = {};
      if (::fstatat(::dirfd(dir.get()), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        continue;  // it has just gone
      const EntryKind kind = kind_of(st);
      out.entries.push_back({below(folder, name), kind,
                             kind == EntryKind::file ? static_cast<std::uint64_t>(st.st_size) : 0});
    }
    std::sort(out.entries.begin(), out.entries.end(),
              [](const auto& a, const auto& b) { return a.path < b.path; });
    if (out.entries.size() > max_entries) {
      out.entries.resize(max_entries);
      out.complete = false;
    }
    return out;
  }

  Result<Listing> find(const RelativePath& folder, std::string_view pattern,
                       FindLimits limits) const override {
    return Finder(*this, pattern, limits).find(folder);
  }

 private:
  Result<std::unique_ptr<DIR, DirCloser>> open_listing(const RelativePath& folder) const {
    auto opened = open_beneath(fd_.get(), folder, O_RDONLY | O_DIRECTORY | O_NONBLOCK);
    if (!opened && opened.error().kind == ErrorKind::invalid) {
      return fail(ErrorKind::invalid, "it is not a folder", folder.text(),
                  "file.read reads a file");
    }
    DEED_TRY(const OwnedFd fd, std::move(opened));
    const int own = ::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0);
    std::unique_ptr<DIR, DirCloser> dir(own < 0 ? nullptr : ::fdopendir(own));
    if (!dir) {
      const int code = errno;
      if (own >= 0) ::close(own);
      return system_error(code, "cannot list the folder", folder.text());
    }
    return dir;
  }

  OwnedFd fd_;
  std::string name_;  ///< as the user spells it
  std::string real_;  ///< without links
};

struct Free {
  void operator()(char* text) const { std::free(text); }
};

}  // namespace

const char* to_string(EntryKind kind) {
  switch (kind) {
    case EntryKind::file:
      return "file";
    case EntryKind::folder:
      return "folder";
    case EntryKind::link:
      return "link";
    case EntryKind::other:
      return "other";
  }
  return "other";
}

Result<std::unique_ptr<RootDir>> open_root_dir(const std::string& path) {
  const int fd = ::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) {
    const ErrorKind kind = errno == ENOENT    ? ErrorKind::not_found
                           : errno == ENOTDIR ? ErrorKind::invalid
                                              : ErrorKind::denied;
    return fail(kind, std::string("cannot open the working folder: ") + std::strerror(errno), path,
                "choose an existing folder with --root");
  }
  OwnedFd owned(fd);
  const std::unique_ptr<char, Free> real(::realpath(path.c_str(), nullptr));
  std::string name = path;
  while (name.size() > 1 && name.ends_with('/')) name.pop_back();
  return std::unique_ptr<RootDir>(
      std::make_unique<LinuxRootDir>(std::move(owned), std::move(name), real ? real.get() : ""));
}

}  // namespace deed
