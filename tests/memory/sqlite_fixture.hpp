// A journal in a folder of its own, its file seen from outside: a second raw connection, its bytes,
// and children to kill.
#pragma once

#include "deed/tests/memory/journal_fixture.hpp"

#include <sqlite3.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <sys/wait.h>
#include <unistd.h>

namespace deed {

inline std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
inline void write_bytes(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << bytes;
}

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "deed-journal-XXXXXX").string();
    DEED_CHECK(mkdtemp(name.data()) != nullptr, "no temporary folder");
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// The backend of the conformance suite.
class SqliteBackend {
 public:
  explicit SqliteBackend(bool may_hold_up_caller = false) : may_hold_up_caller_(may_hold_up_caller) {}
  std::string file() const { return (folder_.path() / "journal.db").string(); }

  Result<std::unique_ptr<Journal>> try_open(Redactor redactor = {}) const {
    return open_sqlite_journal({.path = file(), .redactor = std::move(redactor), .may_hold_up_caller = may_hold_up_caller_});
  }
  std::unique_ptr<Journal> open(Redactor redactor = {}) const {
    auto journal = try_open(std::move(redactor));
    EXPECT_OK(journal);
    return std::move(journal).value();
  }
  std::string stored_bytes() const { return bytes_of(file()) + bytes_of(file() + "-wal"); }

 private:
  TemporaryFolder folder_;
  bool may_hold_up_caller_;
};

/// The same where appends are made by the caller's thread.
class SqliteOnCaller : public SqliteBackend {
 public:
  SqliteOnCaller() : SqliteBackend(true) {}
};

/// A connection that knows nothing of deed, as the sqlite3 command has one.
class RawDatabase {
 public:
  explicit RawDatabase(const std::string& file) {
    DEED_CHECK(sqlite3_open(file.c_str(), &db_) == SQLITE_OK, "the raw connection");
    sqlite3_busy_timeout(db_, 5000);
  }
  ~RawDatabase() { sqlite3_close_v2(db_); }
  RawDatabase(const RawDatabase&) = delete;
  RawDatabase& operator=(const RawDatabase&) = delete;

  /// The failure's text; empty if there was none.
  std::string execute(const std::string& sql) {
    char* message = nullptr;
    sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, &message);
    std::string out = message == nullptr ? "" : message;
    sqlite3_free(message);
    return out;
  }
  /// Every value of every row, in order.
  std::vector<std::string> values(const std::string& sql) {
    std::vector<std::string> out;
    sqlite3_stmt* statement = nullptr;
    EXPECT_EQ(sqlite3_prepare_v2(db_, sql.c_str(), -1, &statement, nullptr), SQLITE_OK)
        << sqlite3_errmsg(db_) << sql;
    while (sqlite3_step(statement) == SQLITE_ROW) {
      for (int column = 0; column < sqlite3_column_count(statement); ++column) {
        const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
        out.emplace_back(text == nullptr ? "" : text);
      }
    }
    sqlite3_finalize(statement);
    return out;
  }
  std::string value(const std::string& sql) {
    const auto all = values(sql);
    return all.empty() ? "" : all.front();
  }

 private:
  sqlite3* db_ = nullptr;
};

/// A child process that runs `work` and ends with what it returns; `out` is a pipe to the parent.
/// Killed when the object goes.
class Child {
 public:
  explicit Child(const std::function<int(int out)>& work) {
    int ends[2];
    DEED_CHECK(pipe(ends) == 0, "no pipe");
    pid_ = fork();
    DEED_CHECK(pid_ >= 0, "no child");
    if (pid_ == 0) {
      close(ends[0]);
      _exit(work(ends[1]));
    }
    close(ends[1]);
    out_ = ends[0];
  }
  ~Child() {
    if (pid_ > 0) {
      kill(SIGKILL);
      wait();
    }
    close(out_);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return pid_; }
  void kill(int signal) const { ::kill(pid_, signal); }
  /// The exit code, or 128 + the signal.
  int wait() {
    int status = 0;
    DEED_CHECK(waitpid(pid_, &status, 0) == pid_, "no such child");
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  /// The next number that the child wrote; nullopt at the end of the pipe.
  std::optional<std::int64_t> next() const {
    std::int64_t value = 0;
    const ssize_t size = read(out_, &value, sizeof value);
    if (size != sizeof value) return std::nullopt;
    return value;
  }

 private:
  pid_t pid_ = 0;
  int out_ = -1;
};

/// In the child: tells the parent a number.
inline void tell(int out, std::int64_t value) {
  DEED_CHECK(write(out, &value, sizeof value) == sizeof value, "pipe");
}

}  // namespace deed
