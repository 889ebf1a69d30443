#include "deed/net/sse.hpp"

namespace deed::sse {

Result<std::vector<Event>> Parser::feed(std::string_view bytes) {
  const auto too_long = [this]() -> Result<std::vector<Event>> {
    failed_ = true;
    return fail(ErrorKind::limit, "an event of the stream is larger than " + std::to_string(max_event_bytes_) + " bytes");
  };
  if (failed_) return too_long();
  std::vector<Event> out;
  for (const char c : bytes) {
    if (c == '\n' && after_cr_) {
      after_cr_ = false;  // the second half of CRLF
      continue;
    }
    after_cr_ = c == '\r';
    if (c == '\r' || c == '\n') {
      end_line(out);
      continue;
    }
    line_ += c;
    if (at_start_ && line_.size() == 3) {
      if (line_ == "\xEF\xBB\xBF") line_.clear();
      at_start_ = false;
    }
    if (line_.size() + data_.size() > max_event_bytes_) return too_long();
  }
  return out;
}

void Parser::end_line(std::vector<Event>& out) {
  at_start_ = false;
  const std::string line = std::move(line_);
  line_.clear();
  if (line.empty()) {
    if (has_data_) {
      data_.pop_back();  // the last line end is not part of the data
      out.push_back({type_.empty() ? "message" : type_, std::move(data_), id_});
    }
    data_.clear();
    type_.clear();
    has_data_ = false;
    return;
  }
  const std::size_t colon = line.find(':');
  if (colon == 0) return;  // a comment
  const std::string field = line.substr(0, colon);
  std::string value = colon == std::string::npos ? "" : line.substr(colon + 1);
  if (value.starts_with(' ')) value.erase(0, 1);
  if (field == "data") {
    data_ += value + "\n";
    has_data_ = true;
  } else if (field == "event") {
    type_ = value;
  } else if (field == "id" && value.find('\0') == std::string::npos) {
    id_ = value;
  }
}

}  // namespace deed::sse
