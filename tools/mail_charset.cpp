#include "deed/tools/mail_charset.hpp"

#include "deed/core/text.hpp"
#include "deed/tools/gmime_ptr.hpp"
#include "deed/tools/windows_1252.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <iconv.h>
#include <memory>
#include <type_traits>

namespace deed {
namespace {

struct Utf8Character {
  char32_t code = 0;
  std::size_t size = 1;
};

// The character at the beginning of well-formed UTF-8.
Utf8Character next_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  char32_t code = size == 1 ? lead : lead & (0x7Fu >> size);
  for (std::size_t i = 1; i < size; ++i) code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3Fu);
  return {code, size};
}

bool is_tag_character(char32_t c) { return c >= 0xE0000 && c <= 0xE007F; }

bool shows_nothing(char32_t c) {
  return c == 0xAD || c == 0x61C || c == 0x180E || (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) ||
         (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB) || is_tag_character(c);
}

struct IconvClose {
  void operator()(void* conversion) const { iconv_close(conversion); }
};
using Conversion = std::unique_ptr<std::remove_pointer_t<iconv_t>, IconvClose>;

// Only what can be the name of a charset reaches iconv: "//" asks it for more than a conversion, and a slash may be part of a path.
bool is_charset_name(std::string_view name) {
  return !name.empty() && name.size() <= 40 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("-_.:+").find(c) != std::string_view::npos;
  });
}

// Nothing, and false, where a byte is not of the charset. A character that is cut off at the end is no fault of the charset's.
bool converted(std::string_view bytes, const std::string& charset, std::string& out) {
  iconv_t opened = iconv_open("UTF-8", g_mime_charset_iconv_name(charset.c_str()));
  if (opened == reinterpret_cast<iconv_t>(-1)) return false;  // NOLINT
  const Conversion conversion(opened);
  std::string copy(bytes);
  char* in = copy.data();
  std::size_t in_left = copy.size();
  std::array<char, 16384> buffer;
  // The last call, without input, brings out a character that waited for an accent.
  for (bool is_last = false;;) {
    char* to = buffer.data();
    std::size_t room = buffer.size();
    const std::size_t before = in_left;
    const std::size_t done = iconv(conversion.get(), is_last ? nullptr : &in, is_last ? nullptr : &in_left, &to, &room);
    const int reason = errno;
    out.append(buffer.data(), buffer.size() - room);
    if (is_last) break;
    is_last = done != static_cast<std::size_t>(-1) || reason == EINVAL;
    if (!is_last && (reason != E2BIG || (in_left == before && room == buffer.size()))) return false;
  }
  return is_utf8(out);
}

// The lines of uuencoded data, without what stands before "begin".
std::string_view behind_uu_begin(std::string_view bytes) {
  std::size_t at = bytes.starts_with("begin ") ? 0 : bytes.find("\nbegin ");
  if (at == std::string_view::npos) return bytes;
  at = bytes.find('\n', at + 1);
  return at == std::string_view::npos ? std::string_view() : bytes.substr(at + 1);
}

}  // namespace

std::string utf8_from_charset(std::string_view bytes, std::string_view charset, bool& is_lie) {
  init_gmime();
  const std::string name = lower_ascii(trim(charset));
  const bool is_utf8_name = name.empty() || name == "utf-8" || name == "utf8" || name == "us-ascii" || name == "ascii";
  // The web's reading of Latin-1: nobody means its control characters.
  const bool is_latin1 = name == "iso-8859-1" || name == "latin1" || name == "windows-1252" || name == "cp1252" || name == "iso8859-1";
  if (is_latin1) return utf8_from_windows_1252(bytes);
  if (!is_utf8_name) {
    std::string out;
    if (is_charset_name(name) && converted(bytes, name, out)) return out;
    is_lie = true;
  }
  if (is_utf8(bytes)) return std::string(bytes);
  is_lie = is_lie || !name.empty();
  return utf8_from_windows_1252(bytes);
}

std::string without_controls(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto [code, size] = next_character(text);
    if (code == '\r') {
      if (!text.substr(1).starts_with('\n')) out += '\n';
    } else if (code == '\n' || code == '\t' || (code >= 0x20 && code < 0x7F) || (code >= 0xA0 && !is_tag_character(code))) {
      out += text.substr(0, size);
    }
    text.remove_prefix(size);
  }
  return out;
}

std::string as_one_line(std::string_view text) {
  std::string out;
  bool is_blank = false;
  while (!text.empty()) {
    const auto [code, size] = next_character(text);
    if (code <= 0x20 || (code >= 0x7F && code <= 0xA0) || code == 0x2028 || code == 0x2029) {
      is_blank = true;
    } else if (!shows_nothing(code)) {
      if (is_blank && !out.empty()) out += ' ';
      is_blank = false;
      out += text.substr(0, size);
    }
    text.remove_prefix(size);
  }
  return out;
}

bool decode_transfer(std::string_view bytes, std::string_view encoding, const std::function<bool(std::string_view)>& sink) {
  static constexpr struct {
    std::string_view name;
    GMimeContentEncoding encoding;
  } table[] = {{"base64", GMIME_CONTENT_ENCODING_BASE64},
               {"quoted-printable", GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE},
               {"x-uuencode", GMIME_CONTENT_ENCODING_UUENCODE},
               {"uuencode", GMIME_CONTENT_ENCODING_UUENCODE},
               {"x-uue", GMIME_CONTENT_ENCODING_UUENCODE}};
  const auto* row = std::find_if(std::begin(table), std::end(table), [&](const auto& r) { return r.name == encoding; });
  if (row == std::end(table)) {
    sink(bytes);
    return encoding.empty() || encoding == "7bit" || encoding == "8bit" || encoding == "binary";
  }
  GMimeEncoding state;
  g_mime_encoding_init_decode(&state, row->encoding);
  if (row->encoding == GMIME_CONTENT_ENCODING_UUENCODE) {
    state.state |= GMIME_UUDECODE_STATE_BEGIN;
    bytes = behind_uu_begin(bytes);
  }
  constexpr std::size_t piece_bytes = 65536;
  std::string out(g_mime_encoding_outlen(&state, piece_bytes), '\0');
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, piece_bytes);
    bytes.remove_prefix(piece.size());
    const std::size_t size = bytes.empty() ? g_mime_encoding_flush(&state, piece.data(), piece.size(), out.data())
                                           : g_mime_encoding_step(&state, piece.data(), piece.size(), out.data());
    if (!sink(std::string_view(out).substr(0, size))) return true;
  }
  return true;
}

}  // namespace deed
