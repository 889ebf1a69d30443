#include "deed/agent/mail_check.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include "deed/core/ids.hpp"
#include "deed/net/imap.hpp"
#include "deed/net/smtp.hpp"

namespace deed {
namespace {

constexpr std::chrono::seconds limit{30};

const char* name_of(MailSecurity security) {
  switch (security) {
    case MailSecurity::tls: return "TLS from the first byte";
    case MailSecurity::starttls: return "STARTTLS";
    case MailSecurity::none: return "no encryption";
  }
  return "";
}

std::string place_of(const auto& server) {
  std::string text = server.host + ":" + std::to_string(server.port) + " (" + name_of(server.security) + ")";
  return text + (server.user.empty() ? ", without a login" : ", as " + server.user);
}

// The end of the message is not handed over: the server has it not taken.
struct TakenBack {
  bool* was_asked;
  Async<void> operator()() const {
    *was_asked = true;
    co_return fail(ErrorKind::cancelled, "it was only a check");
  }
};

asio::awaitable<void> check_smtp(SmtpClient& client, SmtpServer server, EmailAddress from, MailCheck& out) {
  const std::string where = place_of(server);
  bool came_to_the_end = false;
  const std::string text = "From: <" + from.text() + ">\r\nTo: <" + from.text() + ">\r\nSubject: deed mail check\r\n\r\nNot to be delivered.\r\n";
  SmtpTransaction mail{.from = from, .to = from, .message = bytes_in_memory(text)};
  mail.timeout = limit;
  mail.before_commit = TakenBack{&came_to_the_end};
  auto delivering = client.deliver(std::move(server), std::move(mail));
  const SmtpReceipt receipt = co_await std::move(delivering);
  out.ok = came_to_the_end && receipt.verdict == SmtpReceipt::Verdict::not_sent;
  out.text = out.ok ? where + ": it would take mail from " + from.text() + "; nothing was sent"
                    : where + ": " + (receipt.code ? std::to_string(receipt.code) + " " : std::string()) + receipt.text;
}

asio::awaitable<void> check_imap(ImapClient& client, MailboxOptions sent, MailCheck& out) {
  const std::string where = place_of(sent.server), mailbox = sent.mailbox;
  ImapSearch search{mailbox, "<" + make_run_id(system_clock().now()) + "@deed.invalid>", limit};
  auto counting = client.count(std::move(sent.server), std::move(search));
  const auto count = co_await std::move(counting);
  out.ok = count.has_value();
  out.text = where + ": " + (out.ok ? "the mailbox \"" + mailbox + "\" can be searched" : to_string(count.error()));
}

asio::awaitable<void> check_maildir(MailStore& store, MailCheck& out) {
  auto naming = store.folders();
  const auto folders = co_await std::move(naming);
  out.ok = folders.has_value();
  out.text = store.place() + ": " + (out.ok ? std::to_string(folders->size()) + " folders can be read" : to_string(folders.error()));
}

}  // namespace

std::vector<MailCheck> check_mail(const AgentOptions& options) {
  const MailAccount& account = options.mail;
  MailCheck smtp{"smtp", false, "the sender's address is missing: set smtp.from, or give --from"}, imap{"imap", false, {}}, maildir{"maildir", false, {}};
  asio::io_context loop;
  const auto sender = make_smtp_client(loop.get_executor());
  const auto searcher = make_imap_client(loop.get_executor());
  if (account.smtp && account.from) asio::co_spawn(loop, check_smtp(*sender, *account.smtp, *account.from, smtp), asio::detached);
  if (account.sent) asio::co_spawn(loop, check_imap(*searcher, *account.sent, imap), asio::detached);
  const auto store = account.maildir.empty() ? nullptr : make_maildir_store(loop.get_executor(), account.maildir);
  if (store) asio::co_spawn(loop, check_maildir(*store, maildir), asio::detached);
  loop.run();
  if (!account.smtp) {
    const std::string place = options.home.empty() ? "outbox/ in deed's folder" : options.home + "/outbox";
    smtp = {"outbox", true, "no server is configured (smtp.url): mail goes into " + place};
  }
  std::vector<MailCheck> out{std::move(smtp)};
  if (account.sent) out.push_back(std::move(imap));
  if (store) out.push_back(std::move(maildir));
  return out;
}

}  // namespace deed
