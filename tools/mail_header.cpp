#include "deed/tools/mail_header.hpp"

#include "deed/core/base64.hpp"
#include "deed/core/text.hpp"
#include "deed/tools/gmime_ptr.hpp"

#include <algorithm>

namespace deed {
namespace {

constexpr std::size_t max_line_bytes = 76;

bool is_printable_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
}

// Folding needs single blanks between words that fit on a line; "=?" would be taken for an encoded
// word.
bool goes_plain(std::string_view subject) {
  if (!is_printable_ascii(subject) || subject.find("=?") != std::string_view::npos) return false;
  if (subject.empty()) return true;
  const auto words = split(subject, ' ');
  return std::all_of(words.begin(), words.end(), [](std::string_view word) {
    return !word.empty() && word.size() + sizeof("Subject: ") <= max_line_bytes;
  });
}

std::string folded(std::string line, std::string_view subject) {
  std::string out;
  for (const std::string_view word : split(subject, ' ')) {
    if (line.size() + 1 + word.size() > max_line_bytes) {
      out += line + "\n";
      line.clear();
    }
    line += " ";
    line += word;
  }
  return out + line + "\n";
}

// Each encoded word holds whole characters, as RFC 2047, section 5, demands.
std::string encoded(std::string line, std::string_view subject) {
  // 42 bytes are 56 of Base64; with "=?utf-8?B?" and "?=" that is 68, and 77 would be too many.
  constexpr std::size_t bytes_per_word = 42;
  std::string out;
  std::size_t room = bytes_per_word - 3;  // the first line also holds the header's name
  while (!subject.empty()) {
    const std::string_view piece = utf8_prefix(subject, room);
    out += line + " =?utf-8?B?" + base64(piece) + "?=\n";
    line.clear();
    subject.remove_prefix(piece.size());
    room = bytes_per_word;
  }
  return out;
}

}  // namespace

std::string subject_header(std::string_view subject) {
  return goes_plain(subject) ? folded("Subject:", subject) : encoded("Subject:", subject);
}

std::string address_header(std::string_view name, const std::vector<EmailAddress>& addresses) {
  std::string out;
  for (const EmailAddress& address : addresses) {
    out += out.empty() ? std::string(name) + ":" : std::string(",\n");
    out += " " + with_ascii_domain(address);
  }
  return out.empty() ? out : out + "\n";
}

std::string with_ascii_domain(const EmailAddress& address) {
  if (is_printable_ascii(address.domain())) return address.text();
  init_gmime();
  const std::string at = "x@" + std::string(address.domain());
  const GObjectPtr<InternetAddress> mailbox(internet_address_mailbox_new(nullptr, at.c_str()));
  const char* ascii =
      internet_address_mailbox_get_idn_addr(INTERNET_ADDRESS_MAILBOX(mailbox.get()));
  if (!ascii || !is_printable_ascii(ascii)) return address.text();
  return std::string(address.local()) + std::string(std::string_view(ascii).substr(1));
}

}  // namespace deed
