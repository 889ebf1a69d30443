#include "deed/tools/csv_parser.hpp"

#include "deed/core/text.hpp"

#include <utility>

namespace deed {

Result<std::size_t> CsvParser::feed(std::string_view bytes) {
  DEED_CHECK(!is_whole_, "a record of CSV waits to be taken");
  std::size_t taken = 0;
  while (taken < bytes.size() && !is_whole_) {
    step(bytes[taken++]);
    if (row_bytes_ <= limits_.max_row_bytes) continue;
    std::string what = "the row is longer than " + human_bytes(limits_.max_row_bytes);
    if (state_ == State::quoted)
      what += "; the quote that opens in line " + std::to_string(quote_line_) + " is not closed";
    return fail(ErrorKind::limit, std::move(what), std::to_string(record_.line),
                "look for a quote without its partner");
  }
  return taken;
}

Result<void> CsvParser::finish() {
  if (state_ == State::quoted) {
    return fail(ErrorKind::corrupt, "the file ends inside a quoted cell",
                std::to_string(quote_line_), "close the quote that opens in this line");
  }
  if (state_ == State::row_start) return {};
  end_cell();
  end_row();
  return {};
}

CsvRecord CsvParser::take() {
  DEED_CHECK(is_whole_, "no record of CSV is whole");
  is_whole_ = false;
  return std::exchange(record_, {});
}

void CsvParser::step(char c) {
  const bool is_after_cr = std::exchange(is_after_cr_, c == '\r');
  // The second half of CRLF was counted, and outside quotes acted upon, with the first.
  const bool is_half = c == '\n' && is_after_cr;
  if (state_ == State::row_start) {
    if (c != '\r' && c != '\n') {
      record_.line = line_;
      row_bytes_ = 0;
      state_ = State::cell_start;
    } else {
      line_ += is_half ? 0 : 1;
      return;
    }
  }
  ++row_bytes_;
  switch (state_) {
    case State::cell_start:
      if (c != '"') return plain(c);
      quote_line_ = line_;
      state_ = State::quoted;
      return;
    case State::quoted:
      if ((c == '\r' || c == '\n') && !is_half) ++line_;
      if (c == '"')
        state_ = State::quote_in_quoted;
      else
        cell_ += c;
      return;
    case State::quote_in_quoted:
      if (c == '"') {
        cell_ += c;
        state_ = State::quoted;
      } else if (c == separator_ || c == '\r' || c == '\n') {
        plain(c);
      } else {
        record_.fault = "text follows a closing quote";
        state_ = State::faulty;
      }
      return;
    case State::faulty:
      if (c == '\r' || c == '\n') plain(c);
      return;
    default:
      return plain(c);
  }
}

void CsvParser::plain(char c) {
  if (c == separator_) {
    end_cell();
    state_ = State::cell_start;
  } else if (c == '\r' || c == '\n') {
    end_cell();
    ++line_;
    end_row();
  } else {
    cell_ += c;
    state_ = State::plain;
  }
}

void CsvParser::end_cell() {
  if (++record_.cell_count <= limits_.max_cells) record_.cells.push_back(std::move(cell_));
  cell_.clear();
}

void CsvParser::end_row() {
  is_whole_ = true;
  row_bytes_ = 0;
  state_ = State::row_start;
}

}  // namespace deed
