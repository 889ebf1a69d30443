// The arguments of the tools that write mail, as the mail that they mean. Internal.
#pragma once

#include "deed/core/json.hpp"
#include "deed/tools/attached_files.hpp"
#include "deed/tools/builtin.hpp"
#include "deed/tools/mail_message.hpp"

#include <memory>
#include <vector>

namespace deed {

struct Mail {
  MailContent content;
  std::vector<EmailAddress> recipients;  ///< to, cc and bcc, each once
  std::vector<EmailAddress> bcc = {};    ///< those who are in no header of what is sent
};

/// What a mail is sent from where nobody said it: user@host of this machine.
EmailAddress sender_of(const EmailOptions& options);

/// What the functions of one tool take attachments from; they own it together.
std::shared_ptr<AttachedFiles> attached_files(const EmailOptions& options);

/// arguments  those of email.send, which have passed its schema
/// files      where attachments are taken from
/// errors     invalid, limit; those of RootDir
Result<Mail> mail_of(const Json& arguments, const EmailOptions& options, AttachedFiles& files);

}  // namespace deed
