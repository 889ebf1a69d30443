// Reads a mail back, naively and strictly: a second implementation to hold against the first. Knows
// RFC 5322 headers, RFC 2047 words, RFC 2231 parameters, multipart, Base64 and quoted-printable.
// What it does not know ends in a failed test.
#pragma once

#include "deed/core/text.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace deed::mail_reader {

struct Part {
  std::multimap<std::string, std::string> headers;  ///< lower-case names, unfolded raw values
  std::string type;                                 ///< "text/plain"
  std::string charset, disposition, filename;
  std::string body;  ///< decoded; of a leaf
  std::vector<Part> parts;

  std::string header(const std::string& name) const {
    EXPECT_LE(headers.count(name), 1u) << name;
    const auto found = headers.find(name);
    return found == headers.end() ? "<none>" : found->second;
  }
};

inline std::string from_base64(std::string_view text) {
  static constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  unsigned bits = 0;
  int held = 0;
  for (const char c : text) {
    if (c == '\r' || c == '\n' || c == '=') continue;
    const std::size_t digit = digits.find(c);
    EXPECT_NE(digit, std::string_view::npos) << "in Base64: " << c;
    bits = (bits << 6 | static_cast<unsigned>(digit & 63)) & 0xFFFFFF;
    held += 6;
    if (held >= 8) out += static_cast<char>(bits >> (held -= 8) & 0xFF);
  }
  return out;
}

/// "=C3" (or "%C3") to the byte; with '=' also soft line breaks, with blanks for '_' if asked.
inline std::string from_hex(std::string_view text, char mark, bool is_word = false) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == mark && text.substr(i + 1, 2) == "\r\n") {
      i += 2;
    } else if (text[i] == mark) {
      out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      out += is_word && text[i] == '_' ? ' ' : text[i];
    }
  }
  return out;
}

/// RFC 2047: blanks between two encoded words vanish.
inline std::string decode_words(std::string_view text) {
  std::string out, blanks;
  bool after_word = false;
  while (!text.empty()) {
    const std::string_view token = text.substr(0, text.find(' '));
    const auto fields = split(token, '?');
    const bool is_word = token.starts_with("=?") && token.ends_with("?=") && fields.size() == 5;
    if (is_word) {
      EXPECT_LE(token.size(), 75u);
      EXPECT_EQ(lower_ascii(fields[1]), "utf-8");
      const std::string piece =
          lower_ascii(fields[2]) == "b" ? from_base64(fields[3]) : from_hex(fields[3], '=', true);
      EXPECT_TRUE(is_utf8(piece)) << "a word holds whole characters: " << token;
      out += (after_word ? "" : blanks) + piece;
    } else {
      out += blanks + std::string(token);
    }
    after_word = is_word;
    text.remove_prefix(token.size());
    blanks = std::string(text.substr(0, std::min(text.find_first_not_of(' '), text.size())));
    text.remove_prefix(blanks.size());
  }
  return out + blanks;
}

/// "a; name*0*=utf-8''%C3; name*1=x; b=\"c\"" to {"": "a", "name": …, "b": "c"}.
inline std::map<std::string, std::string> parameters(std::string_view value) {
  std::map<std::string, std::string> out;
  out[""] = std::string(trim(value.substr(0, value.find(';'))));
  bool is_quoted = false;
  std::vector<std::string> items(1);
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '\\' && is_quoted)
      items.back() += value[++i];
    else if (value[i] == '"')
      is_quoted = !is_quoted;
    else if (value[i] == ';' && !is_quoted)
      items.emplace_back();
    else
      items.back() += value[i];
  }
  for (std::size_t i = 1; i < items.size(); ++i) {
    const std::string item(trim(items[i]));
    std::string name = item.substr(0, item.find('='));
    std::string text = item.substr(item.find('=') + 1);
    if (name.ends_with('*')) {
      if (text.find("''") != std::string::npos && text.find("''") < 12) {
        EXPECT_EQ(lower_ascii(text.substr(0, text.find("''"))), "utf-8");
        text = text.substr(text.find("''") + 2);
      }
      text = from_hex(text, '%');
    }
    out[name.substr(0, name.find('*'))] += text;
  }
  return out;
}

inline Part read(std::string_view bytes);

inline void read_multipart(Part& part, std::string_view body, const std::string& boundary) {
  const std::string mark = "\r\n--" + boundary;
  const std::string whole = "\r\n" + std::string(body);
  std::size_t at = whole.find(mark);
  while (at != std::string::npos && whole.compare(at + mark.size(), 2, "--") != 0) {
    const std::size_t begin = at + mark.size() + 2;
    at = whole.find(mark, begin);
    if (at != std::string::npos) {
      part.parts.push_back(read(std::string_view(whole).substr(begin, at - begin)));
    }
  }
  EXPECT_NE(at, std::string::npos) << "no end of " << boundary;
}

inline Part read(std::string_view bytes) {
  Part part;
  const std::size_t end = bytes.find("\r\n\r\n");
  EXPECT_NE(end, std::string_view::npos) << "no end of the headers";
  std::string head(bytes.substr(0, end));
  for (std::size_t at; (at = head.find("\r\n ")) != std::string::npos ||
                       (at = head.find("\r\n\t")) != std::string::npos;) {
    head.replace(at, 3, " ");
  }
  for (std::string_view line : split(head, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::size_t colon = line.find(':');
    EXPECT_NE(colon, std::string_view::npos) << "no header: " << line;
    const std::string_view value = line.substr(colon + 1);
    part.headers.emplace(lower_ascii(line.substr(0, colon)),
                         value.starts_with(' ') ? value.substr(1) : value);
  }
  auto type = parameters(part.header("content-type"));
  auto disposition = parameters(part.header("content-disposition"));
  part.type = type[""];
  part.charset = type["charset"];
  part.disposition = disposition[""];
  part.filename = disposition["filename"];
  EXPECT_EQ(type["name"], part.filename);
  const std::string_view body = bytes.substr(end + 4);
  const std::string encoding = part.header("content-transfer-encoding");
  if (part.type.starts_with("multipart/"))
    read_multipart(part, body, type["boundary"]);
  else if (encoding == "base64")
    part.body = from_base64(body);
  else if (encoding == "quoted-printable")
    part.body = from_hex(body, '=');
  else
    part.body = std::string(body);
  return part;
}

}  // namespace deed::mail_reader
