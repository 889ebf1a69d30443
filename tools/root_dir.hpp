// The folder that file tools may touch. It is opened once; every name below it is resolved by the
// kernel (openat2 with RESOLVE_BENEATH), so neither "..", nor a link, nor a folder that is swapped
// meanwhile leads out of it. Source: openat2(2). Where the kernel lacks it, everything is refused.
#pragma once

#include "deed/core/checked.hpp"
#include "deed/core/result.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace deed {

/// The largest file that is read whole or written.
inline constexpr std::size_t max_whole_file_bytes = 64u << 20;

/// Tells two states of a file apart, as well as the system does.
struct FileStamp {
  std::uint64_t device = 0, inode = 0, size = 0;
  std::int64_t modified_ns = 0;

  bool operator==(const FileStamp&) const = default;
};

struct FilePiece {
  std::string bytes;
  std::uint64_t size = 0;  ///< of the whole file
  FileStamp stamp;
};

enum class EntryKind { file, folder, link, other };
const char* to_string(EntryKind kind);

struct FolderEntry {
  std::string path;  ///< below the root; bytes as the file system has them, not always UTF-8
  EntryKind kind = EntryKind::other;
  std::uint64_t size = 0;  ///< of a file

  bool operator==(const FolderEntry&) const = default;
};

/// One name, itself: what a link leads to is not looked at.
struct EntryLook {
  EntryKind kind = EntryKind::other;
  std::int64_t changed_ns = 0;  ///< ctime, since 1970: when it was last written, renamed or given other permissions
};

/// Sorted by path. `complete` is false where a cap was reached or a folder could not be read.
struct Listing {
  std::vector<FolderEntry> entries;
  bool complete = true;
};

struct FindLimits {
  std::size_t max_results = 1'000;
  std::size_t max_visited = 100'000;
  int max_depth = 32;
};

/// A file that is written, on disk, and not yet visible under its name: between `stage` and
/// `commit` lies the commit point.
class StagedFile {
 public:
  virtual ~StagedFile() = default;  ///< removes the temporary file, unless committed or kept

  /// From now on the temporary file outlives this object: as long as it is there, the commit has
  /// not happened.
  virtual void keep() = 0;
  /// Removes the temporary file.
  virtual void discard() = 0;
  /// Makes missing folders and gives the file its name. On an error nothing has changed but for
  /// folders made.
  virtual Result<void> commit() = 0;
  /// After `commit`: waits until the name is on disk. On an error a power cut may still undo the
  /// commit.
  virtual Result<void> sync() = 0;
};

/// A regular file that is read from its beginning to its end. It was opened once: a name that is
/// given to another file meanwhile (an editor that saves) changes nothing.
class FileStream {
 public:
  virtual ~FileStream() = default;

  /// The next bytes, at most `max_bytes`; none: the end, which is where it was when opened.
  /// errors  conflict: the file itself was written since it was opened, appended to included; what
  ///         was read before may be of either state. unavailable: the disk fails
  virtual Result<std::string> read(std::size_t max_bytes) = 0;
};

/// A name for libraries that open files by name (SQLite). As long as this lives it leads into the
/// folder in which the file was found, whatever is renamed or linked on the way meanwhile.
class PinnedFile {
 public:
  virtual ~PinnedFile() = default;

  /// "/proc/self/fd/N/NAME", for this process only; needs /proc. Its last part may still be
  /// replaced by a link: open it with O_NOFOLLOW, and never through a resolver that reads links
  /// itself (realpath), for that brings the path back.
  virtual const std::string& name() const = 0;
};

/// Blocking calls, short ones; any thread. Texts of errors are meant for the model too.
/// errors of all  denied: the path leaves the folder, or the system forbids it. not_found.
/// unavailable: the disk fails.
///                unsupported: no openat2
class RootDir {
 public:
  virtual ~RootDir() = default;

  /// Also takes an absolute path below the root.
  /// errors  denied, invalid
  virtual Result<RelativePath> parse(std::string_view path) const = 0;

  /// At most `max_bytes` from `offset`. Never waits: what is not a regular file (a pipe, a device)
  /// is refused. errors  invalid: not a regular file
  virtual Result<FilePiece> read(const RelativePath& path, std::uint64_t offset,
                                 std::size_t max_bytes) const = 0;
  /// errors  as `read`; limit: over max_whole_file_bytes
  virtual Result<FilePiece> read_whole(const RelativePath& path) const = 0;
  virtual Result<FileStamp> stamp(const RelativePath& path) const = 0;
  /// For files of any size; outlives the root. errors  invalid: not a regular file
  virtual Result<std::unique_ptr<FileStream>> open_stream(const RelativePath& path) const = 0;
  /// Does not open the file itself for reading: closing a file gives up the locks that this process
  /// holds on it (fcntl(2)), those of a database that is in use among them.
  /// errors  invalid: not a regular file. denied: the last part of the path is a link
  virtual Result<std::unique_ptr<PinnedFile>> pin(const RelativePath& path) const = 0;

  /// Writes `bytes` beside `path` under a temporary name made from `key` (hexadecimal digits), and
  /// syncs it. A leftover of the same key is from an earlier attempt and is removed. A file that is
  /// there keeps its permissions. errors  invalid: a folder, a link or something else is in the
  /// way. limit: over max_whole_file_bytes
  virtual Result<std::unique_ptr<StagedFile>> stage(const RelativePath& path,
                                                    std::string_view bytes,
                                                    const std::string& key) const = 0;
  /// Whether an attempt with `key` to write `path` was staged, and neither committed nor discarded.
  virtual Result<bool> has_staged(const RelativePath& path, const std::string& key) const = 0;

  virtual Result<EntryLook> look(const RelativePath& path) const = 0;
  /// Gives the file or folder `from` the name `to`, in one step; missing folders are made. Never overwrites. On an error nothing
  /// has changed but for folders made.
  /// errors  conflict: something has the name `to`. unsupported: the two are on different file systems, or the file system
  ///         cannot rename without the danger of overwriting. invalid: `to` is in `from`; it is a link or a device
  virtual Result<void> move(const RelativePath& from, const RelativePath& to) const = 0;
  /// After `move`: waits until both names are on disk. On an error a power cut may still undo the move.
  virtual Result<void> sync_move(const RelativePath& from, const RelativePath& to) const = 0;

  /// What is directly in a folder.
  virtual Result<Listing> list(const RelativePath& folder,
                               std::size_t max_entries = 1'000) const = 0;
  /// Files and folders below `folder` whose name or path (from the root) matches `pattern`: `*`
  /// stands for anything, "/" included; ASCII case is ignored. Links are named, not followed.
  virtual Result<Listing> find(const RelativePath& folder, std::string_view pattern,
                               FindLimits limits = {}) const = 0;
};

/// errors  not_found, invalid: no folder
Result<std::unique_ptr<RootDir>> open_root_dir(const std::string& path);

}  // namespace deed
