#include "deed/net/imap_wire.hpp"

#include "deed/core/checked.hpp"
#include "deed/core/text.hpp"
#include "deed/core/time_text.hpp"

#include <algorithm>
#include <charconv>
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

bool read_uid(std::string_view text, std::uint32_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && out > 0;
}

// Of modified Base64, without padding; nothing if it is none.
std::optional<std::string> from_modified_base64(std::string_view text) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const std::size_t digit = digits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 0xFF);
  }
  return out;
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | (code >> shift & 0x3F)); };
  if (code < 0x80) return void(out += static_cast<char>(code));
  if (code < 0x800) return out += static_cast<char>(0xC0 | code >> 6), tail(0);
  if (code < 0x10000) return out += static_cast<char>(0xE0 | code >> 12), tail(6), tail(0);
  out += static_cast<char>(0xF0 | code >> 18);
  tail(12), tail(6), tail(0);
}

std::optional<std::string> utf8_of_utf16(std::string_view bytes) {
  if (bytes.empty() || bytes.size() % 2 != 0) return std::nullopt;
  const auto unit = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])) << 8 | static_cast<unsigned char>(bytes[i + 1]);
  };
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    std::uint32_t code = unit(i);
    if (code >= 0xD800 && code < 0xDC00) {
      if (i + 4 > bytes.size() || unit(i + 2) < 0xDC00 || unit(i + 2) > 0xDFFF) return std::nullopt;
      code = 0x10000 + ((code - 0xD800) << 10 | (unit(i + 2) - 0xDC00));
      i += 2;
    } else if (code < 0x20 || (code >= 0xDC00 && code < 0xE000)) {
      return std::nullopt;
    }
    append_utf8(out, code);
  }
  return out;
}

// "14-Jul-2026" (RFC 3501, date-text)
std::string date_text(TimePoint when) {
  constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(when));
  return std::to_string(static_cast<unsigned>(day.day())) + "-" + months[static_cast<unsigned>(day.month()) - 1] + "-" +
         std::to_string(static_cast<int>(day.year()));
}

bool is_ascii_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
}

const ImapValue* value_behind(const std::vector<ImapValue>& list, std::string_view name) {
  for (std::size_t i = 0; i + 1 < list.size(); i += 2) {
    if (list[i].kind == ImapValue::Kind::atom && lower_ascii(list[i].text).starts_with(name)) return &list[i + 1];
  }
  return nullptr;
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

std::string read_mailbox_name(std::string_view wire) {
  std::string out;
  std::string_view rest = wire;
  while (!rest.empty()) {
    if (rest.front() != '&') {
      out += rest.front();
      rest.remove_prefix(1);
      continue;
    }
    const std::size_t end = rest.find('-');
    if (end == std::string_view::npos) return std::string(wire);
    const auto bytes = from_modified_base64(rest.substr(1, end - 1));
    const auto text = end == 1 ? std::optional<std::string>("&") : bytes ? utf8_of_utf16(*bytes) : std::nullopt;
    if (!text) return std::string(wire);
    out += *text;
    rest.remove_prefix(end + 1);
  }
  return out;
}

ImapCommand& ImapCommand::add_string(std::string_view text) {
  // RFC 7162 recalls that lines may not be endless.
  if (!is_ascii_text(text) || text.size() > 1000) return add(" ").add_literal(bytes_in_memory(std::string(text)));
  std::string& out = pieces_.back().text;
  out += " \"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
  return *this;
}

ImapCommand& ImapCommand::add_literal(std::shared_ptr<const ByteSource> bytes) {
  add("{" + std::to_string(bytes->size()) + "}");
  pieces_.push_back({.literal = std::move(bytes)});
  return *this;
}

ImapCommand imap_search_command(const ImapCriteria& criteria) {
  const std::pair<const char*, const std::string&> texts[] = {{" HEADER Message-ID", criteria.message_id},
                                                              {" FROM", criteria.from},
                                                              {" SUBJECT", criteria.subject},
                                                              {" TEXT", criteria.text}};
  const bool is_ascii = is_ascii_text(criteria.to) &&
                        std::all_of(std::begin(texts), std::end(texts), [](const auto& row) { return is_ascii_text(row.second); });
  ImapCommand command(is_ascii ? "UID SEARCH" : "UID SEARCH CHARSET UTF-8");
  bool has_any = false;
  const auto add = [&](const std::string& key) {
    has_any = true;
    return command.add(key);
  };
  if (criteria.uid_from > 0) add(" UID " + std::to_string(criteria.uid_from) + ":*");
  if (criteria.is_seen) add(*criteria.is_seen ? " SEEN" : " UNSEEN");
  if (criteria.is_flagged) add(*criteria.is_flagged ? " FLAGGED" : " UNFLAGGED");
  if (criteria.since) add(" SINCE " + date_text(*criteria.since));
  if (criteria.before) add(" BEFORE " + date_text(*criteria.before));
  for (const auto& [key, text] : texts) {
    if (!text.empty()) add(key), command.add_string(text);
  }
  if (!criteria.to.empty()) {
    add(" OR TO"), command.add_string(criteria.to);
    command.add(" CC").add_string(criteria.to);
  }
  if (criteria.leaves_out_deleted) add(" UNDELETED");
  if (!has_any) command.add(" ALL");
  return command;
}

std::string uid_set(std::span<const std::uint32_t> uids) {
  std::vector<std::uint32_t> sorted(uids.begin(), uids.end());
  std::sort(sorted.begin(), sorted.end());
  std::string out;
  for (std::size_t i = 0; i < sorted.size();) {
    std::size_t last = i;
    while (last + 1 < sorted.size() && sorted[last + 1] <= sorted[last] + 1) ++last;
    out += (out.empty() ? "" : ",") + std::to_string(sorted[i]);
    if (sorted[last] > sorted[i]) out += ":" + std::to_string(sorted[last]);
    i = last + 1;
  }
  return out;
}

Result<std::string> flag_list(const std::vector<std::string>& flags) {
  std::string out;
  for (const std::string& flag : flags) {
    const std::string_view word = std::string_view(flag).substr(flag.starts_with('\\') ? 1 : 0);
    const bool is_atom = !word.empty() && word.size() <= 100 && std::all_of(word.begin(), word.end(), [](char c) {
      return c > 0x20 && c < 0x7F && std::string_view("(){%*\"\\]").find(c) == std::string_view::npos;
    });
    if (!is_atom) return fail(ErrorKind::invalid, "\"" + escaped(flag) + "\" cannot be the flag of a mail");
    out += (out.empty() ? "" : " ") + flag;
  }
  return "(" + out + ")";
}

Result<std::vector<std::uint32_t>> read_search_answer(std::span<const ImapResponse> responses) {
  std::vector<std::uint32_t> out;
  bool has_answer = false;
  for (const ImapResponse& response : responses) {
    if (response.word != "SEARCH") continue;
    has_answer = true;
    for (const ImapValue& value : response.values) {
      std::uint32_t uid = 0;
      // "(MODSEQ 12)", behind the numbers, is none of ours (RFC 7162).
      if (value.kind == ImapValue::Kind::list) continue;
      if (!read_uid(value.text, uid)) return no_answer("something that is no number");
      out.push_back(uid);
    }
  }
  if (!has_answer) return no_answer("no list of messages");
  std::sort(out.begin(), out.end());
  return out;
}

std::optional<ImapItem> read_fetch_answer(const ImapResponse& response) {
  if (response.word != "FETCH" || response.values.size() != 1 || response.values[0].kind != ImapValue::Kind::list) return std::nullopt;
  const std::vector<ImapValue>& list = response.values[0].list;
  ImapItem item;
  const ImapValue* uid = value_behind(list, "uid");
  if (!uid || !read_uid(uid->text, item.uid)) return std::nullopt;
  if (const ImapValue* flags = value_behind(list, "flags")) {
    for (const ImapValue& flag : flags->list) item.flags.push_back(escaped(flag.text));
  }
  if (const ImapValue* size = value_behind(list, "rfc822.size")) {
    std::from_chars(size->text.data(), size->text.data() + size->text.size(), item.size_bytes);
  }
  const ImapValue* bytes = value_behind(list, "body[");
  if (bytes && bytes->kind == ImapValue::Kind::text) item.bytes = bytes->text;
  return item;
}

}  // namespace deed
