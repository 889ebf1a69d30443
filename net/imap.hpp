// Looking a mail up in a mailbox (IMAP4rev1, RFC 3501), by libcurl: how many messages have this
// Message-ID. For probes: it reads and changes nothing.
#pragma once

#include "deed/core/async.hpp"
#include "deed/core/secrets.hpp"
#include "deed/net/mail_security.hpp"
#include "deed/net/trust.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace deed {

struct ImapServer {
  std::string host;
  std::uint16_t port = 993;
  MailSecurity security = MailSecurity::tls;
  std::string user = {};  ///< empty: no authentication
  Secret password = {};

  /// imap://host[:port]           STARTTLS; the port is 143 if none is given
  /// imaps://host[:port]          TLS from the first byte; 993
  /// imap+insecure://host[:port]  neither; 143
  /// Each takes user:password@ before the host, percent-decoded.
  /// errors  invalid; the text of the error does not show the password
  static Result<ImapServer> parse(std::string_view url);
};

struct ImapSearch {
  std::string mailbox;     ///< its name in UTF-8, as people see it: "Sent", "Gesendete Objekte"
  std::string message_id;  ///< with its angle brackets
  std::chrono::milliseconds timeout{30'000};
};

class ImapClient {
 public:
  virtual ~ImapClient() = default;

  /// The number of messages in the mailbox that have this Message-ID. Cancelling the coroutine cuts
  /// the connection. Proxy variables are not honoured for mail.
  /// errors  invalid: a control character in what is given, or an empty name. denied: user or
  ///         password. not_found: no such mailbox. corrupt: an answer that is none. unavailable,
  ///         timeout, cancelled. After an error nothing is known
  virtual Async<std::size_t> count(ImapServer server, ImapSearch search) = 0;
};

/// libcurl takes leave of an IMAP server without giving the thread back, so each search has a thread
/// of its own while it lasts.
std::unique_ptr<ImapClient> make_imap_client(asio::any_io_executor executor,
                                             TrustStore trust = TrustStore::from_environment());

}  // namespace deed
