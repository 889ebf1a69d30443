// What a reply must know of a mail that was read: kept in deed's own folder, so that a reply can be shown, approved and, after a crash, sent
// without asking the mailbox again.
#pragma once

#include "deed/core/result.hpp"
#include "deed/tools/mail_store.hpp"
#include "deed/tools/received_mail.hpp"

#include <string>
#include <vector>

namespace deed {

/// The beginning of an answer.
struct MailThread {
  std::string message_id;                ///< of the mail that is answered; empty where it had none
  std::vector<std::string> references;   ///< the thread before the mail
  std::vector<EmailAddress> answer_to;   ///< Reply-To, else From
  std::vector<EmailAddress> others;      ///< whom the mail also went to, without those
  std::string subject;                   ///< for the answer: "Re: …"
  bool is_automatic = false;             ///< must not be answered by a machine (RFC 3834, section 2)
};

MailThread thread_of(const ReceivedMail& mail);

class ReadMails {
 public:
  /// folder   absolute; made (0700) with the first mail
  /// account  tells mailboxes apart whose ids may be alike: "ann@mail.example.org:993", or a Maildir's path
  ReadMails(std::string folder, std::string account) : folder_(std::move(folder)), account_(std::move(account)) {}

  /// errors  unavailable
  Result<void> keep(const MailId& id, const MailThread& thread) const;
  /// errors  not_found: the mail was not read. corrupt
  Result<MailThread> find(const MailId& id) const;

 private:
  std::string path_of(const MailId& id) const;

  std::string folder_;
  std::string account_;
};

}  // namespace deed
