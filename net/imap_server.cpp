// The URL of a server on which mail is looked up.
#include "deed/net/imap.hpp"
#include "deed/net/mail_url.hpp"

namespace deed {

Result<ImapServer> ImapServer::parse(std::string_view url) {
  const MailProtocol imap{"imap", 143, 993, 143};
  DEED_TRY(MailUrl parsed, parse_mail_url(url, imap));
  return ImapServer{std::move(parsed.host), parsed.port, parsed.security, std::move(parsed.user),
                    std::move(parsed.password)};
}

}  // namespace deed
