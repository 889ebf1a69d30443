// The tools that read a mailbox and put it in order.
#pragma once

#include "deed/tools/mail_store.hpp"
#include "deed/tools/read_mails.hpp"
#include "deed/tools/tool.hpp"

#include <memory>
#include <string>

namespace deed {

struct MailboxTools {
  MailStore* store = nullptr;  ///< borrowed
  ReadMails read_mails;
  std::string root;            ///< attachments are saved below it
  Journal* journal = nullptr;  ///< borrowed; tells which run sent a mail that came back; may be nullptr
};

Tool email_folders(MailboxTools mailbox);
Tool email_list(MailboxTools mailbox);
Tool email_search(MailboxTools mailbox);
Tool email_read(MailboxTools mailbox);
Tool email_save(MailboxTools mailbox);
Tool email_mark(MailboxTools mailbox);
Tool email_move(MailboxTools mailbox);
Tool email_bounces(MailboxTools mailbox);

}  // namespace deed
