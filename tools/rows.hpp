// Rows of a file below the root, one after the other: CSV, JSON Lines, or a query of an SQLite database. Memory stays flat however
// long the file is. Source: RFC 4180 and what spreadsheets write; https://jsonlines.org; https://sqlite.org/c3ref/open.html
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "deed/core/json.hpp"
#include "deed/core/result.hpp"
#include "deed/tools/root_dir.hpp"

namespace deed {

struct Row {
  std::int64_t line = 0;             ///< in the file, from 1, where the row begins; of a query: its number from 1
  Json value = nullptr;              ///< an object by column name; of JSON Lines whatever the line holds
  std::optional<Error> error = {};   ///< this row cannot be used (a cell too many, no JSON, bytes of another encoding); the next ones may
};

struct RowOptions {
  enum class Format { csv, jsonl, sqlite } format = Format::csv;
  std::string query = {};            ///< sqlite: one SELECT
  std::string encoding = "utf-8";    ///< csv: "utf-8" (a byte order mark is skipped) or "latin-1" (Windows-1252 among it)
  char separator = ',';              ///< csv
  std::size_t max_row_bytes = 1u << 20;
  std::size_t max_columns = 1'000;
};

/// Blocking, short calls; loop thread.
class RowReader {
 public:
  virtual ~RowReader() = default;
  /// The next row; nullopt: there is none.
  /// errors  limit: a row over max_row_bytes or max_columns. corrupt: what is behind it cannot be told apart (a quote that is never
  ///         closed), a damaged database. unavailable: the disk fails, the database is locked
  virtual Result<std::optional<Row>> next() = 0;
};

/// errors  of RootDir; invalid: CSV without a header line, a column name twice or empty, an encoding or separator that is none, a query that is
///         not one SELECT or that writes; `where` is the path with its line
Result<std::unique_ptr<RowReader>> open_rows(const RootDir& root, const RelativePath& path, RowOptions options);

}  // namespace deed
