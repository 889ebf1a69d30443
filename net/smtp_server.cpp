// The URL of a mail server.
#include "deed/core/text.hpp"
#include "deed/net/smtp.hpp"

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

bool read_scheme(std::string_view scheme, SmtpServer& out) {
  const std::string name = lower_ascii(scheme);
  if (name == "smtp")
    out.port = 587, out.security = SmtpSecurity::starttls;
  else if (name == "smtps")
    out.port = 465, out.security = SmtpSecurity::tls;
  else if (name == "smtp+insecure")
    out.port = 25, out.security = SmtpSecurity::none;
  else
    return false;
  return true;
}

Unexpected refuse(const char* why) {
  // The URL itself is not shown: a password may be in it.
  return fail(ErrorKind::invalid, std::string("not the URL of a mail server: ") + why, {},
              "give smtp://HOST[:PORT], smtps://HOST[:PORT] or, for a server without encryption, "
              "smtp+insecure://HOST[:PORT]");
}

Result<void> read_user(std::string_view text, SmtpServer& out) {
  const std::size_t colon = text.find(':');
  const auto user = percent_decoded(text.substr(0, colon));
  const auto password =
      percent_decoded(colon == std::string_view::npos ? "" : text.substr(colon + 1));
  if (!user || !password) return refuse("a % in user or password is written %25");
  if (user->empty()) return refuse("there is no user before the @");
  if (has_control_characters(*user) || has_control_characters(*password)) {
    return refuse("user or password holds a control character");
  }
  out.user = *user;
  out.password = Secret(*password);
  return {};
}

Result<void> read_host(std::string_view text, SmtpServer& out) {
  std::string_view host = text;
  std::optional<std::string_view> port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return refuse("the bracket is not closed");
    host = text.substr(1, end - 1);
    const std::string_view rest = text.substr(end + 1);
    if (rest.starts_with(':'))
      port = rest.substr(1);
    else if (!rest.empty())
      return refuse("there is something behind the bracket");
    if (host.find(':') == std::string_view::npos) return refuse("brackets are for IPv6");
  } else if (const std::size_t colon = text.find(':'); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
  }
  out.host = lower_ascii(host);
  if (!is_host(out.host)) return refuse("there is no host, or it is wrong");
  if (!port) return {};
  const auto [end, ec] = std::from_chars(port->data(), port->data() + port->size(), out.port);
  if (ec != std::errc() || end != port->data() + port->size() || out.port == 0) {
    return refuse("the port is not a number from 1 to 65535");
  }
  return {};
}

}  // namespace

Result<SmtpServer> SmtpServer::parse(std::string_view url) {
  if (url.size() > 2048) return refuse("it is longer than 2,048 bytes");
  if (has_control_characters(url) || url.find(' ') != std::string_view::npos) {
    return refuse("it holds a blank or a control character");
  }
  SmtpServer out;
  const std::size_t mark = url.find("://");
  if (mark == std::string_view::npos || !read_scheme(url.substr(0, mark), out)) {
    return refuse("it begins with smtp://, smtps:// or smtp+insecure://");
  }
  std::string_view rest = url.substr(mark + 3);
  if (rest.ends_with('/')) rest.remove_suffix(1);
  // The last @: an unescaped one in the user's name is common.
  if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
    DEED_OK(read_user(rest.substr(0, at), out));
    rest = rest.substr(at + 1);
  }
  if (rest.find_first_of("/?#") != std::string_view::npos) {
    return refuse("nothing comes behind host and port");
  }
  DEED_OK(read_host(rest, out));
  return out;
}

}  // namespace deed
