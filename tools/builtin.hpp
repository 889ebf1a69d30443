// The tools that come with deed, and what they need of the world.
#pragma once

#include "deed/core/checked.hpp"
#include "deed/memory/journal.hpp"
#include "deed/net/egress.hpp"
#include "deed/net/http.hpp"
#include "deed/net/smtp.hpp"
#include "deed/tools/registry.hpp"

#include <optional>
#include <string>

namespace deed {

struct EmailOptions {
  std::optional<SmtpServer> smtp = {};  ///< none: delivery into the Maildir `outbox`
  std::string outbox;  ///< absolute path of a Maildir; made (0700) at the first mail
  std::optional<EmailAddress> from = {};  ///< none: user@host of this machine
  std::string root;                       ///< attachments are taken from below it
  SmtpClient* client = nullptr;           ///< borrowed
};

struct BuiltinOptions {
  std::string root;  ///< file tools and attachments stay below it
  EmailOptions email;
  const EgressGuard* guard = nullptr;  ///< borrowed
  HttpClient* http = nullptr;          ///< borrowed
  Journal* journal = nullptr;          ///< borrowed; nullptr leaves the memory tools out
};

Tool email_send(EmailOptions options);
Tool http_get(HttpClient& client, const EgressGuard& guard);
Tool http_request(HttpClient& client, const EgressGuard& guard);
Tool file_read(std::string root);
Tool file_write(std::string root);
Tool file_append(std::string root);
Tool file_list(std::string root);
Tool file_find(std::string root);
Tool memory_search(Journal& journal);
Tool memory_remember();
Tool time_now();
Tool user_ask();

/// Adds all of them. The one list of built-in tools.
Result<void> add_builtin_tools(Registry& registry, const BuiltinOptions& options);

}  // namespace deed
