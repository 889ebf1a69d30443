// One SELECT of an SQLite database that nobody vouches for: neither the query nor the file may do
// more than be read. The file is opened by its pinned name, through a VFS that leaves names as they
// are. Source: https://sqlite.org/security.html, https://sqlite.org/vfs.html,
// https://sqlite.org/c3ref/set_authorizer.html
#include "deed/core/text.hpp"
#include "deed/tools/row_readers.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>
#include <utility>

namespace deed {
namespace {

constexpr int lock_wait_ms = 250;  // it blocks the loop
constexpr int steps_per_look = 1'000;

struct Closer {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
};
struct Finalizer {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, Closer>;
using Statement = std::unique_ptr<sqlite3_stmt, Finalizer>;

// The system's VFS, but for the one thing that it does to names: it follows links by itself, and
// opens the path that it has found, which by then may lead elsewhere. Without that the kernel goes
// through the folder that is pinned; and the last part, of the database and of its -wal, -shm and
// -journal, is opened with O_NOFOLLOW by SQLite (os_unix.c, unixOpen and unixOpenSharedMemory).
extern "C" int keep_name(sqlite3_vfs*, const char* name, int size, char* out) {
  const std::size_t bytes = std::strlen(name) + 1;
  if (bytes > static_cast<std::size_t>(size)) return SQLITE_CANTOPEN;
  std::memcpy(out, name, bytes);
  return SQLITE_OK;
}

// Registered once for the process, which is how SQLite has it; it is never the default.
const char* pinned_vfs() {
  static constexpr const char* vfs_name = "deed-pinned";
  static sqlite3_vfs vfs = {};
  static const bool is_registered = [] {
    const sqlite3_vfs* system = sqlite3_vfs_find("unix");
    if (!system) return false;
    vfs = *system;
    vfs.pNext = nullptr;
    vfs.zName = vfs_name;
    vfs.xFullPathname = keep_name;
    return sqlite3_vfs_register(&vfs, 0) == SQLITE_OK;
  }();
  return is_registered ? vfs_name : nullptr;
}

// FTS5 asks for data_version whenever it is read; and where a virtual table is declared to this
// connection, SQLite asks whether sqlite_master may be updated, though nothing is written. A query
// that really updates it is refused too: it is not readonly, and the file is not open for writing.
extern "C" int allow_reading(void*, int action, const char* name, const char* argument, const char*,
                             const char*) {
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE:
      return SQLITE_OK;
    case SQLITE_FUNCTION:
      return lower_ascii(argument) == "load_extension" ? SQLITE_DENY : SQLITE_OK;
    case SQLITE_PRAGMA:
      return !argument && lower_ascii(name) == "data_version" ? SQLITE_OK : SQLITE_DENY;
    case SQLITE_UPDATE:
      return std::string_view(name) == "sqlite_master" ? SQLITE_OK : SQLITE_DENY;
    default:
      return SQLITE_DENY;
  }
}

extern "C" int count_steps(void* left) {
  auto& steps = *static_cast<std::int64_t*>(left);
  steps -= steps_per_look;
  return steps < 0;
}

Error database_error(sqlite3* database, int code, const std::string& where) {
  const std::string said = database ? sqlite3_errmsg(database) : sqlite3_errstr(code);
  switch (code & 0xFF) {
    case SQLITE_ERROR:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE:
      return {ErrorKind::invalid, "the query fails: " + said, where, "mend the query"};
    case SQLITE_AUTH:
      return {ErrorKind::invalid, "the query does more than read: " + said, where,
              "give one SELECT"};
    case SQLITE_INTERRUPT:
      return {ErrorKind::limit, "the query takes too many steps", where,
              "narrow it, or let an index help it"};
    case SQLITE_TOOBIG:
      return {ErrorKind::limit, "the query or a value is too large: " + said, where,
              "select fewer columns, or a part of the text"};
    case SQLITE_NOTADB:
      return {ErrorKind::corrupt, "it is no SQLite database", where, "give the path of one"};
    case SQLITE_CORRUPT:
      return {ErrorKind::corrupt, "the database is damaged: " + said, where,
              "recover it with the sqlite3 command's .recover, or take a backup"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorKind::unavailable, "the database is locked by another program", where,
              "try again when it has finished"};
    case SQLITE_READONLY:
      return {ErrorKind::unavailable, "the database was left in the middle of a change: " + said,
              where, "open it once with the program that writes it"};
    default:
      return {ErrorKind::unavailable, "the database cannot be read: " + said, where,
              "look at its permissions, those of its -wal and -shm, and at the disk"};
  }
}

// A damaged file and a hostile schema are met before the first query.
Result<void> harden(sqlite3* database, const RowOptions& options, const std::string& where) {
  sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, nullptr);
  // One value, or one result of a function: what memory a query takes.
  constexpr std::size_t max_int = 0x7FFFFFFF;
  sqlite3_limit(database, SQLITE_LIMIT_LENGTH,
                static_cast<int>(std::min(options.max_row_bytes, max_int)));
  sqlite3_limit(database, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1'000);
  sqlite3_limit(database, SQLITE_LIMIT_ATTACHED, 0);
  sqlite3_busy_timeout(database, lock_wait_ms);
  const int code = sqlite3_exec(database, "PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0",
                                nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return fail(database_error(database, code, where));
  sqlite3_set_authorizer(database, allow_reading, nullptr);
  return {};
}

Result<Database> open_database(const PinnedFile& file, const RowOptions& options,
                               const std::string& where) {
  const char* vfs = pinned_vfs();
  if (!vfs) return fail(ErrorKind::unsupported, "this SQLite has no \"unix\" VFS", where);
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(file.name().c_str(), &opened,
                                   SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, vfs);
  Database database(opened);
  if (code != SQLITE_OK) return fail(database_error(opened, code, where));
  DEED_OK(harden(opened, options, where));
  return database;
}

// Null for blanks and comments; `sql` becomes what follows the statement.
Result<Statement> prepare(sqlite3* database, std::string_view& sql, const std::string& where) {
  sqlite3_stmt* statement = nullptr;
  const char* tail = nullptr;
  int code =
      sqlite3_prepare_v2(database, sql.data(), static_cast<int>(sql.size()), &statement, &tail);
  // What a CREATE comes back with that the authorizer has refused (SQLite 3.40).
  if (code == SQLITE_SCHEMA) code = SQLITE_AUTH;
  if (code != SQLITE_OK) return fail(database_error(database, code, where));
  sql.remove_prefix(static_cast<std::size_t>(tail - sql.data()));
  return Statement(statement);
}

Result<Statement> prepare_select(sqlite3* database, const std::string& query,
                                 const std::string& where) {
  const auto refuse = [&](const char* what) {
    return fail(ErrorKind::invalid, what, where, "give one SELECT");
  };
  if (query.find('\0') != std::string::npos) return refuse("the query holds a NUL byte");
  if (query.size() > 1'000'000) return fail(ErrorKind::limit, "the query is too long", where);
  std::string_view rest = query;
  DEED_TRY(Statement statement, prepare(database, rest, where));
  if (!statement) return refuse("the query is empty");
  while (!rest.empty()) {
    DEED_TRY(const Statement second, prepare(database, rest, where));
    if (second) return refuse("the query is more than one statement");
  }
  if (!sqlite3_stmt_readonly(statement.get()) || sqlite3_column_count(statement.get()) == 0 ||
      sqlite3_stmt_isexplain(statement.get()))
    return refuse("the query is no SELECT");
  if (sqlite3_bind_parameter_count(statement.get()) > 0)
    return refuse("the query has parameters, for which there are no values");
  return statement;
}

Result<std::vector<std::string>> column_names(sqlite3_stmt* statement, const RowOptions& options,
                                              const std::string& where) {
  const int count = sqlite3_column_count(statement);
  if (static_cast<std::size_t>(count) > options.max_columns) {
    return fail(ErrorKind::limit,
                "the query has " + std::to_string(count) + " columns; at most " +
                    std::to_string(options.max_columns) + " are read",
                where);
  }
  std::vector<std::string> names;
  std::set<std::string> seen;
  for (int i = 0; i < count; ++i) {
    const char* said = sqlite3_column_name(statement, i);
    const std::string name = to_utf8(said ? said : "");
    if (name.empty() || !seen.insert(name).second) {
      return fail(ErrorKind::invalid,
                  name.empty() ? "column " + std::to_string(i + 1) + " has no name"
                               : "two columns are named \"" + name + "\"",
                  where, "name it with AS");
    }
    names.push_back(name);
  }
  return names;
}

class SqliteReader final : public RowReader {
 public:
  SqliteReader(std::unique_ptr<PinnedFile> file, Database database, std::string where,
               const RowOptions& options)
      : file_(std::move(file)),
        database_(std::move(database)),
        where_(std::move(where)),
        max_row_bytes_(options.max_row_bytes),
        steps_left_(options.max_query_steps) {}

  Result<void> begin(const RowOptions& options) {
    DEED_TRY(statement_, prepare_select(database_.get(), options.query, where_));
    DEED_TRY(names_, column_names(statement_.get(), options, where_));
    sqlite3_progress_handler(database_.get(), steps_per_look, count_steps, &steps_left_);
    return {};
  }

  Result<std::optional<Row>> next() override {
    const int code = sqlite3_step(statement_.get());
    if (code == SQLITE_DONE) return std::optional<Row>();
    if (code != SQLITE_ROW) return fail(database_error(database_.get(), code, at(count_ + 1)));
    Row row{.line = ++count_};
    DEED_OK(check_size());
    Json::object_t object;
    object.reserve(names_.size());
    for (std::size_t i = 0; i < names_.size(); ++i) {
      auto value = value_of(static_cast<int>(i));
      if (!value) {
        row.error = Error{ErrorKind::invalid, "column \"" + names_[i] + "\" " + value.error().what,
                          at(count_), value.error().hint};
        return std::optional<Row>(std::move(row));
      }
      object.emplace_back(names_[i], *std::move(value));
    }
    row.value = Json(std::move(object));
    return std::optional<Row>(std::move(row));
  }

 private:
  std::string at(std::int64_t row) const { return where_ + ":" + std::to_string(row); }

  Result<void> check_size() const {
    std::size_t bytes = 0;
    for (int i = 0; i < static_cast<int>(names_.size()); ++i) {
      if (sqlite3_column_type(statement_.get(), i) == SQLITE_TEXT)
        bytes += static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), i));
    }
    if (bytes <= max_row_bytes_) return {};
    return fail(ErrorKind::limit, "the row is larger than " + human_bytes(max_row_bytes_),
                at(count_), "select fewer columns, or a part of the text");
  }

  Result<Json> value_of(int column) const {
    sqlite3_stmt* statement = statement_.get();
    switch (sqlite3_column_type(statement, column)) {
      case SQLITE_INTEGER:
        return Json(sqlite3_column_int64(statement, column));
      case SQLITE_FLOAT: {
        const double value = sqlite3_column_double(statement, column);
        if (!std::isfinite(value))
          return fail(ErrorKind::invalid, "is infinite, which JSON cannot say", {},
                      "cast it to TEXT");
        return Json(value);
      }
      case SQLITE_NULL:
        return Json(nullptr);
      case SQLITE_BLOB:
        return fail(ErrorKind::invalid, "is a blob", {}, "leave it out, or select hex() of it");
      default:
        return text_of(column);
    }
  }

  Result<Json> text_of(int column) const {
    const auto* bytes = sqlite3_column_text(statement_.get(), column);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
    if (!bytes) return fail(ErrorKind::unavailable, "did not fit into memory");
    std::string text(reinterpret_cast<const char*>(bytes), size);
    if (!is_utf8(text))
      return fail(ErrorKind::invalid, "is text that is not UTF-8", {}, "select hex() of it");
    return Json(std::move(text));
  }

  std::unique_ptr<PinnedFile> file_;  // SQLite opens -wal and -shm by its name later
  Database database_;
  Statement statement_;
  std::string where_;
  std::vector<std::string> names_;
  std::size_t max_row_bytes_;
  std::int64_t steps_left_, count_ = 0;
};

}  // namespace

Result<std::unique_ptr<RowReader>> read_sqlite_rows(std::unique_ptr<PinnedFile> file,
                                                    std::string name, const RowOptions& options) {
  DEED_TRY(Database database, open_database(*file, options, name));
  auto reader = std::make_unique<SqliteReader>(std::move(file), std::move(database),
                                               std::move(name), options);
  DEED_OK(reader->begin(options));
  return std::unique_ptr<RowReader>(std::move(reader));
}

}  // namespace deed
