#include "deed/core/ids.hpp"

#include <sys/random.h>

#include <cstdint>

#include "deed/core/check.hpp"

namespace deed {

RunId make_run_id(TimePoint now) {
  unsigned char bytes[16];
  DEED_CHECK(getrandom(bytes, sizeof bytes, 0) == sizeof bytes, "the system gave no random bytes");
  const auto ms = static_cast<std::uint64_t>(now.time_since_epoch().count());
  for (int i = 0; i < 6; ++i) bytes[i] = static_cast<unsigned char>(ms >> (40 - 8 * i));
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0F) | 0x70);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3F) | 0x80);
  std::string out;
  for (int i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += "0123456789abcdef"[bytes[i] >> 4];
    out += "0123456789abcdef"[bytes[i] & 15];
  }
  return out;
}

bool is_run_id(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const char c = text[i];
    const bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (dash ? c != '-' : !digit) return false;
  }
  return true;
}

}  // namespace deed
