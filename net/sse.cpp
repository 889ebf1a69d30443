#include "deed/net/sse.hpp"

#include "deed/core/text.hpp"

#include <algorithm>

namespace deed::sse {

Result<std::vector<Event>> Parser::feed(std::string_view bytes) {
  const auto too_long = [this] {
    failed_ = true;
    return fail(ErrorKind::limit,
                "a line or event of the stream is over " + human_bytes(max_event_bytes_));
  };
  if (failed_) return too_long();
  std::vector<Event> out;
  while (!bytes.empty()) {
    if (after_cr_ && bytes.front() == '\n') bytes.remove_prefix(1);  // the second half of CRLF
    after_cr_ = false;
    const std::size_t end = bytes.find_first_of("\r\n");
    const std::string_view piece = bytes.substr(0, end);
    const std::size_t held = line_.size() + data_.size();
    if (held + piece.size() > max_event_bytes_) return too_long();
    line_ += piece;
    if (end == std::string_view::npos) break;
    after_cr_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    end_line(out);
  }
  return out;
}

void Parser::end_line(std::vector<Event>& out) {
  if (at_start_ && line_.starts_with("\xEF\xBB\xBF")) line_.erase(0, 3);
  at_start_ = false;
  if (line_.empty()) {
    if (!data_.empty()) {
      data_.pop_back();  // the last line end is not part of the data
      out.push_back({type_.empty() ? "message" : type_, std::move(data_), id_});
    }
    data_.clear();
    type_.clear();
  } else {
    take_field(line_);
  }
  line_.clear();
}

void Parser::take_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == 0) return;  // a comment
  const std::string_view name = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? "" : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (name == "data") (data_ += value) += '\n';
  if (name == "event") type_ = value;
  // The standard ignores an id with NUL; "retry" is for browsers, which reconnect by themselves.
  if (name == "id" && value.find('\0') == std::string_view::npos) id_ = value;
}

}  // namespace deed::sse
