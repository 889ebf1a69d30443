// The URL of a mail server that mail is handed to.
#include "deed/net/mail_url.hpp"
#include "deed/net/smtp.hpp"

namespace deed {

Result<SmtpServer> SmtpServer::parse(std::string_view url) {
  const MailProtocol smtp{"smtp", 587, 465, 25};
  DEED_TRY(MailUrl parsed, parse_mail_url(url, smtp));
  return SmtpServer{std::move(parsed.host), parsed.port, parsed.security, std::move(parsed.user),
                    std::move(parsed.password)};
}

}  // namespace deed
