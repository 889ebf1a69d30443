// The tools that come with deed, and what they need of the world.
#pragma once

#include "deed/core/checked.hpp"
#include "deed/memory/journal.hpp"
#include "deed/net/egress.hpp"
#include "deed/net/http.hpp"
#include "deed/net/imap.hpp"
#include "deed/net/smtp.hpp"
#include "deed/tools/auto_submitted.hpp"
#include "deed/tools/mail_rates.hpp"
#include "deed/tools/mail_store.hpp"
#include "deed/tools/read_mails.hpp"
#include "deed/tools/registry.hpp"
#include "deed/tools/suppression.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace deed {

/// How long email.send goes on with recipients that the server puts off.
struct MailLimits {
  /// How long to wait before the second, third, … round; with the last one the trying ends. A server
  /// that greylists wants minutes (RFC 6647, section 5). See mail_pauses.
  std::vector<std::chrono::milliseconds> pauses = {
      std::chrono::seconds(5), std::chrono::seconds(30), std::chrono::minutes(2)};
  std::chrono::milliseconds timeout{120'000};  ///< of one transaction; a mail of more than 35 MiB has a second more for each further 512 KiB
  /// Of all that is attached to one mail; at most 2,000 MiB. What a server takes is less than that: it says so before anything is read.
  std::uint64_t max_attachments_bytes = 25u << 20;
  /// So many recipients may be left in doubt before nobody else is tried.
  std::size_t max_in_doubt = 3;
  /// Of the whole run, over all its mails and processes; one recipient of two mails counts twice. 0: none.
  std::int64_t max_recipients = 0;
  /// After so many recipients of the run that were refused or failed, nobody else is tried. 0: none.
  std::int64_t max_failures = 0;
};

/// Where mail that was sent can be found again: the server's Sent or archive mailbox.
struct MailboxOptions {
  ImapServer server;
  std::string mailbox = "Sent";
  /// The mailbox gets exactly one copy of each transaction that the mail server accepts, and nobody
  /// removes it: only then a mail that is not there was not sent.
  bool is_authoritative = false;
  /// A copy is there so long after the end of the message was handed over, at the latest: longer than
  /// the server may take to accept and file it, which a lost connection does not stop.
  std::chrono::milliseconds settle_time{60'000};
  std::chrono::milliseconds timeout{30'000};  ///< of one search
};

struct EmailOptions {
  std::optional<SmtpServer> smtp = {};  ///< none: delivery into the Maildir `outbox`
  std::string outbox;  ///< absolute path of a Maildir; made (0700) at the first mail
  std::optional<EmailAddress> from = {};  ///< none: user@host of this machine
  std::string root;                       ///< attachments are taken from below it
  SmtpClient* client = nullptr;           ///< borrowed
  MailLimits limits = {};                 ///< for recipients that the server puts off
  std::optional<MailboxOptions> sent = {};  ///< none: what is in doubt after SMTP is asked of a person
  ImapClient* imap = nullptr;               ///< borrowed; needed with `sent`
  std::string from_name = {};               ///< the sender's display name; empty: none
  std::vector<EmailAddress> reply_to = {};  ///< for mails that name nobody for answers
  /// For mails without `unsubscribe`; those with it are auto_generated at least.
  AutoSubmitted auto_submitted = AutoSubmitted::no;
  MailStore* store = nullptr;  ///< borrowed; needed with `drafts` and `copies`
  std::string drafts = {};     ///< a folder: mails are filed there instead of being sent
  MailRates* rates = nullptr;  ///< borrowed; nullptr: as fast as the server takes them
  SuppressionNow suppressed = {};  ///< whom never to mail; none: nobody. An error sends nothing. Drafts are for a person to send, and made
  std::string copies = {};     ///< a folder: gets a copy of each mail that somebody received
};

struct BuiltinOptions {
  std::string root;  ///< file tools and attachments stay below it
  EmailOptions email;  ///< with `email.store` the tools that read mail are there, too
  std::string read_mails;    ///< absolute path of a folder: what replies must know of mails that were read; needed with `email.store`
  const EgressGuard* guard = nullptr;  ///< borrowed
  HttpClient* http = nullptr;          ///< borrowed
  Journal* journal = nullptr;          ///< borrowed; nullptr leaves the memory tools out
};

Tool email_send(EmailOptions options);
/// mails  those that were read, which alone can be answered
Tool email_reply(EmailOptions options, ReadMails mails);
Tool http_get(HttpClient& client, const EgressGuard& guard);
Tool http_request(HttpClient& client, const EgressGuard& guard);
Tool file_read(std::string root);
Tool file_write(std::string root);
Tool file_append(std::string root);
Tool file_move(std::string root);
Tool file_list(std::string root);
Tool file_find(std::string root);
Tool memory_search(Journal& journal);
Tool memory_remember();
Tool time_now();
Tool user_ask();

/// Adds all of them. The one list of built-in tools.
Result<void> add_builtin_tools(Registry& registry, const BuiltinOptions& options);

}  // namespace deed
