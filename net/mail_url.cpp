#include "deed/net/mail_url.hpp"

#include "deed/core/text.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <netinet/in.h>
#include <optional>

namespace deed {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const int high = i + 1 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

bool is_host(const std::string& text) {
  in6_addr six{};
  if (inet_pton(AF_INET6, text.c_str(), &six) == 1) return true;
  return !text.empty() && text.size() <= 253 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == '_';
  });
}

bool read_scheme(std::string_view scheme, const MailProtocol& protocol, MailUrl& out) {
  const std::string name = lower_ascii(scheme);
  if (name == protocol.name)
    out.port = protocol.starttls_port, out.security = MailSecurity::starttls;
  else if (name == protocol.name + "s")
    out.port = protocol.tls_port, out.security = MailSecurity::tls;
  else if (name == protocol.name + "+insecure")
    out.port = protocol.plain_port, out.security = MailSecurity::none;
  else
    return false;
  return true;
}

Unexpected refuse(const MailProtocol& protocol, const std::string& why) {
  // The URL itself is not shown: a password may be in it.
  const std::string& name = protocol.name;
  return fail(ErrorKind::invalid, "not the URL of a mail server: " + why, {},
              "give " + name + "://HOST[:PORT], " + name +
                  "s://HOST[:PORT] or, for a server without encryption, " + name +
                  "+insecure://HOST[:PORT]");
}

Result<void> read_user(std::string_view text, const MailProtocol& protocol, MailUrl& out) {
  const std::size_t colon = text.find(':');
  const auto user = percent_decoded(text.substr(0, colon));
  const auto password =
      percent_decoded(colon == std::string_view::npos ? "" : text.substr(colon + 1));
  if (!user || !password) return refuse(protocol, "a % in user or password is written %25");
  if (user->empty()) return refuse(protocol, "there is no user before the @");
  if (has_control_characters(*user) || has_control_characters(*password)) {
    return refuse(protocol, "user or password holds a control character");
  }
  out.user = *user;
  out.password = Secret(*password);
  return {};
}

Result<void> read_host(std::string_view text, const MailProtocol& protocol, MailUrl& out) {
  std::string_view host = text;
  std::optional<std::string_view> port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return refuse(protocol, "the bracket is not closed");
    host = text.substr(1, end - 1);
    const std::string_view rest = text.substr(end + 1);
    if (rest.starts_with(':'))
      port = rest.substr(1);
    else if (!rest.empty())
      return refuse(protocol, "there is something behind the bracket");
    if (host.find(':') == std::string_view::npos) return refuse(protocol, "brackets are for IPv6");
  } else if (const std::size_t colon = text.find(':'); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
  }
  out.host = lower_ascii(host);
  if (!is_host(out.host)) return refuse(protocol, "there is no host, or it is wrong");
  if (!port) return {};
  const auto [end, ec] = std::from_chars(port->data(), port->data() + port->size(), out.port);
  if (ec != std::errc() || end != port->data() + port->size() || out.port == 0) {
    return refuse(protocol, "the port is not a number from 1 to 65535");
  }
  return {};
}

}  // namespace

Result<MailUrl> parse_mail_url(std::string_view url, const MailProtocol& protocol) {
  if (url.size() > 2048) return refuse(protocol, "it is longer than 2,048 bytes");
  if (has_control_characters(url) || url.find(' ') != std::string_view::npos) {
    return refuse(protocol, "it holds a blank or a control character");
  }
  MailUrl out;
  const std::size_t mark = url.find("://");
  if (mark == std::string_view::npos || !read_scheme(url.substr(0, mark), protocol, out)) {
    return refuse(protocol, "it begins with " + protocol.name + "://, " + protocol.name + "s:// or " +
                                protocol.name + "+insecure://");
  }
  std::string_view rest = url.substr(mark + 3);
  if (rest.ends_with('/')) rest.remove_suffix(1);
  // The last @: an unescaped one in the user's name is common.
  if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
    DEED_OK(read_user(rest.substr(0, at), protocol, out));
    rest = rest.substr(at + 1);
  }
  if (rest.find_first_of("/?#") != std::string_view::npos) {
    return refuse(protocol, "nothing comes behind host and port");
  }
  DEED_OK(read_host(rest, protocol, out));
  return out;
}

bool is_loopback_host(const std::string& host) {
  in_addr four{};
  if (inet_pton(AF_INET, host.c_str(), &four) == 1) return ntohl(four.s_addr) >> 24 == 127;
  in6_addr six{};
  if (inet_pton(AF_INET6, host.c_str(), &six) == 1) return IN6_IS_ADDR_LOOPBACK(&six);
  return host == "localhost";
}

std::string authority_of(const std::string& host, std::uint16_t port) {
  const bool is_v6 = host.find(':') != std::string::npos;
  return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace deed
