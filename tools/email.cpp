// email.send: by SMTP one transaction a recipient, or into the outbox while no server is configured.
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "deed/core/text.hpp"
#include "deed/tools/builtin.hpp"
#include "deed/tools/mail_message.hpp"
#include "deed/tools/maildir.hpp"
#include "deed/tools/root_dir.hpp"

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
  for (const std::string& domain : {std::string(host), std::string(host) + ".localdomain", std::string("localhost.localdomain")}) {
    if (auto address = EmailAddress::parse(name + "@" + domain)) return *address;
  }
  return EmailAddress::parse("deed@localhost.localdomain").value();
}

Result<std::vector<MailAttachment>> read_attachments(const Json& arguments, const std::string& root) {
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
      return fail(ErrorKind::limit, "the attachments are larger than " + human_bytes(max_attachments_bytes) + " together", path.text());
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
  for (const auto* list : std::initializer_list<const std::vector<EmailAddress>*>{&mail.content.to, &mail.content.cc, &bcc}) {
    for (const EmailAddress& address : *list) {
      const bool known = std::find(mail.recipients.begin(), mail.recipients.end(), address) != mail.recipients.end();
      if (!known) mail.recipients.push_back(address);
    }
  }
  mail.content.subject = string_at(arguments, "subject");
  mail.content.text = string_at(arguments, "text");
  mail.content.html = string_at(arguments, "html");
  DEED_TRY(mail.content.attachments, read_attachments(arguments, options.root));
  return mail;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : ", ") + part;
  return out;
}

// Who got it, who did not, and of whom it is not known.
struct Tally {
  std::vector<std::string> accepted, refused, not_sent, unknown, reasons;

  void add(const std::string& who, const SmtpReceipt& receipt) {
    const std::string why = who + ": " + (receipt.code ? std::to_string(receipt.code) + " " : "") + receipt.text;
    switch (receipt.verdict) {
      case SmtpReceipt::Verdict::accepted: accepted.push_back(who); return;
      case SmtpReceipt::Verdict::refused:
      case SmtpReceipt::Verdict::refused_for_now: refused.push_back(who); break;
      case SmtpReceipt::Verdict::not_sent: not_sent.push_back(who); break;
      case SmtpReceipt::Verdict::unknown: unknown.push_back(who); break;
    }
    reasons.push_back(why);
  }

  Outcome outcome(const std::string& message_id) const {
    std::string text;
    const auto say = [&](const char* what, const std::vector<std::string>& who) {
      if (!who.empty()) text += (text.empty() ? "" : " ") + std::string(what) + " " + joined(who) + ".";
    };
    say("Sent to", accepted);
    say("Refused for", refused);
    say("Not sent to", not_sent);
    say("Not known whether it reached", unknown);
    if (!reasons.empty()) text += " The server said: " + joined(reasons);
    Json result = {{"message_id", message_id}, {"accepted", accepted}, {"refused", refused}, {"not_sent", not_sent}};
    if (!unknown.empty()) {
      Outcome outcome = Outcome::unknown(text);
      result["unknown"] = unknown;
      outcome.result = std::move(result);
      outcome.text = text;
      return outcome;
    }
    if (!accepted.empty()) return Outcome::succeeded(std::move(result), text);
    if (!refused.empty()) return Outcome::rejected(text, "check the address, or what the server asks for");
    return Outcome::failed_without_effect(Error{ErrorKind::unavailable, text, "", "check the server's address, or try again later"});
  }
};

// Borrowed from a coroutine that waits for it: a function object, because a lambda coroutine must not capture.
struct Dispatching {
  ToolContext* context;
  Async<void> operator()() const { return context->dispatching(); }
};

asio::awaitable<Outcome> send_by_smtp(Mail mail, std::string message, EmailOptions options, ToolContext& context) {
  Tally tally;
  const std::string id = mail_message_id(mail.content.from, context.effect_key());
  for (const EmailAddress& to : mail.recipients) {
    SmtpTransaction transaction{.from = mail.content.from, .to = to, .message = message};
    transaction.before_commit = Dispatching{&context};
    auto receipt = co_await options.client->deliver(*options.smtp, std::move(transaction));
    context.progress(to.text() + ": " + (receipt.text.empty() ? "handed over" : receipt.text));
    tally.add(to.text(), receipt);
    // After an unknown outcome nobody else is tried: the operator looks first.
    if (receipt.verdict == SmtpReceipt::Verdict::unknown) break;
  }
  co_return tally.outcome(id);
}

asio::awaitable<Outcome> put_into_outbox(Mail mail, std::string message, EmailOptions options, ToolContext& context) {
  std::string key = context.effect_key();
  std::function<Async<void>()> before_commit = Dispatching{&context};
  auto delivered = co_await deliver_to_maildir(options.outbox, key, std::move(message), std::move(before_commit));
  if (!delivered) co_return Outcome::failed_without_effect(delivered.error());
  std::vector<std::string> recipients;
  for (const EmailAddress& to : mail.recipients) recipients.push_back(to.text());
  Json result = {{"message_id", mail_message_id(mail.content.from, key)}, {"outbox_file", *delivered}, {"recipients", recipients}};
  std::string text = "Put into the outbox for " + joined(recipients) + " (no mail server is configured): " + *delivered;
  co_return Outcome::succeeded(std::move(result), std::move(text));
}

asio::awaitable<Outcome> send(Json arguments, EmailOptions options, ToolContext& context) {
  auto mail = mail_of(arguments, options);
  if (!mail) co_return Outcome::failed_without_effect(mail.error());
  auto message = build_mail(mail->content, context.effect_key(), context.proposed_at());
  if (!message) co_return Outcome::failed_without_effect(message.error());
  auto sending = options.smtp ? send_by_smtp(std::move(*mail), std::move(*message), options, context)
                              : put_into_outbox(std::move(*mail), std::move(*message), options, context);
  Outcome outcome = co_await std::move(sending);
  co_return outcome;
}

Result<Preview> preview(const Json& arguments, const EmailOptions& options, const ToolContext& context) {
  DEED_TRY(const Mail mail, mail_of(arguments, options));
  Preview shown{.media_type = "message/rfc822"};
  DEED_TRY(shown.bytes, build_mail(mail.content, context.effect_key(), context.proposed_at()));
  for (const EmailAddress& to : mail.recipients) shown.destinations.push_back(to.text());
  const std::size_t n = mail.content.attachments.size();
  shown.summary = "mail to " + joined(shown.destinations) + ": " + mail.content.subject;
  if (n > 0) shown.summary += " (" + std::to_string(n) + (n == 1 ? " attachment)" : " attachments)");
  return shown;
}

asio::awaitable<ProbeResult> probe_outbox(std::string outbox, ToolContext& context) {
  // The outbox is this machine's own folder: what is not in it was not delivered.
  const auto found = find_in_maildir(outbox, context.effect_key());
  if (found) co_return ProbeResult{ProbeResult::Verdict::confirmed, "the mail is in the outbox: " + *found};
  co_return ProbeResult{ProbeResult::Verdict::refuted, "the mail is not in the outbox"};
}

Json list_of(const char* format, const char* description) {
  return {{"type", "array"}, {"items", {{"type", "string"}, {"format", format}}}, {"description", description}};
}

ToolSpec spec_for(const EmailOptions& options) {
  ToolSpec spec;
  spec.name = "email.send";
  spec.description = "Send an email.";
  Json to = list_of("email", "Email addresses of the recipients.");
  to["minItems"] = 1;
  to["maxItems"] = 100;
  spec.arguments = {{"type", "object"},
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
  spec.roles = {{"to", ArgumentRole::destination}, {"cc", ArgumentRole::destination}, {"bcc", ArgumentRole::destination},
                {"subject", ArgumentRole::text},   {"text", ArgumentRole::text},      {"html", ArgumentRole::text},
                {"attachments", ArgumentRole::value}};
  spec.approval = ApprovalNeed::always;
  spec.result_trust = Trust::tool;
  spec.timeout = std::chrono::minutes(10);
  return spec;
}

}  // namespace

Tool email_send(EmailOptions options) {
  Tool tool;
  tool.spec = spec_for(options);
  tool.run = [options](Json arguments, ToolContext& context) { return send(std::move(arguments), options, context); };
  tool.preview = [options](const Json& arguments, const ToolContext& context) { return preview(arguments, options, context); };
  if (!options.smtp) {
    tool.probe = [outbox = options.outbox](Json, ToolContext& context) { return probe_outbox(outbox, context); };
  }
  return tool;
}

}  // namespace deed
