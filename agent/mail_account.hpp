// One account for mail: where mail is sent, where it is read, and as whom.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "deed/core/secrets.hpp"
#include "deed/tools/builtin.hpp"

namespace deed {

struct MailAccount {
  std::string name = {};                    ///< "work" for [mail.work]; empty: [smtp], [imap] and maildir themselves
  std::optional<SmtpServer> smtp = {};      ///< none: mail goes into the outbox, a Maildir
  std::optional<MailboxOptions> sent = {};  ///< where mail that was sent by `smtp` is looked for when that is in doubt
  std::optional<EmailAddress> from = {};
  std::string from_name = {};               ///< shown beside the address
  std::vector<EmailAddress> reply_to = {};  ///< for answers, if not the sender's address
  bool automatic = false;                   ///< mails say that no person wrote them (RFC 3834)
  std::optional<ImapServer> mailbox = {};   ///< mail that is read
  std::string maildir = {};                 ///< the same, as a Maildir's absolute path; goes before `mailbox`
  std::string drafts = "Drafts";            ///< the folder of drafts
  std::string copies = {};                  ///< the folder that gets a copy of what was sent; empty: none
  std::optional<MailRate> rate = {}, domain_rate = {};
  MailLimits limits = {};
  Suppression suppressed = {};  ///< by the settings, beside the list in deed's own folder

  bool reads_mail() const { return mailbox || !maildir.empty(); }
};

/// The passwords and tokens of it.
std::vector<Secret> secrets_of(const MailAccount& account);

}  // namespace deed
