// Server-sent events as a state machine without I/O: bytes in, events out.
// Source: WHATWG HTML, section 9.2.6 "Interpreting an event stream".
#pragma once

#include "deed/core/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace deed::sse {

struct Event {
  std::string type = "message";
  std::string data;
  std::string id;  ///< the last one that the stream gave, also in an earlier event

  bool operator==(const Event&) const = default;
};

class Parser {
 public:
  /// max_event_bytes  a longer line or event is an error, and the parser stays failed
  explicit Parser(std::size_t max_event_bytes = 4u << 20) : max_event_bytes_(max_event_bytes) {}

  /// Takes the next bytes, cut anywhere; returns the events that they completed. CR, LF and CRLF
  /// end lines; a BOM at the start is skipped.
  /// errors  limit
  Result<std::vector<Event>> feed(std::string_view bytes);

  /// Whether an event had begun that no blank line ended.
  bool has_unfinished() const {
    const bool in_field = !line_.empty() && line_.front() != ':';
    return in_field || !data_.empty() || !type_.empty();
  }

 private:
  void end_line(std::vector<Event>& out);
  void take_field(std::string_view line);

  std::size_t max_event_bytes_;
  std::string line_, data_, type_, id_;
  bool after_cr_ = false, at_start_ = true, failed_ = false;
};

}  // namespace deed::sse
