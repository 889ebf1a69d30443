// email.send: by SMTP one transaction a recipient, or into the outbox while no server is
// configured.
#include "deed/core/check.hpp"
#include "deed/core/text.hpp"
#include "deed/tools/builtin.hpp"
#include "deed/tools/mail_message.hpp"
#include "deed/tools/mail_tally.hpp"
#include "deed/tools/maildir.hpp"
#include "deed/tools/root_dir.hpp"

#include <algorithm>
#include <memory>
#include <pwd.h>
#include <unistd.h>

namespace deed {
namespace {

constexpr std::size_t max_attachments_bytes = 25u << 20;

struct Mail {
  MailContent content;
  std::vector<EmailAddress> recipients;  ///< to, cc and bcc, each once
};

Result<std::vector<EmailAddress>> addresses_at(const Json& arguments, const char* key) {
  std::vector<EmailAddress> out;
  const auto list = arguments.find(key);
  if (list == arguments.end()) return out;
  for (const Json& item : *list) {
    DEED_TRY(EmailAddress address, EmailAddress::parse(item.get<std::string>()));
    out.push_back(std::move(address));
  }
  return out;
}

EmailAddress default_sender() {
  char host[256] = "";
  gethostname(host, sizeof host - 1);
  const passwd* user = getpwuid(geteuid());
  const std::string name = user ? user->pw_name : "deed";
  for (const std::string& domain : {std::string(host), std::string(host) + ".localdomain",
                                    std::string("localhost.localdomain")}) {
    if (auto address = EmailAddress::parse(name + "@" + domain)) return *address;
  }
  return EmailAddress::parse("deed@localhost.localdomain").value();
}

Result<std::vector<MailAttachment>> read_attachments(const Json& arguments,
                                                     const std::string& root) {
  std::vector<MailAttachment> out;
  const auto list = arguments.find("attachments");
  if (list == arguments.end() || list->empty()) return out;
  DEED_TRY(const auto folder, open_root_dir(root));
  std::size_t total = 0;
  for (const Json& item : *list) {
    DEED_TRY(const RelativePath path, folder->parse(item.get<std::string>()));
    DEED_TRY(FilePiece piece, folder->read_whole(path));
    total += piece.bytes.size();
    if (total > max_attachments_bytes) {
      return fail(
          ErrorKind::limit,
          "the attachments are larger than " + human_bytes(max_attachments_bytes) + " together",
          path.text());
    }
    out.push_back({std::string(path.name()), std::move(piece.bytes)});
  }
  return out;
}

Result<Mail> mail_of(const Json& arguments, const EmailOptions& options) {
  Mail mail{.content = {.from = options.from.value_or(default_sender())}};
  DEED_TRY(mail.content.to, addresses_at(arguments, "to"));
  DEED_TRY(mail.content.cc, addresses_at(arguments, "cc"));
  DEED_TRY(const std::vector<EmailAddress> bcc, addresses_at(arguments, "bcc"));
  for (const auto* list : std::initializer_list<const std::vector<EmailAddress>*>{
           &mail.content.to, &mail.content.cc, &bcc}) {
    for (const EmailAddress& address : *list) {
      const bool known = std::find(mail.recipients.begin(), mail.recipients.end(), address) !=
                         mail.recipients.end();
      if (!known) mail.recipients.push_back(address);
    }
  }
  mail.content.subject = string_at(arguments, "subject");
  mail.content.text = string_at(arguments, "text");
  mail.content.html = string_at(arguments, "html");
  DEED_TRY(mail.content.attachments, read_attachments(arguments, options.root));
  return mail;
}

// Borrowed from a coroutine that waits for it: a function object, because a lambda coroutine must
// not capture.
struct Dispatching {
  ToolContext* context;
  Async<void> operator()() const { return context->dispatching(); }
};

asio::awaitable<Outcome> send_by_smtp(Mail mail, std::string message, EmailOptions options,
                                      ToolContext& context) {
  MailTally tally;
  const std::string id = mail_message_id(mail.content.from, context.effect_key());
  bool go_on = true;
  for (const EmailAddress& to : mail.recipients) {
    if (!go_on) {
      tally.add_untried(to);
      continue;
    }
    SmtpTransaction transaction{.from = mail.content.from, .to = to, .message = message};
    transaction.before_commit = Dispatching{&context};
    auto receipt = co_await options.client->deliver(*options.smtp, std::move(transaction));
    const std::string words = escaped(receipt.text);
    context.progress(to.text() + ": " + (words.empty() ? "handed over" : words));
    go_on = tally.add(to, receipt);
  }
  co_return tally.outcome(id);
}

Outcome in_the_outbox(const Mail& mail, const std::string& key, const MaildirDelivery& delivery) {
  std::vector<std::string> recipients;
  for (const EmailAddress& to : mail.recipients) recipients.push_back(to.text());
  Json result = {{"message_id", mail_message_id(mail.content.from, key)},
                 {"outbox_file", delivery.path},
                 {"recipients", recipients}};
  std::string text = "Put into the outbox for " + joined(recipients) +
                     " (no mail server is configured): " + delivery.path;
  if (!delivery.doubt.empty()) {
    text += ". It is there, but a power cut may still lose it: " + delivery.doubt;
    result["doubt"] = delivery.doubt;
  }
  return Outcome::succeeded(std::move(result), std::move(text));
}

asio::awaitable<Outcome> put_into_outbox(Mail mail, std::string message, EmailOptions options,
                                         ToolContext& context) {
  std::string key = context.effect_key();
  std::function<Async<void>()> before_commit = Dispatching{&context};
  auto delivered = co_await deliver_to_maildir(options.outbox, key, std::move(message),
                                               std::move(before_commit));
  if (!delivered) co_return Outcome::failed_without_effect(delivered.error());
  Outcome outcome = in_the_outbox(mail, key, *delivered);
  co_return outcome;
}

asio::awaitable<Outcome> send(Json arguments, EmailOptions options, ToolContext& context) {
  auto mail = mail_of(arguments, options);
  if (!mail) co_return Outcome::failed_without_effect(mail.error());
  auto message = build_mail(mail->content, context.effect_key(), context.proposed_at());
  if (!message) co_return Outcome::failed_without_effect(message.error());
  if (options.smtp) {
    auto sending = send_by_smtp(std::move(*mail), std::move(*message), options, context);
    Outcome sent = co_await std::move(sending);
    co_return sent;
  }
  auto putting = put_into_outbox(std::move(*mail), std::move(*message), options, context);
  Outcome put = co_await std::move(putting);
  co_return put;
}

Result<Preview> preview(const Json& arguments, const EmailOptions& options,
                        const ToolContext& context) {
  DEED_TRY(const Mail mail, mail_of(arguments, options));
  Preview shown{.media_type = "message/rfc822"};
  DEED_TRY(shown.bytes, build_mail(mail.content, context.effect_key(), context.proposed_at()));
  for (const EmailAddress& to : mail.recipients) shown.destinations.push_back(to.text());
  const std::size_t n = mail.content.attachments.size();
  shown.summary = "mail to " + joined(shown.destinations) + ": " + mail.content.subject;
  if (n > 0)
    shown.summary += " (" + std::to_string(n) + (n == 1 ? " attachment)" : " attachments)");
  return shown;
}

asio::awaitable<ProbeResult> probe_outbox(std::string outbox, ToolContext& context) {
  ProbeResult found{ProbeResult::Verdict::undecided,
                    "the mail is not in the outbox, nor is its draft: it may have been moved or "
                    "removed"};
  switch (trace_in_maildir(outbox, context.effect_key())) {
    case MaildirTrace::delivered:
      found = {ProbeResult::Verdict::confirmed, "the mail is in the outbox"};
      break;
    case MaildirTrace::drafted:
      found = {ProbeResult::Verdict::refuted, "the mail is still a draft in the outbox's tmp/"};
      break;
    case MaildirTrace::none:
      break;
  }
  co_return found;
}

Json list_of(const char* format, const char* description) {
  return {{"type", "array"},
          {"items", {{"type", "string"}, {"format", format}}},
          {"description", description}};
}

ToolSpec spec_for(const EmailOptions& options) {
  ToolSpec spec;
  spec.name = "email.send";
  spec.description = "Send an email.";
  spec.examples = {"Email ann@example.org that lunch is at noon.",
                   "Let Bob (bob@example.com) know I will be late.",
                   "Forward invoice.pdf to billing@example.com, subject Invoice.",
                   "To: kim@example.com / Subject: Friday / Text: I can come.",
                   "Please write to my landlord home@example.net: \"The heating is broken.\"",
                   "Drop the team a line at team@example.org saying the server is back, and attach log.txt",
                   "Tell, inform, notify, message, ping, advise, remind, thank, invite, congratulate, reply to or mail somebody.",
                   "Transmit, deliver, dispatch, circulate, share, pass on, drop a line, get word or a letter to somebody, get over to, get in touch, make aware, acquaint, wants to hear."};
  Json to = list_of("email", "Email addresses of the recipients.");
  to["minItems"] = 1;
  to["maxItems"] = 100;
  spec.arguments = {
      {"type", "object"},
      {"properties",
       {{"to", to},
        {"subject", {{"type", "string"}, {"description", "Subject line of the email."}}},
        {"text", {{"type", "string"}, {"description", "Text of the email."}}},
        {"attachments", list_of("path", "Paths of files to attach.")},
        {"cc", list_of("email", "Email addresses that get a copy.")},
        {"bcc", list_of("email", "Email addresses that get a blind copy.")},
        {"html", {{"type", "string"}, {"description", "The same text as HTML."}}}}},
      {"required", {"to", "subject", "text"}},
      {"additionalProperties", false}};
  spec.effect = options.smtp ? EffectClass::once : EffectClass::probeable;
  spec.roles = {{"to", ArgumentRole::destination},   {"cc", ArgumentRole::destination},
                {"bcc", ArgumentRole::destination},  {"subject", ArgumentRole::text},
                {"text", ArgumentRole::text},        {"html", ArgumentRole::text},
                {"attachments", ArgumentRole::value}};
  spec.approval = ApprovalNeed::always;
  spec.result_trust = Trust::tool;
  spec.timeout = std::chrono::minutes(10);
  return spec;
}

}  // namespace

Tool email_send(EmailOptions options) {
  DEED_CHECK(!options.smtp || options.client, "a mail server and no client");
  Tool tool;
  tool.spec = spec_for(options);
  tool.run = [options](Json arguments, ToolContext& context) {
    return send(std::move(arguments), options, context);
  };
  tool.preview = [options](const Json& arguments, const ToolContext& context) {
    return preview(arguments, options, context);
  };
  if (!options.smtp) {
    tool.probe = [outbox = options.outbox](Json, ToolContext& context) {
      return probe_outbox(outbox, context);
    };
  }
  return tool;
}

}  // namespace deed
