// What tests of rows stand on: files in pieces of any size, and all rows of a reader at once.
#pragma once

#include "deed/tests/tools/tool_doubles.hpp"
#include "deed/tools/row_readers.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace deed {

/// `bytes` in pieces that end where `cuts` (sorted) say, and nowhere else.
class CutStream final : public FileStream {
 public:
  CutStream(std::string bytes, std::vector<std::size_t> cuts)
      : bytes_(std::move(bytes)), cuts_(std::move(cuts)) {}

  Result<std::string> read(std::size_t) override {
    const auto cut = std::upper_bound(cuts_.begin(), cuts_.end(), at_);
    const std::size_t end = cut == cuts_.end() ? bytes_.size() : std::min(*cut, bytes_.size());
    std::string piece = bytes_.substr(at_, end - at_);
    at_ = end;
    return piece;
  }

 private:
  std::string bytes_;
  std::vector<std::size_t> cuts_;
  std::size_t at_ = 0;
};

/// All rows, each as "LINE JSON" or "LINE ! ERROR"; at the end what ended them, if it is an error.
inline std::vector<std::string> all_rows(Result<std::unique_ptr<RowReader>> reader) {
  std::vector<std::string> out;
  const auto say = [](const Error& error) {
    return std::string(to_string(error.kind)) + ": " + to_string(error);
  };
  if (!reader) return {"cannot open: " + say(reader.error())};
  for (;;) {
    auto row = (*reader)->next();
    if (!row) out.push_back("end: " + say(row.error()));
    if (!row || !*row) return out;
    const std::string line = std::to_string((*row)->line);
    out.push_back((*row)->error ? line + " ! " + say(*(*row)->error)
                                : line + " " + to_text((*row)->value));
  }
}

class RowsTest : public testing::Test {
 protected:
  RelativePath path(std::string_view text) const { return *RelativePath::parse(text); }
  Result<std::unique_ptr<RowReader>> open(const std::string& name, RowOptions options = {}) const {
    return open_rows(*root_, path(name), std::move(options));
  }
  /// Of a file with these bytes.
  std::vector<std::string> rows(std::string_view bytes, RowOptions options = {}) const {
    folder_.put("file", bytes);
    return all_rows(open("file", std::move(options)));
  }
  /// Checks that the rows are the same however the bytes fall into pieces.
  void expect_same_when_cut(const std::string& bytes, const RowOptions& options) const {
    const auto read = [&](std::vector<std::size_t> cuts) {
      auto stream = std::make_unique<CutStream>(bytes, std::move(cuts));
      return all_rows(options.format == RowOptions::Format::csv
                          ? read_csv_rows(std::move(stream), "file", options)
                          : read_jsonl_rows(std::move(stream), "file", options));
    };
    const auto whole = read({});
    std::vector<std::size_t> every;
    for (std::size_t at = 1; at < bytes.size(); ++at) {
      EXPECT_EQ(read({at}), whole) << "cut at byte " << at;
      every.push_back(at);
    }
    EXPECT_EQ(read(every), whole) << "byte by byte";
  }

  TempFolder folder_, outside_;
  std::unique_ptr<RootDir> root_ = *open_root_dir(folder_.path());
};

}  // namespace deed
