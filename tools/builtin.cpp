#include "deed/tools/builtin.hpp"

#include "deed/core/check.hpp"
#include "deed/tools/mailbox.hpp"

namespace deed {
namespace {

Result<void> add_mailbox_tools(Registry& registry, const BuiltinOptions& options) {
  const MailboxTools mailbox{options.email.store, ReadMails(options.read_mails, options.email.store->place()), options.root, options.journal};
  DEED_OK(registry.add(email_reply(options.email, mailbox.read_mails)));
  DEED_OK(registry.add(email_list(mailbox)));
  DEED_OK(registry.add(email_search(mailbox)));
  DEED_OK(registry.add(email_read(mailbox)));
  DEED_OK(registry.add(email_save(mailbox)));
  DEED_OK(registry.add(email_mark(mailbox)));
  DEED_OK(registry.add(email_move(mailbox)));
  DEED_OK(registry.add(email_bounces(mailbox)));
  return registry.add(email_folders(mailbox));
}

}  // namespace

// The order in which a model reads them. A new tool is one line here.
Result<void> add_builtin_tools(Registry& registry, const BuiltinOptions& options) {
  DEED_CHECK(options.http && options.guard, "the HTTP tools need a client and a guard");
  DEED_OK(registry.add(email_send(options.email)));
  if (options.email.store) DEED_OK(add_mailbox_tools(registry, options));
  DEED_OK(registry.add(http_get(*options.http, *options.guard)));
  DEED_OK(registry.add(http_request(*options.http, *options.guard)));
  DEED_OK(registry.add(file_read(options.root)));
  DEED_OK(registry.add(file_write(options.root)));
  DEED_OK(registry.add(file_append(options.root)));
  DEED_OK(registry.add(file_move(options.root)));
  DEED_OK(registry.add(file_list(options.root)));
  DEED_OK(registry.add(file_find(options.root)));
  if (options.journal) {
    DEED_OK(registry.add(memory_search(*options.journal)));
    DEED_OK(registry.add(memory_remember()));
  }
  DEED_OK(registry.add(time_now()));
  return registry.add(user_ask());
}

}  // namespace deed
