#include "deed/net/imap_wire.hpp"

#include "deed/core/text.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace deed {
namespace {

// One character of valid UTF-8; `text` is left behind it.
std::uint32_t take_character(std::string_view& text) {
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i]));
  };
  const std::uint32_t first = byte(0);
  const std::size_t size = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  std::uint32_t code = size == 1 ? first : first & (0x7Fu >> size);
  for (std::size_t i = 1; i < size && i < text.size(); ++i) code = code << 6 | (byte(i) & 0x3F);
  text.remove_prefix(std::min(size, text.size()));
  return code;
}

void append_utf16(std::string& out, std::uint32_t code) {
  const auto unit = [&](std::uint32_t value) {
    out += static_cast<char>(value >> 8);
    out += static_cast<char>(value & 0xFF);
  };
  if (code < 0x10000) return unit(code);
  unit(0xD800 + ((code - 0x10000) >> 10));
  unit(0xDC00 + ((code - 0x10000) & 0x3FF));
}

// Base64 without padding, and with ',' for '/'.
std::string modified_base64(std::string_view bytes) {
  constexpr const char* digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    for (count += 8; count >= 6; count -= 6) out += digits[bits >> (count - 6) & 63];
  }
  if (count > 0) out += digits[bits << (6 - count) & 63];
  return out;
}

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 10 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Unexpected no_answer(const char* what) {
  return fail(ErrorKind::corrupt, std::string("the mail server answered to SEARCH with ") + what);
}

}  // namespace

std::string imap_mailbox_name(std::string_view name) {
  std::string out, other;
  const auto end_other = [&] {
    if (!other.empty()) out += "&" + modified_base64(other) + "-";
    other.clear();
  };
  while (!name.empty()) {
    const std::uint32_t code = take_character(name);
    if (code >= 0x20 && code < 0x7F) {
      end_other();
      out += code == '&' ? std::string("&-") : std::string(1, static_cast<char>(code));
    } else {
      append_utf16(other, code);
    }
  }
  end_other();
  return out;
}

std::string imap_search_command(std::string_view message_id) {
  std::string quoted;
  for (const char c : message_id) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return "UID SEARCH HEADER Message-ID \"" + quoted + "\"";
}

Result<std::size_t> read_search_answer(std::string_view lines) {
  constexpr std::string_view head = "* search";
  std::size_t count = 0;
  bool has_answer = false;
  for (std::string_view line : split(lines, '\n')) {
    line = trim(line);
    if (lower_ascii(line.substr(0, head.size())) != head) continue;
    has_answer = true;
    std::string_view rest = line.substr(head.size());
    if (!rest.empty() && rest[0] != ' ') return no_answer("another word");
    for (const std::string_view number : split(trim(rest), ' ')) {
      if (number.empty()) continue;
      if (!is_number(number)) return no_answer("something that is no number");
      ++count;
    }
  }
  if (!has_answer) return no_answer("no list of messages");
  return count;
}

}  // namespace deed
