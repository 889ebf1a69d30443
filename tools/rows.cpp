#include "deed/tools/rows.hpp"

#include "deed/tools/row_readers.hpp"

#include <utility>

namespace deed {
namespace {

constexpr std::string_view utf8_mark = "\xEF\xBB\xBF";

// Ends with the first error or the end of the rows: closes what was read, and says the same again.
class EndingReader final : public RowReader {
 public:
  explicit EndingReader(std::unique_ptr<RowReader> inner) : inner_(std::move(inner)) {}

  Result<std::optional<Row>> next() override {
    if (failure_) return fail(*failure_);
    if (!inner_) return std::optional<Row>();
    auto row = inner_->next();
    if (!row) failure_ = row.error();
    if (!row || !*row) inner_.reset();
    return row;
  }

 private:
  std::unique_ptr<RowReader> inner_;
  std::optional<Error> failure_;
};

Result<std::unique_ptr<RowReader>> open_format(const RootDir& root, const RelativePath& path,
                                               const RowOptions& options) {
  if (options.format == RowOptions::Format::sqlite) {
    DEED_TRY(auto pinned, root.pin(path));
    return read_sqlite_rows(std::move(pinned), path.text(), options);
  }
  DEED_TRY(auto file, root.open_stream(path));
  return options.format == RowOptions::Format::csv
             ? read_csv_rows(std::move(file), path.text(), options)
             : read_jsonl_rows(std::move(file), path.text(), options);
}

}  // namespace

Result<TextPieces> TextPieces::open(std::unique_ptr<FileStream> file, std::string name) {
  TextPieces out(std::move(file), std::move(name));
  while (out.piece_.size() < utf8_mark.size()) {
    DEED_TRY(const std::string more, out.file_->read(text_piece_bytes));
    if (more.empty()) break;
    out.piece_ += more;
  }
  if (out.piece_.starts_with("\xFF\xFE") || out.piece_.starts_with("\xFE\xFF")) {
    return fail(ErrorKind::invalid, "the file is UTF-16", out.name_, "save it as UTF-8");
  }
  out.has_mark_ = out.piece_.starts_with(utf8_mark);
  if (out.has_mark_) out.take(utf8_mark.size());
  return out;
}

Result<std::string_view> TextPieces::rest() {
  if (taken_ == piece_.size()) {
    DEED_TRY(piece_, file_->read(text_piece_bytes));
    taken_ = 0;
  }
  return std::string_view(piece_).substr(taken_);
}

Result<std::unique_ptr<RowReader>> open_rows(const RootDir& root, const RelativePath& path,
                                             RowOptions options) {
  DEED_TRY(auto reader, open_format(root, path, options));
  return std::unique_ptr<RowReader>(std::make_unique<EndingReader>(std::move(reader)));
}

}  // namespace deed
