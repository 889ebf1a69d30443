// The URL of a mail server, which SMTP and IMAP share. Internal.
#pragma once

#include "deed/core/result.hpp"
#include "deed/core/secrets.hpp"
#include "deed/net/mail_security.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace deed {

struct MailProtocol {
  std::string name;  ///< the scheme: "smtp"
  std::uint16_t starttls_port, tls_port, plain_port;
};

struct MailUrl {
  std::string host;
  std::uint16_t port = 0;
  MailSecurity security = MailSecurity::starttls;
  std::string user = {};
  Secret password = {};
};

/// NAME://host[:port], NAMEs://… and NAME+insecure://…, each with an optional user:password@.
/// errors  invalid; the text of the error does not show the password
Result<MailUrl> parse_mail_url(std::string_view url, const MailProtocol& protocol);

/// 127.0.0.0/8, ::1 or "localhost", by the text alone.
bool is_loopback_host(const std::string& host);

/// "host:25", "[::1]:25"
std::string authority_of(const std::string& host, std::uint16_t port);

}  // namespace deed
