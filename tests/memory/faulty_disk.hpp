// SQLite's default file system with a disk that counts and fails on request. As long as the object
// lives, every connection that this process opens goes through it. Source:
// https://sqlite.org/vfs.html, section 2.2 (shims)
#pragma once

#include <sqlite3.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

namespace deed {

class FaultyDisk {
 public:
  FaultyDisk();
  ~FaultyDisk();
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;

  /// How often a write-ahead log was forced onto the disk.
  int log_syncs() const { return log_syncs_; }

  static constexpr int for_ever = -1;
  struct Fault {
    int code = SQLITE_FULL;
    int times = for_ever;   ///< so many operations fail, and the disk is well again
    bool is_short = false;  ///< a write that fails has written its first half
  };

  /// The next `good` operations of the kind succeed, later ones fail. Negative: all succeed.
  void fail_writes(int good, Fault fault) { fault_ = fault, good_writes_ = good, failed_ = 0; }
  void fail_syncs(int good, Fault fault) { fault_ = fault, good_syncs_ = good, failed_ = 0; }
  void fail_writes(int good, int code) { fail_writes(good, Fault{.code = code}); }
  void fail_syncs(int good, int code) { fail_syncs(good, Fault{.code = code}); }
  void mend() { good_writes_ = good_syncs_ = -1; }
  /// The disk is well while `work` is done, and then again as it was.
  template <class Work>
  void mend_while(Work work) {
    const int writes = good_writes_.exchange(-1), syncs = good_syncs_.exchange(-1);
    work();
    good_writes_ = writes, good_syncs_ = syncs;
  }
  /// From now on forcing a file onto the disk takes so much longer.
  void slow_down_syncs(std::chrono::microseconds further) { sync_time_ = further.count(); }
  /// How many operations have failed since a fault was ordered.
  int failed() const { return failed_; }

  // For the C callbacks.
  bool cuts_writes() const { return fault_.is_short; }
  int on_write() { return take(good_writes_); }
  int on_sync(bool is_log) {
    if (is_log) ++log_syncs_;
    if (sync_time_ > 0) std::this_thread::sleep_for(std::chrono::microseconds(sync_time_));
    return take(good_syncs_);
  }
  sqlite3_vfs* real() const { return real_; }

 private:
  int take(std::atomic<int>& good) {
    if (good < 0) return SQLITE_OK;
    if (good > 0) return --good, SQLITE_OK;
    if (fault_.times != for_ever && failed_ >= fault_.times) return SQLITE_OK;
    ++failed_;
    return fault_.code;
  }

  sqlite3_vfs* real_;
  sqlite3_vfs shim_;
  std::atomic<int> log_syncs_{0}, good_writes_{-1}, good_syncs_{-1}, failed_{0};
  std::atomic<std::int64_t> sync_time_{0};
  Fault fault_;  // set while no operation is under way
};

namespace faulty_disk {

// The real file's object lies behind this one, in the memory that SQLite gave.
struct File {
  sqlite3_file base;
  FaultyDisk* disk;
  bool is_log;
};

inline File* own(sqlite3_file* file) { return reinterpret_cast<File*>(file); }
inline sqlite3_file* real(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(own(file) + 1);
}

/// Passes a call on to the real file's method of the same place.
template <auto Method>
struct Forward;
template <class Returned, class... Arguments,
          Returned (*sqlite3_io_methods::*Method)(sqlite3_file*, Arguments...)>
struct Forward<Method> {
  static Returned call(sqlite3_file* file, Arguments... arguments) {
    return (real(file)->pMethods->*Method)(real(file), arguments...);
  }
};

inline int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 at) {
  FaultyDisk* disk = own(file)->disk;
  const int code = disk->on_write();
  if (code != SQLITE_OK && disk->cuts_writes())
    real(file)->pMethods->xWrite(real(file), bytes, size / 2, at);
  return code != SQLITE_OK ? code : real(file)->pMethods->xWrite(real(file), bytes, size, at);
}
inline int sync(sqlite3_file* file, int flags) {
  const int code = own(file)->disk->on_sync(own(file)->is_log);
  return code != SQLITE_OK ? code : real(file)->pMethods->xSync(real(file), flags);
}

inline const sqlite3_io_methods methods = {
    3,
    Forward<&sqlite3_io_methods::xClose>::call,
    Forward<&sqlite3_io_methods::xRead>::call,
    write,
    Forward<&sqlite3_io_methods::xTruncate>::call,
    sync,
    Forward<&sqlite3_io_methods::xFileSize>::call,
    Forward<&sqlite3_io_methods::xLock>::call,
    Forward<&sqlite3_io_methods::xUnlock>::call,
    Forward<&sqlite3_io_methods::xCheckReservedLock>::call,
    Forward<&sqlite3_io_methods::xFileControl>::call,
    Forward<&sqlite3_io_methods::xSectorSize>::call,
    Forward<&sqlite3_io_methods::xDeviceCharacteristics>::call,
    Forward<&sqlite3_io_methods::xShmMap>::call,
    Forward<&sqlite3_io_methods::xShmLock>::call,
    Forward<&sqlite3_io_methods::xShmBarrier>::call,
    Forward<&sqlite3_io_methods::xShmUnmap>::call,
    Forward<&sqlite3_io_methods::xFetch>::call,
    Forward<&sqlite3_io_methods::xUnfetch>::call,
};

inline int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  auto* disk = static_cast<FaultyDisk*>(vfs->pAppData);
  const int code = disk->real()->xOpen(disk->real(), name, real(file), flags, out_flags);
  own(file)->base.pMethods = real(file)->pMethods ? &methods : nullptr;
  own(file)->disk = disk;
  own(file)->is_log = (flags & SQLITE_OPEN_WAL) != 0;
  return code;
}

}  // namespace faulty_disk

inline FaultyDisk::FaultyDisk() : real_(sqlite3_vfs_find(nullptr)), shim_(*real_) {
  shim_.zName = "faulty";
  shim_.szOsFile += static_cast<int>(sizeof(faulty_disk::File));
  shim_.pNext = nullptr;
  shim_.pAppData = this;
  shim_.xOpen = faulty_disk::open;
  sqlite3_vfs_register(&shim_, 1);
}
inline FaultyDisk::~FaultyDisk() {
  sqlite3_vfs_unregister(&shim_);
  sqlite3_vfs_register(real_, 1);
}

}  // namespace deed
