#include "deed/memory/sqlite/connection.hpp"

#include <sqlite3.h>

#include <utility>

namespace deed::sqlite {

Query::Query(Query&& other) noexcept
    : connection_(other.connection_),
      statement_(std::exchange(other.statement_, nullptr)),
      code_(other.code_) {}

Query::~Query() {
  if (!statement_) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

void Query::bind(int index, std::int64_t value) {
  if (code_ == SQLITE_OK) code_ = sqlite3_bind_int64(statement_, index, value);
}
void Query::bind(int index, std::string_view value) {
  // A null pointer would bind NULL; an empty text is a text.
  const char* bytes = value.data() ? value.data() : "";
  if (code_ == SQLITE_OK) {
    code_ =
        sqlite3_bind_text64(statement_, index, bytes, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  }
}
void Query::bind(int index, Borrowed value) {
  const char* bytes = value.text.data() ? value.text.data() : "";
  if (code_ == SQLITE_OK) code_ = sqlite3_bind_text64(statement_, index, bytes, value.text.size(), SQLITE_STATIC, SQLITE_UTF8);
}
void Query::bind(int index, std::nullptr_t) {
  if (code_ == SQLITE_OK) code_ = sqlite3_bind_null(statement_, index);
}

Result<bool> Query::next() {
  if (code_ != SQLITE_OK) return fail(connection_.error(code_));
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return fail(connection_.error(code));
}

Result<void> Query::run() {
  for (;;) {
    DEED_TRY(const bool row, next());
    if (!row) return {};
  }
}

std::int64_t Query::integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::string Query::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (!bytes) return {};
  return std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
}

bool Query::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

void Connection::Closer::operator()(sqlite3* database) const { sqlite3_close_v2(database); }
void Connection::Finalizer::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

Result<Connection> Connection::open(const std::string& path, std::chrono::milliseconds lock_wait) {
  sqlite3* raw = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
  Connection connection;
  connection.path_ = path;
  connection.lock_wait_ = lock_wait;
  connection.database_.reset(raw);
  if (code != SQLITE_OK) return fail(connection.error(code));
  if (sqlite3_db_readonly(raw, "main") == 1) {
    return fail(ErrorKind::unavailable, "the journal may not be written", path,
                "check the permissions of the file and its folder");
  }
  sqlite3_busy_timeout(raw, static_cast<int>(lock_wait.count()));
  // A journal may come from elsewhere: what stands in its schema gets no more rights than it needs.
  sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  return connection;
}

Query Connection::prepare(const char* sql) {
  auto& kept = statements_[sql];
  if (kept) return Query(*this, kept.get(), SQLITE_OK);
  sqlite3_stmt* raw = nullptr;
  const int code =
      sqlite3_prepare_v3(database_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  kept.reset(raw);
  return Query(*this, raw, code);
}

Result<void> Connection::execute(const std::string& sql) {
  const int code = sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return fail(error(code));
  return {};
}

Result<void> Connection::sync_each_commit(bool wanted) {
  if (syncs_ == wanted) return {};
  // Not a kept statement: this pragma works when it is compiled, not when it is stepped.
  DEED_OK(execute(wanted ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL"));
  syncs_ = wanted;
  return {};
}

Result<void> Connection::use_write_ahead_log() {
  // SQLite gives the busy handler no say here: two connections that both want to switch would wait for each other.
  const auto deadline = std::chrono::steady_clock::now() + lock_wait_;
  for (;;) {
    const int code = sqlite3_exec(database_.get(), "PRAGMA journal_mode = WAL", nullptr, nullptr, nullptr);
    if (code == SQLITE_OK) return {};
    if ((code & 0xFF) != SQLITE_BUSY || std::chrono::steady_clock::now() >= deadline) return fail(error(code));
    sqlite3_sleep(2);
  }
}

bool Connection::in_transaction() const { return sqlite3_get_autocommit(database_.get()) == 0; }

void Connection::checkpoint_on_close(bool wanted) {
  sqlite3_db_config(database_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, wanted ? 0 : 1, nullptr);
}

Error Connection::error(int code) const {
  const std::string detail = database_ ? sqlite3_errmsg(database_.get()) : sqlite3_errstr(code);
  switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorKind::unavailable,
              "another process kept the journal locked for " + std::to_string(lock_wait_.count()) +
                  " ms",
              path_, "try again"};
    case SQLITE_FULL:
      return {ErrorKind::unavailable, "the disk is full; nothing was written", path_,
              "free some space and try again"};
    case SQLITE_IOERR:
      return {ErrorKind::unavailable, "the disk refused a read or a write: " + detail, path_,
              "check the disk and its free space, then try again"};
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
      return {ErrorKind::unavailable, "the journal cannot be opened or written: " + detail, path_,
              "check the permissions of the file and its folder"};
    case SQLITE_NOTADB:
      return {ErrorKind::corrupt, "this file is not a journal: it is not an SQLite database", path_,
              "choose another file"};
    case SQLITE_CORRUPT:
      return {ErrorKind::corrupt, "the journal is damaged: " + detail, path_,
              "restore it from a copy, or save what is left with: sqlite3 FILE .recover"};
    case SQLITE_TOOBIG:
      return {ErrorKind::limit, "too large for the journal: " + detail, path_};
    default:
      return {ErrorKind::internal, "the journal failed: " + detail, path_};
  }
}

}  // namespace deed::sqlite
