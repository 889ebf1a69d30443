// Whether mail would go out, and be found again, with the configuration as it is: every step but the last one.
#pragma once

#include <string>
#include <vector>

#include "deed/agent/agent.hpp"

namespace deed {

struct MailCheck {
  std::string what;  ///< "outbox", "smtp", "imap", "maildir"
  bool ok = false;
  std::string text;  ///< what was found, or what is wrong and what to do; no secrets
};

/// Connects, encrypts, logs in, and offers the server a mail from the sender to the sender, which is taken back before its end: nothing is
/// delivered (RFC 5321, section 4.1.1.4: a message counts from its end on). Looks into the mailbox where one is configured. Without a server it
/// says where the outbox is. Blocks, a minute at most; any thread.
std::vector<MailCheck> check_mail(const AgentOptions& options);

}  // namespace deed
