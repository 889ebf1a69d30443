// Rows of a file below the root, one after the other: CSV, JSON Lines, or a query of an SQLite
// database. Memory stays flat however long the file is: one piece of 64 KiB and one row.
// Source: RFC 4180 and what spreadsheets write; https://jsonlines.org;
// https://sqlite.org/security.html
#pragma once

#include "deed/core/json.hpp"
#include "deed/core/result.hpp"
#include "deed/tools/root_dir.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace deed {

struct Row {
  /// In the file, from 1, where the row begins; of a query: the row's number from 1.
  std::int64_t line = 0;
  /// An object by column name, in the order of the columns; of JSON Lines whatever the line holds.
  /// null where `error` is set.
  Json value = nullptr;
  /// This row cannot be used (more or fewer cells than the header has, no JSON, bytes of another
  /// encoding, a blob); the next ones may. `where` is "path:line".
  std::optional<Error> error = {};
};

struct RowOptions {
  enum class Format { csv, jsonl, sqlite } format = Format::csv;
  std::string query = {};          ///< sqlite: one SELECT without parameters
  std::string encoding = "utf-8";  ///< csv: "utf-8", or "latin-1" and "windows-1252", which are one
  char separator = ',';            ///< csv: any ASCII character but quote, CR, LF and NUL
  std::size_t max_row_bytes = 1u << 20;  ///< csv and jsonl: as in the file; sqlite: its texts
  std::size_t max_columns = 1'000;
  /// sqlite: what the whole query may take, in steps of SQLite's machine; a row of a plain scan
  /// takes about ten.
  std::int64_t max_query_steps = 100'000'000;
};

/// Blocking calls, short ones (a query that sorts does its work in the first); loop thread.
/// Outlives the RootDir. It lets go of the file when it has come to the end or to an error.
///
/// CSV   The first row names the columns; blanks around a name are no part of it. Values are texts
///       always, as they stand in the file. Lines end with CRLF, LF or CR; blank lines are skipped;
///       a quote inside a cell that does not begin with one is an ordinary character. A UTF-8 byte
///       order mark is skipped.
/// JSON  Each line is one JSON value (UTF-8, 128 levels); blank lines and a byte order mark are
/// Lines skipped.
/// SQLite  INTEGER, REAL, TEXT and NULL become JSON; a blob, an infinity and text that is not UTF-8
///       are errors of their row. The connection reads only, yet takes part in SQLite's locking:
///       until the reader has let go, a database with a rollback journal cannot be written by
///       others, and one with a write-ahead log is not checkpointed: read it to the end first where
///       the work on each row takes long. Reading a database in WAL mode leaves NAME-wal and
///       NAME-shm beside it.
class RowReader {
 public:
  virtual ~RowReader() = default;
  /// The next row; nullopt: there is none. After an error: that error again.
  ///
  /// errors  limit: a row over max_row_bytes, a query over max_query_steps. conflict: the text file
  ///         was written meanwhile (one that was replaced under its name is read on in its old
  ///         state). corrupt: what comes now cannot be told apart (a quote that is never closed), a
  ///         damaged database. invalid: the query fails as it runs (an overflow). unavailable: the
  ///         disk fails, the database is locked
  virtual Result<std::optional<Row>> next() = 0;
};

/// `path` may go through links that stay below the root; of SQLite its last part may not be one.
///
/// errors  of RootDir. invalid: CSV without a header line, a column without a name or with that of
///         another, text that is UTF-16, an encoding or separator that is none, a query that is not
///         one SELECT or that does more than read. limit: over max_columns, a header over
///         max_row_bytes. corrupt: no SQLite database, or a damaged one. unavailable: it is locked,
///         or must be recovered by who writes it.
///         `where` is the path, with ":line" where there is one
Result<std::unique_ptr<RowReader>> open_rows(const RootDir& root, const RelativePath& path,
                                             RowOptions options);

}  // namespace deed
