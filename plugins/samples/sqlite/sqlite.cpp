// sqlite.query: reads a SQLite database. The file is opened read-only, one SELECT is let through by an authorizer, and rows, bytes and
// time are bounded. Sources: https://sqlite.org/c3ref/set_authorizer.html, https://sqlite.org/security.html
#include <deed/plugins/deed_plugin.hpp>
#include <sqlite3.h>

#include <algorithm>
#include <memory>

namespace {

using deed::plugin::Context;
using deed::plugin::Error;
using deed::plugin::Json;

constexpr std::size_t max_result_bytes = 1 << 20;
constexpr std::chrono::seconds max_time{20};
constexpr int steps_between_looks = 1000;

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
struct EndStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;
using Statement = std::unique_ptr<sqlite3_stmt, EndStatement>;

// What a query may do: read, call functions, recurse, and ask for the names of tables, columns and indexes.
int authorize(void*, int action, const char* first, const char* second, const char*, const char*) {
  static const std::string_view harmless_pragmas[] = {"table_info", "table_xinfo", "table_list", "index_list", "index_info",
                                                      "index_xinfo", "foreign_key_list", "database_list"};
  const auto is = [](const char* text, std::string_view name) { return text && name == text; };
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE: return SQLITE_OK;
    // How a pragma that is used as a table declares its columns. A statement that changes this table is refused all the same.
    case SQLITE_UPDATE: return is(first, "sqlite_master") ? SQLITE_OK : SQLITE_DENY;
    case SQLITE_FUNCTION: return is(second, "load_extension") ? SQLITE_DENY : SQLITE_OK;
    case SQLITE_PRAGMA:
      return std::any_of(std::begin(harmless_pragmas), std::end(harmless_pragmas), [&](auto name) { return is(first, name); })
                 ? SQLITE_OK
                 : SQLITE_DENY;
    default: return SQLITE_DENY;
  }
}

[[noreturn]] void fail(sqlite3* database, const std::string& what, std::string hint = {}) {
  throw Error(what + ": " + sqlite3_errmsg(database), std::move(hint));
}

Database open(const std::string& path) {
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &opened, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  Database database(opened);
  if (code != SQLITE_OK) fail(opened, "cannot open the database " + path);
  sqlite3_db_config(opened, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(opened, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_limit(opened, SQLITE_LIMIT_ATTACHED, 0);
  sqlite3_limit(opened, SQLITE_LIMIT_LENGTH, static_cast<int>(max_result_bytes));
  sqlite3_limit(opened, SQLITE_LIMIT_SQL_LENGTH, 100000);
  sqlite3_limit(opened, SQLITE_LIMIT_EXPR_DEPTH, 200);
  sqlite3_limit(opened, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000);
  sqlite3_busy_timeout(opened, 2000);
  sqlite3_set_authorizer(opened, authorize, nullptr);
  return database;
}

Statement prepare(sqlite3* database, const std::string& sql) {
  sqlite3_stmt* prepared = nullptr;
  const char* rest = nullptr;
  if (sqlite3_prepare_v2(database, sql.data(), static_cast<int>(sql.size()), &prepared, &rest) != SQLITE_OK)
    fail(database, "the query is not possible", "only one SELECT is; SELECT sql FROM sqlite_schema shows the tables");
  Statement statement(prepared);
  if (!statement) throw Error("there is no query");
  const std::string_view tail(rest, static_cast<std::size_t>(sql.data() + sql.size() - rest));
  if (tail.find_first_not_of(" \t\r\n;") != std::string_view::npos) throw Error("there is more than one statement");
  if (!sqlite3_stmt_readonly(prepared)) throw Error("this would change the database");
  if (sqlite3_column_count(prepared) == 0) throw Error("this gives no rows", "only one SELECT is possible");
  return statement;
}

void bind(sqlite3_stmt* statement, int at, const Json& value) {
  if (value.is_null()) sqlite3_bind_null(statement, at);
  else if (value.is_boolean()) sqlite3_bind_int(statement, at, value.get<bool>() ? 1 : 0);
  else if (value.is_number_integer()) sqlite3_bind_int64(statement, at, value.get<std::int64_t>());
  else if (value.is_number()) sqlite3_bind_double(statement, at, value.get<double>());
  else if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    sqlite3_bind_text64(statement, at, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  } else {
    throw Error("the parameter " + std::to_string(at) + " is neither a text, a number, true, false nor null");
  }
}

void bind_all(sqlite3_stmt* statement, const std::vector<Json>& values) {
  const int wanted = sqlite3_bind_parameter_count(statement);
  if (static_cast<std::size_t>(wanted) != values.size())
    throw Error("the query has " + std::to_string(wanted) + " parameters, " + std::to_string(values.size()) + " were given");
  for (int i = 0; i < wanted; ++i) bind(statement, i + 1, values[static_cast<std::size_t>(i)]);
}

Json value_at(sqlite3_stmt* row, int column) {
  switch (sqlite3_column_type(row, column)) {
    case SQLITE_INTEGER: return sqlite3_column_int64(row, column);
    case SQLITE_FLOAT: return sqlite3_column_double(row, column);
    case SQLITE_TEXT: {
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(row, column));
      return std::string(text ? text : "", static_cast<std::size_t>(sqlite3_column_bytes(row, column)));
    }
    case SQLITE_BLOB: return {{"blob_bytes", sqlite3_column_bytes(row, column)}};
    default: return nullptr;
  }
}

// Looked at every thousand steps of SQLite's machine.
struct Watch {
  Context* context;
  std::chrono::steady_clock::time_point end;
  bool is_over() const { return context->is_cancelled() || std::chrono::steady_clock::now() >= end; }
};

Json query(Context& context, const std::string& database_path, const std::string& sql, const std::vector<Json>& parameters, int max_rows) {
  const Database database = open(database_path);
  Watch watch{&context, std::chrono::steady_clock::now() + std::min<std::chrono::milliseconds>(max_time, context.time_left())};
  sqlite3_progress_handler(
      database.get(), steps_between_looks, [](void* user) { return static_cast<Watch*>(user)->is_over() ? 1 : 0; }, &watch);
  const Statement statement = prepare(database.get(), sql);
  bind_all(statement.get(), parameters);
  const int width = sqlite3_column_count(statement.get());
  Json columns = Json::array(), rows = Json::array();
  for (int i = 0; i < width; ++i) columns.push_back(sqlite3_column_name(statement.get(), i));
  std::size_t bytes = 0;
  bool is_cut = false;
  int code = 0;
  while ((code = sqlite3_step(statement.get())) == SQLITE_ROW) {
    Json row = Json::array();
    for (int i = 0; i < width; ++i) {
      bytes += static_cast<std::size_t>(sqlite3_column_bytes(statement.get(), i)) + 8;
      row.push_back(value_at(statement.get(), i));
    }
    is_cut = rows.size() == static_cast<std::size_t>(max_rows) || bytes > max_result_bytes;
    if (is_cut) break;
    rows.push_back(std::move(row));
  }
  if (code == SQLITE_INTERRUPT) throw Error("the query took too long", "narrow it with WHERE or LIMIT");
  if (code != SQLITE_ROW && code != SQLITE_DONE) fail(database.get(), "the query failed");
  return {{"columns", columns}, {"rows", rows}, {"is_cut", is_cut}};
}

}  // namespace

DEED_PLUGIN("sqlite", "1.0.0",
            tool("query", "Reads a SQLite database with one SELECT statement. Gives columns and rows.", Effect::read, query,
                 arg("database").about("The database file").format("path").role(Role::destination),
                 arg("sql").about("One SELECT; ? for each parameter. SELECT sql FROM sqlite_schema shows the tables").role(Role::text),
                 arg("parameters").about("A value for each ?").otherwise(Json::array()),
                 arg("max_rows").between(1, 10000).otherwise(100))
                .concurrent()
                .examples({"How many orders are in shop.db?", "Which customers in crm.sqlite have no address?"})
                .timeout(std::chrono::seconds(30)))
