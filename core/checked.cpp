#include "deed/core/checked.hpp"

#include "deed/core/text.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <cstdio>
#include <utility>
#include <vector>

namespace deed {
namespace {

bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_non_ascii(char c) { return static_cast<unsigned char>(c) >= 0x80; }

// RFC 5321 Dot-string with RFC 6531's UTF-8.
bool is_dot_string(std::string_view text) {
  if (text.empty() || text.front() == '.' || text.back() == '.') return false;
  char before = 0;
  for (const char c : text) {
    if (c == '.' ? before == '.'
                 : !(is_alnum(c) || is_non_ascii(c) ||
                     std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos)) {
      return false;
    }
    before = c;
  }
  return true;
}

bool is_domain(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  for (const std::string_view label : split(text, '.')) {
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-')
      return false;
    if (!std::all_of(label.begin(), label.end(),
                     [](char c) { return is_alnum(c) || c == '-' || is_non_ascii(c); })) {
      return false;
    }
  }
  return true;
}

// Wider than a domain: names inside of a network have underscores, and a dot at the end means "not
// relative".
bool is_host(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.empty() || text.size() > 253) return false;
  for (const std::string_view label : split(text, '.')) {
    if (label.empty() || label.size() > 63) return false;
    if (!std::all_of(label.begin(), label.end(), [](char c) {
          return is_alnum(c) || c == '-' || c == '_' || is_non_ascii(c);
        })) {
      return false;
    }
  }
  return true;
}

bool is_ipv6_text(std::string_view text) {
  in6_addr address;
  return inet_pton(AF_INET6, std::string(text).c_str(), &address) == 1;
}

// Characters beyond ASCII that show nothing or turn the direction of what follows: an address with
// one of them is not the one that a person sees. Source: Unicode, general categories Cc, Cf, Zs,
// Zl, Zp (those in use for spoofing).
bool is_hidden(char32_t c) {
  return (c >= 0x80 && c <= 0xA0) || c == 0xAD || c == 0x61C || c == 0x1680 || c == 0x180E ||
         (c >= 0x2000 && c <= 0x200F) || (c >= 0x2028 && c <= 0x202F) ||
         (c >= 0x205F && c <= 0x206F) || c == 0x3000 || c == 0xFEFF ||
         (c >= 0xFFF9 && c <= 0xFFFB) || (c >= 0xE0000 && c <= 0xE007F);
}

// The character at the beginning of well-formed UTF-8, and its bytes.
std::pair<char32_t, std::size_t> first_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  char32_t code = size == 1 ? lead : lead & (0x7Fu >> size);
  for (std::size_t i = 1; i < size; ++i)
    code = code << 6 | (static_cast<unsigned char>(text[i]) & 0x3Fu);
  return {code, size};
}

bool has_hidden_characters(std::string_view text) {
  while (!text.empty()) {
    const auto [code, size] = first_character(text);
    if (is_hidden(code)) return true;
    text.remove_prefix(size);
  }
  return false;
}

std::string escaped_character(char32_t c) {
  if (c == '\r') return "\\r";
  if (c == '\n') return "\\n";
  if (c == '\t') return "\\t";
  char out[16];
  std::snprintf(out, sizeof out, c < 0x80 ? "\\x%02x" : "\\u{%x}", static_cast<unsigned>(c));
  return out;
}

}  // namespace

std::string escaped(std::string_view text) {
  const std::string good = to_utf8(utf8_prefix(text, 200));
  std::string out;
  for (std::string_view rest = good; !rest.empty();) {
    const auto [code, size] = first_character(rest);
    if (code < 0x20 || code == 0x7F || is_hidden(code))
      out += escaped_character(code);
    else
      out += rest.substr(0, size);
    rest.remove_prefix(size);
  }
  if (text.size() > 200) out += "…";
  return out;
}

Result<EmailAddress> EmailAddress::parse(std::string_view text) {
  const auto refuse = [&](const char* why) {
    return fail(ErrorKind::invalid, std::string("not a mail address: ") + why,
                "\"" + escaped(text) + "\"", "give one plain address such as ann@example.org");
  };
  if (has_control_characters(text)) return refuse("it holds a control character");
  if (!is_utf8(text)) return refuse("it is not UTF-8");
  if (has_hidden_characters(text)) return refuse("it holds a character that cannot be seen");
  if (text.size() > 254) return refuse("it is longer than 254 bytes");
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos) return refuse("there is no @");
  if (at > 64 || !is_dot_string(text.substr(0, at)))
    return refuse("the part before the @ is wrong");
  if (!is_domain(text.substr(at + 1))) return refuse("the part behind the @ is not a domain");
  return EmailAddress(std::string(text));
}

std::string_view EmailAddress::local() const {
  return std::string_view(text_).substr(0, text_.rfind('@'));
}
std::string_view EmailAddress::domain() const {
  return std::string_view(text_).substr(text_.rfind('@') + 1);
}
bool EmailAddress::is_ascii() const {
  return std::none_of(text_.begin(), text_.end(), is_non_ascii);
}

Result<HttpUrl> HttpUrl::parse(std::string_view text) {
  const auto refuse = [&](const char* why) {
    return fail(ErrorKind::invalid, std::string("not a usable URL: ") + why,
                "\"" + escaped(text) + "\"",
                "give an absolute URL such as https://example.org/page");
  };
  if (text.size() > 8192) return refuse("it is longer than 8,192 bytes");
  if (has_control_characters(text) || text.find(' ') != std::string_view::npos ||
      text.find('\\') != std::string_view::npos) {
    return refuse("it holds a blank, a backslash or a control character");
  }
  if (!is_utf8(text)) return refuse("it is not UTF-8");
  if (has_hidden_characters(text)) return refuse("it holds a character that cannot be seen");
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos) return refuse("there is no scheme");
  HttpUrl url;
  url.scheme_ = lower_ascii(text.substr(0, colon));
  if (url.scheme_ != "http" && url.scheme_ != "https")
    return refuse("only http and https are spoken");
  std::string_view rest = text.substr(colon + 3);
  rest = rest.substr(0, rest.find('#'));
  const std::size_t path = rest.find_first_of("/?");
  std::string_view authority = rest.substr(0, path);
  url.target_ = path == std::string_view::npos ? "/" : std::string(rest.substr(path));
  if (url.target_.front() == '?') url.target_.insert(0, "/");
  if (authority.find('@') != std::string_view::npos) {
    return refuse("a user name or password in a URL is not accepted");
  }
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos || !is_ipv6_text(authority.substr(1, end - 1))) {
      return refuse("the IPv6 address is wrong");
    }
    url.host_ = lower_ascii(authority.substr(1, end - 1));
    port = authority.substr(end + 1);
    if (!port.empty() && !port.starts_with(':')) return refuse("the port is wrong");
    if (!port.empty()) port.remove_prefix(1);
  } else {
    const std::size_t mark = authority.find(':');
    url.host_ = lower_ascii(authority.substr(0, mark));
    if (mark != std::string_view::npos) port = authority.substr(mark + 1);
    if (!is_host(url.host_)) return refuse("there is no host, or it is wrong");
  }
  url.port_ = url.scheme_ == "https" ? 443 : 80;
  if (!port.empty()) {
    unsigned value = 0;
    const auto [end, ec] = std::from_chars(port.data(), port.data() + port.size(), value);
    if (ec != std::errc() || end != port.data() + port.size() || value == 0 || value > 65535) {
      return refuse("the port is wrong");
    }
    url.port_ = static_cast<std::uint16_t>(value);
  }
  url.text_ = url.scheme_ + "://" + std::string(authority) + url.target_;
  return url;
}

std::string HttpUrl::origin() const {
  const bool v6 = host_.find(':') != std::string::npos;
  return scheme_ + "://" + (v6 ? "[" + host_ + "]" : host_) + ":" + std::to_string(port_);
}

Result<RelativePath> RelativePath::parse(std::string_view text) {
  if (text.size() > 4096) {
    return fail(ErrorKind::invalid,
                "a path of " + std::to_string(text.size()) + " bytes is too long");
  }
  if (has_control_characters(text)) {
    return fail(ErrorKind::invalid, "the path holds a control character",
                "\"" + escaped(text) + "\"");
  }
  if (text.starts_with('/')) {
    return fail(ErrorKind::denied, "an absolute path is not accepted", escaped(text),
                "give a path below the working folder; choose that folder with --root");
  }
  std::vector<std::string_view> parts;
  for (const std::string_view part : split(text, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      if (parts.empty()) {
        return fail(ErrorKind::denied, "the path leaves the working folder", escaped(text),
                    "give a path below the working folder; choose that folder with --root");
      }
      parts.pop_back();
      continue;
    }
    parts.push_back(part);
  }
  std::string out;
  for (const std::string_view part : parts) {
    if (!out.empty()) out += '/';
    out += part;
  }
  return RelativePath(out.empty() ? "." : out);
}

std::string_view RelativePath::name() const {
  const std::size_t slash = text_.rfind('/');
  return std::string_view(text_).substr(slash == std::string::npos ? 0 : slash + 1);
}

RelativePath RelativePath::parent() const {
  const std::size_t slash = text_.rfind('/');
  return RelativePath(slash == std::string::npos ? "." : text_.substr(0, slash));
}

}  // namespace deed
