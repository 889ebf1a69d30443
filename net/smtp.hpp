// Handing one mail to one recipient over SMTP (RFC 5321), by libcurl, with the commit point at the
// only instant that counts: inside the read callback, just before the message is said to have
// ended.
#pragma once

#include "deed/core/async.hpp"
#include "deed/core/byte_source.hpp"
#include "deed/core/checked.hpp"
#include "deed/core/secrets.hpp"
#include "deed/net/mail_security.hpp"
#include "deed/net/trust.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace deed {

using SmtpSecurity = MailSecurity;

struct SmtpServer {
  std::string host;
  std::uint16_t port = 587;
  SmtpSecurity security = SmtpSecurity::starttls;
  std::string user = {};  ///< empty: no authentication
  Secret password = {};
  Secret token = {};  ///< not empty: OAuth 2.0 instead of a password (OAUTHBEARER, RFC 7628, or XOAUTH2)

  /// smtp://host[:port]           STARTTLS; the port is 587 if none is given
  /// smtps://host[:port]          TLS from the first byte; 465
  /// smtp+insecure://host[:port]  neither; 25
  /// Each takes user:password@ before the host, percent-decoded.
  /// errors  invalid; the text of the error does not show the password
  static Result<SmtpServer> parse(std::string_view url);
};

struct SmtpTransaction {
  EmailAddress from;
  EmailAddress to;
  /// RFC 5322 with CRLF line ends throughout, 1 byte to 4 GiB; dot-stuffing is done here. A CRLF
  /// that is missing at the end is added. Read while it is sent, on a thread of the client's; a mail
  /// whose bytes cannot be read, or are not such, is dropped before its end. Shared by whoever makes
  /// the mail, the transactions of all its recipients and their deliveries.
  std::shared_ptr<const ByteSource> message;
  /// Lines of the message that begin with a dot, as MailScan counts them: the server is told the size
  /// before anything is read (RFC 1870).
  std::uint64_t dotted_lines = 0;
  /// Awaited once, when all bytes but the end of the message have been handed over. An error drops
  /// the connection unsent. Not awaited if it does not come so far.
  std::function<Async<void>()> before_commit = {};
  std::chrono::milliseconds timeout{120'000};
};

/// How it ended. `unknown` exactly when the end of the message had been handed over and no verdict
/// came back. `refused` (5xx) and `refused_for_now` (4xx) are the server's words; `refused` is also
/// an address beyond ASCII at a server that does not offer SMTPUTF8 (RFC 6531, section 3.2), which
/// is not asked. `not_sent` is all other failures; after each of the three the mail is provably not
/// delivered.
struct SmtpReceipt {
  enum class Verdict { accepted, refused_for_now, refused, not_sent, unknown };
  Verdict verdict = Verdict::not_sent;
  int code = 0;      ///< the last reply code, 0 if none
  std::string text;  ///< the server's words or the transport's error, for people
  bool is_silent = false;  ///< of not_sent: the server said nothing at all, or was never asked
  bool is_unfit = false;   ///< of not_sent: it was the message itself, which is the same for everybody
};

class SmtpClient {
 public:
  virtual ~SmtpClient() = default;

  /// A connection is kept and used again for the same server and user. Cancelling the coroutine
  /// cuts the connection and ends with the receipt that is true then. Proxy variables are not
  /// honoured for mail.
  virtual asio::awaitable<SmtpReceipt> deliver(SmtpServer server, SmtpTransaction mail) = 0;
};

/// libcurl waits for the verdict on a mail without giving the thread back, so each delivery has a
/// thread of the client's own, 8 at most; more of them wait their turn. The loop thread never
/// waits, save in the destructor, for half a second at most, to take leave of the servers.
std::unique_ptr<SmtpClient> make_smtp_client(asio::any_io_executor executor,
                                             TrustStore trust = TrustStore::from_environment());

}  // namespace deed
