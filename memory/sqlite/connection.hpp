// One SQLite connection and its prepared statements, with failures as Error.
// Source: https://sqlite.org/c3ref/intro.html
#pragma once

#include "deed/core/result.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace deed::sqlite {

class Connection;

/// A text that lives until the statement has run: it is not copied.
struct Borrowed {
  std::string_view text;
};

/// A statement with its arguments, to be stepped. A failed prepare or bind shows at the first
/// `next` or `run`. Ends (and gives its read lock back) when it goes out of scope.
class Query {
 public:
  Query(Query&& other) noexcept;
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  Query& operator=(Query&&) = delete;
  ~Query();

  /// True: there is a row to look at. False: no more.
  Result<bool> next();
  /// Steps to the end and drops the rows.
  Result<void> run();

  std::int64_t integer(int column) const;
  std::string text(int column) const;
  bool is_null(int column) const;

 private:
  friend class Connection;
  Query(Connection& connection, sqlite3_stmt* statement, int code)
      : connection_(connection), statement_(statement), code_(code) {}

  void bind(int index, std::int64_t value);
  void bind(int index, std::string_view value);
  void bind(int index, Borrowed value);
  void bind(int index, std::nullptr_t);

  Connection& connection_;
  sqlite3_stmt* statement_;  // null where prepare failed; the connection owns it
  int code_;
};

/// Used by one thread at a time.
class Connection {
 public:
  /// Opens a file that exists. A file that is not SQLite shows at the first query.
  /// errors  unavailable: no such file, or it may not be read and written
  static Result<Connection> open(const std::string& path, std::chrono::milliseconds lock_wait);

  /// Text arguments are copied, but for Borrowed. `sql` is one statement and lives as long as the connection: a
  /// literal.
  template <class... Arguments>
  Query query(const char* sql, const Arguments&... arguments) {
    Query query = prepare(sql);
    int index = 0;
    (query.bind(++index, arguments), ...);
    return query;
  }
  /// Runs statements that give no rows and are not kept: pragmas, schema changes.
  Result<void> execute(const std::string& sql);

  /// Switches the file to WAL mode, where it is not. Waits for other connections as long as for any lock.
  Result<void> use_write_ahead_log();

  /// Whether a commit waits until it is on the disk (true), or is written and left to the system
  /// (false).
  Result<void> sync_each_commit(bool wanted);
  /// Whether a transaction is open. SQLite ends one by itself after some failures (a full disk).
  bool in_transaction() const;
  /// Closing the last connection copies the write-ahead log into the file, unless this is false.
  void checkpoint_on_close(bool wanted);

  /// What `code`, returned by an SQLite call just now, means for the caller.
  Error error(int code) const;
  const std::string& path() const { return path_; }

 private:
  struct Closer {
    void operator()(sqlite3* database) const;
  };
  struct Finalizer {
    void operator()(sqlite3_stmt* statement) const;
  };

  Query prepare(const char* sql);

  std::string path_;
  std::chrono::milliseconds lock_wait_{};
  std::optional<bool> syncs_;
  std::unique_ptr<sqlite3, Closer> database_;
  std::map<const char*, std::unique_ptr<sqlite3_stmt, Finalizer>> statements_;
};

}  // namespace deed::sqlite
