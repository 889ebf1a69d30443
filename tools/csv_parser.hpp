// Splits CSV into records: a state machine without I/O that is fed bytes as they come.
// Source: RFC 4180, sections 2.1 to 2.7. Beyond it: lines may end with LF or CR alone, blank lines
// are skipped, and a quote inside a cell that does not begin with one stands for itself, as
// spreadsheets and Python's csv module have it.
#pragma once

#include "deed/core/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace deed {

struct CsvRecord {
  std::int64_t line = 0;           ///< where it begins, from 1
  std::vector<std::string> cells;  ///< the first max_cells of them
  std::size_t cell_count = 0;
  const char* fault = nullptr;  ///< why its cells cannot be told apart; it ends with its line then
};

class CsvParser {
 public:
  struct Limits {
    std::size_t max_row_bytes, max_cells;
  };
  CsvParser(char separator, Limits limits) : separator_(separator), limits_(limits) {}

  /// Takes bytes up to the end of a record, or all of them; returns how many it took.
  /// Precondition: no record waits.
  /// errors  limit: the record is over max_row_bytes; the parser cannot go on. `where` is the line
  Result<std::size_t> feed(std::string_view bytes);
  /// The file ends here: what was begun is a record. errors  corrupt: inside quotes
  Result<void> finish();

  bool has_record() const { return is_whole_; }
  /// Precondition: has_record().
  CsvRecord take();

 private:
  enum class State { row_start, cell_start, plain, quoted, quote_in_quoted, faulty };

  void step(char c);
  void plain(char c);
  void end_cell();
  void end_row();

  char separator_;
  Limits limits_;
  State state_ = State::row_start;
  CsvRecord record_;
  std::string cell_;
  std::size_t row_bytes_ = 0;
  std::int64_t line_ = 1, quote_line_ = 0;
  bool is_after_cr_ = false, is_whole_ = false;
};

}  // namespace deed
