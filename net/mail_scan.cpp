#include "deed/net/mail_scan.hpp"

#include <algorithm>
#include <cstring>

namespace deed {
namespace {

// Where the next of the three is. They are few in a mail: memchr goes through what lies between them.
std::size_t next_special(std::string_view text, std::size_t from, std::string_view specials) {
  std::size_t found = text.size();
  for (const char c : specials) {
    const void* at = found > from ? std::memchr(text.data() + from, c, found - from) : nullptr;
    if (at) found = static_cast<std::size_t>(static_cast<const char*>(at) - text.data());
  }
  return found;
}

}  // namespace

void MailScan::feed(std::string_view piece) {
  constexpr std::string_view specials("\r\n\0", 3);
  std::size_t i = 0;
  while (i < piece.size() && !bad_) {
    const char c = piece[i];
    if (is_after_cr_ && c != '\n') {
      bad_ = size_ + i - 1;
    } else if (c == '\0' || (c == '\n' && !is_after_cr_)) {
      bad_ = size_ + i;
    } else if (c == '\n') {
      is_after_cr_ = false, is_at_line_start_ = true, ++i;
    } else if (c == '\r') {
      is_after_cr_ = true, is_at_line_start_ = false, ++i;
    } else {
      if (is_at_line_start_ && c == '.') ++dotted_;
      is_at_line_start_ = false;
      i = next_special(piece, i, specials);
    }
  }
  size_ += piece.size();
}

std::optional<std::uint64_t> MailScan::bad_byte_at_end() const {
  if (bad_) return bad_;
  return is_after_cr_ ? std::optional<std::uint64_t>(size_ - 1) : std::nullopt;
}

}  // namespace deed
