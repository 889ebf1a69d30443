// The readers behind open_rows, one for each format, on what RootDir has opened.
#pragma once

#include "deed/tools/rows.hpp"

#include <string>
#include <string_view>

namespace deed {

inline constexpr std::size_t text_piece_bytes = 64u << 10;

/// A text file in pieces, without its byte order mark.
class TextPieces {
 public:
  /// errors  of FileStream; invalid: UTF-16
  static Result<TextPieces> open(std::unique_ptr<FileStream> file, std::string name);

  /// What is read and not yet taken; empty at the end of the file only.
  Result<std::string_view> rest();
  void take(std::size_t bytes) { taken_ += bytes; }

  bool has_utf8_mark() const { return has_mark_; }
  const std::string& name() const { return name_; }
  /// "name:line"
  std::string at(std::int64_t line) const { return name_ + ":" + std::to_string(line); }

 private:
  TextPieces(std::unique_ptr<FileStream> file, std::string name)
      : file_(std::move(file)), name_(std::move(name)) {}

  std::unique_ptr<FileStream> file_;
  std::string name_, piece_;
  std::size_t taken_ = 0;
  bool has_mark_ = false;
};

// `name` is the path as messages show it. errors  as open_rows

Result<std::unique_ptr<RowReader>> read_csv_rows(std::unique_ptr<FileStream> file, std::string name,
                                                 const RowOptions& options);
Result<std::unique_ptr<RowReader>> read_jsonl_rows(std::unique_ptr<FileStream> file,
                                                   std::string name, const RowOptions& options);
Result<std::unique_ptr<RowReader>> read_sqlite_rows(std::unique_ptr<PinnedFile> file,
                                                    std::string name, const RowOptions& options);

}  // namespace deed
