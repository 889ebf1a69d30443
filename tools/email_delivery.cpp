#include "deed/tools/email_delivery.hpp"

#include "deed/core/check.hpp"
#include "deed/core/text.hpp"
#include "deed/tools/mail_cache.hpp"
#include "deed/tools/mail_probe.hpp"
#include "deed/tools/mail_queue.hpp"
#include "deed/tools/mail_tally.hpp"
#include "deed/tools/mail_rates.hpp"
#include "deed/tools/maildir.hpp"
#include "deed/tools/suppression.hpp"

#include <algorithm>
#include <deque>
#include <memory>
#include <set>

namespace deed {
namespace {

// Borrowed from a coroutine that waits for it: a function object, because a lambda coroutine must
// not capture.
struct Dispatching {
  ToolContext* context;
  Async<void> operator()() const { return context->dispatching(); }
};

// At a limit nobody else is tried, and whoever was not is still open when the run is resumed.
// more  how many would come to those whom the run has mailed
bool stops_at_limit(const MailLimits& limits, std::int64_t more, ToolContext& context) {
  const PartCounts so_far = context.parts_of_run();
  const auto raise = [&](const std::string& key) { return "look with deed show; to go on, raise " + key + " in your configuration, then deed resume " + context.run(); };
  if (limits.max_failures > 0 && so_far.failed >= limits.max_failures) {
    context.stop_at_limit("mail.max_failures", std::to_string(so_far.failed) + " recipients of this run were refused or failed: nobody else is tried",
                          raise("mail.max_failures"));
    return true;
  }
  if (limits.max_recipients > 0 && so_far.begun + more > limits.max_recipients) {
    context.stop_at_limit("mail.max_recipients",
                          "this run may mail " + std::to_string(limits.max_recipients) + " recipients and has mailed " + std::to_string(so_far.begun) +
                              ": " + std::to_string(more) + " more are not tried",
                          raise("mail.max_recipients"));
    return true;
  }
  return false;
}

// The commit point of one recipient. `refusal` keeps why it may not be passed. Of several mails at a time another may have come first.
Async<void> commit_part(ToolContext* context, std::string part, const MailLimits* limits, std::optional<Error>* refusal) {
  const MailLimits only_number{.max_recipients = limits->max_recipients};
  if (stops_at_limit(only_number, context->part(part).has_begun ? 0 : 1, *context)) {
    *refusal = Error{ErrorKind::limit, "the run may mail nobody else"};
    co_return fail(**refusal);
  }
  auto committed = co_await context->dispatching_part(std::move(part));
  if (!committed) *refusal = committed.error();
  co_return committed;
}
struct DispatchingPart {
  ToolContext* context;
  std::string part;
  const MailLimits* limits;
  std::optional<Error>* refusal;
  Async<void> operator()() const { return commit_part(context, part, limits, refusal); }
};

// Stands in the outcome of whoever was put off for longer than a process waits: the rounds that were.
constexpr const char* put_off = "put_off";

std::size_t rounds_before(const Mail& mail, const ToolContext& context) {
  std::size_t rounds = 0;
  for (const EmailAddress& to : mail.recipients) {
    const EffectPart part = context.part(to.text());
    if (part.phase != PartPhase::open || !part.outcome || !part.outcome->result.is_object()) continue;
    const auto found = part.outcome->result.find(put_off);
    if (found != part.outcome->result.end() && found->is_number_unsigned()) rounds = std::max(rounds, found->get<std::size_t>());
  }
  return rounds;
}

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
  return MailQueue(std::move(open), limits, rounds_before(mail, context));
}

bool has_doubt(const Mail& mail, const ToolContext& context) {
  return std::any_of(mail.recipients.begin(), mail.recipients.end(), [&](const EmailAddress& to) { return context.part(to.text()).phase == PartPhase::in_doubt; });
}

std::int64_t not_begun(const Mail& mail, const ToolContext& context) {
  return std::count_if(mail.recipients.begin(), mail.recipients.end(), [&](const EmailAddress& to) {
    const EffectPart part = context.part(to.text());
    return part.phase == PartPhase::open && !part.has_begun;
  });
}

Outcome tallied(const Mail& mail, const std::optional<Error>& refusal, const ToolContext& context) {
  MailTally tally;
  for (const EmailAddress& to : mail.recipients) tally.add(to, context.part(to.text()));
  if (refusal) tally.add_reason(to_string(*refusal));
  return tally.outcome(mail_message_id(mail.content.from, context.effect_key()));
}

// What is larger than mails used to be has time for 512 KiB a second.
std::chrono::milliseconds further_time(std::uint64_t message_bytes) {
  constexpr std::uint64_t usual_bytes = 35u << 20, bytes_a_second = 512u << 10;
  return std::chrono::seconds(message_bytes > usual_bytes ? (message_bytes - usual_bytes) / bytes_a_second : 0);
}

// One transaction, whose outcome is in the journal when this returns, if it is the last word on this
// recipient or leaves the commit point behind.
// errors  nothing more may be sent
Async<void> send_to_one(std::size_t who, const Mail& mail,
                        std::shared_ptr<const MailBytes> message, const EmailOptions& options,
                        MailQueue& queue, ToolContext& context) {
  const EmailAddress to = mail.recipients[who];
  std::optional<Error> refusal;
  SmtpTransaction transaction{.from = mail.content.from, .to = to, .message = message, .dotted_lines = message->dotted_lines()};
  transaction.timeout = options.limits.timeout + further_time(message->size());
  transaction.before_commit = DispatchingPart{&context, to.text(), &options.limits, &refusal};
  auto receipt = co_await options.client->deliver(*options.smtp, std::move(transaction));
  if (refusal) co_return fail(*std::move(refusal));
  Outcome outcome = outcome_of(receipt);
  context.progress(to.text() + ": " + (outcome.text.empty() ? "handed over" : outcome.text));
  const bool is_final = queue.add(who, receipt);
  const bool is_dispatched = context.part(to.text()).phase == PartPhase::in_doubt;
  const auto pause = queue.next_pause();
  const bool is_put_off = !is_final && pause && *pause > ToolContext::longest_sleep;
  if (!is_final && !is_dispatched && !is_put_off) co_return Result<void>();
  // A refusal for now: provably not done, so that the next round may dispatch it again.
  if (!is_final) outcome.status = OutcomeStatus::failed_without_effect;
  if (is_put_off) outcome.result[put_off] = queue.rounds();
  auto settled = co_await context.settle_part(to.text(), std::move(outcome));
  co_return settled;
}

// Whoever is on the list has that as their outcome, and the others go on.
Async<void> withhold(const Mail& mail, const Suppression& list, ToolContext& context) {
  for (const EmailAddress& to : mail.recipients) {
    const auto entry = list.match(to);
    if (!entry || context.part(to.text()).phase != PartPhase::open) continue;
    Outcome outcome = Outcome::rejected("not mailed: " + *entry + " is on the list of those who must not be", "deed mail suppress list");
    outcome.text = string_at(outcome.result, "error");
    outcome.result["withheld"] = true;
    auto settled = co_await context.settle_part(to.text(), std::move(outcome));
    DEED_CO_OK(std::move(settled));
  }
  co_return Result<void>();
}

struct MailTurn {
  std::optional<std::size_t> who = {};
  std::chrono::milliseconds wait{0};  // where it is nobody's turn: until then the rates let nobody pass
};

// The first of this round whom the rates let pass; the order stays as it is.
Result<MailTurn> next_turn(MailQueue& queue, const Mail& mail, MailRates* rates, const Clock& clock) {
  MailTurn turn;
  std::vector<std::size_t> held;
  std::set<std::string> domains;
  Result<void> counted;
  for (std::size_t left = queue.waiting(); left > 0 && counted; --left) {
    const std::size_t who = *queue.next();
    const std::string domain = rates ? compared_domain(mail.recipients[who]) : "";
    MailRates::Turn may;
    if (rates && !domains.contains(domain)) {
      auto taken = rates->take(domain, clock.now());
      if (taken) may = *taken;
      else counted = fail(taken.error());
    }
    const bool is_held = !counted || may.wait.count() > 0 || domains.contains(domain);
    if (!is_held) {
      turn.who = who;
      break;
    }
    held.push_back(who);
    if (may.wait.count() > 0) turn.wait = domains.empty() ? may.wait : std::min(turn.wait, may.wait);
    domains.insert(domain);
    if (may.for_all) break;
  }
  for (auto who = held.rbegin(); who != held.rend(); ++who) queue.put_front(*who);
  DEED_OK(counted);
  return turn;
}

void tell_of_wait(std::chrono::milliseconds time, const char* why, ToolContext& context) {
  const bool is_long = time > ToolContext::longest_sleep;
  context.progress(std::string(why) + (is_long ? "at " + to_iso8601(context.clock().now() + time) : "in " + std::to_string(time.count() / 1000) + " s"));
}

asio::awaitable<Outcome> send_by_smtp(Mail mail, std::shared_ptr<const MailBytes> message, std::shared_ptr<const Suppression> suppressed,
                                      EmailOptions options, ToolContext& context) {
  std::optional<Error> refusal;
  auto withheld = co_await withhold(mail, *suppressed, context);
  if (!withheld) refusal = withheld.error();
  MailQueue queue = queue_for(mail, options, context);
  // A mail that would go to more than are left is sent to nobody, rather than to some.
  if (queue.waiting() > 0) stops_at_limit(options.limits, not_begun(mail, context), context);
  while (!refusal && !context.stop_requested()) {
    const auto turn = next_turn(queue, mail, options.rates, context.clock());
    if (!turn) refusal = turn.error();
    else if (turn->who) {
      const bool has_begun = context.part(mail.recipients[*turn->who].text()).has_begun;
      if (stops_at_limit(options.limits, has_begun ? 0 : 1, context)) break;
      auto sent = co_await send_to_one(*turn->who, mail, message, options, queue, context);
      if (!sent) refusal = sent.error();
    } else if (queue.waiting() > 0) {
      tell_of_wait(turn->wait, "as fast as the rate allows: going on ", context);
      auto waited = co_await context.wait(turn->wait);
      if (!waited) refusal = waited.error();
    } else {
      const auto pause = queue.pause();
      // What is in doubt is said now, and not hours later; whoever was put off is tried again once that is settled.
      if (!pause || (*pause > ToolContext::longest_sleep && has_doubt(mail, context))) break;
      tell_of_wait(*pause, "the mail server asks to come again: trying again ", context);
      auto waited = co_await context.wait(*pause);
      if (!waited) refusal = waited.error();
    }
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

std::optional<Outcome> withheld_by(const Suppression& list, const Mail& mail) {
  std::vector<std::string> who;
  for (const EmailAddress& to : mail.recipients) {
    if (list.match(to)) who.push_back(to.text());
  }
  if (who.empty()) return std::nullopt;
  return Outcome::rejected("nothing was put into the outbox: " + joined(who) + " must not be mailed", "leave them out, or see deed mail suppress list");
}

asio::awaitable<Outcome> put_into_outbox(Mail mail, std::shared_ptr<const MailBytes> message, EmailOptions options,
                                         ToolContext& context) {
  std::string key = context.effect_key();
  std::function<Async<void>()> before_commit = Dispatching{&context};
  auto delivered = co_await deliver_to_maildir(options.outbox, key, std::move(message),
                                               std::move(before_commit));
  if (!delivered) co_return Outcome::failed_without_effect(delivered.error());
  Outcome outcome = in_the_outbox(mail, key, *delivered);
  co_return outcome;
}

asio::awaitable<Outcome> file_draft(Mail mail, std::shared_ptr<const MailBytes> message, EmailOptions options, ToolContext& context) {
  const std::string id = mail_message_id(mail.content.from, context.effect_key());
  auto committed = co_await context.dispatching();
  if (!committed) co_return Outcome::failed_without_effect(committed.error());
  FiledMail filed{.bytes = with_blind_copies(mail.bcc, *message), .marks = {.seen = true, .draft = true}, .key = context.effect_key()};
  auto filing = options.store->file(options.drafts, std::move(filed));
  const MailChange done = co_await std::move(filing);
  Json result = {{"message_id", id}, {"draft_folder", options.drafts}};
  std::string text = "Put a draft into " + options.drafts + "; nothing was sent.";
  Outcome out = outcome_of_change(done, std::move(result), std::move(text));
  co_return out;
}

// A copy for the sender. What failed here changes nothing about what was sent.
asio::awaitable<void> keep_copy(FiledMail copy, const EmailOptions& options, Outcome& sent) {
  auto filing = options.store->file(options.copies, std::move(copy));
  const MailChange done = co_await std::move(filing);
  const bool is_there = done.state == MailChange::State::done;
  sent.result["copy"] = is_there ? options.copies : "";
  if (!is_there) sent.text += " No copy is in " + options.copies + ": " + to_string(done.error);
}

asio::awaitable<Outcome> send_and_keep(Mail mail, std::shared_ptr<const MailBytes> message, std::shared_ptr<const Suppression> suppressed,
                                       EmailOptions options, ToolContext& context) {
  FiledMail copy{.marks = {.seen = true}, .key = context.effect_key()};
  copy.message_id = mail_message_id(mail.content.from, context.effect_key());
  if (!options.copies.empty()) copy.bytes = with_blind_copies(mail.bcc, *message);
  const EmailOptions known = options;
  auto sending = send_by_smtp(std::move(mail), std::move(message), std::move(suppressed), std::move(options), context);
  Outcome sent = co_await std::move(sending);
  // A call that is to go on later has its copy then.
  if (!known.copies.empty() && sent.status == OutcomeStatus::succeeded && !context.stop_requested()) {
    auto keeping = keep_copy(std::move(copy), known, sent);
    co_await std::move(keeping);
  }
  co_return sent;
}

struct BuiltMail {
  Mail mail;  // without its attachments: they are in the message
  std::shared_ptr<const MailBytes> message;
  std::size_t attachments = 0;
};

// What all functions of one tool know; they own it together.
struct Writer {
  // What was shown of a call last, while the cache has the bytes.
  struct Shown {
    std::string effect_key;
    Json arguments;
    Mail mail;
    std::weak_ptr<const MailBytes> message;
  };

  EmailOptions options;
  MailMaker make;
  MailCache cache = {};
  std::deque<Shown> shown = {};

  Result<BuiltMail> build(const Json& arguments, const ToolContext& context) {
    DEED_TRY(Mail mail, make(arguments));
    DEED_TRY(auto message, cache.build(mail.content, context.effect_key(), context.proposed_at()));
    const std::size_t attachments = mail.content.attachments.size();
    mail.content.attachments.clear();
    return BuiltMail{std::move(mail), std::move(message), attachments};
  }
  void remember(const Json& arguments, const BuiltMail& built, const ToolContext& context) {
    constexpr std::size_t most_remembered = 64;  // calls that are under way at a time
    std::erase_if(shown, [&](const Shown& other) { return other.effect_key == context.effect_key(); });
    shown.push_back({context.effect_key(), arguments, built.mail, built.message});
    if (shown.size() > most_remembered) shown.pop_front();
  }
  // What was looked at right before the call ran is what it sends, whatever has become of the files since.
  Result<BuiltMail> take(const Json& arguments, const ToolContext& context) {
    const auto known = std::find_if(shown.begin(), shown.end(), [&](const Shown& other) { return other.effect_key == context.effect_key(); });
    if (known == shown.end()) return build(arguments, context);
    Shown last = std::move(*known);
    shown.erase(known);
    auto message = last.message.lock();
    if (!message || last.arguments != arguments) return build(arguments, context);
    return BuiltMail{std::move(last.mail), std::move(message)};
  }
};
using SharedWriter = std::shared_ptr<Writer>;

asio::awaitable<Outcome> send(Json arguments, SharedWriter writer, ToolContext& context) {
  EmailOptions options = writer->options;
  auto built = writer->take(arguments, context);
  if (!built) co_return Outcome::failed_without_effect(built.error());
  Mail& mail = built->mail;
  std::shared_ptr<const MailBytes>& message = built->message;
  if (!options.drafts.empty()) {
    auto filing = file_draft(std::move(mail), std::move(message), std::move(options), context);
    Outcome filed = co_await std::move(filing);
    co_return filed;
  }
  auto suppressed = options.suppressed ? options.suppressed() : Result<std::shared_ptr<const Suppression>>(std::make_shared<Suppression>());
  if (!suppressed) co_return Outcome::failed_without_effect(suppressed.error());
  if (!options.smtp) {
    // One file for all of them: it cannot be for the others alone.
    if (auto held = withheld_by(**suppressed, mail)) co_return *std::move(held);
    auto putting = put_into_outbox(std::move(mail), std::move(message), std::move(options), context);
    Outcome put = co_await std::move(putting);
    co_return put;
  }
  auto sending = send_and_keep(std::move(mail), std::move(message), *std::move(suppressed), std::move(options), context);
  Outcome sent = co_await std::move(sending);
  co_return sent;
}

Result<Preview> preview(const Json& arguments, Writer& writer, const ToolContext& context) {
  DEED_TRY(const BuiltMail built, writer.build(arguments, context));
  writer.remember(arguments, built, context);
  const auto& [mail, message, n] = built;
  const bool is_draft = !writer.options.drafts.empty();
  Preview shown{.media_type = "message/rfc822"};
  const auto written = is_draft ? with_blind_copies(mail.bcc, *message) : message;
  shown.bytes = written->shown();
  if (n > 0) shown.whole = written;
  for (const EmailAddress& to : mail.recipients) shown.destinations.push_back(to.text());
  shown.summary = (is_draft ? "draft of a mail to " : "mail to ") + joined(shown.destinations) + ": " + mail.content.subject;
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

// The server files a draft before it answers; so long it may take to do so when nobody waits for the answer any more.
constexpr std::chrono::seconds draft_settle_time{30};
// Later somebody may have sent or deleted the draft: that it is not there proves nothing any more.
constexpr std::chrono::minutes draft_proof_time{10};

asio::awaitable<ProbeResult> probe_drafts(Json arguments, SharedWriter writer, ToolContext& context) {
  const EmailOptions& options = writer->options;
  auto mail = writer->make(arguments);
  if (!mail) co_return ProbeResult{ProbeResult::Verdict::undecided, to_string(mail.error())};
  const std::string id = mail_message_id(mail->content.from, context.effect_key());
  // What was dispatched to one recipient was not a draft.
  if (!context.probed_part().empty()) co_return ProbeResult{ProbeResult::Verdict::undecided, "it was sent by a mail server, and drafts say nothing about that"};
  for (;;) {
    const bool is_late = context.clock().now() > context.dispatched_at() + draft_proof_time;
    const bool has_settled = context.clock().now() >= context.dispatched_at() + draft_settle_time;
    MailQuery query{.folder = options.drafts, .message_id = id, .limit = 1};
    auto finding = options.store->find(std::move(query));
    auto found = co_await std::move(finding);
    if (!found) co_return ProbeResult{ProbeResult::Verdict::undecided, to_string(found.error())};
    if (found->found > 0) co_return ProbeResult{ProbeResult::Verdict::confirmed, "the draft is in " + options.drafts};
    if (is_late || !found->is_complete) co_return ProbeResult{ProbeResult::Verdict::undecided, "the draft is not in " + options.drafts + " any more, or never was"};
    if (has_settled) co_return ProbeResult{ProbeResult::Verdict::refuted, "the draft is not in " + options.drafts};
    const auto rest = std::chrono::ceil<std::chrono::milliseconds>(context.dispatched_at() + draft_settle_time - context.clock().now());
    auto waited = co_await context.wait(rest);
    if (!waited) co_return ProbeResult{ProbeResult::Verdict::undecided, to_string(waited.error())};
  }
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
asio::awaitable<ProbeResult> probe_mailbox(Json arguments, SharedWriter writer, ToolContext& context) {
  const EmailOptions& options = writer->options;
  auto mail = writer->make(arguments);
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

}  // namespace

Tool mail_tool(ToolSpec spec, EmailOptions options, MailMaker make) {
  DEED_CHECK(!options.smtp || options.client, "a mail server and no client");
  DEED_CHECK(!options.sent || options.imap, "a mailbox and no client");
  DEED_CHECK(options.store || (options.drafts.empty() && options.copies.empty()), "folders of mail and no store");
  Tool tool;
  tool.spec = std::move(spec);
  tool.spec.dispatches = true;
  const bool is_draft = !options.drafts.empty();
  // A draft leaves nobody's hands.
  tool.spec.approval = is_draft ? ApprovalNeed::never : ApprovalNeed::always;
  tool.spec.result_trust = Trust::tool;
  tool.spec.timeout = std::chrono::minutes(10) + further_time(options.limits.max_attachments_bytes / 3 * 4);  // as Base64
  tool.spec.effect = !is_draft && options.smtp && !options.sent ? EffectClass::once : EffectClass::probeable;
  const std::string outbox = options.outbox;
  const bool has_server = options.smtp.has_value(), has_mailbox = options.sent.has_value();
  const auto writer = std::make_shared<Writer>(Writer{.options = std::move(options), .make = std::move(make)});
  tool.run = [writer](Json arguments, ToolContext& context) { return send(std::move(arguments), writer, context); };
  tool.preview = [writer](const Json& arguments, const ToolContext& context) { return preview(arguments, *writer, context); };
  if (is_draft) {
    tool.probe = [writer](Json arguments, ToolContext& context) { return probe_drafts(std::move(arguments), writer, context); };
  } else if (!has_server) {
    tool.probe = [outbox](Json, ToolContext& context) { return probe_outbox(outbox, context); };
  } else if (has_mailbox) {
    tool.probe = [writer](Json arguments, ToolContext& context) { return probe_mailbox(std::move(arguments), writer, context); };
  }
  return tool;
}

}  // namespace deed
