// email.send: by SMTP one transaction a recipient, or into the outbox while no server is
// configured.
#include "deed/core/check.hpp"
#include "deed/core/text.hpp"
#include "deed/tools/builtin.hpp"
#include "deed/tools/mail_message.hpp"
#include "deed/tools/mail_probe.hpp"
#include "deed/tools/mail_queue.hpp"
#include "deed/tools/mail_tally.hpp"
#include "deed/tools/maildir.hpp"
#include "deed/tools/root_dir.hpp"

#include <memory>
#include <pwd.h>
#include <set>
#include <unistd.h>

namespace deed {
namespace {

constexpr std::size_t max_recipients = 10'000;
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
  std::set<std::string> known;
  for (const auto* list : std::initializer_list<const std::vector<EmailAddress>*>{
           &mail.content.to, &mail.content.cc, &bcc}) {
    for (const EmailAddress& address : *list) {
      if (known.insert(address.text()).second) mail.recipients.push_back(address);
    }
  }
  if (mail.recipients.size() > max_recipients) {
    return fail(ErrorKind::limit,
                "the mail goes to " + std::to_string(mail.recipients.size()) + " people", "",
                "at most " + std::to_string(max_recipients) + " in one call; make several of it");
  }
  DEED_TRY(mail.content.reply_to, addresses_at(arguments, "reply_to"));
  if (mail.content.reply_to.empty()) mail.content.reply_to = options.reply_to;
  mail.content.from_name = options.from_name;
  mail.content.unsubscribe = string_at(arguments, "unsubscribe");
  mail.content.auto_submitted = options.auto_submitted;
  // What one can unsubscribe from, no person wrote to one alone.
  const bool is_list = !mail.content.unsubscribe.empty();
  if (is_list && options.auto_submitted == AutoSubmitted::no) {
    mail.content.auto_submitted = AutoSubmitted::auto_generated;
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

// The commit point of one recipient. `refusal` keeps why it may not be passed.
Async<void> commit_part(ToolContext* context, std::string part, std::optional<Error>* refusal) {
  auto committed = co_await context->dispatching_part(std::move(part));
  if (!committed) *refusal = committed.error();
  co_return committed;
}
struct DispatchingPart {
  ToolContext* context;
  std::string part;
  std::optional<Error>* refusal;
  Async<void> operator()() const { return commit_part(context, part, refusal); }
};

// Whoever has no outcome yet and is not in doubt, of all attempts at this call.
MailQueue queue_for(const Mail& mail, const EmailOptions& options, const ToolContext& context) {
  std::vector<std::size_t> open;
  MailLimits limits = options.limits;
  for (std::size_t i = 0; i < mail.recipients.size(); ++i) {
    const PartPhase phase = context.part(mail.recipients[i].text()).phase;
    if (phase == PartPhase::open) open.push_back(i);
    const bool counts = phase == PartPhase::in_doubt && limits.max_in_doubt > 0;
    if (counts && --limits.max_in_doubt == 0) return MailQueue({}, limits);
  }
  // The probe tells most while one alone is in doubt: it is asked before anybody else is tried.
  if (options.sent) limits.max_in_doubt = 1;
  return MailQueue(std::move(open), limits);
}

Outcome tallied(const Mail& mail, const std::optional<Error>& refusal, const ToolContext& context) {
  MailTally tally;
  for (const EmailAddress& to : mail.recipients) tally.add(to, context.part(to.text()));
  if (refusal) tally.add_reason(to_string(*refusal));
  return tally.outcome(mail_message_id(mail.content.from, context.effect_key()));
}

// One transaction, whose outcome is in the journal when this returns, if it is the last word on this
// recipient or leaves the commit point behind.
// errors  nothing more may be sent
Async<void> send_to_one(std::size_t who, const Mail& mail, std::string message,
                        const EmailOptions& options, MailQueue& queue, ToolContext& context) {
  const EmailAddress to = mail.recipients[who];
  std::optional<Error> refusal;
  SmtpTransaction transaction{.from = mail.content.from, .to = to, .message = std::move(message)};
  transaction.timeout = options.limits.timeout;
  transaction.before_commit = DispatchingPart{&context, to.text(), &refusal};
  auto receipt = co_await options.client->deliver(*options.smtp, std::move(transaction));
  if (refusal) co_return fail(*std::move(refusal));
  Outcome outcome = outcome_of(receipt);
  context.progress(to.text() + ": " + (outcome.text.empty() ? "handed over" : outcome.text));
  const bool is_final = queue.add(who, receipt);
  const bool is_dispatched = context.part(to.text()).phase == PartPhase::in_doubt;
  if (!is_final && !is_dispatched) co_return Result<void>();
  // A refusal for now: provably not done, so that the next round may dispatch it again.
  if (!is_final) outcome.status = OutcomeStatus::failed_without_effect;
  auto settled = co_await context.settle_part(to.text(), std::move(outcome));
  co_return settled;
}

asio::awaitable<Outcome> send_by_smtp(Mail mail, std::string message, EmailOptions options,
                                      ToolContext& context) {
  MailQueue queue = queue_for(mail, options, context);
  std::optional<Error> refusal;
  while (!refusal && !context.stop_requested()) {
    if (const auto who = queue.next()) {
      auto sent = co_await send_to_one(*who, mail, message, options, queue, context);
      if (!sent) refusal = sent.error();
      continue;
    }
    const auto pause = queue.pause();
    if (!pause) break;
    context.progress("the mail server asks to come again: trying again in " +
                     std::to_string(pause->count() / 1000) + " s");
    auto waited = co_await context.wait(*pause);
    if (!waited) refusal = waited.error();
  }
  co_return tallied(mail, refusal, context);
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

MailCopies copies_for(const Mail& mail, const MailboxOptions& mailbox, const ToolContext& context) {
  MailCopies copies{.in_doubt = 0, .is_authoritative = mailbox.is_authoritative};
  for (const EmailAddress& to : mail.recipients) {
    const EffectPart part = context.part(to.text());
    copies.in_doubt += part.phase == PartPhase::in_doubt ? 1 : 0;
    if (part.phase != PartPhase::settled || !part.outcome) continue;
    copies.accepted += part.outcome->status == OutcomeStatus::succeeded ? 1 : 0;
    const Json& result = part.outcome->result;
    const bool is_word = result.is_object() && result.contains("settled_by");
    copies.has_word_of_people = copies.has_word_of_people || is_word;
  }
  return copies;
}

// Positive evidence counts at once; for absence the mailbox gets its time first.
asio::awaitable<ProbeResult> probe_mailbox(Json arguments, EmailOptions options,
                                           ToolContext& context) {
  auto mail = mail_of(arguments, options);
  if (!mail) co_return ProbeResult{ProbeResult::Verdict::undecided, to_string(mail.error())};
  const MailboxOptions& sent = *options.sent;
  MailCopies copies = copies_for(*mail, sent, context);
  const TimePoint settled_at = context.dispatched_at() + sent.settle_time;
  ImapSearch search{.mailbox = sent.mailbox,
                    .message_id = mail_message_id(mail->content.from, context.effect_key()),
                    .timeout = sent.timeout};
  ProbeResult verdict;
  for (;;) {
    copies.has_settled = context.clock().now() >= settled_at;
    auto found = co_await options.imap->count(sent.server, search);
    if (!found) co_return ProbeResult{ProbeResult::Verdict::undecided, to_string(found.error())};
    copies.found = *found;
    verdict = judge_copies(copies);
    const bool is_open = verdict.verdict == ProbeResult::Verdict::undecided;
    const bool may_change = is_open && !copies.has_settled && may_decide(copies);
    if (!may_change) co_return verdict;
    context.progress("the mail is not in " + sent.mailbox + " yet: looking again when it must be");
    const auto left = settled_at - context.clock().now();
    const auto rest = std::chrono::ceil<std::chrono::milliseconds>(left);
    auto waited = co_await context.wait(rest);
    if (!waited) co_return verdict;
  }
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
                   "Transmit, deliver, dispatch, circulate, share, pass on, drop a line, get word or a letter to somebody, get over to, get in touch, make aware, acquaint, wants to hear.",
                             "Shoot, fire off, zap, sling or whip somebody a quick word; break the news, send word, regards, congratulations, condolences, apologies or greetings.",
                             "Respond, answer, write back, confirm, apologise, announce, relay, convey, bring to the attention, keep in the loop, copy in; ought to be told, has to hear by email, in the inbox."};
  Json to = list_of("email", "Email addresses of the recipients.");
  to["minItems"] = 1;
  // Whoever writes to more people does not show them to one another: blind copies.
  to["maxItems"] = 100;
  Json reply_to = list_of("email", "Email addresses for answers, if not the sender's.");
  reply_to["maxItems"] = 100;
  spec.arguments = {
      {"type", "object"},
      {"properties",
       {{"to", to},
        {"subject", {{"type", "string"}, {"description", "Subject line of the email."}}},
        {"text", {{"type", "string"}, {"description", "Text of the email."}}},
        {"attachments", list_of("path", "Paths of files to attach.")},
        {"cc", list_of("email", "Email addresses that get a copy.")},
        {"bcc", list_of("email", "Email addresses that get a blind copy.")},
        {"html", {{"type", "string"}, {"description", "The same text as HTML."}}},
        {"reply_to", reply_to},
        {"unsubscribe",
         {{"type", "string"},
          {"description", "Link (https: or mailto:) for who wants no more such emails."}}}}},
      {"required", {"to", "subject", "text"}},
      {"additionalProperties", false}};
  spec.dispatches = true;
  spec.effect = options.smtp && !options.sent ? EffectClass::once : EffectClass::probeable;
  spec.roles = {{"to", ArgumentRole::destination},   {"cc", ArgumentRole::destination},
                {"bcc", ArgumentRole::destination},  {"subject", ArgumentRole::text},
                {"text", ArgumentRole::text},        {"html", ArgumentRole::text},
                {"attachments", ArgumentRole::value}, {"reply_to", ArgumentRole::destination},
                {"unsubscribe", ArgumentRole::value}};
  spec.approval = ApprovalNeed::always;
  spec.result_trust = Trust::tool;
  spec.timeout = std::chrono::minutes(10);
  return spec;
}

}  // namespace

Tool email_send(EmailOptions options) {
  DEED_CHECK(!options.smtp || options.client, "a mail server and no client");
  DEED_CHECK(!options.sent || options.imap, "a mailbox and no client");
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
  } else if (options.sent) {
    tool.probe = [options](Json arguments, ToolContext& context) {
      return probe_mailbox(std::move(arguments), options, context);
    };
  }
  return tool;
}

}  // namespace deed
