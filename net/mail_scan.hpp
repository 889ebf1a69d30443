// What must be known of a mail's bytes before it may be said to have ended: found while they pass by. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace deed {

class MailScan {
 public:
  void feed(std::string_view piece);

  /// Where the first NUL is, or the first CR or LF that belongs to no CRLF; nothing: there is none so far. libcurl stuffs no dot behind a bare
  /// LF, which would end the message there for some servers (RFC 5321, section 4.1.1.4).
  std::optional<std::uint64_t> bad_byte() const { return bad_; }
  /// The same once all was fed: a CR at the very end belongs to no CRLF.
  std::optional<std::uint64_t> bad_byte_at_end() const;
  /// Lines so far that begin with a dot; each is a byte longer on the wire.
  std::uint64_t dotted_lines() const { return dotted_; }
  std::uint64_t size() const { return size_; }

 private:
  std::uint64_t size_ = 0, dotted_ = 0;
  std::optional<std::uint64_t> bad_;
  bool is_after_cr_ = false, is_at_line_start_ = true;
};

}  // namespace deed
