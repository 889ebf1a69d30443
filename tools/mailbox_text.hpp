// Mails as results of tools: the structured form, and the text that a model and people read. Internal.
#pragma once

#include "deed/core/json.hpp"
#include "deed/tools/mail_store.hpp"
#include "deed/tools/received_mail.hpp"
#include "deed/tools/tool.hpp"

#include <string>

namespace deed {

/// One line and one object for each mail of the page, the newest first.
Outcome listed(const MailPage& page, const std::string& folder);

struct MailTextOptions {
  bool with_history = false;  ///< quotes of earlier mails and the signature stay
};

/// A whole mail. bytes  as they were received
Outcome shown_mail(const MailEntry& entry, const ReceivedMail& mail, MailTextOptions options);

}  // namespace deed
