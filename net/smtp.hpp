// Handing one mail to one recipient over SMTP (RFC 5321), by libcurl, with the commit point at the only instant that counts:
// inside the read callback, just before it says that the message has ended.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "deed/core/async.hpp"
#include "deed/core/checked.hpp"
#include "deed/core/secrets.hpp"

namespace deed {

enum class SmtpSecurity {
  starttls,  ///< required: fails closed where the server does not offer it
  tls,       ///< from the first byte (port 465)
  none,      ///< only by the user's explicit word
};

struct SmtpServer {
  std::string host;
  std::uint16_t port = 587;
  SmtpSecurity security = SmtpSecurity::starttls;
  std::string user = {};  ///< empty: no authentication
  Secret password = {};

  /// smtp://host[:port] (STARTTLS required, except for a loopback address, where plain is spoken if it is not offered),
  /// smtps://host[:port], smtp+insecure://host[:port]; user:password@ is taken if given (percent-decoded).
  /// errors  invalid
  static Result<SmtpServer> parse(std::string_view url);
};

struct SmtpTransaction {
  EmailAddress from;
  EmailAddress to;
  std::string message;  ///< RFC 5322 with CRLF line ends throughout, at most 50 MiB; dot-stuffing is done here
  /// Awaited once, when all bytes but the end of the message have been handed over. An error drops the connection unsent.
  std::function<Async<void>()> before_commit = {};
  std::chrono::milliseconds timeout{120'000};
};

/// How it ended. `unknown` exactly when the end of the message had been handed over and no verdict came back.
struct SmtpReceipt {
  enum class Verdict { accepted, refused_for_now, refused, not_sent, unknown };
  Verdict verdict = Verdict::not_sent;
  int code = 0;      ///< the last reply code, 0 if none
  std::string text;  ///< the server's words or the transport's error, for people
};

class SmtpClient {
 public:
  virtual ~SmtpClient() = default;
  /// A connection is kept and used again for the same server.
  virtual asio::awaitable<SmtpReceipt> deliver(SmtpServer server, SmtpTransaction mail) = 0;
};

std::unique_ptr<SmtpClient> make_smtp_client(asio::any_io_executor executor);

}  // namespace deed
