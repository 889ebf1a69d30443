// CSV as rows: names from the header, cells as UTF-8. The parser is ours (csv_parser.hpp):
// docs/dependencies.md says why libcsv is not used.
#include "deed/core/text.hpp"
#include "deed/tools/csv_parser.hpp"
#include "deed/tools/row_readers.hpp"
#include "deed/tools/windows_1252.hpp"

#include <set>
#include <utility>

namespace deed {
namespace {

enum class Encoding { utf8, windows_1252 };

std::string count_of(std::size_t count, const std::string& thing) {
  return std::to_string(count) + " " + thing + (count == 1 ? "" : "s");
}

class CsvReader final : public RowReader {
 public:
  CsvReader(TextPieces pieces, Encoding encoding, const RowOptions& options)
      : pieces_(std::move(pieces)),
        encoding_(encoding),
        max_columns_(options.max_columns),
        parser_(options.separator,
                {.max_row_bytes = options.max_row_bytes, .max_cells = options.max_columns}) {}

  /// Reads the first row: the names of the columns.
  Result<void> read_header() {
    DEED_TRY(auto record, next_record());
    if (!record) {
      return fail(ErrorKind::invalid, "the file has no header line", pieces_.name(),
                  "the first line names the columns");
    }
    const std::string where = pieces_.at(record->line);
    if (record->cell_count > max_columns_) {
      return fail(ErrorKind::limit,
                  "the header has " + count_of(record->cell_count, "column") + "; at most " +
                      std::to_string(max_columns_) + " are read",
                  where);
    }
    if (auto fault = to_utf8(*record)) return fail(std::move(*fault));
    std::set<std::string_view> seen;
    for (const std::string& cell : record->cells) names_.emplace_back(trim(cell));
    for (const std::string& name : names_) {
      if (name.empty()) {
        const auto column = &name - names_.data() + 1;
        return fail(ErrorKind::invalid, "column " + std::to_string(column) + " has no name", where,
                    "name each column in the first line");
      }
      if (!seen.insert(name).second) {
        return fail(ErrorKind::invalid, "two columns are named \"" + name + "\"", where,
                    "give each column a name of its own");
      }
    }
    return {};
  }

  Result<std::optional<Row>> next() override {
    DEED_TRY(auto record, next_record());
    if (!record) return std::optional<Row>();
    Row row{.line = record->line};
    row.error = to_utf8(*record);
    if (!row.error && record->cell_count != names_.size()) {
      row.error = error_at(*record,
                           "the row has " + count_of(record->cell_count, "cell") + ", the header " +
                               count_of(names_.size(), "column"),
                           "a cell that holds the separator or a line break stands in quotes");
    }
    if (!row.error) row.value = to_object(std::move(record->cells));
    return std::optional<Row>(std::move(row));
  }

 private:
  Result<std::optional<CsvRecord>> next_record() {
    while (!parser_.has_record()) {
      DEED_TRY(const std::string_view rest, pieces_.rest());
      if (rest.empty()) {
        DEED_OK(placed(parser_.finish()));
        if (!parser_.has_record()) return std::optional<CsvRecord>();
        break;
      }
      DEED_TRY(const std::size_t taken, placed(parser_.feed(rest)));
      pieces_.take(taken);
    }
    return std::optional<CsvRecord>(parser_.take());
  }

  // The parser knows the line, not the file.
  template <class T>
  Result<T> placed(Result<T> result) const {
    if (result) return result;
    Error error = std::move(result).error();
    error.where = pieces_.name() + ":" + error.where;
    return fail(std::move(error));
  }

  // Decodes the cells, or says what is wrong with the record.
  std::optional<Error> to_utf8(CsvRecord& record) const {
    if (record.fault) {
      return error_at(record, record.fault,
                      "write a quote inside a quoted cell as two, and nothing behind the last");
    }
    for (std::string& cell : record.cells) {
      if (cell.find('\0') != std::string::npos)
        return error_at(record, "the row holds NUL bytes", "save the file as UTF-8 text");
      if (encoding_ == Encoding::windows_1252) {
        cell = utf8_from_windows_1252(cell);
      } else if (!is_utf8(cell)) {
        return error_at(record, "the row is not UTF-8",
                        "save the file as UTF-8, or read it with the encoding latin-1");
      }
    }
    return {};
  }

  Error error_at(const CsvRecord& record, std::string what, std::string hint) const {
    return {ErrorKind::invalid, std::move(what), pieces_.at(record.line), std::move(hint)};
  }

  Json to_object(std::vector<std::string> cells) const {
    // Appended as to a vector: the names are known to differ, and looking for each is quadratic.
    Json::object_t object;
    object.reserve(names_.size());
    for (std::size_t i = 0; i < names_.size(); ++i)
      object.emplace_back(names_[i], std::move(cells[i]));
    return Json(std::move(object));
  }

  TextPieces pieces_;
  Encoding encoding_;
  std::size_t max_columns_;
  CsvParser parser_;
  std::vector<std::string> names_;
};

Result<Encoding> parse_encoding(const std::string& text, const TextPieces& pieces) {
  const std::string name = lower_ascii(text);
  if (name == "utf-8") return Encoding::utf8;
  if (name != "latin-1" && name != "windows-1252") {
    return fail(ErrorKind::invalid, "no such encoding: \"" + text + "\"", pieces.name(),
                "utf-8, latin-1 or windows-1252");
  }
  if (pieces.has_utf8_mark()) {
    return fail(ErrorKind::invalid, "the file says that it is UTF-8, not " + name, pieces.name(),
                "read it with the encoding utf-8");
  }
  return Encoding::windows_1252;
}

bool is_separator(char c) {
  return c != '\0' && c != '"' && c != '\r' && c != '\n' && static_cast<unsigned char>(c) < 0x80;
}

}  // namespace

Result<std::unique_ptr<RowReader>> read_csv_rows(std::unique_ptr<FileStream> file, std::string name,
                                                 const RowOptions& options) {
  DEED_TRY(TextPieces pieces, TextPieces::open(std::move(file), std::move(name)));
  DEED_TRY(const Encoding encoding, parse_encoding(options.encoding, pieces));
  if (!is_separator(options.separator)) {
    return fail(ErrorKind::invalid, "this character cannot separate cells", pieces.name(),
                "use a comma, a semicolon or a tab");
  }
  auto reader = std::make_unique<CsvReader>(std::move(pieces), encoding, options);
  DEED_OK(reader->read_header());
  return std::unique_ptr<RowReader>(std::move(reader));
}

}  // namespace deed
