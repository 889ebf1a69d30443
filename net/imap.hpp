// Mailboxes on a server (IMAP4rev1, RFC 3501). libcurl makes the connection, encrypts it and logs in; what is said afterwards is deed's.
#pragma once

#include "deed/core/async.hpp"
#include "deed/core/byte_source.hpp"
#include "deed/core/clock.hpp"
#include "deed/core/secrets.hpp"
#include "deed/net/mail_security.hpp"
#include "deed/net/trust.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace deed {

struct ImapServer {
  std::string host;
  std::uint16_t port = 993;
  MailSecurity security = MailSecurity::tls;
  std::string user = {};  ///< empty: no authentication
  Secret password = {};
  Secret token = {};  ///< not empty: OAuth 2.0 instead of a password (OAUTHBEARER, RFC 7628, or XOAUTH2)

  /// imap://host[:port]           STARTTLS; the port is 143 if none is given
  /// imaps://host[:port]          TLS from the first byte; 993
  /// imap+insecure://host[:port]  neither; 143
  /// Each takes user:password@ before the host, percent-decoded.
  /// errors  invalid; the text of the error does not show the password
  static Result<ImapServer> parse(std::string_view url);
};

/// One mailbox in the list of them.
struct ImapFolder {
  std::string name;                          ///< in UTF-8, as people see it: "INBOX", "Gesendete Objekte", "Lists/deed"
  std::vector<std::string> attributes = {};  ///< "\\Noselect", and what it is for (RFC 6154): "\\Sent", "\\Drafts", "\\Archive", …
};

/// A mailbox that is open. Numbers of messages (UIDs) mean something only together with uid_validity (RFC 3501, section 2.3.1.1).
struct ImapMailbox {
  std::uint32_t uid_validity = 0;
  std::uint32_t messages = 0;
};

/// What to look for; what is empty is not asked about.
struct ImapCriteria {
  std::string message_id = {};  ///< with its angle brackets
  std::string from = {}, to = {}, subject = {}, text = {};  ///< parts of them, any case, UTF-8; `to` also of Cc
  std::optional<bool> is_seen = {}, is_flagged = {};
  std::optional<TimePoint> since = {}, before = {};  ///< by the day of arrival, in the server's time zone
  std::uint32_t uid_from = 0;                        ///< this UID and later ones
  bool leaves_out_deleted = false;                   ///< mails that are marked as deleted, and still there
};

struct ImapItem {
  std::uint32_t uid = 0;
  std::vector<std::string> flags = {};  ///< "\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft", and words of the user's
  std::uint64_t size_bytes = 0;
  std::string bytes = {};  ///< the header lines that say from whom, when, about what; or the whole message
};

/// One logged-in connection. Each function blocks until the server has answered, and belongs to the thread that the work runs on.
/// errors  of all: invalid: a control character in what is given. unavailable: the connection was lost. timeout. cancelled. corrupt: an answer
///         that is none, or too large. After any of these but invalid the connection is of no use, and of a change nobody knows
///         whether it happened. not_found, denied, limit, unsupported: the server said no; nothing was changed
class ImapSession {
 public:
  virtual ~ImapSession() = default;

  /// Of the server, as it names them: "MOVE", "IDLE", "UIDPLUS".
  virtual bool offers(std::string_view capability) const = 0;
  virtual Result<std::vector<ImapFolder>> folders() = 0;
  /// Makes it the one that all below are about. mailbox  its name as people see it; "Sent", "Drafts", "Archive", "Junk" and "Trash" also mean the one
  /// that the server has for that (RFC 6154), where there is none of the name
  virtual Result<ImapMailbox> open(const std::string& mailbox, bool read_only) = 0;
  /// In ascending order, the oldest message first.
  virtual Result<std::vector<std::uint32_t>> search(const ImapCriteria& criteria) = 0;
  /// The header lines of messages; those that are gone are left out. In the server's order. uids  1 to 1,000
  virtual Result<std::vector<ImapItem>> headers(std::span<const std::uint32_t> uids) = 0;
  /// A whole message, of which `max_bytes` at most; reading it does not mark it as seen.
  /// errors  not_found
  virtual Result<ImapItem> message(std::uint32_t uid, std::size_t max_bytes) = 0;
  /// Adds or takes away flags.
  virtual Result<void> mark(std::span<const std::uint32_t> uids, const std::vector<std::string>& flags, bool on) = 0;
  /// In one step where the server can do that (RFC 6851), else by a copy whose original is then removed.
  /// errors  not_found: no such mailbox. unsupported: the server can do neither without removing other messages, too
  virtual Result<void> move(std::uint32_t uid, const std::string& mailbox) = 0;
  /// Files a message, which is read while it is sent. bytes  with CRLF line ends, not null
  /// errors  those of the bytes, too: nothing was filed then, and the connection is of no use
  virtual Result<void> append(const std::string& mailbox, const std::vector<std::string>& flags, std::shared_ptr<const ByteSource> bytes) = 0;
  /// Waits for news in the open mailbox (IDLE, RFC 2177; else it asks once a minute). false: there were none in this time
  virtual Result<bool> wait_for_news(std::chrono::milliseconds longest) = 0;
};

struct ImapSearch {
  std::string mailbox;     ///< its name in UTF-8, as people see it: "Sent", "Gesendete Objekte"
  std::string message_id;  ///< with its angle brackets
  std::chrono::milliseconds timeout{30'000};
};

class ImapClient {
 public:
  using Work = std::function<Result<void>(ImapSession&)>;
  virtual ~ImapClient() = default;

  /// Connects, logs in, and runs `work` on a thread of its own; the result is that of the work. The coroutine ends when the thread has, so the
  /// work may use what the coroutine's caller holds. Cancelling the coroutine cuts the connection. Proxy variables are not honoured for mail.
  /// timeout  of all of it, time in wait_for_news not counted
  /// errors   invalid: a control character in what is given. denied: user or password. unavailable, timeout, cancelled; and those of the work
  virtual Async<void> visit(ImapServer server, std::chrono::milliseconds timeout, Work work) = 0;

  /// The number of messages in the mailbox that have this Message-ID: for probes. Reads and changes nothing.
  /// errors  as for visit; not_found: no such mailbox. After an error nothing is known
  virtual Async<std::size_t> count(ImapServer server, ImapSearch search) = 0;
};

std::unique_ptr<ImapClient> make_imap_client(asio::any_io_executor executor,
                                             TrustStore trust = TrustStore::from_environment());

}  // namespace deed
