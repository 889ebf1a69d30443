// JSON Lines: one JSON value a line. Source: https://jsonlines.org
#include "deed/core/text.hpp"
#include "deed/tools/row_readers.hpp"

#include <utility>

namespace deed {
namespace {

class JsonlReader final : public RowReader {
 public:
  JsonlReader(TextPieces pieces, std::size_t max_bytes)
      : pieces_(std::move(pieces)), max_bytes_(max_bytes) {}

  Result<std::optional<Row>> next() override {
    std::string text;
    do {
      DEED_TRY(const bool is_there, read_line(text));
      if (!is_there) return std::optional<Row>();
    } while (trim(text).empty());
    return std::optional<Row>(to_row(text));
  }

 private:
  // False: the file has ended, and no line is left.
  Result<bool> read_line(std::string& line) {
    line.clear();
    ++line_;
    for (bool is_whole = false; !is_whole;) {
      DEED_TRY(const std::string_view rest, pieces_.rest());
      if (rest.empty()) return !line.empty();
      const std::string_view part = rest.substr(0, rest.find('\n'));
      is_whole = part.size() < rest.size();
      if (part.size() > max_bytes_ - line.size()) {
        return fail(ErrorKind::limit, "the line is longer than " + human_bytes(max_bytes_),
                    pieces_.at(line_), "write one JSON value in each line");
      }
      line += part;
      pieces_.take(part.size() + (is_whole ? 1 : 0));
    }
    return true;
  }

  Row to_row(const std::string& text) const {
    auto value = parse_json(text, {.max_bytes = max_bytes_});
    if (value) return {.line = line_, .value = *std::move(value)};
    Error error = std::move(value).error();
    if (!error.where.empty()) error.what += " at " + error.where;
    error.where = pieces_.at(line_);
    if (error.hint.empty()) error.hint = "each line is one JSON value, in UTF-8";
    return {.line = line_, .error = std::move(error)};
  }

  TextPieces pieces_;
  std::size_t max_bytes_;
  std::int64_t line_ = 0;  ///< the one that was read last
};

}  // namespace

Result<std::unique_ptr<RowReader>> read_jsonl_rows(std::unique_ptr<FileStream> file,
                                                   std::string name, const RowOptions& options) {
  DEED_TRY(TextPieces pieces, TextPieces::open(std::move(file), std::move(name)));
  return std::unique_ptr<RowReader>(
      std::make_unique<JsonlReader>(std::move(pieces), options.max_row_bytes));
}

}  // namespace deed
