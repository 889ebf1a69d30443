#include "deed/tools/mail_header.hpp"

#include "deed/core/base64.hpp"
#include "deed/core/text.hpp"
#include "deed/tools/gmime_ptr.hpp"

#include <algorithm>
#include <set>

namespace deed {
namespace {

constexpr std::size_t max_line_bytes = 76;
constexpr std::size_t max_display_bytes = 256;
// Of an id or a link, which cannot be folded: a line may have 998.
constexpr std::size_t max_token_bytes = 900;
constexpr std::size_t max_thread_ids = 40;
constexpr std::size_t max_thread_bytes = 8000;

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

bool is_atom_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

// "" where neither words nor a quoted string do (RFC 5322, section 3.2.5).
std::string plain_phrase(std::string_view display) {
  const bool has_mark = display.find("=?") != std::string_view::npos;
  const bool has_wide_gap = display.find("  ") != std::string_view::npos;
  if (!is_printable_ascii(display) || has_mark || has_wide_gap) return "";
  if (std::all_of(display.begin(), display.end(),
                  [](char c) { return c == ' ' || is_atom_character(c); })) {
    return std::string(display);
  }
  std::string out = "\"";
  for (const char c : display) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

// Without those that core counts as hidden and names need: what joins letters in Persian, in the
// scripts of India and in emoji, and blanks of other widths.
std::string without_innocent_marks(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    std::size_t skipped = 0;
    for (const std::string_view mark : {"\u200c", "\u200d", "\u3000", "\u00a0"}) {
      if (text.starts_with(mark)) skipped = mark.size();
    }
    if (skipped == 0) out += text.front();
    text.remove_prefix(std::max<std::size_t>(skipped, 1));
  }
  return out;
}

bool is_all_visible(std::string_view text) {
  while (!text.empty()) {
    const std::string_view piece = utf8_prefix(text, 100);
    if (piece.empty() || escaped(piece) != piece) return false;
    text.remove_prefix(piece.size());
  }
  return true;
}

// What may stand in a link between angle brackets (RFC 3986, section 2).
bool is_link_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c > 0x20 && c < 0x7F &&
           std::string_view("<>\"\\^`{|}").find(c) == std::string_view::npos;
  });
}

Result<void> check_mailto(std::string_view link) {
  constexpr std::string_view scheme = "mailto:";
  const std::string_view address = link.substr(scheme.size(), link.find('?') - scheme.size());
  DEED_OK(EmailAddress::parse(address));
  return {};
}

}  // namespace

std::string mailbox_header(std::string_view name, std::string_view display,
                           const EmailAddress& address) {
  display = trim(display);
  const std::string start = std::string(name) + ":";
  const std::string mailbox = with_ascii_domain(address);
  if (display.empty()) return start + " " + mailbox + "\n";
  const std::string phrase = plain_phrase(display);
  std::string line = start + " " + phrase;
  if (phrase.empty() || line.size() > max_line_bytes) {
    line = encoded(start, display);
    line.pop_back();
  }
  const std::size_t used = line.size() - (line.rfind('\n') + 1);
  const bool fits = used + mailbox.size() + 3 <= max_line_bytes;
  return line + (fits ? " <" : "\n <") + mailbox + ">\n";
}

Result<void> check_display_name(std::string_view display) {
  const auto refuse = [&](const char* why) {
    return fail(ErrorKind::invalid, std::string("not a sender's name: ") + why,
                "\"" + escaped(display) + "\"", "give a name such as Ann Lee, without an address");
  };
  if (display.size() > max_display_bytes) return refuse("it is longer than 256 bytes");
  if (!is_all_visible(without_innocent_marks(display))) {
    return refuse("it holds a character that cannot be seen, or is not UTF-8");
  }
  // The sign itself, and its wide and small forms.
  for (const char* sign : {"@", "\uff20", "\ufe6b"}) {
    if (display.find(sign) != std::string_view::npos) {
      return refuse("with an @ it would look like an address");
    }
  }
  return {};
}

std::string id_header(std::string_view name, const std::vector<std::string>& ids) {
  if (ids.empty()) return "";
  std::string out, line = std::string(name) + ":";
  for (const std::string& id : ids) {
    if (line.size() + 1 + id.size() > max_line_bytes) {
      out += line + "\n";
      line.clear();
    }
    line += " " + id;
  }
  return out + line + "\n";
}

Result<void> check_message_id(std::string_view id) {
  const bool is_in_brackets = id.size() > 2 && id.starts_with('<') && id.ends_with('>');
  const std::string_view inner = is_in_brackets ? id.substr(1, id.size() - 2) : "";
  const bool is_good = !inner.empty() && id.size() <= max_token_bytes &&
                       is_printable_ascii(inner) &&
                       inner.find_first_of(" <>") == std::string_view::npos;
  if (is_good) return {};
  return fail(ErrorKind::invalid, "not the id of a message", "\"" + escaped(id) + "\"",
              "give it as the mail has it: <…@…>, printable ASCII without blanks");
}

std::vector<std::string> thread_ids(const std::vector<std::string>& ids,
                                    const std::string& parent) {
  std::vector<std::string> all;
  std::set<std::string> known = {parent};
  for (const std::string& id : ids) {
    if (known.insert(id).second) all.push_back(id);
  }
  if (!parent.empty()) all.push_back(parent);
  if (all.empty()) return all;
  // From the back: as many as there is room for beside the first one.
  std::size_t from = all.size(), bytes = all.front().size();
  while (from > 1 && all.size() - from + 1 < max_thread_ids &&
         bytes + all[from - 1].size() <= max_thread_bytes) {
    bytes += all[--from].size();
  }
  all.erase(all.begin() + 1, all.begin() + static_cast<std::ptrdiff_t>(from));
  return all;
}

Result<std::string> unsubscribe_headers(std::string_view link) {
  const auto refuse = [&](const std::string& why) {
    return fail(ErrorKind::invalid, "not a link to unsubscribe: " + why,
                "\"" + escaped(link) + "\"",
                "give https://… or mailto:address, percent-encoded where it is not ASCII");
  };
  if (link.size() > max_token_bytes) return refuse("it is longer than 900 bytes");
  if (!is_link_text(link)) return refuse("it holds a character that a link cannot have");
  const std::string header = "List-Unsubscribe:";
  const std::string text = "<" + std::string(link) + ">";
  const bool fits = header.size() + 1 + text.size() <= max_line_bytes;
  const std::string line = header + (fits ? " " : "\n ") + text + "\n";
  const std::string lower = lower_ascii(link);
  if (lower.starts_with("mailto:")) {
    const Result<void> good = check_mailto(link);
    return good ? Result<std::string>(line) : refuse(good.error().what);
  }
  if (!lower.starts_with("https://")) return refuse("it is neither https: nor mailto:");
  const auto url = HttpUrl::parse(link);
  if (!url) return refuse(url.error().what);
  return line + "List-Unsubscribe-Post: List-Unsubscribe=One-Click\n";
}

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
