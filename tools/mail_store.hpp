// Where received mail is: mailboxes on an IMAP server, or in a Maildir. What the tools that read mail stand on.
#pragma once

#include "deed/core/async.hpp"
#include "deed/core/clock.hpp"
#include "deed/net/imap.hpp"
#include "deed/tools/tool.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace deed {

/// One mail in one folder, for as long as it is there: an id never comes to mean another mail. "INBOX/1700000000.42": the folder, and on an IMAP
/// server the mailbox's UIDVALIDITY and the mail's UID (RFC 3501, section 2.3.1.1), in a Maildir the unique part of the file's name.
struct MailId {
  std::string folder;
  std::string unique;

  /// errors  invalid
  static Result<MailId> parse(std::string_view text);
  std::string text() const { return folder + "/" + unique; }
  bool operator==(const MailId&) const = default;
};

struct MailMarks {
  bool seen = false, answered = false, flagged = false, draft = false;
  bool operator==(const MailMarks&) const = default;
};

struct MailEntry {
  MailId id;
  MailMarks marks;
  std::uint64_t size_bytes = 0;
  std::string bytes = {};  ///< the header, or the whole mail
};

/// What to look for; what is empty is not asked about.
struct MailQuery {
  std::string folder = "INBOX";
  std::string from = {}, to = {}, subject = {}, text = {};  ///< parts of them, any case
  std::string message_id = {};                              ///< with its angle brackets
  std::optional<bool> is_seen = {}, is_flagged = {};
  std::optional<TimePoint> since = {}, before = {};  ///< by the day of arrival
  std::size_t limit = 20;                            ///< so many at most, the newest; at most 1,000
};

struct MailPage {
  std::vector<MailEntry> entries = {};  ///< the newest first, with their headers
  std::size_t found = 0;                ///< as many there are; more than `entries` where the limit cut
  bool is_complete = true;              ///< false: older mail than the store is willing to look through was left out
};

struct MailFolder {
  std::string name;
  std::string use = {};  ///< "sent", "drafts", "archive", "junk", "trash", as the server says; "" for all others
};

struct FiledMail {
  std::shared_ptr<const ByteSource> bytes;  ///< with CRLF line ends
  MailMarks marks = {};
  std::string key;        ///< an effect key: a Maildir names the file after it
  std::string message_id = {};  ///< not empty: nothing is done where a mail with this Message-ID is there already
};

/// What became of something that was to be changed.
struct MailChange {
  enum class State { done, not_done, unknown };
  State state = State::done;
  Error error = {};  ///< why it was not done, or why nobody knows

  static MailChange not_done(Error why) { return {State::not_done, std::move(why)}; }
};

/// A mail by the order in which mails came: UIDs on a server, seconds in a Maildir.
struct MailArrival {
  MailId id;
  std::uint64_t order = 0;
};
struct MailArrivals {
  std::string epoch;                     ///< another one: the mailbox is another, or was made anew, and what was known of it is void
  std::vector<MailArrival> mails = {};   ///< the first to come first
  std::uint64_t slack = 0;               ///< a mail may come so much later than one of a higher order
};

/// Whether there is a mail among them that the caller does not know.
using NewMail = std::function<bool(const MailArrivals&)>;

/// errors of all  not_found: no such folder or mail. conflict: the folder was made anew, its ids are void. denied, limit, invalid, unsupported: refused.
///                unavailable, timeout, cancelled, corrupt
class MailStore {
 public:
  virtual ~MailStore() = default;

  virtual Async<std::vector<MailFolder>> folders() = 0;
  virtual Async<MailPage> find(MailQuery query) = 0;
  /// The whole mail, which is not marked by that.
  /// errors  limit: it is larger than max_bytes
  virtual Async<MailEntry> read(MailId id, std::size_t max_bytes) = 0;
  /// The header of one mail. errors  not_found: it is not there (any more), or its folder is not
  virtual Async<MailEntry> head(MailId id) = 0;
  /// Whether the mail is in its folder. Any error: that is not known.
  virtual Async<bool> holds(MailId id) = 0;
  /// Sets those that are true in `marks` to `on`.
  virtual asio::awaitable<MailChange> mark(MailId id, MailMarks marks, bool on) = 0;
  virtual asio::awaitable<MailChange> move(MailId id, std::string folder) = 0;
  /// Files a mail. The folder must exist.
  virtual asio::awaitable<MailChange> file(std::string folder, FiledMail mail) = 0;
  /// All mails of the folder of this order and later ones.
  virtual Async<MailArrivals> arrivals(std::string folder, std::uint64_t from) = 0;
  /// Tells this mailbox from others: "ann@mail.example.org:993", or a Maildir's path.
  virtual std::string place() const = 0;
  /// Waits until there is new mail in the folder. false: none came in this time
  /// from    as for arrivals
  /// is_new  asked once, when nothing that comes can be missed any more, about what is there; any thread, while the caller waits
  virtual Async<bool> wait_for_mail(std::string folder, std::uint64_t from, NewMail is_new, std::chrono::milliseconds longest) = 0;
};

/// result, text  for success
Outcome outcome_of_change(const MailChange& change, Json result, std::string text);

/// client  borrowed
std::unique_ptr<MailStore> make_imap_store(ImapClient& client, ImapServer server);

/// A Maildir with its Maildir++ folders (".Sent" below it is the folder "Sent"); the Maildir itself is the folder INBOX.
/// path  absolute; nothing is made there but by `file` and `move`, in folders that exist
/// https://cr.yp.to/proto/maildir.html, https://www.courier-mta.org/imap/README.maildirquota.html
std::unique_ptr<MailStore> make_maildir_store(asio::any_io_executor executor, std::string path);

}  // namespace deed
